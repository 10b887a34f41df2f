# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a service shows is what the user wants. Pure.

Only what the user gives is compared: the given keys of a mapping (``{}`` means an empty one), and the items of a list,
in any order unless the order matters. An item that is a mapping matches any that has its keys and values. Numbers,
booleans, times and addresses are compared by what they mean: services and templates write them in many ways.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_BOOLEANS: Mapping[str, bool] = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)
_PUBLIC_KEY = re.compile(r"((?:ssh|ecdsa|sk)-\S+ [A-Za-z0-9+/]{40,}=*)(?:\s.*)?", re.DOTALL)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_EMPTY: tuple[Any, ...] = (None, "", [], {}, ())


def same(wanted: Any, actual: Any, *, ordered: bool = False) -> bool:
    """Whether the actual value is as wanted; ``ordered`` is whether the order of a list means something."""
    if wanted in _EMPTY:
        return actual in _EMPTY
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and all(same(value, actual.get(key)) for key, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        return isinstance(actual, (list, tuple)) and _same_list(wanted, actual, ordered=ordered)
    return _same_scalar(wanted, actual)


def _same_list(wanted: Sequence[Any], actual: Sequence[Any], *, ordered: bool) -> bool:
    if len(wanted) > len(actual):  # services keep once what is given twice
        wanted = _each_once(wanted)
    if len(wanted) != len(actual):
        return False
    if ordered:
        return all(same(want, have) for want, have in zip(wanted, actual, strict=True))
    return _matched(wanted, actual)


def _each_once(things: Sequence[Any]) -> list[Any]:
    """The things without those texts and numbers that were there before."""
    return [thing for at, thing in enumerate(things) if isinstance(thing, (dict, list)) or thing not in things[:at]]


def same_but_for(wanted: Sequence[Any], actual: Sequence[Any], is_extra: Callable[[Any], bool]) -> bool:
    """Whether lists are the same in any order, where the actual one may have extra things besides."""
    needed = [thing for thing in actual if not is_extra(thing)]
    # If all of each side have partners of their own, then all of both do at once.
    return _matched(wanted, actual) and _placed(
        len(needed), len(wanted), lambda one, want: same(wanted[want], needed[one])
    )


def _matched(wanted: Sequence[Any], actual: Sequence[Any]) -> bool:
    """Whether each wanted thing has an actual one of its own."""
    return _placed(len(wanted), len(actual), lambda want, have: same(wanted[want], actual[have]))


def _placed(things: int, places: int, fits: Callable[[int, int], bool]) -> bool:
    """Whether each of so many things has a place of its own.

    By augmenting paths: a thing that is described in part may fit several, and the first of them may be the only one
    for another.
    """
    taken: dict[int, int] = {}

    def place(thing: int, seen: set[int]) -> bool:
        for at in range(places):
            if at not in seen and fits(thing, at):
                seen.add(at)
                if at not in taken or place(taken[at], seen):
                    taken[at] = thing
                    return True
        return False

    return all(place(thing, set()) for thing in range(things))


def _same_scalar(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, str) and isinstance(actual, str):
        means_same = (_same_address, _same_key, _same_time)
        return wanted == actual or any(is_same(wanted, actual) for is_same in means_same)
    if isinstance(wanted, bool) or isinstance(actual, bool):
        return as_boolean(wanted) is not None and as_boolean(wanted) == as_boolean(actual)
    number = as_number(wanted)
    return bool(wanted == actual or (number is not None and number == as_number(actual)))


def as_boolean(value: Any) -> bool | None:
    """The boolean that a value or word means, None for any other."""
    return value if isinstance(value, bool) else _BOOLEANS.get(value.lower()) if isinstance(value, str) else None


def as_number(value: Any) -> float | None:
    """The number that a value or text means, None for any other. Booleans are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else float(value)
    except ValueError:
        return None


def _same_address(wanted: str, actual: str) -> bool:
    """``10.9.0.7/24`` is ``10.9.0.0/24``, an address is the network of it alone, and MACs have any case."""
    if _MAC.fullmatch(wanted) and _MAC.fullmatch(actual):
        return wanted.lower().replace("-", ":") == actual.lower().replace("-", ":")
    if not any(mark in wanted for mark in ".:"):
        return False
    network = _network(wanted)
    return network is not None and network == _network(actual)


def _same_key(wanted: str, actual: str) -> bool:
    """A public key of SSH is the same with another comment."""
    keys = [_PUBLIC_KEY.fullmatch(text) for text in (wanted.strip(), actual.strip())]
    return all(keys) and len({key[1] for key in keys if key}) == 1


def _same_time(wanted: str, actual: str) -> bool:
    """Times are the same in any offset, with or without fractions of a second; those of services are in UTC."""
    if not (_TIME.fullmatch(wanted) and _TIME.fullmatch(actual)):
        return False
    try:
        times = [datetime.fromisoformat(text) for text in (wanted, actual)]
    except ValueError:
        return False
    return len({time if time.tzinfo else time.replace(tzinfo=UTC) for time in times}) == 1


@lru_cache(maxsize=4096)  # of a list of addresses, each is compared with many
def _network(text: str) -> tuple[int, int, int] | None:
    """What a network or address is as numbers, None for any other text."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), network.prefixlen


def same_range(wanted: Sequence[Any], actual: Sequence[Any]) -> bool:
    """Whether lists of networks have the same addresses: two that are next to each other may be shown as one."""
    try:
        return _range(wanted) == _range(actual)
    except ValueError:
        return same(wanted, actual)


def _range(networks: Sequence[Any]) -> list[Any]:
    parsed = [ipaddress.ip_network(str(network), strict=False) for network in networks]
    return [
        list(ipaddress.collapse_addresses([network for network in parsed if network.version == version]))  # type: ignore[type-var]
        for version in (4, 6)
    ]


def is_derived(address: Any, mac: Any) -> bool:
    """Whether an IPv6 address follows from a MAC address (RFC 4291, appendix A), as those of SLAAC do."""
    try:
        low = int(ipaddress.IPv6Address(str(address))) & (1 << 64) - 1
        octets = bytes.fromhex(str(mac).replace(":", ""))
    except ValueError:
        return False
    return low == int.from_bytes(bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]) if octets else False


def cast(type_: str | None, value: Any) -> Any:
    """A value as its attribute is to be sent: templates make texts of numbers and booleans, which services refuse."""
    if isinstance(value, str) and type_ == "bool":
        boolean = as_boolean(value)
        return value if boolean is None else boolean
    if isinstance(value, str) and type_ == "int" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value
