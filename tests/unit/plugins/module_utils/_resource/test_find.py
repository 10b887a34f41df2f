# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of many types as their services present them: pages, names, IDs, paths, projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.find import (
    Query,
    _params,
    check_parents,
    get,
    headers_of,
    is_of_another,
    is_offered,
    list_items,
    opened,
    path_of,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack import nova as fake_nova
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import ask_one, connect, entries

Clouds = Callable[..., FakeOpenStack]


def found(clouds: FakeOpenStack, name: str, query: Query | None = None, user: str = "demo") -> list[Any]:
    """The names of the items, or what is their name."""
    kind = kind_of(name)
    result = ask_one(entries(clouds, user), lambda c: list_items(c, kind, query or Query()))
    if result.error:
        raise result.error
    return sorted(str(item.get("name") or item.get("zoneName") or item["id"]) for item in result.value or ())


def test_pages(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for number in range(5):
        network(region.neutron, project, f"n{number}")
    region.neutron.page = 2
    assert found(clouds, "network.network") == ["n0", "n1", "n2", "n3", "n4"]
    assert clouds.counters.requests(service="network") == 3


def test_pages_that_cinder_names_in_its_own_way_or_not_at_all(fake_openstack: Clouds, project: str) -> None:
    clouds = fake_openstack(more=("block-storage",))
    cinder = clouds["cloud1"]["r1"].cinder
    types = [cinder.add("types", name=f"t{number}") for number in range(5)]
    attachments = [cinder.add("attachments", project, volume_id=f"v{number}") for number in range(5)]
    cinder.page = 2
    assert found(clouds, "block_storage.type") == [item["name"] for item in types]
    assert found(clouds, "block_storage.attachment") == sorted(item["id"] for item in attachments)


def test_pages_that_nova_counts(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for number in range(5):
        region.nova.resources.add("os-server-groups", project, name=f"g{number}", policy="affinity")
    region.nova.resources.page = 2
    assert found(clouds, "compute.server_group") == ["g0", "g1", "g2", "g3", "g4"]


def test_pages_of_small_default_size_are_asked_for_in_large_ones(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    for number in range(25):
        region.designate.add("zones", project, name=f"z{number}.", status="ACTIVE")
    assert len(found(clouds, "dns.zone")) == 25
    assert clouds.counters.requests(service="dns", path="/v2/zones") == 1


def test_keystone_is_never_given_a_limit(clouds: FakeOpenStack) -> None:
    keystone = clouds["cloud1"].keystone
    assert found(clouds, "identity.role", user="admin") == ["admin", "member", "reader"]
    assert clouds.counters.requests(path="/v3/roles") == 1
    keystone.resources.page = 2
    assert found(clouds, "identity.role", user="admin") == ["admin", "member", "reader"]


def test_a_list_that_keystone_has_cut_is_an_error(clouds: FakeOpenStack) -> None:
    clouds["cloud1"].keystone.resources.limit = 2
    with pytest.raises(Exception, match="has cut the list of GET /roles"):
        found(clouds, "identity.role", user="admin")


# Names


def test_names_are_asked_of_the_service_where_it_can(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for name in ("web", "db"):
        network(region.neutron, project, name)
    assert found(clouds, "network.network", Query(name="web")) == ["web"]


def test_private_flavors_are_listed_for_administrators(clouds: FakeOpenStack, region: Region) -> None:
    """By a word: without it, or with a null, Nova leaves them out."""
    flavor(region.nova.resources, "public")
    flavor(region.nova.resources, "private", **{"os-flavor-access:is_public": False})
    assert found(clouds, "compute.flavor", user="admin") == ["private", "public"]
    assert found(clouds, "compute.flavor", Query(filters={"is_public": True}), user="admin") == ["public"]
    assert found(clouds, "compute.flavor") == ["public"]


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("network.port", "a", {"name": "a"}),
        ("compute.flavor", "a", {"is_public": "None"}),
        ("compute.server", "web.1", {"name": "^web[.]1$"}),
        ("compute.server", "web (1)", {}),
        ("image.image", "fedora", {"name": "fedora"}),
        ("image.image", "in:a", {"name": "eq:in:a"}),
    ],
)
def test_how_names_are_asked_for(name: str, wanted: str, expected: dict[str, str]) -> None:
    assert _params(kind_of(name), Query(name=wanted)) == expected


# Items with an envelope of their own, another key for the ID, paths


def test_key_pairs_have_envelopes_and_no_other_id_than_their_name(clouds: FakeOpenStack, region: Region) -> None:
    user = clouds["cloud1"].keystone.user_id("demo")
    for name in ("a/b", "ops"):
        region.nova.resources.add("os-keypairs", name=name, user_id=user)
    assert found(clouds, "compute.keypair") == ["a/b", "ops"]
    connection = connect(clouds)
    assert (get(connection, kind_of("compute.keypair"), "a/b") or {})["name"] == "a/b"
    assert get(connection, kind_of("compute.keypair"), "a") is None


@pytest.mark.parametrize("user", ["demo", "admin"])
def test_what_details_only_administrators_see_is_listed_without(clouds: FakeOpenStack, user: str) -> None:
    assert found(clouds, "compute.availability_zone", user=user) == ["nova"]


def test_an_id_that_is_not_there(clouds: FakeOpenStack) -> None:
    connection = connect(clouds)
    for name in ("network.network", "dns.zone", "compute.flavor", "compute.availability_zone"):
        assert get(connection, kind_of(name), "none") is None


def test_an_id_that_is_the_path_of_a_list(clouds: FakeOpenStack, region: Region) -> None:
    flavor(region.nova.resources, "a")
    assert get(connect(clouds), kind_of("compute.flavor"), "detail") is None


@pytest.mark.parametrize(
    ("name", "body", "item"),
    [
        ("network.port", {"port": {"id": "a"}}, {"id": "a"}),
        ("network.port", {"ports": []}, None),
        ("network.port", {"port": []}, None),
        ("dns.zone", {"id": "a"}, {"id": "a"}),
        ("dns.zone", {"zones": []}, None),
        ("baremetal.node", {"uuid": "a"}, {"uuid": "a"}),
    ],
)
def test_the_item_in_an_answer(name: str, body: dict[str, Any], item: dict[str, Any] | None) -> None:
    assert opened(kind_of(name), body) == item


def test_a_name_in_a_path_is_one_segment() -> None:
    assert path_of("/zones/{zone_id}/recordsets", {"zone_id": "a/b?c"}) == "/zones/a%2Fb%3Fc/recordsets"


def test_what_stands_in_a_path(clouds: FakeOpenStack, region: Region, project: str) -> None:
    zones = [region.designate.add("zones", project, name=name) for name in ("a.", "b.")]
    for zone in zones:
        record = {"zone_id": zone["id"], "name": f"www.{zone['name']}", "type": "A"}
        region.designate.add("zones/{zone_id}/recordsets", project, **record)
    assert found(clouds, "dns.recordset", Query(parents={"zone_id": zones[1]["id"]})) == ["www.b."]


@pytest.mark.parametrize("given", [{}, {"zone_id": ""}, {"zone_id": None}])
def test_what_stands_in_a_path_must_be_given(given: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"parents: dns\.recordset needs zone_id"):
        check_parents(kind_of("dns.recordset"), given)
    check_parents(kind_of("compute.quota_set"), {})


def test_a_project_in_a_path_is_ones_own(clouds: FakeOpenStack, project: str) -> None:
    connection = connect(clouds)
    for name in ("compute.quota_set", "network.quota"):
        quota = get(connection, kind_of(name), None)
        assert quota is not None
        assert quota.get("id", project) == project


def test_what_has_no_id(clouds: FakeOpenStack, region: Region, project: str) -> None:
    limits = b'{"limits": {"absolute": {"maxTotalCores": 20}}}'
    region.fault("GET", "/v2.1/limits$", Answer(200, {"Content-Type": "application/json"}, limits))
    (found,) = list_items(connect(clouds), kind_of("compute.limits"), Query())
    assert found["absolute"] == {"maxTotalCores": 20}
    (quota,) = list_items(connect(clouds), kind_of("network.quota_default"), Query())
    assert quota["network"] == 100
    assert project


@pytest.mark.parametrize(("user", "identity", "asked"), [("demo", None, False), ("admin", "demo", True)])
def test_the_dns_quota_of_another_project(
    clouds: FakeOpenStack, region: Region, user: str, identity: str | None, *, asked: bool
) -> None:
    """Designate takes it for one's own otherwise; members may not ask so."""
    project = identity and clouds["cloud1"].keystone.project_id(identity)
    region.fault("GET", "/quotas/", Answer(200, {"Content-Type": "application/json"}, b'{"zones": 1}'))
    kind = kind_of("dns.quota")
    result = ask_one(entries(clouds, user), lambda c: (get(c, kind, project), is_of_another(c, kind, project)))
    assert result.value == ({"zones": 1}, asked)


def test_what_cannot_be_listed(clouds: FakeOpenStack) -> None:
    with pytest.raises(InputError, match=r"block_storage\.capabilities cannot be listed"):
        list_items(connect(clouds), kind_of("block_storage.capabilities"), Query())


# Projects


def test_administrators_see_what_members_see_unless_they_ask_for_all(
    clouds: FakeOpenStack, region: Region, project: str, other: str
) -> None:
    """Neutron lists those of all projects for them, Nova does not."""
    admins = clouds["cloud1"].keystone.project_id("admin")
    for owner, name in ((admins, "mine"), (project, "theirs"), (other, "others")):
        network(region.neutron, owner, name)
        region.nova.resources.add("os-server-groups", owner, name=name, policy="affinity")
    network(region.neutron, project, "public", **{"router:external": True})
    network(region.neutron, other, "shared", shared=True)
    assert found(clouds, "network.network", user="admin") == ["mine", "public", "shared"]
    assert found(clouds, "compute.server_group", user="admin") == ["mine"]
    everything = Query(all_projects=True)
    assert len(found(clouds, "network.network", everything, user="admin")) == 5
    assert found(clouds, "network.network", Query(filters={"project_id": other}), user="admin") == ["others", "shared"]


@pytest.mark.parametrize(("asked", "names"), [("mine", ["a"]), (["mine", "theirs"], ["a", "b"]), ("nobody", [])])
def test_a_project_that_is_asked_for_is_checked_where_the_service_ignores_it(
    clouds: FakeOpenStack, region: Region, asked: object, names: list[str]
) -> None:
    listed = [{"id": name, "name": name, "project_id": owner} for name, owner in (("a", "mine"), ("b", "theirs"))]
    body = json.dumps({"networks": listed}).encode()
    region.fault("GET", "/v2.0/networks", Answer(200, {"Content-Type": "application/json"}, body))
    for key in ("project_id", "tenant_id"):
        assert found(clouds, "network.network", Query(filters={key: asked}), user="admin") == names


@pytest.mark.parametrize(
    ("name", "params", "headers"),
    [
        ("compute.server", {"all_tenants": "1"}, {}),
        ("compute.server_group", {"all_projects": "1"}, {}),
        ("compute.flavor", {"is_public": "None"}, {}),
        ("block_storage.volume", {"all_tenants": "1"}, {}),
        ("shared_file_system.share", {"all_tenants": "1"}, {}),
        ("shared_file_system.share_snapshot", {"all_tenants": "1"}, {}),
        ("orchestration.stack", {}, {}),
        ("dns.zone", {}, {"X-Auth-All-Projects": "true"}),
        ("network.network", {}, {}),
        ("load_balancer.pool", {}, {}),
    ],
)
def test_how_services_are_asked_for_all_projects(name: str, params: dict[str, str], headers: dict[str, str]) -> None:
    kind, query = kind_of(name), Query(all_projects=True)
    assert (_params(kind, query), headers_of(kind, other_projects=True)) == (params, headers)
    assert headers_of(kind, other_projects=False) == {}


def test_filters_by_either_name() -> None:
    query = Query(filters={"is_admin_state_up": True, "device_id": "x", "binding:vif_type": "ovs"})
    assert _params(kind_of("network.port"), query) == {
        "admin_state_up": "true", "device_id": "x", "binding:vif_type": "ovs",
    }  # fmt: skip


# What is not offered, and old services


def test_a_service_that_is_not_there(clouds: FakeOpenStack) -> None:
    connection = connect(clouds)
    assert is_offered(connection, kind_of("network.port"))
    assert not is_offered(connection, kind_of("shared_file_system.share"))


def test_a_service_that_does_not_say_is_no_answer(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("GET", "^/$", Answer(403))
    with pytest.raises(RefusedError):
        is_offered(connect(clouds), kind_of("dns.zone"))


def test_an_old_service_is_asked_with_what_it_has(
    clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake_nova, "MAX_VERSION", (2, 25))
    flavor(region.nova.resources, "a")
    assert found(clouds, "compute.flavor") == ["a"]
    assert found(clouds, "compute.flavor") == ["a"]
    assert clouds.counters.requests(path="/v2.1/flavors/detail") == 3
