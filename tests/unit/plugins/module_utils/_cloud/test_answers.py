# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies of answers: JSON of the expected kind, or one error that says which answer it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from requests import PreparedRequest, Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.answers import (
    MOST_VALUES,
    answer_to,
    json_list,
    json_object,
    parse_json,
    parsing,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError, ServerError


def answer(body: bytes, url: str = "https://cloud/v2/images?temp_url_sig=secret") -> Response:
    made = Response()
    made.status_code, made.url, made._content = 200, url, body
    made.request = PreparedRequest()
    made.request.method = "GET"
    return made


@pytest.mark.parametrize("data", [{}, {"a": 1}, {"name": "ümlaut 漢字"}])
@pytest.mark.parametrize("before", [b"", b" \r\n\r\n"])
def test_an_object(data: dict[str, Any], before: bytes) -> None:
    """Swift keeps a connection alive with white space before the body."""
    assert json_object(answer(before + json.dumps(data, ensure_ascii=False).encode())) == data


@pytest.mark.parametrize(
    ("body", "data"), [(b"", []), (b"[]", []), (b'[{"name": "a"}]', [{"name": "a"}])], ids=["none", "empty", "one"]
)
def test_a_list(body: bytes, data: list[Any]) -> None:
    assert json_list(answer(body)) == data


def test_a_list_that_was_read_in_pieces() -> None:
    assert json_list(answer(b"read already"), b"[1, 2]") == [1, 2]


DAMAGED = [b"{", b"<html>Please log in</html>", b'"\xff\xfe"', b"[" * 100_000]


@pytest.mark.parametrize("read", [json_object, json_list])
@pytest.mark.parametrize("body", DAMAGED, ids=lambda body: body[:9])
def test_what_is_not_json(read: Callable[[Response], Any], body: bytes) -> None:
    with pytest.raises(ServerError, match=r"^the answer to GET /v2/images cannot be parsed: \w+Error: ") as raised:
        read(answer(body))
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("read", "body", "kind"),
    [
        *((json_object, body, "object") for body in (b"[]", b"5", b"null", b'"text"')),
        *((json_list, body, "list") for body in (b"{}", b"5", b"null", b'"text"')),
    ],
)
def test_json_of_another_kind(read: Callable[[Response], Any], body: bytes, kind: str) -> None:
    with pytest.raises(ServerError) as raised:
        read(answer(body))
    assert raised.value.message == f"the answer to GET /v2/images cannot be parsed: it is not a JSON {kind}"


def test_an_object_without_a_body() -> None:
    with pytest.raises(ServerError, match="cannot be parsed"):
        json_object(answer(b""))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{}", "KeyError: 'quota'"),
        (b'{"quota": []}', "IndexError: list index out of range"),
        (b'{"quota": 5}', "TypeError: 'int' object is not subscriptable"),
        (b'{"quota": ["many"]}', "ValueError: invalid literal"),
        (b'{"quota": null}', "TypeError: 'NoneType'"),
    ],
)
def test_another_shape_than_expected(body: bytes, said: str) -> None:
    found = json_object(answer(body))
    with pytest.raises(ServerError) as raised, parsing("the quota"):
        int(found["quota"][0])
    assert raised.value.message.startswith(f"the quota cannot be parsed: {said}")
    assert isinstance(raised.value.__cause__, Exception)


def test_errors_of_ours_pass_through() -> None:
    refused = RefusedError("no")
    with pytest.raises(RefusedError) as raised, parsing("the quota"):
        raise refused
    assert raised.value is refused


def test_the_name_of_an_answer_has_no_query() -> None:
    assert answer_to(answer(b"")) == "the answer to GET /v2/images"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'["\\ud800", "\\uDFFFx"]', ["\ufffd", "\ufffdx"]),
        (b'{"\\ud800": {"a": ["\\udc00"]}}', {"\ufffd": {"a": ["\ufffd"]}}),
        (b'["\xed\xa0\x80"]', ["\ufffd"]),
        (b'["\\ud83d\\ude00", "\xf0\x9f\x98\x80"]', ["\U0001f600", "\U0001f600"]),
        (b'["\\\\ud800"]', ["\\ud800"]),
        (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
    ],
)
def test_every_text_can_be_encoded(body: bytes, value: Any) -> None:
    found = parse_json(body)
    assert found == value
    json.dumps(found, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"__ansible_type": "X"}', {"___ansible_type": "X"}),
        (b'[{"a": {"__ansible_unsafe": "__ansible_unsafe"}}]', [{"a": {"___ansible_unsafe": "__ansible_unsafe"}}]),
        (b'{"\\u005f_ansible_vault": 1}', {"___ansible_vault": 1}),
        (b'{"__\\u0061nsible_type": {"_\\u005Fansible_type": 1}}', {"___ansible_type": {"___ansible_type": 1}}),
        (b'{"_ansible_type": 1, "ansible": 2}', {"_ansible_type": 1, "ansible": 2}),
    ],
)
def test_no_key_says_to_ansible_of_which_type_a_value_is(body: bytes, value: Any) -> None:
    """Any user of a cloud may give the metadata of a server such a name."""
    assert parse_json(body) == value


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be"])
def test_only_utf_8_is_read(encoding: str) -> None:
    with pytest.raises(ValueError, match="it is not UTF-8"):
        parse_json('{"__ansible_type": 1}'.encode(encoding))


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[" + b"0," * MOST_VALUES + b"0]",
        b"[" * 66 + b"]" * 66,
        b'{"a":' * 1200 + b"1" + b"}" * 1200,
        b"[" * 100_000,
        b"[" + b"9" * 5000 + b"]",
        b"\xff\xfe\x00",
        b"",
    ],
    ids=repr,
)
def test_what_would_break_others_cannot_be_parsed(body: bytes) -> None:
    with pytest.raises(ServerError, match=r"^the answer to GET /v2/images cannot be parsed"):
        json_object(answer(body))
