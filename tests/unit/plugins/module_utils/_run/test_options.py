# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as users write them: lists, selections and clouds, as text and as what text stands for."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.validation import check_type_list

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.options import (
    as_clouds,
    as_patterns,
    as_texts,
    convert,
    default_selection,
)

HERE = Location("alpha", "north", project=Project("p1", "team/prod"))
SOUTH = Location("alpha", None)

TEXTS = [
    ("a", ["a"]),
    ("a,b", ["a", "b"]),
    ("a, b", ["a", "b"]),
    (" a ,b,\n", ["a", "b"]),
    ("a\nb", ["a", "b"]),
    ("a\r\nb c\r\n", ["a", "b c"]),
    ('["a", "b"]', ["a", "b"]),
    ('["a, b", "c"]', ["a, b", "c"]),
    (' ["a",\n "b"]\n', ["a", "b"]),
    ("[]", []),
    ("", []),
    ("[ab]*", ["[ab]*"]),
    ("[ab]*, c", ["[ab]*", "c"]),
    ('[1, "b"]', ["1", "b"]),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_texts_of_a_text(text: str, expected: list[str]) -> None:
    assert as_texts("tags", text) == expected
    assert as_texts("tags", check_type_list(text)) == expected, "as ansible-core gives it to a module"
    assert as_patterns("locations", text) == expected


@pytest.mark.parametrize("value", [["a", "b"], ["a, b", "c"], ["a b"], ["a,b"], []])
def test_a_list_stays_a_list(value: list[str]) -> None:
    assert as_texts("tags", value) == value


@pytest.mark.parametrize("text", ['["a", b]', '["a"', "[a, b]", '["a", "b"', '[{"a": 1}]', "[[]]", "[true]", "[null]"])
def test_what_begins_as_json_is_json(text: str) -> None:
    for value in (text, check_type_list(text)):
        with pytest.raises(InputError, match=r"^tags: ") as caught:
            as_texts("tags", value)
        assert 'Write a, b or ["a", "b"].' in caught.value.hint


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (HERE.to_dict(), ["alpha/north/team%2Fprod"]),
        ([HERE.to_dict(), "beta", SOUTH.to_dict()], ["alpha/north/team%2Fprod", "beta", "alpha/-"]),
        (json.dumps(HERE.to_dict()), ["alpha/north/team%2Fprod"]),
        (json.dumps([HERE.to_dict(), "!beta"]), ["alpha/north/team%2Fprod", "!beta"]),
        (["alpha, beta", "*"], ["alpha", "beta", "*"]),
        ([["alpha"], json.dumps(["beta/*", HERE.to_dict()])], ["alpha", "beta/*", "alpha/north/team%2Fprod"]),
        ({"cloud": "alpha", "region": "north"}, ["alpha/north"]),
        ([1], ["1"]),
        (HERE.name, [HERE.name]),
    ],
)
def test_selections_are_texts_and_mappings(value: Any, expected: list[str]) -> None:
    assert as_patterns("locations", value) == expected


@pytest.mark.parametrize(
    "value",
    [
        [None],
        True,
        {"id": "1"},
        [{"name": "web", "location": {}}],
        '{"cloud": "a"',
        pytest.param("[" * 9000 + "1, 2" + "]" * 9000, id="deep"),
    ],
)
def test_what_is_no_location(value: Any) -> None:
    with pytest.raises(InputError, match=r"^locations: "):
        as_patterns("locations", value)


CLOUDS = {"clouds": {"alpha": {"auth": {"auth_url": "https://alpha", "password": "pa55w0rd"}}}}


@pytest.mark.parametrize("value", [CLOUDS, yaml.safe_dump(CLOUDS), json.dumps(CLOUDS)])
def test_clouds_are_a_mapping_or_its_text(value: Any) -> None:
    assert as_clouds(value) == CLOUDS


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("password: pa55w0rd: x", "the text is not valid YAML at line 1"),
        ("clouds:\n  a: [pa55w0rd", "the text is not valid YAML at line 2"),
        ("when: 2026-13-45 pa55w0rd\nx: 2026-13-45", "the text is not valid YAML"),
        ("pa55w0rd", "must be a mapping, not str"),
        ("", "must be a mapping, not NoneType"),
        (["pa55w0rd"], "must be a mapping, not list"),
    ],
)
def test_clouds_that_cannot_be_used_are_not_shown(value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        as_clouds(value)
    assert caught.value.message == f"clouds_config: {message}"
    assert "pa55w0rd" not in "".join(traceback.format_exception(caught.value)).replace(repr(value), "")


SPEC: dict[str, dict[str, Any]] = {
    "locations": {"type": "raw", "required": True},
    "tags": {"type": "list", "elements": "str"},
    "sizes": {"type": "list", "elements": "int"},
    "name": {"type": "str"},
    "overrides": {
        "type": "list",
        "elements": "dict",
        "options": {"locations": {"type": "raw", "required": True}, "stores": {"type": "list", "elements": "str"}},
    },
}


def test_options_are_converted_wherever_they_are() -> None:
    values: dict[str, Any] = {
        "locations": HERE.to_dict(),
        "tags": ["a", " b"],
        "sizes": [1],
        "name": "a, b",
        "overrides": [{"locations": '["alpha"]', "stores": ["x\ny"]}, {"locations": ["beta"], "stores": None}],
    }
    convert(values, SPEC)
    assert values == {
        "locations": [HERE.name],
        "tags": ["a", "b"],
        "sizes": [1],
        "name": "a, b",
        "overrides": [{"locations": ["alpha"], "stores": ["x", "y"]}, {"locations": ["beta"], "stores": None}],
    }


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"locations": None}, "locations: nothing is selected"),
        ({"locations": "a", "overrides": [{"locations": None}]}, "overrides[].locations: nothing is selected"),
        ({"locations": "a", "overrides": [{"locations": {"id": 1}}]}, "overrides[].locations: a mapping is not a"),
        ({"locations": "a", "tags": [{"a": 1}]}, "tags: dict is not a text"),
    ],
)
def test_messages_name_the_option(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        convert(values, SPEC)
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    ("cloud", "config", "expected"),
    [
        (None, None, ("*", "locations")),
        ("", None, ("*", "locations")),
        ("alpha", None, ("alpha", "OS_CLOUD")),
        ("a/b*", None, ("a%2Fb%2A", "OS_CLOUD")),
        ("alpha", CLOUDS, ("*", "locations")),
    ],
)
def test_the_environment_names_the_cloud_that_is_read(
    monkeypatch: pytest.MonkeyPatch, cloud: str | None, config: Any, expected: tuple[str, str]
) -> None:
    monkeypatch.delenv("OS_CLOUD", raising=False)
    if cloud is not None:
        monkeypatch.setenv("OS_CLOUD", cloud)
    assert default_selection({"clouds_config": config}) == expected
