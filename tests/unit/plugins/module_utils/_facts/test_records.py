# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service JSON becomes records of one strict shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import (
    IMAGE_FIELDS,
    SERVER_FIELDS,
    image_record,
    records,
    server_record,
)

HERE = Location("cloud", "r1", project=Project("p1", "demo"))
BRIEF: dict[str, Any] = {"id": "s1", "name": "web", "links": []}
DETAILED: dict[str, Any] = {
    **BRIEF,
    "status": "ACTIVE",
    "tenant_id": "p1",
    "user_id": "u1",
    "metadata": {"role": "web"},
    "image": {"id": "i1", "links": []},
    "flavor": {"original_name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20, "ephemeral": 0, "swap": 0},
    "OS-EXT-AZ:availability_zone": "nova",
    "config_drive": "True",
    "OS-EXT-STS:power_state": 1,
    "adminPass": "s3cret",
    "OS-EXT-SRV-ATTR:user_data": "czNjcmV0",
    "os-extended-volumes:volumes_attached": [{"id": "v1", "delete_on_termination": False}],
    "vendor:rack": "r7",
}
IMAGE: dict[str, Any] = {
    "id": "i1",
    "name": "debian",
    "owner": "p1",
    "protected": False,
    "os_hidden": False,
    "tags": ["b", "a"],
    "stores": "slow,fast",
    "self": "/v2/images/i1",
    "file": "/v2/images/i1/file",
    "schema": "/v2/schemas/image",
    "direct_url": "rbd://secret/place",
    "locations": [{"url": "swift+https://user:s3cret@store/x"}],
    "os_distro": "debian",
}


def addresses(*entries: tuple[str, str]) -> dict[str, Any]:
    return {"net": [{"addr": address, "OS-EXT-IPS:type": kind} for address, kind in entries]}


def test_every_key_is_there_whatever_the_cloud_tells() -> None:
    brief, detailed = server_record(BRIEF, HERE), server_record(DETAILED, HERE)
    assert brief.keys() == detailed.keys()
    told = {"id": "s1", "name": "web", "location": HERE.to_dict()}
    assert {key: value for key, value in brief.items() if value not in (None, {})} == {
        **told,
        "flavor": dict.fromkeys(("id", "name", "vcpus", "ram", "disk", "ephemeral", "swap")) | {"extra_specs": {}},
    }
    assert image_record({"id": "i"}, HERE).keys() == image_record(IMAGE, HERE).keys()


def test_a_server() -> None:
    record = server_record(DETAILED, HERE)
    assert (record["project_id"], record["power_state"], record["has_config_drive"]) == ("p1", 1, True)
    assert record["flavor"]["name"] == "m1.small"
    assert record["image"] == {"id": "i1"}
    assert record["attached_volumes"] == [{"id": "v1", "delete_on_termination": False}]
    assert record["properties"] == {"vendor:rack": "r7"}
    assert record["location"] == HERE.in_zone("nova").to_dict()


def test_secrets_are_left_out() -> None:
    text = json.dumps([server_record(DETAILED, HERE), image_record(IMAGE, HERE)])
    assert "s3cret" not in text
    assert "czNjcmV0" not in text
    assert "rbd://" not in text


def test_the_flavor_of_old_microversions() -> None:
    record = server_record({**DETAILED, "flavor": {"id": "42", "links": []}}, HERE)
    assert (record["flavor"]["id"], record["flavor"]["name"], record["flavor"]["extra_specs"]) == ("42", None, {})


@pytest.mark.parametrize("image", ["", None, {}])
def test_a_server_that_boots_from_a_volume(image: Any) -> None:
    assert server_record({**DETAILED, "image": image}, HERE)["image"] is None


def test_the_server_of_another_project() -> None:
    record = server_record({**DETAILED, "tenant_id": "p2"}, HERE)
    assert record["location"]["project"] == {"id": "p2", "name": None, "domain_id": None, "domain_name": None}


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], {}),
        ([("10.0.0.3", "fixed")], {"private_v4": "10.0.0.3"}),
        ([("8.8.8.8", "fixed")], {"public_v4": "8.8.8.8"}),
        ([("10.0.0.3", "fixed"), ("10.9.0.7", "floating")], {"private_v4": "10.0.0.3", "public_v4": "10.9.0.7"}),
        ([("8.8.8.8", "fixed"), ("9.9.9.9", "floating")], {"public_v4": "9.9.9.9"}),
        ([("10.0.0.4", "fixed"), ("10.0.0.3", "fixed")], {"private_v4": "10.0.0.4"}),
        ([("100.64.0.5", "fixed")], {"private_v4": "100.64.0.5"}),
        ([("169.254.1.1", "fixed")], {"private_v4": "169.254.1.1"}),
        ([("fd00::3", "fixed")], {"private_v6": "fd00::3"}),
        ([("2600:1f00::7", "fixed"), ("fe80::1", "fixed")], {"public_v6": "2600:1f00::7", "private_v6": "fe80::1"}),
    ],
)
def test_first_addresses(entries: list[tuple[str, str]], expected: dict[str, str]) -> None:
    record = server_record({**DETAILED, "addresses": addresses(*entries)}, HERE)
    found = {key: record[key] for key in ("public_v4", "public_v6", "private_v4", "private_v6")}
    assert found == dict.fromkeys(found) | expected


def test_an_address_whose_type_nova_does_not_tell() -> None:
    record = server_record({**DETAILED, "addresses": {"net": [{"addr": "10.0.0.3", "version": 4}]}}, HERE)
    assert record["private_v4"] == "10.0.0.3"


def test_an_image() -> None:
    record = image_record(IMAGE, HERE)
    assert (record["tags"], record["stores"], record["is_hidden"]) == (["a", "b"], ["fast", "slow"], False)
    assert record["properties"] == {"os_distro": "debian"}
    assert record["location"] == HERE.to_dict()
    assert image_record({"id": "i", "tags": None}, HERE)["tags"] == []


def test_records_are_sorted_by_name_then_id() -> None:
    items = [{"id": "2", "name": "b"}, {"id": "3", "name": "a"}, {"id": "1", "name": "b"}, {"id": "0", "name": None}]
    assert [record["id"] for record in records(server_record, items, HERE)] == ["0", "3", "1", "2"]


def test_the_fields_are_the_keys_of_every_record() -> None:
    assert server_record(BRIEF, HERE).keys() == SERVER_FIELDS
    assert image_record(IMAGE, HERE).keys() == IMAGE_FIELDS


@pytest.mark.parametrize("fields", [[], ["status"], ["location", "name", "status"], sorted(SERVER_FIELDS)])
def test_records_keep_the_fields_that_are_wanted_and_their_location(fields: list[str]) -> None:
    (whole,) = records(server_record, [DETAILED], HERE)
    (reduced,) = records(server_record, [DETAILED], HERE, fields=fields)
    assert reduced == {key: whole[key] for key in {*fields, "location"}}
    assert list(reduced) == [key for key in whole if key in reduced]


def test_order_and_name_do_not_depend_on_the_fields() -> None:
    items = [{"id": "2", "name": "b"}, {"id": "3", "name": "a"}, {"id": "1", "name": "b"}]
    assert [record["id"] for record in records(server_record, items, HERE, name="b", fields=["id"])] == ["1", "2"]


def test_what_records_have_in_common_is_one_object() -> None:
    items = [json.loads(json.dumps({**DETAILED, "id": number})) for number in "123"]
    first, *others = records(server_record, items, HERE)
    for other in others:
        assert [key for key in ("location", "flavor", "image") if other[key] is not first[key]] == []
    (larger,) = records(server_record, [{**DETAILED, "flavor": {**DETAILED["flavor"], "ram": 4096}}], HERE)
    assert (first["flavor"]["ram"], larger["flavor"]["ram"]) == (2048, 4096)


NONSENSE: list[Any] = [5, None, "text", [], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": "a/b"}, {"id": "x y"}]


@pytest.mark.parametrize(
    "item",
    [
        *NONSENSE,
        {**BRIEF, "name": 5},
        {**BRIEF, "name": {"a": 1}},
        {**BRIEF, "tenant_id": ["p"]},
        {**BRIEF, "OS-EXT-AZ:availability_zone": {}},
        {**BRIEF, "metadata": [1]},
        {**BRIEF, "metadata": {"role": ["web"]}},
        {**BRIEF, "addresses": [1]},
        {**BRIEF, "addresses": {"net": 5}},
        {**BRIEF, "addresses": {"net": [{}]}},
        {**BRIEF, "addresses": {"net": [{"addr": None}]}},
        {**BRIEF, "addresses": {"net": [{"addr": 3232235777}]}},
        {**BRIEF, "accessIPv4": 3232235777},
        {**BRIEF, "accessIPv6": ["2001:db8::1"]},
        {**BRIEF, "addresses": addresses(("10.0.0.300", "fixed"))},
        {**BRIEF, "flavor": "m1.small"},
        {**BRIEF, "image": "i1"},
        {**BRIEF, "image": {"links": []}},
    ],
)
def test_servers_that_make_no_sense(item: Any) -> None:
    with pytest.raises(ServerError, match="an item of the list cannot be parsed"):
        records(server_record, [BRIEF, item], HERE)


@pytest.mark.parametrize(
    "item",
    [*NONSENSE, {"id": "i", "name": 5}, {"id": "i", "owner": {}}, {"id": "i", "tags": 5}, {"id": "i", "stores": ["a"]}],
)
def test_images_that_make_no_sense(item: Any) -> None:
    with pytest.raises(ServerError, match="an item of the list cannot be parsed"):
        records(image_record, [IMAGE, item], HERE)
