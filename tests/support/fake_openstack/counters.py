# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-in clouds and the fault proxy have been asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Key:
    """What requests are counted by; `path` is a template such as `/v2/images/{image_id}/file`."""

    cloud: str
    region: str
    service: str
    method: str
    path: str


class Counters:
    """Counts of requests, tokens, bytes and concurrency; may be read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start again from zero; requests in flight stay in flight."""
        with self._lock:
            self._requests: Counter[Key] = Counter()
            self._arrivals: list[tuple[float, Key]] = []
            self.tokens = 0
            self.bytes_received = 0
            self.in_flight = getattr(self, "in_flight", 0)
            self.max_in_flight = self.in_flight

    def begin(self, key: Key) -> None:
        """Count a request that has arrived."""
        with self._lock:
            self._requests[key] += 1
            self._arrivals.append((time.monotonic(), key))
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def end(self) -> None:
        """Count a request that is done."""
        with self._lock:
            self.in_flight -= 1

    def received(self, size: int) -> None:
        """Count bytes of request bodies."""
        with self._lock:
            self.bytes_received += size

    def issued_token(self) -> None:
        """Count a token."""
        with self._lock:
            self.tokens += 1

    def requests(self, **wanted: str) -> int:
        """Return how many requests had all the given parts: cloud, region, service, method, path (a template)."""
        with self._lock:
            items = list(self._requests.items())
        return sum(count for key, count in items if wanted.items() <= asdict(key).items())

    def arrivals(self, **wanted: str) -> list[float]:
        """Return when requests with all the given parts arrived: seconds of the monotonic clock, in order."""
        with self._lock:
            items = list(self._arrivals)
        return [moment for moment, key in items if wanted.items() <= asdict(key).items()]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON types, requests sorted by their key."""
        with self._lock:
            return {
                "requests": [asdict(key) | {"count": count} for key, count in sorted(self._requests.items())],
                "tokens": self.tokens,
                "bytes_received": self.bytes_received,
                "max_in_flight": self.max_in_flight,
            }
