# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and containers as they are listed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store import client
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.listing import is_segment
from tests.support.fake_openstack import Answer
from tests.support.store_site import CONTAINER, NAME, StoreSite


@pytest.fixture
def full(store: StoreSite) -> StoreSite:
    """A large object, and five others in two folders."""
    store.object()
    for number in range(5):
        store.put(f"{'ab'[number % 2]}/{number}", bytes(number))
    return store


def names(store: StoreSite, **options: Any) -> list[str]:
    found = store.run("object_info", container=CONTAINER, locations=["cloud1"], **options)
    assert found.ok, found.result
    return [record["name"] for record in found["objects"]]


def test_listings(full: StoreSite) -> None:
    everything = ["a/0", "a/2", "a/4", "b/1", "b/3", NAME]
    assert names(full) == everything
    assert names(full, prefix="a/") == everything[:3]
    assert names(full, delimiter="/") == ["a/", "b/", "folder/"]
    assert names(full, prefix="b/", delimiter="/") == ["b/1", "b/3"]
    assert names(full, name="b/3") == ["b/3"]
    assert names(full, name="b/4") == []
    assert len(names(full, segments=True)) == 11


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages(full: StoreSite, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole, folders = names(full), names(full, delimiter="/")
    monkeypatch.setattr(client, "PAGE", size)
    assert names(full) == whole
    assert names(full, delimiter="/") == folders


def test_all_locations_and_those_without_the_container(full: StoreSite) -> None:
    full.run("container", name=CONTAINER, state="absent", delete_with_content=True, locations=["cloud2"])
    found = full.run("object_info", container=CONTAINER)
    assert found.ok
    assert [(where["count"], where["offered"]) for where in found["locations"]] == [(6, True), (0, True)]
    full.clouds["cloud2"].object_store = False
    full.region.fault("GET", CONTAINER, Answer(403))
    found = full.run("object_info", container=CONTAINER, token_cache=False)
    assert [where["offered"] for where in found["locations"]] == [None, False]
    assert [failure["kind"] for failure in found["failures"]] == ["refused"]


def test_fields_and_queries(full: StoreSite) -> None:
    found = full.run("object_info", container=CONTAINER, fields=["name"], prefix="a/0")
    assert [sorted(record) for record in found["objects"]] == [["location", "name"]]
    found = full.run("object_info", container=CONTAINER, query="[?is_static_large_object].content_length")
    assert found["objects"] == [4600, 4600]
    unknown = full.run("object_info", container=CONTAINER, fields=["size"])
    assert (unknown.ok, unknown["kind"]) == (False, "input")


def test_one_object_has_its_headers(full: StoreSite) -> None:
    found = full.run("object_info", container=CONTAINER, name=NAME)
    assert [record["metadata"]["x-sdk-md5"] for record in found["objects"]]
    listed = full.run("object_info", container=CONTAINER, prefix=NAME)
    assert [record["metadata"] for record in listed["objects"]] == [None, None]
    same = ("name", "etag", "content_length", "content_type", "is_static_large_object", "last_modified_at")
    for shown, item in zip(found["objects"], listed["objects"], strict=True):
        assert {key: shown[key] for key in same[:-1]} == {key: item[key] for key in same[:-1]}


def test_containers(full: StoreSite) -> None:
    full.run("container", name="public", read_acl=[".r:*"], locations=["cloud2"])
    found = full.run("container_info")
    assert [record["name"] for record in found["containers"]] == [CONTAINER, CONTAINER, "public"]
    assert {record["read_ACL"] for record in found["containers"]} == {None}
    assert found["containers"][0]["object_count"] == 11
    detailed = full.run("container_info", details=True, query="[?read_ACL=='.r:*'].name")
    assert detailed["containers"] == ["public"]
    named = full.run("container_info", name="public")
    assert [(record["location"]["cloud"], record["read_ACL"]) for record in named["containers"]] == [("cloud2", ".r:*")]
    assert [record["name"] for record in full.run("container_info", prefix="p")["containers"]] == ["public"]


def test_details_that_cannot_be_had_fail_the_location(full: StoreSite) -> None:
    full.region.fault("HEAD", CONTAINER, Answer(403))
    found = full.run("container_info", details=True)
    assert [failure["location"]["cloud"] for failure in found["failures"]] == ["cloud1"]
    assert [record["location"]["cloud"] for record in found["containers"]] == ["cloud2"]


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        (f"o.segments/{'0' * 64}/268435456/00000001", True),
        (f"a/o.segments/{'0' * 32}/1/00000001", True),
        (f"o.segments/{'0' * 64}/268435456/1", False),
        ("o.segments/notes.txt", False),
        (f".segments/{'0' * 64}/1/00000001", False),
        ("o", False),
    ],
)
def test_segments_of_ours(name: str, ours: bool) -> None:  # noqa: FBT001
    assert is_segment({"name": name}) is ours
    assert not is_segment({"subdir": name})
