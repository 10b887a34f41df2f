# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of an image to all Locations: survey, plan, transfer, finalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..._core.errors import OaktreeError
from ..._core.scatter import Limits
from ..._facts.records import image_record
from ..._glance.client import glance_for
from ..._local.coalesce import RequestCoalescer
from ..._run.gather import Result, Target, connect, each
from . import finalize
from .context import PlanContext
from .plan import Plan, make_plan
from .relay import RelayBoard, with_source_regions
from .schemes import copy_image
from .survey import survey
from .transfer import CLEANUP_TIMEOUT, Transfer, discard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..._cloud.connection import Connection
    from ..._glance.v2 import Glance
    from ..desired import Desired
    from ..source.image_data import ImageData

GRACE = CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class Publication:
    """What was done, or in check mode would be done, at one Location."""

    plan: Plan
    image: dict[str, Any] | None
    """The record of the image as it is now; None when there is none."""
    scheme: str | None = None
    """The scheme that served in the end; None without an upload."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """The work on one Location once it is decided."""

    connection: Connection
    context: PlanContext
    plan: Plan


def ensure_image(
    target: Target, desired: Desired, image_data: ImageData | None, *, check_mode: bool
) -> list[Result[Publication]]:
    """Bring every selected Location to what is desired, or in check mode only say how; results sorted by Location.

    ``image_data`` is the content that the image is to have, None where only its metadata matters. Raises InputError
    when nothing was tried because the configuration or the selection cannot be used.
    """
    with RequestCoalescer(allowed=target.token_cache) as reads:
        connections, results = connect(target, reads)
        looks = each(connections, lambda connection: _look(connection, desired, image_data), target.limits())
        results += [Result.of(look) for look in looks if look.error]
        home = image_data.home if image_data else None
        contexts = with_source_regions([look.value for look in looks if look.value], _can_be_planned, home)
        jobs: list[Job] = []
        for connection, context in zip([look.item for look in looks if look.value], contexts, strict=True):
            try:
                jobs.append(Job(connection, context, make_plan(context)))
            except OaktreeError as error:
                results.append(Result.of_connection(connection, error=error))
        doable = [job for job in jobs if job.plan.changed and not check_mode]
        results += [
            Result.of_connection(job.connection, Publication(job.plan, _record(job.connection, job.plan.image)))
            for job in jobs
            if job not in doable
        ]
        results += _do(target, desired, jobs, doable, image_data)
        return sorted(results, key=lambda result: result.location.sort_key)


def _can_be_planned(context: PlanContext) -> bool:
    try:
        make_plan(context)
    except OaktreeError:
        return False
    return True


def _look(connection: Connection, desired: Desired, image_data: ImageData | None) -> PlanContext:
    location, region = connection.location, connection.region
    desired = desired.at(location)
    origin = image_data.fingerprint if image_data else None
    disk_format = desired.disk_format or region.settings.image_format or (origin.disk_format if origin else "")
    found = survey(connection, desired, origin, disk_format)
    keystone = region.settings.auth_url
    url = image_data.url if image_data else None
    return PlanContext(location, desired, found, keystone, disk_format, origin, url, region.settings.upload_properties)


def _do(
    target: Target, desired: Desired, jobs: Sequence[Job], doable: Sequence[Job], image_data: ImageData | None
) -> list[Result[Publication]]:
    """Run the jobs in parallel, those that hand images on before those that wait for them."""
    relay_board = RelayBoard()
    if image_data and image_data.home:
        relay_board.keep(image_data.home.location, image_data.home.image)
    for job in jobs:
        if job.plan.upload is None and job.plan.image:
            relay_board.keep(job.context.location, job.plan.image)
    ordered = sorted(doable, key=lambda job: job.context.source_region is not None)
    by_connection = {job.connection: job for job in ordered}
    fed = any(job.context.source_region for job in ordered)
    limits = Limits(target.concurrency, desired.clocks.total * (2 if fed else 1), GRACE)

    def work(connection: Connection) -> Publication:
        job = by_connection[connection]
        try:
            return _apply(job, image_data, relay_board)
        finally:
            relay_board.break_off(job.context.location)

    return [Result.of(outcome) for outcome in each([job.connection for job in ordered], work, limits)]


def _apply(job: Job, image_data: ImageData | None, relay_board: RelayBoard) -> Publication:
    connection, context, plan = job.connection, job.context, job.plan
    glance, notes = glance_for(connection), list[str]()
    scheme = None
    with connection.within(context.desired.clocks.timeout, "timeout"):
        notes.extend(note for image_id in plan.clear if (note := discard(glance, image_id)))
    image = plan.image
    if plan.upload and image_data:
        transfer = Transfer(connection, context, plan.upload, image_data, relay_board)
        image = _transferred(job, transfer, relay_board)
        scheme = transfer.scheme.NAME
        notes.extend(transfer.notes)
        image = finalize.publish(glance, context.desired, plan, image)
    elif image:
        image = _copied(glance, context, finalize.reactivate(glance, plan, image))
    with connection.within(context.desired.clocks.timeout, "timeout"):
        if image:
            image = _finalised(glance, job, image)
        for old in plan.remove:
            if plan.action != "deleted":
                notes.extend(finalize.retire(glance, context.desired, old))
            else:
                finalize.delete(glance, old)
    gone = plan.action == "deleted"
    return Publication(plan, None if gone else _record(connection, image), scheme, tuple(notes))


def _transferred(job: Job, transfer: Transfer, relay_board: RelayBoard) -> dict[str, Any]:
    """Upload, hand on to those who wait, and copy to the other stores that are desired."""
    image = transfer.run()
    relay_board.keep(job.context.location, image)
    try:
        return _copied(glance_for(job.connection), job.context, image)
    except OaktreeError as error:
        error.add_residue(discard(glance_for(job.connection), image["id"]))
        raise


def _copied(glance: Glance, context: PlanContext, image: dict[str, Any]) -> dict[str, Any]:
    with glance.connection.within(context.desired.clocks.import_timeout, "import_timeout"):
        return copy_image.copy(glance, context, image)


def _finalised(glance: Glance, job: Job, image: dict[str, Any]) -> dict[str, Any]:
    plan = job.plan
    if plan.changes and not plan.upload:
        image = glance.patch(image["id"], plan.changes)
    finalize.share(glance, job.context.desired, plan, image)
    return finalize.deactivate(glance, plan, image)


def _record(connection: Connection, image: dict[str, Any] | None) -> dict[str, Any] | None:
    return image_record(image, connection.location) if image else None
