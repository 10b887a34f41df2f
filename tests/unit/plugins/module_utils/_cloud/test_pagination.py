# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The next page, in every form in which a service names it, and lists that never end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import count, repeat
from typing import Any

import pytest
from requests import Request, Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import pagination
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.pagination import (
    MOST_ANSWERS,
    Pagination,
    page_of,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError

LARGEST = 1 << 20
LINK = "http://inner.example:8774/v2/things?marker=b&limit=2"
QUERY = {"marker": "b", "limit": "2"}


def answer(body: Any, **headers: str) -> Response:
    response = Response()
    response.status_code = 200
    response._content = json.dumps(body).encode()
    response.headers.update(headers)
    response.request = Request("GET", "https://cloud.example/things").prepare()
    response.url = str(response.request.url)
    return response


def walk(pages: list[list[Any]], params: dict[str, Any], **style: Any) -> list[dict[str, Any]]:
    """The queries of a list whose service returns these pages, then empty ones, and names no next page."""
    found, left = [], list(pages)
    listing = Pagination("/things", params, LARGEST, **style)
    for query in listing.queries():
        found.append(query)
        listing.advance(left.pop(0) if left else [])
    return found


# What the answer calls next


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({"things_links": [{"rel": "previous", "href": "/p?marker=p"}, {"rel": "next", "href": LINK}]}, {}),
        ({"thing_links": [{"rel": "next", "href": LINK}]}, {}),
        ({"links": {"next": LINK, "self": "/self", "previous": None}}, {}),
        ({"links": [{"rel": "self", "href": "/self"}, {"rel": "next", "href": LINK}]}, {}),
        ({"next": LINK}, {}),
        ({"next": "/v2/things?limit=2&marker=b", "first": "/v2/things"}, {}),
        ({"next": "?limit=2&marker=b"}, {}),
        ({}, {"Link": f'<{LINK}>; rel="next", </p>; rel="previous"'}),
    ],
    ids=["Nova", "Cinder", "Keystone", "Heat", "Barbican", "Glance", "query", "header"],
)
def test_the_query_of_the_next_page(more: dict[str, Any], headers: dict[str, str]) -> None:
    there = answer({"things": ["a"], **more}, **headers)
    size = len(there.content)
    assert page_of(there, "things") == {"items": ["a"], "following": QUERY, "truncated": False, "size": size}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"links": {"next": None, "self": "/self"}},
        {"links": {"self": "/self"}},
        {"links": [{"rel": "self", "href": "/self"}]},
        {"things_links": [{"rel": "previous", "href": "/p?marker=p"}]},
        {"things_links": [{}]},
        {"others_links": [{"rel": "next", "href": LINK}]},
        {"next": None},
        {"next": ""},
    ],
)
def test_the_last_page_names_no_next_one(more: dict[str, Any]) -> None:
    assert page_of(answer({"things": [], **more}), "things")["following"] is None


def test_a_parameter_may_have_several_values() -> None:
    page = page_of(answer({"things": ["a"], "next": "/x?fields=id&fields=name&marker=b&empty="}), "things")
    assert page["following"] == {"fields": ["id", "name"], "marker": "b", "empty": ""}


@pytest.mark.parametrize(
    "body",
    [
        [],
        "things",
        {},
        {"things": None},
        {"things": {"a": 1}},
        {"things": [], "things_links": ["next"]},
        {"things": [], "links": [{"rel": "next"}]},
        {"things": [], "next": 5},
        {"things": [], "next": "http://[::1"},
    ],
)
def test_pages_that_cannot_be_parsed(body: Any) -> None:
    with pytest.raises(ServerError, match="GET /things cannot be parsed"):
        page_of(answer(body), "things")


# From page to page


def test_what_follows_is_merged_over_our_own_parameters() -> None:
    listing = Pagination("/things", {"limit": "1000", "status": "ACTIVE"}, LARGEST)
    queries = listing.queries()
    assert next(queries) == {"limit": "1000", "status": "ACTIVE"}
    listing.advance(["a", "b"], {"marker": "b", "limit": "2"})
    assert next(queries) == {"limit": "2", "status": "ACTIVE", "marker": "b"}
    listing.advance(["c"])
    assert list(queries) == []


def test_an_empty_page_ends_a_list_whatever_it_names() -> None:
    listing = Pagination("/things", {}, LARGEST)
    for _query in listing.queries():
        listing.advance([], {"marker": "x"})


@pytest.mark.parametrize("following", [{}, {"status": "ACTIVE"}])
def test_a_page_that_follows_itself(following: dict[str, str]) -> None:
    listing = Pagination("/things", {"status": "ACTIVE"}, LARGEST)
    queries = listing.queries()
    next(queries)
    listing.advance(["a"], following)
    with pytest.raises(ServerError, match="pagination of GET /things does not advance: the same page follows again"):
        next(queries)


def endless(listing: Pagination, markers: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The queries of a list whose pages are never empty, and name these markers."""
    for query, following in zip(listing.queries(), markers, strict=False):
        yield query
        listing.advance(["a", "b"], {"marker": following})


def test_pages_that_follow_in_a_circle() -> None:
    """Keystone 30 ignores the marker of its roles: the second page names itself as the one that follows it."""
    asked = endless(Pagination("/roles", {"limit": "2"}, LARGEST), repeat("b"))
    assert [next(asked), next(asked)] == [{"limit": "2"}, {"limit": "2", "marker": "b"}]
    with pytest.raises(ServerError, match="does not advance"):
        next(asked)


def test_pages_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MOST_PAGES", 3)
    asked = endless(Pagination("/things", {}, LARGEST), map(str, count()))
    assert len([next(asked) for _page in range(3)]) == 3
    with pytest.raises(ServerError, match="more than 3 pages"):
        next(asked)


def test_all_pages_together_are_bounded() -> None:
    listing = Pagination("/things", {}, LARGEST)
    for _answer in range(MOST_ANSWERS):
        listing.advance(["a"], {"marker": "a"}, size=LARGEST)
    with pytest.raises(ServerError, match="pages of GET /things together exceed 8 times answer_limit_mib") as raised:
        listing.advance(["a"], {"marker": "b"}, size=1)
    assert "answer_limit_mib" in raised.value.hint
    assert page_of(answer({"things": []}), "things")["size"] == len('{"things": []}')


def test_a_list_that_the_service_has_cut_is_no_list() -> None:
    listing = Pagination("/users", {}, LARGEST)
    next(listing.queries())
    with pytest.raises(ServerError, match="the service has cut the list of GET /users") as raised:
        listing.advance(["a"], truncated=True)
    assert "filters" in raised.value.hint
    listing.advance(["a"], {"marker": "a"}, truncated=True)


def test_a_service_says_that_it_has_cut_a_list() -> None:
    assert page_of(answer({"users": ["a"], "truncated": True, "links": {"next": None}}), "users")["truncated"] is True


def test_by_marker() -> None:
    asked = walk([[{"id": "a"}, {"id": "b"}], [{"id": "c"}]], {"limit": "2"}, marker="id")
    assert asked == [{"limit": "2"}, {"limit": "2", "marker": "b"}, {"limit": "2", "marker": "c"}]


@pytest.mark.parametrize("last", [{"id": None}, {}, {"id": ""}, {"id": 5}, "a"])
def test_an_item_that_is_no_marker(last: Any) -> None:
    with pytest.raises(ServerError, match="does not advance: the marker is missing"):
        walk([[{"id": "a"}, last]], {}, marker="id")


def test_a_marker_that_repeats() -> None:
    with pytest.raises(ServerError, match="does not advance"):
        walk([[{"id": "a"}], [{"id": "a"}]], {}, marker="id")


def test_by_offset_whatever_the_links_say() -> None:
    listing, asked, pages = Pagination("/shares", {}, LARGEST, by_offset=True), [], [["a", "b"], ["c"], []]
    for query in listing.queries():
        asked.append(query)
        listing.advance(pages.pop(0), {"marker": "x"})
    assert asked == [{}, {"offset": "2"}, {"offset": "3"}]
