# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Nova v2.1: lists of servers with filters, pages and microversions, snapshots, version discovery.

What it does with servers that are asked for is in `nova_builds`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from multidict import MultiMapping

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.nova_builds import NovaBuilds
from tests.support.fake_openstack.nova_limits import NovaLimits
from tests.support.fake_openstack.nova_resources import NovaResources
from tests.support.fake_openstack.nova_servers import VM_STATES, Server, Version, brief, detail
from tests.support.fake_openstack.nova_snapshots import Snapshots
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck

MIN_VERSION: Version = (2, 1)
MAX_VERSION: Version = (2, 96)
PAGE = 1000
FAULT_NAMES = {
    400: "badRequest",
    401: "unauthorized",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    503: "serviceUnavailable",
}
Match = Callable[[Server, str], bool]
MEMBER_FILTERS: dict[str, Match] = {
    "name": lambda server, value: _search(value, server.name),
    "status": lambda server, value: server.status == value.upper(),
    "ip": lambda server, value: any(_search(value, ip) for ip in (server.fixed, server.floating) if ip),
    "ip6": lambda server, value: _search(value, server.fixed6),
    "flavor": lambda server, value: server.flavor == value,
    "image": lambda server, value: server.image_id == value,
    "tags": lambda server, value: set(value.split(",")) <= set(server.tags),
}
ADMIN_FILTERS: dict[str, Match] = {
    "host": lambda server, value: f"compute-{server.number % 10}" == value,
    "user_id": lambda server, value: server.user_id == value,
    "key_name": lambda server, value: server.key_name == value,
    "availability_zone": lambda server, value: server.zone == value,
    "uuid": lambda server, value: server.id == value,
}
OTHER_PARAMETERS = {
    "limit",
    "marker",
    "all_tenants",
    "project_id",
    "tenant_id",
    "deleted",
    "sort_key",
    "sort_dir",
    "changes-since",
}


class Nova(Service):
    """The compute service of one region."""

    kind = "compute"

    def __init__(
        self, place: tuple[str, str], tokens: TokenCheck, glance: Glance, knobs: Knobs, counters: Counters
    ) -> None:
        self.snapshots = Snapshots(glance)
        self.resources = NovaResources(_negotiate)
        self.servers: list[Server] = []
        self.limits = NovaLimits(self.resources, self.servers)
        self.builds = NovaBuilds(self.servers, self.resources, self.limits, _negotiate)
        super().__init__(*place, knobs, counters)
        self.page = PAGE
        self.down: set[str] = set()
        """The cells that it cannot reach."""
        self._tokens = tokens

    def routes(self) -> Sequence[Route]:
        """Return what Nova answers."""
        return [
            Route("GET", "/", self._versions, public=True),
            Route("GET", "/v2.1", self._version, public=True),
            Route("GET", "/v2.1/", self._version, public=True),
            Route("GET", "/v2.1/servers", self._index),
            Route("GET", "/v2.1/servers/detail", self._detail),
            Route("GET", "/v2.1/servers/{server_id}", self._show),
            *self.limits.routes(),
            *self.builds.routes(),
            Route("POST", "/v2.1/servers/{server_id}/action", self._act),
            *self.resources.routes(),
            Route("*", "/{other:.*}", self.not_found),
        ]

    def tokens(self) -> TokenCheck:
        """Return the Keystone of the cloud."""
        return self._tokens

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Nova shapes it."""
        name = FAULT_NAMES.get(refusal.status, "computeFault")
        error = {"code": refusal.status, "message": refusal.message or HTTPStatus(refusal.status).phrase}
        return json_reply({name: error}, refusal.status, refusal.headers | _version_headers(MIN_VERSION))

    def _description(self, call: Call) -> dict[str, Any]:
        return {
            "id": "v2.1",
            "status": "CURRENT",
            "version": _text(MAX_VERSION),
            "min_version": _text(MIN_VERSION),
            "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": f"{call.base}/v2.1/"}],
        }

    async def _versions(self, call: Call) -> Reply:
        return json_reply({"versions": [self._description(call)]})

    async def _version(self, call: Call) -> Reply:
        media = [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}]
        return json_reply({"version": self._description(call) | {"media-types": media}})

    async def _index(self, call: Call) -> Reply:
        version = _negotiate(call)
        return self._page(call, version, lambda server: brief(server, call.base))

    async def _detail(self, call: Call) -> Reply:
        version = _negotiate(call)
        admin = call.me.is_admin
        return self._page(call, version, lambda server: detail(server, call.base, version, admin=admin))

    async def _show(self, call: Call) -> Reply:
        version = _negotiate(call)
        shown = detail(self._find(call), call.base, version, admin=call.me.is_admin)
        return json_reply({"server": shown}, headers=_version_headers(version))

    async def _act(self, call: Call) -> Reply:
        version = _negotiate(call)
        try:
            body = await call.json()
        except ValueError:
            raise Refusal(400, "Malformed request body") from None
        server = self._find(call)
        if isinstance(body, dict) and self.builds.knows(body):
            return self.builds.act(server, body)
        return self.snapshots.create(server, body, call.me, version)

    def _find(self, call: Call) -> Server:
        wanted = call.part("server_id")
        for server in self.servers:
            if server.id == wanted and (call.me.is_admin or server.project_id == call.me.project_id):
                return server
        raise Refusal(404, f"Instance {wanted} could not be found.")

    def _page(self, call: Call, version: Version, show: Callable[[Server], dict[str, Any]]) -> Reply:
        query = call.request.query
        limit = min(_number(query, "limit") or self.page, self.page)
        selected = self._select(call, version)
        listed = [server for server in selected if server.cell not in self.down]
        found = self._after(listed, query.get("marker"))[:limit]
        body: dict[str, Any] = {"servers": [show(server) for server in found]}
        if version >= (2, 69) and query.keys() <= {"all_tenants"}:
            silent = [one for one in selected if one.cell in self.down and one.then != "DELETED"]
            body["servers"] += [{"id": server.id, "status": "UNKNOWN"} for server in silent[: limit - len(found)]]
        if len(found) == limit:
            following = urlencode([*((k, v) for k, v in query.items() if k != "marker"), ("marker", found[-1].id)])
            body["servers_links"] = [{"rel": "next", "href": f"{call.base}{call.request.path}?{following}"}]
        return json_reply(body, headers=_version_headers(version))

    def _select(self, call: Call, version: Version) -> list[Server]:
        """Return the servers that the query asks for, newest first."""
        query, me = call.request.query, call.me
        self.builds.look()
        every_project = _flag(query, "all_tenants")
        if every_project and not me.is_admin:
            action = "detail" if call.request.path.endswith("detail") else "index"
            raise Refusal(403, f"Policy doesn't allow os_compute_api:servers:{action}:get_all_tenants to be performed.")
        unknown = set(query) - MEMBER_FILTERS.keys() - ADMIN_FILTERS.keys() - OTHER_PARAMETERS
        if unknown and version >= (2, 75):
            raise Refusal(400, f"Additional properties are not allowed ({min(unknown)!r} was unexpected)")
        if not _possible_status(query.get("status", "ACTIVE").upper(), version, admin=me.is_admin):
            return []
        project = me.project_id
        if every_project:
            project = query.get("project_id", query.get("tenant_id"))
        filters = MEMBER_FILTERS | (ADMIN_FILTERS if me.is_admin else {})
        wanted = [(filters[name], value) for name, value in query.items() if name in filters]
        since = _moment(query.get("changes-since"))
        known = self.servers if since is None else [*self.servers, *self.builds.deleted]
        found = [
            server
            for server in known
            if (since is None or (server.changed or server.created) >= since)
            and project in (None, server.project_id)
            and all(match(server, value) for match, value in wanted)
        ]
        return sorted(found, key=lambda server: (server.created, server.id), reverse=True)

    @staticmethod
    def _after(servers: list[Server], marker: str | None) -> list[Server]:
        if marker is None:
            return servers
        for place, server in enumerate(servers):
            if server.id == marker:
                return servers[place + 1 :]
        raise Refusal(400, f"marker [{marker}] not found")


def _search(expression: str, text: str) -> bool:
    """Match as Nova does: a regular expression anywhere, without regard to case."""
    try:
        return re.search(expression, text, re.IGNORECASE) is not None
    except re.error:
        raise Refusal(400, f"Invalid filter field: {expression}.") from None


def _moment(text: str | None) -> datetime | None:
    """Return the moment that a query names."""
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(400, f"Invalid input for query parameters changes-since. Value: {text}.") from None
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)


def _number(query: MultiMapping[str], name: str) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not value.isdecimal():
        raise Refusal(
            400, f"Invalid input for query parameters {name}. Value: {value}. {value!r} does not match '^[0-9]*$'"
        )
    return int(value)


def _flag(query: MultiMapping[str], name: str) -> bool:
    """Return a boolean parameter, which is true if it is there without a value."""
    value = query.get(name, "false").lower()
    if value in ("", "1", "t", "true", "on", "y", "yes"):
        return True
    if value in ("0", "f", "false", "off", "n", "no"):
        return False
    raise Refusal(400, f"Unrecognized value '{value}', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', ...")


def _possible_status(status: str, version: Version, *, admin: bool) -> bool:
    """Say whether there can be servers of a status in a list."""
    if status == "DELETED" and not admin:
        raise Refusal(403, "Only administrators may list deleted instances")
    if status not in (*VM_STATES, "DELETED") and version >= (2, 38):
        raise Refusal(400, "Invalid status value")
    return status in VM_STATES


def _negotiate(call: Call) -> Version:
    """Return the microversion that the request asks for."""
    asked = call.request.headers.get("X-OpenStack-Nova-API-Version", "")
    for part in call.request.headers.get("OpenStack-API-Version", "").split(","):
        service, _space, wanted = part.strip().partition(" ")
        if service == "compute":
            asked = wanted.strip()
    if not asked:
        return MIN_VERSION
    if asked == "latest":
        return MAX_VERSION
    match = re.fullmatch(r"([1-9]\d*)\.([1-9]\d*|0)", asked)
    if match is None:
        raise Refusal(400, f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.")
    version = int(match[1]), int(match[2])
    if not MIN_VERSION <= version <= MAX_VERSION:
        raise Refusal(
            406,
            f"Version {asked} is not supported by the API. "
            f"Minimum is {_text(MIN_VERSION)} and maximum is {_text(MAX_VERSION)}.",
        )
    return version


def _version_headers(version: Version) -> dict[str, str]:
    return {
        "OpenStack-API-Version": f"compute {_text(version)}",
        "X-OpenStack-Nova-API-Version": _text(version),
        "Vary": "OpenStack-API-Version, X-OpenStack-Nova-API-Version",
    }


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
