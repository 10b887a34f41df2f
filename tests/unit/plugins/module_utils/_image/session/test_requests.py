# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests for the host that sends, and the result that holds them."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.requests import (
    UploadRequest,
    session_output,
    to_glance,
    to_swift,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.segments import Segments
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl import Signer
from tests.support.image_samples import DATA
from tests.support.upload_session import DESIRED, LATER, SessionSite, content, upload


@pytest.mark.parametrize(("scheme", "path"), [("v2_put", "file"), ("glance_direct", "stage")])
def test_one_request_to_glance(site: SessionSite, scheme: str, path: str) -> None:
    (request,) = site.ask(lambda connection: to_glance(connection, upload(scheme=scheme), with_token=False))
    assert request.to_dict() == {
        "method": "PUT",
        "url": f"{site.region.glance.url}/v2/images/id-1/{path}",
        "headers": {"Content-Type": "application/octet-stream"},
        "missing_headers": ["X-Auth-Token"],
        "offset": 0,
        "length": len(DATA),
        "arrived": False,
    }


def test_a_token_is_included_only_where_it_is_asked_for(site: SessionSite) -> None:
    saving = upload(scheme="v2_put", image={"status": "saving"})
    (request,) = site.ask(lambda connection: to_glance(connection, saving, with_token=True))
    assert request.headers["X-Auth-Token"]
    assert (request.missing_headers, request.arrived) == ((), True)


def test_a_signed_request_for_each_segment(site: SessionSite) -> None:
    def work(connection: Any) -> tuple[UploadRequest, ...]:
        segments = Segments(connection, DESIRED.name, upload(), content())
        return to_swift(segments, Signer("https://swift/v1/AUTH_x", "sha256", "key"), upload(), frozenset({1}))

    requests = site.ask(work)
    assert [(one.offset, one.length, one.arrived, one.missing_headers) for one in requests] == [
        (0, 4, False, ()),
        (4, 4, True, ()),
    ]
    urls = [urlsplit(one.url) for one in requests]
    assert len({url.path for url in urls}) == 2
    assert all(parse_qs(url.query)["temp_url_expires"] == [str(int(LATER.timestamp()))] for url in urls)
    assert all(int(one.headers["X-Delete-At"]) > LATER.timestamp() > time.time() for one in requests)
    assert "temp_url_sig" not in repr(requests)


KEYS = ["image_id", "scheme", "reason", "segment_size", "expires_at", "requests", "finalize", "image"]


def test_every_key_of_the_result_is_always_there() -> None:
    assert list(session_output()) == KEYS
    assert session_output() == {**dict.fromkeys(KEYS), "requests": []}
    prepared = session_output(upload(), "why", [UploadRequest("u", {}, 0, 1, arrived=True)], {"name": "thing"})
    assert list(prepared) == KEYS
    assert (prepared["image_id"], prepared["segment_size"], prepared["reason"]) == ("id-1", 4, "why")
    assert (prepared["requests"][0]["url"], prepared["finalize"]) == ("u", {"name": "thing"})
