# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a soak has done and found."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WARM = 0.4
"""The share of a worker's operations after which it has grown all that it may."""
SLACK = {"threads": 0, "files": 2, "memory": 6 << 20, "objects": 2000}
"""How much more a worker may hold at its end than when it was warm."""

ENOUGH = 500
"""Operations without which a worker is not warm: its caches, and the allocator, still grow."""


@dataclass
class Held:
    """What a worker has held after each of its operations."""

    samples: dict[str, list[int]] = field(default_factory=lambda: {name: [] for name in SLACK})

    open: list[str] = field(default_factory=list)
    """What its file descriptors were when it was last asked."""

    def add(self, answer: Mapping[str, Any]) -> None:
        """Remember what it says of itself."""
        self.open = answer.get("open", self.open)
        for name, samples in self.samples.items():
            if name in answer:
                samples.append(answer[name])

    def begin_and_end(self, name: str) -> tuple[int, int]:
        """The least of a stretch when it was warm, and of the last stretch: noise adds, leaks stay."""
        samples = self.samples[name]
        if not samples:
            return 0, 0
        stretch = max(1, len(samples) // 10)
        warm = int(len(samples) * WARM)
        return min(samples[warm : warm + stretch]), min(samples[-stretch:])

    def leaks(self) -> list[str]:
        """What it holds more and more of."""
        found = []
        for name, slack in SLACK.items():
            if name != "threads" and len(self.samples["threads"]) < ENOUGH:
                continue
            begin, end = self.begin_and_end(name)
            if end > begin + slack:
                more = f": {self.open}" if name == "files" else ""
                found.append(f"{name} of a worker: {begin} when it was warm, {end} at the end{more}")
        return found


class Tally:
    """Counts, and what was wrong; may be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.operations: Counter[str] = Counter()
        self.results: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.leaks: list[str] = []

    @property
    def total(self) -> int:
        """How many operations there were."""
        with self._lock:
            return self.operations.total()

    def operation(self, kind: str) -> int:
        """Count one; returns its number."""
        with self._lock:
            self.operations[kind] += 1
            return self.operations.total()

    def result(self, word: str) -> None:
        """Count how one Location ended."""
        with self._lock:
            self.results[word] += 1

    def complain(self, text: str) -> None:
        """Note what was wrong."""
        with self._lock:
            self.wrong.append(text)
        print(f"WRONG {text}", flush=True)
