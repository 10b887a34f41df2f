# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that runs one module after the other, and reports after each its threads, files and memory.

Each line of its input is a task in JSON, each line of its output what became of it.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import sys
import threading
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import _uncharged, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import work_marker
from tests.support.run_module import run_module

SPEED = 15
"""Faster, a busy machine would not clean up within the time for it."""
PART_SIZE = 1 << 20
LOOK_TIMEOUT = temporary_object.LOOK_TIMEOUT * SPEED
"""As long as without the turned clock: where a busy machine does not tell in time, data of a killed upload expires."""
PRELUDE = f"""
from {clock.__class__.__module__} import clock
from {temporary_object.__name__.rpartition(".")[0]} import temporary_object
clock.turn({SPEED})
temporary_object.part_size = lambda _size, _limits: {PART_SIZE}
temporary_object.LOOK_TIMEOUT = {LOOK_TIMEOUT}
"""
"""What a process of its own does first, to be like a worker."""
ON_USE = (
    "ansible_collections.oaktree.multicloud.plugins.module_utils._location.offers",
    "oslo_utils.imageutils.format_inspector",
)
"""What modules load in some of their runs only: 9 MiB, which a worker that does so late would seem to leak."""
PAGE = os.sysconf("SC_PAGE_SIZE")
LIBC = ctypes.CDLL(None)


class Identity:
    """As which process a worker marks what it works on: as another one for each module, which has one of its own."""

    def __init__(self) -> None:
        self._modules = 0
        self._started = work_marker._started  # noqa: SLF001 - all that tells processes apart
        work_marker._started = self._of  # noqa: SLF001

    def renew(self) -> None:
        """Begin to be another process: the one before has ended."""
        self._modules += 1

    def _of(self, pid: int) -> str | None:
        started = self._started(pid)
        return f"{started}.{self._modules}" if pid == os.getpid() else started


class Jump:
    """The clock that jumps while a module runs: its date by `ahead` seconds, after so many real ones."""

    def __init__(self, after: float, ahead: float, speed: float) -> None:
        self._ahead, self._speed = ahead, speed
        self._timer = threading.Timer(after, self._jump)

    def _jump(self) -> None:
        clock.set_ahead(self._ahead)
        clock.turn(self._speed)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._timer.join()
        clock.set_ahead(0)
        clock.turn(SPEED)


def held(*, memory: bool) -> dict[str, int]:
    """Threads and file descriptors of this process; objects and bytes in use, too, which takes a moment."""
    found = {
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")) - 1,  # noqa: PTH208 - which has one open itself
    }
    if not memory:
        return found
    gc.collect()
    LIBC.malloc_trim(0)  # what the allocator keeps for later is not in use
    return {
        **found,
        "objects": len(gc.get_objects()),
        "memory": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
    }


def opened() -> list[str]:
    """What the file descriptors of this process are."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(path.readlink()))
    return sorted(found)


def run(module: str, params: dict[str, Any], jump: dict[str, float] | None, *, count: bool) -> dict[str, Any]:
    """What a module answers, or how it broke."""
    _uncharged.restart()  # as in a process of its own
    said: dict[str, Any]
    try:
        with ExitStack() as stack:
            if jump:
                stack.enter_context(Jump(**jump))
            done = run_module(module, **params)
            said = {"result": done.result, "ok": done.ok, "warnings": done.warnings}
    except Exception:  # noqa: BLE001 - whatever it is, it is to be told
        said = {"broke": traceback.format_exc()}
    if count:
        said["open"] = opened()
    return {**said, **held(memory=count)}


def main() -> None:
    """Run what the lines say."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    exec(PRELUDE, {})  # noqa: S102 - our own
    for name in ON_USE:
        importlib.import_module(name)
    identity = Identity()
    for line in sys.stdin:
        identity.renew()
        answers.write(json.dumps(run(**json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
