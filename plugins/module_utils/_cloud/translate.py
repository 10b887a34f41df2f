# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Converts exceptions of openstacksdk, keystoneauth1 and requests, and HTTP error answers, to `OaktreeError`."""

from __future__ import annotations

import json
import re
from http.client import responses
from typing import TYPE_CHECKING, Any

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
    innermost,
    unexpected,
)
from .._core.retry import retry_after
from .._core.text import one_line
from .answers import MALFORMED, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response


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
    if isinstance(exc, ksa.DiscoveryFailure) and isinstance(cause, (ksa.ConnectionError, ksa.HttpError)):
        error = _translate_keystoneauth(cause)  # an unversioned Keystone was unreachable, or failed
        if not isinstance(error, AuthError | RefusedError):
            return error
    text = _brief(exc)
    if isinstance(exc, ksa.HttpError):
        response = exc.response
        body = _text(response) if response is not None else ""
        headers = response.headers if response is not None else {}
        return from_status(exc.http_status, text, body, headers)
    if isinstance(exc, ksa.SSLError):
        if _ALERT.search(text):
            return _no_certificate(text)
        return UnreachableError(text, hint=_TRUST_HINT if "verify failed" in text else _TLS_HINT)
    if isinstance(exc, ksa.ConnectTimeout):
        return DeadlineError(text)
    if isinstance(exc, (ksa.ConnectionError, ksa.UnknownConnectionError)):
        return UnreachableError(text)
    if isinstance(exc, (ksa.EndpointNotFound, ksa.CatalogException)):
        return RefusedError(
            f"the catalog has no such endpoint here: {text}" if text else "the catalog has no such endpoint here",
            hint=NO_ENDPOINT_HINT,
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


NO_ENDPOINT_HINT = "Check region_name and interface in clouds.yaml; not every cloud offers every service."
_TRUST_HINT = "Check cacert and verify in the cloud's entry in clouds.yaml."
_TLS_HINT = (
    "Check cacert and verify in the cloud's entry in clouds.yaml, and whether the server requires a client certificate "
    "(cert and key)."
)


def from_response(response: Response) -> OaktreeError:
    """The error for an answer with a status from 400 on."""
    status = response.status_code
    identifier = response.headers.get("X-Openstack-Request-Id")
    text = f"{responses.get(status, 'HTTP error')} (HTTP {status})"
    text += f" (Request-ID: {one_line(identifier)})" if identifier else ""
    return from_status(status, text, _text(response), response.headers)


_REQUEST_ID = re.compile(r" \(Request-ID: [^)]*\)")


def without_request_id(message: str) -> str:
    """A message without what differs from run to run: two runs over the same clouds return the same bytes."""
    return _REQUEST_ID.sub("", message)


def _text(response: Response) -> str:
    return response.content.decode(errors="replace")


_QUOTA = re.compile(
    r"\bquotas?\b.{0,80}\b(exceed|reached\b|met\b)|\b(exceed\w*|reached)\b.{0,80}\b(quota|limit|maximum)"
    r"|\blimit\w*\b.{0,40}\b(exceed|reached\b)|\bmaximum number\b.*\bexceed|over_?quota"
    r"|\bover (a |the )?(limit|quota)\b",
    re.IGNORECASE,
)
_QUOTA_ONLY = re.compile(r"\bquotas?\b.{0,80}\bexceed|\bexceed\w*\b.{0,80}\bquota|RequestLimitExceeded", re.IGNORECASE)
"""For 400, where what exceeds a maximum is mostly a value; the last is Heat's and Senlin's number of stacks."""
_POLICY = re.compile(r"\bpolic(y|ies)\b|\brule:", re.IGNORECASE)
_TOO_FAST = re.compile(r"\brate.?limit|\btoo many requests\b|\bslow down\b", re.IGNORECASE)
_ALERT = re.compile(
    r"alert (certificate required|handshake failure|bad certificate|unknown ca|certificate (unknown|revoked|expired))",
    re.IGNORECASE,
)
"""An alert comes from the other side; a certificate that this side does not trust is "verify failed"."""
_NO_CERTIFICATE = re.compile(r"no required SSL certificate was sent|the SSL certificate error", re.IGNORECASE)
"""nginx says this with status 400."""
_STATUS = re.compile(r"\(HTTP \d+\).*", re.DOTALL)
_VALUES_HINT = "The service does not take these values: its message says which."
_NOT_OFFERED_HINT = "The cloud does not offer this."
_LENGTH_HINT = "The request is too long: use fewer or shorter names and filters."
_HINTS = {
    400: _VALUES_HINT,
    403: RefusedError.default_hint,
    404: "It does not exist, the project may not see it, or the cloud does not offer this.",
    405: _NOT_OFFERED_HINT,
    406: "The cloud does not offer this, or not in this version.",
    407: "Give user and password of the proxy in its URL (https_proxy, http_proxy).",
    410: "It has been deleted.",
    414: _LENGTH_HINT,
    415: "The service does not take content of this type.",
    422: _VALUES_HINT,
    431: _LENGTH_HINT,
    501: _NOT_OFFERED_HINT,
}


def from_status(  # noqa: PLR0911 - a table
    status: int, text: str, body: str, headers: Mapping[str, str]
) -> OaktreeError:
    """The error for an HTTP error answer, in the service's own words if it has any.

    413 means "throttled", "over quota" (Cinder and Manila, with Retry-After: 0) or "too large". Other services report
    an exceeded quota with 400 (Heat), 403 or 409 (Neutron). Swift limits rates with 498. An object store without space
    left answers 507.
    """
    detail = _detail(body)
    message = _message(text, detail)
    words = f"{message} {body[:4096]}"
    seconds = retry_after(headers)
    if status == 400 and _NO_CERTIFICATE.search(words):
        return _no_certificate(message)
    if status == 401:
        return AuthError(message, status=status)
    if status in (429, 498) or (status == 413 and _is_throttled(words, seconds)):
        return ThrottledError(message, retry_after=seconds, status=status)
    if _is_quota(status, words):
        return QuotaError(message, status=status)
    if status in (413, 507):
        return QuotaError(message, hint=_SIZE_HINTS[status], status=status)
    if status == 409:
        return ConflictError(message, status=status)
    if status >= 500 and status != 501:
        if status == 503 and seconds is not None:
            return ThrottledError(message, retry_after=seconds, perhaps_done=True, status=status)
        return ServerError(message, status=status)
    return RefusedError(message, hint=_HINTS.get(status, _OTHER_HINT), status=status)


def given_up(text: str, reason: str) -> OaktreeError:
    """The error for work that a cloud aborted, by the reason that it reports: a quota, or a fault of its own."""
    error = from_status(403, "", json.dumps({"message": reason}), {})
    return QuotaError(text.rstrip(". ")) if isinstance(error, QuotaError) else ServerError(text.rstrip(". "))


_OTHER_HINT = "The service does not take this request: its message says why."
_SIZE_HINTS = {
    413: "This is more than the service, or a proxy in front of it, takes at once.",
    507: "The cloud's store has no space left: inform the operator.",
}


def _is_throttled(words: str, seconds: float | None) -> bool:
    """Whether a 413 asks to slow down."""
    if _TOO_FAST.search(words):
        return True
    return not _QUOTA.search(words) and (seconds is not None or "overLimit" in words)


def _is_quota(status: int, words: str) -> bool:
    if status == 400:
        return bool(_QUOTA_ONLY.search(words))
    return status in (403, 409, 413) and bool(_QUOTA.search(words)) and not _POLICY.search(words)


def _no_certificate(message: str) -> ConfigError:
    return ConfigError(
        f"the server requires a client certificate that it trusts: {message}",
        hint="Set cert and key in the cloud's entry in clouds.yaml; if they are set, check that they are valid.",
    )


def _message(text: str, detail: str) -> str:
    """The service's words before what keystoneauth knows: ``No such image. (HTTP 404) (Request-ID: req-7)``."""
    if not detail or detail in text:
        return text
    known = _STATUS.search(text)
    return f"{detail} {known[0]}" if known else f"{text}: {detail}"


_WORDS = ("message", "faultstring", "detail", "description", "explanation")
"""What services call the sentence of an error: most; Octavia and Ironic; Placement; Barbican; Heat."""


def _detail(body: str) -> str:
    """The message in an error body: ``{"x": {"message": ...}}``, ``{"errors": [{"detail": ...}]}`` or an HTML page.

    Designate has ``{"errors": {"errors": [{"path": ["ttl"], "message": ...}]}}``.
    """
    try:
        data = parse_json(body.encode())
    except MALFORMED:
        return one_line(body) if re.search(r"\w", body) else ""
    if not isinstance(data, dict):
        return ""
    inner = [value.get("errors") for value in data.values() if isinstance(value, dict)]
    first = next((value[:1] for value in (*data.values(), *inner) if isinstance(value, list)), [])
    for candidate in (*data.values(), *first, data):
        if isinstance(candidate, dict):
            for key in _WORDS:
                if isinstance(candidate.get(key), str):
                    return one_line(f"{_where(candidate)}{candidate[key]}")
    return ""


def _where(error: Mapping[str, Any]) -> str:
    """What part of a body an error is about: ``records.0: ``; empty where it does not say."""
    path = error.get("path")
    return f"{'.'.join(map(str, path))}: " if isinstance(path, list) and path else ""


_TO_WHERE = re.compile(r"(.+? https?://\S+): ")


def _brief(exc: BaseException) -> str:
    """An exception as one line; for a network error, its URL and the innermost cause.

    The libraries' wrappers repeat the address, mention retries that did not happen, and hide the cause.
    """
    where = _TO_WHERE.match(str(exc))
    if not where:
        return one_line(str(exc))
    reason = innermost(exc)
    return one_line(f"{where[1]}: {reason}" if reason is not exc else str(exc))
