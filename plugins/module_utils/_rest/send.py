# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request of the user's at one Location: sent as all requests are, and its answer as plain JSON types."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from http.client import responses
from typing import TYPE_CHECKING, Any

from .._cloud.answers import MOST_VALUES, answer_to, parse_json, parsing
from .._cloud.catalog import find_service
from .._core.errors import RefusedError
from .._core.text import SECRET_HEADER, without_secrets
from .request import below

if TYPE_CHECKING:
    from requests import Response

    from .._cloud.connection import Connection
    from .._cloud.service import Service
    from .request import RestRequest

MASKED = "..."
_TEXT = re.compile(r"text/|[^/;]*/[^;]*(json|xml|yaml|javascript|urlencoded)", re.IGNORECASE)
"""Types of content that is text; what an answer of another type holds is not read."""
_JSON = re.compile(r"[^/;]*/[^;]*json", re.IGNORECASE)


def send(connection: Connection, request: RestRequest, *, check_mode: bool) -> dict[str, Any]:
    """Send the request, with all pages of a list, and return ``{sent, url, microversion, status, headers, body}``.

    In check mode only what reads is sent; of another request, ``sent`` is false, and there is no answer. Raises
    `OaktreeError` for a status that is not accepted, RefusedError for an answer that is not text, and InputError for a
    URL that is not below the service's endpoint.
    """
    service, _entry = find_service(connection, request.service_type, request.interface)
    path, query = below(service.endpoint, request.path)
    microversion = service.newest_microversion() if request.microversion == "latest" else request.microversion
    record: dict[str, Any] = {
        "sent": False,
        "url": without_secrets(service.endpoint + path),
        "microversion": microversion,
        "status": None,
        "headers": {},
        "body": None,
    }
    if check_mode and not request.reads:
        return record
    return record | _answer(service, request, path, {**query, **request.params}, microversion)


def _answer(
    service: Service, request: RestRequest, path: str, params: dict[str, list[str]], microversion: str | None
) -> dict[str, Any]:
    answers: list[Response] = []

    def ask(method: str, path: str, **kwargs: Any) -> Response:
        response = service.request(
            method,
            path,
            headers=dict(request.headers),
            microversion=microversion,
            accepted=request.statuses,
            hooks={"response": _refuse_binary},
            **kwargs,
        )
        _check_status(response, request)
        _mask_token(response)
        answers.append(response)
        return response

    if request.pages:
        pages = service.pages(path, request.pages, params, ask=ask)
        body: Any = {request.pages: [item for page in pages for item in page]}
    else:
        body = _body(ask(request.method, path, params=params, data=request.body))
    first = answers[0]
    return {"sent": True, "status": first.status_code, "headers": _headers(first), "body": body}


def _check_status(response: Response, request: RestRequest) -> None:
    """Raise RefusedError for an answer below 400 that is not accepted; above, `Service.request` has."""
    status = response.status_code
    if request.accepts(status):
        return
    raise RefusedError(
        f"{answer_to(response)} is {responses.get(status, 'unknown')} (HTTP {status}), which is not accepted",
        hint=f"If this is what you expect, add {status} to status.",
        status=status,
    )


def _refuse_binary(response: Response, **_kwargs: Any) -> None:
    """Raise RefusedError for an answer that is not text, before its content is read."""
    content_type = response.headers.get("Content-Type", "")
    bodiless = response.request.method == "HEAD" or response.headers.get("Content-Length") == "0"
    if not response.ok or bodiless or response.status_code in (204, 304) or response.is_redirect:
        return
    if content_type and not _TEXT.match(content_type):
        response.close()
        raise _binary(response)


def _binary(response: Response) -> RefusedError:
    content_type = response.headers.get("Content-Type", "no content type")
    return RefusedError(
        f"{answer_to(response)} is not text ({without_secrets(content_type)})",
        hint="This returns JSON and text only. Images are exported by oaktree.multicloud.image_export.",
        final=True,
    )


def _mask_token(response: Response) -> None:
    """Take the token of the request out of what the service answers, should it be there."""
    token = response.request.headers.get("X-Auth-Token")
    if not token:
        return
    content = response.content
    if b"\\u" in content and _is_json(response):
        with suppress(ValueError):  # which says what is wrong when the body is parsed
            content = json.dumps(_parsed(response), ensure_ascii=False).encode()
    response._content = content.replace(token.encode(), MASKED.encode())  # noqa: SLF001 - as requests keeps it


def _is_json(response: Response) -> bool:
    return _JSON.match(response.headers.get("Content-Type", "")) is not None


def _parsed(response: Response) -> Any:
    """Raises ValueError for what is no JSON."""
    return parse_json(response.content, getattr(response, "most_values", MOST_VALUES))


def _body(response: Response) -> Any:
    """The JSON or the text of an answer; None where it has none."""
    content = response.content
    if not content:
        return None
    if _is_json(response):
        with parsing(answer_to(response)):
            return _parsed(response)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _binary(response) from None


def _headers(response: Response) -> dict[str, str]:
    """The headers of an answer, their names in lower case, as services write them differently; secrets are masked."""
    return {
        name.lower(): MASKED if SECRET_HEADER.search(name) else without_secrets(_decoded(value))
        for name, value in sorted(response.headers.items())
    }


def _decoded(value: str) -> str:
    """Headers are read as Latin-1; services write UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
