# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Swift: containers, objects, large objects, signed URLs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from email.utils import format_datetime
from pathlib import Path
from typing import ClassVar

from multidict import CIMultiDict

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, collect, json_reply
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck, webob_page
from tests.support.fake_openstack.swift_large import DIGESTS, MAX_SEGMENTS, delete_large, make_manifest, signed
from tests.support.fake_openstack.swift_store import MAX_FILE_SIZE, Container, Object, ObjectStore, kept

PAGE = 10000
POLICIES = ("gold", "silver")
DEFAULT_POLICY = "gold"
ACLS = ("X-Container-Read", "X-Container-Write")
REFERRERS = (".r", ".ref", ".referer", ".referrer")


class Swift(Service):
    """The object store of one region."""

    kind = "object-store"
    prefix: ClassVar[str] = ""
    """The path before the version."""

    def __init__(
        self, place: tuple[str, str], tokens: TokenCheck, directory: Path, knobs: Knobs, counters: Counters
    ) -> None:
        super().__init__(*place, knobs, counters)
        self.store = ObjectStore(directory / "objects")
        self._tokens = tokens

    def routes(self) -> Sequence[Route]:
        """Return what Swift answers."""
        account = self.prefix + "/v1/AUTH_{account}"
        container = account + "/{container}"
        name = container + "/{object:.+}"
        return [
            Route("GET", self.prefix + "/info", self._info, public=True),
            Route("HEAD", account, self._head_account),
            Route("GET", account, self._list_account),
            Route("POST", account, self._update_account),
            Route("PUT", container, self._put_container),
            Route("HEAD", container, self._head_container),
            Route("GET", container, self._list_container),
            Route("POST", container, self._update_container),
            Route("DELETE", container, self._delete_container),
            Route("PUT", name, self._put, public=True),
            Route("HEAD", name, self._get, public=True),
            Route("GET", name, self._get, public=True),
            Route("POST", name, self._update, public=True),
            Route("DELETE", name, self._delete, public=True),
            Route("*", "/{other:.*}", self.not_found),
        ]

    def tokens(self) -> TokenCheck:
        """Return the Keystone of the cloud."""
        return self._tokens

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as a page, as Swift does."""
        return webob_page(refusal)

    async def _info(self, _call: Call) -> Reply:
        slo = {"max_manifest_segments": MAX_SEGMENTS, "min_segment_size": 1, "max_manifest_size": 8388608}
        tempurl = {"methods": ["GET", "HEAD", "PUT", "POST", "DELETE"], "allowed_digests": list(DIGESTS)}
        return json_reply({"swift": {"max_file_size": MAX_FILE_SIZE}, "slo": slo, "tempurl": tempurl})

    def _project(self, call: Call) -> str:
        """Return whose account it is; only its own project may use it."""
        if call.part("account") != call.me.project_id:
            raise Refusal(403, "Access was denied to this resource.")
        return call.part("account")

    def _container(self, call: Call) -> Container:
        return self.store.container(self._project(call), call.part("container"))

    def _admit_object(self, call: Call) -> str:
        """Return whose object it is, for those who have a token and for those who have a signed URL."""
        project = call.part("account")
        if "temp_url_sig" in call.request.query:
            self._check_signature(call)
            return project
        call.identity = self.tokens().identify(call.request.headers.get("X-Auth-Token"))
        if call.identity is None:
            raise Refusal(401, "This server could not verify that you are authorized to access the document.")
        return self._project(call)

    def _check_signature(self, call: Call) -> None:
        account = self.store.account(call.part("account"))
        container = account.containers.get(call.part("container"), Container())
        if not signed(call.request, account.headers, container.headers):
            raise Refusal(401, "Temp URL invalid")

    async def _head_account(self, call: Call) -> Reply:
        account = self.store.account(self._project(call))
        return Reply(204, b"", {"X-Account-Container-Count": str(len(account.containers)), **account.headers})

    async def _update_account(self, call: Call) -> Reply:
        _set_meta(self.store.account(self._project(call)).headers, call, "x-account-meta-")
        return Reply(204)

    async def _list_account(self, call: Call) -> Reply:
        containers = self.store.account(self._project(call)).containers
        return _listing(call, sorted(containers), lambda name: {"name": name, **containers[name].usage()})

    async def _put_container(self, call: Call) -> Reply:
        containers = self.store.account(self._project(call)).containers
        known = containers.get(call.part("container"))
        policy = call.request.headers.get("X-Storage-Policy", DEFAULT_POLICY)
        if policy not in POLICIES:
            raise Refusal(400, f"Invalid X-Storage-Policy {policy!r}")
        if known and "X-Storage-Policy" in call.request.headers and known.headers["X-Storage-Policy"] != policy:
            raise Refusal(409, "There was a conflict when trying to complete your request.")
        rules = self._rules(call)
        container = containers.setdefault(call.part("container"), Container())
        container.headers.setdefault("X-Storage-Policy", policy)
        _set_container(container.headers, call, rules)
        return Reply(202 if known else 201)

    async def _head_container(self, call: Call) -> Reply:
        container = self._container(call)
        usage = container.usage()
        counts = {"X-Container-Object-Count": str(usage["count"]), "X-Container-Bytes-Used": str(usage["bytes"])}
        return Reply(204, b"", {**counts, **container.headers})

    async def _update_container(self, call: Call) -> Reply:
        _set_container(self._container(call).headers, call, self._rules(call))
        return Reply(204)

    def _rules(self, call: Call) -> dict[str, str]:
        """Return the access rules that a request sets, as they are kept."""
        sent = call.request.headers
        return {name: self.clean_acl(name, sent[name]) for name in ACLS if name in sent}

    def clean_acl(self, name: str, value: str) -> str:
        """Return access rules as they are kept; source: ``swift/common/middleware/acl.py``."""
        return ",".join(_clean_rule(name, rule.strip()) for rule in value.split(",") if rule.strip())

    async def _list_container(self, call: Call) -> Reply:
        container = self._container(call)
        names = sorted(name for name, found in container.objects.items() if not found.expired)
        return _listing(call, names, lambda name: container.objects[name].listed())

    async def _delete_container(self, call: Call) -> Reply:
        if any(not found.expired for found in self._container(call).objects.values()):
            raise Refusal(409, "There was a conflict when trying to complete your request.")
        del self.store.account(self._project(call)).containers[call.part("container")]
        return Reply(204)

    async def _put(self, call: Call) -> Reply:
        project, request = self._admit_object(call), call.request
        container = self.store.container(project, call.part("container"))
        if request.content_length is None and "Transfer-Encoding" not in request.headers:
            raise Refusal(411, "Missing Content-Length header.")
        if (request.content_length or 0) > MAX_FILE_SIZE:
            raise Refusal(413, "Your request is too large.")
        name = call.part("object")
        if request.query.get("multipart-manifest") == "put":
            return make_manifest(self.store, project, container, name, request, await collect(call.body))
        stored = await self.store.write(container, name, call.body, CIMultiDict(request.headers))
        return Reply(201, b"", {"Etag": stored.etag})

    async def _get(self, call: Call) -> Reply:
        project = self._admit_object(call)
        found = self.store.object(project, call.part("container"), call.part("object"))
        headers = shown(found)
        own = self.own_etag(found)
        if call.request.headers.get("If-Match", own).strip('"') != own:
            raise Refusal(412, "A precondition for this request was not met.")
        if call.request.query.get("multipart-manifest") == "get" and found.segments is not None:
            return Reply(200, found.manifest(), headers | {"Content-Type": "application/json; charset=utf-8"})
        start, end = _range(call.request.headers.get("Range"), found.size)
        headers["Content-Length"] = str(end - start)
        if call.request.method == "HEAD":
            return Reply(200, b"", headers)
        whole = (start, end) == (0, found.size)
        if not whole:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
        return Reply(200 if whole else 206, self.store.read(project, found, start, end), headers)

    def own_etag(self, found: Object) -> str:
        """Return the etag that conditions are about."""
        return found.etag

    async def _update(self, call: Call) -> Reply:
        found = self.store.object(self._admit_object(call), call.part("container"), call.part("object"))
        content_type = found.headers.get("Content-Type", "application/octet-stream")
        found.headers = CIMultiDict({"Content-Type": content_type, **kept(call.request.headers)})
        return Reply(202)

    async def _delete(self, call: Call) -> Reply:
        project = self._admit_object(call)
        if call.request.query.get("multipart-manifest") == "delete":
            return delete_large(self.store, project, call.part("container"), call.part("object"))
        self.store.object(project, call.part("container"), call.part("object"))
        self.store.remove(self.store.container(project, call.part("container")), call.part("object"))
        return Reply(204)


def _set_meta(headers: CIMultiDict[str], call: Call, prefix: str) -> None:
    """Set the metadata that a request names; an empty value removes one."""
    for name, value in call.request.headers.items():
        if name.lower().startswith(prefix):
            headers.pop(name, None)
            if value:
                headers[name] = value


def _set_container(headers: CIMultiDict[str], call: Call, rules: Mapping[str, str]) -> None:
    """Set the metadata of a container and its access rules; empty ones remove what is there."""
    _set_meta(headers, call, "x-container-meta-")
    for name, value in rules.items():
        headers.pop(name, None)
        if value:
            headers[name] = value


def _clean_rule(name: str, rule: str) -> str:
    kind, colon, host = (part.strip() for part in rule.partition(":"))
    if not colon or not kind.startswith("."):
        return rule
    if kind not in REFERRERS:
        raise Refusal(400, f"Unknown designator {kind!r} in ACL: {rule!r}")
    if name == "X-Container-Write":
        raise Refusal(400, f"Referrers not allowed in write ACL: {rule!r}")
    minus, host = clean_referrer(host)
    if host in ("", "."):
        raise Refusal(400, f"No host/domain value after referrer designation in ACL: {rule!r}")
    return f".r:{minus}{host}"


def clean_referrer(host: str) -> tuple[str, str]:
    """Return a minus for those that may not, and the host, or all of a domain."""
    minus = "-" if host.startswith("-") else ""
    host = host.removeprefix(minus).strip()
    return minus, host[1:].strip() if host.startswith("*") and host != "*" else host


def shown(found: Object) -> dict[str, str]:
    """Return the headers of an object as HEAD shows them."""
    etag = f'"{found.etag}"' if found.segments is not None else found.etag
    large = {"X-Static-Large-Object": "True"} if found.segments is not None else {}
    return {**found.headers, "Etag": etag, "Last-Modified": format_datetime(found.written, usegmt=True), **large}


def _listing(call: Call, names: Sequence[str], show: Callable[[str], object]) -> Reply:
    query = call.request.query
    limit = int(query.get("limit", PAGE))
    if limit > PAGE:
        raise Refusal(412, f"Maximum limit is {PAGE}")
    prefix, marker = query.get("prefix", ""), query.get("marker", "")
    found = [name for name in names if name.startswith(prefix)]
    shown = dict.fromkeys(_up_to(name, prefix, query.get("delimiter", "")) for name in found)
    page = [name for name in shown if name > marker][:limit]
    if query.get("format") == "json":
        return json_reply([show(name) if name in found else {"subdir": name} for name in page])
    return Reply(200 if page else 204, "".join(f"{name}\n" for name in page).encode())


def _up_to(name: str, prefix: str, delimiter: str) -> str:
    """Return a name up to the delimiter after the prefix, if it has one."""
    rest = name.removeprefix(prefix)
    return prefix + rest.partition(delimiter)[0] + delimiter if delimiter and delimiter in rest else name


def _range(asked: str | None, size: int) -> tuple[int, int]:
    """Return where to begin and to end; a form that is not understood is ignored."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", asked or "")
    if match is None:
        return 0, size
    start, end = int(match[1]), int(match[2] or size - 1) + 1
    if start >= size:
        raise Refusal(416, "The Range requested is not available.")
    return start, min(end, size)
