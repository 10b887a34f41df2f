# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from requests import PreparedRequest, Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.responses import (
    BulkResponse,
    Object,
    Segment,
    check_manifest,
    manifest,
    manifest_etag,
    object_from_headers,
    object_from_listing,
)

SEGMENTS = (Segment("a b/0", 4, "0" * 32), Segment("a b/1", 3, "f" * 32))


def response(body: str, status: int = 202) -> Response:
    made = Response()
    made.status_code = status
    made._content = body.encode()
    made.url, made.request = "https://swift/v1/AUTH_x/c/o", PreparedRequest()
    made.request.method = "PUT"
    return made


def test_manifest() -> None:
    assert manifest("c", SEGMENTS) == [
        {"path": "/c/a b/0", "size_bytes": 4, "etag": "0" * 32},
        {"path": "/c/a b/1", "size_bytes": 3, "etag": "f" * 32},
    ]
    assert manifest_etag(SEGMENTS) == hashlib.md5(b"0" * 32 + b"f" * 32, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('   \r\n\r\n{"Response Status": "201 Created", "Response Body": "", "Etag": "\\"x\\"", "Errors": []}', 202),
        ('{"Response Status": "201 Created", "Errors": []}', 202),
        ("", 201),
    ],
)
def test_a_manifest_that_is_taken(body: str, status: int) -> None:
    check_manifest(response(body, status), "x")


@pytest.mark.parametrize("heartbeat", [True, False])
def test_a_manifest_that_makes_another_object(heartbeat: bool) -> None:  # noqa: FBT001
    """As where it was damaged on the way."""
    body = {"Response Status": "201 Created", "Etag": '"y"', "Errors": []} if heartbeat else {}
    made = response(json.dumps(body), 202 if heartbeat else 201)
    if not heartbeat:
        made.headers["Etag"] = '"y"'
    with pytest.raises(IntegrityError, match='an object with the etag "y", expected x'):
        check_manifest(made, "x")


@pytest.mark.parametrize(
    ("status", "errors", "error", "message"),
    [
        ("400 Bad Request", [["/c/a%20b/0", "404 Not Found"]], IntegrityError, "/c/a b/0: 404 Not Found"),
        ("400 Bad Request", [[f"/c/{n}", "Etag Mismatch"] for n in range(9)], IntegrityError, "and 6 more"),
        ("400 Bad Request", [], RefusedError, "400 Bad Request too few"),
        ("409 Conflict", [], ConflictError, "409"),
        ("413 Request Entity Too Large", [], QuotaError, "413"),
        ("422 Unprocessable Entity", [], RefusedError, "422"),
        ("503 Service Unavailable", [], ServerError, "503"),
    ],
)
def test_a_manifest_that_is_refused_in_the_body(
    status: str, errors: list[Any], error: type[OaktreeError], message: str
) -> None:
    body = {"Response Status": status, "Response Body": "too few", "Errors": errors}
    with pytest.raises(error, match=message):
        check_manifest(response(f" \r\n\r\n{json.dumps(body)}"), "x")


@pytest.mark.parametrize("body", ["", " ", "[]", "{}", '{"Response Status": ""}', '{"Response Status": "OK"}', '"x"'])
def test_an_answer_without_sense(body: str) -> None:
    with pytest.raises(ServerError, match="cannot be parsed"):
        BulkResponse.of(response(body))


def test_listed() -> None:
    item = {"name": "o", "bytes": 4, "hash": "abc", "last_modified": "2026-11-21T01:02:03.000004", "content_type": "x"}
    assert object_from_listing(item) == Object("o", 4, "abc", "2026-11-21T01:02:03.000004+00:00")
    assert object_from_listing({**item, "last_modified": f"{item['last_modified']}Z"}) == object_from_listing(item)


def test_shown() -> None:
    headers = {
        "Content-Length": "4",
        "Etag": '"abc"',
        "Last-Modified": "Sat, 21 Nov 2026 01:02:03 GMT",
        "X-Object-Meta-Oaktree-Upload": "h%C3%B4st/boot/1/1",
    }
    assert object_from_headers("o", headers) == Object("o", 4, "abc", "2026-11-21T01:02:03+00:00", "hôst/boot/1/1")


@pytest.mark.parametrize("item", [{}, {"name": "o", "bytes": "many", "hash": "", "last_modified": ""}])
def test_a_listing_without_sense(item: dict[str, Any]) -> None:
    with pytest.raises(ServerError, match="cannot be parsed"):
        object_from_listing(item)


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "4", "Etag": "x", "Last-Modified": "yesterday"}])
def test_a_look_without_sense(headers: dict[str, str]) -> None:
    with pytest.raises(ServerError, match="cannot be parsed"):
        object_from_headers("o", headers)
