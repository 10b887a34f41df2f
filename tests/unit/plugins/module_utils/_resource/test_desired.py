# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is the same, however services and templates write it."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.desired import (
    as_boolean,
    as_number,
    cast,
    is_derived,
    same,
    same_but_for,
)

SAME: list[tuple[Any, Any]] = [
    ("a", "a"),
    (None, None), (None, ""), ("", None), (None, []), (None, {}), ([], None), ({}, None), ({}, {}), ([], []),
    (1400, 1400), ("1400", 1400), (1400, "1400"), ("-1", -1), (1.0, 1), ("1.5", 1.5),
    (True, True), ("yes", True), ("no", False), ("True", True), ("off", False), (True, "true"), (False, "False"),
    ("10.9.0.7/24", "10.9.0.0/24"), ("10.0.0.1", "10.0.0.1/32"), ("fe80::0:1", "fe80::1"),
    ("2001:DB8::1", "2001:db8::1"),
    ("FA:16:3E:00:00:01", "fa:16:3e:00:00:01"), ("fa-16-3e-00-00-01", "fa:16:3e:00:00:01"),
    ("2031-01-01T00:00:00Z", "2031-01-01T00:00:00.000000Z"), ("2031-01-01T02:00:00+02:00", "2031-01-01 00:00:00"),
    ({"network_id": "n"}, {"network_id": "n", "enable_snat": True, "external_fixed_ips": [{}]}),
    ({"a": {"b": "1"}}, {"a": {"b": 1, "c": 2}, "d": 3}),
    ({"a": None}, {}),
    (["a", "b", "a"], ["b", "a"]),
    ([1, 2], [2, 1]), (["a", "a", "b"], ["a", "b", "a"]), ((1, 2), [1, 2]),
    ([{"subnet_id": "s"}], [{"subnet_id": "s", "ip_address": "10.0.0.3"}]),
]  # fmt: skip
DIFFERENT: list[tuple[Any, Any]] = [
    ("a", "b"), ("a", "A"), ("a", None), (None, "a"), (None, 0), (None, False), ("", 0), ({}, {"a": 1}), ([], [1]),
    ("007", "7"), ("1.0", "1"), ("true", "True"), ("yes", "true"), ("a ", "a"),
    (1400, 1500), ("1400", "1500"), (True, False), ("perhaps", True), (True, "perhaps"), (2, True), (True, 2),
    ("10.9.0.0/24", "10.9.1.0/24"), ("10.0.0.1", "10.0.0.2"), ("example.org.", "example.org"), ("a/b", "a/c"),
    ("2031-01-01T00:00:00Z", "2031-01-01T00:00:01Z"), ("2031-01-01T00:00:00Z", "2031-13-01T00:00:00Z"),
    ({"a": 1}, None), ({"a": 1}, {"a": 2}), ({"a": 1}, {}), ({"a": 1}, [1]),
    ([1], [1, 1]), (["a", "a"], ["a", "b"]), ([1], 1), ([1], None), ([1], {"a": 1}),
    ([{"subnet_id": "s"}, {"subnet_id": "s"}], [{"subnet_id": "s"}, {"subnet_id": "t"}]),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "actual"), SAME)
def test_same(wanted: Any, actual: Any) -> None:
    assert same(wanted, actual)


@pytest.mark.parametrize(("wanted", "actual"), DIFFERENT)
def test_different(wanted: Any, actual: Any) -> None:
    assert not same(wanted, actual)


def test_what_is_described_in_part_does_not_take_the_only_one_of_another() -> None:
    wanted = [{"subnet_id": "s"}, {"subnet_id": "s", "ip_address": "10.0.0.3"}]
    actual = [{"subnet_id": "s", "ip_address": "10.0.0.3"}, {"subnet_id": "s", "ip_address": "10.0.0.4"}]
    assert same(wanted, actual)
    assert same(wanted, actual[::-1])
    assert not same([*wanted, {"subnet_id": "s"}], [*actual, {"subnet_id": "t"}])


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ([], [], True),
        ([], [9], True),
        ([], [1], False),
        ([1], [9, 1], True),
        ([1, 9], [9, 1], True),
        ([1, 9], [1], False),
        ([1], [1, 2, 9], False),
        ([9], [9, 9], True),
    ],
)
def test_extra_things_may_be_there(wanted: list[int], actual: list[int], expected: bool) -> None:  # noqa: FBT001
    assert same_but_for(wanted, actual, lambda thing: thing == 9) is expected


@pytest.mark.parametrize(
    ("address", "mac", "expected"),
    [
        ("fd00::71:f816:3eff:fefe:8fe", "fa:16:3e:fe:08:fe", True),
        ("fd00::71:f816:3eff:fefe:8ff", "fa:16:3e:fe:08:fe", False),
        ("10.0.0.1", "fa:16:3e:fe:08:fe", False),
        ("fd00::1", None, False),
        ("fd00::1", "", False),
    ],
)
def test_an_address_that_follows_from_a_mac(address: str, mac: str | None, expected: bool) -> None:  # noqa: FBT001
    assert is_derived(address, mac) is expected


def test_each_address_of_a_long_list_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def parse(text: str, *, strict: bool) -> Any:
        parsed.append(text)
        return ipaddress.IPv4Network(text, strict=strict)

    monkeypatch.setattr(ipaddress, "ip_network", parse)
    wanted = [f"10.99.{number}.7/24" for number in range(50)]
    assert same(wanted, [f"10.99.{number}.0/24" for number in reversed(range(50))])
    assert len(parsed) == 100


def test_the_order_of_a_list_where_it_means_something() -> None:
    assert same(["9.9.9.9", "1.1.1.1"], ["9.9.9.9", "1.1.1.1"], ordered=True)
    assert not same(["9.9.9.9", "1.1.1.1"], ["1.1.1.1", "9.9.9.9"], ordered=True)


@pytest.mark.parametrize(
    ("type_", "value", "sent"),
    [
        ("bool", "yes", True),
        ("bool", "False", False),
        ("bool", "perhaps", "perhaps"),
        ("bool", True, True),
        ("int", "1400", 1400),
        ("int", "-1", -1),
        ("int", "1.5", "1.5"),
        ("int", "many", "many"),
        ("int", 5, 5),
        ("int", None, None),
        (None, "1400", "1400"),
        (None, "yes", "yes"),
    ],
)
def test_what_is_sent(type_: str | None, value: Any, sent: Any) -> None:
    assert (cast(type_, value), type(cast(type_, value))) == (sent, type(sent))


def test_booleans_and_numbers_are_not_each_other() -> None:
    assert as_boolean(1) is None
    assert as_boolean([]) is None
    assert as_number(value=True) is None
    assert as_number([1]) is None
    assert as_number("1e3") == 1000
