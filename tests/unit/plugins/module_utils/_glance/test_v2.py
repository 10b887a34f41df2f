# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of version 2 of the image service, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import Quota
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    ConflictError,
    DeadlineError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_ID, Glance, pointer
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.coalesce import RequestCoalescer
from tests.support.fake_openstack import Action, Answer, BlackHole, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_core import connect

ID, OTHER = str(UUID(int=1)), str(UUID(int=2))
TIMEOUT = (5.0, 5.0)


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack], monkeypatch: pytest.MonkeyPatch) -> FakeOpenStack:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    return fake_openstack()


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return Glance(connect(clouds))


def add(glance: Glance, region: Region, number: int, owner: str | None = None, **fields: Any) -> Image:
    """Put an active image into the region, of the member's project unless it is another's."""
    image = Image(str(UUID(int=number)), owner or glance.connection.location.project.id, status="active")
    image.fields["visibility"] = "private" if owner is None else "public"
    for name, value in fields.items():
        image.set(name, value)
    region.glance.images[image.id] = image
    return image


def answer(body: object, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


# One image


def test_the_life_of_an_image(clouds: FakeOpenStack, region: Region, glance: Glance) -> None:
    made = glance.create({"id": ID, "name": "x", "disk_format": "raw", "container_format": "bare", "a/b~c": "1"})
    assert (made["id"], made["status"]) == (ID, "queued")
    glance.put(f"/images/{ID}/file", b"data", TIMEOUT)
    shown = glance.get(ID)
    assert shown is not None
    assert (shown["status"], shown["size"], shown["a/b~c"]) == ("active", 4, "1")
    patched = glance.patch(ID, [{"op": "replace", "path": pointer("a/b~c"), "value": "2"}])
    assert patched["a/b~c"] == region.glance.images[ID].properties["a/b~c"] == "2"
    with glance.data(ID, {}, 5.0) as response:
        assert response.content == b"data"
    glance.act(ID, "deactivate")
    assert region.glance.images[ID].status == "deactivated"
    glance.act(ID, "reactivate")
    assert region.glance.images[ID].status == "active"
    assert (glance.delete(ID), glance.delete(ID), glance.get(ID)) == (True, False, None)
    assert clouds.counters.requests(service="image", method="POST") == 3


@pytest.mark.parametrize("image_id", [ID, "", "../images", "a/b", "?limit=1", "é"])
def test_an_id_that_no_image_has(region: Region, glance: Glance, image_id: str) -> None:
    add(glance, region, 7)
    assert glance.get(image_id) is None


@pytest.mark.parametrize(("status", "error"), [(403, RefusedError), (409, ConflictError), (500, ServerError)])
@pytest.mark.parametrize(("method", "request_of"), [("GET", Glance.get), ("DELETE", Glance.delete)])
def test_only_404_means_that_there_is_no_such_image(
    region: Region,
    glance: Glance,
    method: str,
    request_of: Callable[[Glance, str], object],
    status: int,
    error: type[OaktreeError],
) -> None:
    region.fault(method, "/v2/images/", Answer(status))
    with pytest.raises(error):
        request_of(glance, ID)


@pytest.mark.parametrize(
    ("fault", "error", "unanswered"),
    [
        (LoseAnswer(), UnreachableError, {ID}),
        (BlackHole(), DeadlineError, {ID}),
        (Answer(503), ServerError, set()),
        (Answer(403), RefusedError, set()),
    ],
    ids=repr,
)
def test_a_record_is_created_once(
    clouds: FakeOpenStack, region: Region, fault: Action, error: type[OaktreeError], unanswered: set[str]
) -> None:
    """Whether a request without an answer has created one is for the caller to find out."""
    glance = Glance(connect(clouds, api_timeout=0.5))
    region.fault("POST", "/v2/images", fault)
    with pytest.raises(error):
        glance.create({"id": ID, "name": "x"})
    assert glance.unanswered == unanswered
    assert clouds.counters.requests(method="POST", service="image") == 1


@pytest.mark.parametrize("fault", [Answer(401), Answer(503), Answer(429, {"Retry-After": "0"}), LoseAnswer()], ids=repr)
def test_data_is_sent_once(clouds: FakeOpenStack, region: Region, glance: Glance, fault: Action) -> None:
    glance.create({"id": ID, "disk_format": "raw", "container_format": "bare"})
    region.fault("PUT", "/file", fault)
    with pytest.raises(OaktreeError):
        glance.put(f"/images/{ID}/file", b"data", TIMEOUT)
    assert clouds.counters.requests(method="PUT") == 1


def test_data_is_not_sent_to_where_an_answer_points(clouds: FakeOpenStack, region: Region, glance: Glance) -> None:
    region.fault("PUT", "/file", Answer(302, {"Location": f"{region.glance.url}/v2/elsewhere"}))
    with pytest.raises(ServerError, match="which is not followed"):
        glance.put(f"/images/{ID}/file", b"data", TIMEOUT)
    assert clouds.counters.requests(method="PUT") == 1


def test_a_rejected_token_is_reported_as_such(region: Region, glance: Glance) -> None:
    region.fault("PUT", "/file", Answer(401))
    with pytest.raises(AuthError):
        glance.put(f"/images/{ID}/file", b"data", TIMEOUT)


def test_data_goes_to_the_store_that_is_named(region: Region, glance: Glance) -> None:
    region.glance.stores = ["fast", "slow"]
    for image_id, store in ((ID, "slow"), (OTHER, None)):
        glance.create({"id": image_id, "disk_format": "raw", "container_format": "bare"})
        glance.put(f"/images/{image_id}/file", b"data", TIMEOUT, store)
    assert [region.glance.images[image_id].stores for image_id in (ID, OTHER)] == [["slow"], ["fast"]]


# Imports


def test_an_import_and_its_task(region: Region, glance: Glance) -> None:
    glance.create({"id": ID, "disk_format": "raw", "container_format": "bare"})
    assert glance.import_task(ID) == ("", "")
    glance.put(f"/images/{ID}/stage", b"data", TIMEOUT)
    glance.start_import(ID, {"name": "glance-direct"}, {"all_stores": True})
    end = time.monotonic() + 20
    while glance.import_task(ID)[0] != "success":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert region.glance.images[ID].size == 4


TASKS = [
    {"updated_at": "2026-01-02", "status": "failure", "message": "GET https://s/o?temp_url_sig=secret&x=1 failed"},
    {"updated_at": "2026-01-01", "status": "success", "message": ""},
    {"updated_at": None, "status": "pending"},
]


@pytest.mark.parametrize(
    ("body", "task"),
    [
        ({"tasks": TASKS}, ("failure", "GET https://s/o?temp_url_sig=...&x=1 failed")),
        ({"tasks": TASKS[::-1]}, ("failure", "GET https://s/o?temp_url_sig=...&x=1 failed")),
        ({"tasks": TASKS[1:]}, ("success", "")),
        ({"tasks": []}, ("", "")),
        ({"tasks": [None, 7, *TASKS[1:]]}, ("success", "")),
        ({"tasks": [None]}, ("", "")),
        ({"tasks": 7}, ("", "")),
        ({"tasks": [{"updated_at": 7, "status": 5}, {"updated_at": "1", "message": []}]}, ("5", "")),
        ({}, ("", "")),
    ],
)
def test_the_newest_task_counts_and_shows_no_signature(
    region: Region, glance: Glance, body: object, task: tuple[str, str]
) -> None:
    region.fault("GET", "/tasks", answer(body))
    assert glance.import_task(ID) == task


@pytest.mark.parametrize("status", [403, 404])
def test_a_cloud_that_shows_no_tasks(region: Region, glance: Glance, status: int) -> None:
    region.fault("GET", "/tasks", Answer(status))
    assert glance.import_task(ID) == ("", "")


# Polling


class NotAlone(RequestCoalescer):
    """As if another process of the user asked the same."""

    def alone(self) -> bool:
        return False


def test_polling_alone_costs_the_request_for_the_image(clouds: FakeOpenStack, glance: Glance) -> None:
    glance.create({"id": ID})
    found = glance.poll(ID, time.time())
    assert found is not None
    assert (found["id"], clouds.counters.requests(path="/v2/images", method="GET")) == (ID, 0)


@pytest.mark.parametrize(("status", "single"), [("queued", 0), ("importing", 0), ("active", 1)])
def test_polling_beside_others_uses_the_list_of_unfinished_images(
    clouds: FakeOpenStack, region: Region, glance: Glance, status: str, single: int
) -> None:
    """An image that is in no list is finished, or gone: it is asked for."""
    glance.connection.coalescer = NotAlone()
    add(glance, region, 1).status = status
    found = glance.poll(ID, time.time())
    assert found is not None
    assert (found["id"], found["status"]) == (ID, status)
    assert clouds.counters.requests(path="/v2/images") == 1
    assert clouds.counters.requests(path="/v2/images/{image_id}") == single
    assert glance.poll(OTHER, time.time()) is None


# Lists

ODD = ["web", "a b", "debian:12", "in:a,web", "eq:a", 'q"uo"te', "back\\slash", "ünï", "a&b=c"]


@pytest.mark.parametrize("name", ODD)
def test_names_are_exact(region: Region, glance: Glance, name: str) -> None:
    for number, known in enumerate(ODD, 1):
        add(glance, region, number, name=known)
    assert [image["name"] for image in glance.named([name], None, hidden=False)] == [name]
    assert [image["name"] for image in glance.all(name, {})] == [name]


@pytest.mark.parametrize(("names", "requests"), [(["web", "db"], 1), (["web", 'd"b'], 2)])
def test_several_names_are_one_request_where_glance_can_read_them(
    clouds: FakeOpenStack, region: Region, glance: Glance, names: list[str], requests: int
) -> None:
    for number, name in enumerate([*names, "other"], 1):
        add(glance, region, number, name=name)
    assert {image["name"] for image in glance.named(names, None, hidden=False)} == set(names)
    assert clouds.counters.requests(path="/v2/images") == requests


def test_hidden_images_and_those_of_others_are_told_apart(region: Region, glance: Glance) -> None:
    mine = add(glance, region, 1, name="web")
    hidden = add(glance, region, 2, name="web", os_hidden=True)
    theirs = add(glance, region, 3, owner="somebody", name="web")
    me = glance.connection.location.project.id

    def ids(owner: str | None, *, hidden: bool) -> set[str]:
        return {image["id"] for image in glance.named(["web"], owner, hidden=hidden)}

    assert ids(None, hidden=False) == {mine.id, theirs.id}
    assert ids(me, hidden=False) == {mine.id}
    assert ids(None, hidden=True) == {hidden.id}


def test_images_that_were_replaced(region: Region, glance: Glance) -> None:
    for number, year in ((1, 2025), (2, 2023), (3, 2024)):
        kept = {KEPT_FOR: "web", KEPT_ID: str(UUID(int=number))}
        image = add(glance, region, number, name=f"web-{year}", os_hidden=True, **kept)
        image.created = datetime(year, 1, 1, tzinfo=UTC)
    add(glance, region, 4, name="db-2020", os_hidden=True, **{KEPT_FOR: "db", KEPT_ID: str(UUID(int=4))})
    add(glance, region, 6, name="snapshot", os_hidden=True, **{KEPT_FOR: "web", KEPT_ID: str(UUID(int=3))})
    add(glance, region, 5, name="web")
    found = glance.kept_for("web", None, hidden=True)
    assert sorted(image["name"] for image in found) == ["web-2023", "web-2024", "web-2025"]
    assert glance.kept_for("web", "somebody", hidden=True) == []


def test_images_of_others_do_not_count_where_the_service_ignores_the_owner(region: Region, glance: Glance) -> None:
    kept = {KEPT_FOR: "web", KEPT_ID: ID}
    theirs = add(glance, region, 1, owner="somebody", name="web", **kept)
    region.fault("GET", "/v2/images", answer({"images": [theirs.as_json(multi_store=False)]}))
    me = glance.connection.location.project.id
    for list_of in (partial(glance.named, ["web"]), partial(glance.kept_for, "web")):
        assert [image["id"] for image in list_of("somebody", hidden=False)] == [ID]
        assert list_of(me, hidden=False) == []


@pytest.mark.parametrize("hides", [True, False])
def test_images_show_whether_they_can_be_hidden_and_without_any_the_version_does(
    clouds: FakeOpenStack, region: Region, glance: Glance, *, hides: bool
) -> None:
    region.glance.hides = hides
    add(glance, region, 1, name="web")
    before = clouds.counters.requests(service="image")
    assert glance.hides([{"id": ID}, {"id": OTHER, "os_hidden": False}])
    assert not glance.hides([{"id": ID}])
    assert clouds.counters.requests(service="image") == before
    assert glance.hides(glance.named(["web"], None, hidden=False)) is hides
    assert [glance.hides([]), glance.hides([])] == [hides, hides]
    assert clouds.counters.requests(service="image") == before + 2  # the list, and the version document


def test_a_version_document_that_fails_forbids_nothing(region: Region, glance: Glance) -> None:
    glance.named(["web"], None, hidden=False)
    glance.connection.discovery.forget(glance._service.endpoint)
    region.fault("GET", "/$", Answer(503))
    glance.connection.discovery._known.clear()
    assert glance.hides([])


# Members, quota


def test_members_are_sorted(region: Region, glance: Glance) -> None:
    members = [{"member_id": "b", "status": "pending"}, {"member_id": "a", "status": "accepted"}]
    region.fault("GET", "/members$", answer({"members": members}))
    assert list(glance.members(ID).items()) == [("a", "accepted"), ("b", "pending")]


@pytest.mark.parametrize("body", [{}, {"members": [None]}, {"members": [{"member_id": None}]}, {"members": 7}])
def test_members_that_cannot_be_parsed(region: Region, glance: Glance, body: object) -> None:
    region.fault("GET", "/members$", answer(body))
    with pytest.raises(ServerError, match="members cannot be parsed"):
        glance.members(ID)


def test_sharing_what_is_shared_and_unsharing_what_is_not(
    clouds: FakeOpenStack, region: Region, glance: Glance
) -> None:
    region.fault("POST", "/members$", Answer(409))
    region.fault("DELETE", "/members/a$", Answer(404))
    assert glance.share(ID, "a") == "pending"
    glance.unshare(ID, "a")
    assert clouds.counters.requests(service="image", method="POST") == 1
    assert clouds.counters.requests(service="image", method="DELETE") == 1


@pytest.mark.parametrize("change", [Glance.share, Glance.unshare])
def test_members_that_may_not_be_changed(
    region: Region, glance: Glance, change: Callable[[Glance, str, str], object]
) -> None:
    region.fault("*", "/members", Answer(403))
    with pytest.raises(RefusedError):
        change(glance, ID, "a")


@pytest.mark.parametrize(
    ("reply", "quota"),
    [
        (answer({"usage": {"image_size_total": {"limit": 1000, "usage": 7}}}), {"image_size_total": Quota(1000, 7)}),
        (answer({"usage": {}}), {}),
        (answer({"usage": {"image_size_total": {"limit": 1000}}}), {}),
        (answer({"usage": {"image_size_total": {"limit": "many", "usage": 7}}}), {}),
        (answer({"usage": {"image_size_total": {"limit": 1000, "usage": "7"}}}), {}),
        (answer([]), {}),
        (Answer(404), {}),
        (Answer(500), {}),
    ],
    ids=repr,
)
def test_a_quota_that_is_not_known_forbids_nothing(
    region: Region, glance: Glance, reply: Answer, quota: dict[str, Quota]
) -> None:
    region.fault("GET", "/info/usage", reply)
    assert glance.quota() == quota


def test_capabilities_cost_two_requests(clouds: FakeOpenStack, region: Region, glance: Glance) -> None:
    region.glance.stores = ["fast", "slow"]
    found = glance.capabilities()
    assert found.import_methods == ("glance-direct", "web-download")
    assert [(store.id, store.default) for store in found.stores] == [("fast", True), ("slow", False)]
    assert sum(clouds.counters.requests(path=f"/v2/info/{name}") for name in ("import", "stores")) == 2


@pytest.mark.parametrize(
    ("key", "expected"), [("name", "/name"), ("a/b", "/a~1b"), ("a~b", "/a~0b"), ("~1/", "/~01~1")]
)
def test_pointers(key: str, expected: str) -> None:
    assert pointer(key) == expected
