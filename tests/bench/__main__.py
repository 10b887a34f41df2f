# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection and what it is compared with in one run; prints Markdown tables."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import report, servers, uploads
from tests.bench.clouds import Clouds, Size, running
from tests.bench.peers import Peer, PeerError, install
from tests.bench.relay import relay_table
from tests.bench.run import rows_of
from tests.bench.uploads import File

UPLOAD_SIZE = Size(clouds=3, regions=2)
UPLOAD_PLACES = {
    1: ["cloud1/r1"],
    3: ["cloud1/r1", "cloud2/r1", "cloud3/r1"],
    6: ["/".join(p) for p in UPLOAD_SIZE.places],
}
REAL_PLACES = ["alpha/north", "alpha/south", "beta/east"]
Figures = dict[str, Any]


class Bench:
    """The benchmarks, each of which returns its Markdown and its figures."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._rounds: int = options.rounds
        self._mib: int = options.mib
        self._size = Size(options.clouds, options.regions, options.servers, options.latency)
        self._peer = _peer() if options.peers else None

    def facts(self) -> tuple[str, Figures]:
        """List all servers in a task."""
        with _directory() as directory, running(self._size, directory) as clouds:
            compared = servers.facts(directory, self._peer, self._size.places)
            rows = rows_of(lambda: compared, clouds, self._size.total, self._rounds)
        return self._shown(str(self._size), rows, servers.LIMIT, report.SERVERS)

    def inventory(self) -> tuple[str, Figures]:
        """List all servers as an inventory."""
        with _directory() as directory, running(self._size, directory) as clouds:
            compared = servers.inventory(directory, self._peer)
            rows = rows_of(lambda: compared, clouds, self._size.total, self._rounds)
        return self._shown(str(self._size), rows, servers.LIMIT, report.SERVERS)

    def upload(self) -> tuple[str, Figures]:
        """Upload a file to stand-in regions that throw it away."""
        texts, figures = [], {}
        with _directory() as directory:
            file = File.make(directory / "image.raw", self._mib)
            content = ("--content", str(file.size), file.md5, file.sha512)
            with running(UPLOAD_SIZE, directory, "tests.bench.sink", content) as clouds:
                for number, places in UPLOAD_PLACES.items():
                    rows = self._uploads(file, places, clouds)
                    title = f"{self._mib} MiB to {number} region{'s' if number > 1 else ''}"
                    text, figures[title] = self._shown(title, rows, uploads.LIMIT, report.UPLOADS)
                    texts.append(text)
        return "\n\n".join(texts), figures

    def reality(self) -> tuple[str, Figures]:
        """Upload a file to the local clouds, which store and hash it on the same machine."""
        with _directory() as directory:
            file = File.make(directory / "image.raw", self._mib)
            rows = self._uploads(file, REAL_PLACES, Clouds(Path(os.environ["OS_CLIENT_CONFIG_FILE"])), real=True)
        title = f"{self._mib} MiB to the 3 regions of the local clouds"
        return self._shown(title, rows, uploads.LIMIT, report.REAL_UPLOADS)

    def relay(self) -> tuple[str, Figures]:
        """Count the bytes that leave this machine for the local clouds."""
        with _directory() as directory:
            return relay_table(directory, self._mib), {}

    def _uploads(self, file: File, places: Sequence[str], clouds: Clouds, *, real: bool = False) -> list[report.Row]:
        return rows_of(lambda: uploads.ways(file, places, real=real), clouds, len(places), self._rounds)

    def _shown(self, title: str, rows: Sequence[report.Row], limit: str, columns: Sequence[str]) -> tuple[str, Figures]:
        load = f"load {os.getloadavg()[0]:.1f} at the end"
        text = f"{title}; {self._rounds} rounds on {report.machine()}, {load}.\n\n{report.table(rows, limit, columns)}"
        return text, {"title": title, "rows": report.as_json(rows)}


BENCHMARKS: dict[str, Callable[[Bench], tuple[str, Figures]]] = {
    "facts": Bench.facts,
    "inventory": Bench.inventory,
    "upload": Bench.upload,
    "reality": Bench.reality,
    "relay": Bench.relay,
}
DEFAULT = ("facts", "inventory", "upload")


def main() -> None:
    """Run the benchmarks that the command line names."""
    options = _options()
    bench, figures = Bench(options), {}
    for name in options.benchmarks or DEFAULT:
        print(f"\n### {name}\n", flush=True)
        text, figures[name] = BENCHMARKS[name](bench)
        print(text, flush=True)
        if options.docs:
            _put(options.docs, name, text)
    if options.json:
        options.json.write_text(json.dumps({"machine": report.machine(), "benchmarks": figures}, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = "; ".join(f"{name}: {run.__doc__}" for name, run in BENCHMARKS.items())
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=f"{names} (default: {', '.join(DEFAULT)})")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way, interleaved (default: 3)")
    parser.add_argument("--clouds", type=int, default=7)
    parser.add_argument("--regions", type=int, default=2, help="in each cloud")
    parser.add_argument("--servers", type=int, default=100, help="in each region")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds per request for servers (default: 0.05)")
    parser.add_argument("--mib", type=int, default=64, help="size of the uploaded file (default: 64)")
    parser.add_argument("--full", dest="mib", action="store_const", const=1024, help="the same as --mib 1024")
    parser.add_argument("--peers", action="store_true", help="compare with openstack.cloud, installed from PyPI, too")
    parser.add_argument("--json", type=Path, help="write the figures of every run there")
    parser.add_argument("--docs", type=Path, help="put the tables into this page, between the marks that it has")
    options = parser.parse_args()
    unknown = set(options.benchmarks) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is called {min(unknown)}; there are {', '.join(BENCHMARKS)}")
    if {"reality", "relay"} & set(options.benchmarks) and "OS_CLIENT_CONFIG_FILE" not in os.environ:
        parser.error("reality and relay need OS_CLIENT_CONFIG_FILE to name the clouds.yaml of the local clouds")
    return options


def _peer() -> Peer | None:
    try:
        return install()
    except PeerError as error:
        print(f"Without the peer: {error}")
        return None


@contextmanager
def _directory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


def _put(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a benchmark in a page; raises ValueError if it has none."""
    before, begin, rest = page.read_text().partition(f"<!-- begin {name} -->\n")
    _old, end, after = rest.partition(f"<!-- end {name} -->")
    if not (begin and end):
        raise ValueError(f"{page} has no marks for {name}")
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")


if __name__ == "__main__":
    main()
