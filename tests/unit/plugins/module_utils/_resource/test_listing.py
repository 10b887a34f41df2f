# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of the resources that match: what is refused before anything is tried, and what matches nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.find import Query
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.listing import (
    Listing,
    check_listing,
    list_resources,
)
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.run_core import ask_one, connect, entries, kinds


def listed(clouds: FakeOpenStack, of: str, /, **query: Any) -> list[dict[str, Any]] | None:
    fields = query.pop("fields", None)
    return list_resources(connect(clouds), Listing(kind_of(of), Query(**query), fields))


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("image.image", {}, "type: image.image is not listed here"),
        ("dns.recordset", {}, "parents: dns.recordset needs zone_id"),
        ("dns.recordset", {"id": "a"}, "parents: dns.recordset needs zone_id"),
        ("network.port", {"parents": {"network_id": "x"}}, "parents: the path of network.port has no network_id"),
        ("dns.recordset", {"parents": {"zone_id": "x", "zone": "y"}}, "has no zone. It has zone_id."),
        ("network.port", {"id": ""}, "id: must not be empty"),
        ("network.port", {"id": {"nme": "a"}}, "id must be an ID, or a reference"),
        ("network.port", {"filters": {"network_id": {"nme": "a"}}}, "filters: network_id must be an ID"),
        ("network.network", {"filters": {"tags": {"a": "b"}}}, "filters: tags is a mapping"),
        ("network.network", {"filters": {"tags": [{"a": "b"}]}}, "filters: tags is a mapping"),
        ("block_storage.capabilities", {}, "cannot be listed"),
        ("compute.quota_set", {"id": "p", "parents": {"project_id": "q"}}, "both name the project"),
        ("compute.limits", {"id": "a"}, "id: there is only one compute.limits"),
        ("network.rbac_policy", {"name": "a"}, "name: network.rbac_policy has no name"),
        ("network.port", {"filters": {"device_id": {"name": "a"}}}, "filters: what device_id refers to"),
        ("dns.recordset", {"parents": {"zone_id": {"name": "a", "type": "dns.zon"}}}, "'dns.zon' is not known"),
    ],
)
def test_what_cannot_be_listed_anywhere(name: str, query: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        check_listing(Listing(kind_of(name), Query(**query)))
    assert said in f"{raised.value.message}. {raised.value.hint}"


def test_records_by_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for name in ("web", "db", "WEB"):
        network(region.neutron, project, name)
    found = listed(clouds, "network.network", fields=["name", "status"]) or []
    assert [record["name"] for record in found] == ["WEB", "db", "web"]
    assert found[0].keys() == {"name", "status", "location"}
    assert [record["name"] for record in listed(clouds, "network.network", name="web") or []] == ["web"]


def test_filters_and_parents_by_reference(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for name in ("a", "b"):
        made = network(region.neutron, project, name)
        region.neutron.add("ports", project, name=f"port-{name}", network_id=made["id"])
    (port,) = listed(clouds, "network.port", filters={"network_id": {"name": "b"}}) or []
    assert port["name"] == "port-b"
    zone = region.designate.add("zones", project, name="example.org.", status="ACTIVE")
    region.designate.add("zones/{zone_id}/recordsets", project, zone_id=zone["id"], name="www.example.org.", type="A")
    (record,) = listed(clouds, "dns.recordset", parents={"zone_id": {"name": "example.org."}}) or []
    assert (record["name"], record["zone_id"]) == ("www.example.org.", zone["id"])


def test_where_there_is_nothing_of_a_name_nothing_matches(clouds: FakeOpenStack) -> None:
    assert listed(clouds, "network.port", filters={"network_id": {"name": "none"}}) == []
    assert listed(clouds, "dns.recordset", parents={"zone_id": {"name": "none."}}) == []


def test_what_a_location_does_not_offer(clouds: FakeOpenStack, region: Region) -> None:
    """It does not have the service, or the service does not know the type."""
    assert listed(clouds, "shared_file_system.share") is None
    assert listed(clouds, "network.trunk") is None
    region.fault("GET", "/recordsets", Answer(404))
    assert listed(clouds, "dns.recordset", parents={"zone_id": "none"}) == []
    region.fault("GET", "/networks", Answer(403))
    result = ask_one(clouds, lambda c: list_resources(c, Listing(kind_of("network.network"))))
    assert kinds([result]) == {"cloud1/r1/demo": "refused"}


@pytest.mark.parametrize("identity", ["none", "a/b", ".x", "é"])
def test_an_id_that_is_not_there(clouds: FakeOpenStack, identity: str) -> None:
    assert listed(clouds, "network.network", id=identity) == []


def test_one_by_its_id(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = network(region.neutron, project, "web")
    (found,) = listed(clouds, "network.network", id=made["id"]) or []
    assert found["name"] == "web"
    assert clouds.counters.requests(service="network") == 1


@pytest.mark.parametrize("name", ["compute.quota_set", "network.quota"])
def test_a_quota_is_the_projects_own(clouds: FakeOpenStack, name: str, project: str) -> None:
    (found,) = listed(clouds, name) or []
    assert found["location"]["project"]["id"] == project


@pytest.mark.parametrize("name", ["compute.quota_set", "network.quota"])
def test_the_quota_of_another_project(clouds: FakeOpenStack, region: Region, name: str, other: str) -> None:
    region.nova.resources.quotas[other] = {"cores": 7}
    region.neutron.quotas[other] = {"network": 7}
    listing = Listing(kind_of(name), Query(id=other))
    result = ask_one(entries(clouds, "admin"), lambda c: list_resources(c, listing))
    (found,) = result.value or []
    assert 7 in (found.get("cores"), found.get("networks"))


@pytest.mark.parametrize("body", [b'{"networks": [5]}', b'{"networks": [{"id": 1}, null]}', b'{"networks": {}}'])
def test_answers_that_cannot_be_parsed(clouds: FakeOpenStack, region: Region, body: bytes) -> None:
    region.fault("GET", "/networks", Answer(200, {"Content-Type": "application/json"}, body))
    result = ask_one(clouds, lambda c: list_resources(c, Listing(kind_of("network.network"))))
    assert kinds([result]) == {"cloud1/r1/demo": "server"}
