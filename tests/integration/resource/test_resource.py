# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of many types on real services: made, unchanged, changed or replaced, unchanged, deleted, unchanged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import is_readable, kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.plan import NOT_OFFERED
from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

ADMIN = ["beta-admin"]
NAME = "engine"
OPTIONAL = {"dns": "dns.zone", "key_manager": "key_manager.secret"}
"""A type of each service that these clouds may run without."""


def run(type_: str, **params: Any) -> ModuleRun:
    return run_module("resource", type=type_, **{"locations": ADMIN, **params})


@dataclass(frozen=True)
class Life:
    """A resource, what is changed of it, and the action that this takes."""

    type: str
    attributes: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    action: str = "updated"
    name: str | None = NAME
    id: Any = None
    secrets: dict[str, Any] = field(default_factory=dict)
    found_by: tuple[str, ...] = ()
    """Attributes that deleting it takes, beside the name."""
    needs: tuple[Life, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        found = {"name": self.name, "id": self.id}
        return {name: value for name, value in found.items() if value is not None}


SIZE = {"ram": 128, "vcpus": 1, "disk": 0}
NET = Life("network.network", {})
SERVERS = ["9.9.9.9", "1.1.1.1"]
SUBNET = Life(
    "network.subnet",
    {"network_id": {"name": NAME}, "cidr": "10.77.0.7/24", "ip_version": "4", "dns_nameservers": SERVERS},
    {"dns_nameservers": SERVERS[::-1], "description": "x"},
    needs=(NET,),
)
SLAAC = Life(
    "network.subnet",
    {
        "network_id": {"name": NAME},
        "cidr": "FD00:0:0:77::/64",
        "ip_version": 6,
        "ipv6_address_mode": "slaac",
        "ipv6_ra_mode": "slaac",
    },
    name=f"{NAME}-six",
)
INTERFACE = {"subnet_id": {"name": NAME}, "ip_address": "10.77.0.99"}
RULES = [
    {"direction": "ingress", "protocol": "6", "port_range_min": "22", "port_range_max": 22},
    {"direction": "ingress", "protocol": "udp", "port_range_min": 1, "port_range_max": 65535},
    {"direction": "ingress", "protocol": "112"},
]
GROUP = Life(
    "network.security_group",
    {"rules": RULES, "tags": ["a"]},
    {"rules": [{"direction": "ingress", "protocol": "icmp", "remote_ip_prefix": "10.0.0.9/24"}], "tags": ["b", "c"]},
)
HTTP = {"direction": "ingress", "protocol": "tcp", "port_range_min": "80", "port_range_max": 80}
SHARED = {"object_type": "network", "action": "access_as_shared", "target_project_id": {"name": "demo"}}
VOLUME = Life("block_storage.volume", {"size": "1", "metadata": {"a": "b"}}, {"description": "x"})
USER = Life(
    "identity.user", {"email": "a@b", "is_enabled": "yes"}, {"is_enabled": "no"}, secrets={"password": "s3cret-pass"}
)
PROJECT = Life("identity.project", {"domain_id": {"name": "Default"}, "tags": ["x"]}, {"description": "y", "tags": []})
ZONE = Life("dns.zone", {"email": "a@example.org"}, {"ttl": "600"}, name="engine.example.org.")
LIVES = [
    Life("network.network", {"mtu": "1400", "tags": ["x"], "is_admin_state_up": "no"}, {"tags": [], "is_shared": True}),
    SUBNET,
    Life("network.subnet", SUBNET.attributes, {"cidr": "10.78.0.0/24"}, "replaced", needs=(NET,)),
    Life(
        "network.router",
        {"external_gateway_info": {"network_id": {"name": "public"}}, "interfaces": [INTERFACE], "tags": ["x"]},
        {"interfaces": [INTERFACE, {"name": SLAAC.name}], "external_gateway_info": {}},
        needs=(NET, Life("network.subnet", SUBNET.attributes), SLAAC),
    ),
    Life(
        "network.port",
        {"network_id": {"name": NAME}, "fixed_ips": [{"subnet_id": {"name": NAME}}], "tags": ["x"]},
        {"description": "x", "allowed_address_pairs": [{"ip_address": "10.77.0.9"}]},
        needs=(NET, Life("network.subnet", SUBNET.attributes), SLAAC),
    ),
    GROUP,
    Life(
        "network.security_group_rule",
        {"security_group_id": {"name": NAME}, **HTTP},
        name=None,
        action="",
        found_by=("security_group_id", *HTTP),
        needs=(Life("network.security_group", {}),),
    ),
    Life("network.address_group", {"addresses": ["10.0.0.0/8"]}, {"description": "x"}),
    Life("network.address_scope", {"ip_version": 4}, {"is_shared": "yes"}),
    Life("network.subnet_pool", {"prefixes": ["10.99.0.0/16"], "default_prefix_length": "24"}, {"description": "x"}),
    Life("network.floating_ip", {"floating_network_id": {"name": "public"}}, {"description": "x"}, name="172.22.250.9"),
    Life(
        "network.rbac_policy",
        {**SHARED, "object_id": {"name": NAME, "type": "network.network"}},
        name=None,
        action="",
        found_by=(*SHARED, "object_id"),
        needs=(NET,),
    ),
    Life("network.quota", {"networks": "77"}, {"networks": 78}, name=None, id={"name": "demo2"}),
    Life("compute.quota_set", {"cores": "77"}, {"cores": 78}, name=None, id={"name": "demo2"}),
    Life("block_storage.quota_set", {"volumes": "77"}, {"volumes": 78}, name=None, id={"name": "demo2"}),
    Life("compute.flavor", {**SIZE, "extra_specs": {"x:y": 1}}, {"extra_specs": {"x:y": None, "z": 2}}),
    Life("compute.flavor", SIZE, {"ram": "256"}, "replaced"),
    Life("compute.flavor", {**SIZE, "is_public": "no", "access": [{"name": "demo"}]}, {"access": [{"name": "demo2"}]}),
    Life("compute.keypair", {}, action=""),
    Life("compute.server_group", {"policy": "affinity"}, {"policy": "anti-affinity"}, "replaced"),
    Life("compute.aggregate", {"metadata": {"ssd": "true"}}, {"metadata": {"ssd": None}, "availability_zone": NAME}),
    PROJECT,
    USER,
    Life("identity.group", {"description": "x"}, {"description": "y"}),
    Life("identity.role", {}, {"description": "y"}),
    Life("identity.service", {"type": "engine"}, {"description": "y"}),
    Life(
        "identity.endpoint",
        {"service_id": {"name": NAME}, "interface": "public", "region_id": "east", "url": "http://127.0.0.1/x"},
        {"url": "http://127.0.0.1/y"},
        name=None,
        found_by=("service_id", "interface", "region_id"),
        needs=(Life("identity.service", {"type": "engine"}),),
    ),
    Life("identity.region", {"description": "x"}, {"description": "y"}, name=None, id=NAME),
    Life(
        "identity.role_assignment",
        {"role_id": {"name": "reader"}, "user_id": {"name": NAME}, "project_id": {"name": "demo"}},
        action="",
        name=None,
        found_by=("role_id", "user_id", "project_id"),
        needs=(Life("identity.user", {}),),
    ),
    VOLUME,
    Life("block_storage.volume", {"size": 2}, {"size": 1}, "replaced"),
    Life(
        "block_storage.snapshot",
        {"volume_id": {"name": NAME}},
        {"description": "x"},
        needs=(Life("block_storage.volume", {"size": 1}),),
    ),
    Life(
        "block_storage.type",
        {"extra_specs": {"x": 1}, "is_public": "no", "access": [{"name": "demo"}]},
        {"extra_specs": {"x": None, "y": 2}, "access": [], "description": "d"},
    ),
    Life("block_storage.qos_spec", {"consumer": "front-end", "specs": {"x": 1}}, {"specs": {"x": None, "y": 2}}),
    Life("block_storage.group_type", {"description": "x"}, {"description": "y"}),
    Life("placement.resource_provider", {}, action=""),
    Life("placement.resource_class", {}, action="", name="CUSTOM_ENGINE"),
    ZONE,
    Life(
        "dns.recordset",
        {"zone_id": {"name": ZONE.name}, "type": "A", "records": ["192.0.2.1", "192.0.2.2"], "ttl": "300"},
        {"records": ["192.0.2.3"]},
        name="www.engine.example.org.",
        found_by=("zone_id", "type"),
        needs=(ZONE,),
    ),
    Life(
        "dns.tsigkey",
        {"algorithm": "hmac-sha256", "scope": "POOL", "resource_id": "794ccc2c-d751-44fe-b57f-8894c9f5c842"},
        {"algorithm": "hmac-sha512"},
        secrets={"secret": "SomeSecretKey"},
    ),
    Life("dns.tld", {}, {"description": "x"}, name="engine"),
    Life("dns.blacklist", {}, {"description": "x"}, name="^engine.*$"),
    Life("orchestration.software_config", {"group": "script", "config": "true"}, action=""),
    Life("key_manager.container", {"type": "generic"}, action=""),
    Life("key_manager.secret", {"payload_content_type": "text/plain"}, secrets={"payload": "s3cret"}, action=""),
]  # fmt: skip


def action(life: Life, attributes: dict[str, Any], **more: Any) -> str:
    """What is done with such attributes; fails where that fails."""
    secrets = {"secrets": life.secrets} if life.secrets and "state" not in more else {}
    done = run(life.type, attributes=attributes, **life.options, **secrets, **more)
    assert done.ok, done["msg"]
    return str(done["results"][0]["action"])


def absent(life: Life, **more: Any) -> str:
    found = {name: life.attributes[name] for name in life.found_by}
    return action(life, found, state="absent", **more)


@pytest.mark.parametrize("life", LIVES, ids=[f"{number}-{life.type}" for number, life in enumerate(LIVES)])
def test_the_life_of_a_resource(life: Life) -> None:
    probe = OPTIONAL.get(life.type.partition(".")[0])
    if probe and run(probe, name="none.", state="absent")["results"][0]["notes"] == [NOT_OFFERED]:
        pytest.skip("these clouds run without it")
    for need in life.needs:
        action(need, need.attributes)
    try:
        _lives(life)
    finally:
        for need in reversed(life.needs):
            absent(need)


def _lives(life: Life) -> None:
    changed = {**life.attributes, **life.change}
    made = "updated" if kind_of(life.type).single else "created"
    absent(life)
    assert action(life, life.attributes, _ansible_check_mode=True) == made
    assert action(life, life.attributes) == made
    assert action(life, life.attributes) == "unchanged"
    if life.action == "replaced":
        refused = run(life.type, attributes=changed, **life.options)
        assert [failure["kind"] for failure in refused["failures"]] == ["conflict"]
    if life.action:
        replace = life.action == "replaced"
        assert action(life, changed, replace=replace) == life.action
        assert action(life, changed, replace=replace) == "unchanged"
    assert absent(life, _ansible_check_mode=True) == "deleted"
    assert absent(life) == "deleted"
    assert absent(life) == "unchanged"


LISTED = [
    name
    for name in kinds()
    if is_readable(kind_of(name)) and not set(kind_of(name).parents) - {"project_id", "project"}
    and ("l" in kind_of(name).can or kind_of(name).alone)
]  # fmt: skip


@pytest.mark.parametrize("name", LISTED)
def test_every_type_that_is_offered_can_be_listed(name: str) -> None:
    done = run_module("resource_info", type=name, locations=ADMIN)
    assert done.ok, done["msg"]
    fields = kind_of(name).fields()
    assert all(record.keys() == fields for record in done["resources"])
