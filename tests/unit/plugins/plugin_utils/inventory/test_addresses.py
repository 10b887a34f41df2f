# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.addresses import (
    connection_address,
    host_name,
)
from tests.support.inventory_hosts import server

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
    assert connection_address(server("web", "1", addresses=PORTS, accessIPv4="192.0.2.1"), preference) == expected


@pytest.mark.parametrize("access", ["-oProxyCommand=id", "{{ 1 }}", "10.0.0.3; id", "fe80::1%-o"])
def test_an_invalid_access_address_is_skipped(access: str) -> None:
    record = server("web", "1", accessIPv4=access, accessIPv6=access)
    assert connection_address(record, ["access_v4", "access_v6", "fixed_v4"]) == "10.0.0.3"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",  # noqa: S104 - no socket is bound to it
        "0.1.2.3",
        "224.0.0.1",
        "::1",
        "0:0:0:0:0:0:0:1",
        "::",
        "ff02::1",
        "::ffff:127.0.0.1",
    ],
)
def test_an_address_that_leads_to_the_controller_or_to_many_is_skipped(address: str) -> None:
    """A cloud could have tasks for its servers run on the machine that runs Ansible."""
    ports = {"net": [{"addr": address, "OS-EXT-IPS:type": kind} for kind in ("floating", "fixed")]}
    record = server("web", "1", addresses=ports, accessIPv4=address, accessIPv6=address)
    everything = [
        f"{kind}_v{version}" for kind in ("floating", "public", "fixed", "private", "access") for version in "46"
    ]
    assert connection_address(record, [*everything, "network:net"]) is None


@pytest.mark.parametrize(
    "name",
    ["localhost", "LocalHost.", "localhost.localdomain", "localhost4", "a.localhost", "ip6-localhost", "ip6-loopback",
     "127.0.0.1", "127.1", "0x7f.1", "2130706433", "0", "0x0"],
)  # fmt: skip
def test_a_name_that_leads_to_the_controller_is_skipped(name: str) -> None:
    assert connection_address(server(name, "1"), ["name"]) is None
    assert connection_address(server(name, "1"), ["name", "fixed_v4"]) == "10.0.0.3"


@pytest.mark.parametrize("name", ["web", "localhostess", "web-localhost", "10.0.0.9", "wéb", "42"])
def test_other_names_are_addresses(name: str) -> None:
    assert connection_address(server(name, "1"), ["name"]) == name


@pytest.mark.parametrize("access", ["2130706433", "cafe", "dead.beef", "10.0.0.300", "1.2.3", "1::2::3"])
def test_an_access_address_that_only_looks_like_one_is_skipped(access: str) -> None:
    """The first one is 127.0.0.1 to many programs, others are names of hosts."""
    record = server("web", "1", accessIPv4=access, accessIPv6=access)
    assert connection_address(record, ["access_v4", "access_v6", "fixed_v4"]) == "10.0.0.3"


def test_an_address_with_a_scope_is_skipped() -> None:
    ports = {"private": [{"addr": "fe80::1%x;id", "version": 6, "OS-EXT-IPS:type": "fixed"}]}
    record = server("web", "1", addresses=ports)
    assert connection_address(record, ["fixed_v6", "private_v6", "network:private"]) is None


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
