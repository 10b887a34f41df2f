# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workers of a soak, from the side that gives them their tasks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self

from tests.soak.tally import Held

PATIENCE = 400.0
"""Seconds after which a module that has not ended is held to hang: more than `timeout` and `wait_timeout` allow it."""


class Worker:
    """A process that runs one module after the other; a context manager. `lives` is what each life of it has held."""

    def __init__(self) -> None:
        self.lives: list[Held] = []
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "tests.soak.worker"]
        one = {**os.environ, "MALLOC_ARENA_MAX": "1"}  # not one arena for each thread, most of which lie idle
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=one)
        self.lives.append(Held())
        self._count = 0

    def run(self, module: str, params: dict[str, Any], jump: dict[str, float] | None = None) -> dict[str, Any]:
        """What the module answers; with the key ``broke`` if it has not ended as modules do."""
        assert self._process.stdin
        assert self._process.stdout
        self._count += 1
        task = {"module": module, "params": params, "jump": jump, "count": self._count % 25 == 0}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        line = self._process.stdout.readline()
        watch.cancel()
        watch.join()
        if not line:
            self._process.communicate()
            self._start()
            return {"broke": f"the worker has died, or was killed after {PATIENCE:g} s"}
        answer: dict[str, Any] = json.loads(line)
        self.lives[-1].add(answer)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()
