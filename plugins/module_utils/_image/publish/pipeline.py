# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image at every selected Location: survey, plan, transfer, finalize."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..._cloud.cleanup import CLEANUP_TIMEOUT, removing
from ..._core.deadline import clock
from ..._core.errors import ConflictError, OaktreeError
from ..._core.scatter import InterruptError
from ..._facts.records import image_record
from ..._glance.client import glance_for
from ..._run.ensure import Change, Member, ensure
from ..discard import discard
from ..source.hashing import known
from ..source.image_data import AnnouncedImage, ImageData
from . import finalize
from .context import PlanContext
from .members import resolve
from .plan import Plan, content_of, make_plan
from .relay import RelayBoard, with_source_regions
from .schemes import copy_image, needs_tasks, temporary_object
from .survey import survey
from .transfer import Transfer
from .twins import TwinError, Twins, Work, image_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from ..._cloud.connection import Connection
    from ..._core.location import Location
    from ..._glance.v2 import Glance
    from ..._run.gather import Result, Target
    from ..desired import Desired
    from ..fingerprint import Announced, Fingerprint
    from ..source.image_data import HomeImage
    from .relay import RelayChoice

GRACE = CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class Job:
    """The work on one Location once it is decided."""

    context: PlanContext
    plan: Plan
    image_data: ImageData | None
    relay_board: RelayBoard
    twins: Twins
    receivers: Mapping[str, Connection] = field(default_factory=dict)
    """Connections to the Locations of projects that accept the image, by their IDs."""
    twin: Work | None = None
    """The work on another Location that is the same place: nothing is to be done here."""
    uploading: TwinError | None = None
    """Other Locations of which one is the same place, and is at work on the image."""
    outcome: Future[Change] = field(default_factory=Future)
    """For those of whom this is the twin."""

    @property
    def change(self) -> Change:
        return self.changed(_record(self.context, self.plan.image), None, self.plan.notes, None)

    @property
    def needed(self) -> bool:
        return self.plan.changed or self.twin is not None or self.uploading is not None

    @property
    def timeout(self) -> float:
        """Seconds; a Location that is served by another waits for that one first."""
        return self.twin.timeout if self.twin else self.context.longest

    def changed(
        self, image: dict[str, Any] | None, scheme: str | None, notes: tuple[str, ...], relay: RelayChoice | None
    ) -> Change:
        """The change, with the image's record as it then is, the scheme that served in the end, and what chose it."""
        plan = self.plan
        relayed = relay.to_dict() if relay else None
        output = {"image": image, "scheme": scheme, "relay": relayed, "plan": plan.to_dict()}
        after = {**plan.after, "content": content_of(self.context.origin)} if plan.upload else plan.after
        return Change(plan.action, plan.before, after, output, notes)


def ensure_image(
    target: Target, desired: Desired, image_data: ImageData | AnnouncedImage | None, *, check_mode: bool
) -> list[Result[Change]]:
    """Bring every selected Location to what is desired, or in check mode only report how; see `ensure`.

    ``image_data`` is the content that the image is to have, None where only its metadata matters. Content that is only
    announced is read where a Location does not certainly have it, in check mode only where that decides what is done.
    """
    if image_data is None:
        return _ensure(target, desired, None, check_mode=check_mode)
    if not isinstance(image_data, AnnouncedImage):
        with closing(image_data):
            return _ensure(target, desired, image_data, check_mode=check_mode)
    found = _ensure(target, desired, image_data, check_mode=True)
    actions = {result.value.action for result in found if result.value}
    if not actions & {"created", "replaced"}:
        if check_mode or actions <= {"unchanged"}:
            return found
        return _ensure(target, desired, None, check_mode=False)
    if check_mode and (image_data.decides or "replaced" not in actions):
        return found
    try:
        results = _ensure(target, desired, image_data.read(found), check_mode=check_mode)
    except KeyboardInterrupt as interrupt:
        outcomes = interrupt.outcomes if isinstance(interrupt, InterruptError) else ()
        left = image_data.release(failed=True)
        raise InterruptError([*outcomes, *([left] if left else [])]) from interrupt
    except Exception:
        image_data.release(failed=True)
        raise
    left = image_data.release(failed=False)
    return _noted(results, f"{left.item}: {left.value}") if left else results


def _noted(results: Sequence[Result[Change]], note: str) -> list[Result[Change]]:
    """The results, with what stays of the source in the notes of each Location that did not fail."""
    return [
        replace(result, value=replace(result.value, notes=(*result.value.notes, note))) if result.value else result
        for result in results
    ]


def _ensure(
    target: Target, desired: Desired, image_data: ImageData | AnnouncedImage | None, *, check_mode: bool
) -> list[Result[Change]]:
    twins = Twins()

    def look(connection: Connection) -> PlanContext:
        return _survey(connection, desired, image_data)

    def plan(members: Sequence[Member[PlanContext]]) -> list[tuple[Connection, Job | OaktreeError]]:
        return _plan(members, image_data, twins)

    pending = isinstance(image_data, ImageData) and not known(image_data.fingerprint.digests)
    # Regions of one Keystone may be able to serve one another.
    return ensure(
        target,
        look,
        plan,
        _apply,
        check_mode=check_mode,
        cleanup=GRACE,
        group_by=lambda c: c.region.settings.keystone,
        patience=desired.timeouts.transfer_timeout if pending else 0.0,
    )


def _survey(connection: Connection, desired: Desired, image_data: ImageData | AnnouncedImage | None) -> PlanContext:
    location, settings = connection.location, connection.region.settings
    desired = desired.at(location)
    origin: Fingerprint | Announced | None = None
    published: Mapping[str, str] = {}
    home = image_data.home if image_data else None
    snapshot = home.image if home and home.snapshot and home.location == location else None
    if isinstance(image_data, ImageData) and home:
        desired = desired.like(home.image)
    disk_format, url = desired.disk_format or (None if desired.verbatim else settings.image_format) or "", None
    if isinstance(image_data, AnnouncedImage):
        origin, url = image_data.announced, image_data.url
    elif image_data:
        origin, url, published = image_data.fingerprint, image_data.url, image_data.published
        disk_format = disk_format or image_data.fingerprint.disk_format
    found = survey(
        connection,
        desired,
        origin,
        disk_format,
        ask_tasks=needs_tasks(desired.scheme),
        snapshot=snapshot.get("id") if snapshot else None,
    )
    return PlanContext(
        location,
        desired,
        found,
        settings.keystone,
        disk_format,
        origin,
        url,
        published,
        settings.upload_properties,
        snapshot=snapshot,
        services=glance_for(connection).names,
        run_date=clock.now().date(),
    )


def _plan(
    members: Sequence[Member[PlanContext]], image_data: ImageData | AnnouncedImage | None, twins: Twins
) -> list[tuple[Connection, Job | OaktreeError]]:
    """A step for each member: those that may serve others before those that wait for them."""
    home: HomeImage | None = image_data.home if image_data else None
    board = RelayBoard()
    if home:
        board.keep(home.location, home.image)
    steps: list[tuple[Connection, Job | OaktreeError]] = []
    named: list[tuple[Connection, PlanContext, Location | None]] = []
    for member in members:
        try:
            context = _with_members(member.survey, members)
        except OaktreeError as error:
            steps.append((member.connection, error))
            continue
        named.append((member.connection, context, twins.enter(context)))
    named.sort(key=lambda one: one[2] is not None)
    contexts = with_source_regions([one[1] for one in named if not one[2]], _can_be_planned, home)
    contexts += [one[1] for one in named if one[2]]  # who waits for another Location serves none
    data = None if isinstance(image_data, AnnouncedImage) else image_data
    for (connection, _context, first), context in zip(named, contexts, strict=True):
        try:
            plan, uploading = _planned(context, twins)
        except OaktreeError as error:
            steps.append((connection, error))
            continue
        job = Job(context, plan, data, board, twins, _receivers(context, members), uploading=uploading)
        if plan.changed and (other := twins.at(first)):
            job = _twin(job, other)
        elif job.needed:
            twins.add(job)
        if job.plan.upload and job.plan.upload.source_region:
            board.expect(job.plan.upload.source_region)
        if job.plan.upload is None and job.plan.image and not job.twin:
            board.keep(context.location, job.plan.image)
        steps.append((connection, job))
    return sorted(steps, key=lambda step: _waits(step[1]))


def _waits(step: Job | OaktreeError) -> int:
    if isinstance(step, OaktreeError):
        return 0
    return 2 if step.twin else int(step.context.source_region is not None)


def _planned(context: PlanContext, twins: Twins) -> tuple[Plan, TwinError | None]:
    """The plan, or one to do nothing where another Location of this task is at work on the image; see `make_plan`."""
    try:
        return make_plan(context), None
    except ConflictError:
        try:
            twins.check_busy(context)
        except TwinError as error:
            return Plan("unchanged"), error
        raise


def _twin(job: Job, other: Work) -> Job:
    """A job that only waits for another one, which does the same at the same place."""
    plan = Plan("unchanged", job.plan.image, notes=(f"the same project as {other.context.location}",))
    return replace(job, plan=plan, twin=other, uploading=None)


def _with_members(context: PlanContext, members: Sequence[Member[PlanContext]]) -> PlanContext:
    """The context with IDs in the place of the names of projects. Raises InputError for names that are not known."""
    receivers = frozenset(_receivers(context, members))
    wanted = context.desired.members
    if wanted is None or context.desired.state == "absent":
        return replace(context, receivers=receivers)
    others = [member.survey.location.project for member in members]
    known = [*others, *(project for member in members for project in member.survey.survey.projects)]
    wanted = resolve(wanted, known, context.location.project.id)
    return replace(context, receivers=receivers, desired=replace(context.desired, members=wanted))


def _receivers(context: PlanContext, members: Sequence[Member[PlanContext]]) -> dict[str, Connection]:
    """Connections to the other projects of the region that are selected, by the projects' IDs."""
    here = context.location
    return {
        member.connection.location.project.id: member.connection
        for member in members
        if (member.survey.keystone, member.survey.location.region) == (context.keystone, here.region)
        and member.connection.location.project.id not in (None, here.project.id)
    }


def _can_be_planned(context: PlanContext) -> bool:
    try:
        make_plan(context)
    except OaktreeError:
        return False
    return True


def _apply(connection: Connection, job: Job) -> Change:
    try:
        change = _brought(connection, job)
        job.outcome.set_result(change)
    except BaseException as exc:
        job.outcome.set_exception(exc)
        raise
    finally:
        job.relay_board.break_off(job.context.location)
    return change


def _brought(connection: Connection, job: Job) -> Change:
    try:
        if job.uploading:
            raise job.uploading
        return _as_twin(connection, job, job.twin) if job.twin else _bring(connection, job)
    except TwinError as error:
        twin = job.twins.found(connection, job.context, error)
        change = _as_twin(connection, _twin(job, twin), twin)
        return replace(change, notes=(*change.notes, *error.residue))


def _as_twin(connection: Connection, job: Job, twin: Work) -> Change:
    """The image as it is when the work on the other Location has ended. Raises its error."""
    record = image_of(twin, connection.deadline)
    image = glance_for(connection).get(record["id"]) if record else None
    if image:
        job.relay_board.keep(job.context.location, image)
    return job.changed(_record(job.context, image), None, job.plan.notes, None)


def _bring(connection: Connection, job: Job) -> Change:
    context, plan = job.context, job.plan
    glance, notes = glance_for(connection), list(plan.notes)
    scheme, relay = None, None
    with connection.within(context.desired.timeouts.timeout, "timeout"):
        notes.extend(note for image_id in plan.clear if (note := discard(glance, image_id)))
    image = plan.image
    if plan.upload and job.image_data:
        transfer = Transfer(connection, context, plan.upload, job.image_data, job.relay_board, job.twins)
        image, unwanted = _transferred(glance, job, transfer)
        scheme, relay = transfer.scheme.NAME, transfer.relay
        notes.extend(transfer.notes)
        with _claimed(glance, context, transfer, str(image["id"])):
            image = finalize.publish(
                glance, context.desired, plan, image, transfer.discard, unwanted, transfer.unrecorded
            )
    elif image and context.current:
        image = _copied(glance, context, finalize.reactivate(glance, plan, image))
    if plan.clear_data and (stays := temporary_object.clear(connection, context.desired)):
        notes.append(stays)
    there = list(plan.remove) if plan.upload else []
    with removing(partial(_replaced_stay, there)), connection.within(context.desired.timeouts.timeout, "timeout"):
        if image:
            image = _finalized(glance, job, image, notes)
        for old in plan.remove:
            if plan.action != "deleted":
                notes.extend(finalize.retire(glance, context.desired, old))
                del there[:1]
            else:
                finalize.delete(glance, old)
        notes.extend(finalize.thin_out(glance, plan.expired))
    record = None if plan.action == "deleted" else _record(context, image)
    return job.changed(record, scheme, tuple(notes), relay)


def _replaced_stay(there: Sequence[Mapping[str, Any]]) -> str:
    """What is left where the new image is published, and the work failed before all that it replaces was retired."""
    if not there:
        return ""
    ids = ", ".join(str(old["id"]) for old in there)
    return f"the new image is published, but what it replaces could not be removed: {ids}; the next run does that"


def _transferred(glance: Glance, job: Job, transfer: Transfer) -> tuple[dict[str, Any], set[str]]:
    """Upload, serve those who wait, and copy to the other stores; returns also the properties that are to go."""
    image = transfer.run()
    job.relay_board.keep(job.context.location, image)
    with removing(lambda: transfer.discard(str(image["id"]))):
        return _copied(glance, job.context, image), transfer.brought_along(image)


def _claimed(glance: Glance, context: PlanContext, transfer: Transfer, image_id: str) -> AbstractContextManager[None]:
    if not transfer.named_by_cloud:
        return nullcontext()
    seen = {str(image["id"]) for image in context.survey.images}
    return finalize.claimed(glance, context.desired, image_id, seen, transfer.discard)


def _copied(glance: Glance, context: PlanContext, image: dict[str, Any]) -> dict[str, Any]:
    with glance.connection.within(context.desired.timeouts.import_timeout, "import_timeout"):
        return copy_image.copy(glance, context, image)


def _finalized(glance: Glance, job: Job, image: dict[str, Any], notes: list[str]) -> dict[str, Any]:
    plan = job.plan
    if plan.changes and not plan.upload:
        image = glance.patch(image["id"], plan.changes)
    notes.extend(finalize.share(glance, job.context.desired, plan, image, job.receivers))
    return finalize.deactivate(glance, plan, image)


def _record(context: PlanContext, image: dict[str, Any] | None) -> dict[str, Any] | None:
    return image_record(image, context.location) if image else None
