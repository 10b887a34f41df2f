# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata, access rules and moments, as users write them and as headers."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import headers


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"Color": "red"}, {"color": "red"}),
        ({"a_b": 1, 2: True}, {"a-b": "1", "2": "true"}),
        ({"a": None, "b": "", "c": " x "}, {"a": None, "b": None, "c": "x"}),
        ({"a b": 1}, "is not a name"),
        ({"\u00fc": 1}, "is not a name"),
        ({"": 1}, "is not a name"),
        ({"a": "x\ny"}, "must be one line"),
        ({"a": "x\x7f"}, "must be one line"),
        ({"a": [1]}, "is a list"),
        ({"Temp-URL-Key": "k"}, "is reserved"),
        ({"oaktree_upload": "k"}, "is reserved"),
        ({"X-SDK-MD5": "k"}, "is reserved"),
    ],
)
def test_metadata(metadata: dict[Any, Any], expected: Any) -> None:
    if isinstance(expected, str):
        with pytest.raises(InputError, match=f"metadata: .*{expected}"):
            headers.as_metadata(metadata)
    else:
        assert headers.as_metadata(metadata) == expected


@pytest.mark.parametrize("text", ["plain", "Zo\u00eb \u65e5\u672c", ""])
def test_texts_survive_the_wire(text: str) -> None:
    assert headers.on_wire(text).encode("latin-1") == text.encode()
    assert headers.from_wire(headers.on_wire(text)) == text


def test_what_is_no_utf_8_is_left_as_it_is() -> None:
    assert headers.from_wire("\xff") == "\xff"
    assert headers.from_wire("\u65e5") == "\u65e5"


def test_metadata_of_users_only() -> None:
    shown = {
        "X-Container-Meta-B": "2",
        "x-container-meta-a": "1",
        "X-Container-Meta-Temp-Url-Key": "secret",
        "X-Container-Meta-Oaktree-Made": "yes",
        "X-Object-Meta-C": "3",
    }
    assert headers.metadata_of(headers.CONTAINER_META, shown) == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("texts", "rules"),
    [
        ([], ()),
        ([" .referrer: * ", ".rlistings", ""], (".r:*", ".rlistings")),
        ([".r:*,.rlistings"], (".r:*", ".rlistings")),
        ([",a:b , ,c:d,"], ("a:b", "c:d")),
        ([".ref:*.example.com"], (".r:.example.com",)),
        ([".referer : * .example.com"], (".r:.example.com",)),
        ([".r:-*.thief.com", ".r: - thief.com"], (".r:-.thief.com", ".r:-thief.com")),
        ([".r:-*"], (".r:-*",)),
        ([".r:", ".r:-", ".R:*.x", ".x:*.y", ".r"], (".r:", ".r:-", ".R:*.x", ".r", ".x:*.y")),
        (["a project:a user", "a:*"], ("a project:a user", "a:*")),
        (["d:e", ".r:.com", "a:b", ".r:-x.com", "d:e"], (".r:.com", ".r:-x.com", "a:b", "d:e")),
    ],
)
def test_rules_are_those_that_the_store_keeps(texts: list[str], rules: tuple[str, ...]) -> None:
    assert headers.as_acl(texts) == rules
    assert headers.as_acl([",".join(rules)]) == rules


def test_rules_are_compared_as_the_store_keeps_them() -> None:
    assert headers.acl_of({"X-Container-Read": ".r:*,.rlistings"}, "X-Container-Read") == (".r:*", ".rlistings")
    assert headers.acl_of({}, "X-Container-Read") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1000", 1000),
        ("1970-01-01T00:16:40Z", 1000),
        ("1970-01-01T01:16:40+01:00", 1000),
        *((text, None) for text in ("tomorrow", "2027-01-31T12:00:00", "-5", "\u00b2")),
    ],
)
def test_moments(text: str, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(InputError, match=r"delete_at: .* is not a time"):
            headers.moment("delete_at", text)
    else:
        assert headers.moment("delete_at", text) == expected
        assert headers.iso(expected) == "1970-01-01T00:16:40Z"


def test_what_a_store_says_of_expiry() -> None:
    assert headers.expiry_of({"X-Delete-At": "12"}) == 12
    assert headers.expiry_of({}) is None
    with pytest.raises(ServerError, match="cannot be parsed"):
        headers.expiry_of({"X-Delete-At": "soon"})
    with pytest.raises(ServerError, match="cannot be parsed"):
        headers.iso(10**30)
