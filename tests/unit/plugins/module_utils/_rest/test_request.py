# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the user's: which paths, headers, bodies and statuses are taken, and what they become."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import shown
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.request import (
    RestRequest,
    below,
    check_below,
    check_locations,
)

ENDPOINT = "https://nova.example.org:8774/v2.1"
DEFAULTS: dict[str, Any] = {
    "service_type": "compute",
    "interface": None,
    "method": "GET",
    "path": "/servers",
    "params": None,
    "headers": None,
    "body": None,
    "secrets": {},
    "microversion": None,
    "pages": None,
    "status": [],
}


def request(**options: Any) -> RestRequest:
    return RestRequest.from_options({**DEFAULTS, **options})


# Paths


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "/../v3",
        "/servers/../../v3/users",
        "/servers/..",
        "/./servers",
        "/%2e%2e/v3",
        "/%2E./v3",
        "/servers%2f..%2f..%2fv3",
        "/%252e%252e/v3",
        "/%25252e%25252e%25252fv3",
        "/..;x=1/v3",
        "/a\\..\\..\\v3",
        "/a%5c..%5cv3",
        f"{ENDPOINT}/../v3",
        f"{ENDPOINT}/%2e%2e/v3?a=b",
    ],
)
def test_no_path_leads_up(path: str) -> None:
    with pytest.raises(InputError, match=r"^path: .* leads elsewhere"):
        request(path=path)


@pytest.mark.parametrize("path", ["/ser\nvers", "/.\t./v3", "/a\0b", "/a\r\nHost: evil.example.org", "/servers#x"])
def test_what_no_url_has(path: str) -> None:
    with pytest.raises(InputError, match=r"^path: "):
        request(path=path)


@pytest.mark.parametrize(
    "path", ["/a..b", "/...", "/v2..1/x", "/a%2Fb", "/c/a b", "/c/%25", "/servers?next=../x", "/c/é"]
)
def test_names_that_only_look_like_it(path: str) -> None:
    check_below(path)


@pytest.mark.parametrize(
    ("path", "where", "params"),
    [
        ("/servers", "/servers", {}),
        ("servers/detail", "/servers/detail", {}),
        ("", "", {}),
        ("/", "/", {}),
        ("?limit=1", "", {"limit": ["1"]}),
        (
            "/servers?limit=1&name=a%26b&name=c&deleted=",
            "/servers",
            {"limit": ["1"], "name": ["a&b", "c"], "deleted": [""]},
        ),
    ],
)
def test_a_path_and_its_query(path: str, where: str, params: dict[str, list[str]]) -> None:
    asked = request(path=path)
    assert (asked.path, asked.params) == (where, params)
    assert below(ENDPOINT, asked.path) == (where, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{ENDPOINT}/servers?limit=1&marker=x", ("/servers", {"limit": ["1"], "marker": ["x"]})),
        (f"{ENDPOINT}/", ("/", {})),
        (ENDPOINT, ("", {})),
        ("HTTPS://nova.example.org:8774/v2.1/servers", ("/servers", {})),
        ("https://joe:pw@nova.example.org:8774/v2.1/servers", ("/servers", {})),
    ],
)
def test_a_url_that_begins_with_the_endpoint(url: str, expected: tuple[str, Any]) -> None:
    assert below(ENDPOINT, request(path=url).path) == expected


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.org:8774/v2.1/servers",
        "https://nova.example.org/v2.1/servers",
        "http://nova.example.org:8774/v2.1/servers",
        "https://nova.example.org:8774/v2.10/servers",
        "https://nova.example.org:8774/v3/users",
        "https://nova.example.org:8774/servers/1",
        "https://nova.example.org:8774@evil.example.org/v2.1/servers",
        "https:///v2.1/servers",
    ],
)
def test_a_url_that_does_not(url: str) -> None:
    with pytest.raises(InputError, match=r"is not below https://nova.example.org:8774/v2.1, and nothing is sent"):
        below(ENDPOINT, request(path=url).path)


def test_params_as_text() -> None:
    asked = request(path="/x?a=1&b=2", params={"b": [True, "two"], "c": 3, "d": 1.5, "e": None, "f": False})
    assert asked.params == {"a": ["1"], "b": ["true", "two"], "c": ["3"], "d": ["1.5"], "f": ["false"]}
    with pytest.raises(InputError, match=r"^params\.b: must be text, a number or a boolean, not dict"):
        request(params={"b": {"c": 1}})


# Headers


@pytest.mark.parametrize(
    "name",
    ["X-Auth-Token", "x-auth-token", "Host", "Content-Length", "Transfer-Encoding", "Authorization", "Connection"],
)
def test_headers_of_the_session_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"^headers: {name} cannot be set: each Location has its own"):
        request(headers={name: "x"})


@pytest.mark.parametrize("name", ["OpenStack-API-Version", "X-OpenStack-Nova-API-Version"])
def test_microversions_have_an_option(name: str) -> None:
    with pytest.raises(InputError) as raised:
        request(headers={name: "compute 2.90"})
    assert "Use the option microversion." in raised.value.hint


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "x"), ("X-A:", "x"), ("", "x"), ("X-A", "1\r\nHost: evil"), ("é", "x")]
)
def test_what_is_no_header(name: str, value: str) -> None:
    with pytest.raises(InputError, match="is not a header"):
        request(headers={name: value})


def test_headers_and_their_defaults() -> None:
    assert request().headers == {"Accept": "application/json"}
    asked = request(headers={"accept": "text/plain", "X-Meta": 5, "x-on": True, "X-Name": "Zürich "})
    expected = {"Accept": "text/plain", "X-Meta": "5", "X-On": "true", "X-Name": "Zürich".encode().decode("latin-1")}
    assert asked.headers == expected
    with pytest.raises(InputError, match=r"^headers\.X-A: must be text"):
        request(headers={"X-A": ["x"]})


@pytest.mark.parametrize("name", ["X-Subject-Token", "X-Account-Meta-Temp-URL-Key-2", "Cookie"])
def test_headers_that_are_secret_are_masked_in_messages(name: str) -> None:
    request(headers={name: f"h1dden-{name}"})
    assert shown(f"no such h1dden-{name}") == "no such ..."


# Bodies


@pytest.mark.parametrize(
    ("body", "sent", "content_type"),
    [
        ({"a": [1, None, "é"]}, b'{"a": [1, null, "\\u00e9"]}', "application/json"),
        ([], b"[]", "application/json"),
        ("text: é", "text: é".encode(), "text/plain; charset=utf-8"),
        ("not UTF-8: \udcff", b"not UTF-8: \xff", "text/plain; charset=utf-8"),
    ],
)
def test_bodies(body: Any, sent: bytes, content_type: str) -> None:
    asked = request(method="POST", body=body)
    assert (asked.body, asked.headers["Content-Type"]) == (sent, content_type)
    patch = request(method="PATCH", body=body, headers={"content-type": "application/x"})
    assert patch.headers["Content-Type"] == "application/x"


def test_a_body_that_is_none() -> None:
    assert request(method="POST").body is None
    assert "Content-Type" not in request(method="POST").headers
    with pytest.raises(InputError, match=r"^body: must be a mapping, a list or text, not bool"):
        request(method="POST", body=True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_reads_has_no_body(method: str) -> None:
    with pytest.raises(InputError, match=f"^body: {method} has no body"):
        request(method=method, body={})
    with pytest.raises(InputError, match=f"^secrets: {method} has no body"):
        request(method=method, secrets={"a": "b"})


def test_secrets_are_merged_and_masked() -> None:
    body = {"user": {"name": "joe", "domain": {"id": "x"}}, "list": [1]}
    secrets = {"user": {"password": "op3n-sesame", "domain": {"key": "an0ther-key"}}, "more": ["th1rd-secret"]}
    asked = request(method="POST", body=body, secrets=secrets)
    assert asked.body == (
        b'{"user": {"name": "joe", "domain": {"id": "x", "key": "an0ther-key"}, "password": "op3n-sesame"}, '
        b'"list": [1], "more": ["th1rd-secret"]}'
    )
    assert body == {"user": {"name": "joe", "domain": {"id": "x"}}, "list": [1]}
    assert shown("op3n-sesame an0ther-key th1rd-secret") == "... ... ..."
    assert request(method="PUT", secrets={"a": "b"}).body == b'{"a": "b"}'


@pytest.mark.parametrize("body", [["x"], "x"])
def test_secrets_need_a_mapping(body: Any) -> None:
    with pytest.raises(InputError, match=r"^secrets: they are merged into body, which"):
        request(method="POST", body=body, secrets={"a": "b"})


# The rest


@pytest.mark.parametrize("microversion", ["2", "2.latest", "v2.1", "newest", "2.90 "])
def test_a_microversion_that_is_none(microversion: str) -> None:
    with pytest.raises(InputError, match=r"^microversion: "):
        request(microversion=microversion)


@pytest.mark.parametrize("status", [401, 100, 99, 600, 0])
def test_statuses_that_no_answer_ends_with(status: int) -> None:
    with pytest.raises(InputError, match=f"^status: {status} cannot be accepted"):
        request(status=[200, status])


def test_accepted_statuses() -> None:
    assert [status for status in (199, 200, 204, 299, 300, 404) if request().accepts(status)] == [200, 204, 299]
    assert [status for status in (200, 204, 404) if request(status=[204, 404]).accepts(status)] == [204, 404]


def test_only_get_has_pages() -> None:
    with pytest.raises(InputError, match=r"^pages: only GET has pages"):
        request(method="POST", pages="servers")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_may_change_anything_needs_locations(method: str) -> None:
    with pytest.raises(InputError, match=f"^locations: required for {method}"):
        check_locations(request(method=method), None)
    check_locations(request(method=method), ["*"])
    check_locations(request(), None)
