# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has, as values that can be compared, and what it takes to find that out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import subjects
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.survey import Inventory, take_inventory
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_ID, SHA256, UPLOAD
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack, Region, glance_v1_images
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import ask_one, connect


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(more=("network", "block-storage"))


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def project(clouds: FakeOpenStack) -> str:
    return clouds["cloud1"].keystone.project_id("demo")


def listing(key: str, item: dict[str, Any]) -> Answer:
    """The answer of a service whose list has one item."""
    return Answer(200, {"Content-Type": "application/json"}, json.dumps({key: [item]}).encode())


def inventory(clouds: FakeOpenStack, of: str, *names: str, attributes: Any = None) -> Inventory:
    (subject,) = subjects([of], {of: attributes} if attributes else {})
    return take_inventory(connect(clouds), subject, names)


def values(clouds: FakeOpenStack, of: str, *names: str, attributes: Any = None) -> dict[str, list[dict[str, Any]]]:
    found = inventory(clouds, of, *names, attributes=attributes).found
    return {name: [dict(sighting.values) for sighting in several] for name, several in found.items()}


def test_a_flavor_with_its_extra_specs_costs_one_list(clouds: FakeOpenStack, region: Region) -> None:
    flavor(region.nova.resources, "m", ram=1024, extra_specs={"hw:numa": "1"})
    found = values(clouds, "compute.flavor")
    assert (found["m"][0]["ram"], found["m"][0]["extra_specs"]) == (1024, {"hw:numa": "1"})
    assert "id" not in found["m"][0]
    assert clouds.counters.requests(service="compute") == 1


def test_names_narrow_what_is_compared(clouds: FakeOpenStack, region: Region) -> None:
    for name in ("a", "b", "c"):
        flavor(region.nova.resources, name)
    assert values(clouds, "compute.flavor", "a", "c", "d").keys() == {"a", "c"}
    assert values(clouds, "compute.flavor", "b").keys() == {"b"}


def test_what_is_being_deleted_is_not_there(clouds: FakeOpenStack, region: Region, project: str) -> None:
    volume = {"id": "v", "name": "db", "status": "deleting", "size": 1, "os-vol-tenant-attr:tenant_id": project}
    region.fault("GET", "/volumes/detail", listing("volumes", volume))
    assert inventory(clouds, "block_storage.volume").found == {}


def test_references_are_names_for_a_list_of_each_type(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for name in ("web", "db"):
        network(region.neutron, project, name, cidr="10.0.0.0/24")
    found = values(clouds, "network.subnet")
    assert {name: several[0]["network_id"] for name, several in found.items()} == {"web": "web", "db": "db"}
    assert clouds.counters.requests(service="network") == 2


def test_what_has_no_name_here_is_compared_by_its_id(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "")
    made = region.neutron.add("subnets", project, name="s", network_id="gone", cidr="10.0.0.0/24", ip_version=4)
    assert values(clouds, "network.subnet")["s"][0]["network_id"] == made["network_id"] == "gone"
    assert values(clouds, "network.network") == {}


def test_without_names_only_what_the_project_owns(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "mine")
    network(region.neutron, "another", "public", **{"router:external": True})
    assert values(clouds, "network.network").keys() == {"mine"}
    assert values(clouds, "network.network", "public", "mine").keys() == {"mine", "public"}


def test_ones_own_counts_before_what_others_share(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web", description="mine")
    network(region.neutron, "another", "web", shared=True)
    (found,) = values(clouds, "network.network", "web")["web"]
    assert found["description"] == "mine"


def test_several_of_a_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for _time in range(2):
        network(region.neutron, project, "web")
    assert len(values(clouds, "network.network")["web"]) == 2
    assert inventory(clouds, "network.network").count == 2


def test_the_rules_of_a_group_cost_nothing_more(clouds: FakeOpenStack, region: Region, project: str) -> None:
    group = region.neutron.add("security-groups", project, name="web")
    region.neutron.add(
        "security-group-rules", project, security_group_id=group["id"], direction="ingress", ethertype="IPv4",
        protocol="6", port_range_min=22, port_range_max=22, remote_ip_prefix="0.0.0.0/0",
    )  # fmt: skip
    (found,) = values(clouds, "network.security_group", attributes=["rules"])["web"]
    ssh = {"direction": "ingress", "ether_type": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    assert ssh in found["rules"]
    assert clouds.counters.requests(service="network") == 1
    assert list(values(clouds, "network.security_group_rule")) == [
        "security_group_id=web, direction=ingress, ether_type=IPv4, protocol=tcp, port_range_min=22, port_range_max=22"
    ]


def test_parts_that_are_named_cost_a_request_for_each_resource(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    for name in ("a", "b"):
        region.neutron.add("routers", project, name=name)
    assert "interfaces" not in values(clouds, "network.router")["a"][0]
    before = clouds.counters.requests(service="network")
    assert values(clouds, "network.router", attributes=["interfaces"])["a"] == [{"interfaces": []}]
    assert clouds.counters.requests(service="network") - before == 3


def test_a_quota_has_no_name(clouds: FakeOpenStack, region: Region, project: str) -> None:
    region.neutron.quotas[project] = {"network": 7}
    found = values(clouds, "network.quota", "any")
    assert found[""][0]["networks"] == 7


def test_a_type_that_is_not_offered(clouds: FakeOpenStack, region: Region) -> None:
    assert inventory(clouds, "dns.zone") == Inventory(offered=False)
    region.fault("GET", "/trunks", Answer(404))
    assert inventory(clouds, "network.trunk") == Inventory(offered=False)
    region.fault("GET", "/v2/images", Answer(404))
    assert inventory(clouds, "image.image") == Inventory(offered=False)


def test_an_id_counts_itself_where_what_it_refers_to_is_not_offered(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    network(region.neutron, project, "web", cidr="10.0.0.0/24")
    for subnet in region.neutron.items["subnets"].values():
        subnet["segment_id"] = "s-1"
    region.fault("GET", "/segments", Answer(404))
    assert values(clouds, "network.subnet")["web"][0]["segment_id"] == "s-1"


def test_properties_are_what_only_the_service_knows(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web", **{"vendor:x": 1})
    (found,) = values(clouds, "network.network", attributes=["properties"])["web"]
    assert found["properties"]["vendor:x"] == 1
    assert "properties" not in values(clouds, "network.network")["web"][0]


def test_what_has_no_name_but_an_id_that_users_choose_is_known_by_that(clouds: FakeOpenStack) -> None:
    clouds["cloud1"].fault("GET", "/v3/regions", listing("regions", {"id": "north", "description": "x"}))
    assert values(clouds, "identity.region") == {"north": [{"description": "x"}]}


@pytest.mark.parametrize("path", ["/subnets", "/networks"])
def test_a_list_that_is_refused_is_an_error(clouds: FakeOpenStack, region: Region, project: str, path: str) -> None:
    """Also one of what the resources refer to: IDs would differ everywhere."""
    network(region.neutron, project, "web", cidr="10.0.0.0/24")
    region.fault("GET", path, Answer(403))
    with pytest.raises(RefusedError):
        inventory(clouds, "network.subnet")


def test_references_in_what_identifies_a_resource_are_names(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    """Also the one whose type another attribute tells. The stand-in Neutron has no such policies of its own."""
    made = network(region.neutron, project, "web")
    policy = {"id": "1", "object_type": "network", "object_id": made["id"], "action": "access_as_shared"}
    region.fault("GET", "/rbac-policies", listing("rbac_policies", {**policy, "target_tenant": "*"}))
    (name,) = values(clouds, "network.rbac_policy")
    assert name == "object_type=network, object_id=web, action=access_as_shared, target_project_id=*"


def test_what_this_collection_notes_on_a_stack_is_not_compared(clouds: FakeOpenStack, region: Region) -> None:
    """The services of the region stand in for Heat, too."""
    region.fault("GET", "/stacks", listing("stacks", {"id": "1", "stack_name": "app", "tags": ["oaktree:1", "team"]}))
    entry = {**clouds["cloud1"].entry(), "orchestration_endpoint_override": region.url_of("network")}
    (subject,) = subjects(["orchestration.stack"], {})
    result = ask_one({"cloud1": entry}, lambda connection: take_inventory(connection, subject, []))
    assert result.value is not None, result.error
    assert [stack.values["tags"] for stack in result.value.found["app"]] == [["team"]]


def test_ones_own_project_has_a_name_without_a_request(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "web")
    assert values(clouds, "network.network", attributes=["project_id"])["web"] == [{"project_id": "demo"}]
    assert clouds.counters.requests(path="/v3/projects") == 0


def test_a_project_at_the_top_of_its_domain_has_no_parent(clouds: FakeOpenStack) -> None:
    """The domain's ID is the parent's then, and another one in each Keystone."""
    keystone = clouds["cloud1"].keystone
    top = keystone.resources.add("projects", name="top")
    keystone.resources.add("projects", name="below", parent_id=top["id"])
    (subject,) = subjects(["identity.project"], {"identity.project": ["parent_id"]})
    admin = {"cloud1": clouds["cloud1"].entry("admin")}
    result = ask_one(admin, lambda connection: take_inventory(connection, subject, ["below", "top"]))
    assert result.value is not None, result.error
    found = {name: several[0].values["parent_id"] for name, several in result.value.found.items()}
    assert found == {"top": None, "below": "top"}


def test_what_version_1_of_the_image_api_does_not_have_is_not_compared(
    fake_openstack: Callable[..., FakeOpenStack],
) -> None:
    clouds = fake_openstack(image_api="v1")
    image = glance_v1_images.Image("a" * 36, clouds["cloud1"].keystone.project_id("demo"))
    image.name, image.disk_format, image.status = "fedora", "raw", "active"
    clouds["cloud1"]["r1"].glance_v1.images[image.id] = image
    (found,) = values(clouds, "image.image")["fedora"]
    assert {"content", "properties", "min_ram"} <= found.keys()
    assert not {"tags", "is_hidden"} & found.keys()
    assert values(clouds, "image.image", "fedora")["fedora"][0].keys() == found.keys()


def test_an_image_has_what_users_say_of_it(clouds: FakeOpenStack, region: Region, project: str) -> None:
    made = add_image(region.glance, b"data", name="fedora", visibility="private")
    made.owner, made.tags = project, ["b", "a"]
    made.properties |= {
        "os_distro": "fedora",
        SHA256: "0",
        "base_image_ref": "x",
        "os_glance_x": "y",
        "image_type": "z",
    }
    (found,) = values(clouds, "image.image")["fedora"]
    assert found["properties"] == {"os_distro": "fedora"}
    assert (found["tags"], found["visibility"], found["is_hidden"]) == (["a", "b"], "private", False)
    assert found["content"].shown() == f"sha512:{made.os_hash_value}"
    assert clouds.counters.requests(service="image", path="/v2/images") == 2


def test_images_that_may_not_be_listed_are_an_error(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("GET", "/v2/images", Answer(403))
    with pytest.raises(RefusedError):
        inventory(clouds, "image.image")


def test_images_that_are_compared(clouds: FakeOpenStack, region: Region, project: str) -> None:
    for name, properties, fields in (
        ("mine", {}, {}),
        ("hidden", {}, {"os_hidden": True}),
        ("new.uploading", {UPLOAD: "1"}, {}),
        ("old", {KEPT_FOR: "mine"}, {}),
        ("snapshot", {KEPT_FOR: "mine", KEPT_ID: "that of the old one"}, {}),
    ):
        made = add_image(region.glance, b"data", name=name, visibility="private", **fields)
        made.owner = project
        made.properties |= properties
        if name == "old":
            made.properties[KEPT_ID] = made.id
    add_image(region.glance, b"data", name="base")
    assert values(clouds, "image.image").keys() == {"mine", "hidden", "snapshot"}
    named = values(clouds, "image.image", "base", "old", "hidden", "new.uploading")
    assert named.keys() == {"base", "old", "hidden"}


def test_a_server_has_the_names_of_its_image_and_flavor(clouds: FakeOpenStack, region: Region) -> None:
    image = add_image(region.glance, b"data", name="fedora")
    region.add_server("web-1", image_id=image.id)
    region.add_server("web-2", image_id=None)
    found = values(clouds, "compute.server")
    assert (found["web-1"][0]["image"], found["web-2"][0]["image"]) == ("fedora", None)
    assert "original_name" in found["web-1"][0]["flavor"]
    assert "id" not in found["web-1"][0]["flavor"]
