# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image module between a test and the real Glances of the local clouds, with a proxy in front of each."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import signal
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openstack
import yaml
from aiohttp import web

from ansible_collections.oaktree.multicloud.plugins.modules import image
from tests.support.fake_openstack import FaultProxy
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import Reply, body_length, collect, json_reply
from tests.support.run_module import Started, run_module, start_module

REGIONS = {"north": "alpha", "south": "alpha", "east": "beta"}
PREFIX = "t-"
SHOWN = re.compile(r"/images/[0-9a-f-]{36}(/tasks)?$")


class Proxy(FaultProxy):
    """A fault proxy that can also answer in the middle of a body, and take one slowly."""

    halfway: int | None = None
    """Status of the answer to the next PUT, given when half of the body is there."""

    pace: float = 0.0
    """Seconds between the pieces of a body."""

    pretend: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What becomes of the answers that show one image, or its tasks."""

    async def _forward(self, request: web.Request, body: Body) -> Reply:
        if self.pretend and request.method == "GET" and SHOWN.search(request.path):
            return await self._pretended(await super()._forward(request, body))
        if self.halfway is None or request.method != "PUT":
            return await super()._forward(request, self._paced(body))
        status, self.halfway = self.halfway, None
        half, read = (body_length(request) or 0) // 2, 0
        async for piece in body:
            read += len(piece)
            if read >= half:
                break
        return Reply(status)

    async def _pretended(self, reply: Reply) -> Reply:
        whole = json.loads(await collect(reply.body))
        changed = self.pretend(whole) if self.pretend and reply.status == 200 else whole
        return json_reply(changed, reply.status)

    async def _paced(self, body: Body) -> Body:
        async for piece in body:
            yield piece
            await asyncio.sleep(self.pace)


@dataclass(frozen=True)
class Site:
    """One region: the proxy that the module passes, and direct ways past it to see what is really there."""

    region: str
    proxy: Proxy
    member: Any
    admin: Any

    def images(self, name: str) -> list[dict[str, Any]]:
        """All images whose name begins so, of any owner and status, hidden ones too."""
        found: list[dict[str, Any]] = []
        for hidden in ("false", "true"):
            answer = self.admin.image.get("/images", params={"limit": 1000, "os_hidden": hidden})
            found += [one for one in answer.json()["images"] if (one["name"] or "").startswith(name)]
        return found

    def active(self, name: str) -> list[str]:
        """IDs of the active images of exactly this name that lists show."""
        params = {"name": name, "status": "active"}
        return [one["id"] for one in self.member.image.get("/images", params=params).json()["images"]]

    def sha512(self, image_id: str) -> str:
        """Of the image's data, downloaded."""
        return hashlib.sha512(self.member.image.get(f"/images/{image_id}/file").content).hexdigest()

    def remove(self, name: str) -> None:
        """Delete all images whose name begins so."""
        for one in self.images(name):
            if one["protected"]:
                patch = [{"op": "replace", "path": "/protected", "value": False}]
                headers = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
                self.admin.image.patch(f"/images/{one['id']}", json=patch, headers=headers)
            self.admin.image.delete(f"/images/{one['id']}")

    def writes(self) -> int:
        """Requests that the proxy saw and that could change something."""
        counters = self.proxy.counters
        return sum(counters.requests(method=method) for method in ("POST", "PUT", "PATCH", "DELETE"))


@dataclass
class Lab:
    """All sites, a clouds.yaml that leads through their proxies, and the image module."""

    sites: Mapping[str, Site]
    clouds_yaml: Path
    secrets: Sequence[str]
    defaults: dict[str, Any] = field(default_factory=dict)
    """Options of every run."""
    prelude: str = ""
    """Python that every process of its own runs first."""

    def options(self, regions: Sequence[str], options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a run in these regions."""
        locations = [f"{REGIONS[region]}/{region}" for region in regions]
        common = {"clouds_yaml": str(self.clouds_yaml), "locations": locations}
        return {**common, **self.defaults, **options}

    def run(self, *regions: str, **options: Any) -> dict[str, Any]:
        """Run the module here, and return what it prints."""
        with _signal_handlers_kept():
            output = run_module("image", **self.options(regions or tuple(REGIONS), options)).result
        assert "exception" not in output, output["exception"]
        assert not any(secret in json.dumps(output) for secret in self.secrets)
        return output

    def start(self, *regions: str, **options: Any) -> Started:
        """Run the module in a process of its own."""
        return start_module(image, self.prelude, **self.options(regions or tuple(REGIONS), options))

    def heal(self) -> None:
        """No faults, no counts and no prelude from here on."""
        self.prelude = ""
        for site in self.sites.values():
            site.proxy.clear_faults()
            site.proxy.halfway = None
            site.proxy.pace = 0.0
            site.proxy.pretend = None
            site.proxy.counters.reset()

    def new_name(self) -> str:
        """A name that nobody has."""
        return f"{PREFIX}{uuid.uuid4().hex[:10]}"


def by_region(items: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Results or failures by the region of their Location."""
    return {item["location"]["region"]: item for item in items}


@contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def connect(region: str) -> Site:
    """A site, its proxy not started yet."""
    cloud = REGIONS[region]
    member = openstack.connect(cloud, region_name=region)
    admin = openstack.connect(f"{cloud}-admin", region_name=region)
    endpoint = str(member.image.get_endpoint())
    return Site(region, Proxy(endpoint.partition("/v2")[0]), member, admin)


def through_proxies(sites: Mapping[str, Site], path: Path) -> Path:
    """Write a clouds.yaml whose image services are the proxies."""
    clouds: dict[str, Any] = {}
    original = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text(encoding="utf-8"))["clouds"]
    for region, site in sites.items():
        cloud = REGIONS[region]
        entry = clouds.setdefault(cloud, {**original[cloud], "regions": []})
        entry["regions"].append({"name": region, "values": {"image_endpoint_override": f"{site.proxy.url}/v2"}})
    path.write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    path.chmod(0o600)
    return path
