# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An import task of Glance's, with the data in the Location's object store.

Two forms. Clouds with ``image_api_use_tasks`` (Rackspace) take ``container/object`` and of the image's properties only
its name; the others are set afterwards. Upstream takes an http URL, and all properties, the owner among them.

Source: Glance's API reference (tasks), ``glance/async_/flows/base_import.py``, pyrax for the vendor's form.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...._cloud.capabilities import tasks
from ...._cloud.cleanup import CLEANUP_TIMEOUT
from ...._core.errors import OaktreeError
from ...._glance.v2 import UPLOAD, pointer
from ...._local.work_marker import is_own
from ...upload_marker import is_leftover, upload_name
from ..import_task import ImportTask
from . import web_download

if TYPE_CHECKING:
    from ...source.image_file import ImageFile
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "swift_task"
SUMMARY = "an import task fetches a temporary object, or the user's URL"
NEEDS_TASKS = True
FETCHES = False
SERVER_SIDE = False

_BY_TASK = ("name", "disk_format", "container_format")
"""Fields that the vendor's import sets, and that cannot be changed afterwards."""


def refusal(context: PlanContext) -> str | None:
    if context.survey.version != "2":
        return f"the image API is v{context.survey.version}"
    if context.survey.tasks is False:
        return "tasks are not open to this user"
    if context.survey.object_store or (web_download.fetches(context) and not context.survey.use_tasks):
        return None
    return "there is no object store to import from"


def reason(context: PlanContext) -> str:
    if context.survey.use_tasks:
        return f"{NAME} because the Location's configuration says image_api_use_tasks"
    return f"{NAME} because a task can import what the cloud fetches"


def is_detour(context: PlanContext) -> bool:
    return not context.survey.use_tasks


def send(attempt: Attempt) -> None:
    if attempt.context.survey.use_tasks:
        source = attempt.source
        properties = {"name": upload_name(attempt.context.desired.name)}
        place = attempt.temporary_object(source, signed=False).path
    else:
        if attempt.context.survey.tasks is None:
            tasks(attempt.connection)  # before anything is sent in vain
        source = attempt.source
        properties = {**attempt.fields(source), "owner": str(attempt.connection.location.project.id)}
        fetched = web_download.fetches(attempt.context)
        place = str(attempt.image_data.url) if fetched else attempt.temporary_object(source, signed=True).url
    attempt.expected = source
    task = ImportTask(attempt.glance, place, source.disk_format, properties)
    try:
        task.start()
    except Exception:
        attempt.image_id = _stray(attempt)  # the task may be running although its start was not answered
        raise
    attempt.outcome = lambda: _finish(attempt, source, task)


def _finish(attempt: Attempt, source: ImageFile, task: ImportTask) -> None:
    """Wait for the task, and mark the image that it made."""
    try:
        attempt.image_id = task.finish()
    except Exception as error:
        attempt.image_id = _stray(attempt)
        if isinstance(error, OaktreeError) and attempt.image_id is None:
            error.add_residue(task.residue)
        raise
    _clear_others(attempt)
    if attempt.context.survey.use_tasks:
        fields = {key: value for key, value in attempt.fields(source).items() if key not in _BY_TASK}
        operations = [{"op": "add", "path": pointer(key), "value": value} for key, value in fields.items()]
        attempt.glance.patch(attempt.image_id, operations)


def _stray(attempt: Attempt) -> str | None:
    """The image of a task that did not report it: by our marker, or where the task could not set one, without any."""
    try:
        with attempt.connection.grace(CLEANUP_TIMEOUT):
            found = _unfinished(attempt)
    except OaktreeError:
        return None
    unmarked = attempt.context.survey.use_tasks
    ours = (image for image in found if (UPLOAD not in image if unmarked else is_own(image.get(UPLOAD))))
    return next((str(image["id"]) for image in ours), None)


def _clear_others(attempt: Attempt) -> None:
    """Have the images removed that tasks of killed runs, or of failed attempts, made in the meantime."""

    def delete(image_id: str) -> str:
        try:
            attempt.glance.delete(image_id)
        except OaktreeError as error:
            return f"the incomplete image {image_id} of an earlier run could not be removed: {error.message}"
        return ""

    for image in _unfinished(attempt):
        unmarked = attempt.context.survey.use_tasks and UPLOAD not in image
        abandoned = UPLOAD in image and (is_own(image[UPLOAD]) or is_leftover(image))
        if image["id"] != attempt.image_id and (unmarked or abandoned):
            attempt.temporary.append(partial(delete, str(image["id"])))


def _unfinished(attempt: Attempt) -> list[dict[str, Any]]:
    owner = attempt.connection.location.project.id
    return attempt.glance.named([upload_name(attempt.context.desired.name)], owner, hidden=False)
