# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What uploads that broke off have left in a container."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from .large_object import SEGMENTS

if TYPE_CHECKING:
    from .client import Swift
    from .responses import Object


@dataclass(frozen=True)
class Orphan:
    """Segments of one upload that no manifest refers to; somebody may be working on it: ``marker`` says who."""

    marker: str
    updated_at: str
    """When the newest segment was written, as ISO 8601 with an offset."""
    names: tuple[str, ...]


def orphans(swift: Swift, container: str, name: str) -> list[Orphan]:
    """What uploads of the object left, or are sending: one request where there is nothing, one more for each upload.

    Unfinished segments only; whether the object itself is of use to anybody, its own marker tells (`Swift.head`).
    """
    found = list(swift.objects(container, f"{name}{SEGMENTS}"))
    used = set(swift.segments(container, name)) if found else set()
    unused = [item for item in found if f"{container}/{item.name}" not in used]
    groups = [list(items) for _upload, items in groupby(unused, key=lambda item: item.name.rpartition("/")[0])]
    return [trace for group in groups if (trace := _trace(swift, container, group))]


def _trace(swift: Swift, container: str, group: list[Object]) -> Orphan | None:
    """None where the newest segment is gone, although the listing still shows it."""
    newest = swift.head(container, max(group, key=lambda item: item.updated_at).name)
    return Orphan(newest.marker, newest.updated_at, tuple(item.name for item in group)) if newest else None
