# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_ID
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.outdated import (
    GONE,
    NO_DIGEST,
    NO_IMAGES,
    VOLUME,
    outdated,
)

NORTH = {"name": "alpha/north/demo", "cloud": "alpha", "region": "north", "zone": None}
EAST = {**NORTH, "name": "beta/east/demo", "cloud": "beta", "region": "east"}


def image(image_id: str, day: int, digest: str | None, **keys: Any) -> dict[str, Any]:
    hashed = {"hash_algo": digest and "sha512", "hash_value": digest, "checksum": None}
    usual = {"location": NORTH, "name": "debian", "owner_id": "p", "status": "active"}
    return {"id": image_id, "created_at": f"2026-11-{day:02}T00:00:00Z", **usual, **hashed, **keys}


def server(image_id: str | None, **keys: Any) -> dict[str, Any]:
    running = None if image_id is None else {"id": image_id}
    return {"id": "s", "name": "web", "location": {**NORTH, "zone": "nova"}, "image": running, **keys}


def found(servers: Any, images: Any) -> list[tuple[Any, ...]]:
    return [(row["image"], row["status"], row["reason"]) for row in outdated(servers, images)]


OLD, NEW = image("i-1", 1, "aa"), image("i-2", 2, "bb")
KEPT = {**OLD, "name": "debian (20261101)", "properties": {KEPT_FOR: "debian", KEPT_ID: "i-1"}}


@pytest.mark.parametrize(
    ("images", "row"),
    [
        pytest.param([OLD], None, id="the only one"),
        pytest.param([OLD, NEW], ("debian", "outdated", None), id="a newer one"),
        pytest.param([OLD, {**NEW, "status": ["active"]}], None, id="one with a status of another type"),
        pytest.param([NEW, OLD], ("debian", "outdated", None), id="in any order"),
        pytest.param([OLD, image("i-0", 0, "bb")], None, id="an older one"),
        pytest.param([OLD, {**NEW, "hash_value": "aa"}], None, id="a newer one with the same bytes"),
        pytest.param([OLD, {**NEW, "name": "fedora"}], None, id="another name"),
        pytest.param([OLD, {**NEW, "owner_id": "q"}], None, id="somebody else's"),
        pytest.param([OLD, {**NEW, "status": "queued"}], None, id="an unfinished one"),
        pytest.param([OLD, {**NEW, "location": EAST}], None, id="elsewhere"),
        pytest.param([OLD, {**NEW, "hash_algo": "sha256"}], ("debian", "unknown", NO_DIGEST), id="another algorithm"),
        pytest.param(
            [{**OLD, "checksum": "c"}, {**NEW, "hash_algo": "sha256", "checksum": "c"}], None, id="the same MD5"
        ),
        pytest.param(
            [OLD, image("i-2", 2, None, checksum="c")], ("debian", "unknown", NO_DIGEST), id="MD5 of one alone"
        ),
        pytest.param([{**OLD, "status": "deactivated"}, NEW], ("debian", "outdated", None), id="a deactivated one"),
        pytest.param([KEPT, NEW], ("debian (20261101)", "outdated", None), id="one that was kept"),
        pytest.param([KEPT], None, id="one that was kept alone"),
        pytest.param([KEPT, {**OLD, "id": "i-0"}], None, id="one that was kept, of the bytes of today's"),
        pytest.param(
            [{**KEPT, "created_at": "2026-11-03T00:00:00Z"}, NEW],
            ("debian (20261101)", "outdated", None),
            id="one that was kept and made later",
        ),
        pytest.param([{**KEPT, "properties": {**KEPT["properties"], KEPT_ID: "other"}}, NEW], None, id="a snapshot"),
        pytest.param([NEW], (None, "missing", GONE), id="not there"),
        pytest.param([{**OLD, "location": EAST}], (None, "unknown", NO_IMAGES), id="no images of the Location"),
        pytest.param([], (None, "unknown", NO_IMAGES), id="no images"),
    ],
)
def test_which_image_is_outdated(images: list[Any], row: tuple[Any, ...] | None) -> None:
    assert found([server("i-1")], images) == ([row] if row else [])


@pytest.mark.parametrize("none", [None, {}, ""])
def test_a_server_that_boots_from_a_volume(none: Any) -> None:
    assert found([server(None, image=none)], [OLD]) == [(None, "unknown", VOLUME)]


def test_a_row_says_what_runs_and_what_should() -> None:
    newer = image("i-2", 2, None, checksum="c")
    (row,) = outdated({"servers": [server("i-1")]}, {"images": [{**OLD, "checksum": "d", "hash_value": None}, newer]})
    assert row == {
        "location": {**NORTH, "zone": "nova"},
        "server": "web",
        "id": "s",
        "image": "debian",
        "status": "outdated",
        "running": "md5:d",
        "current": "md5:c",
        "reason": None,
    }


@pytest.mark.parametrize(
    ("servers", "images", "message"),
    [
        ("x", [], "outdated: the servers are not a list"),
        ([], {"servers": []}, "outdated: the images are not a list"),
        ([{"id": "s"}], [], "outdated: one of the servers has no location or no id"),
        ([], [{"location": NORTH}], "outdated: one of the images has no location or no id"),
        (["x"], [], "outdated: one of the servers has no location or no id"),
    ],
)
def test_an_input_that_is_none(servers: Any, images: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        outdated(servers, images)
