# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of this collection: each has a kind, a message, a hint how to resolve it, and what cleanup left behind.

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
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from .text import one_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self


class OaktreeError(Exception):
    """What is reported to the user: a kind, a message, and a hint how to resolve it."""

    kind: ClassVar[str] = "internal"
    default_hint: ClassVar[str] = (
        "This is a bug in the collection: please report it with the traceback (rerun with "
        "ANSIBLE_DISPLAY_TRACEBACK=error)."
    )

    def __init__(
        self, message: str, *, hint: str | None = None, status: int | None = None, final: bool = False
    ) -> None:
        self.message = message
        super().__init__(self.message)
        self.hint = shown(hint or self.default_hint)
        self.status = status
        """The HTTP status that it comes from, where that tells more than the kind."""
        self.final = final
        """Whether every further attempt would end the same way."""
        self.residue: list[str] = []
        """What the failed work could not remove."""

    @property
    def message(self) -> str:
        """What is wrong. Whatever it is made of, it can be shown."""
        return self._message

    @message.setter
    def message(self, text: str) -> None:
        self._message = shown(text)

    @property
    def summary(self) -> str:
        """Message, kind and hint in one text."""
        return f"{self.message} ({self.kind}). {self.hint}"

    def copied(self) -> Self:
        """The same error by itself, for one that is kept and given to several: whoever catches it may add to it."""
        error = copy.copy(self)
        error.residue = list(self.residue)
        error.__cause__ = self.__cause__
        return error

    def add_residue(self, complaint: str) -> None:
        """Add what could not be removed, and why. An empty text adds nothing."""
        complaint = shown(complaint)
        if complaint and complaint not in self.residue:
            self.residue.append(complaint)
            self.message += f"; {complaint}"


class ConfigError(OaktreeError):
    """A cloud cannot be used because of its entry in clouds.yaml, or of a library that it needs."""

    kind = "config"
    default_hint = "Check the cloud's entry in clouds.yaml."


class AuthError(OaktreeError):
    """Keystone rejects the credentials."""

    kind = "auth"
    default_hint = "Check user, password or application credential, project and domains in the cloud's auth section."


class UnreachableError(OaktreeError):
    """A connection could not be established, or broke."""

    kind = "unreachable"
    default_hint = "Check the endpoint's address, and the network, proxies and firewalls on the way to the cloud."


class DeadlineError(OaktreeError):
    """A timeout expired, or the run was interrupted."""

    kind = "timeout"
    default_hint = "The cloud did not answer in time: check that it is up, or raise timeout or api_timeout."


class ThrottledError(OaktreeError):
    """A rate limit, the cloud's or a configured one, would delay the work beyond its deadline."""

    kind = "throttled"
    default_hint = "The cloud limits the request rate: try again later, or with a lower concurrency."

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        perhaps_done: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retry_after = retry_after
        self.perhaps_done = perhaps_done
        """Whether the request may have been carried out all the same."""


class QuotaError(OaktreeError):
    """A quota of the project, or a size limit of the cloud, is exceeded."""

    kind = "quota"
    default_hint = "Free resources in the project, or ask the cloud's operator for a larger quota."


class RefusedError(OaktreeError):
    """The cloud rejects the request: not allowed, not found, not supported, not valid."""

    kind = "refused"
    default_hint = "Check the user's role in the project, and whether the cloud offers this."


@contextmanager
def suppress_404() -> Iterator[None]:
    """Count a 404 as a deletion: somebody else was faster, or the answer to an earlier attempt was lost."""
    try:
        yield
    except RefusedError as error:
        if error.status != 404:
            raise


class ConflictError(OaktreeError):
    """The state or the use of a resource does not allow the request."""

    kind = "conflict"
    default_hint = "Another operation is in progress on it, or something depends on it: check its state and try again."


class IntegrityError(OaktreeError):
    """The stored data is not what was sent."""

    kind = "integrity"
    default_hint = "The data was damaged in transit or in the cloud's store: try again, and report it to the operator."


class ServerError(OaktreeError):
    """The cloud failed, or its answer cannot be parsed."""

    kind = "server"
    default_hint = "The fault is on the cloud's side: try again later, and report it to the operator."


class InputError(OaktreeError):
    """An option, or a file that it names, cannot be used. Nothing was changed."""

    kind = "input"
    default_hint = "Correct the option."


def record_of(error: OaktreeError) -> dict[str, str]:
    """An error as plain JSON types, for another process."""
    return {"kind": error.kind, "message": error.message, "hint": error.hint}


def restored(record: Any) -> OaktreeError | None:
    """The error of a record that `record_of` made; None for anything else."""
    classes: list[type[OaktreeError]] = [OaktreeError, *OaktreeError.__subclasses__()]
    kinds = {each.kind: each for each in classes if "kind" in vars(each)}
    try:
        return kinds[record["kind"]](str(record["message"]), hint=str(record["hint"]))
    except (KeyError, TypeError):
        return None


def innermost(exc: BaseException) -> BaseException:
    """The first cause of an exception, or itself. Causes may go in a circle: ``raise exc from exc`` closes one."""
    seen = {id(exc)}
    while (inner := exc.__cause__ or exc.__context__) and id(inner) not in seen:
        seen.add(id(inner))
        exc = inner
    return exc


def unexpected(exc: BaseException) -> OaktreeError:
    """The exception itself if it is an OaktreeError, else one that reports it as a bug of this collection."""
    if isinstance(exc, OaktreeError):
        return exc
    error = OaktreeError(f"{type(exc).__name__}: {one_line(str(exc))}")
    error.__cause__ = exc  # the bug report needs its traceback
    return error
