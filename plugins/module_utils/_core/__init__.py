# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What knows neither OpenStack nor Ansible: errors, Locations, deadlines, and work on many items at once."""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - modules run with whatever Python the target has
    _found = f"Python {'.'.join(map(str, sys.version_info[:3]))} ({sys.executable})"
    raise ImportError(
        f"oaktree.multicloud needs Python 3.11 or newer on the host that runs the task, not {_found}. "
        "Set ansible_python_interpreter."
    )

from .zip_import import compile_once

IN_ARCHIVE = compile_once(__spec__.loader)
"""Whether this is the process of a module, which belongs to this collection alone."""
