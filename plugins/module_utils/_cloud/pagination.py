# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one page of a list to the next: by whatever the answer names as next, by a marker, or by an offset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from .._core.errors import ServerError
from .answers import TOO_LARGE_HINT, answer_to, json_object, parsing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests import Response

MOST_PAGES = 10_000
MOST_ANSWERS = 8
"""How many times the bytes of the largest answer all pages of a list may have together."""
MOST_BEGINNINGS = 5
"""How often a list is begun at most; it begins again where the item that is its marker was deleted."""


def page_of(response: Response, key: str) -> dict[str, Any]:
    """A page as plain JSON, the arguments of `Pagination.advance`.

    Services name the next page in four ways: ``{KEY_links: [{rel: next, href}]}`` (Nova, Neutron, Cinder, Octavia; of
    some lists Cinder writes the key in the singular), ``{links: {next}}`` or a list of links (Keystone, Designate;
    Heat), ``{next}`` (Glance, Barbican, Ironic), and the Link header. Keystone says ``truncated`` where it has cut a
    list. Raises ServerError for an answer without the list.
    """
    body = json_object(response)
    items = body.get(key)
    if not isinstance(items, list):
        raise ServerError(f"{answer_to(response)} cannot be parsed: it has no list {key!r}")
    with parsing(f"the link to the next page in {answer_to(response)}"):
        following = _query_of(_next_link(body, key) or response.links.get("next", {}).get("url"))
    truncated = body.get("truncated") is True
    return {"items": items, "following": following, "truncated": truncated, "size": len(response.content)}


def _next_link(body: Mapping[str, Any], key: str) -> Any:
    for links in (body.get(f"{key}_links"), body.get(f"{key.removesuffix('s')}_links"), body.get("links")):
        if isinstance(links, dict) and links.get("next"):
            return links["next"]
        for link in links if isinstance(links, list) else ():
            if link.get("rel") == "next":
                return link["href"]
    return body.get("next")


def _query_of(link: Any) -> dict[str, Any] | None:
    """Only its query: a service behind a proxy writes hosts and paths that only it knows."""
    if not link:
        return None
    query = parse_qs(urlsplit(link).query, keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in query.items()}


class Pagination:
    """The queries of a list, page by page.

    ``marker`` is the key of an item that is the marker of the next page, for services that name none. ``by_offset`` is
    for those that count items. Lists by marker or offset end with an empty page. ``largest`` is how many bytes one
    answer may have.
    """

    def __init__(
        self, path: str, params: Mapping[str, Any], largest: int, *, marker: str | None = None, by_offset: bool = False
    ) -> None:
        self._path = path
        self._params = dict(params)
        self._largest = largest
        self._marker = marker
        self._by_offset = by_offset
        self._first: Any = None
        self._beginnings = 0
        self._ids: set[str] | None = set()
        """Of all items so far; None if one has none."""
        self._begin()

    def _begin(self) -> None:
        self._beginnings += 1
        self._room = MOST_ANSWERS * self._largest
        self._query = self._params
        self._count = 0
        self._more = True
        self._seen: set[str] = set()

    def begins_again(self) -> bool:
        """Begin again, because the service refuses the query of a further page: its marker may have been deleted.

        False where that cannot be why, and where the list has begun too often.
        """
        if not self._ids or self._by_offset or not self._count or self._beginnings == MOST_BEGINNINGS:
            return False
        self._begin()
        return True

    def queries(self) -> Iterator[dict[str, Any]]:
        """The query of each page, as long as `advance` finds another. Raises ServerError if that does not end."""
        for _number in range(MOST_PAGES):
            mark = repr(sorted(self._query.items()))
            if mark in self._seen:
                raise self._stuck("the same page follows again")
            self._seen.add(mark)
            yield self._query
            if not self._more:
                return
        raise self._stuck(f"there are more than {MOST_PAGES} pages")

    def repeats(self, items: list[Any]) -> bool:
        """Whether a page by offset begins as the first one did: the service ignores offsets, and the list was whole."""
        first = items[0] if self._by_offset and items else None
        if isinstance(first, dict):
            first = first.get("id", first)  # the rest may have changed meanwhile
        if self._count == 0:
            self._first = first
            return False
        return first is not None and first == self._first

    def new(self, items: list[Any]) -> list[Any]:
        """Those of a page that no page had before the list began again."""
        ids = self._ids
        if ids is None:
            return items
        if self._beginnings > 1:
            items = [item for item in items if not isinstance(item, dict) or item.get("id") not in ids]
        found = {item["id"] for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)}
        ids.update(found)
        if len(found) < len(items):
            self._ids = None
        return items

    def advance(
        self, items: list[Any], following: Mapping[str, Any] | None = None, *, size: int = 0, truncated: bool = False
    ) -> None:
        """Go on from the page of these items, an answer of ``size`` bytes.

        ``following`` is the query that the service names for the next page. Raises ServerError where it names none
        although it has ``truncated`` the list, and for a list that is too large.
        """
        self._room -= size
        if self._room < 0:
            raise ServerError(
                f"the pages of GET {self._path} together exceed {MOST_ANSWERS} times answer_limit_mib",
                hint=TOO_LARGE_HINT,
                final=True,
            )
        if truncated and following is None:
            raise ServerError(
                f"the service has cut the list of GET {self._path}, and names no next page",
                hint="Ask for less, by name or filters, or have the operator raise the service's limit of a list.",
            )
        self._count += len(items)
        if self._by_offset:
            following = {"offset": str(self._count)}
        elif self._marker and items:
            following = {"marker": self._marker_of(items)}
        self._more = bool(items) and following is not None
        if self._more:
            self._query = {**self._query, **(following or {})}

    def _marker_of(self, items: list[Any]) -> str:
        last = items[-1].get(self._marker) if isinstance(items[-1], dict) else None
        if not isinstance(last, str) or not last:
            raise self._stuck("the marker is missing")
        return last

    def _stuck(self, why: str) -> ServerError:
        return ServerError(f"the pagination of GET {self._path} does not advance: {why}")
