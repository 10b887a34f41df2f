# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static large objects and signed URLs of a stand-in Swift.

Source: Swift's middlewares ``slo.py`` and ``tempurl.py``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.service import Refusal
from tests.support.fake_openstack.swift_store import Container, Object, ObjectStore, kept

MAX_SEGMENTS = 1000
KEY_NAMES = ("Meta-Temp-URL-Key", "Meta-Temp-URL-Key-2")
DIGESTS = ("sha1", "sha256", "sha512")


def make_manifest(
    store: ObjectStore, project: str, container: Container, name: str, request: web.Request, body: bytes
) -> Reply:
    """Make one object of segments. With a heartbeat the status that counts stands in the body of a 202."""
    parts = parts_of(body)
    errors = [error for part in parts for error in _wrong(store, project, part)]
    etag = manifest_etag(parts)
    status = 201
    if errors:
        status = 400
    elif request.headers.get("Etag", etag).strip('"') != etag:
        status = 422
    else:
        size = sum(int(part["size_bytes"]) for part in parts)
        store.remove(container, name)
        container.objects[name] = Object(name, size, etag, kept(request.headers), segments=parts)
    phrase = {201: "Created", 400: "Bad Request", 422: "Unprocessable Entity"}[status]
    if request.query.get("heartbeat", "").lower() in ("on", "true", "yes", "1", "t"):
        verdict = {"Response Status": f"{status} {phrase}", "Response Body": "", "Etag": f'"{etag}"', "Errors": errors}
        return Reply(202, b"  " + json.dumps(verdict).encode(), {"Content-Type": "application/json"})
    if status != 201:
        raise Refusal(status, f"{phrase}\nErrors:\n" + "\n".join(", ".join(error) for error in errors))
    return Reply(201, b"", {"Etag": f'"{etag}"'})


def manifest_etag(parts: Iterable[Mapping[str, Any]]) -> str:
    """Return the etag of the object that these segments make."""
    return hashlib.md5("".join(str(part.get("etag")) for part in parts).encode(), usedforsecurity=False).hexdigest()


def parts_of(body: bytes) -> list[dict[str, Any]]:
    """Return the segments that a manifest names, or refuse it."""
    try:
        parts = json.loads(body)
    except ValueError:
        raise Refusal(400, "Manifest must be valid JSON.\n") from None
    if not isinstance(parts, list) or not parts:
        raise Refusal(400, "Manifest must be a list.\n")
    if len(parts) > MAX_SEGMENTS:
        raise Refusal(413, f"Number of segments must be <= {MAX_SEGMENTS}")
    for part in parts:
        if not isinstance(part, dict) or "/" not in str(part.get("path", "")).lstrip("/"):
            raise Refusal(400, "Index 0: path does not refer to an object. Path must be of the form /container/object.")
        if part.keys() - {"path", "etag", "size_bytes", "range"}:
            raise Refusal(400, f"Index 0: extraneous keys {sorted(part.keys())}")
    return parts


def _wrong(store: ObjectStore, project: str, part: Mapping[str, Any]) -> Iterable[list[str]]:
    container, _slash, name = str(part["path"]).lstrip("/").partition("/")
    try:
        segment = store.object(project, container, name)
    except Refusal:
        return [[str(part["path"]), "404 Not Found"]]
    if part.get("etag") not in (None, segment.etag):
        return [[str(part["path"]), "Etag Mismatch"]]
    if part.get("size_bytes") not in (None, segment.size):
        return [[str(part["path"]), "Size Mismatch"]]
    return []


def delete_large(store: ObjectStore, project: str, container: str, name: str) -> Reply:
    """Delete an object and its segments; the answer is always 200 and tells in its body what went wrong."""
    try:
        found = store.object(project, container, name)
    except Refusal:
        return _bulk(0, 1, [])
    if found.segments is None:
        return _bulk(0, 0, [[f"/{container}/{name}", "Not an SLO manifest"]])
    deleted = missing = 0
    for part in found.segments:
        other, _slash, segment = part["path"].lstrip("/").partition("/")
        holder = store.account(project).containers.get(other)
        if holder is None or holder.find(segment) is None:
            missing += 1
            continue
        store.remove(holder, segment)
        deleted += 1
    store.remove(store.container(project, container), name)
    return _bulk(deleted + 1, missing, [])


def _bulk(deleted: int, missing: int, errors: list[list[str]]) -> Reply:
    status = "400 Bad Request" if errors else "200 OK"
    counts = {"Number Deleted": deleted, "Number Not Found": missing}
    return json_reply({"Response Status": status, "Response Body": "", "Errors": errors, **counts})


def signed(request: web.Request, account: Mapping[str, str], container: Mapping[str, str]) -> bool:
    """Say whether the URL of a request is signed with a key of the account or the container, and still valid."""
    query = request.query
    signature, expires = query.get("temp_url_sig", ""), query.get("temp_url_expires", "")
    if not expires.isdecimal() or int(expires) < time.time():
        return False
    path = request.path
    if "temp_url_prefix" in query:
        _empty, version, holder, bucket, name = path.split("/", 4)
        if not name.startswith(query["temp_url_prefix"]):
            return False
        path = f"prefix:/{version}/{holder}/{bucket}/{query['temp_url_prefix']}"
    methods = {"HEAD": ("HEAD", "GET", "PUT", "POST")}.get(request.method, (request.method,))
    keys = [account.get(f"X-Account-{name}") for name in KEY_NAMES]
    keys += [container.get(f"X-Container-{name}") for name in KEY_NAMES]
    return any(
        hmac.compare_digest(made, signature)
        for key in keys
        if key
        for method in methods
        for made in _signatures(key, f"{method}\n{expires}\n{path}", signature)
    )


def _signatures(key: str, text: str, signature: str) -> Iterable[str]:
    """Yield what the signature must be, by the digest that its form tells."""
    for name in DIGESTS:
        mac = hmac.new(key.encode(), text.encode(), name)
        if len(signature) == 2 * mac.digest_size:
            yield mac.hexdigest()
        if signature.startswith(f"{name}:"):
            yield f"{name}:{base64.urlsafe_b64encode(mac.digest()).decode()}"
