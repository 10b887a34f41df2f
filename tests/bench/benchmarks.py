# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmarks: which ways each of them compares, at which clouds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import report, servers, sites, uploads
from tests.bench.clouds import Clouds, Size, running
from tests.bench.fixed import fixed_table, sizes
from tests.bench.fixed import ways as fixed_ways
from tests.bench.peers import Peer
from tests.bench.relay import relay_table
from tests.bench.run import Group, rows_of
from tests.bench.uploads import File
from tests.bench.ways import Way

LOCATIONS = (1, 10, 50, 100)
MANY_LOCATIONS = 1000
SITES = Size(clouds=500, regions=2, servers=1, latency=0.02)
SITES_FORKS = 4
MANY_SERVERS = 1000
FORKS = 50
UPLOAD_SIZE = Size(clouds=3, regions=6)
UPLOAD_PLACES = {
    "1 region": ["cloud1/r1"],
    "3 regions of 3 clouds": ["cloud1/r1", "cloud2/r1", "cloud3/r1"],
    "6 regions of 3 clouds": [f"cloud{cloud}/r{region}" for cloud in (1, 2, 3) for region in (1, 2)],
    "6 regions of 1 cloud": [f"cloud1/r{region}" for region in range(1, 7)],
}
REAL_PLACES = ["alpha/north", "alpha/south", "beta/east"]

Figures = dict[str, Any]
Made = tuple[str, Figures]
"""Markdown, and the figures that it is made of."""


@dataclass(frozen=True)
class Bench:
    """Every benchmark is a method, which makes as many rounds of its ways as there are `rounds`."""

    size: Size
    rounds: int
    mib: int
    """Size of uploaded files."""
    peer: Peer | None
    full: bool = False
    """Whether benchmarks have their longest ways, too."""

    def facts(self) -> Made:
        """List all servers in a task."""
        return self._listed(self.size, lambda at: servers.facts(at, self.peer, self.size.places), self.rounds)

    def inventory(self) -> Made:
        """List all servers as an inventory."""
        return self._listed(self.size, lambda at: servers.inventory(at, self.peer), self.rounds)

    def large_inventory(self) -> Made:
        """List 1000 servers of each region as an inventory, once."""
        size = replace(self.size, servers=MANY_SERVERS)
        return self._listed(size, lambda at: servers.inventory(at, self.peer), 1)

    def locations(self) -> Made:
        """List the servers of one Location and of many."""
        with _directory() as directory, ExitStack() as stack:
            groups = []
            for number in (*LOCATIONS, MANY_LOCATIONS) if self.full else LOCATIONS:
                place = directory / str(number)
                place.mkdir()
                size = Size(max(number // 2, 1), min(number, 2), 1, self.size.latency)
                clouds = stack.enter_context(running(size, place))
                groups.append(Group(partial(servers.locations, place, number), clouds, number))
            rows = rows_of(groups, self.rounds)
        title = (
            f"2 regions in each cloud, 1 server in each region, {self.size.latency * 1000:.0f} ms latency per request"
        )
        return _shown(title, rows, report.LOCATIONS, self.rounds)

    def sites(self) -> Made:
        """Work on 100 and on 1000 Locations, in one task and in shards, once."""
        with _directory() as directory, running(SITES, directory) as clouds:
            places = SITES.places
            numbers = (len(places) // 10, len(places))
            groups = [Group(partial(sites.empty, directory), clouds, 0)]
            groups += [
                Group(partial(sites.tasks, directory, places[:number], numbers[0]), clouds, number)
                for number in numbers
            ]
            groups.append(Group(partial(sites.shards, directory, len(places), SITES_FORKS), clouds, len(places)))
            rows = rows_of(groups, 1)
        return _shown(str(SITES), rows, report.SITES, 1)

    def stale(self) -> Made:
        """List all servers as an inventory while a region refuses connections."""
        with _directory() as directory, running(self.size, directory) as clouds:
            ways = partial(sites.stale, directory, clouds.clouds_yaml)
            rows = rows_of([Group(ways, clouds, self.size.total)], self.rounds)
        return _shown(str(self.size), rows, report.STALE, self.rounds)

    def fixed(self) -> Made:
        """Run tasks that have nothing to list."""
        with _directory() as directory, running(Size(1, 1), directory) as clouds:
            rows = rows_of([Group(partial(fixed_ways, directory), clouds, 0)], self.rounds)
            sent = sizes(directory, clouds.clouds_yaml)
        _text, figures = _shown("1 Location with nothing", rows, (), self.rounds)
        title = _text.partition("\n")[0]
        return f"{title}\n\n{fixed_table(rows, sent)}", figures | {"kB sent": sent}

    def forks(self) -> Made:
        """List few servers in 50 tasks at once, once."""
        size = replace(self.size, servers=1)
        with _directory() as directory, running(size, directory) as clouds:
            ways = partial(servers.forks, directory, self.peer, size.places, FORKS)
            rows = rows_of([Group(ways, clouds, FORKS * size.total)], 1)
        return _shown(str(size), rows, report.FORKS, 1)

    def upload(self) -> Made:
        """Upload a file to stand-in regions that throw it away."""
        texts, figures = [], {}
        with _directory() as directory:
            file = File.make(directory / "image.raw", self.mib)
            content = ("--content", str(file.size), file.md5, file.sha512)
            with running(UPLOAD_SIZE, directory, "tests.bench.sink", content) as clouds:
                for where, places in UPLOAD_PLACES.items():
                    rows = self._uploads(file, places, clouds)
                    title = f"{self.mib} MiB to {where}"
                    text, figures[title] = _shown(title, rows, report.UPLOADS, self.rounds)
                    texts.append(text)
        return "\n\n".join(texts), figures

    def reality(self) -> Made:
        """Upload a file to the local clouds, which store and hash it on the same machine."""
        with _directory() as directory:
            file = File.make(directory / "image.raw", self.mib)
            rows = self._uploads(file, REAL_PLACES, Clouds(Path(os.environ["OS_CLIENT_CONFIG_FILE"])), real=True)
        title = f"{self.mib} MiB to the 3 regions of the local clouds"
        return _shown(title, rows, report.REAL_UPLOADS, self.rounds)

    def relay(self) -> Made:
        """Count the bytes that leave this machine for the local clouds."""
        with _directory() as directory:
            return relay_table(directory, self.mib), {}

    def _listed(self, size: Size, ways: Callable[[Path], Sequence[Way]], rounds: int) -> Made:
        with _directory() as directory, running(size, directory) as clouds:
            rows = rows_of([Group(lambda: ways(directory), clouds, size.total)], rounds)
        return _shown(str(size), rows, report.SERVERS, rounds)

    def _uploads(self, file: File, places: Sequence[str], clouds: Clouds, *, real: bool = False) -> list[report.Row]:
        ways = partial(uploads.ways, file, places, real=real)
        return rows_of([Group(ways, clouds, len(places))], self.rounds)


BENCHMARKS: dict[str, Callable[[Bench], Made]] = {
    "facts": Bench.facts,
    "inventory": Bench.inventory,
    "large-inventory": Bench.large_inventory,
    "locations": Bench.locations,
    "sites": Bench.sites,
    "stale": Bench.stale,
    "fixed": Bench.fixed,
    "forks": Bench.forks,
    "upload": Bench.upload,
    "reality": Bench.reality,
    "relay": Bench.relay,
}
QUICK = ("facts", "inventory", "locations", "stale", "fixed", "forks", "upload")
FULL = ("facts", "inventory", "large-inventory", "locations", "sites", "stale", "fixed", "forks", "upload")
LOCAL_CLOUDS = {"reality", "relay"}
"""Those that need the local clouds."""


def _shown(title: str, rows: Sequence[report.Row], columns: Sequence[str], rounds: int) -> Made:
    load = os.getloadavg()[0]
    how_often = f"{rounds} round{'s' if rounds > 1 else ''}"
    text = f"{title}; {how_often} on {report.machine()}, load {load:.1f} at the end.\n\n{report.table(rows, columns)}"
    figures = {"title": title, "rounds": rounds, "machine": report.machine(), "load": load}
    return text, figures | {"rows": report.as_json(rows)}


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)
