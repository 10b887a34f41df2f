# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request of the user's to the API of a service, checked before anything is sent. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from .._cloud.urls import same_origin
from .._core.errors import InputError
from .._core.text import SECRET_HEADER, keep_secret

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READING = frozenset({"GET", "HEAD"})
"""The methods that change nothing."""

_OF_THE_SESSION = frozenset({
    "x-auth-token", "authorization", "proxy-authorization", "host", "content-length", "transfer-encoding", "te",
    "trailer", "connection", "keep-alive", "upgrade", "expect", "accept-encoding",
})  # fmt: skip
"""Headers that decide who asks, whom, or where a message ends."""
_OF_MICROVERSIONS = re.compile(r"openstack-api-version|x-openstack-.*api-version")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MICROVERSION = re.compile(r"\d+\.\d+|latest")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_STATUSES = range(200, 600)
_REJECTED = 401


@dataclass(frozen=True)
class RestRequest:
    """What is sent to a service at each Location, and which answers are accepted."""

    service_type: str
    interface: str | None
    method: str
    path: str
    """Below the endpoint, or a whole URL that begins with the endpoint's; see `below`."""
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes | None
    microversion: str | None
    """One such as 2.96, or latest; without it the request names none."""
    pages: str | None
    """The list in the answer whose further pages are read, too."""
    statuses: frozenset[int]
    """Those that are accepted; without any, all from 200 to 299 are."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> RestRequest:
        """From the options of the module or the lookup. Raises InputError, which names the option.

        Whatever is secret in them is masked in messages from now on.
        """
        method = options.get("method") or "GET"
        body = _body(method, options.get("body"), options.get("secrets") or {})
        pages = options["pages"]
        if pages is not None and method != "GET":
            raise InputError("pages: only GET has pages", hint="Omit pages.")
        microversion = options["microversion"]
        if microversion is not None and not _MICROVERSION.fullmatch(microversion):
            raise InputError(
                f"microversion: {microversion!r} is not a microversion",
                hint='Write a version in quotes, as "2.96", or latest.',
            )
        path = options["path"]
        check_below(path)
        if _ABSOLUTE.match(path) is None:
            path, query = _split(path)
        else:
            query = {}
        return cls(
            service_type=options["service_type"],
            interface=options["interface"],
            method=method,
            path=path,
            params={**query, **_params(options["params"] or {})},
            headers=_headers(options["headers"] or {}, body, options.get("body")),
            body=body,
            microversion=microversion,
            pages=pages,
            statuses=_statuses(options["status"] or ()),
        )

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.method in READING

    def accepts(self, status: int) -> bool:
        """Whether an answer of this status is what the user expects."""
        return status in self.statuses if self.statuses else 200 <= status < 300


def check_locations(request: RestRequest, locations: Collection[str] | None) -> None:
    """Raise InputError for a request that may change something, if nobody says where."""
    if locations is None and not request.reads:
        raise InputError(
            f"locations: required for {request.method}", hint="Name Locations, or write '*' for all of them."
        )


def check_below(path: str) -> None:
    """Raise InputError for a path that does not stay below whatever it is appended to, however often it is decoded."""
    if not path.isprintable():
        raise InputError(f"path: {path!r} has characters that no URL has", hint="Percent-encode them.")
    if "#" in path:
        raise InputError(f"path: {path!r} has a '#'", hint="Write %23 for one that is part of a name.")
    found = urlsplit(path).path if _ABSOLUTE.match(path) else path.partition("?")[0]
    while True:
        segments = {segment.partition(";")[0] for segment in re.split(r"[/\\]", found)}
        if segments & {".", ".."}:
            raise InputError(
                f"path: {path.partition('?')[0]!r} leads elsewhere: no part of it may be '.' or '..'",
                hint="Write the path below the url that oaktree.multicloud.rest_info returns.",
            )
        decoded = unquote(found)
        if decoded == found:
            return
        found = decoded


def below(endpoint: str, path: str) -> tuple[str, dict[str, list[str]]]:
    """The path of a checked path or URL relative to the endpoint, and the query that the URL has.

    Of a URL only path and query are used, and only if it begins with the endpoint's: the links in answers do. Raises
    InputError for others.
    """
    if _ABSOLUTE.match(path) is None:
        return path, {}
    found, root = urlsplit(path), urlsplit(endpoint).path.rstrip("/")
    if not same_origin(endpoint, path) or not f"{found.path}/".startswith(f"{root}/"):
        raise InputError(
            f"path: {path.partition('?')[0]} is not below {endpoint}, and nothing is sent anywhere else",
            hint="Give the path below it, without the URL.",
        )
    return _split(f"{found.path.removeprefix(root)}?{found.query}")


def _split(path: str) -> tuple[str, dict[str, list[str]]]:
    where, _mark, query = path.partition("?")
    if where and not where.startswith("/"):
        where = f"/{where}"
    return where, parse_qs(query, keep_blank_values=True)


def _params(given: Mapping[str, Any]) -> dict[str, list[str]]:
    return {
        str(name): [_text(f"params.{name}", item) for item in (value if isinstance(value, list) else [value])]
        for name, value in given.items()
        if value is not None
    }


def _headers(given: Mapping[str, Any], body: bytes | None, wanted: Any) -> dict[str, str]:
    headers: dict[str, str] = {"Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "text/plain; charset=utf-8" if isinstance(wanted, str) else "application/json"
    for name, value in given.items():
        lower = str(name).lower()
        if lower in _OF_THE_SESSION:
            raise InputError(f"headers: {name} cannot be set: each Location has its own", hint=f"Omit {name}.")
        if _OF_MICROVERSIONS.fullmatch(lower):
            raise InputError(f"headers: {name} cannot be set", hint="Use the option microversion.")
        text = _text(f"headers.{name}", "" if value is None else value).strip()
        if not _HEADER.fullmatch(lower) or not text.isprintable():
            raise InputError(f"headers: {name!r} is not a header", hint="A header is one line of printable text.")
        if SECRET_HEADER.search(lower):
            keep_secret(text)
        headers[lower.title()] = text.encode().decode("latin-1")  # in which HTTP libraries encode what is UTF-8
    return headers


def _body(method: str, body: Any, secrets: Mapping[str, Any]) -> bytes | None:
    if (body is not None or secrets) and method in READING:
        raise InputError(f"{'secrets' if body is None else 'body'}: {method} has no body", hint="Use params.")
    keep_secret(secrets)
    if secrets:
        if not isinstance(body, dict | None):
            raise InputError(
                "secrets: they are merged into body, which is not a mapping", hint="Give body as a mapping, or omit it."
            )
        body = _merged(body or {}, secrets)
    if body is None:
        return None
    if isinstance(body, dict | list):
        return json.dumps(body).encode()
    if isinstance(body, str):
        return body.encode(errors="surrogateescape")
    raise InputError(f"body: must be a mapping, a list or text, not {type(body).__name__}")


def _merged(body: Mapping[str, Any], secrets: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(body)
    for name, value in secrets.items():
        inner = merged.get(name)
        merged[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _text(option: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise InputError(f"{option}: must be text, a number or a boolean, not {type(value).__name__}")


def _statuses(given: Collection[int]) -> frozenset[int]:
    for status in given:
        if status not in _STATUSES or status == _REJECTED:
            why = "means that the token was rejected" if status == _REJECTED else "is no final status"
            raise InputError(f"status: {status} cannot be accepted: it {why}", hint="Omit it.")
    return frozenset(given)
