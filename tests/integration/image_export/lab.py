# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export module between a test and the real Glances and Swifts of the local clouds, a proxy in front of each."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import openstack
import yaml
from aiohttp import web
from multidict import CIMultiDict

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_object
from ansible_collections.oaktree.multicloud.plugins.modules import image, image_export
from tests.support.fake_openstack import FaultProxy
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import Reply
from tests.support.run_module import run_module

MIB = 1 << 20
SIZE = 3 * MIB + 13
"""Bytes of an image; more than the sockets between here and a Glance hold."""

REGIONS = {"north": "alpha", "south": "alpha", "east": "beta"}
RUN = f"""
import json, sys
from ansible.module_utils.testing import patch_module_args
from {to_object.__name__.rpartition(".")[0]} import to_object
from {image_export.__name__} import main
if sys.argv[2]:
    to_object.part_size = lambda _size, _limits: int(sys.argv[2])
with patch_module_args(json.loads(sys.argv[1])):
    main()
"""


class AnswerProxy(FaultProxy):
    """A fault proxy that can also spoil, hold and count the data of images on its way to the client."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.heal()

    def heal(self) -> None:
        """No faults and no counts from here on."""
        self.clear_faults()
        self.counters.reset()
        self.corrupt = 0
        """How many downloads get one bit flipped."""
        self.stalls = 0
        """How many downloads stop in the middle, the connection left open."""
        self.ranges = True
        """Whether the client's Range header is passed on."""
        self.pace = 0.0
        """Seconds between the pieces of a body."""
        self.served = 0
        """Bytes of image data that went out."""

    async def _forward(self, request: web.Request, body: Body) -> Reply:
        if request.method == "GET" and not self.ranges and "Range" in request.headers:
            headers = CIMultiDict(request.headers)
            headers.popall("Range")
            request = request.clone(headers=headers)
        reply = await super()._forward(request, self._paced(body))
        if request.method != "GET" or not request.path.endswith("/file") or isinstance(reply.body, bytes):
            return reply
        return Reply(reply.status, self._spoiled(reply.body), reply.headers)

    async def _paced(self, body: Body) -> Body:
        async for piece in body:
            yield piece
            await asyncio.sleep(self.pace)

    async def _spoiled(self, body: Body) -> Body:
        corrupt, stall = self.corrupt > 0, self.stalls > 0
        self.corrupt -= corrupt
        self.stalls -= stall
        async for data in body:
            piece = data
            if corrupt:
                piece, corrupt = bytes([piece[0] ^ 1]) + piece[1:], False
            self.served += len(piece)
            yield piece
            await asyncio.sleep(3600 if stall else self.pace)


@dataclass(frozen=True)
class Site:
    """One region: the proxies that the module passes, and a direct way past them."""

    region: str
    glance: AnswerProxy
    swift: AnswerProxy
    member: Any

    @property
    def location(self) -> str:
        return f"{REGIONS[self.region]}/{self.region}"

    def add_image(self, name: str, data: bytes, disk_format: str = "raw") -> str:
        """Make an active image and return its ID."""
        fields = {"name": name, "disk_format": disk_format, "container_format": "bare"}
        made: str = self.member.image.post("/images", json=fields).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        answer = self.member.image.put(f"/images/{made}/file", data=data, headers=headers)
        assert answer.status_code == 204, answer.text
        return made

    def delete_images(self, name: str) -> None:
        for one in self.member.image.get("/images", params={"name": name}).json()["images"]:
            self.member.image.delete(f"/images/{one['id']}")

    def objects(self, container: str) -> list[str] | None:
        """What is really in a container; None where there is no such container."""
        answer = self.member.object_store.get(f"/{container}", params={"format": "json"})
        return [item["name"] for item in answer.json()] if answer.ok else None

    def content(self, container: str, name: str) -> bytes:
        content: bytes = self.member.object_store.get(f"/{container}/{name}").content
        return content

    def delete_container(self, container: str) -> None:
        for name in self.objects(container) or ():
            self.member.object_store.delete(f"/{container}/{name}")
        self.member.object_store.delete(f"/{container}")

    def downloads(self) -> int:
        """Requests for image data."""
        return self.glance.counters.requests(method="GET", path="/v2/images/{id}/file")


@dataclass(frozen=True)
class ExportLab:
    """All sites, and a clouds.yaml that leads through their proxies."""

    sites: Mapping[str, Site]
    clouds_yaml: Path

    def options(self, region: str, options: Mapping[str, Any]) -> dict[str, Any]:
        common = {"clouds_yaml": str(self.clouds_yaml), "locations": [self.sites[region].location]}
        return {**common, **options}

    def run(self, region: str = "north", **options: Any) -> dict[str, Any]:
        """Run the module here, and return what it prints."""
        with patch.object(signal, "signal"):  # the module takes over signals, which here belong to pytest
            output = run_module("image_export", **self.options(region, options)).result
        assert "exception" not in output, output["exception"]
        return output

    def publish(self, region: str, **options: Any) -> dict[str, Any]:
        """Run the image module, and return the one result."""
        with patch.object(signal, "signal"):
            (result,) = run_module(image.__name__.rpartition(".")[2], **self.options(region, options))["results"]
        return dict(result)

    def done(self, region: str = "north", **options: Any) -> dict[str, Any]:
        """Run, and return the one result."""
        (result,) = self.run(region, **options)["results"]
        return dict(result)

    def failure(self, region: str = "north", **options: Any) -> dict[str, Any]:
        """Run, and return the one failure."""
        output = self.run(region, **options)
        assert output["results"] == []
        (failure,) = output["failures"]
        assert failure["hint"]
        return dict(failure)

    def start(self, part_size: int | None = None, **options: Any) -> subprocess.Popen[str]:
        """Run the module in a process of its own, in region north."""
        command = [sys.executable, "-c", RUN, json.dumps(self.options("north", options)), str(part_size or "")]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def heal(self) -> None:
        for site in self.sites.values():
            site.glance.heal()
            site.swift.heal()


@contextmanager
def export_lab(directory: Path) -> Iterator[ExportLab]:
    original = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text(encoding="utf-8"))["clouds"]
    clouds: dict[str, Any] = {}
    sites: dict[str, Site] = {}
    with ExitStack() as stack:
        for region, cloud in REGIONS.items():
            member = openstack.connect(cloud, region_name=region)
            image, objects = str(member.image.get_endpoint()), str(member.object_store.get_endpoint())
            glance = stack.enter_context(AnswerProxy(image.partition("/v2")[0]))
            swift = stack.enter_context(AnswerProxy(objects.partition("/v1/")[0]))
            sites[region] = Site(region, glance, swift, member)
            values = {
                "image_endpoint_override": f"{glance.url}/v2",
                "object_store_endpoint_override": f"{swift.url}{urlsplit(objects).path}",
            }
            entry = clouds.setdefault(cloud, {**original[cloud], "regions": []})
            entry["regions"].append({"name": region, "values": values})
        path = directory / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
        path.chmod(0o600)
        yield ExportLab(sites, path)


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def digests(data: bytes) -> dict[str, str]:
    return {name: hashlib.new(name, data).hexdigest() for name in ("md5", "sha512")}
