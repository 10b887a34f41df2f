# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How content is divided into parts that an object store accepts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._cloud.capabilities import SWIFT_FILE_SIZE, SWIFT_SEGMENTS
from .._core.errors import QuotaError

if TYPE_CHECKING:
    from .._cloud.capabilities import ObjectStore

PART_SIZE = 256 << 20
"""Bytes of a part unless the limits of the store require another size. A broken connection costs one part."""

STEP = 1 << 20
"""Part sizes that the limits require are rounded up to a multiple of it."""

MOST_SEGMENTS = 10_000
"""More than any store takes. All of an object are held in memory, so a higher limit of a store does not count."""

_LESS = "Send less, or for an image choose a scheme that needs no object store."


@dataclass(frozen=True)
class Part:
    """One part of the content; sizes in bytes, numbers from 0."""

    number: int
    offset: int
    length: int


def part_size(size: int, limits: ObjectStore, preferred: int = PART_SIZE) -> int:
    """The size of all parts but the last for content of ``size`` bytes; at least ``size`` if one part is enough.

    Raises QuotaError if the store cannot store the content.
    """
    largest = limits.max_file_size or SWIFT_FILE_SIZE
    if not limits.slo:
        if size > largest:
            raise QuotaError(
                f"{size} bytes are too many: the object store has no large objects and accepts {largest} bytes",
                hint=_LESS,
            )
        return size
    count = min(limits.slo_max_segments or SWIFT_SEGMENTS, MOST_SEGMENTS)
    needed = -(-size // count)
    wanted = max(preferred, limits.slo_min_segment_size or 1)
    if needed > wanted:
        wanted = -(-needed // STEP) * STEP
    wanted = min(wanted, largest)
    if needed > wanted:
        raise QuotaError(
            f"{size} bytes are too many: the object store accepts {count} segments of {largest} bytes",
            hint=_LESS,
        )
    return wanted


def make_parts(size: int, length: int) -> tuple[Part, ...]:
    """Parts of ``length`` bytes, the last one with the remaining bytes; empty content is one empty part."""
    offsets = range(0, size, length) if size else range(1)
    return tuple(Part(number, offset, min(length, size - offset)) for number, offset in enumerate(offsets))
