# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task takes does not grow with its Locations but for the work on each: nothing here reads a clock.

Threads and sockets are those that are there at the same time; `concurrency` bounds them. Lines of the collection's code
and operations on files are counted: for each Location there are as many, however many Locations there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import image, resource, server_info
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_module import start_cold_module

CLOUDS, REGIONS = 100, 2
FEW = [f"cloud{number}" for number in range(1, 21)]
CONCURRENCY = 20
FILES = 2 * CONCURRENCY + 20
"""Sockets: one for each service of a Location that is worked on, and what is being closed."""
TIMES = 1.15
"""What may be more for each of many Locations than for each of few: the last of those at work wait for others."""
TIMES_OF_MAIN = 0.8
"""The same for the main thread, half of whose lines for few Locations are what is done once, as reading clouds.yaml."""

COUNT = """
import atexit, json, os, socket, sys, threading
OURS = "oaktree/multicloud/plugins/module_utils/"
most = {"threads": 0, "sockets": 0}
counts = {"lines": 0, "main": 0, "opened": 0, "listed": 0}
connect = socket.socket.connect
def connected(self, *address):
    connect(self, *address)
    held = 0
    for number in os.listdir("/proc/self/fd"):
        try:
            held += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")
        except OSError:
            pass
    most["sockets"] = max(most["sockets"], held)
    most["threads"] = max(most["threads"], threading.active_count())
socket.socket.connect = connected
cache = os.environ["XDG_CACHE_HOME"]
def watch(event, arguments):
    if event == "open" and str(arguments[0]).startswith(cache):
        counts["opened"] += 1
    elif event in ("os.listdir", "os.scandir", "glob.glob") and str(arguments[0]).startswith(cache):
        counts["listed"] += 1
sys.addaudithook(watch)
def line(frame, event, argument):
    counts["lines"] += event == "line"
    return line
def line_of_main(frame, event, argument):
    counts["main"] += event == "line"
    return line_of_main
def tracing(line):
    return lambda frame, event, argument: line if OURS in frame.f_code.co_filename else None
threading.settrace(tracing(line))
def report():
    sys.settrace(None)
    with open("/proc/self/status") as status:
        mib = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    print(json.dumps({**most, **counts, "mib": mib}), file=sys.stderr)
atexit.register(report)
sys.settrace(tracing(line_of_main))
"""


@dataclass(frozen=True)
class Taken:
    """What one task took: the most at once, and all together; `mib` is its peak, `main` lines of the main thread."""

    threads: int
    sockets: int
    mib: float
    lines: int
    main: int
    opened: int
    listed: int


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The clouds.yaml of many clouds."""
    with FakeOpenStack(CLOUDS, REGIONS, servers=1, more=["network"]) as running:
        yield running.clouds_yaml(tmp_path_factory.mktemp("many") / "clouds.yaml")


@pytest.fixture
def taken(clouds: Path, tmp_path: Path) -> Callable[..., Taken]:
    file = tmp_path / "image.raw"
    file.write_bytes(bytes(1000))
    more: dict[ModuleType, dict[str, Any]] = {
        server_info: {},
        image: {"name": "many", "path": str(file), "relay": "never"},
        resource: {"type": "network.network", "name": "many"},
    }

    def run(module: ModuleType, locations: list[str], **params: Any) -> Taken:
        params = {"clouds_yaml": str(clouds), "locations": locations, "concurrency": CONCURRENCY, **params}
        process = start_cold_module(module, COUNT, **params, **more[module])
        out, err = process.communicate(timeout=300)
        assert process.returncode == 0, out[-2000:]
        return Taken(**json.loads(err.splitlines()[-1]))

    return run


@pytest.mark.parametrize("limits", [{}, {"rate_limit": 1000}], ids=["free", "rate_limit"])
@pytest.mark.parametrize("module", [server_info, image, resource], ids=lambda module: module.__name__.rpartition(".")[2])
def test_each_location_takes_as_much_as_if_there_were_few(
    module: ModuleType, limits: dict[str, Any], taken: Callable[..., Taken]
) -> None:
    few, many = taken(module, FEW, **limits), taken(module, ["*"], **limits)
    ratio = CLOUDS / len(FEW)
    assert many.lines <= TIMES * ratio * few.lines
    assert many.main <= TIMES_OF_MAIN * ratio * few.main
    assert many.opened <= TIMES * ratio * few.opened
    assert many.listed <= few.listed + 2
    for one in (few, many):
        assert CONCURRENCY / 4 < one.threads <= CONCURRENCY + 5
        assert one.sockets <= FILES
    assert many.mib < few.mib + 25
