# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the progress of a task, and when: not too early, not too often. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ansible.module_utils.common.text.formatters import bytes_to_human

QUIET = 3.0
"""Seconds in which nothing is said: short tasks look as they do without this."""
STEP = 10
"""Percent between two lines about the same phase of a Location."""
PAUSE = 5.0
"""Seconds between them."""
MANY = 10
"""More Locations than that are summed up; of the failures so many are named."""
SUMMARY = 10.0
"""Seconds between two sums."""

_WHOLE = 100
_LAST = ("done", "failed")
_RATED = 0.5
"""Seconds after which a rate means something."""


@dataclass(frozen=True)
class _State:
    phase: str
    done: int
    total: int
    detail: str
    since: float
    """When the phase began, or began again."""
    at: int
    """How many bytes were done then."""

    @property
    def percent(self) -> int:
        return min(_WHOLE, self.done * _WHOLE // self.total) if self.total else 0


@dataclass(frozen=True)
class _Said:
    phase: str
    step: int
    when: float


class ProgressLines:
    """The lines about one task. Times are seconds of one clock."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._count = 0
        self._states: dict[str, _State] = {}
        """Of the Locations, and of the task as a whole, which has no name."""
        self._said: dict[str, _Said] = {}
        self._summed = began
        self._failed: set[str] = set()

    def take(self, message: Mapping[str, Any], now: float) -> None:
        """A message of `_run.events`. Raises KeyError, TypeError or ValueError for any other."""
        if "count" in message:
            self._count = int(message["count"])
            return
        who, phase = str(message["who"]), str(message["phase"])
        done, total = int(message["done"]), int(message["total"])
        old = self._states.get(who)
        goes_on = old is not None and old.phase == phase and done >= old.done
        since, at = (old.since, old.at) if old and goes_on else (now, done)
        self._states[who] = _State(phase, done, total, str(message["detail"]), since, at)

    def due(self, now: float) -> list[str]:
        """The lines to show now."""
        if now - self._began < QUIET:
            return []
        many = self._number > MANY
        shown = {who: state for who, state in self._states.items() if not (who and many)}
        lines = [_line(who, state, now) for who, state in shown.items() if self._is_due(who, state, now)]
        return [*lines, *self._summary(now)] if many else lines

    @property
    def _locations(self) -> dict[str, _State]:
        return {who: state for who, state in self._states.items() if who}

    @property
    def _number(self) -> int:
        """Of the Locations, those included of which nothing is known yet."""
        return max(self._count, len(self._locations))

    def _is_due(self, who: str, state: _State, now: float) -> bool:
        step, last = state.percent // STEP, self._said.get(who)
        if last and last.phase == state.phase:
            waits = now - last.when < PAUSE and state.percent < _WHOLE
            if step == last.step or waits:
                return False
        self._said[who] = _Said(state.phase, step, now)
        return True

    def _summary(self, now: float) -> Iterator[str]:
        for who, state in self._locations.items():
            if state.phase == "failed" and who not in self._failed:
                self._failed.add(who)
                if len(self._failed) <= MANY:
                    yield _line(who, state, now)
        if now - self._summed >= SUMMARY:
            self._summed = now
            yield self._sum()

    def _sum(self) -> str:
        locations = self._locations.values()
        phases = Counter(state.phase for state in locations)
        waiting = self._count - len(locations)
        order = [*_LAST, *sorted(phases.keys() - set(_LAST))]
        parts = [f"{phases[phase]} {phase}" for phase in order if phases[phase]]
        if waiting > 0:
            parts.append(f"{waiting} waiting")
        moved = sum(state.done for state in locations)
        transferred = f"; {bytes_to_human(moved)} transferred" if moved else ""
        return f"{self._number} Locations: {', '.join(parts)}{transferred}"


def _line(who: str, state: _State, now: float) -> str:
    return f"{who}: {_described(state, now)}" if who else _described(state, now)


def _described(state: _State, now: float) -> str:
    if not state.total:
        return f"{state.phase} ({state.detail})" if state.detail else state.phase
    elapsed = now - state.since
    rate = (state.done - state.at) / elapsed if elapsed > _RATED else 0.0
    described = f"{state.phase} {state.percent} % of {bytes_to_human(state.total)}"
    if rate:
        described += f", {bytes_to_human(rate)}/s"
        if state.done < state.total:
            described += f", {timedelta(seconds=round((state.total - state.done) / rate))} left"
    return described
