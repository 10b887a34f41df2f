# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floating IPs by address, for a port or server, so many of them, and those that nobody uses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import floating_ips
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.find import fetch
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

Item = dict[str, Any]


@pytest.fixture(autouse=True)
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """A cloud with a public network of its administrators', and one region."""
    made = fake_openstack(more=("network",))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    admins = made["cloud1"].keystone.project_id("admin")
    outside = {"id": "public", "name": "public", "router:external": True}
    made["cloud1"]["r1"].neutron.add("networks", admins, **outside)
    return made


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def own(clouds: FakeOpenStack) -> str:
    return clouds["cloud1"].keystone.project_id("demo")


@pytest.fixture
def ports(region: Region, own: str) -> list[Item]:
    """Two ports with an address each."""
    return [
        region.neutron.add("ports", own, name=f"p{n}", network_id="n", device_id="s", fixed_ips=[fixed(n)])
        for n in range(2)
    ]


def fixed(number: int) -> Item:
    return {"subnet_id": "s", "ip_address": f"10.0.0.{number}"}


def existing(region: Region, project: str, number: int, **fields: Any) -> Item:
    values = {"floating_network_id": "public", "floating_ip_address": f"203.0.113.{100 + number}", **fields}
    return region.neutron.add("floatingips", project, **values)


def run(**params: Any) -> ModuleRun:
    return run_module("floating_ip", **{"locations": "cloud1", "timeout": 3000.0, **params})


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


def refused(**params: Any) -> tuple[str, str]:
    (failure,) = run(**params)["failures"]
    return failure["kind"], failure["error"]


def test_one_by_its_address(region: Region) -> None:
    one = {"floating_ip_address": "203.0.113.77", "network": "public"}
    assert actions(run(**one, _ansible_check_mode=True)) == ["created"]
    assert region.neutron.items["floatingips"] == {}
    assert actions(run(**one)) == ["created"]
    assert actions(run(**one)) == ["unchanged"]
    assert actions(run(**one, description="x", tags=["b"])) == ["updated"]
    assert actions(run(floating_ip_address="203.0.113.77", description="x", tags=["b"])) == ["unchanged"]
    assert actions(run(**one, state="absent")) == ["deleted"]
    gone = run(**one, state="absent")
    assert actions(gone) == ["unchanged"]
    assert gone["results"][0]["floating_ip"] is None


def test_a_port_has_one(region: Region, ports: list[Item]) -> None:
    done = run(port="p0")
    assert actions(done) == ["created"]
    assert done["results"][0]["floating_ip"]["port_id"] == ports[0]["id"]
    assert done["results"][0]["floating_ip"]["fixed_ip_address"] == "10.0.0.0"
    assert actions(run(port="p0")) == ["unchanged"]
    address = done["results"][0]["floating_ip"]["floating_ip_address"]
    assert actions(run(port="p1", floating_ip_address=address)) == ["updated"]
    assert actions(run(floating_ip_address=address, port="")) == ["updated"]
    assert actions(run(floating_ip_address=address, port="")) == ["unchanged"]
    (item,) = region.neutron.items["floatingips"].values()
    assert (item["port_id"], item["fixed_ip_address"]) == (None, None)
    assert actions(run(port="p1", reuse=True)) == ["updated"]
    assert actions(run(port="p1", state="absent")) == ["deleted"]
    assert actions(run(port="p1", state="absent")) == ["unchanged"]
    assert actions(run(port="nowhere", state="absent")) == ["unchanged"]


def test_a_server_with_several_addresses_has_one_for_each(ports: list[Item]) -> None:
    kind, error = refused(server={"id": "s"})
    assert (kind, error) == ("conflict", "server: it has several addresses: 10.0.0.0, 10.0.0.1")
    said = "fixed_address: the server does not have 10.0.0.7 here"
    assert refused(server={"id": "s"}, fixed_address="10.0.0.7") == ("refused", said)
    for port in ports:
        one = {"server": {"id": "s"}, "fixed_address": port["fixed_ips"][0]["ip_address"]}
        assert actions(run(**one)) == ["created"]
        assert actions(run(**one)) == ["unchanged"]
    assert actions(run(server={"id": "s"})) == ["unchanged"]
    assert actions(run(server={"id": "s"}, state="absent")) == ["deleted", "deleted"]


def test_an_address_of_a_port_is_sent_with_the_port(region: Region, own: str, ports: list[Item]) -> None:
    ports[0]["fixed_ips"].append(fixed(5))
    existing(region, own, 1, port_id=ports[0]["id"], fixed_ip_address="10.0.0.0")
    move = {"port": "p0", "fixed_address": "10.0.0.5", "floating_ip_address": "203.0.113.101"}
    assert actions(run(**move)) == ["updated"]
    assert actions(run(**move)) == ["unchanged"]


def test_a_port_to_come(region: Region) -> None:
    planned = run(port="later", network="public", _ansible_check_mode=True)
    assert actions(planned) == ["created"]
    assert "has to be created first" in planned["results"][0]["notes"][0]
    assert refused(port="later", network="public")[0] == "refused"
    assert region.neutron.items["floatingips"] == {}


def test_without_a_network_there_must_be_one_only(region: Region, own: str, ports: list[Item]) -> None:
    assert ports
    network(region.neutron, own, "other", **{"router:external": True})
    kind, error = refused(port="p0")
    assert (kind, error) == ("conflict", "there are several external networks here: other, public")
    assert actions(run(port="p0", network="public")) == ["created"]


def test_so_many_are_in_stock(region: Region, own: str, ports: list[Item]) -> None:
    existing(region, own, 1, port_id=ports[0]["id"])
    existing(region, own, 2)
    stock = {"network": "public", "count": 3, "description": "stock"}
    assert actions(run(**stock, _ansible_check_mode=True)) == ["unchanged", "created", "created"]
    done = run(**stock, _ansible_diff=True)
    assert actions(done) == ["unchanged", "created", "created"]
    assert [each["floating_ip"]["description"] for each in done["results"]] == ["", "stock", "stock"]
    assert done["diff"][0]["before_header"].endswith(": floating IP 203.0.113.102")
    assert actions(run(**stock)) == ["unchanged"] * 3
    assert actions(run(network="public", count=1)) == ["unchanged"] * 3
    assert len(region.neutron.items["floatingips"]) == 4


def test_what_was_done_before_one_fails_is_reported(region: Region) -> None:
    region.fault("POST", "/floatingips", Answer(409), first=2)
    done = run(network="public", count=3)
    assert not done.ok
    assert [result["action"] for result in done["results"]] == ["created"]
    assert [failure["kind"] for failure in done["failures"]] == ["conflict"]


def test_unattached_ones_are_deleted(region: Region, own: str, ports: list[Item], clouds: FakeOpenStack) -> None:
    now = datetime.now(UTC)
    young, old = ((now - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ") for minutes in (5, 90))
    existing(region, own, 1, port_id=ports[0]["id"], created_at=old)
    existing(region, own, 2, created_at=old)
    existing(region, own, 3, created_at=young)
    existing(region, own, 4, created_at=None)
    existing(region, clouds["cloud1"].keystone.project_id("demo2"), 5, created_at=old)
    unused = {"state": "absent", "unattached": True, "network": "public"}
    planned = run(**unused, older_than="1h", _ansible_check_mode=True)
    assert actions(planned) == ["deleted"]
    assert len(region.neutron.items["floatingips"]) == 5
    assert actions(run(**unused, older_than="1h")) == ["deleted"]
    assert actions(run(**unused, older_than="1h")) == ["unchanged"]
    assert actions(run(**unused)) == ["deleted", "deleted"]
    left = {item["floating_ip_address"] for item in region.neutron.items["floatingips"].values()}
    assert left == {"203.0.113.101", "203.0.113.105"}


def test_one_that_is_attached_meanwhile_stays(
    region: Region, own: str, ports: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    item = existing(region, own, 1)

    def fetch_later(*args: Any) -> Any:
        item["port_id"] = ports[0]["id"]
        return fetch(*args)

    monkeypatch.setattr(floating_ips, "fetch", fetch_later)
    done = run(state="absent", unattached=True)
    assert actions(done) == ["unchanged"]
    assert done["results"][0]["notes"] == ["it was attached meanwhile"]
    assert list(region.neutron.items["floatingips"]) == [item["id"]]


def test_the_list_has_those_that_are_attached_or_not(region: Region, own: str, ports: list[Item]) -> None:
    existing(region, own, 1, port_id=ports[0]["id"])
    existing(region, own, 2)

    def listed(**params: Any) -> list[str]:
        done = run_module("floating_ip_info", locations="cloud1", timeout=3000.0, **params)
        assert done.ok
        return [item["floating_ip_address"] for item in done["floating_ips"]]

    assert listed() == ["203.0.113.101", "203.0.113.102"]
    assert listed(unattached=True) == ["203.0.113.102"]
    assert listed(unattached=False, network="public") == ["203.0.113.101"]
    assert listed(port="p0") == ["203.0.113.101"]
    assert listed(name="203.0.113.102") == ["203.0.113.102"]
    assert run_module("floating_ip_info", locations="cloud1", unattached=True)["locations"][0]["count"] == 1
