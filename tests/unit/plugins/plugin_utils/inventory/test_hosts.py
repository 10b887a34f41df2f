# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import records as make_records
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import server_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.hosts import NEEDED_FIELDS, Rules, slim
from tests.support.inventory_hosts import ADDRESSES, NORTH, inventory, names, server


def test_several_records_of_a_server_make_one_host_of_the_first() -> None:
    twin = server("web", "1", Location("alpha-admin", "north"))
    found = inventory(server("web", "1"), server("db", "2"), twin)
    assert names(found) == ["web", "db"]
    assert found.hosts[0].record["location"]["cloud"] == "alpha"


def test_servers_without_an_address_are_skipped_and_counted_unless_all_are_wanted() -> None:
    servers = [server("web", "1"), server("new", "2", addresses={})]
    found = inventory(*servers)
    assert (names(found), found.skipped) == (["web"], 1)
    found = inventory(*servers, show_all=True)
    assert (names(found), found.skipped) == (["web", "new"], 0)
    assert [host.address for host in found.hosts] == ["10.0.0.3", None]


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
def test_unknown_preferences_are_rejected(
    hostnames: tuple[str, ...], addresses: tuple[str, ...], words: list[str]
) -> None:
    with pytest.raises(InputError) as caught:
        Rules(hostnames, addresses)
    message = f"{caught.value.message} {caught.value.hint}"
    assert [word for word in words if word not in message] == []


FLAVOR = {"original_name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20, "swap": 0, "extra_specs": {"a": "b"}}


def test_a_slim_record_keeps_its_values_under_the_keys_of_the_whole_record() -> None:
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
def test_the_needed_fields_are_all_that_hosts_with_slim_variables_use(preference: str) -> None:
    fields = {"name": "web", "id": "1", "addresses": ADDRESSES, "accessIPv6": "2001:db8::1", "flavor": FLAVOR}
    (whole,), (needed,) = (make_records(server_record, [fields], NORTH, fields=some) for some in (None, NEEDED_FIELDS))
    hosts = [inventory(record, addresses=(preference,), show_all=True).hosts[0] for record in (whole, needed)]
    assert hosts[0].record != hosts[1].record
    assert (hosts[0].name, hosts[0].address, hosts[0].groups) == (hosts[1].name, hosts[1].address, hosts[1].groups)
    assert slim(hosts[0].record) == slim(hosts[1].record)
