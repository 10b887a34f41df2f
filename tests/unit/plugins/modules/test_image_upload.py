# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of image_upload: what is refused before any cloud is asked."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.support.run_module import ModuleRun, run_module

AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "somebody",
    "password": "confidential",
    "project_name": "a-project",
}
CLOUDS = {"clouds": {"a-cloud": {"auth": AUTH, "region_name": "a-region"}}}
"""Nothing listens there: what asks the cloud is not an error of the input."""

SHA256 = "sha256:" + 64 * "0"
CONTENT = {"checksum": SHA256, "size": 7, "disk_format": "raw"}


def run(**options: Any) -> ModuleRun:
    given = {"name": "thing", "locations": ["*"], "clouds_config": CLOUDS, **options}
    return run_module("image_upload", **{name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "missing required arguments: state"),
        ({"name": None, "state": "aborted"}, "missing required arguments: name"),
        ({"locations": None, "state": "aborted"}, "missing required arguments: locations"),
        ({"state": "present"}, "value of state must be one of: prepared, finalized, aborted, got: present"),
        ({"state": "prepared", "path": "/x", "size": 7}, "parameters are mutually exclusive: path|size"),
        ({"state": "prepared", **CONTENT, "disk_format": "zip"}, "value of disk_format must be one of: aki, "),
        ({"state": "prepared", **CONTENT, "scheme": "v1_put"}, "value of scheme must be one of: "),
        ({"state": "prepared", **CONTENT, "segment_size": "large"}, "segment_size"),
    ],
)
def test_what_ansible_refuses(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert not ended.ok
    assert message in ended["msg"]


BAD: list[tuple[dict[str, Any], str]] = [
    *(({"state": state}, f"state {state} needs path or checksum") for state in ("prepared", "finalized")),
    *(
        ({"state": "prepared", **CONTENT, missing: None}, "size, checksum and disk_format: all three are required")
        for missing in ("size", "disk_format")
    ),
    *(
        ({"state": "prepared", **CONTENT, option: value}, f"{option}: must be greater than zero")
        for option in ("import_timeout", "stall_timeout", "expires_in")
        for value in (0, -1, 10**9)
    ),
    *(({"state": "prepared", **CONTENT, "size": size}, "size: must be greater than zero") for size in (0, -7)),
    ({"state": "prepared", **CONTENT, "segment_size": "0"}, "segment_size: must be greater than zero"),
    *(
        ({"state": "finalized", "checksum": text}, "is not of the form ALGORITHM:DIGEST")
        for text in ("md5", "md5:", "md5:" + 31 * "0", "md5:" + 32 * "x", "crc:" + 32 * "0")
    ),
    *(({"state": "aborted", option: -1}, f"{option}: must not be negative") for option in ("min_disk", "min_ram")),
    *(({"state": "aborted", "name": name}, "name: must have 1 to 245 characters") for name in ("", "x" * 246)),
    *(
        ({"state": "aborted", "properties": {key: "x"}}, f"properties: {key} is not a custom property")
        for key in ("id", "status", "os_hash_value", "os_glance_x", "owner_specified.openstack.md5")
    ),
    ({"state": "aborted", "properties": {"a": ["x"]}}, "properties: a is a list"),
    ({"state": "aborted", "locations": ["nowhere"]}, "locations: 'nowhere' matches none"),
    ({"state": "aborted", "timeout": 0}, "timeout: must be greater than zero"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options)[:70] for options, _message in BAD])
def test_bad_input(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (None, {}, "path"),
        (b"", {}, "path"),
        (b"\1" * 4096, {"disk_format": "qcow2"}, "disk_format: the file is raw, not qcow2"),
        (b"\1" * 4096, {"checksum": SHA256}, "checksum"),
        (gzip.compress(b"\1" * 4096), {}, "is compressed with gzip. Decompress it first"),
        (b"PK\3\4" + bytes(600), {}, "is no disk image but a zip archive"),
    ],
)
def test_files_that_are_not_what_is_said(
    tmp_path: Path, content: bytes | None, options: dict[str, Any], message: str
) -> None:
    file = tmp_path / "disk.img"
    if content is not None:
        file.write_bytes(content)
    ended = run(state="prepared", path=str(file), **options)
    assert not ended.ok
    assert ended["kind"] in ("input", "integrity")
    assert message in ended["msg"]


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize("options", [{"container_format": "compressed"}, {"disk_format": "ari"}])
def test_a_file_may_be_sent_as_it_is(tmp_path: Path, options: dict[str, Any]) -> None:
    file = tmp_path / "file"
    file.write_bytes(gzip.compress(b"070701"))
    ended = run(state="prepared", path=str(file), **options)
    assert [failure["kind"] for failure in ended["failures"]] == ["unreachable"]


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(
    "options",
    [
        {"state": "prepared", **CONTENT},
        {"state": "finalized", "checksum": SHA256},
        {"state": "aborted"},
        {"state": "aborted", "name": "x" * 245, "properties": {"a": 5, "b": True, "c": None}},
    ],
)
def test_what_is_right_goes_to_the_cloud(options: dict[str, Any]) -> None:
    ended = run(**options)
    assert [failure["kind"] for failure in ended["failures"]] == ["unreachable"]
