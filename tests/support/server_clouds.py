# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds with all that servers are built of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.apply import ensure_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import Nic, WantedServer, check_wanted
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.neutron import INTERFACE, network, route
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.fake_openstack.nova_servers import Server
from tests.support.run_core import entries

MORE = ("network", "block-storage")
WEB = WantedServer("web", flavor={"name": "m1"}, image={"name": "base"}, networks=(Nic(network={"name": "private"}),))
"""A server, as most tests want it."""
OPTIONS: dict[str, Any] = {"name": "web", "flavor": "m1", "image": "base", "networks": ["private"]}
"""The same, as options of the module."""


def furnished(clouds: FakeOpenStack) -> FakeOpenStack:
    """The clouds, with flavors, an image, networks, a key pair and a security group in every region."""
    for cloud in clouds.clouds.values():
        project, admins = cloud.keystone.project_id("demo"), cloud.keystone.project_id("admin")
        for region in cloud.regions.values():
            for name, size in (("m1", 1), ("m2", 2), ("m4", 4)):
                flavor(region.nova.resources, name, vcpus=size, ram=512 * size, disk=size)
            add_image(region.glance, b"x", name="base")
            private = network(region.neutron, project, "private", "10.0.0.0/24")
            public = network(region.neutron, admins, "public", "203.0.113.0/24", **{"router:external": True})
            route(region.neutron, project, private, public)
            region.neutron.add("security-groups", project, name="ssh")
            region.nova.resources.add("os-keypairs", name="ops", user_id=cloud.keystone.user_id("demo"))
    return clouds


def furnished_clouds(fake_openstack: Callable[..., FakeOpenStack], **options: Any) -> FakeOpenStack:
    """New ones."""
    return furnished(fake_openstack(more=MORE, **options))


def results(clouds: FakeOpenStack, wanted: WantedServer, *, check: bool = False, **target: Any) -> list[Result[Change]]:
    """What became of it at every Location. The time for requests is in real seconds."""
    check_wanted(wanted)
    options = {"timeout": clock.turned(20.0), **target}
    return ensure_servers(Target(clouds_config={"clouds": entries(clouds)}, **options), wanted, check_mode=check)


def changes(clouds: FakeOpenStack, wanted: WantedServer, *, check: bool = False, **options: Any) -> tuple[Change, ...]:
    """The changes at the only Location, one for each server."""
    (result,) = results(clouds, replace(wanted, **options), check=check)
    if result.error:
        raise result.error
    assert result.value
    return result.value.each


def done(clouds: FakeOpenStack, wanted: WantedServer = WEB, *, check: bool = False, **options: Any) -> Change:
    """The change of the only server."""
    (change,) = changes(clouds, wanted, check=check, **options)
    return change


def refused(clouds: FakeOpenStack, wanted: WantedServer = WEB, *, check: bool = False, **options: Any) -> OaktreeError:
    """Why the only Location has failed."""
    (result,) = results(clouds, replace(wanted, **options), check=check)
    assert result.error
    return result.error


def requests(clouds: FakeOpenStack, *services: str) -> list[str]:
    """The requests to the services, without those for versions."""
    counted = clouds.counters.as_dict()["requests"]
    return [
        f"{key['method']} {key['path']}"
        for key in counted
        if key["service"] in (services or ("compute", "network", "image", "block-storage"))
        and key["path"] != "/"
        and "other" not in key["path"]
        for _n in range(key["count"])
    ]


def add_server(region: Region, name: str = "web", **fields: Any) -> Server:
    """A server that is there, as if somebody had built it of what is furnished."""
    nova = region.nova.resources.items["flavors"].values()
    built: dict[str, Any] = {
        "built": True,
        "flavor_item": next(item for item in nova if item["name"] == "m1"),
        "image_id": next(iter(region.glance.images)),
        "groups": ["default"],
        "volumes": [],
        "metadata": {},
        "tags": [],
        "key_name": None,
        "addresses": {"private": ["10.0.0.9"]},
        "floating": None,
    }
    return region.add_server(name, **(built | fields))


def things(region: Region) -> dict[str, int]:
    """How many servers, ports of no router, volumes that are not being deleted, and floating IPs there are."""
    return {
        "servers": len(region.nova.servers),
        "ports": sum(port["device_owner"] != INTERFACE for port in region.neutron.items["ports"].values()),
        "volumes": sum(item["status"] != "deleting" for item in region.cinder.items["volumes"].values()),
        "floating_ips": len(region.neutron.items["floatingips"]),
    }


NOTHING = {"servers": 0, "ports": 0, "volumes": 0, "floating_ips": 0}
