# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of modules for one type of resource: names in place of IDs, and errors in the words of the options."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    Door,
    ListDoor,
    Option,
    reference,
    references,
    values_of,
)

WEB = {"name": "web"}
AT = {"subnet": reference("subnet_id"), "ip_address": Option()}


@pytest.mark.parametrize(
    ("option", "given", "value"),
    [
        (reference("network_id"), "web", WEB),
        (reference("network_id"), 7, {"name": 7}),
        (reference("network_id"), {"id": "4d8d"}, "4d8d"),
        (reference("network_id"), {**WEB, "project_id": "5bd0"}, {**WEB, "project_id": "5bd0"}),
        (reference("object_id", "network.network"), "web", {**WEB, "type": "network.network"}),
        (references("interfaces"), ["web", {"id": "4d8d"}], [WEB, "4d8d"]),
        (references("interfaces"), [], []),
        (references("interfaces", described=AT), [{"subnet": "web"}], [{"subnet_id": WEB}]),
        (
            references("interfaces", described=AT),
            ["web", {"subnet": "web", "ip_address": "10.9.0.9", "x": 1}],
            [WEB, {"subnet_id": WEB, "ip_address": "10.9.0.9", "x": 1}],
        ),
        (Option(nullable=True), "", None),
        (Option(), "", ""),
        (Option("list", elements="str"), ["a"], ["a"]),
        (
            Option("list", elements="dict", options={"subnet": reference("subnet_id"), "ip_address": Option()}),
            [{"subnet": "web", "ip_address": None}],
            [{"subnet_id": WEB}],
        ),
    ],
)
def test_an_option_becomes_an_attribute(option: Option, given: Any, value: Any) -> None:
    assert option.value(given) == value


def test_what_is_omitted_is_no_attribute_and_dots_lead_into_one() -> None:
    options = {
        "network": reference("gateway.network_id"),
        "enable_snat": Option("bool", "gateway.enable_snat"),
        "description": Option(),
    }
    given = {"network": "public", "enable_snat": False, "description": None}
    assert values_of(options, given) == {"gateway": {"network_id": {"name": "public"}, "enable_snat": False}}


def test_without_what_it_consists_of_an_attribute_is_empty() -> None:
    options = {"network": reference("gateway.network_id", nullable=True), "description": Option()}
    assert values_of(options, {"network": "", "description": "x"}) == {"gateway": {}, "description": "x"}


STATE = {"state": "present", "name": "web", "id": None, "replace": False}
SUBNET = Door("network.subnet", "subnet", {"network": reference("network_id"), "cidr": Option()})


def test_a_door_is_what_is_wanted() -> None:
    wanted = SUBNET.wanted({**STATE, "network": "web", "cidr": "10.9.0.0/24"})
    assert (wanted.kind.name, wanted.name, wanted.state) == ("network.subnet", "web", "present")
    assert wanted.attributes == {"network_id": WEB, "cidr": "10.9.0.0/24"}


def test_a_secret_is_no_attribute_and_a_field_is_neither() -> None:
    door = Door(
        "identity.user",
        "user",
        {"password": Option(secret=True), "update_password": Option("bool", wanted="update_secrets")},
    )
    wanted = door.wanted({**STATE, "password": "s3cret", "update_password": True})
    assert (wanted.attributes, wanted.secrets, wanted.update_secrets) == ({}, {"password": "s3cret"}, True)
    assert door.spec.options["password"]["no_log"] is True


def test_an_error_names_the_option() -> None:
    with pytest.raises(InputError) as raised:
        SUBNET.wanted({**STATE, "network": {"nmae": "web"}, "cidr": None})
    assert raised.value.message.startswith("network must be an ID, or a reference by name")


@pytest.mark.parametrize("given", ["", True, {"name": ""}])
def test_what_is_no_name_is_not_looked_for(given: Any) -> None:
    with pytest.raises(InputError, match=r"^network refers to .+, which is not a name"):
        SUBNET.wanted({**STATE, "network": given, "cidr": None})


@pytest.mark.parametrize("waits", [False, True])
def test_only_what_takes_a_while_is_awaited(waits: bool) -> None:  # noqa: FBT001
    assert ("wait_timeout" in Door("block_storage.volume", "volume", {}, waits=waits).spec.options) is waits


def test_what_stands_in_the_path_is_told_from_filters() -> None:
    query = {"id": None, "filters": {"type": "A"}, "fields": None, "all_projects": False}
    door = ListDoor("dns.recordset", "recordsets", {"zone": reference("zone_id")})
    listing = door.listing({**query, "name": None, "zone": "example.org."})
    assert (listing.query.parents, listing.query.filters) == ({"zone_id": {"name": "example.org."}}, {"type": "A"})
    ports = ListDoor("network.port", "ports", {"network": reference("network_id")})
    listing = ports.listing({**query, "name": "a", "network": "web"})
    assert (listing.query.parents, listing.query.filters) == ({}, {"type": "A", "network_id": WEB})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"network": {"nmae": "web"}}, "network must be an ID"),
        ({"network": ""}, "network refers to '', which is not a name"),
        ({"filters": {"network_id": {"nmae": "web"}}}, "filters: network_id must be an ID"),
        ({"network": "web", "filters": {"device_id": {"name": "a"}}}, "filters: what device_id refers to"),
    ],
)
def test_an_error_about_what_is_listed_names_the_option(given: dict[str, Any], said: str) -> None:
    ports = ListDoor("network.port", "ports", {"network": reference("network_id")})
    none = {"name": None, "id": None, "filters": None, "fields": None, "all_projects": False, "network": None}
    with pytest.raises(InputError) as raised:
        ports.listing({**none, **given})
    assert raised.value.message.startswith(said)


def test_an_error_names_the_first_option_of_an_attribute() -> None:
    options = {"rules": Option("list", "rules.rules"), "directions": Option("list", "rules.directions")}
    with pytest.raises(InputError, match=r"^rules of network\.security_group must be"):
        Door("network.security_group", "group", options).wanted({**STATE, "rules": [], "directions": ["in"]})
