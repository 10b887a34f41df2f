# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All of the collection waits and dates by `_core.deadline.clock`: what does not cannot be turned by a test."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLOCK = ROOT / "plugins/module_utils/_core/deadline.py"
DATES = {"now", "utcnow", "today"}
"""What of `datetime` and `date` asks for the present."""
WAITING = {"Barrier", "Condition", "Event", "Timer"}
"""What of `threading` is waited for; a lock is acquired with a timeout, or at once."""


def offences(source: str) -> Iterator[str]:
    """Where a source looks at another clock, waits by another, or gives turned seconds to a socket or a lock."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names):
            yield f"{node.lineno}: import time"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"{node.lineno}: from time import"
        elif isinstance(node, ast.ImportFrom) and node.module == "threading":
            yield from (f"{node.lineno}: {alias.name}" for alias in node.names if alias.name in WAITING)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "threading" and node.attr in WAITING:
            yield f"{node.lineno}: threading.{node.attr}"
        elif isinstance(node, ast.Attribute) and node.attr in DATES and ast.unparse(node.value) != "clock":
            yield f"{node.lineno}: {ast.unparse(node)}"
        elif isinstance(node, ast.keyword) and node.arg == "timeout" and "remaining()" in ast.unparse(node.value):
            yield f"{node.lineno}: timeout={ast.unparse(node.value)}, not Deadline.timeout"


def test_nothing_else_in_the_collection_is_a_clock() -> None:
    found = {
        str(path.relative_to(ROOT)): list(offences(path.read_text(encoding="utf-8")))
        for path in (ROOT / "plugins").rglob("*.py")
        if path != CLOCK
    }
    assert {path: offences for path, offences in found.items() if offences} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import sleep",
        "import threading; threading.Event()",
        "from threading import Condition",
        "from datetime import datetime; datetime.now()",
        "import datetime; datetime.date.today()",
        "lock.acquire(timeout=min(3, deadline.remaining()))",
    ],
)
def test_offences_are_found(source: str) -> None:
    assert len(list(offences(source))) == 1
