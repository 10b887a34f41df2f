# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in of Ceph's object gateway has two etags for a large object, and keeps its manifest to itself."""

from __future__ import annotations

import json
from collections.abc import Callable

import requests

from tests.support.fake_openstack import FakeOpenStack
from tests.support.store_site import store_md5

PIECES = (b"abc", b"de")
ETAG = store_md5("".join(store_md5(piece) for piece in PIECES).encode())


def test_a_large_object(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> None:
    cloud = fake_openstack(object_store="radosgw")["cloud1"]
    account = f"{cloud['r1'].swift.url}/swift/v1/AUTH_{cloud.keystone.project_id('demo')}"
    session = client(cloud)
    session.put(f"{account}/c")
    parts = []
    for number, piece in enumerate(PIECES):
        session.put(f"{account}/c/{number}", data=piece)
        parts.append({"path": f"/c/{number}", "etag": store_md5(piece), "size_bytes": len(piece)})
    manifest, large = json.dumps(parts), f"{account}/c/o"
    put, get = f"{large}?multipart-manifest=put&heartbeat=on", f"{large}?multipart-manifest=get"
    for wrong, status in (({"size_bytes": 1}, 400), ({"path": "/c/none"}, 404)):
        assert session.put(put, data=json.dumps([{**parts[0], **wrong}])).status_code == status
    assert session.put(put, data=manifest, headers={"Etag": ETAG}).status_code == 422
    done = session.put(put, data=manifest)
    assert (done.status_code, done.headers["Etag"], done.content) == (201, f'"{ETAG}"', b"")
    shown = session.head(large).headers
    assert (shown["Etag"], shown["Content-Length"], shown["X-Static-Large-Object"]) == (f'"{ETAG}"', "5", "True")
    assert session.get(large).content == b"abcde"
    assert session.get(large, headers={"If-Match": ETAG}).status_code == 412
    assert session.get(large, headers={"If-Match": store_md5(b"")}).content == b"abcde"
    hidden = session.get(get)
    assert (hidden.content, hidden.headers["Etag"]) == (b"", store_md5(b""))
    assert "X-Static-Large-Object" not in hidden.headers
    item = session.get(f"{account}/c?format=json").json()[-1]
    assert (item["name"], item["hash"]) == ("o", store_md5(b""))
    assert "slo_etag" not in item
    assert session.delete(f"{large}?multipart-manifest=delete").json()["Number Deleted"] == 3
    assert session.get(f"{account}/c?format=json").json() == []
