# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unfinished image is called and marked with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError, QuotaError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import (
    MD5,
    SHA256,
    SOURCE_MD5,
    SOURCE_SHA256,
    UPLOAD,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import attempt as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.attempt import Attempt
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.relay import RelayBoard
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import upload_marker
from tests.support.image_contexts import case
from tests.support.image_samples import OTHER, source


def attempt(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> tuple[Attempt, list[Any]]:
    asked: list[Any] = []
    glance: Any = SimpleNamespace(create=asked.append, start_import=lambda *args: asked.append(args))
    monkeypatch.setattr(module, "glance_for", lambda _connection: glance)
    connection: Any = SimpleNamespace(deadline=Deadline(5))
    data: Any = SimpleNamespace()
    return Attempt(connection, case("a", **facts), data, RelayBoard()), asked


def test_the_record_has_an_id_of_ours_and_our_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = attempt(monkeypatch)
    image_id = made.create(source())
    (record,) = asked
    assert (record["id"], record["name"], record[UPLOAD]) == (image_id, "thing.uploading", upload_marker())
    assert (record[MD5], record[SHA256]) == (source().digests["md5"], source().digests["sha256"])
    assert made.expected == source()
    assert SOURCE_MD5 not in record


def test_a_converted_image_records_what_it_was_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _asked = attempt(monkeypatch, disk_format="qcow2")
    fields = made.fields(source("qcow2", OTHER))
    assert fields[SOURCE_SHA256] == source().digests["sha256"]
    assert fields[SHA256] == source(data=OTHER).digests["sha256"]


def test_an_import_goes_to_the_desired_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = attempt(monkeypatch, wanted={"stores": ("fast",)})
    made.image_id = "id-1"
    made.start_import({"name": "x"})
    assert asked == [("id-1", {"name": "x"}, {"stores": ["fast"], "all_stores_must_succeed": True})]
    assert made.importing


def test_an_upload_to_the_object_store_is_not_repeated_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any) -> None:
        raise QuotaError("full")

    made, _asked = attempt(monkeypatch)
    monkeypatch.setattr(temporary_object, "put", full)
    with pytest.raises(OaktreeError, match="full"):
        made.temporary_object(source())
    assert made.exhausted
