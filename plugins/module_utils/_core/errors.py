# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this collection: each has a kind, a message, a hint at the way out, and what could not be cleaned up.

::

    OaktreeError        internal     a bug in this collection
    ConfigError         config       an entry of clouds.yaml, or a missing library
    AuthError           auth         Keystone rejects the credentials
    UnreachableError    unreachable  no connection, or a broken one
    DeadlineError       timeout      a timeout expired
    ThrottledError      throttled    rate limits, the cloud's or the configured ones
    QuotaError          quota        a quota, or a size limit
    RefusedError        refused      not allowed, not found, not supported, not valid
    ConflictError       conflict     the state of the resource does not allow it
    IntegrityError      integrity    the stored data is not what was sent
    ServerError         server       the cloud failed, or its answer cannot be parsed
    InputError          input        an option, or a file that it names, cannot be used

Exceptions of other libraries and HTTP answers become these in `_cloud.translate`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar

from .text import one_line

if TYPE_CHECKING:
    from typing import Self


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

    @property
    def summary(self) -> str:
        """Message, kind and hint in one text."""
        return f"{self.message} ({self.kind}). {self.hint}"

    def copied(self) -> Self:
        """The same error by itself, for one that is kept and given to several: whoever catches it may add to it."""
        error = copy.copy(self)
        error.residue = list(self.residue)
        return error

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

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
        perhaps_done: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.perhaps_done = perhaps_done
        """Whether the request may have been carried out all the same."""


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


def record_of(error: OaktreeError) -> dict[str, str]:
    """What another process needs to know of an error, as plain JSON types."""
    return {"kind": error.kind, "message": error.message, "hint": error.hint}


def restored(record: Any) -> OaktreeError | None:
    """The error that `record_of` made the record of; None for what is no such record."""
    classes: list[type[OaktreeError]] = [OaktreeError, *OaktreeError.__subclasses__()]
    kinds = {each.kind: each for each in classes if "kind" in vars(each)}
    try:
        return kinds[record["kind"]](str(record["message"]), hint=str(record["hint"]))
    except (KeyError, TypeError):
        return None


def unexpected(exc: BaseException) -> OaktreeError:
    """The exception itself if it is one of ours, else one that reports it as a bug of this collection."""
    return exc if isinstance(exc, OaktreeError) else OaktreeError(f"{type(exc).__name__}: {one_line(str(exc))}")
