# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users may write."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import (
    AUTO,
    BootVolume,
    Nic,
    WantedServer,
    check_wanted,
    floating,
    nic,
    reference,
    references,
)


@pytest.mark.parametrize(
    ("value", "means"),
    [
        ("m1", {"name": "m1"}),
        ({"name": "m1"}, {"name": "m1"}),
        ({"name": "m1", "project_id": "p"}, {"name": "m1", "project_id": "p"}),
        ({"id": "x"}, {"id": "x"}),
        (2024, {"name": "2024"}),
        ({"name": 2024, "domain_id": "d"}, {"name": "2024", "domain_id": "d"}),
        ({"name": 7.5}, {"name": "7.5"}),
        ({"id": 0}, {"id": "0"}),
    ],
)
def test_references(value: Any, means: dict[str, str]) -> None:
    assert reference("flavor", value) == means
    assert references("volumes", [value]) == (means,)
    assert nic(value) == Nic(network=means)
    assert floating(value) == means


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        True,
        {},
        {"id": ""},
        {"id": False},
        {"id": 3, "name": 3},
        {"name": "a", "id": "b"},
        ["a"],
        {"name": {}},
    ],
)
def test_what_is_no_reference(value: Any) -> None:
    with pytest.raises(InputError, match=r"flavor: .* is neither a name nor a reference"):
        reference("flavor", value)


def test_networks() -> None:
    assert nic({"network": "a", "fixed_ip": "10.0.0.1"}) == Nic(network={"name": "a"}, fixed_ip="10.0.0.1")
    assert nic({"port": {"id": "x"}}) == Nic(port={"id": "x"})
    assert references("volumes", None) is None


@pytest.mark.parametrize(
    "value",
    [
        {"fixed_ip": "10.0.0.1"},
        {"network": "a", "port": "b"},
        {"network": "a", "fixed_ip": "ten"},
        {"port": "b", "fixed_ip": "10.0.0.1"},
        {"network": "a", "subnet": "b"},
    ],
)
def test_what_is_no_network(value: Any) -> None:
    with pytest.raises(InputError, match="networks"):
        nic(value)


@pytest.mark.parametrize("value", [AUTO, "203.0.113.7", "2001:db8::1"])
def test_floating_ips_that_are_no_networks(value: str) -> None:
    assert floating(value) == value


def test_names() -> None:
    assert WantedServer("web").names == ("web",)
    assert WantedServer("web", count=2).names == ("web-1", "web-2")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": ""}, "name: must have 1 to 255"),
        ({"name": "a" * 254, "count": 10}, "name: must have 1 to 255"),
        ({"name": " web"}, "spaces"),
        ({"count": 0}, "count: must be at least 1"),
        ({"ram": -1}, "ram: must not be negative"),
        ({"metadata": {"a/b": "x"}}, "metadata: 'a/b' cannot be stored"),
        ({"metadata": {"a": "x" * 256}}, "metadata: 'a' cannot be stored"),
        ({"metadata": {KEY: "x"}}, "the collection's own"),
        ({"tags": ("a,b",)}, "tags: 'a,b'"),
        ({"tags": ("a" * 61,)}, "tags: "),
        ({"state": "rebuilt"}, "image: state: rebuilt needs it"),
        ({"boot_volume": BootVolume(0)}, "boot_volume.size"),
        ({"wait": False, "resize": True}, "resize: needs wait"),
        ({"wait": False, "floating_ip": AUTO}, "floating_ip: needs wait"),
        ({"count": 2, "volumes": ({"name": "a"},)}, "volumes: cannot be shared by 2"),
        ({"count": 2, "networks": (Nic(port={"name": "a"}),)}, "networks: port: cannot be shared"),
        (
            {"count": 2, "networks": (Nic(network={"name": "a"}, fixed_ip="10.0.0.1"),)},
            "networks: fixed_ip: cannot be shared",
        ),
        ({"count": 2, "floating_ip": "203.0.113.7"}, "floating_ip: cannot be shared"),
    ],
)
def test_what_no_cloud_could_do(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_wanted(WantedServer(**{"name": "web", **options}))


def test_what_clouds_can_do() -> None:
    check_wanted(WantedServer("web", count=2, floating_ip=AUTO, metadata={"a b": None}, tags=("x",), wait_timeout=1.0))
    check_wanted(WantedServer("web", count=1, volumes=({"name": "a"},), floating_ip="203.0.113.7"))
