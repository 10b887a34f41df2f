# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Segments that incomplete uploads have left in a container."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from .large_object import SEGMENTS, segments_of, upload_of

if TYPE_CHECKING:
    from .client import Swift
    from .responses import Object


@dataclass(frozen=True)
class Orphan:
    """Segments of one upload that no manifest uses. The upload may be in progress: ``marker`` identifies its run."""

    marker: str
    updated_at: str
    """When the newest segment was written, as ISO 8601 with an offset."""
    names: tuple[str, ...]


def orphans(swift: Swift, container: str, name: str) -> list[Orphan]:
    """The segments that incomplete uploads of the object left, or are sending: one request, and one for each upload.

    Those of the object itself, for which `segments_of` asks, are none of them; nor is any where they are not known.
    Whether the object itself is in use, its own marker tells (`Swift.head`).
    """
    found = list(swift.objects(container, f"{name}{SEGMENTS}"))
    used = segments_of(swift, container, name) if found else []
    if used is None:
        return []
    taken = set(used)
    unused = [item for item in found if f"{container}/{item.name}" not in taken]
    groups = [list(items) for _upload, items in groupby(unused, key=upload_of)]
    return [orphan for group in groups if (orphan := _orphan(swift, container, group))]


def _orphan(swift: Swift, container: str, group: list[Object]) -> Orphan | None:
    """None if the newest segment is deleted, although the listing still has it."""
    newest = swift.head(container, max(group, key=lambda item: item.updated_at).name)
    return Orphan(newest.marker, newest.updated_at, tuple(item.name for item in group)) if newest else None
