# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a product, as of faults and schemes, is run end to end: a sample, or all of it with FULL=1.

A page that FAULT_TABLE writes needs all of it, too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypeVar

FULL = bool(os.environ.get("FULL") or os.environ.get("FAULT_TABLE"))

Row = TypeVar("Row")
Column = TypeVar("Column")


def sample(
    rows: Sequence[Row], columns: Sequence[Column], applies: Callable[[Row, Column], bool], *, full: bool = FULL
) -> list[tuple[Row, Column]]:
    """Return each row with the column that has come least so far of those that apply; with `full` with all of them.

    So every row comes, and every column where there are enough rows.
    """
    pairs: list[tuple[Row, Column]] = []
    used = [0] * len(columns)
    for row in rows:
        possible = [number for number, column in enumerate(columns) if applies(row, column)]
        for number in possible if full else [min(possible, key=used.__getitem__)]:
            used[number] += 1
            pairs.append((row, columns[number]))
    return pairs
