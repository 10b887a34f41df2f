# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which floating IPs options mean, and which are in use; requests are tested with the module."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.floating_ips import (
    FloatingIps,
    age,
    attached_or_not,
    is_unattached,
    wanted_floating_ips,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.listing import Listing

NONE: dict[str, Any] = {
    "state": "present",
    "reuse": False,
    "unattached": False,
    **dict.fromkeys(
        (
            "network", "floating_ip_address", "server", "port", "fixed_address", "count", "older_than", "description",
            "tags",
        )
    ),
}  # fmt: skip
PUBLIC = {"name": "public"}


@pytest.mark.parametrize(
    ("params", "wanted"),
    [
        ({"floating_ip_address": "203.0.113.9", "tags": []}, {"address": "203.0.113.9", "attributes": {"tags": []}}),
        ({"floating_ip_address": "203.0.113.9", "port": ""}, {"address": "203.0.113.9", "detached": True}),
        ({"server": "web"}, {"server": {"name": "web", "type": "compute.server"}}),
        ({"server": {"id": "4d8d"}}, {"server": "4d8d"}),
        ({"port": "web", "network": "public"}, {"port": {"name": "web"}, "network": PUBLIC}),
        ({"count": 2, "network": "public"}, {"count": 2, "network": PUBLIC}),
        ({"state": "absent", "unattached": True}, {"state": "absent", "older_than": timedelta(0)}),
        (
            {"state": "absent", "unattached": True, "older_than": "1h"},
            {"state": "absent", "older_than": timedelta(hours=1)},
        ),
    ],
)
def test_what_options_mean(params: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert wanted_floating_ips({**NONE, **params}) == FloatingIps(**wanted)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "give one of them"),
        ({"network": "public"}, "give one of them"),
        ({"floating_ip_address": "", "fixed_address": ""}, "give one of them"),
        ({"server": "web", "count": 2, "network": "public"}, "give one of them"),
        ({"server": "web", "unattached": True, "state": "absent"}, "give one of them"),
        ({"count": 2}, "count: requires network"),
        ({"count": -1, "network": "public"}, "count: requires network"),
        ({"count": 1, "network": "public", "state": "absent"}, "count: requires network"),
        ({"unattached": True}, "unattached: requires state: absent"),
        ({"older_than": "1h", "server": "web", "state": "absent"}, "older_than: requires unattached"),
        ({"older_than": "soon", "unattached": True, "state": "absent"}, "older_than: 'soon' is not a duration"),
        ({"port": ""}, "give one of them"),
        ({"port": "", "count": 1, "network": "public"}, "port: an empty text detaches"),
        ({"floating_ip_address": "203.0.113.9", "fixed_address": "10.0.0.9"}, "fixed_address: requires server or port"),
        ({"server": {"nmae": "web"}}, "server must be an ID, or a reference"),
    ],
)
def test_what_means_nothing(params: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        wanted_floating_ips({**NONE, **params})


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), (" 2 m", 120), ("1h", 3600), ("7D", 604800)]
)  # fmt: skip
def test_ages(text: str, seconds: int) -> None:
    assert age(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("item", "free"),
    [
        ({"port_id": None}, True),
        ({"port_id": None, "port_forwardings": []}, True),
        ({"port_id": "p"}, False),
        ({"port_id": None, "port_forwardings": [{"external_port": 80}]}, False),
        ({"port_id": None, "router_id": "r"}, False),
    ],
)
def test_what_is_in_use(item: dict[str, Any], free: bool) -> None:  # noqa: FBT001
    assert is_unattached(item) is free
    listing = Listing(kind_of("network.floating_ip"))
    assert attached_or_not(listing, None) is listing
    assert attached_or_not(listing, unattached=True).keep(item) is free
    assert attached_or_not(listing, unattached=False).keep(item) is not free
