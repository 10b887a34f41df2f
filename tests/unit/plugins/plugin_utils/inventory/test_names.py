# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import random
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.names import Server
from tests.support.inventory_hosts import EAST, NORTH, SOUTH, inventory, names, of_keystone, server


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
            id="a server with the name of the long name of another",
        ),
        pytest.param(
            [
                server("web", "11111111-a"),
                server("web", "11111111-b"),
                server("web-11111111-a.north.alpha", "3"),
                server("11111111-a", "4"),
            ],
            [
                "11111111-a-7d39a132558da37b",
                "web-11111111-b.north.alpha",
                "web-11111111-a.north.alpha.north.alpha",
                "11111111-a.north.alpha",
            ],
            id="servers with the longest name and the id of another",
        ),
        pytest.param([server(None, "1"), server("", "2"), server("///", "3")], ["1", "2", "3"], id="no usable name"),
        pytest.param(
            [server("web", "1"), server("web", "2", Location("gamma"))],
            ["web.north.alpha", "web.gamma"],
            id="no region",
        ),
        pytest.param(
            [server("localhost", "1"), server("127.1", "2"), server("0", "3"), server("42", "4")],
            ["localhost.north.alpha", "127.1.north.alpha", "0.north.alpha", "42"],
            id="names that lead to the machine that runs Ansible",
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
        found = inventory(*servers, reserved=["all", "web"])
        assert len(set(names(found))) == len(servers)
        assert not {"all", "web"} & set(names(found))


def test_names_do_not_depend_on_the_order_of_the_servers() -> None:
    servers = [server("web", f"{number}", place) for number, place in enumerate([NORTH, NORTH, SOUTH, EAST])]
    forwards = {host.record["id"]: host.name for host in inventory(*servers).hosts}
    backwards = {host.record["id"]: host.name for host in inventory(*reversed(servers)).hosts}
    assert forwards == backwards


ONE, NINE = (of_keystone(server("x", number)) for number in "19")


@pytest.mark.parametrize(
    ("reserved", "others", "expected"),
    [
        pytest.param(["web"], {}, "web.north.alpha", id="a group"),
        pytest.param([], {"web": NINE}, "web.north.alpha", id="another server of another source"),
        pytest.param([], {"web": ONE}, "web", id="the same server by another source"),
        pytest.param([], {"other": ONE}, "other", id="the same server, under another name in another source"),
        pytest.param(["web"], {"web.north.alpha": NINE}, "web-1.north.alpha", id="the long name is reserved, too"),
        pytest.param(["db"], {"db2": NINE}, "web", id="something else"),
    ],
)
def test_reserved_names(reserved: list[str], others: dict[str, Server], expected: str) -> None:
    found = inventory(server("web", "1"), reserved=reserved, others=others)
    assert names(found) == [expected]
    assert found.hosts[0].name_alone == ("web.north.alpha" if "web" in reserved else "web")


@pytest.mark.parametrize("hostnames", [("name",), ("id",), ("name.region.cloud",)])
def test_servers_with_one_id_are_as_many_as_their_keystones_and_regions(hostnames: tuple[str, ...]) -> None:
    """A cloud may list the IDs of another one's servers, and give their names to what it lists."""
    victim = server("web", "1")
    thieves = [
        of_keystone(server("web", "1", EAST)),
        of_keystone(server("web", "1", SOUTH)),
        of_keystone(server("1", "1", Location("alpha", "north")), "https://thief"),
        of_keystone(server("web.north.alpha", "1", Location("beta", "west"))),
    ]
    found = inventory(victim, *thieves, hostnames=hostnames)
    assert len(found.hosts) == len({host.name for host in found.hosts}) == 5
    for order in (thieves, thieves[::-1]):
        again = inventory(*order, victim, hostnames=hostnames)
        assert {host.server.identity: host.name for host in again.hosts} == {
            host.server.identity: host.name for host in found.hosts
        }
    later = inventory(*thieves, others={"web": of_keystone(victim)}, hostnames=hostnames)
    assert "web" not in names(later)


def test_a_host_does_not_get_the_name_of_a_group_by_location() -> None:
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


def test_long_names_that_collide_fall_back_to_the_id() -> None:
    found = inventory(server("web", "1"), server("web", "2"), hostnames=("name.region.cloud",))
    assert names(found) == ["web-1.north.alpha", "web-2.north.alpha"]
