# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many processes that ask one Location at the same time, forked from one that has imported what they need."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from tests.support.run_core import ask_one


@dataclass(frozen=True)
class Ended:
    """The kinds of the processes' errors (None: none), in the order of their ends."""

    kinds: list[str | None]


class Herd:
    """`number` processes, each of which lists the servers `times` times; use as a context manager.

    `options` are those of Target. Processes that are still there at the end are killed.
    """

    def __init__(self, clouds: dict[str, Any], number: int, times: int = 1, **options: Any) -> None:
        task = {"clouds": clouds, "number": number, "times": times, "options": {"timeout": 60.0, **options}}
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.support.herd", json.dumps(task)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.pids: list[int] = self._line()

    def _line(self) -> Any:
        assert self._parent.stdout is not None
        return json.loads(self._parent.stdout.readline())

    def kill(self, pid: int) -> None:
        """End a process as the kernel does where memory is short."""
        os.kill(pid, signal.SIGKILL)

    def ended(self) -> Ended:
        """Wait for all processes."""
        return Ended(**self._line())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._parent.pid, signal.SIGKILL)
        self._parent.communicate()


def _ask(clouds: dict[str, Any], times: int, options: dict[str, Any]) -> str | None:
    def work(connection: Connection) -> None:
        for _time in range(times):
            service_at(connection, "compute").json("GET", "/servers")

    error = ask_one(clouds, work, **options).error
    return error.kind if error else None


def _run(clouds: dict[str, Any], number: int, times: int, options: dict[str, Any]) -> None:
    for needed in ("keystoneauth1.identity", "openstack.config.loader"):
        importlib.import_module(needed)  # once for all
    outcomes, tell = os.pipe()
    start, hold = os.pipe()
    pids = []
    for _number in range(number):
        pid = os.fork()
        if not pid:
            os.close(hold)
            os.read(start, 1)  # all start when the last one is there
            os.write(tell, json.dumps(_ask(clouds, times, options)).encode() + b"\n")
            os._exit(0)
        pids.append(pid)
    print(json.dumps(pids), flush=True)
    os.close(hold)
    os.close(tell)
    with os.fdopen(outcomes) as file:
        kinds = [json.loads(line) for line in file]
    for pid in pids:
        os.waitpid(pid, 0)
    print(json.dumps({"kinds": kinds}), flush=True)
    time.sleep(60)  # until killed: the process group is the parent's


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", type=json.loads)
    _run(**parser.parse_args().task)
