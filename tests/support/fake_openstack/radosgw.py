# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ceph's object gateway as a stand-in Swift: it lies below a prefix, and signs URLs by keys of accounts only.

Source: Ceph's ``src/rgw/rgw_swift_auth.cc`` (TempURLEngine), ``rgw_rest_swift.cc`` (RGWInfo) and
``rgw_http_errors.h``. Keys of containers are kept and shown like other metadata, and mean nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import ClassVar

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.service import Call, Refusal
from tests.support.fake_openstack.swift import Swift
from tests.support.fake_openstack.swift_large import KEY_NAMES, MAX_SEGMENTS
from tests.support.fake_openstack.swift_store import MAX_FILE_SIZE


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
