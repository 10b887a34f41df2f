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

`make soak` does 10,000 operations over 14 regions of seven stand-in clouds while everything goes wrong: images,
objects, servers, networks, security groups, volumes and stacks are created, changed, replaced, exported, listed and
deleted, by several long-lived processes that share their caches, and by processes that are killed, interrupted, or work
on the same names at once. Faults of the clouds and jumps of the clock strike at random.

Every result is checked against what the clouds really hold. A Location that is reported as done or unchanged has
exactly what the task wants, once. One that failed says why, and has the old or the new, and nothing half done. A
Location that nothing has struck does not fail. The next run after a kill ends right. At the end everything is deleted,
and nothing is left. A process holds as many threads and files as when it was warm, and no more memory, which counts for
those that have done 500 operations.

`make soak OPTIONS="--operations 2000 --seed SEED"` runs a shorter one, or makes the choices of another run again.
`tests/robustness/test_soak.py` is part of `make robustness`. The log of a run, as
`make soak OPTIONS="--docs docs/soak.md"` writes it:

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
        _table(("how a Location ended", "times"), sorted(tally.results.items())),
        _table(("a worker holds", "when it is warm", "at the end"), _held(done)),
    ]
    return "\n\n".join(parts)


def _summary(done: Soaked) -> Iterable[Sequence[object]]:
    yield "operations", done.tally.total
    yield "results that are wrong", len(done.tally.wrong)
    yield "leaks", len(done.tally.leaks)
    yield "workers", done.workers
    yield "files in the cache, in the middle and at the end", f"{done.cache_files[0]}, {done.cache_files[1]}"
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
