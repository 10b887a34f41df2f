# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a copy was made of: found again beside the unchanged copy, and not believed beside any other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.record import (
    CopyRecord,
    recall,
    remember,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_state import file_state
from tests.support import image_samples as samples

IMAGE = samples.image()
SOURCE = {"md5": IMAGE["checksum"], "sha512": IMAGE["os_hash_value"]}
RECORD = CopyRecord("qcow2", {"md5": "1", "sha512": "2"}, "id-1", len(samples.DATA), SOURCE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(b"copy")
    return path


def shown(headers: dict[str, str], length: str = "4") -> CaseInsensitiveDict[str]:
    """As an object store shows what was set."""
    return CaseInsensitiveDict({"content-length": length, **{name.title(): value for name, value in headers.items()}})


def test_of_a_file(file: Path) -> None:
    assert recall(file, "here") is None
    remember(file, "here", RECORD)
    assert recall(file, "here") == RECORD
    assert recall(file, "elsewhere") is None
    assert "'md5'" not in repr(RECORD)


@pytest.mark.parametrize("change", ["content", "touch", "replace", "remove"])
def test_a_file_that_changed_has_none(file: Path, change: str) -> None:
    remember(file, "here", RECORD)
    if change == "content":
        file.write_bytes(b"other")
    elif change == "touch":
        os.utime(file, (1, 1))
    elif change == "replace":
        other = file.with_name("other")
        other.write_bytes(b"copy")
        other.replace(file)
    else:
        file.unlink()
    assert recall(file, "here") is None


def test_a_file_that_is_gone_is_not_remembered(file: Path) -> None:
    file.unlink()
    remember(file, "here", RECORD)
    file.write_bytes(b"copy")
    assert recall(file, "here") is None


@pytest.mark.parametrize("record", [None, {}, {"format": "raw"}, [], "x"])
def test_what_the_cache_says_is_not_believed_unless_it_is_whole(file: Path, record: Any) -> None:
    private_files.write("exports", str(file), {"state": file_state(file), "origin": "here", "record": record})
    assert recall(file, "here") is None
    private_files.write("exports", str(file), record)
    assert recall(file, "here") is None


def test_of_an_object() -> None:
    assert CopyRecord.of_headers(shown(RECORD.to_headers("4"))) == RECORD


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(shown({}), id="somebody-else's"),
        pytest.param(shown(RECORD.to_headers("4"), "5"), id="another-length"),
        pytest.param(shown({**RECORD.to_headers("4"), "X-Object-Meta-Oaktree-Size": "many"}), id="no-number"),
        pytest.param(shown({"X-Object-Meta-Oaktree-Bytes": "4"}), id="only-the-length"),
        pytest.param({}, id="none"),
    ],
)
def test_an_object_without_one(headers: Any) -> None:
    assert CopyRecord.of_headers(headers) is None


@pytest.mark.parametrize(
    ("fields", "image", "same"),
    [
        pytest.param({}, IMAGE, True, id="same"),
        pytest.param({"image_id": "id-2"}, IMAGE, True, id="same-data-of-another-image"),
        pytest.param({"image_size": 9}, IMAGE, False, id="another-size"),
        pytest.param({"source": {"md5": "other"}}, IMAGE, False, id="another-digest"),
        pytest.param({"source": {}}, IMAGE, True, id="by-its-id"),
        pytest.param({"source": {}, "image_id": ""}, IMAGE, False, id="nothing-to-go-by"),
    ],
)
def test_whose_data_it_is(fields: dict[str, Any], image: dict[str, Any], *, same: bool) -> None:
    known = {"image_id": "id-1", "image_size": len(samples.DATA), "source": SOURCE, **fields}
    assert CopyRecord("raw", {}, **known).is_of(image) is same
