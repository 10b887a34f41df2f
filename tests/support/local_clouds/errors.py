# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error that the command line shows as a message instead of a traceback."""

from __future__ import annotations


class CloudsError(Exception):
    """Something that keeps the local clouds from doing what was asked; the text says what and where to look."""
