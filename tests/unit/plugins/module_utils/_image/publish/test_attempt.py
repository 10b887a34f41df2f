# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unfinished image is called and marked with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    OaktreeError,
    QuotaError,
    RefusedError,
)
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
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.twins import TwinError, Twins
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import is_own, work_marker
from tests.support import upload_markers
from tests.support.image_contexts import OLD, PUT_ONLY, case
from tests.support.image_samples import OTHER, source


def attempt(monkeypatch: pytest.MonkeyPatch, **facts: Any) -> tuple[Attempt, list[Any]]:
    asked: list[Any] = []
    glance: Any = SimpleNamespace(
        create=asked.append, get=lambda _id: None, start_import=lambda *args: asked.append(args)
    )
    monkeypatch.setattr(module, "glance_for", lambda _connection: glance)
    connection: Any = SimpleNamespace(deadline=Deadline(5))
    data: Any = SimpleNamespace()
    return Attempt(connection, case("a", **facts), data, RelayBoard()), asked


def test_the_record_has_an_id_of_ours_and_our_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = attempt(monkeypatch)
    image_id = made.create(source())
    (record,) = asked
    assert (record["id"], record["name"]) == (image_id, "thing.uploading")
    assert is_own(record[UPLOAD])
    assert (record[MD5], record[SHA256]) == (source().digests["md5"], source().digests["sha256"])
    assert made.expected == source()
    assert SOURCE_MD5 not in record


def test_a_converted_image_records_what_it_was_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    made, _asked = attempt(monkeypatch, disk_format="qcow2")
    fields = made.fields(source("qcow2", OTHER))
    assert fields[SOURCE_SHA256] == source().digests["sha256"]
    assert fields[SHA256] == source(data=OTHER).digests["sha256"]


@pytest.mark.parametrize(("disk_format", "names"), [("raw", {MD5, SHA256}), ("qcow2", {SOURCE_MD5, SOURCE_SHA256})])
def test_an_image_that_the_source_region_converted_records_what_that_was_made_of(
    monkeypatch: pytest.MonkeyPatch, disk_format: str, names: set[str]
) -> None:
    made, _asked = attempt(monkeypatch, disk_format=disk_format)
    recorded = made.digests(source("vhd", OTHER))
    assert recorded.keys() == names
    assert set(recorded.values()) == {source().digests["md5"], source().digests["sha256"]}
    assert made.sent(source("vhd", OTHER)).disk_format == disk_format


def test_an_import_goes_to_the_desired_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = attempt(monkeypatch, wanted={"stores": ("fast",)})
    made.image_id = "id-1"
    made.start_import({"name": "x"})
    assert asked == [("id-1", {"name": "x"}, {"stores": ["fast"], "all_stores_must_succeed": True})]
    assert made.importing


def test_an_upload_to_the_object_store_is_not_repeated_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: Any, **_options: Any) -> None:
        raise QuotaError("full")

    made, _asked = attempt(monkeypatch)
    monkeypatch.setattr(temporary_object, "put", full)
    with pytest.raises(OaktreeError, match="full"):
        made.temporary_object(source(), signed=True)
    assert made.exhausted


def test_runs_that_see_the_same_choose_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [attempt(monkeypatch)[0].create(source()) for _run in range(2)]
    assert ids[0] == ids[1]
    others = [
        attempt(monkeypatch, project="q")[0],
        attempt(monkeypatch, wanted={"name": "other"})[0],
        Attempt(SimpleNamespace(), case("a", PUT_ONLY, OLD), SimpleNamespace(), RelayBoard()),  # type: ignore[arg-type]
    ]
    assert len({ids[0], *(other.create(source()) for other in others)}) == 4


@pytest.mark.parametrize(
    "there",
    [
        None,
        {"status": "queued", UPLOAD: work_marker(60)},
        {"status": "active", "name": "renamed since"},
        *({"status": status, "name": "thing"} for status in ("killed", "pending_delete", "deleted")),
        {"status": "pending_delete", UPLOAD: upload_markers.elsewhere()},
    ],
)
@pytest.mark.parametrize("taken", [1, 3])
def test_the_id_of_a_deleted_or_renamed_image_or_of_an_earlier_attempt_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, taken: int, there: dict[str, Any] | None
) -> None:
    made, asked = attempt(monkeypatch)
    monkeypatch.setattr(made.glance, "get", lambda _image_id: there)
    create = made.glance.create

    def refuse(record: dict[str, Any]) -> Any:
        create(record)
        if len(asked) <= taken:
            raise ConflictError("exists")
        return record

    monkeypatch.setattr(made.glance, "create", refuse)
    image_id = made.create(source())
    assert [record["id"] for record in asked].index(image_id) == taken


def test_however_often_an_image_is_deleted_on_a_day_it_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud refuses the IDs of deleted images, too."""
    made, _asked = attempt(monkeypatch)
    taken: list[str] = []
    moment = datetime(2026, 11, 26, 22, 59, 30, 999999, tzinfo=UTC)

    def create(record: dict[str, Any]) -> None:
        if record["id"] in taken:
            raise ConflictError("exists")
        taken.append(record["id"])

    monkeypatch.setattr(made.glance, "create", create)
    monkeypatch.setattr(clock, "now", lambda: moment)
    for _second in range(100):
        made.create(source())
        moment += timedelta(seconds=1)
    assert len(taken) == 100
    for _number in range(module.IDS_OF_PERIOD):
        made.create(source())
    with pytest.raises(ConflictError, match="exists"):
        made.create(source())


@pytest.mark.parametrize(
    ("marker", "made_here"),
    [
        pytest.param(None, True, id="this-attempt"),
        pytest.param(work_marker(60), False, id="another-location"),
        pytest.param(upload_markers.elsewhere(), False, id="another-run"),
    ],
)
def test_a_record_that_is_made_although_it_is_refused_is_to_be_removed(
    monkeypatch: pytest.MonkeyPatch, marker: str | None, *, made_here: bool
) -> None:
    made, _asked = attempt(monkeypatch)
    there: dict[str, Any] = {}

    def refuse(record: dict[str, Any]) -> Any:
        there[UPLOAD] = marker or record[UPLOAD]
        raise RefusedError("locked", status=423)

    monkeypatch.setattr(made.glance, "create", refuse)
    monkeypatch.setattr(made.glance, "get", lambda _id: there)
    with pytest.raises(RefusedError):
        made.create(source())
    assert (made.image_id is not None) is made_here


class OneGlance:
    """Image records by their IDs, for several Locations; what is deleted stays taken."""

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Any]] = {}

    def create(self, record: dict[str, Any]) -> None:
        if record["id"] in self.images:
            raise ConflictError("exists")
        self.images[record["id"]] = {"status": "queued", **record}

    def get(self, image_id: str) -> dict[str, Any] | None:
        return self.images.get(image_id)


def of_one_run(monkeypatch: pytest.MonkeyPatch, glances: dict[str, OneGlance]) -> Callable[[str], Attempt]:
    """What makes an attempt at a region, which has this image service."""
    twins = Twins()

    def make(region: str) -> Attempt:
        monkeypatch.setattr(module, "glance_for", lambda _connection: glances[region])
        connection: Any = SimpleNamespace(deadline=Deadline(5))
        data: Any = SimpleNamespace()
        return Attempt(connection, case(region), data, RelayBoard(), twins=twins)

    return make


@pytest.mark.parametrize("published", [False, True])
def test_the_id_of_an_image_of_another_location_of_this_run_names_it(
    monkeypatch: pytest.MonkeyPatch, *, published: bool
) -> None:
    """Whatever the number of regions that have images of this ID in image services of their own."""
    one = OneGlance()
    at = of_one_run(monkeypatch, {"a": one, "b": one, "elsewhere": OneGlance()})
    ids = {at("elsewhere").create(source()), at("a").create(source())}
    (image_id,) = ids
    if published:
        del one.images[image_id][UPLOAD]
        one.images[image_id] |= {"name": "thing", "status": "active"}
    second = at("b")
    with pytest.raises(TwinError) as caught:
        second.create(source())
    names = [location.region for location in caught.value.others]
    assert names == (["elsewhere", "a"] if published else ["a"])
    assert second.image_id is None
    assert list(one.images) == [image_id]


def test_an_earlier_attempt_is_no_other_location(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although other regions have images of this ID: what the attempt could not remove is passed over."""
    at = of_one_run(monkeypatch, {"a": OneGlance(), "b": OneGlance()})
    first = {at("a").create(source()), at("b").create(source())}
    assert len(first) == 1
    assert len(first | {at("a").create(source()), at("b").create(source())}) == 2


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(
            {"name": "thing.uploading", "status": "saving", UPLOAD: upload_markers.elsewhere()}, id="being-uploaded"
        ),
        pytest.param({"name": "thing", "status": "active"}, id="published-since"),
    ],
)
def test_the_id_of_an_image_of_another_run_is_a_conflict(
    monkeypatch: pytest.MonkeyPatch, there: dict[str, Any]
) -> None:
    made, _asked = attempt(monkeypatch)

    def refuse(_record: dict[str, Any]) -> Any:
        raise ConflictError("exists")

    monkeypatch.setattr(made.glance, "create", refuse)
    monkeypatch.setattr(made.glance, "get", lambda _id: there)
    with pytest.raises(ConflictError, match="another run is uploading this image"):
        made.create(source())
    assert made.image_id is None
