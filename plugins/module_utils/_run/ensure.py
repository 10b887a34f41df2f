# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing every selected Location to a state: what is changed, and how that is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Change:
    """What was done at one Location, or in check mode would be done.

    ``action`` is created, replaced, updated, unchanged or deleted; ``before`` and ``after`` hold what differs;
    ``output`` is what else the result has for the user, as plain JSON types.
    """

    action: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What did not go as planned, for the user."""

    @property
    def changed(self) -> bool:
        return self.action != "unchanged"
