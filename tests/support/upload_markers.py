# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers of uploads by other processes."""

from __future__ import annotations

from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker

PID_MAX = 1 << 22
"""No process has this PID: PIDs are less (pid_max in proc(5))."""


def dead(seconds: float = 3600.0) -> str:
    """A process of this machine that has been killed, though its work might take so many seconds from now."""
    *owner, _pid, started, until = work_marker(seconds).split("/")
    return "/".join([*owner, str(PID_MAX), started, until])


def elsewhere(seconds: float = 3600.0) -> str:
    """A process of another machine whose work may take so many seconds from now; less than zero before that."""
    return "/".join(["elsewhere", *work_marker(seconds).split("/")[1:]])
