# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of operations on stand-in clouds with faults, kills and clock jumps: `python -m tests.soak`."""

from __future__ import annotations
