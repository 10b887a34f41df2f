# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceph's object gateway as a stand-in Swift: it lies below a prefix, and signs URLs by keys of accounts only.

Source: Ceph's ``src/rgw/rgw_swift_auth.cc`` (TempURLEngine), ``rgw_rest_swift.cc`` (RGWInfo) and
``rgw_http_errors.h``. Keys of containers are kept and shown like other metadata, and mean nothing.

A large object has two etags (``RGWPutObj::execute`` and ``RGWGetObj::execute`` in ``rgw_op.cc``): its own is that of
nothing, counts in conditions and is listed; that of its content is shown. ``RGWPutObj_ObjStore_SWIFT::get_params``
compares the sizes of its segments only, and knows no heartbeat. Its manifest is never shown.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from typing import Any, ClassVar

from tests.support.fake_openstack.gate import Reply, collect, json_reply
from tests.support.fake_openstack.service import Call, Refusal
from tests.support.fake_openstack.swift import REFERRERS, Swift, clean_referrer, shown
from tests.support.fake_openstack.swift_large import KEY_NAMES, MAX_SEGMENTS, manifest_etag, parts_of
from tests.support.fake_openstack.swift_store import MAX_FILE_SIZE, Object, kept

NOTHING = hashlib.md5(usedforsecurity=False).hexdigest()
"""The own etag of a large object."""


class LargeObject(Object):
    """A static large object."""

    def listed(self) -> dict[str, Any]:
        """Return how a listing shows it: as its manifest."""
        item = super().listed()
        del item["slo_etag"]
        return {**item, "hash": NOTHING, "bytes": len(self.manifest())}


class RadosGateway(Swift):
    """The object gateway of one region."""

    prefix: ClassVar[str] = "/swift"

    async def _info(self, _call: Call) -> Reply:
        slo = {"max_manifest_segments": MAX_SEGMENTS, "max_manifest_size": 8388608}
        tempurl = {"methods": ["GET", "HEAD", "PUT", "POST", "DELETE"]}
        return json_reply({"swift": {"max_file_size": MAX_FILE_SIZE}, "slo": slo, "tempurl": tempurl})

    def _check_signature(self, call: Call) -> None:
        request, query = call.request, call.request.query
        account = self.store.account(call.part("account"))
        if call.part("container") not in account.containers:
            raise Refusal(403, "AccessDenied")
        keys = [key for name in KEY_NAMES if (key := account.headers.get(f"X-Account-{name}"))]
        expires = query.get("temp_url_expires", "")
        if keys and (not expires.isdecimal() or int(expires) <= time.time()):
            raise Refusal(401, "AccessDenied")
        methods = ("HEAD", "GET", "PUT") if request.method == "HEAD" else (request.method,)
        made = [
            hmac.new(key.encode(), f"{method}\n{expires}\n{path}".encode(), hashlib.sha1).hexdigest()
            for key in keys
            for method in methods
            for path in (request.path, request.path.removeprefix(self.prefix))
        ]
        if query.get("temp_url_sig") not in made:
            raise Refusal(403, "AccessDenied")

    async def _put(self, call: Call) -> Reply:
        request = call.request
        if request.query.get("multipart-manifest") != "put":
            return await super()._put(call)
        project, name = self._admit_object(call), call.part("object")
        container = self.store.container(project, call.part("container"))
        parts = parts_of(await collect(call.body))
        for part in parts:
            bucket, _slash, segment = str(part["path"]).lstrip("/").partition("/")
            size = self.store.object(project, bucket, segment).size
            if part.setdefault("size_bytes", size) != size:
                raise Refusal(400, "InvalidArgument")
        if request.headers.get("Etag", NOTHING) != NOTHING:
            raise Refusal(422, "UnprocessableEntity")
        etag, whole = manifest_etag(parts), sum(part["size_bytes"] for part in parts)
        headers = kept(request.headers)
        headers["X-Object-Meta-Static-Large-Object"] = "True"
        self.store.remove(container, name)
        container.objects[name] = LargeObject(name, whole, etag, headers, segments=parts)
        return Reply(201, b"", {"Etag": f'"{etag}"'})

    async def _get(self, call: Call) -> Reply:
        found = self.store.object(self._admit_object(call), call.part("container"), call.part("object"))
        if found.segments is None or call.request.query.get("multipart-manifest") != "get":
            return await super()._get(call)
        headers = {**shown(found), "Etag": NOTHING}
        del headers["X-Static-Large-Object"]
        return Reply(200, b"", headers)

    def clean_acl(self, name: str, value: str) -> str:
        """Return access rules as they are shown: referrers in order, then the others, sorted.

        Source: ``rgw_acl_swift.cc``. What is no referrer is taken for a user.
        """
        referrers, users = list[str](), list[str]()
        for rule in filter(None, re.split("[ ,]+", value)):
            kind, colon, host = rule.partition(":")
            if not colon or kind not in REFERRERS:
                users.append(rule)
            elif name == "X-Container-Read":
                referrers.append(f".r:{''.join(clean_referrer(host))}")
        return ",".join([*referrers, *sorted(users)])

    def own_etag(self, found: Object) -> str:
        """Return the etag that conditions are about."""
        is_large = found.segments is not None or "X-Object-Manifest" in found.headers
        return NOTHING if is_large else found.etag
