# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is imported when it is needed must be there before pytest-ansible takes imports over, as all else is here."""

from __future__ import annotations

from ansible_collections.oaktree.multicloud.plugins.module_utils import _wire  # noqa: F401 - see above
