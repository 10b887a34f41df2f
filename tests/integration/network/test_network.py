# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules of the network service on two real clouds at once, and with a third one that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

TWO = ["alpha/north", "beta"]
NAME = "netdoors"
DEAD = {
    "auth_type": "password",
    "auth": {"auth_url": "http://127.0.0.1:9/v3", "username": "nobody", "password": "s3cret-word"},
}
SUBNETS = {NAME: "10.81.0.0/24", f"{NAME}-2": "10.82.0.0/24"}


def run(module: str, **params: Any) -> ModuleRun:
    return run_module(module, **{"locations": TWO, "name": NAME, **params})


def actions(module: str, **params: Any) -> set[str]:
    """What is done with such options in the two clouds; fails where that fails in one."""
    done = run(module, **params)
    assert done.ok, done["msg"]
    assert len(done["results"]) == len(TWO)
    return {result["action"] for result in done["results"]}


@pytest.fixture(scope="module")
def subnets(clouds_yaml: Path) -> Iterator[None]:
    """Two networks with a subnet each in both clouds."""
    assert clouds_yaml.exists()
    for name, cidr in SUBNETS.items():
        actions("network", name=name)
        actions("subnet", name=name, network=name, cidr=cidr, ip_version=4)
    yield
    for name in SUBNETS:
        actions("network", name=name, state="absent")


@dataclass(frozen=True)
class Life:
    """A resource, and changes of it, one after the other."""

    module: str
    options: dict[str, Any]
    changes: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    name: str = NAME


ROUTE = {"destination": "10.99.0.0/16", "nexthop": "10.81.0.99"}
SSH = {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
OPTION = {"opt_name": "bootfile-name", "opt_value": "pxelinux.0"}
LIVES = [
    Life(
        "network",
        {"tags": ["a"], "mtu": 1400, "is_port_security_enabled": True},
        ({"tags": [], "description": "x", "is_admin_state_up": False},),
        name=f"{NAME}-3",
    ),
    Life(
        "router",
        {"external_network": "public", "interfaces": [NAME], "routes": [ROUTE], "tags": ["a"]},
        (
            {"interfaces": [NAME, {"subnet": f"{NAME}-2", "ip_address": "10.82.0.9"}], "is_admin_state_up": False},
            {"interfaces": [f"{NAME}-2"], "routes": [], "external_network": ""},
        ),
    ),
    Life(
        "port",
        {
            "network": NAME,
            "fixed_ips": [{"subnet": NAME, "ip_address": "10.81.0.77"}],
            "security_groups": ["default"],
            "extra_dhcp_opts": [OPTION, {**OPTION, "opt_name": "tftp-server"}],
        },
        (
            {"extra_dhcp_opts": [OPTION], "allowed_address_pairs": [{"ip_address": "10.81.0.9"}], "fixed_ips": []},
            {"security_groups": [], "is_port_security_enabled": False, "allowed_address_pairs": [], "tags": ["b"]},
        ),
    ),
    Life(
        "security_group",
        {"rules": [SSH, {"remote_group": NAME}], "stateful": False},
        (
            {"rules": [{**SSH, "protocol": "6", "remote_ip_prefix": "10.0.0.9/8"}], "stateful": True, "tags": ["b"]},
            {"rules": [SSH, {"direction": "egress", "ether_type": "IPv6", "protocol": "icmp"}], "description": "x"},
            {"rules": [], "directions": "ingress, egress"},
        ),
    ),
]  # fmt: skip


@pytest.mark.usefixtures("subnets")
@pytest.mark.parametrize("life", LIVES, ids=[life.module for life in LIVES])
def test_the_life_of_a_resource_in_two_clouds(life: Life) -> None:
    module, options = life.module, {**life.options, "name": life.name}
    actions(module, name=life.name, state="absent")
    try:
        assert actions(module, **options, _ansible_check_mode=True) == {"created"}
        assert actions(module, **options) == {"created"}
        assert actions(module, **options) == {"unchanged"}
        for change in life.changes:
            options |= change
            planned = run(module, **options, _ansible_check_mode=True, _ansible_diff=True)
            assert [each["before"] != each["after"] for each in planned["diff"]] == [True] * len(TWO)
            assert actions(module, **options) == {"updated"}
            assert actions(module, **options) == {"unchanged"}
        listed = run(f"{module}_info", name=life.name)
        assert len(next(value for value in listed.result.values() if isinstance(value, list))) == len(TWO)
        assert actions(module, name=life.name, state="absent", _ansible_check_mode=True) == {"deleted"}
    finally:
        assert actions(module, name=life.name, state="absent") == {"deleted"}
    assert actions(module, name=life.name, state="absent") == {"unchanged"}


ADMINS = ["alpha-admin/north", "beta-admin"]
OUTER = f"{NAME}-outer"


@pytest.fixture(scope="module")
def outer(clouds_yaml: Path) -> Iterator[None]:
    """An external network of the test's own in both clouds, and a port behind a router to it."""
    assert clouds_yaml.exists()
    things: list[tuple[str, str, dict[str, Any]]] = [
        ("network", OUTER, {"is_router_external": True}),
        ("subnet", OUTER, {"network": OUTER, "cidr": "10.87.0.0/24", "ip_version": 4}),
        ("network", NAME, {}),
        ("subnet", NAME, {"network": NAME, "cidr": "10.81.0.0/24", "ip_version": 4}),
        ("router", NAME, {"external_network": OUTER, "interfaces": [NAME]}),
        ("port", NAME, {"network": NAME}),
    ]
    for module, name, options in things:
        actions(module, name=name, locations=ADMINS, **options)
    yield
    for module, name, _options in reversed(things):
        actions(module, name=name, locations=ADMINS, state="absent")


@pytest.mark.usefixtures("outer")
def test_floating_ips_in_two_clouds() -> None:
    def done(check: bool = False, **options: Any) -> list[str]:  # noqa: FBT001, FBT002
        ran = run_module("floating_ip", locations=ADMINS, network=OUTER, _ansible_check_mode=check, **options)
        assert ran.ok, ran["msg"]
        return [result["action"] for result in ran["results"]]

    unused: dict[str, Any] = {"state": "absent", "unattached": True}
    try:
        assert done(count=2, check=True) == ["created"] * 4
        assert done(count=2, tags=["a"]) == ["created"] * 4
        assert done(count=2) == ["unchanged"] * 4
        assert done(port=NAME, reuse=True, check=True) == ["updated"] * 2
        assert done(port=NAME, reuse=True) == ["updated"] * 2
        assert done(port=NAME, reuse=True) == ["unchanged"] * 2
        assert done(port=NAME, description="x") == ["updated"] * 2
        assert done(**unused, older_than="1h") == ["unchanged"] * 2
        assert done(**unused, check=True) == ["deleted"] * 2
        assert done(**unused) == ["deleted"] * 2
        listed = run_module("floating_ip_info", locations=ADMINS, network=OUTER, unattached=False)
        assert [each["description"] for each in listed["floating_ips"]] == ["x", "x"]
        assert done(port=NAME, state="absent") == ["deleted"] * 2
        assert done(port=NAME, state="absent") == ["unchanged"] * 2
    finally:
        done(port=NAME, state="absent")
        done(**unused)


@pytest.mark.usefixtures("subnets")
def test_a_cloud_that_does_not_answer_keeps_no_other_from_its_work(clouds_yaml: Path) -> None:
    three = {"clouds": {**yaml.safe_load(clouds_yaml.read_text())["clouds"], "dead": DEAD}}
    life = next(life for life in LIVES if life.module == "security_group")
    for state, action in (("present", "created"), ("absent", "deleted")):
        options = {**life.options, "locations": [*TWO, "dead"], "clouds_config": three, "on_failure": "warn"}
        done = run(life.module, **options, state=state)
        assert done.ok, done["msg"]
        assert [result["action"] for result in done["results"]] == [action] * len(TWO)
        assert [failure["kind"] for failure in done["failures"]] == ["unreachable"]
        assert len(done.warnings) == 1
    listed = run_module("network_info", name=NAME, locations=[*TWO, "dead"], clouds_config=three)
    assert not listed.ok
    assert [network["location"]["cloud"] for network in listed["networks"]] == ["alpha", "beta"]
