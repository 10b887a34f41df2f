# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to an object store that is strict."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store import client
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Container
from tests.support.fake_openstack import Action, Answer, BreakAnswer, LoseAnswer
from tests.support.object_site import CONTAINER, DATA, MARKER, NAME, OTHERS_MARKER, ObjectSite, md5

ODD = ["a b", "über/größe", "a?b#c", "100%", "a%2Fb", "a/b/c", "x" * 200, "+&="]

# Containers


def test_a_container_is_ours_if_this_collection_made_it(objects: ObjectSite) -> None:
    objects.swift._service.request("PUT", "/theirs")
    objects.clouds.counters.reset()
    assert objects.swift.ensure_container("theirs") == Container("theirs", ours=False)
    assert objects.swift.ensure_container("new") == Container("new", ours=True)
    assert objects.swift.ensure_container("new") == Container("new", ours=True)
    assert (objects.requests("HEAD"), objects.requests("PUT")) == (3, 1)


def test_only_our_own_containers_are_removed(objects: ObjectSite) -> None:
    objects.swift._service.request("PUT", "/theirs")
    assert not objects.swift.delete_container(Container("theirs", ours=False))
    assert objects.requests("DELETE") == 0
    assert objects.swift.delete_container(objects.swift.ensure_container(CONTAINER))
    assert list(objects.containers) == ["theirs"]
    assert objects.swift.delete_container(Container("gone", ours=True))


def test_a_container_whose_creation_is_answered_wrongly_does_not_stay(objects: ObjectSite) -> None:
    objects.region.fault("PUT", "/new$", Answer(412, after="work"))
    with pytest.raises(OaktreeError) as raised:
        objects.swift.ensure_container("new")
    assert (raised.value.residue, list(objects.containers)) == ([], [CONTAINER])
    objects.region.clear_faults()
    objects.region.fault("PUT", "/new$", Answer(412, after="work"))
    objects.region.fault("DELETE", "/new$", Answer(403))
    with pytest.raises(OaktreeError) as raised:
        objects.swift.ensure_container("new")
    (residue,) = raised.value.residue
    assert residue.startswith("the container new may have been created, and was not removed (")


def test_a_container_that_is_refused_is_no_residue(objects: ObjectSite) -> None:
    objects.region.fault("PUT", "/new$", Answer(403))
    with pytest.raises(OaktreeError) as raised:
        objects.swift.ensure_container("new")
    assert (raised.value.residue, objects.requests("DELETE")) == ([], 0)


def test_a_container_in_use_stays(objects: ObjectSite) -> None:
    objects.put(NAME, DATA)
    assert not objects.swift.delete_container(Container(CONTAINER, ours=True))
    assert objects.requests("DELETE") == 1


def test_an_empty_container_that_the_store_takes_for_full_is_removed_later(objects: ObjectSite) -> None:
    fault = objects.region.fault("DELETE", f"/{CONTAINER}$", Answer(409), times=9)
    assert objects.swift.delete_container(Container(CONTAINER, ours=True))
    assert (fault.struck, list(objects.containers)) == (9, [])


def test_an_empty_container_is_not_removed_beyond_the_deadline(
    objects: ObjectSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 60.0)
    objects.region.fault("DELETE", f"/{CONTAINER}$", Answer(409))
    with pytest.raises(ConflictError):
        objects.swift.delete_container(Container(CONTAINER, ours=True))
    assert objects.requests("DELETE") == 1


def test_metadata_that_an_update_does_not_name_stays(objects: ObjectSite) -> None:
    objects.swift.update_container(CONTAINER, {"X-Container-Meta-Color": "red"})
    headers = objects.swift.container_headers(CONTAINER) or {}
    assert (headers["X-Container-Meta-Color"], headers[client.OURS]) == ("red", "yes")
    assert objects.swift.container_headers("none") is None


def test_containers_are_listed_by_prefix(objects: ObjectSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PAGE", 2)
    for name in ("a-1", "a-2", "a-3", "b-1"):
        objects.swift.ensure_container(name)
    assert objects.swift.containers("a-") == ["a-1", "a-2", "a-3"]
    assert objects.swift.containers() == ["a-1", "a-2", "a-3", "b-1", CONTAINER]


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1]", b'[{"count": 1}]'])
def test_a_list_of_containers_that_cannot_be_parsed(objects: ObjectSite, body: bytes) -> None:
    objects.region.fault("GET", r"\?", Answer(200, body=body))
    with pytest.raises(ServerError, match="cannot be parsed"):
        objects.swift.containers()


# Objects


@pytest.mark.parametrize("name", ODD)
def test_names_are_what_they_are(objects: ObjectSite, name: str) -> None:
    swift = objects.swift
    swift.put(CONTAINER, name, DATA, md5(DATA))
    assert list(objects.objects) == [name]
    assert [found.name for found in swift.objects(CONTAINER)] == [name]
    found = swift.head(CONTAINER, name)
    assert found is not None
    assert (found.name, found.size, found.etag) == (name, len(DATA), md5(DATA))
    assert swift._service.request("GET", swift.url(CONTAINER, name)).content == DATA
    assert swift.update(CONTAINER, name, {})
    assert swift.url(CONTAINER, name).startswith(f"{swift.endpoint}/{CONTAINER}/")
    assert swift.delete_objects([f"{CONTAINER}/{name}"]) == {}
    assert objects.objects == {}


def test_what_is_not_there(objects: ObjectSite) -> None:
    swift = objects.swift
    for container in (CONTAINER, "none"):
        assert swift.head(container, NAME) is None
        assert swift.object_headers(container, NAME) is None
        assert not swift.update(container, NAME, {})
        assert list(swift.objects(container)) == []
        assert swift.segments(container, NAME) == []
        assert swift.delete_objects([f"{container}/{NAME}"]) == {}


def test_a_head_that_is_refused_is_not_an_object_that_is_not_there(objects: ObjectSite) -> None:
    objects.region.fault("*", f"/{NAME}$", Answer(403))
    for call in (objects.swift.head, objects.swift.object_headers):
        with pytest.raises(RefusedError):
            call(CONTAINER, NAME)
    with pytest.raises(RefusedError):
        objects.swift.update(CONTAINER, NAME, {})


def test_the_marker_of_an_object(objects: ObjectSite) -> None:
    objects.put(NAME, DATA, OTHERS_MARKER)
    found = objects.swift.head(CONTAINER, NAME)
    assert found is not None
    assert (found.marker, found.updated_at[-6:]) == (OTHERS_MARKER, "+00:00")
    (listed,) = objects.swift.objects(CONTAINER)
    assert replace(listed, updated_at="", marker="") == replace(found, updated_at="", marker="")


def test_updating_replaces_the_metadata(objects: ObjectSite) -> None:
    objects.put(NAME, DATA, MARKER)
    objects.region.fault("POST", f"/{NAME}$", Answer(503), times=2)
    assert objects.swift.update(CONTAINER, NAME, {"X-Object-Meta-Color": "red"})
    assert objects.headers()["X-Object-Meta-Color"] == "red"
    assert "X-Object-Meta-Oaktree-Upload" not in objects.headers()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (None, RefusedError),
        (Answer(200), ServerError),
        (Answer(302, {"Location": "http://127.0.0.1:1/"}), ServerError),
        (Answer(503), ServerError),
        (LoseAnswer(), UnreachableError),
    ],
    ids=repr,
)
def test_an_object_is_sent_once(objects: ObjectSite, fault: Action | None, error: type[OaktreeError]) -> None:
    """Without a fault the store refuses a body whose MD5 is another."""
    if fault:
        objects.region.fault("PUT", NAME, fault)
    with pytest.raises(error):
        objects.swift.put(CONTAINER, NAME, DATA, md5(DATA) if fault else md5(b""))
    assert objects.requests("PUT") == 1


@pytest.mark.parametrize(("page", "requests"), [(2, 3), (5, 2), (1000, 1)])
def test_pages(objects: ObjectSite, monkeypatch: pytest.MonkeyPatch, page: int, requests: int) -> None:
    monkeypatch.setattr(client, "PAGE", page)
    for number in range(5):
        objects.put(f"a/{number}", DATA)
    objects.put("b", DATA)
    assert [found.name for found in objects.swift.objects(CONTAINER, "a/")] == [f"a/{number}" for number in range(5)]
    assert objects.requests("GET") == requests


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1]", b'[{"name": "x"}]', b"null"])
def test_a_listing_that_cannot_be_parsed(objects: ObjectSite, body: bytes) -> None:
    objects.region.fault("GET", f"/{CONTAINER}\\?", Answer(200, body=body))
    with pytest.raises(ServerError, match="cannot be parsed"):
        list(objects.swift.objects(CONTAINER))


def test_an_empty_listing_may_have_no_body(objects: ObjectSite) -> None:
    objects.region.fault("GET", f"/{CONTAINER}\\?", Answer(204))
    assert list(objects.swift.objects(CONTAINER)) == []


def test_what_cannot_be_deleted_is_reported(objects: ObjectSite) -> None:
    for name in "abcdefghijkl":
        objects.put(name, b"")
    objects.region.fault("DELETE", "/c$", Answer(403))
    objects.region.fault("DELETE", "/d$", Answer(503), times=2)
    left = objects.swift.delete_objects([f"{CONTAINER}/{name}" for name in "abcdefghijkl"])
    assert {path: error.kind for path, error in left.items()} == {f"{CONTAINER}/c": "refused"}
    assert list(objects.objects) == ["c"]


# Large objects


def large(objects: ObjectSite) -> list[str]:
    """Make a large object; returns what it is made of."""
    segments = objects.put_segments(objects.target())
    body = [{"path": f"/{CONTAINER}/{segment.name}", "etag": segment.etag} for segment in segments]
    parts = [{**part, "size_bytes": segment.size} for part, segment in zip(body, segments, strict=True)]
    objects.swift._service.request("PUT", f"/{CONTAINER}/{NAME}", params={"multipart-manifest": "put"}, json=parts)
    objects.clouds.counters.reset()
    return [f"{CONTAINER}/{segment.name}" for segment in segments]


def test_the_segments_of_a_large_object(objects: ObjectSite) -> None:
    paths = large(objects)
    assert objects.swift.segments(CONTAINER, NAME) == paths
    assert objects.swift.segments(*paths[0].split("/", 1)) == []
    assert objects.swift._service.request("GET", f"/{CONTAINER}/{NAME}").content == DATA


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1]", b'[{"path": "x"}]'])
def test_a_manifest_that_cannot_be_parsed(objects: ObjectSite, body: bytes) -> None:
    objects.region.fault("GET", "multipart-manifest=get", Answer(200, {"X-Static-Large-Object": "True"}, body))
    with pytest.raises(ServerError, match="cannot be parsed"):
        objects.swift.segments(CONTAINER, NAME)


def test_a_manifest_that_breaks_off(objects: ObjectSite) -> None:
    large(objects)
    objects.region.fault("GET", "multipart-manifest=get", BreakAnswer(0.5, cut=True))
    with pytest.raises(UnreachableError):
        objects.swift.segments(CONTAINER, NAME)


def test_a_large_object_goes_in_one_request(objects: ObjectSite) -> None:
    assert objects.swift.delete_large(CONTAINER, NAME) == 0
    paths = large(objects)
    assert objects.swift.delete_large(CONTAINER, NAME) == len(paths) + 1
    assert (objects.objects, objects.requests("DELETE")) == ({}, 1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"Response Status": "400 Bad Request", "Errors": [["/c/a%20b", "503 Busy"]]}', "/c/a b: 503 Busy"),
        (b'{"Response Status": "502 Bad Gateway", "Errors": []}', "the deletion was rejected: 502 Bad Gateway"),
        (b"{}", "cannot be parsed: KeyError"),
        (b"[]", "cannot be parsed: it is not a JSON object"),
        (b"OK", "cannot be parsed: JSONDecodeError"),
    ],
)
def test_a_deletion_that_failed_says_so_in_the_body(objects: ObjectSite, body: bytes, said: str) -> None:
    objects.region.fault("DELETE", "multipart-manifest=delete", Answer(200, body=body))
    with pytest.raises(ServerError, match=said):
        objects.swift.delete_large(CONTAINER, NAME)


def test_keys_are_not_logged(objects: ObjectSite, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "keystoneauth")
    objects.swift.update_container(CONTAINER, {"X-Container-Meta-Temp-URL-Key": "confidential"})
    assert "confidential" in str(objects.swift.container_headers(CONTAINER))
    objects.swift.account_headers()
    assert list(objects.swift.objects(CONTAINER)) == []
    assert "GET" in caplog.text
    assert "confidential" not in caplog.text
