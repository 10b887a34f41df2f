# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of a soak as tables of Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from tests.soak.soak import Soaked
from tests.soak.tally import SLACK

HEAD = """\
# Soak

`make soak` runs 10,000 random operations in 14 regions of seven stand-in clouds, under random faults. Images, objects,
servers, networks, security groups, volumes and stacks are created, changed, replaced, exported, listed and deleted.
Several long-lived processes that share their caches do that, and short ones that are killed, interrupted, or work on
the same names at the same time. Meanwhile the clouds fail, and the clock jumps.

Every result is compared with what the clouds really have:

- A Location that is reported as changed or unchanged has what the task asks for, and has it once.
- A Location that failed says why. It has the old resource or the new one, and nothing between them.
- A Location without a fault does not fail.
- The next run after a kill succeeds.
- At the end everything is deleted, and nothing remains.
- A process does not grow. At its end it has no more threads than earlier and, if it has run 500 operations, at most two
  more open files and 6 MiB more memory.

`--operations 2000` runs fewer operations, `--minutes 15` ends after that time, and `--seed SEED` repeats the choices of
another run: `make soak OPTIONS="--operations 2000 --seed SEED"`. `make robustness` runs about a minute of it
(`tests/robustness/test_soak.py`). With `--docs docs/soak.md`, the log of a run replaces this one:

"""


def page(done: Soaked) -> str:
    """The page of documentation."""
    return f"{HEAD}{tables(done)}\n"


def tables(done: Soaked) -> str:
    """What was done, what went wrong in the clouds, how it ended, and what the processes held."""
    tally, book = done.tally, done.book
    parts = [
        _table(("", ""), _summary(done)),
        _table(("operation", "times"), sorted(tally.operations.items())),
        _table(
            ("fault", "injected", "requests or processes struck"),
            [(name, count, book.struck[name]) for name, count in sorted(book.injected.items())],
        ),
        _table(("result of a Location", "times"), sorted(tally.results.items())),
        _table(("what a worker has open or in use", "earlier", "at the end"), _held(done)),
    ]
    return "\n\n".join(parts)


def _summary(done: Soaked) -> Iterable[Sequence[object]]:
    yield "operations", done.tally.total
    yield "results that are wrong", len(done.tally.wrong)
    yield "leaks", len(done.tally.leaks)
    yield "workers", done.workers
    middle, end = done.cache_files
    shown = "not reached" if middle is None else middle
    yield "files in the cache, after half of the operations and at the end", f"{shown}, {end}"
    yield "seed", f"`{done.seed}`"
    yield "minutes", f"{done.seconds / 60:.1f}, on {os.cpu_count()} cores"
    yield "Python", platform.python_version()
    for name in ("ansible-core", "openstacksdk", "keystoneauth1", "requests", "urllib3"):
        yield name, version(name)


def _held(done: Soaked) -> Iterable[Sequence[object]]:
    for number, life in enumerate(done.held, 1):
        for name in SLACK:
            begin, end = life.begin_and_end(name)
            shown = [f"{value / (1 << 20):.1f} MiB" if name == "memory" else value for value in (begin, end)]
            yield f"{number}: {name}", *shown


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [" | ".join(map(str, row)) for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(f"| {line} |" for line in lines)
