# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection and what it is compared with in one run; prints Markdown tables."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from tests.bench.benchmarks import BENCHMARKS, FULL, LOCAL_CLOUDS, QUICK, Bench
from tests.bench.clouds import Size
from tests.bench.peers import Peer, PeerError, install

MIB, FULL_MIB = 64, 1024


def main() -> None:
    """Run the benchmarks that the command line names."""
    options = _options()
    size = Size(options.clouds, options.regions, options.servers, options.latency)
    mib = options.mib or (FULL_MIB if options.full else MIB)
    bench = Bench(size, options.rounds, mib, _peer() if options.peers else None, full=options.full)
    for name in options.benchmarks or (FULL if options.full else QUICK):
        print(f"\n### {name}\n", flush=True)
        text, figures = BENCHMARKS[name](bench)
        print(text, flush=True)
        if options.docs:
            put_table(options.docs, name, text)
        if options.json:
            put_figures(options.json, name, figures)


def put_table(page: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a benchmark in a page; raises ValueError if it has none."""
    before, begin, rest = page.read_text().partition(f"<!-- begin {name} -->\n")
    _old, end, after = rest.partition(f"<!-- end {name} -->")
    if not (begin and end):
        raise ValueError(f"{page} has no marks for {name}")
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")


def put_figures(file: Path, name: str, figures: dict[str, Any]) -> None:
    """Put the figures of a benchmark beside those of others in a file of JSON, which need not be there yet."""
    kept: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(kept | {name: figures}, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = "; ".join(f"{name}: {run.__doc__}" for name, run in BENCHMARKS.items())
    default = f"default: {', '.join(QUICK)}"
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help=f"{names} ({default})")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each way, interleaved (default: 3)")
    parser.add_argument("--clouds", type=int, default=7)
    parser.add_argument("--regions", type=int, default=2, help="in each cloud")
    parser.add_argument("--servers", type=int, default=100, help="in each region")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds per request for servers (default: 0.05)")
    parser.add_argument("--mib", type=int, help=f"size of the uploaded file (default: {MIB}; with --full {FULL_MIB})")
    parser.add_argument(
        "--full", action="store_true", help="all benchmarks but those on the local clouds; a large file"
    )
    parser.add_argument("--peers", action="store_true", help="compare with openstack.cloud, installed from PyPI, too")
    parser.add_argument("--json", type=Path, help="put the figures of every run into this file")
    parser.add_argument("--docs", type=Path, help="put the tables into this page, between the marks that it has")
    options = parser.parse_args()
    unknown = set(options.benchmarks) - set(BENCHMARKS)
    if unknown:
        parser.error(f"no benchmark is called {min(unknown)}; there are {', '.join(BENCHMARKS)}")
    if LOCAL_CLOUDS & set(options.benchmarks) and "OS_CLIENT_CONFIG_FILE" not in os.environ:
        parser.error("reality and relay need OS_CLIENT_CONFIG_FILE to name the clouds.yaml of the local clouds")
    return options


def _peer() -> Peer | None:
    try:
        return install()
    except PeerError as error:
        print(f"Without the peer: {error}")
        return None


if __name__ == "__main__":
    main()
