# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One Location: its configuration, authentication and requests."""

from __future__ import annotations

from .. import _core
from .sdk import postpone_unused

if _core.IN_ARCHIVE:
    postpone_unused()
