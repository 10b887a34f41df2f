# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this collection and, in one place, the translation of everyone else's.

Core code raises subclasses of `OaktreeError`. `translate` turns exceptions of openstacksdk, keystoneauth1 and
requests (two families that do not share a root) and HTTP answers into them.
"""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .location import Location


class OaktreeError(Exception):
    """Something that the user is told: a kind, a message, and a hint at the way out."""

    kind: ClassVar[str] = "internal"
    default_hint: ClassVar[str] = (
        "This is a defect of the collection: please report it with what ANSIBLE_DISPLAY_TRACEBACK=error shows."
    )

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.residue: list[str] = []
        """What the work that failed could not remove again."""

    def add_residue(self, complaint: str) -> None:
        """Add what could not be removed, and why; nothing for an empty text."""
        if complaint and complaint not in self.residue:
            self.residue.append(complaint)
            self.message += f"; {complaint}"


class ConfigError(OaktreeError):
    """A cloud's entry in clouds.yaml, or a library it needs, does not allow work on it."""

    kind = "config"
    default_hint = "Check the cloud's entry in clouds.yaml."


class AuthError(OaktreeError):
    """Keystone does not accept who we say we are."""

    kind = "auth"
    default_hint = "Check user, password or application credential, project and domains in the cloud's auth section."


class UnreachableError(OaktreeError):
    """No connection could be made, or it broke."""

    kind = "unreachable"
    default_hint = "Check the endpoint's address, the network, proxies and firewalls between here and the cloud."


class DeadlineError(OaktreeError):
    """A clock ran out."""

    kind = "timeout"
    default_hint = "The cloud did not answer in time: check that it is up, or raise timeout or api_timeout."


class ThrottledError(OaktreeError):
    """The cloud asks us to slow down, for longer than we may wait."""

    kind = "throttled"
    default_hint = "The cloud limits requests: try again later, or with a smaller concurrency."

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class QuotaError(OaktreeError):
    """A quota or a size limit of the project or the cloud is reached."""

    kind = "quota"
    default_hint = "Free something in the project or ask the cloud's operator for a larger quota."


class RefusedError(OaktreeError):
    """The cloud understood and said no: not allowed, not found, not supported, not valid."""

    kind = "refused"
    default_hint = "Check the role of the user in the project and whether the cloud offers this."

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ConflictError(OaktreeError):
    """The thing is in a state, or in a use, that does not allow what was asked."""

    kind = "conflict"
    default_hint = "Something else is working on it, or depends on it: look at its state and try again."


class IntegrityError(OaktreeError):
    """What the cloud holds is not what was sent."""

    kind = "integrity"
    default_hint = "The data was damaged on its way or in the cloud's store: try again, and tell the operator."


class ServerError(OaktreeError):
    """The cloud failed, or answered with something that makes no sense."""

    kind = "server"
    default_hint = "The fault is on the cloud's side: try again later, and tell the operator."

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class InputError(OaktreeError):
    """An option of the user's, or a file it names, cannot be used. Nothing was done."""

    kind = "input"
    default_hint = "Correct the option."


def failure(error: OaktreeError, location: Location) -> dict[str, Any]:
    """The record of a failed Location: ``{location, error, kind, hint}``."""
    return {"location": location.to_dict(), "error": error.message, "kind": error.kind, "hint": error.hint}


def record_of(error: OaktreeError) -> dict[str, str]:
    """What another process needs to know of an error, as plain JSON types."""
    return {"kind": error.kind, "message": error.message, "hint": error.hint}


def restored(record: Any) -> OaktreeError | None:
    """The error that `record_of` made the record of; None for what is no such record."""
    kinds = {kind.kind: kind for kind in OaktreeError.__subclasses__()}
    try:
        return kinds[record["kind"]](str(record["message"]), hint=str(record["hint"]))
    except (KeyError, TypeError):
        return None


def translate(exc: BaseException) -> OaktreeError:
    """Say any exception that work on a Location can end with as one of ours."""
    if isinstance(exc, OaktreeError):
        return exc
    return _translate_keystoneauth(exc) or _translate_others(exc)


def _translate_keystoneauth(exc: BaseException) -> OaktreeError | None:  # noqa: C901, PLR0911 - a table
    from keystoneauth1 import exceptions as ksa

    cause = exc.__context__
    if isinstance(exc, ksa.DiscoveryFailure) and isinstance(cause, (ksa.ConnectionError, ksa.HttpServerError)):
        return _translate_keystoneauth(cause)  # an unversioned Keystone was not reached, or failed
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
            hint="Check auth_url in clouds.yaml and the URL in the catalog; if they are right, tell the operator.",
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
        return ServerError(f"the answer is not valid JSON: {text}")
    if isinstance(exc, requests.exceptions.Timeout):
        return DeadlineError(text)
    if isinstance(exc, requests.exceptions.RequestException):
        return UnreachableError(text)
    if type(exc).__module__.startswith("openstack."):
        return ConfigError(text)
    return OaktreeError(f"{type(exc).__name__}: {text}")


_QUOTA = re.compile(r"quota|limit(s)? (was |is |has been )?(exceeded|reached)|exceed", re.IGNORECASE)


def from_status(  # noqa: PLR0911 - a table
    status: int, text: str, body: str, headers: Mapping[str, str]
) -> OaktreeError:
    """Say an HTTP error answer as one of ours.

    413 means "slow down" with a Retry-After and "too large" without one; 403 is how several services say that a
    quota is reached, and 409 how Neutron does. 507 is an object store's word for no space left.
    """
    message = text
    detail = _detail(body)
    if detail and detail not in text:
        message = f"{text}: {detail}"
    retry_after = parse_retry_after(headers.get("Retry-After"))
    if status == 401:
        return AuthError(message)
    if status == 429 or (status == 413 and retry_after is not None):
        return ThrottledError(message, retry_after=retry_after)
    if status in (413, 507) or (status in (403, 409) and _QUOTA.search(detail)):
        return QuotaError(message)
    if status == 409:
        return ConflictError(message)
    if status >= 500:
        if status == 503 and retry_after is not None:
            return ThrottledError(message, retry_after=retry_after)
        return ServerError(message, status=status)
    return RefusedError(message, status=status)


def parse_retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date (RFC 9110, 10.2.3).

    None without one; one second for what is neither.
    """
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 1.0


def _detail(body: str) -> str:
    """What an OpenStack error body says: ``{"x": {"message": ...}}``, ``{"message": ...}`` or a page's text."""
    try:
        data = json.loads(body)
    except ValueError:
        return _one_line(re.sub(r"<title>.*?</title>|<[^>]+>", " ", body, flags=re.DOTALL))
    if isinstance(data, dict):
        for value in (data, *data.values()):
            if isinstance(value, dict) and isinstance(value.get("message"), str):
                return _one_line(value["message"])
    return ""


_TO_WHERE = re.compile(r"(.+? https?://\S+): ")


def _brief(exc: BaseException) -> str:
    """What an exception says in a line; of a network error, where to and the innermost reason.

    What libraries wrap around it repeats the address, speaks of retries that nobody made, and hides the reason.
    """
    where = _TO_WHERE.match(str(exc))
    if not where:
        return _one_line(str(exc))
    reason = exc
    while inner := reason.__cause__ or reason.__context__:
        reason = inner
    return _one_line(f"{where[1]}: {reason}" if reason is not exc else str(exc))


_SIGNATURE = re.compile(r"(temp_url_sig=)[^&\s'\"<>]+")


def without_signatures(text: str) -> str:
    """The text without the signatures of URLs in it: clouds repeat URLs that they were given."""
    return _SIGNATURE.sub(r"\1...", text)


def _one_line(text: str) -> str:
    """At most 300 characters, without secrets, line breaks (Glance's are HTML, even in JSON) and runs of spaces."""
    text = " ".join(without_signatures(text).replace("<br />", " ").split())
    return text if len(text) <= 300 else text[:297] + "..."
