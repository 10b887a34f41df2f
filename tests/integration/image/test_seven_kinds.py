# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task publishes one qcow2 to every kind of Location there is, each by the scheme and in the format that suits it.

Real services for all that have some; stand-ins for what no living service offers any more.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.image.lab import Lab, Site
from tests.support.fake_openstack import Answer, FakeOpenStack, FaultProxy

pytestmark = pytest.mark.clouds

MIB = 1 << 20
CLOUDS = ("alpha", "beta", "staged", "rawonly", "cloud1", "cloud2")


@dataclass(frozen=True)
class Kind:
    """What comes of the image at a Location."""

    scheme: str
    disk_format: str


KINDS = {
    "alpha/north": Kind("v2_put", "qcow2"),  # and from there to all its stores
    "alpha/south": Kind("v2_put", "qcow2"),  # which offers nothing else
    "beta/east": Kind("web_download", "qcow2"),
    "staged/north": Kind("glance_direct", "qcow2"),
    "rawonly/south": Kind("v2_put", "raw"),
    "cloud1/r1": Kind("swift_task", "vhd"),
    "cloud2/r1": Kind("v1_put", "qcow2"),
}


@dataclass(frozen=True)
class World:
    """All Locations, and what the services behind them were asked."""

    lab: Lab
    clouds_yaml: Path
    staged: FaultProxy
    legacy: FakeOpenStack

    def publish(self, name: str, file: Path, **options: Any) -> dict[str, Any]:
        """Run the one task."""
        overrides = [
            {"locations": ["alpha/north"], "stores": ["fast", "slow"]},
            {"locations": ["beta"], "scheme": "web_download"},
        ]
        where = {"clouds_yaml": str(self.clouds_yaml), "locations": list(CLOUDS)}
        return self.lab.run(**where, name=name, path=str(file), relay="never", overrides=overrides, **options)

    def forget(self) -> None:
        """Count from zero."""
        for counters in (*(site.proxy.counters for site in self.lab.sites.values()), self.staged.counters):
            counters.reset()
        self.legacy.counters.reset()

    def bytes_sent(self) -> int:
        """To real image services."""
        proxies = (*(site.proxy for site in self.lab.sites.values()), self.staged)
        return sum(proxy.counters.bytes_received for proxy in proxies)

    def writes_to_legacy(self) -> int:
        """Requests to image services and object stores that could change something."""
        services, methods = ("image", "object-store"), ("POST", "PUT", "PATCH", "DELETE", "COPY")
        count = self.legacy.counters.requests
        return sum(count(service=service, method=method) for service in services for method in methods)


@pytest.fixture
def world(lab: Lab, fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> Iterator[World]:
    """The local clouds, their regions under other names with other habits, and two clouds of old."""
    legacy = fake_openstack(clouds=2, image_api=["rackspace", "v1"])
    clouds = yaml.safe_load(lab.clouds_yaml.read_text(encoding="utf-8"))["clouds"]
    demo2 = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text(encoding="utf-8"))["clouds"][
        "alpha-demo2"
    ]
    south = lab.sites["south"].proxy.url
    with FaultProxy(_upstream(lab.sites["north"])) as staged:
        staged.fault("PUT", r"/file$", Answer(403))
        clouds |= {
            "staged": {**demo2, "regions": [_region("north", staged.url)]},
            "rawonly": {**demo2, "regions": [_region("south", south)], "image_format": "raw"},
            **{name: cloud.entry() for name, cloud in legacy.clouds.items()},
        }
        path = tmp_path / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
        path.chmod(0o600)
        yield World(lab, path, staged, legacy)


def _upstream(site: Site) -> str:
    return str(site.member.image.get_endpoint()).partition("/v2")[0]


def _region(name: str, url: str) -> dict[str, Any]:
    return {"name": name, "values": {"image_endpoint_override": f"{url}/v2"}}


@pytest.fixture
def qcow2(tmp_path: Path) -> Path:
    """A disk of 16 MiB, most of it empty; made long ago as far as others can see."""
    raw, path = tmp_path / "disk.raw", tmp_path / "disk.qcow2"
    raw.write_bytes(os.urandom(3 * MIB))
    os.truncate(raw, 16 * MIB)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", raw, path)
    os.utime(path, (0, 0))
    return path


def qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *arguments], check=True)


def content_of(world: World, location: str, image_id: str, place: Path) -> Path:
    """The data of an image, as its cloud has them."""
    cloud, _slash, region = location.partition("/")
    if cloud == "cloud1":
        return world.legacy[cloud][region].glance.data.path(image_id)
    if cloud == "cloud2":
        return world.legacy[cloud][region].glance_v1.data.path(image_id)
    place.write_bytes(world.lab.sites[region].admin.image.get(f"/images/{image_id}/file").content)
    return place


def test_one_task_serves_all_kinds_of_locations(
    world: World, name: str, qcow2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = world.publish(name, qcow2)
    assert not created.get("failed"), created["msg"]
    results = {f"{one['location']['cloud']}/{one['location']['region']}": one for one in created["results"]}
    assert {place: one["action"] for place, one in results.items()} == dict.fromkeys(KINDS, "created")
    assert {place: one["image"]["status"] for place, one in results.items()} == dict.fromkeys(KINDS, "active")
    got = {place: Kind(one["scheme"], one["image"]["disk_format"]) for place, one in results.items()}
    assert got == KINDS
    assert results["alpha/north"]["image"]["stores"] == ["fast", "slow"]
    for place, one in results.items():
        stored = content_of(world, place, one["image"]["id"], tmp_path / "stored")
        if KINDS[place].disk_format == "qcow2":
            assert stored.read_bytes() == qcow2.read_bytes()
        else:
            driver = {"raw": "raw", "vhd": "vpc"}[KINDS[place].disk_format]
            qemu_img("compare", "-f", "qcow2", "-F", driver, qcow2, stored)

    opened: list[Path] = []
    plain = Path.open

    def noted(path: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(path)
        return plain(path, *args, **kwargs)

    def forbidden(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr(Path, "open", noted)
    monkeypatch.setattr(subprocess, "Popen", forbidden)
    world.forget()
    again = world.publish(name, qcow2)
    assert not again.get("failed"), again["msg"]
    assert [one["action"] for one in again["results"]] == ["unchanged"] * len(KINDS)
    assert again["changed"] is False
    assert qcow2 not in opened
    assert (world.bytes_sent(), world.writes_to_legacy()) == (0, 0)
