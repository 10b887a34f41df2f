# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What names mean at a Location, and what Nova is sent."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    InputError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.references import MissingError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import (
    blueprint,
    encoded,
    names_at,
    suffices,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import (
    AUTO,
    BootVolume,
    Nic,
    WantedServer,
)
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack, Region
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_core import ask_one, connect, entries
from tests.support.server_clouds import WEB, requests


def test_all_of_it(clouds: FakeOpenStack, region: Region, project: str) -> None:
    group = region.nova.resources.add("os-server-groups", project, name="apart", policy="affinity")
    volume = region.cinder.add("volumes", project, name="data", size=1)
    wanted = replace(
        WEB,
        networks=(Nic(network={"name": "private"}, fixed_ip="10.0.0.7"), Nic(port={"id": "p"})),
        security_groups=({"name": "ssh"}, {"id": "g"}),
        key_name="ops",
        user_data="x",
        config_drive=False,
        description="d",
        metadata={"a": "b", "c": None},
        tags=("t", "s", "t"),
        server_group={"name": "apart"},
        availability_zone="nova",
        boot_volume=BootVolume(3, "fast"),
        volumes=({"name": "data"},),
        floating_ip=AUTO,
    )
    made = blueprint(connect(clouds), wanted)
    image = next(iter(region.glance.images))
    networks = {network["name"]: network["id"] for network in region.neutron.items["networks"].values()}
    flavors = {flavor["name"]: flavor["id"] for flavor in region.nova.resources.items["flavors"].values()}
    assert made.server == {
        "flavorRef": flavors["m1"],
        "networks": [{"uuid": networks["private"], "fixed_ip": "10.0.0.7"}, {"port": "p"}],
        "security_groups": [{"name": "ssh"}, {"name": "g"}],
        "key_name": "ops",
        "user_data": "eA==",
        "config_drive": False,
        "description": "d",
        "metadata": {"a": "b"},
        "tags": ["s", "t"],
        "availability_zone": "nova",
        "block_device_mapping_v2": [
            {
                "boot_index": 0,
                "uuid": image,
                "source_type": "image",
                "destination_type": "volume",
                "volume_size": 3,
                "volume_type": "fast",
                "delete_on_termination": True,
            },
            {
                "boot_index": -1,
                "uuid": volume["id"],
                "source_type": "volume",
                "destination_type": "volume",
                "delete_on_termination": False,
            },
        ],
    }
    assert (made.hints, made.floating_network) == ({"group": group["id"]}, networks["public"])
    assert (set(made.volumes), made.leaves_volume) == ({volume["id"]}, False)


def test_little_of_it(clouds: FakeOpenStack, region: Region) -> None:
    connection = connect(clouds)
    made = blueprint(connection, replace(WEB, networks=None))
    assert (made.server["networks"], made.server["imageRef"]) == ("auto", next(iter(region.glance.images)))
    assert "block_device_mapping_v2" not in made.server
    assert blueprint(connection, replace(WEB, networks=())).server["networks"] == "none"
    with_disk = blueprint(connection, replace(WEB, volumes=({"id": "v"},))).server
    assert with_disk["block_device_mapping_v2"][0]["destination_type"] == "local"


def test_each_name_is_asked_for_once(clouds: FakeOpenStack) -> None:
    connection = connect(clouds)
    for _time in range(2):
        blueprint(connection, replace(WEB, networks=(*(WEB.networks or ()), *(WEB.networks or ()))))
    asked = ["GET /v2.0/networks", "GET /v2.1/flavors/detail", "GET /v2/images"]
    assert sorted(requests(clouds)) == asked


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"flavor": None}, InputError, "flavor: a server that is to be created needs it"),
        ({"image": None}, InputError, "image: a server that is to be created needs it"),
        ({"flavor": {"name": "no"}}, MissingError, "there is no compute.flavor named 'no' here"),
        ({"image": {"name": "no"}}, MissingError, "there is no image 'no' here"),
        ({"image": {"name": "two"}}, ConflictError, "several images have the name 'two'"),
        ({"server_group": {"name": "no"}}, MissingError, "there is no server group 'no' here"),
        ({"server_group": {"name": "two"}}, ConflictError, "2 server groups are named 'two'"),
        ({"volumes": ({"name": "no"},)}, MissingError, "there is no block_storage.volume named 'no' here"),
        ({"floating_ip": {"name": "no"}}, MissingError, "there is no network.network named 'no' here"),
        ({"flavor": None, "ram": 99999}, MissingError, "no flavor here has ram 99999 MiB, and takes the image"),
    ],
)
def test_what_is_not_there(
    clouds: FakeOpenStack,
    region: Region,
    project: str,
    options: dict[str, Any],
    error: type[OaktreeError],
    said: str,
) -> None:
    for _time in range(2):
        add_image(region.glance, b"x", name="two")
        region.nova.resources.add("os-server-groups", project, name="two", policy="affinity")
    with pytest.raises(error, match=re.escape(said)):
        blueprint(connect(clouds), replace(WEB, **options))


@pytest.mark.parametrize(
    ("project", "found"), [("mine", "mine"), ({"name": "demo2"}, "theirs"), (None, "mine"), ("other", "theirs")]
)
def test_a_server_group_is_that_of_the_project_that_is_named(
    clouds: FakeOpenStack, region: Region, project: Any, found: str
) -> None:
    keystone = clouds["cloud1"].keystone
    owners = {"mine": keystone.project_id("admin"), "theirs": keystone.project_id("demo2")}
    made = {
        whose: region.nova.resources.add("os-server-groups", owner, name="apart", policy="affinity")
        for whose, owner in owners.items()
    }
    where = {"mine": owners["mine"], "other": owners["theirs"]}.get(str(project), project)
    reference = {"name": "apart", **({} if where is None else {"project_id": where})}
    result = ask_one(entries(clouds, "admin"), lambda connection: names_at(connection).group(reference))
    assert result.value is not None
    assert result.value["id"] == made[found]["id"]


def test_a_server_group_of_another_project_is_none_of_the_own(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    region.nova.resources.add("os-server-groups", project, name="apart", policy="affinity")
    with pytest.raises(MissingError, match="there is no server group 'apart' here"):
        names_at(connect(clouds)).group({"name": "apart", "project_id": "another"})


@pytest.mark.parametrize(
    ("least", "options", "found"),
    [
        ({}, {}, "m1"),
        ({"min_disk": 2}, {}, "m2"),
        ({"min_disk": 2}, {"boot_volume": BootVolume(2)}, "none"),
        ({"min_ram": 600}, {"boot_volume": BootVolume(2)}, "m2"),
    ],
)
def test_the_least_flavor_takes_the_image(
    clouds: FakeOpenStack, region: Region, least: dict[str, int], options: dict[str, Any], found: str
) -> None:
    flavor(region.nova.resources, "none", ram=256, vcpus=1, disk=0)
    add_image(region.glance, b"x", name="large", **least)
    wanted = replace(WEB, flavor=None, vcpus=1, image={"name": "large"}, **options)
    identity = names_at(connect(clouds)).flavor(wanted)
    assert region.nova.resources.items["flavors"][identity]["name"] == found


def test_without_an_external_network(clouds: FakeOpenStack, region: Region) -> None:
    networks = region.neutron.items["networks"]
    for key in [key for key, network in networks.items() if network["name"] == "public"]:
        del networks[key]
    with pytest.raises(MissingError, match="there is no external network here"):
        names_at(connect(clouds)).external_network(AUTO)


def test_names_of_ids(clouds: FakeOpenStack, region: Region) -> None:
    names = names_at(connect(clouds))
    for item in region.nova.resources.items["flavors"].values():
        assert names.name("compute.flavor", {"id": item["id"]}) == item["name"]
    with pytest.raises(MissingError, match="with the ID x here"):
        names.name("network.network", {"id": "x"})
    with pytest.raises(MissingError, match="no port with the ID x here"):
        names.device_of("x")


@pytest.mark.parametrize(
    ("flavor", "enough"),
    [
        ({"vcpus": 2, "ram": 2048, "disk": 0}, True),
        ({"vcpus": 1, "ram": 4096, "disk": 0}, False),
        ({"vcpus": 2, "ram": 1024}, False),
        ({"vcpus": "2", "ram": 2048}, False),
        ({}, False),
    ],
)
def test_sizes(flavor: dict[str, Any], *, enough: bool) -> None:
    assert suffices(WantedServer("web", vcpus=2, ram=2048), flavor) is enough


def test_user_data() -> None:
    assert (encoded(None), encoded("ä")) == (None, "w6Q=")
