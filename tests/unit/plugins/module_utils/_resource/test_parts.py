# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes with requests of their own: which are sent, in which order, and which are not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import parts
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.parts import (
    ResourcePart,
    asking,
    check_part,
    part_of,
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
    assert parts_of(kind_of("network.router")) == ["interfaces", "tags"]
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
    part, ask = found("network.router", "interfaces"), Recorder()
    assert not part.differs(["a", "b"], ["b", "a", "a"])
    part.write(ask, "r", ["a", "b"], ["b", "c"])
    assert ask.sent == [
        ("PUT", "/routers/r/add_router_interface", {"subnet_id": "c"}),
        ("PUT", "/routers/r/remove_router_interface", {"subnet_id": "a"}),
    ]


def test_the_interfaces_of_a_router_are_ports() -> None:
    ports = [
        {"device_owner": "network:router_interface", "fixed_ips": [{"subnet_id": "b"}]},
        {"device_owner": "network:router_interface_distributed", "fixed_ips": [{"subnet_id": "a"}]},
        {"device_owner": "network:ha_router_replicated_interface", "fixed_ips": [{"subnet_id": "c"}]},
        {"device_owner": "network:router_gateway", "fixed_ips": [{"subnet_id": "x"}]},
        {"device_owner": "network:router_ha_interface", "fixed_ips": [{"subnet_id": "x"}]},
    ]
    assert found("network.router", "interfaces").read(Recorder({"ports": ports}), "r", {}) == ["a", "b", "c"]


def test_rules_are_added_before_others_are_removed() -> None:
    part, ask = found("network.security_group", "rules"), Recorder()
    have = [{"id": "1", "direction": "ingress", "protocol": "tcp", "ethertype": "IPv4"}]
    part.write(ask, "g", have, [{"protocol": "udp"}])
    rule = {"direction": "ingress", "ethertype": "IPv4", "protocol": "udp", "security_group_id": "g"}
    assert ask.sent == [
        ("POST", "/security-group-rules", {"security_group_rule": rule}),
        ("DELETE", "/security-group-rules/1", None),
    ]


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
    assert made == {}
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
