# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON of HTTP answers: the only place that parses it, and one error for all that cannot be parsed.

keystoneauth1 parses tokens, discovery documents and errors itself, but also by `parse_json`: see
`transport.WireResponse`.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._core.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import Response

DEEPEST = 64
"""Levels of lists and mappings in an answer; those of OpenStack have a dozen."""

MOST_VALUES = 1 << 20
"""Values in an answer: each takes up to a hundred bytes of memory, and two in its text. A thousand servers have some
150 thousand. A cloud's ``answer_limit_mib`` raises it, in proportion (see `WireResponse`)."""

TOO_LARGE_HINT = (
    "Ask for less, with filters. Where a cloud's answers are so large, raise answer_limit_mib in its entry in "
    "clouds.yaml."
)

RESERVED = "__ansible_"
"""How keys begin by which Ansible's own JSON says of which type a value is. It has no escape for them: a module whose
result has such a key fails, and a cache would restore what the key says, up to templates that are trusted."""

_UNFIT = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]|" + RESERVED.encode() + rb"|\\u00[4-7]")
"""Lone surrogates, reserved keys, and letters in disguise, which may be part of such a key."""

_ID = re.compile(r"\w[\w.-]*")

MALFORMED = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)
"""What code raises that reads data of another shape than it expects; JSON may also be nested too deeply to parse."""


@contextmanager
def parsing(what: str) -> Iterator[None]:
    """Raise ServerError ("WHAT cannot be parsed: ...") where the code inside reads data of an unexpected shape."""
    try:
        yield
    except MALFORMED as exc:
        raise ServerError(f"{what} cannot be parsed: {type(exc).__name__}: {exc}") from exc


def check_id(value: Any) -> str:
    """The value, if it can be an ID of a resource; else raises TypeError or ValueError, for `parsing`."""
    if not _ID.fullmatch(value):
        raise ValueError(f"{value!r} is not an ID")
    return str(value)


def answer_to(response: Response) -> str:
    """How messages refer to an answer. The query is left out: it may hold a signature."""
    return f"the answer to {response.request.method} {urlsplit(response.url).path}"


def json_object(response: Response) -> dict[str, Any]:
    """The JSON object that is the body of an answer; raises ServerError for any other body."""
    body = _parsed(response, response.content)
    if not isinstance(body, dict):
        raise ServerError(f"{answer_to(response)} cannot be parsed: it is not a JSON object")
    return body


def json_list(response: Response, body: bytes | None = None) -> list[Any]:
    """The JSON list that is the body of an answer, an empty one where it has none; raises ServerError for any other.

    ``body`` is that of an answer which was read in pieces.
    """
    found = _parsed(response, (response.content if body is None else body) or b"[]")
    if not isinstance(found, list):
        raise ServerError(f"{answer_to(response)} cannot be parsed: it is not a JSON list")
    return found


def _parsed(response: Response, body: bytes) -> Any:
    with parsing(answer_to(response)):
        return parse_json(body, getattr(response, "most_values", MOST_VALUES))


def parse_json(body: bytes, most_values: int = MOST_VALUES) -> Any:
    """The value of a JSON text, fit for whatever is done with it afterwards.

    Lone surrogates, which no text can be encoded with, become U+FFFD, and `RESERVED` keys get another underscore.
    Raises ValueError for what is no JSON in UTF-8, for NaN and infinity (which Python would take), for more than
    `DEEPEST` levels, and for more than so many values.
    """
    if b"\0" in body:
        raise ValueError("it is not UTF-8")  # Python would read UTF-16 and UTF-32, too
    if len(body) > most_values and sum(map(body.count, (b",", b"[", b"{"))) > most_values:
        raise ValueError(f"more than {most_values} values, which answer_limit_mib in clouds.yaml can raise")
    try:
        value = json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} levels") from None
    level, depth = [value], 0
    while level := [
        child
        for node in level
        if isinstance(node, dict | list)
        for child in (node.values() if isinstance(node, dict) else node)
        if isinstance(child, dict | list)
    ]:
        depth += 1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels")
    return _fit(value) if _UNFIT.search(body) else value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """The number; raises ValueError for one that Python has only as infinity, which JSON cannot express."""
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large")
    return number


def _fit(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_fit(item) for item in value]
    if isinstance(value, dict):
        return {fit_key(_fit(key)): _fit(item) for key, item in value.items()}
    return value


def fit_key(key: str) -> str:
    """A key of a mapping that a cloud has chosen, as it may be in a result; see `RESERVED`."""
    return f"_{key}" if key.startswith(RESERVED) else key
