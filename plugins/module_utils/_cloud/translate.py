# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts exceptions of openstacksdk, keystoneauth1 and requests, and HTTP error answers, to `OaktreeError`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .._core.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    DeadlineError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
    unexpected,
)
from .._core.retry import parse_retry_after
from .._core.text import one_line
from .answers import MALFORMED, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def translate(exc: BaseException) -> OaktreeError:
    """The error for any exception that can end the work on a Location."""
    if isinstance(exc, OaktreeError):
        return exc
    error = _translate_keystoneauth(exc) or _translate_others(exc)
    error.__cause__ = exc
    return error


def _translate_keystoneauth(exc: BaseException) -> OaktreeError | None:  # noqa: C901, PLR0911 - a table
    from keystoneauth1 import exceptions as ksa

    cause = exc.__context__
    if isinstance(exc, ksa.DiscoveryFailure) and isinstance(cause, (ksa.ConnectionError, ksa.HttpServerError)):
        return _translate_keystoneauth(cause)  # an unversioned Keystone was unreachable, or failed
    text = _brief(exc)
    if isinstance(exc, ksa.HttpError):
        response = exc.response
        body = response.text if response is not None else ""
        headers = response.headers if response is not None else {}
        return from_status(exc.http_status, text, body, headers)
    if isinstance(exc, ksa.SSLError):
        return UnreachableError(text, hint="Check cacert and verify in the cloud's entry in clouds.yaml.")
    if isinstance(exc, ksa.ConnectTimeout):
        return DeadlineError(text)
    if isinstance(exc, (ksa.ConnectionError, ksa.UnknownConnectionError)):
        return UnreachableError(text)
    if isinstance(exc, (ksa.EndpointNotFound, ksa.CatalogException)):
        return RefusedError(
            f"the catalog has no such endpoint here: {text}" if text else "the catalog has no such endpoint here",
            hint="Check region_name and interface in clouds.yaml; not every cloud offers every service.",
        )
    if isinstance(exc, ksa.DiscoveryFailure):
        return ServerError(
            f"version discovery failed: {text}",
            hint="Check auth_url in clouds.yaml and the URL in the catalog. If both are right, inform the operator.",
        )
    if isinstance(exc, (ksa.AuthPluginException, ksa.MissingRequiredOptions, ksa.NoMatchingPlugin)):
        return ConfigError(text)
    if isinstance(exc, ksa.AuthorizationFailure):
        return AuthError(text)
    if isinstance(exc, ksa.ClientException):
        return ServerError(text)
    return None


def _translate_others(exc: BaseException) -> OaktreeError:
    import requests

    text = _brief(exc)
    if isinstance(exc, (requests.exceptions.JSONDecodeError, json.JSONDecodeError)):
        return ServerError(f"an answer cannot be parsed: {text}")
    if isinstance(exc, requests.exceptions.Timeout):
        return DeadlineError(text)
    if isinstance(exc, requests.exceptions.RequestException):
        return UnreachableError(text)
    if type(exc).__module__.startswith("openstack."):
        return ConfigError(text)
    return unexpected(exc)


_QUOTA = re.compile(
    r"quota\b.{0,80}\b(exceed|reach|met\b)|(exceed|reach)\w*\b.{0,80}\b(quota|limit|maximum)"
    r"|limit\w*\b.{0,40}\b(exceed|reach)|maximum number\b.*exceed|over_?quota",
    re.IGNORECASE,
)
_POLICY = re.compile(r"\bpolic(y|ies)\b|\brule:", re.IGNORECASE)
_TOO_FAST = re.compile(r"rate.?limit|too many requests|slow down|over_?limit", re.IGNORECASE)
_STATUS = re.compile(r"\(HTTP \d+\).*", re.DOTALL)
_VALUES_HINT = "The service does not take these values: its message says which."
_HINTS = {
    400: _VALUES_HINT,
    404: "It does not exist, the project may not see it, or the cloud does not offer this.",
    405: "The cloud does not offer this.",
    406: "The cloud does not offer this, or not in this version.",
    410: "It has been deleted.",
    415: "The service does not take content of this type.",
    422: _VALUES_HINT,
}
"""Where it is not a role that is missing."""


def from_status(  # noqa: PLR0911 - a table
    status: int, text: str, body: str, headers: Mapping[str, str]
) -> OaktreeError:
    """The error for an HTTP error answer, in the service's own words if it has any.

    413 means "throttled" with a Retry-After and mostly "too large" without one. Several services report an exceeded
    quota with 403, Neutron with 409. An object store without space left answers 507.
    """
    detail = _detail(body)
    message = _message(text, detail)
    words = f"{message} {body[:4096]}"
    retry_after = parse_retry_after(headers.get("Retry-After"))
    if status == 401:
        return AuthError(message)
    if status == 429 or (status == 413 and (retry_after is not None or _TOO_FAST.search(words))):
        return ThrottledError(message, retry_after=retry_after)
    if status in (413, 507) or (status in (403, 409) and _QUOTA.search(words) and not _POLICY.search(words)):
        return QuotaError(message)
    if status == 409:
        return ConflictError(message)
    if status >= 500:
        if status == 503 and retry_after is not None:
            return ThrottledError(message, retry_after=retry_after, perhaps_done=True)
        return ServerError(message, status=status)
    return RefusedError(message, hint=_HINTS.get(status), status=status)


def _message(text: str, detail: str) -> str:
    """The service's words before what keystoneauth knows: ``No such image. (HTTP 404) (Request-ID: req-7)``."""
    if not detail or detail in text:
        return text
    known = _STATUS.search(text)
    return f"{detail} {known[0]}" if known else f"{text}: {detail}"


_WORDS = ("message", "faultstring", "detail", "description", "explanation")
"""What services call the sentence of an error: most; Octavia and Ironic; Placement; Barbican; Heat."""


def _detail(body: str) -> str:
    """The message in an error body: ``{"x": {"message": ...}}``, ``{"errors": [{"detail": ...}]}`` or an HTML page."""
    try:
        data = parse_json(body.encode())
    except MALFORMED:
        return one_line(body) if re.search(r"\w", body) else ""
    if not isinstance(data, dict):
        return ""
    first = next((value[:1] for value in data.values() if isinstance(value, list)), [])
    for candidate in (*data.values(), *first, data):
        if isinstance(candidate, dict):
            for key in _WORDS:
                if isinstance(candidate.get(key), str):
                    return one_line(candidate[key])
    return ""


_TO_WHERE = re.compile(r"(.+? https?://\S+): ")


def _brief(exc: BaseException) -> str:
    """An exception as one line; for a network error, its URL and the innermost cause.

    The libraries' wrappers repeat the address, mention retries that did not happen, and hide the cause.
    """
    where = _TO_WHERE.match(str(exc))
    if not where:
        return one_line(str(exc))
    reason = exc
    while inner := reason.__cause__ or reason.__context__:
        reason = inner
    return one_line(f"{where[1]}: {reason}" if reason is not exc else str(exc))
