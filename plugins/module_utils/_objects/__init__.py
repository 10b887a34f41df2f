# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and containers as users have them: files to and from an object store at every Location."""

from __future__ import annotations

from .. import _core  # noqa: F401 - which checks the version of Python, before an import fails by it
