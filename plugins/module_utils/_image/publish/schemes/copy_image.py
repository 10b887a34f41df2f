# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance's interoperable import, method ``copy-image``: from one store of a Location to its others.

No upload, so not one of `SCHEMES`: it is for images that exist, just uploaded or older.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...._cloud.translate import given_up
from ...._core.errors import (
    ConflictError,
    DeadlineError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from ...._core.retry import Attempts, Policy
from ...._glance.v2 import IMPORT_LOCK
from ...import_wait import ImportWait

if TYPE_CHECKING:
    from ...._glance.v2 import Glance
    from ..context import PlanContext

NAME = "copy_image"
METHOD = "copy-image"
COPIES = Policy(first=2.0)


def copy(glance: Glance, context: PlanContext, image: dict[str, Any]) -> dict[str, Any]:
    """Copy the active image to the desired stores that do not have it, and wait; one at a time, as Glance wants it.

    Raises RefusedError where the Location does not copy, DeadlineError where copying stalls or takes too long, and
    ServerError or QuotaError where it fails. The image itself stays as it is.
    """
    missing = context.stores_without(image)
    if missing and not context.supports_import(METHOD):
        raise RefusedError(
            f"the image cannot be copied to {', '.join(missing)}: the import method {METHOD} is not offered",
            hint="Name one store, or leave stores out.",
        )
    attempts = Attempts(COPIES, glance.connection.deadline)
    while missing:
        try:
            _start(glance, image["id"], missing)
            image = _wait(glance, context, image)
        except OaktreeError as error:
            attempts.failed(error)
            image = glance.get(image["id"]) or image
        missing = context.stores_without(image)
    return image


def _start(glance: Glance, image_id: str, missing: tuple[str, ...]) -> None:
    """Have the cloud copy; when it does so already, or only the answer is lost, that is as good."""
    try:
        glance.start_import(image_id, {"name": METHOD}, {"stores": list(missing), "all_stores_must_succeed": True})
    except (ConflictError, DeadlineError, ServerError, UnreachableError) as error:
        if not _goes_on(glance, image_id, error):
            raise


def _goes_on(glance: Glance, image_id: str, error: OaktreeError) -> bool:
    """Whether the image is being imported. Raises ``error`` where that cannot be found out."""
    try:
        return IMPORT_LOCK in (glance.get(image_id) or {})
    except OaktreeError:
        raise error from None


def _wait(glance: Glance, context: PlanContext, image: dict[str, Any]) -> dict[str, Any]:
    wait = ImportWait(glance, image["id"], context.desired.timeouts.stall_timeout, image["size"] or 0)
    while True:
        found = wait.look()
        if found is None:
            raise ServerError("the image vanished while it was copied to other stores")
        if IMPORT_LOCK not in found:
            # before, both may tell of an earlier import
            failed = found.get("os_glance_failed_import")
            if failed:
                reason = wait.task()[1]
                raise given_up(f"copying to {failed} failed. {reason}", reason)
            if not context.stores_without(found) and not found.get("os_glance_importing_to_stores"):
                return found
        wait.wait()
