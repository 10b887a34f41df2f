# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the work on one item has come, for whoever shows it meanwhile."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Stage:
    """What is being done, and how many of how many bytes; ``total`` is 0 where that is not known."""

    phase: str
    done: int = 0
    total: int = 0
    detail: str = ""
    """Why, where the phase alone does not say it."""


@dataclass
class Progress:
    """The stage of one item's work, as its workers set it, of which there may be several."""

    stage: Stage | None = None
    """None before the work begins."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def enter(self, phase: str, total: int = 0, detail: str = "") -> None:
        """Begin a phase, with so many bytes to move."""
        self.stage = Stage(phase, 0, total, detail)

    def advance(self, count: int) -> None:
        """So many more bytes have been moved."""
        with self._lock:
            stage = self.stage
            if stage:
                self.stage = Stage(stage.phase, stage.done + count, stage.total, stage.detail)
