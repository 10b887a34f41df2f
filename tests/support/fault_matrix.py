# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of faults by schemes share: how a run has to end, and the page of Markdown that tells it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

RIGHT = "right"
"""The end of a run that publishes the image all the same; any other end is the kind of a failure."""

Cells = dict[tuple[str, str], str]
"""What happened, by the names of the fault and of the column."""


def check_end(
    end: str, result: Mapping[str, Any] | None, failure: Mapping[str, Any] | None, scheme: str, there: Sequence[str]
) -> str:
    """Check how a run ended at one Location where the scheme met a fault; return what the page says of it.

    ``there`` is all that the run left: the statuses of images, and what else there may be.
    """
    if end != RIGHT:
        assert failure is not None, result
        assert (failure["kind"], bool(failure["hint"]), list(there)) == (end, True, []), failure
        return f"nothing: {end}"
    assert result is not None, failure
    assert (result["action"], result["scheme"], list(there)) == ("created", scheme, ["active"])
    again = [note for note in result["notes"] if f"{scheme}, attempt " in note]
    assert len(again) < 2
    return f"one right image{', at the second attempt' if again else ''}"


def write_fault_page(
    head: str, faults: Sequence[str], columns: Sequence[str], cells: Cells, absent: Callable[[str, str], str]
) -> None:
    """Add the table with these cells to the page that FAULT_TABLE names, if it does.

    ``head`` has the places ``columns`` and ``rules``; ``absent`` says why a fault does not apply to a column.
    """
    path = os.environ.get("FAULT_TABLE")
    if not path:
        return
    page = head.format(columns=" | ".join(columns), rules="|".join("---" for _column in columns))
    for fault in faults:
        row = [cells.get((fault, column)) or f"does not apply: {absent(fault, column)}" for column in columns]
        page += f"| {fault} | {' | '.join(row)} |\n"
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(page)
