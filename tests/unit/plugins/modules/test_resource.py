# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of many types: made, unchanged, changed, unchanged, deleted, unchanged; and what Ansible is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import entries
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

MORE = ("network", "dns", "load-balancer", "block-storage")


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """A cloud with two regions, as its administrator, with a public network."""
    made = fake_openstack(regions=2, more=MORE)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml", "admin")))
    admins = made["cloud1"].keystone.project_id("admin")
    for name in ("r1", "r2"):
        neutron = made["cloud1"][name].neutron
        network(neutron, admins, "public", **{"router:external": True})
        network(neutron, admins, "web", "10.0.0.0/24")
        zone = made["cloud1"][name].designate.add("zones", admins, name="example.org.", type="PRIMARY", status="ACTIVE")
        assert zone["id"]
    return made


def run(type_: str, **params: Any) -> ModuleRun:
    return run_module("resource", type=type_, **{"locations": ["cloud1"], "timeout": 3000.0, **params})


@dataclass(frozen=True)
class Scenario:
    """A resource, what to change of it, and whether that takes a replacement."""

    type: str
    name: str | None
    attributes: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    replaced: bool = False
    secrets: dict[str, Any] = field(default_factory=dict)
    id: Any = None


TCP = {"direction": "ingress", "protocol": "tcp"}
SSH = {**TCP, "port_range_min": 22, "port_range_max": "22"}
SIZE = {"ram": 512, "vcpus": 1, "disk": 1}
HOST = {"metadata": {"ssd": "true"}, "hosts": ["compute-0"]}
SCENARIOS = [
    Scenario("network.network", "a", {"tags": ["x"], "mtu": "1400", "is_admin_state_up": "yes"}, {"tags": ["y", "z"]}),
    Scenario("network.network", "b", {"description": "x"}, {"description": "y", "is_shared": True}),
    Scenario(
        "network.subnet",
        "a",
        {
            "network_id": {"name": "public"},
            "cidr": "10.9.0.7/24",
            "ip_version": 4,
            "dns_nameservers": ["9.9.9.9", "1.1.1.1"],
        },
        {"dns_nameservers": ["1.1.1.1", "9.9.9.9"]},
    ),
    Scenario(
        "network.subnet",
        "b",
        {"network_id": {"name": "public"}, "cidr": "10.9.0.0/24", "ip_version": 4},
        {"cidr": "10.8.0.0/24"},
        replaced=True,
    ),
    Scenario(
        "network.router",
        "a",
        {"external_gateway_info": {"network_id": {"name": "public"}}, "interfaces": [{"name": "web"}]},
        {"interfaces": []},
    ),
    Scenario(
        "network.port",
        "a",
        {"network_id": {"name": "web"}, "fixed_ips": [{"subnet_id": {"name": "web"}}]},
        {"fixed_ips": [], "description": "x"},
    ),
    Scenario("network.security_group", "a", {"rules": [SSH]}, {"rules": [{**SSH, "remote_ip_prefix": "10.0.0.7/24"}]}),
    Scenario("network.floating_ip", "203.0.113.9", {"floating_network_id": {"name": "public"}}, {"description": "x"}),
    Scenario(
        "compute.flavor",
        "a",
        {"ram": 512, "vcpus": 1, "disk": 1, "extra_specs": {"x": 1}},
        {"extra_specs": {"x": None}},
    ),
    Scenario("compute.flavor", "b", SIZE, {"ram": 1024}, replaced=True),
    Scenario(
        "compute.flavor",
        "c",
        {**SIZE, "is_public": False, "access": [{"name": "demo"}]},
        {"access": []},
    ),
    Scenario("compute.keypair", "a/b", {"public_key": "ssh-rsa AAAA"}, {"public_key": "ssh-rsa BBBB"}, replaced=True),
    Scenario("compute.server_group", "a", {"policy": "affinity"}, {"policy": "anti-affinity"}, replaced=True),
    Scenario(
        "compute.aggregate",
        "a",
        {"metadata": {"ssd": "true"}, "hosts": ["compute-0"]},
        {"hosts": [], "metadata": {"ssd": None}},
    ),
    Scenario(
        "identity.project", "a", {"domain_id": {"name": "Default"}, "tags": ["x"]}, {"description": "x", "tags": []}
    ),
    Scenario("identity.user", "a", {"email": "a@b"}, {"is_enabled": False}, secrets={"password": "s3cret"}),
    Scenario("identity.role", "a", {}, {"description": "x"}),
    Scenario("identity.group", "a", {}, {"description": "x"}),
    Scenario("dns.zone", "a.org.", {"email": "a@b"}, {"ttl": 60}),
    Scenario(
        "dns.recordset",
        "www.example.org.",
        {"zone_id": {"name": "example.org."}, "type": "A", "records": ["192.0.2.1", "192.0.2.2"]},
        {"records": ["192.0.2.3"]},
    ),
    Scenario("load_balancer.load_balancer", "a", {"vip_subnet_id": {"name": "web"}}, {"description": "x"}),
    Scenario(
        "load_balancer.pool", "a", {"protocol": "HTTP", "lb_algorithm": "ROUND_ROBIN"}, {"lb_algorithm": "SOURCE_IP"}
    ),
    Scenario("block_storage.volume", "a", {"size": "1", "metadata": {"a": "b"}}, {"description": "x"}),
    Scenario("block_storage.volume", "b", {"size": 1, "is_bootable": "yes"}, {"size": 2, "metadata": {"a": 1}}),
    Scenario("block_storage.volume", "c", {"size": 2, "is_bootable": False}, {"size": "1"}, replaced=True),
    Scenario(
        "block_storage.type",
        "a",
        {"extra_specs": {"x": "y"}, "is_public": False, "access": [{"name": "demo"}]},
        {"extra_specs": {"x": None, "z": 1}, "access": [], "is_public": True, "description": "x"},
    ),
    Scenario("network.quota", None, {"networks": 7}, {"networks": "8"}, id={"name": "demo"}),
    Scenario("compute.quota_set", None, {"project_id": {"name": "demo"}, "cores": 7}, {"cores": 8}),
]


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


@pytest.mark.slow
@pytest.mark.usefixtures("clouds")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.type}-{scenario.name}")
def test_the_life_of_a_resource(scenario: Scenario) -> None:
    places = 1 if scenario.type.startswith("identity.") else 2
    keys = {"name": scenario.name, "id": scenario.id, "secrets": scenario.secrets}
    options = {name: value for name, value in keys.items() if value}
    changed = {**scenario.attributes, **scenario.change}
    single = "quota" in scenario.type
    made = "updated" if single else "created"

    def have(attributes: dict[str, Any], **more: Any) -> list[str]:
        return actions(run(scenario.type, attributes=attributes, **options, **more))

    checked = run(scenario.type, attributes=scenario.attributes, _ansible_check_mode=True, **options)
    assert actions(checked) == [made] * places
    assert have(scenario.attributes) == [made] * places
    done = run(scenario.type, attributes=scenario.attributes, **options)
    assert actions(done) == ["unchanged"] * places
    assert done["changed"] is False
    if scenario.replaced:
        refused = run(scenario.type, attributes=changed, **options)
        assert {failure["kind"] for failure in refused["failures"]} == {"conflict"}
        assert "replace: true" in refused["failures"][0]["hint"]
    action = "replaced" if scenario.replaced else "updated"
    assert have(changed, replace=scenario.replaced, _ansible_check_mode=True) == [action] * places
    assert have(changed, replace=scenario.replaced) == [action] * places
    assert have(changed, replace=scenario.replaced) == ["unchanged"] * places
    gone = {name: value for name, value in changed.items() if name in ("zone_id", "type", "project_id")}
    assert have(gone, state="absent", _ansible_check_mode=True) == ["deleted"] * places
    assert have(gone, state="absent") == ["deleted"] * places
    assert have(gone, state="absent") == ["unchanged"] * places


# What Ansible is told


def test_check_mode_and_diff_by_location(clouds: FakeOpenStack) -> None:
    network(clouds["cloud1"]["r2"].neutron, clouds["cloud1"].keystone.project_id("admin"), "a")
    options = {"name": "a", "attributes": {"description": "x"}, "_ansible_check_mode": True, "_ansible_diff": True}
    done = run("network.network", **options)
    assert actions(done) == ["created", "updated"]
    assert done["changed"] is True
    assert [json.loads(diff["before"]) for diff in done["diff"]] == [{}, {"description": ""}]
    assert [json.loads(diff["after"]) for diff in done["diff"]] == [
        {"name": "a", "description": "x"},
        {"description": "x"},
    ]
    assert done["diff"][0]["before_header"] == "cloud1/r1/admin: network.network 'a'"
    assert clouds.counters.requests(method="POST", service="network") == 0


def test_a_location_that_fails_does_not_keep_the_others(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r2"].fault("POST", "/networks", Answer(403))
    done = run("network.network", name="a", on_failure="warn")
    assert actions(done) == ["created"]
    assert [failure["kind"] for failure in done["failures"]] == ["refused"]


@pytest.mark.parametrize("inline", [False, True])
def test_secrets_appear_nowhere(clouds: FakeOpenStack, *, inline: bool) -> None:
    """Nor where the credentials are inline, of which only the secrets are masked."""
    clouds["cloud1"].fault("POST", "/users", Answer(400, {}, b'{"error": {"message": "bad password: s3cret-1"}}'))
    config = {"clouds_config": {"clouds": entries(clouds, "admin")}} if inline else {}
    options = {"name": "eve", "secrets": {"password": "s3cret-1"}, "_ansible_diff": True, **config}
    failed = run("identity.user", **options)
    assert not failed.ok
    clouds["cloud1"].clear_faults()
    done = run("identity.user", **options)
    assert actions(done) == ["created"]
    for text in (json.dumps(failed.result), json.dumps(done.result)):
        assert "s3cret-1" not in text


@pytest.mark.usefixtures("clouds")
def test_the_private_key_of_a_key_pair_is_returned_once() -> None:
    first, second = (run("compute.keypair", name="ops", locations=["cloud1/r1"]) for _time in range(2))
    assert first["results"][0]["resource"]["private_key"] == "-----BEGIN made-----"
    assert "private_key" not in second["results"][0]["resource"]


@pytest.mark.usefixtures("clouds")
def test_records_are_those_of_resource_info() -> None:
    done = run("network.network", name="a")
    listed = run_module("resource_info", type="network.network", name="a", timeout=3000.0)
    assert [result["resource"] for result in done["results"]] == listed["resources"]
    assert [result["location"] for result in done["results"]] == [record["location"] for record in listed["resources"]]


@pytest.mark.usefixtures("clouds")
def test_where_nothing_is_offered_there_is_nothing_to_delete() -> None:
    done = run("shared_file_system.share", name="a", state="absent")
    assert actions(done) == ["unchanged"] * 2
    assert done["results"][0]["notes"] == ["not offered here"]
    assert {failure["kind"] for failure in run("shared_file_system.share", name="a")["failures"]} == {"refused"}


def test_a_play_that_begins_with_nothing_can_be_checked(clouds: FakeOpenStack) -> None:
    attributes = {"network_id": {"name": "new"}, "cidr": "10.7.0.0/24", "ip_version": 4}
    checked = run("network.subnet", name="new", attributes=attributes, _ansible_check_mode=True)
    assert actions(checked) == ["created"] * 2
    assert "has to be created first" in checked["results"][0]["notes"][0]
    assert clouds.counters.requests(method="POST", service="network") == 0


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"type": "network.prot", "name": "a"}, "did you mean network.port"),
        ({"type": "network.port"}, "needs a name or an id"),
        ({"type": "image.image", "name": "a"}, "Use oaktree.multicloud.image."),
        ({"type": "network.port", "name": "a", "wait_timeout": 0}, "wait_timeout: must be greater than zero"),
        ({"type": "network.port", "name": "a", "state": "there"}, "value of state must be one of: present, absent"),
        ({"type": "identity.user", "name": "a", "attributes": {"password": "x"}}, "Put it under secrets"),
    ],
)
def test_options_that_cannot_be_used(clouds: FakeOpenStack, params: dict[str, Any], said: str) -> None:
    done = run_module("resource", locations=["cloud1"], timeout=3000.0, **params)
    assert not done.ok
    assert said in done["msg"]
    assert clouds.counters.requests() == 0
