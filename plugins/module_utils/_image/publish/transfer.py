# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending image data until the cloud has all of it, verified, or nothing of it."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ..._cloud.cleanup import residue_of
from ..._cloud.translate import translate
from ..._core.errors import (
    AuthError,
    ConfigError,
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
)
from ..._core.retry import PERHAPS_DONE, TRANSIENT, Attempts, Policy
from ..._glance.client import glance_for
from ..._glance.v2 import custom_properties
from ..discard import discard
from ..fingerprint import conversion, verify
from ..import_wait import ImportWait, until_active
from .attempt import Attempt
from .twins import TwinError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._cloud.connection import Connection
    from ..fingerprint import Fingerprint
    from ..source.image_data import ImageData
    from .context import PlanContext
    from .plan import UploadPlan
    from .relay import RelayBoard, RelayChoice
    from .schemes import Scheme
    from .twins import Twins

UPLOADS = Policy(errors=(AuthError, IntegrityError, *TRANSIENT), first=2.0)
"""Whole uploads by one scheme."""

_CONTENT = re.compile(r"safety|does not match|disk.?format|image (content|format)|malicious", re.IGNORECASE)
"""With 415 Glance rejects a request's type, or what an image contains: another scheme helps against the first only."""
_NOT_OPEN = {None, 403, 404, 405, 410, 415, 501}
"""Statuses of refusals that another scheme may avoid. None stands for a refusal by this collection itself."""

_SENT = {"importing", "active"}


class Transfer:
    """The upload of one image to one Location. After `run` there is one more image, active and verified, or none."""

    def __init__(
        self,
        connection: Connection,
        context: PlanContext,
        upload: UploadPlan,
        image_data: ImageData,
        relay_board: RelayBoard,
        twins: Twins | None = None,
    ) -> None:
        self.connection = connection
        self.context = context
        self.upload = upload
        self.image_data = image_data
        self.relay_board = relay_board
        self._twins = twins
        self.scheme = upload.schemes[0]
        """The one that is tried, and in the end the one that served."""
        self.unrecorded: Mapping[str, str] = {}
        """Properties that the record of the image should have, and was made without."""
        self.relay: RelayChoice | None = None
        """What decided whether another region serves the image; None where nothing did."""
        self.named_by_cloud = False
        """Whether the cloud chose the image's ID: then it does not refuse that of another run, see `claimed`."""
        self._adopted = False
        self._exhausted = False
        self._refused = False
        self.notes: list[str] = []
        """What did not go as planned, for the user."""
        self._left: list[str] = []
        """What failed attempts could not remove."""

    def run(self) -> dict[str, Any]:
        """Return the active image, under its upload name and still marked."""
        schemes, failed = list(self.upload.schemes), list[str]()
        while True:
            self.scheme = scheme = schemes.pop(0)
            if self._is_better_sent(scheme, schemes):
                continue
            try:
                return self._by(scheme)
            except OaktreeError as error:
                schemes = self._fallbacks(scheme, schemes, error)
                if not schemes:
                    error.message += f" (before that, {'; '.join(failed)})" if failed else ""
                    for complaint in self._left:
                        error.add_residue(complaint)
                    raise
                failed.append(f"{scheme.NAME}: {error.message}")
                self.notes.append(f"{scheme.NAME} failed, {schemes[0].NAME} instead: {error.message}")

    def _is_better_sent(self, scheme: Scheme, others: list[Scheme]) -> bool:
        """Whether another region would serve the image, but sending it from here takes less time."""
        source_region, auto = self.context.source_region, self.context.desired.relay == "auto"
        if not (scheme.SERVER_SIDE and source_region and others and auto) or others[0].FETCHES:
            return False
        with suppress(OaktreeError):  # which `_by` raises when it waits for the region
            self.relay = self.relay_board.choice(source_region, self.connection.deadline)
        return self.relay is not None and self.relay.direct

    def brought_along(self, image: Mapping[str, Any]) -> set[str]:
        """Names of properties that the image has from the one in its source region, and that nobody asked for."""
        if not (self.scheme.SERVER_SIDE and self.context.source_region):
            return set()
        served = self.relay_board.wait(self.context.source_region, self.connection.deadline)
        foreign = custom_properties(image).items() & custom_properties(served).items()
        return {key for key, _value in foreign} - {*self.context.desired.properties, *self.context.upload_properties}

    def discard(self, image_id: str) -> str:
        """Remove the image that `run` returned, unless it was there before; see `discard`."""
        return "" if self._adopted else discard(glance_for(self.connection), image_id)

    def _fallbacks(self, failed: Scheme, schemes: list[Scheme], error: OaktreeError) -> list[Scheme]:
        """Those that may succeed: none for an image that is refused, detours only where a direct scheme is refused."""
        if self._refused or isinstance(error, TwinError) or self._is_over():
            return []
        if failed.FETCHES:
            return [] if isinstance(error, (ConfigError, InputError, QuotaError)) else schemes
        if isinstance(error, RefusedError):
            if error.status not in _NOT_OPEN or (error.status == 415 and _CONTENT.search(error.message)):
                return []
            if not schemes and not self.context.desired.scheme:
                error.message = f"the Location does not take image data from this project: {error.message}"
            return schemes
        if isinstance(error, (DeadlineError, ServerError)):
            return [scheme for scheme in schemes if not scheme.is_detour(self.context)]
        return []

    def _is_over(self) -> bool:
        try:
            self.connection.deadline.remaining()
        except DeadlineError:
            return True
        return False

    def _by(self, scheme: Scheme) -> dict[str, Any]:
        if scheme.SERVER_SIDE and self.context.source_region:
            # before the transfer begins, so that waiting does not count towards transfer_timeout
            self.relay_board.wait(self.context.source_region, self.connection.deadline)
        attempts = Attempts(UPLOADS, self.connection.deadline)
        while True:
            try:
                return self._attempt(scheme)
            except OaktreeError as error:
                if self._exhausted:
                    raise
                if attempts.remain(error):
                    count = f"attempt {attempts.failures + 1} of {UPLOADS.attempts:g}"
                    self.notes.append(f"{scheme.NAME}, {count}: {error.message}")
                attempts.failed(error)

    def _attempt(self, scheme: Scheme) -> dict[str, Any]:
        attempt = Attempt(
            self.connection, self.context, self.image_data, self.relay_board, self.upload.metadata, self._twins
        )
        try:
            with self.connection.within(self.context.desired.timeouts.transfer_timeout, "transfer_timeout"):
                self._send(scheme, attempt)
            self.connection.progress.enter("importing" if attempt.importing or attempt.outcome else "verifying")
            with self.connection.within(self.context.desired.timeouts.import_timeout, "import_timeout"):
                if attempt.outcome:
                    attempt.outcome()
                size = attempt.expected.size if attempt.expected else 0
                stall_timeout = self.context.desired.timeouts.stall_timeout
                wait = ImportWait(attempt.glance, str(attempt.image_id), stall_timeout, size)
                image = until_active(wait, importing=attempt.importing)
            if attempt.expected:
                self._verify(image, attempt, attempt.expected)
        except Exception as exc:  # noqa: BLE001 - whatever it was, the image is removed
            error = translate(exc)
            self._exhausted = attempt.exhausted
            self._refused = attempt.refused
            if attempt.image_id and not attempt.adopted:
                error.add_residue(discard(attempt.glance, attempt.image_id))
            self._left += error.residue
            raise error from error.__cause__
        finally:
            complaints = [left for remove in reversed(attempt.temporary) if (left := residue_of(remove))]
            self.notes += complaints
            self._left += complaints
        self._adopted = attempt.adopted
        self.named_by_cloud = attempt.adopted or attempt.outcome is not None
        return image

    def _verify(self, image: Mapping[str, Any], attempt: Attempt, expected: Fingerprint) -> None:
        """Raise IntegrityError unless the cloud has what was sent, and note what its record does not say yet."""
        with self.connection.within(self.context.desired.timeouts.transfer_timeout, "transfer_timeout"):
            attempt.settle(expected)
        verify(image, expected)
        digests = attempt.digests(expected) if attempt.unrecorded else {}
        self.unrecorded = {**digests, **conversion(image, attempt.sent(expected))}

    def _send(self, scheme: Scheme, attempt: Attempt) -> None:
        try:
            scheme.send(attempt)
            self.relay_board.sent(self.context.location)
        except PERHAPS_DONE:
            if attempt.adopted:
                raise  # it is active whether or not it became what it is to be
            image = attempt.glance.get(attempt.image_id) if attempt.image_id else None
            if image is None or image["status"] not in _SENT:
                raise
            self.notes.append(f"{scheme.NAME}: the answer to the upload was lost, but the cloud has the data")
