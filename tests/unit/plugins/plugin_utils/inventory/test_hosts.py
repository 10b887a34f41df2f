# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
import re
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import records as make_records
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import server_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.hosts import (
    NEEDED,
    Group,
    Inventory,
    Rules,
    address_of,
    host_name,
    make_inventory,
    slim,
)

NORTH = Location("alpha", "north", project=Project("p1", "demo"))
SOUTH = Location("alpha", "south", project=Project("p1", "demo"))
EAST = Location("beta", "east", project=Project("p2", "demo"))
HERE = {"private": [{"addr": "10.0.0.3", "version": 4, "OS-EXT-IPS:type": "fixed"}]}


def server(name: str | None, server_id: str, location: Location = NORTH, **fields: Any) -> dict[str, Any]:
    return server_record({"name": name, "id": server_id, "addresses": HERE, **fields}, location)


def safe(name: str) -> str:
    return re.sub(r"\W", "_", name)


def inventory(
    *records: dict[str, Any],
    taken: dict[str, str | None] | None = None,
    hostnames: tuple[str, ...] = ("name",),
    **rules: Any,
) -> Inventory:
    addresses = rules.pop("addresses", ("public_v4", "fixed_v4"))
    return make_inventory(records, Rules(hostnames, addresses, **rules), safe, taken or {})


def names(found: Inventory) -> list[str]:
    return [host.name for host in found.hosts]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([server("web", "1"), server("db", "2")], ["web", "db"], id="different"),
        pytest.param(
            [server("web", "1"), server("web", "2", EAST), server("db", "3")],
            ["web.north.alpha", "web.east.beta", "db"],
            id="same name in two regions",
        ),
        pytest.param(
            [server("web", "11111111-a"), server("web", "22222222-b"), server("web", "3", EAST)],
            ["web-11111111.north.alpha", "web-22222222.north.alpha", "web.east.beta"],
            id="same name in one region",
        ),
        pytest.param(
            [server("web", "11111111-a"), server("web", "11111111-b")],
            ["web-11111111-a.north.alpha", "web-11111111-b.north.alpha"],
            id="ids that begin alike",
        ),
        pytest.param(
            [server("web", "1"), server("web", "2", EAST), server("web.north.alpha", "3")],
            ["web-1.north.alpha", "web.east.beta", "web.north.alpha.north.alpha"],
            id="a server that is called like the long name of another",
        ),
        pytest.param(
            [
                server("web", "11111111-a"),
                server("web", "11111111-b"),
                server("web-11111111-a.north.alpha", "3"),
                server("11111111-a", "4"),
            ],
            [
                "11111111-a",
                "web-11111111-b.north.alpha",
                "web-11111111-a.north.alpha.north.alpha",
                "11111111-a.north.alpha",
            ],
            id="servers that are called like the longest name and the id of another",
        ),
        pytest.param([server(None, "1"), server("", "2"), server("///", "3")], ["1", "2", "3"], id="no usable name"),
        pytest.param(
            [server("web", "1"), server("web", "2", Location("gamma"))],
            ["web.north.alpha", "web.gamma"],
            id="no region",
        ),
        pytest.param(
            [server("a:b", "1"), server("a b", "2")],
            ["a-b-1.north.alpha", "a-b-2.north.alpha"],
            id="names that become the same",
        ),
    ],
)
def test_names(records: list[dict[str, Any]], expected: list[str]) -> None:
    assert names(inventory(*records)) == expected


def test_no_two_hosts_share_a_name_and_none_is_lost_whatever_servers_are_called() -> None:
    chance = random.Random(7)  # noqa: S311 - the same servers in every run
    words = ["web", "web.north.alpha", "web-a0", "web-a0.north.alpha", "a0", "a1", "a2.south.alpha", "all", "", "."]
    for _round in range(300):
        servers = [
            server(chance.choice(words), f"a{number}", chance.choice([NORTH, SOUTH, EAST, Location("alpha")]))
            for number in range(chance.randint(1, 12))
        ]
        found = inventory(*servers, taken={"all": None, "web": None})
        assert len(set(names(found))) == len(servers)
        assert not {"all", "web"} & set(names(found))


def test_names_do_not_depend_on_the_order_of_the_servers() -> None:
    servers = [server("web", f"{number}", place) for number, place in enumerate([NORTH, NORTH, SOUTH, EAST])]
    forwards = {host.record["id"]: host.name for host in inventory(*servers).hosts}
    backwards = {host.record["id"]: host.name for host in inventory(*reversed(servers)).hosts}
    assert forwards == backwards


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param({"web": None}, "web.north.alpha", id="a group"),
        pytest.param({"web": "9"}, "web.north.alpha", id="another server of another source"),
        pytest.param({"web": "1"}, "web", id="the same server by another source"),
        pytest.param({"other": "1"}, "other", id="the same server, called otherwise by another source"),
        pytest.param({"web": None, "web.north.alpha": "9"}, "web-1.north.alpha", id="long name taken, too"),
        pytest.param({"db": None}, "web", id="something else"),
    ],
)
def test_taken_names(taken: dict[str, str | None], expected: str) -> None:
    assert names(inventory(server("web", "1"), taken=taken)) == [expected]


def test_a_host_does_not_take_the_name_of_a_group_by_location() -> None:
    assert names(inventory(server("cloud_alpha", "1"))) == ["cloud_alpha.north.alpha"]
    assert names(inventory(server("cloud_alpha", "1"), location_groups=False)) == ["cloud_alpha"]


@pytest.mark.parametrize(
    ("hostnames", "expected"),
    [
        (("name",), "web"),
        (("id",), "1"),
        (("metadata.fqdn", "name"), "web.example.org"),
        (("metadata.missing", "name"), "web"),
        (("metadata.missing",), "1"),
        (("name.region.cloud",), "web.north.alpha"),
        (("floating_v4", "fixed_v4"), "10.0.0.3"),
        (("floating_v4",), "1"),
    ],
)
def test_hostnames(hostnames: tuple[str, ...], expected: str) -> None:
    record = server("web", "1", metadata={"fqdn": "web.example.org"})
    assert names(inventory(record, hostnames=hostnames)) == [expected]


def test_hosts_that_share_an_address_get_long_names() -> None:
    found = inventory(server("a", "1"), server("b", "2", EAST), hostnames=("fixed_v4",))
    assert names(found) == ["10.0.0.3.north.alpha", "10.0.0.3.east.beta"]


def test_long_names_that_collide_go_on_to_the_id() -> None:
    found = inventory(server("web", "1"), server("web", "2"), hostnames=("name.region.cloud",))
    assert names(found) == ["web-1.north.alpha", "web-2.north.alpha"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("web-01.example.org", "web-01.example.org"),
        ("web_01", "web_01"),
        ("a,b", "a-b"),
        ("a:b", "a-b"),
        ("web[1:3]", "web-1-3"),
        ("!web", "web"),
        ("&web*?", "web"),
        ("~web", "web"),
        ("-oProxyCommand=id", "oProxyCommand-id"),
        ("{{ lookup('pipe', 'id') }}", "lookup-pipe-id"),
        ("a b\tc\nd", "a-b-c-d"),
        ("Zürich", "Zürich"),
        ("...", ""),
        (None, ""),
    ],
)
def test_host_name(text: str | None, expected: str) -> None:
    assert host_name(text) == expected


PORTS = {
    "mgmt": [
        {"addr": "fd00::9", "version": 6, "OS-EXT-IPS:type": "fixed"},
        {"addr": "10.9.0.9", "version": 4, "OS-EXT-IPS:type": "fixed"},
    ],
    "private": [
        {"addr": "10.0.0.3", "version": 4, "OS-EXT-IPS:type": "fixed"},
        {"addr": "172.24.4.7", "version": 4, "OS-EXT-IPS:type": "floating"},
    ],
    "v6only": [{"addr": "2001:db8::5", "version": 6, "OS-EXT-IPS:type": "fixed"}],
    "floats": [{"addr": "172.24.4.8", "version": 4, "OS-EXT-IPS:type": "floating"}],
    "global": [{"addr": "2606:4700::1", "version": 6, "OS-EXT-IPS:type": "fixed"}],
}


@pytest.mark.parametrize(
    ("preference", "expected"),
    [
        (["floating_v4"], "172.24.4.7"),
        (["floating_v6"], None),
        (["fixed_v4"], "10.9.0.9"),
        (["fixed_v6"], "fd00::9"),
        (["public_v4"], "172.24.4.7"),
        (["public_v6"], "2606:4700::1"),
        (["private_v4"], "10.9.0.9"),
        (["private_v6"], "fd00::9"),
        (["access_v4"], "192.0.2.1"),
        (["access_v6"], None),
        (["network:private"], "10.0.0.3"),
        (["network:mgmt"], "10.9.0.9"),
        (["network:v6only"], "2001:db8::5"),
        (["network:floats"], "172.24.4.8"),
        (["network:none"], None),
        (["name"], "web"),
        (["network:none", "floating_v6", "fixed_v4"], "10.9.0.9"),
    ],
)
def test_addresses(preference: list[str], expected: str | None) -> None:
    assert address_of(server("web", "1", addresses=PORTS, accessIPv4="192.0.2.1"), preference) == expected


@pytest.mark.parametrize("access", ["-oProxyCommand=id", "{{ 1 }}", "10.0.0.3; id", "fe80::1%-o"])
def test_an_access_address_that_is_none_is_passed_over(access: str) -> None:
    record = server("web", "1", accessIPv4=access, accessIPv6=access)
    assert address_of(record, ["access_v4", "access_v6", "fixed_v4"]) == "10.0.0.3"


def test_an_address_with_a_scope_is_passed_over() -> None:
    ports = {"private": [{"addr": "fe80::1%x;id", "version": 6, "OS-EXT-IPS:type": "fixed"}]}
    assert address_of(server("web", "1", addresses=ports), ["fixed_v6", "private_v6", "network:private"]) is None


def test_servers_without_an_address_are_left_out_and_counted_unless_all_are_wanted() -> None:
    servers = [server("web", "1"), server("new", "2", addresses={})]
    found = inventory(*servers)
    assert (names(found), found.left_out) == (["web"], 1)
    found = inventory(*servers, show_all=True)
    assert (names(found), found.left_out) == (["web", "new"], 0)
    assert [host.address for host in found.hosts] == ["10.0.0.3", None]


def test_a_server_seen_twice_is_one_host_the_first() -> None:
    twin = server("web", "1", Location("alpha-admin", "north"))
    found = inventory(server("web", "1"), server("db", "2"), twin)
    assert names(found) == ["web", "db"]
    assert found.hosts[0].record["location"]["cloud"] == "alpha"


def test_groups_are_nested_and_parents_come_first() -> None:
    zoned: dict[str, Any] = {"OS-EXT-AZ:availability_zone": "nova"}
    found = inventory(server("a", "1", **zoned), server("b", "2", SOUTH), server("c", "3", Location("gamma"), **zoned))
    assert found.groups == (
        Group("cloud_alpha"),
        Group("cloud_gamma"),
        Group("project_alpha_demo", "cloud_alpha"),
        Group("region_alpha_north", "cloud_alpha"),
        Group("region_alpha_south", "cloud_alpha"),
        Group("zone_gamma_nova", "cloud_gamma"),
        Group("zone_alpha_north_nova", "region_alpha_north"),
    )
    assert [host.groups for host in found.hosts] == [
        ("zone_alpha_north_nova", "project_alpha_demo"),
        ("region_alpha_south", "project_alpha_demo"),
        ("zone_gamma_nova",),
    ]


def test_groups_can_be_turned_off() -> None:
    found = inventory(server("a", "1"), location_groups=False)
    assert found.groups == ()
    assert found.hosts[0].groups == ()


def test_groups_whose_safe_names_are_the_same_are_told_apart_by_a_suffix_of_their_own() -> None:
    dashed, spaced, other = Location("eu-west", "1"), Location("eu.west", "1"), Location("other", "1")
    found = inventory(server("a", "1", dashed), server("b", "2", spaced), server("c", "3", other))
    clouds = [group.name for group in found.groups if group.parent is None]
    assert "cloud_other" in clouds
    assert len({name for name in clouds if re.fullmatch(r"cloud_eu_west_[0-9a-f]{6}", name)}) == 2
    again = inventory(server("c", "3", other), server("b", "2", spaced), server("a", "1", dashed))
    assert again.groups == found.groups
    regions = {group.name: group.parent for group in found.groups if group.name.startswith("region_eu")}
    assert len(regions) == 2
    assert set(regions.values()) == set(clouds) - {"cloud_other"}


def test_projects_of_one_name_are_told_apart_and_one_without_a_name_is_called_by_its_id() -> None:
    first, second = (Location("alpha", project=Project(project, "demo")) for project in ("p1", "p2"))
    third = Location("alpha", project=Project("p3"))
    found = inventory(server("a", "1", first), server("b", "2", second), server("c", "3", third))
    projects = [group.name for group in found.groups if group.name.startswith("project_")]
    assert len(projects) == len(set(projects)) == 3
    assert "project_alpha_p3" in projects


@pytest.mark.parametrize(
    ("hostnames", "addresses", "words"),
    [
        (("nmae",), ("fixed_v4",), ["hostnames", "nmae", "metadata.KEY"]),
        (("metadata.",), ("fixed_v4",), ["hostnames", "metadata."]),
        (("network:a",), ("fixed_v4",), ["hostnames", "network:a"]),
        ((), ("fixed_v4",), ["hostnames", "empty"]),
        (("name",), ("fixed",), ["addresses", "'fixed'", "fixed_v4", "network:NAME"]),
        (("name",), (), ["addresses", "empty"]),
    ],
)
def test_unknown_preferences_are_refused(
    hostnames: tuple[str, ...], addresses: tuple[str, ...], words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        Rules(hostnames, addresses)
    told = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in words if word not in told] == []


FLAVOR = {"original_name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20, "swap": 0, "extra_specs": {"a": "b"}}


def test_what_a_slim_record_has_stands_where_it_stands_in_the_whole_record() -> None:
    whole = server(
        "web", "1", status="ACTIVE", flavor=FLAVOR, metadata={"role": "web"}, tags=["blue"], image={"id": "i"}
    )
    part = slim(whole)
    assert {key: part[key] for key in part if key != "flavor"} == {key: whole[key] for key in part if key != "flavor"}
    assert part["flavor"] == {"id": None, "name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20}
    assert part["flavor"].items() <= whole["flavor"].items()


@pytest.mark.parametrize(
    "preference", ["name", "floating_v4", "fixed_v4", "public_v4", "private_v6", "access_v6", "network:private"]
)
def test_the_needed_fields_are_all_that_slim_hosts_take(preference: str) -> None:
    fields = {"name": "web", "id": "1", "addresses": HERE, "accessIPv6": "2001:db8::1", "flavor": FLAVOR}
    (whole,), (needed,) = (make_records(server_record, [fields], NORTH, fields=some) for some in (None, NEEDED))
    hosts = [inventory(record, addresses=(preference,), show_all=True).hosts[0] for record in (whole, needed)]
    assert hosts[0].record != hosts[1].record
    assert (hosts[0].name, hosts[0].address, hosts[0].groups) == (hosts[1].name, hosts[1].address, hosts[1].groups)
    assert slim(hosts[0].record) == slim(hosts[1].record)
