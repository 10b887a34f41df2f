# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of an image to all Locations: survey, plan, transfer, finalise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._gather import Result, Target, connect, each
from ansible_collections.oaktree.multicloud.plugins.module_utils._image import finalise
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.client import glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.plan import Plan, make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.relay import Feeds, with_feeders
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.schemes import copy_image
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.survey import survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.transfer import (
    CLEANUP_TIMEOUT,
    Transfer,
    discard,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._offers import agent_properties
from ansible_collections.oaktree.multicloud.plugins.module_utils._reads import SharedReads
from ansible_collections.oaktree.multicloud.plugins.module_utils._records import image_record
from ansible_collections.oaktree.multicloud.plugins.module_utils._scatter import Limits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.glance import Glance
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.supply import Supply
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.wanted import Wanted

GRACE = CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class Change:
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
    case: Case
    plan: Plan


def ensure_image(target: Target, wanted: Wanted, supply: Supply | None, *, check_mode: bool) -> list[Result[Change]]:
    """Bring every selected Location to what is wanted, or in check mode only say how; results sorted by Location.

    ``supply`` is the content that the image is to have, None where only its metadata matters. Raises InputError when
    nothing was tried because the configuration or the selection cannot be used.
    """
    with SharedReads(allowed=target.token_cache) as reads:
        connections, results = connect(target, reads)
        looks = each(connections, lambda connection: _look(connection, wanted, supply), target.limits())
        results += [Result.of(look) for look in looks if look.error]
        home = supply.home if supply else None
        cases = with_feeders([look.value for look in looks if look.value], _can_be_planned, home)
        jobs: list[Job] = []
        for connection, case in zip([look.item for look in looks if look.value], cases, strict=True):
            try:
                jobs.append(Job(connection, case, make_plan(case)))
            except OaktreeError as error:
                results.append(Result.of_connection(connection, error=error))
        doable = [job for job in jobs if job.plan.changed and not check_mode]
        results += [
            Result.of_connection(job.connection, Change(job.plan, _record(job.connection, job.plan.image)))
            for job in jobs
            if job not in doable
        ]
        results += _do(target, wanted, jobs, doable, supply)
        return sorted(results, key=lambda result: result.location.sort_key)


def _can_be_planned(case: Case) -> bool:
    try:
        make_plan(case)
    except OaktreeError:
        return False
    return True


def _look(connection: Connection, wanted: Wanted, supply: Supply | None) -> Case:
    location, region = connection.location, connection.region
    wanted = wanted.at(location)
    origin = supply.identity if supply else None
    disk_format = wanted.disk_format or region.image_format or (origin.disk_format if origin else "")
    found = survey(connection, wanted, origin, disk_format)
    keystone = str(region.config.get_auth_args().get("auth_url"))
    url = supply.url if supply else None
    return Case(location, wanted, found, keystone, disk_format, origin, url, agent_properties(connection))


def _do(
    target: Target, wanted: Wanted, jobs: Sequence[Job], doable: Sequence[Job], supply: Supply | None
) -> list[Result[Change]]:
    """Run the jobs in parallel, those that hand images on before those that wait for them."""
    feeds = Feeds()
    if supply and supply.home:
        feeds.keep(supply.home.location, supply.home.image)
    for job in jobs:
        if job.plan.upload is None and job.plan.image:
            feeds.keep(job.case.location, job.plan.image)
    ordered = sorted(doable, key=lambda job: job.case.feeder is not None)
    by_connection = {job.connection: job for job in ordered}
    fed = any(job.case.feeder for job in ordered)
    limits = Limits(target.concurrency, wanted.clocks.total * (2 if fed else 1), GRACE)

    def work(connection: Connection) -> Change:
        job = by_connection[connection]
        try:
            return _apply(job, supply, feeds)
        finally:
            feeds.break_off(job.case.location)

    return [Result.of(outcome) for outcome in each([job.connection for job in ordered], work, limits)]


def _apply(job: Job, supply: Supply | None, feeds: Feeds) -> Change:
    connection, case, plan = job.connection, job.case, job.plan
    glance, notes = glance_for(connection), list[str]()
    scheme = None
    with connection.within(case.wanted.clocks.timeout, "timeout"):
        notes.extend(note for image_id in plan.clear if (note := discard(glance, image_id)))
    image = plan.image
    if plan.upload and supply:
        transfer = Transfer(connection, case, plan.upload, supply, feeds)
        image = _transferred(job, transfer, feeds)
        scheme = transfer.scheme.NAME
        notes.extend(transfer.notes)
        image = finalise.publish(glance, case.wanted, plan, image)
    elif image:
        image = _copied(glance, case, finalise.reactivate(glance, plan, image))
    with connection.within(case.wanted.clocks.timeout, "timeout"):
        if image:
            image = _finalised(glance, job, image)
        for old in plan.remove:
            if plan.action != "deleted":
                notes.extend(finalise.retire(glance, case.wanted, old))
            else:
                finalise.delete(glance, old)
    gone = plan.action == "deleted"
    return Change(plan, None if gone else _record(connection, image), scheme, tuple(notes))


def _transferred(job: Job, transfer: Transfer, feeds: Feeds) -> dict[str, Any]:
    """Upload, hand on to those who wait, and copy to the other stores that are wanted."""
    image = transfer.run()
    feeds.keep(job.case.location, image)
    try:
        return _copied(glance_for(job.connection), job.case, image)
    except OaktreeError as error:
        error.leaves(discard(glance_for(job.connection), image["id"]))
        raise


def _copied(glance: Glance, case: Case, image: dict[str, Any]) -> dict[str, Any]:
    with glance.connection.within(case.wanted.clocks.import_timeout, "import_timeout"):
        return copy_image.copy(glance, case, image)


def _finalised(glance: Glance, job: Job, image: dict[str, Any]) -> dict[str, Any]:
    plan = job.plan
    if plan.changes and not plan.upload:
        image = glance.patch(image["id"], plan.changes)
    finalise.share(glance, job.case.wanted, plan, image)
    return finalise.deactivate(glance, plan, image)


def _record(connection: Connection, image: dict[str, Any] | None) -> dict[str, Any] | None:
    return image_record(image, connection.location) if image else None
