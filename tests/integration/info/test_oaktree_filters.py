# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What oaktree's Get and List took as a Filter, for each noun: a Location, a name or an ID, JMESPath, and a map.

Each noun is asked for by the module for any type, and by the module of its own where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.support.local_clouds.layout import REGIONS, cloud_of
from tests.support.local_clouds.populate import network_name
from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

MODULES = Path(__file__).parents[3] / "plugins" / "modules"
CLOUDS = ["alpha", "beta"]
WHERE = [(cloud_of(region).name, region.name) for region in REGIONS]
NAME = "oaktree-filters"


@dataclass(frozen=True)
class Noun:
    """A resource that each region has one of, and a map that it matches."""

    type: str
    name: str | None
    map: dict[str, Any]
    door: str
    """The module of its own, and the key of its result."""
    only: str | None = None
    """The module that alone lists it."""
    attributes: dict[str, Any] = field(default_factory=dict)
    """What the resource that is meant has, where the name does not tell it from others."""


NOUNS = [
    Noun("compute.flavor", "m1.nano", {"min_ram": 32}, "flavor_info flavors"),
    Noun("image.image", "base", {"visibility": "public"}, "image_info images", "image_info"),
    Noun("network.floating_ip", None, {"floating_network_id": {"name": "public"}}, "floating_ip_info floating_ips",
         attributes={"description": NAME}),
    Noun("network.security_group", "default", {"name": "default"}, "security_group_info security_groups"),
    Noun("network.security_group_rule", None, {"security_group_id": {"name": "default"}, "direction": "egress"},
         "security_group_rule_info security_group_rules", attributes={"direction": "egress", "ether_type": "IPv6"}),
    Noun("network.network", "public", {"is_router_external": True}, "network_info networks"),
    Noun("network.subnet", network_name("demo"), {"network_id": {"name": network_name("demo")}}, "subnet_info subnets"),
    Noun("compute.keypair", NAME, {}, "keypair_info keypairs"),
    Noun("compute.server", NAME, {"status": "ACTIVE"}, "server_info servers", "server_info"),
]  # fmt: skip


def _doors() -> Iterator[Any]:
    for noun in NOUNS:
        own, key = noun.door.split()
        if noun.only is None:
            yield pytest.param(noun, "resource_info", "resources", id=noun.type)
        if (MODULES / f"{own}.py").exists():
            yield pytest.param(noun, own, key, id=own)


@pytest.fixture(scope="module", autouse=True)
def things(clouds_yaml: Path) -> Iterator[None]:
    """A key pair, a floating IP and a server in each region: the other nouns are there."""
    assert clouds_yaml.exists()
    with ExitStack() as stack:
        servers = []
        for cloud, region in WHERE:
            connection = openstack.connect(cloud, region_name=region)
            connection.compute.create_keypair(name=NAME)
            stack.callback(connection.compute.delete_keypair, NAME)
            public = connection.network.find_network("public", ignore_missing=False)
            address = connection.network.create_ip(floating_network_id=public.id, description=NAME)
            stack.callback(connection.network.delete_ip, address)
            network = connection.network.find_network(network_name("demo"), ignore_missing=False)
            server = connection.compute.create_server(
                name=NAME,
                image_id=connection.image.find_image("base", ignore_missing=False).id,
                flavor_id=connection.compute.find_flavor("m1.nano", ignore_missing=False).id,
                networks=[{"uuid": network.id}],
            )
            servers.append((connection, server))
            stack.callback(connection.compute.delete_server, server)
        for connection, server in servers:
            connection.compute.wait_for_server(server, interval=0.3, wait=120)
        yield


def places(records: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(record["location"]["cloud"], record["location"]["region"]) for record in records]


@pytest.mark.parametrize(("noun", "module", "key"), list(_doors()))
def test_get_and_list_by_a_filter(noun: Noun, module: str, key: str) -> None:
    def ask(*locations: str, **params: Any) -> list[dict[str, Any]]:
        of = {"type": noun.type} if module == "resource_info" else {}
        run: ModuleRun = run_module(module, locations=list(locations) or CLOUDS, **of, **params)
        assert run.ok, run["msg"]
        found: list[dict[str, Any]] = run[key]
        return found

    # by the map, which the service filters by; what has a name is known by that
    wanted = {**({"name": noun.name} if noun.name else {}), **noun.attributes}
    mapped = ask(**({"filters": noun.map} if noun.map else {}))
    meant = [record for record in mapped if wanted.items() <= record.items()]
    assert places(meant) == WHERE

    # by name, of all clouds and of one region
    if noun.name is not None:
        named = ask(name=noun.name)
        assert [record["id"] for record in named] == [record["id"] for record in meant]
        (one,) = ask("beta/east", name=noun.name)
        assert one == named[2]

    # by location
    assert set(places(ask("alpha/south"))) == {("alpha", "south")}

    # by ID, of which the other regions have none unless it is a name
    found = ask(id=meant[2]["id"])
    assert [record["id"] for record in found if places([record]) == [("beta", "east")]] == [meant[2]["id"]]
    assert len(found) == len([record for record in meant if record["id"] == meant[2]["id"]])

    # by JMESPath, which also makes other records of them
    said = " && ".join(f"{name}=='{value}'" for name, value in wanted.items())
    shown = ask(query=f"[?{said}].{{id: id, where: location.region}}")
    assert shown == [{"id": record["id"], "where": record["location"]["region"]} for record in meant]
    kept = ask("alpha/north", fields=["id"])
    assert all(record.keys() == {"id", "location"} for record in kept)


@pytest.mark.parametrize(
    ("type_", "query", "expected"),
    [
        pytest.param("compute.flavor", "sort_by([?ram >= `64`], &ram)[:1].ram", [64], id="flavor-by-ram"),
        pytest.param("compute.availability_zone", "[].name", ["nova"], id="availability-zones"),
    ],
)
def test_what_else_nodepool_asks_for(type_: str, query: str, expected: list[Any]) -> None:
    run = run_module("resource_info", type=type_, locations=["beta"], query=query)
    assert run.ok, run["msg"]
    assert run["resources"] == expected
