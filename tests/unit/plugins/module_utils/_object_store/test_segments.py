# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import ObjectStore
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import QuotaError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.segments import (
    PART_SIZE,
    Part,
    make_parts,
    part_size,
)

MIB = 1 << 20
GIB = 1 << 30
STORE = ObjectStore("https://swift.example.com/v1/AUTH_x", 5 * GIB + 2, True, 1000, 1, ("sha256",))  # noqa: FBT003
SILENT = ObjectStore(STORE.url, None, True, None, None, ())  # noqa: FBT003


@pytest.mark.parametrize(
    ("size", "store", "preferred", "expected"),
    [
        (1, STORE, PART_SIZE, PART_SIZE),
        (10 * GIB, STORE, PART_SIZE, PART_SIZE),
        (10 * GIB, STORE, GIB, GIB),
        (250 * GIB, STORE, PART_SIZE, PART_SIZE),
        (250 * GIB + 1, STORE, PART_SIZE, 257 * MIB),
        (10 * GIB, STORE, 6 * GIB, 5 * GIB + 2),
        (1000 * (5 * GIB + 2), STORE, PART_SIZE, 5 * GIB + 2),
        (10 * GIB, replace(STORE, slo_min_segment_size=GIB), PART_SIZE, GIB),
        (10 * GIB, replace(STORE, slo_max_segments=10), PART_SIZE, GIB),
        (10 * GIB, SILENT, PART_SIZE, PART_SIZE),
        (10 * GIB, replace(STORE, max_file_size=100 * MIB), PART_SIZE, 100 * MIB),
        (4 * GIB, replace(STORE, slo=False), PART_SIZE, 4 * GIB),
    ],
)
def test_part_size(size: int, store: ObjectStore, preferred: int, expected: int) -> None:
    assert part_size(size, store, preferred) == expected


@pytest.mark.parametrize(
    ("size", "store"),
    [
        (1000 * (5 * GIB + 2) + 1, STORE),
        (5001 * GIB, SILENT),
        (5 * GIB + 3, replace(STORE, slo=False)),
        (GIB, replace(STORE, max_file_size=1, slo_max_segments=GIB)),
    ],
)
def test_too_large(size: int, store: ObjectStore) -> None:
    with pytest.raises(QuotaError, match=f"{size} bytes are too many"):
        part_size(size, store)


@pytest.mark.parametrize(
    ("size", "length", "expected"),
    [
        (0, 4, [(0, 0)]),
        (3, 4, [(0, 3)]),
        (4, 4, [(0, 4)]),
        (5, 4, [(0, 4), (4, 1)]),
        (8, 4, [(0, 4), (4, 4)]),
    ],
)
def test_parts(size: int, length: int, expected: list[tuple[int, int]]) -> None:
    assert make_parts(size, length) == tuple(Part(number, *place) for number, place in enumerate(expected))
