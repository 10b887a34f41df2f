# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import is_readable, kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.records import (
    id_of,
    name_of,
    owner_of,
    resource_record,
)

HERE = Location("alpha", "north", project=Project("p1", "demo", "default", "Default"))


def record(name: str, item: dict[str, Any], **parents: Any) -> dict[str, Any]:
    return resource_record(kind_of(name), item, HERE, parents)


def test_a_port() -> None:
    found = record(
        "network.port",
        {
            "id": "a",
            "name": "web",
            "admin_state_up": True,
            "binding:vnic_type": "normal",
            "project_id": "p1",
            "tenant_id": "p1",
            "fixed_ips": [{"ip_address": "10.0.0.3"}],
            "vendor:colour": "blue",
            "links": [],
        },
    )
    assert (found["id"], found["name"], found["is_admin_state_up"]) == ("a", "web", True)
    assert (found["binding_vnic_type"], found["device_id"]) == ("normal", None)
    assert found["properties"] == {"vendor:colour": "blue"}
    assert found["location"] == HERE.to_dict()
    assert found.keys() == kind_of("network.port").fields()


@pytest.mark.parametrize("name", [name for name in kinds() if is_readable(kind_of(name))])
def test_every_record_has_every_key(name: str) -> None:
    kind = kind_of(name)
    assert record(name, {}, **dict.fromkeys(kind.parents, "x")).keys() == kind.fields()


@pytest.mark.parametrize(
    ("item", "owner"),
    [
        ({"project_id": "p2"}, "p2"),
        ({"tenant_id": "p2"}, "p2"),
        ({"project_id": None, "tenant_id": "p2"}, "p2"),
        ({}, None),
    ],
)
def test_the_owner_under_the_names_that_it_has_had(item: dict[str, Any], owner: str | None) -> None:
    assert owner_of(kind_of("network.port"), item) == owner
    found = record("network.port", {"id": "a", **item})
    assert found["project_id"] == owner
    assert found["location"]["project"]["id"] == (owner or "p1")
    assert "tenant_id" not in found["properties"]


@pytest.mark.parametrize(
    ("name", "item", "attribute", "value"),
    [
        ("compute.flavor", {"swap": ""}, "swap", 0),
        ("compute.flavor", {"ram": "512"}, "ram", 512),
        ("compute.flavor", {"ram": 512}, "ram", 512),
        ("compute.flavor", {"ram": "much"}, "ram", "much"),
        ("compute.flavor", {"ram": None}, "ram", None),
        ("block_storage.volume", {"bootable": "true"}, "is_bootable", True),
        ("block_storage.volume", {"bootable": "False"}, "is_bootable", False),
        ("block_storage.volume", {"bootable": ""}, "is_bootable", None),
        ("block_storage.volume", {"bootable": "perhaps"}, "is_bootable", "perhaps"),
        ("network.quota", {"network": "-1"}, "networks", -1),
    ],
)
def test_numbers_and_booleans_are_such(name: str, item: dict[str, Any], attribute: str, value: Any) -> None:
    found = record(name, {"id": "a", **item})[attribute]
    assert (found, type(found)) == (value, type(value))


def test_what_keystone_holds_is_in_no_region() -> None:
    assert record("identity.project", {"id": "a"})["location"]["region"] is None


def test_secrets_are_left_out_wherever_they_come_from() -> None:
    found = record("identity.user", {"id": "a", "password": "hidden", "adminPass": "hidden"})
    assert "hidden" not in str(found)
    assert "hidden" not in str(record("compute.server", {"id": "a", "OS-EXT-SRV-ATTR:user_data": "hidden"}))
    assert "hidden" not in str(record("compute.keypair", {"name": "a", "private_key": "hidden"}))


def test_a_type_with_an_attribute_properties_keeps_it() -> None:
    found = record("baremetal.node", {"uuid": "a", "properties": {"cpus": 4}, "vendor": "x"})
    assert found["properties"] == {"cpus": 4}


@pytest.mark.parametrize(
    ("name", "item", "identity"),
    [
        ("compute.keypair", {"name": "ops"}, "ops"),
        ("baremetal.node", {"uuid": "a"}, "a"),
        ("key_manager.secret", {"secret_ref": "https://host/v1/secrets/a"}, "a"),
        ("key_manager.secret", {}, None),
        ("compute.aggregate", {"id": 7}, 7),
        ("network.quota", {"project_id": "p"}, "p"),
        ("placement.resource_provider", {"uuid": "a"}, "a"),
    ],
)
def test_ids_whatever_they_are_called(name: str, item: dict[str, Any], identity: Any) -> None:
    assert id_of(kind_of(name), item) == identity
    assert record(name, item)["id"] == identity


def test_names_whatever_they_are_called() -> None:
    assert name_of(kind_of("network.floating_ip"), {"floating_ip_address": "192.0.2.1"}) == "192.0.2.1"
    assert name_of(kind_of("orchestration.stack"), {"stack_name": "app"}) == "app"
    assert name_of(kind_of("network.rbac_policy"), {"name": "x"}) is None


def test_the_ids_of_the_path_are_attributes() -> None:
    assert record("dns.recordset", {"id": "a"}, zone_id="z")["zone_id"] == "z"


def test_the_zone_is_that_of_the_record() -> None:
    assert record("block_storage.volume", {"id": "a", "availability_zone": "nova"})["location"]["zone"] == "nova"
    assert record("network.network", {"id": "a", "availability_zones": ["nova"]})["location"]["zone"] is None
