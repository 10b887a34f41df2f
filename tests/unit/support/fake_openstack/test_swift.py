# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Swift keeps objects as Swift does: verified, in segments, for a while, for those who may."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.wait import until

DATA = bytes(range(256)) * 64


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Store:
    """A plain client of one account."""

    def __init__(self, region: Region, session: requests.Session, project: str) -> None:
        self.region = region
        self.session = session
        self.path = f"/v1/AUTH_{project}"

    def __call__(self, method: str, path: str = "", **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.region.swift.url}{self.path}{path}", timeout=5, **kwargs)

    def large(self, query: str = "", **changes: Any) -> requests.Response:
        parts = []
        for number, start in enumerate(range(0, len(DATA), 8192)):
            piece = DATA[start : start + 8192]
            self("PUT", f"/c/parts/{number}", data=piece)
            parts.append({"path": f"/c/parts/{number}", "etag": md5(piece), "size_bytes": len(piece)} | changes)
        return self("PUT", f"/c/o?multipart-manifest=put{query}", data=json.dumps(parts))


@pytest.fixture
def store(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> Store:
    cloud = fake_openstack(object_store=True)["cloud1"]
    made = Store(cloud["r1"], client(cloud), cloud.keystone.project_id("demo"))
    assert made("PUT", "/c").status_code == 201
    return made


def test_an_object_is_kept_if_it_is_what_its_etag_says(store: Store) -> None:
    assert store("PUT", "/c/o", data=DATA, headers={"Etag": md5(b"else")}).status_code == 422
    assert store("HEAD", "/c/o").status_code == 404
    assert store("PUT", "/c/o", data=DATA, headers={"Etag": md5(DATA), "X-Object-Meta-A": "1"}).status_code == 201
    shown = store("HEAD", "/c/o").headers
    assert (shown["Content-Length"], shown["Etag"], shown["X-Object-Meta-A"]) == (str(len(DATA)), md5(DATA), "1")
    assert store("GET", "/c/o", headers={"Range": "bytes=256-511"}).content == DATA[256:512]
    assert store("DELETE", "/c").status_code == 409
    assert store("DELETE", "/c/o").status_code == 204
    assert (store("DELETE", "/c/o").status_code, store("DELETE", "/c").status_code) == (404, 204)
    assert store("PUT", "/c/o", data=DATA).status_code == 404


def test_a_large_object_reads_as_one_and_goes_as_one(store: Store) -> None:
    assert store.large().status_code == 201
    assert store("GET", "/c/o").content == DATA
    assert store("GET", "/c/o", headers={"Range": "bytes=8000-9000"}).content == DATA[8000:9001]
    names = [part["name"] for part in store("GET", "/c/o?multipart-manifest=get").json()]
    assert names == ["/c/parts/0", "/c/parts/1"]
    assert store("DELETE", "/c/o?multipart-manifest=delete").json()["Number Deleted"] == 3
    assert store("GET", "/c?format=json").json() == []


def test_a_plain_delete_leaves_the_segments(store: Store) -> None:
    store.large()
    store("DELETE", "/c/o", headers={"multipart-manifest": "delete"})
    assert [found["name"] for found in store("GET", "/c?format=json").json()] == ["parts/0", "parts/1"]


def test_with_a_heartbeat_the_status_stands_in_the_body(store: Store) -> None:
    answer = store.large("&heartbeat=on")
    assert (answer.status_code, answer.json()["Response Status"]) == (202, "201 Created")
    answer = store.large("&heartbeat=on", etag="0" * 32)
    assert (answer.status_code, answer.json()["Response Status"]) == (202, "400 Bad Request")
    assert answer.json()["Errors"][0] == ["/c/parts/0", "Etag Mismatch"]
    assert store.large(size_bytes=1).status_code == 400


@pytest.mark.slow
def test_objects_expire(store: Store) -> None:
    assert store("PUT", "/c/o", data=DATA, headers={"X-Delete-At": "1"}).status_code == 400
    for name, seconds in (("o", 2), ("later", 3600)):
        made = store("PUT", f"/c/{name}", data=DATA, headers={"X-Delete-At": str(int(time.time()) + seconds)})
        assert made.status_code == 201
    until(lambda: store("HEAD", "/c/o").status_code == 404)
    assert [kept["name"] for kept in store("GET", "/c?format=json").json()] == ["later"]


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_a_signed_url_opens_one_object_for_one_method(store: Store, digest: str) -> None:
    store("POST", "/c", headers={"X-Container-Meta-Temp-URL-Key": "key"})
    store("PUT", "/c/o", data=DATA)
    expires = int(time.time()) + 60

    def url(method: str = "GET", name: str = "o", until: int = expires) -> str:
        text = f"{method}\n{until}\n{store.path}/c/o"
        signature = hmac.new(b"key", text.encode(), digest).hexdigest()
        query = f"temp_url_sig={signature}&temp_url_expires={until}"
        return f"{store.region.swift.url}{store.path}/c/{name}?{query}"

    assert requests.get(url(), timeout=5).content == DATA
    assert requests.head(url(), timeout=5).headers["Content-Length"] == str(len(DATA))
    for refused in (url(name="p"), url("PUT"), url(until=1)):
        assert requests.get(refused, timeout=5).status_code == 401


def test_nobody_else(store: Store) -> None:
    store("PUT", "/c/o", data=DATA)
    del store.session.headers["X-Auth-Token"]
    assert (store("GET", "/c/o").status_code, store("GET", "/c").status_code) == (401, 401)
    assert requests.get(f"{store.region.swift.url}/info", timeout=5).json()["slo"]["max_manifest_segments"] == 1000
