# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes with requests of their own: which are sent, in which order, and which are not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import parts
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.parts import (
    ResourcePart,
    asking,
    check_part,
    part_of,
    part_shown,
    parts_of,
)
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import connect


def found(name: str, attribute: str) -> ResourcePart:
    part = part_of(kind_of(name), attribute)
    assert part
    return part


class Recorder:
    """Answers requests of parts with what was prepared, and remembers them."""

    def __init__(self, answer: Any = None) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self._answer = answer

    def __call__(self, method: str, path: str, json: Any = None) -> Any:
        self.sent.append((method, path, json))
        return self._answer


def test_the_types_of_parts_exist() -> None:
    assert {name for name, _attribute in parts._PARTS} | parts._TAGGED.keys() <= set(kinds())
    assert all("tags" in kind_of(name).keys for name in parts._TAGGED)
    assert parts_of(kind_of("network.router")) == ["interfaces", "routes", "tags"]
    assert parts_of(kind_of("load_balancer.pool")) == []
    assert part_of(kind_of("network.network"), "name") is None


@pytest.mark.parametrize(
    ("have", "want", "requests"),
    [
        ({}, {"a": 1}, [("POST", "/flavors/f/os-extra_specs", {"extra_specs": {"a": "1"}})]),
        ({"a": "1", "b": "2"}, {"a": 1}, []),
        ({"a": "1"}, {"a": None, "b": None}, [("DELETE", "/flavors/f/os-extra_specs/a", None)]),
        (
            {"x:y/z": "1", "a": "1"},
            {"x:y/z": None, "a": True},
            [
                ("POST", "/flavors/f/os-extra_specs", {"extra_specs": {"a": "True"}}),
                ("DELETE", "/flavors/f/os-extra_specs/x%3Ay%2Fz", None),
            ],
        ),
    ],
)
def test_extra_specs_are_texts_and_null_removes_a_key(
    have: dict[str, str], want: dict[str, Any], requests: list[Any]
) -> None:
    part, ask = found("compute.flavor", "extra_specs"), Recorder()
    assert part.differs(have, want) is bool(requests)
    part.write(ask, "f", have, want)
    assert ask.sent == requests


def test_specs_of_volumes_stand_beside_the_name() -> None:
    part, ask = found("block_storage.qos_spec", "specs"), Recorder()
    have = {"a": "1", "b": "2", "c": "3"}
    want = {"a": 1, "b": 3, "c": None}
    assert part.differs(have, want)
    assert not part.differs(have, {"a": 1, "d": None})
    part.write(ask, "q", have, want)
    assert ask.sent == [
        ("PUT", "/qos-specs/q", {"qos_specs": {"b": "3"}}),
        ("PUT", "/qos-specs/q/delete_keys", {"keys": ["c"]}),
    ]


def test_extra_specs_that_the_list_shows_cost_no_request() -> None:
    part, ask = found("compute.flavor", "extra_specs"), Recorder({"extra_specs": {"b": "2"}})
    assert part.read(ask, "f", {"extra_specs": {"a": "1"}}) == {"a": "1"}
    assert ask.sent == []
    assert part.read(ask, "f", {}) == {"b": "2"}


def test_access_is_that_of_private_flavors() -> None:
    part, ask = found("compute.flavor", "access"), Recorder({"flavor_access": [{"tenant_id": "b"}, {"tenant_id": "a"}]})
    assert part.read(ask, "f", {"os-flavor-access:is_public": True}) == []
    assert ask.sent == []
    assert part.read(ask, "f", {"os-flavor-access:is_public": False}) == ["a", "b"]


def test_sets_grow_before_they_shrink() -> None:
    part, ask = found("compute.aggregate", "hosts"), Recorder()
    assert not part.differs(["a", "b"], ["b", "a", "a"])
    part.write(ask, "7", ["a", "b"], ["b", "c"])
    assert ask.sent == [
        ("POST", "/os-aggregates/7/action", {"add_host": {"host": "c"}}),
        ("POST", "/os-aggregates/7/action", {"remove_host": {"host": "a"}}),
    ]


def interface(subnet: str, address: str = "10.0.0.1") -> dict[str, str]:
    return {"subnet_id": subnet, "ip_address": address}


PORT_MADE: dict[str, Any] = {"ports": [], "subnet": {"network_id": "n"}, "port": {"id": "p"}}


@pytest.mark.parametrize(
    ("want", "requests"),
    [
        (["b", "a", "a"], []),
        ([{"subnet_id": "a"}, interface("b")], []),
        (["a", "c"], [("add", {"subnet_id": "c"}), ("remove", {"subnet_id": "b"})]),
        (["a", interface("b", "10.0.0.9")], [("remove", {"subnet_id": "b"}), ("add", {"port_id": "p"})]),
        ([], [("remove", {"subnet_id": "a"}), ("remove", {"subnet_id": "b"})]),
    ],
)
def test_subnets_are_connected_before_others_are_disconnected(
    want: list[Any], requests: list[tuple[str, dict[str, str]]]
) -> None:
    part, ask = found("network.router", "interfaces"), Recorder(PORT_MADE)
    have = [interface("a"), interface("b")]
    assert part.differs(have, want) is bool(requests)
    part.write(ask, "r", have, want)
    assert [sent for sent in ask.sent if sent[0] == "PUT"] == [
        ("PUT", f"/routers/r/{action}_router_interface", body) for action, body in requests
    ]


def test_an_address_of_its_own_takes_a_port() -> None:
    part, ask = found("network.router", "interfaces"), Recorder(PORT_MADE)
    part.write(ask, "r", [], [interface("a", "10.0.0.9")])
    mark = "oaktree.multicloud: made for router r"
    port = {"network_id": "n", "fixed_ips": [interface("a", "10.0.0.9")], "description": mark}
    assert ("POST", "/ports", {"port": {**port, "device_owner": "network:router_interface"}}) in ask.sent


def test_in_a_network_of_others_the_port_says_nothing_of_what_it_is_for() -> None:
    def ask(method: str, path: str, json: Any = None) -> Any:
        sent.append((method, path, json))
        if "device_owner" in str(json):
            raise RefusedError("no", status=403)
        return PORT_MADE

    sent: list[Any] = []
    found("network.router", "interfaces").write(ask, "r", [], [interface("a", "10.0.0.9")])
    assert [(method, path) for method, path, _json in sent] == [
        ("GET", "/ports?description=oaktree.multicloud%3A%20made%20for%20router%20r"), ("GET", "/subnets/a"),
        ("POST", "/ports"), ("POST", "/ports"), ("PUT", "/routers/r/add_router_interface"),
    ]  # fmt: skip


def test_of_a_port_with_several_addresses_that_of_ipv4_goes_last() -> None:
    part, ask = found("network.router", "interfaces"), Recorder()
    part.write(ask, "r", [interface("a"), interface("b", "fd00::1")], [])
    assert [json["subnet_id"] for _method, _path, json in ask.sent] == ["b", "a"]


def test_a_port_that_is_not_connected_is_removed() -> None:
    def ask(method: str, path: str, json: Any = None) -> Any:
        sent.append(f"{method} {path}")
        if method == "PUT":
            raise RefusedError("no", status=400)
        return PORT_MADE if json or method == "GET" else {}

    sent: list[str] = []
    with pytest.raises(RefusedError):
        found("network.router", "interfaces").write(ask, "r", [], [interface("a", "10.0.0.9")])
    assert sent[-1] == "DELETE /ports/p"


def test_a_difference_of_interfaces_shows_addresses_where_they_are_wanted() -> None:
    have = [interface("a"), interface("b")]
    shown = part_shown(kind_of("network.router"), "interfaces", have, ["a", interface("b", "10.0.0.9")])
    assert shown == ["a", interface("b")]


def test_what_is_left_out_of_the_options_for_dhcp_is_removed() -> None:
    part, ask = found("network.port", "extra_dhcp_opts"), Recorder()
    have = [{"opt_name": name, "opt_value": "x", "ip_version": 4} for name in ("a", "b")]
    want = [{"opt_name": "a", "opt_value": "x"}]
    assert part.differs(have, want)
    assert not part.differs(have[:1], want)
    part.write(ask, "p", have, want)
    ((_method, _path, sent),) = ask.sent
    assert sent == {"port": {"extra_dhcp_opts": [*want, {"opt_name": "b", "opt_value": None}]}}


def test_the_interfaces_of_a_router_are_ports() -> None:
    ports = [
        {"device_owner": "network:router_interface", "fixed_ips": [interface("b")]},
        {"device_owner": "network:router_interface_distributed", "fixed_ips": [interface("a")]},
        {"device_owner": "network:ha_router_replicated_interface", "fixed_ips": [interface("c")]},
        {"device_owner": "network:router_gateway", "fixed_ips": [{"subnet_id": "x"}]},
        {"device_owner": "network:router_ha_interface", "fixed_ips": [{"subnet_id": "x"}]},
    ]
    have = found("network.router", "interfaces").read(Recorder({"ports": ports}), "r", {})
    assert have == [interface("a"), interface("b"), interface("c")]


def test_rules_are_added_before_others_are_removed() -> None:
    part, ask = found("network.security_group", "rules"), Recorder()
    have = [{"id": "1", "direction": "ingress", "protocol": "tcp", "ethertype": "IPv4"}]
    part.write(ask, "g", have, [{"protocol": "udp"}])
    rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "udp", "security_group_id": "g"}
    assert ask.sent == [
        ("POST", "/security-group-rules", {"security_group_rule": rule}),
        ("DELETE", "/security-group-rules/1", None),
    ]


def test_a_direction_may_be_left_without_rules() -> None:
    part, ask = found("network.security_group", "rules"), Recorder()
    have = [{"id": direction, "direction": direction, "ethertype": "IPv4"} for direction in ("ingress", "egress")]
    assert not part.differs(have, [])
    assert not part.differs(have, {"rules": have, "directions": ["egress"]})
    assert part.differs(have, {"directions": ["egress"]})
    part.write(ask, "g", have, {"rules": [], "directions": ["egress"]})
    assert ask.sent == [("DELETE", "/security-group-rules/egress", None)]


def test_tags_are_a_set() -> None:
    part, ask = found("network.security_group", "tags"), Recorder()
    assert part.read(ask, "g", {"tags": None}) == []
    assert not part.differs(["a", "b"], ["b", "a"])
    part.write(ask, "g", [], ["b", "a", "b"])
    assert ask.sent == [("PUT", "/security-groups/g/tags", {"tags": ["a", "b"]})]


def test_metadata_of_aggregates_is_merged_and_null_removes_a_key() -> None:
    part, ask = found("compute.aggregate", "metadata"), Recorder()
    have = {"availability_zone": "nova", "a": "1", "b": "2"}
    assert not part.differs(have, {"a": 1})
    part.write(ask, "7", have, {"a": 3, "b": None, "c": None})
    assert ask.sent == [("POST", "/os-aggregates/7/action", {"set_metadata": {"metadata": {"a": "3", "b": None}}})]


def test_access_to_volume_types() -> None:
    part, ask = found("block_storage.type", "access"), Recorder({"volume_type_access": [{"project_id": "a"}]})
    assert part.read(ask, "t", {"is_public": True}) == []
    assert part.read(ask, "t", {"os-volume-type-access:is_public": False}) == ["a"]
    part.write(ask, "t", ["a"], ["b"])
    assert ask.sent[-2:] == [
        ("POST", "/types/t/action", {"addProjectAccess": {"project": "b"}}),
        ("POST", "/types/t/action", {"removeProjectAccess": {"project": "a"}}),
    ]


def test_a_shape_that_is_wrong() -> None:
    kind = kind_of("compute.flavor")
    check_part(kind, "ram", "anything")
    check_part(kind, "access", [{"name": "demo"}, "id"])
    with pytest.raises(InputError, match="access of compute"):
        check_part(kind, "access", [5])


def test_requests_of_parts(clouds: FakeOpenStack) -> None:
    ask = asking(service_at(connect(clouds), "network"), None)
    made = ask("POST", "/networks", {"network": {"name": "a"}})
    assert made["network"]["name"] == "a"
    assert ask("DELETE", f"/networks/{made['network']['id']}") == {}
    ask("POST", "/networks", {"network": {"name": "a"}})
    assert [network["name"] for network in ask("GET", "/networks")["networks"]] == ["a"]


@pytest.mark.parametrize(("name", "path"), [("volume", "/volumes"), ("snapshot", "/snapshots")])
def test_metadata_that_is_not_named_stays(name: str, path: str) -> None:
    """A change of a volume itself would replace all its metadata."""
    part, ask = found(f"block_storage.{name}", "metadata"), Recorder()
    there = part.read(ask, "v", {"metadata": {"a": "1", "b": "2", "c": "3"}})
    want = {"a": 1, "b": "9", "c": None, "d": None}
    assert part.differs(there, want)
    part.write(ask, "v", there, want)
    assert ask.sent == [
        ("POST", f"{path}/v/metadata", {"metadata": {"b": "9"}}),
        ("DELETE", f"{path}/v/metadata/c", None),
    ]
    assert part.at_creation
    assert part.at_creation(want) == {"a": "1", "b": "9"}


def test_a_volume_is_extended_never_shrunk() -> None:
    part, ask = found("block_storage.volume", "size"), Recorder()
    assert part.read(ask, "v", {"size": 2}) == 2
    assert (part.differs(2, "2"), part.differs(2, 3)) == (False, True)
    assert (part.fixed(2, "1"), part.fixed(2, "3")) == (True, False)
    part.write(ask, "v", 2, "3")
    assert ask.sent == [("POST", "/volumes/v/action", {"os-extend": {"new_size": 3}})]


def test_whether_a_volume_is_bootable() -> None:
    part, ask = found("block_storage.volume", "is_bootable"), Recorder()
    assert part.read(ask, "v", {"bootable": "false"}) is False
    assert (part.differs(False, "no"), part.differs(False, "yes")) == (False, True)  # noqa: FBT003
    part.write(ask, "v", False, "yes")  # noqa: FBT003
    assert ask.sent == [("POST", "/volumes/v/action", {"os-set_bootable": {"bootable": True}})]


@pytest.mark.parametrize(("attribute", "value"), [("size", "large"), ("is_bootable", "perhaps"), ("metadata", ["a"])])
def test_a_volume_of_odd_values_is_rejected(attribute: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"{attribute} of block_storage.volume must be"):
        check_part(kind_of("block_storage.volume"), attribute, value)
