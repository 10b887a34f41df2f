# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the image record of an upload session holds, and what that says of the upload."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import MD5, SESSION, SHA256, UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.record import read, session_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker
from tests.support.image_samples import DATA, OTHER, image
from tests.support.upload_session import DESIRED, NOW, digests, upload

TURNED = DATA[::-1]


def test_the_record_holds_everything_in_values_of_a_length_that_clouds_accept() -> None:
    big = Fingerprint(2**50, "qcow2", digests())
    prepared = upload(content=big, part_size=5 << 30, scheme="glance_direct")
    fields = {"id": "id-1", "status": "queued", **prepared.fields(DESIRED)}
    assert read(fields) == replace(prepared, image=fields)
    assert max(len(str(value)) for value in fields.values()) <= 255
    assert fields["name"] == "thing.uploading"


def session(**changes: Any) -> dict[str, str]:
    """A record's own property, with other values."""
    return {SESSION: json.dumps({**json.loads(upload().fields(DESIRED)[SESSION]), **changes})}


SIZES: list[Any] = [0, -1, None, "many", []]
DAMAGED: list[dict[str, Any]] = [
    {SESSION: "{"},
    {SESSION: "[]"},
    {SESSION: '{"size":1}'},
    {SESSION: "[" * 10000},
    {UPLOAD: work_marker(60)},
    *(session(size=size) for size in SIZES),
    *(session(segment_size=size) for size in SIZES),
    *(session(scheme=scheme) for scheme in ("carrier pigeon", None)),
    session(size=10**12, segment_size=1),
    session(digests=["sha512"]),
    {**session(digests={"crc32": "0"}), MD5: None, SHA256: None},
]


@pytest.mark.parametrize("damage", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_record_is_none(damage: dict[str, Any]) -> None:
    fields = {"id": "id-1", "status": "queued", **upload().fields(DESIRED), **damage}
    assert read({key: value for key, value in fields.items() if value is not None}) is None


def test_an_image_imported_from_segments_is_no_record_but_names_it() -> None:
    imported = {"id": "id-2", "status": "queued", **upload().imported_fields(DESIRED)}
    assert (read(imported), session_of(imported)) == (None, "id-1")
    assert session_of({"id": "id-3"}) == ""
    assert imported["name"] == upload().fields(DESIRED)["name"]


def test_differences_show_no_requests() -> None:
    assert upload().to_dict() == {
        "scheme": "swift",
        "size": len(DATA),
        "segment_size": 4,
        "disk_format": "raw",
        "digests": digests(),
    }


def test_when_it_expires() -> None:
    assert not upload().expired
    assert upload(expires=NOW - timedelta(seconds=1)).expired
    assert upload(expires=NOW.replace(2026, 1, 2, 3, 4, 5)).expires_at == "2026-01-02T03:04:05Z"


STATES: list[tuple[dict[str, Any], bool, bool]] = [
    ({"status": "queued"}, True, False),
    ({"status": "saving"}, True, True),
    ({"status": "uploading", "size": None}, True, True),
    ({"status": "uploading", "size": len(DATA)}, True, True),
    ({"status": "uploading", "size": 1}, False, False),
    ({"status": "importing"}, True, True),
    ({"status": "killed"}, False, False),
    (image(data=DATA), True, True),
    (image(data=OTHER), False, False),
    (image(data=TURNED), False, False),
    (image(data=OTHER, disk_format="qcow2"), True, True),
]


@pytest.mark.parametrize(("found", "usable", "usable_when_expired"), STATES)
def test_what_an_upload_can_still_be_used_for(
    found: dict[str, Any],
    usable: bool,  # noqa: FBT001
    usable_when_expired: bool,  # noqa: FBT001
) -> None:
    assert upload(image=found).usable is usable
    assert upload(image=found, expires=NOW - timedelta(seconds=1)).usable is usable_when_expired


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        ({"status": "uploading", "size": 3}, "the cloud stored 3 of 8 bytes"),
        ({"status": "uploading", "size": 8}, ""),
        ({"status": "saving", "size": 3}, ""),
        (image(data=OTHER), "the cloud stored 5 of 8 bytes"),
    ],
)
def test_how_the_data_differs(found: dict[str, Any], difference: str) -> None:
    assert upload(image=found).difference == difference
