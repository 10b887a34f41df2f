# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An import task of Glance's, with the data in the Location's object store.

Two forms. Clouds with ``image_api_use_tasks`` (Rackspace) take ``container/object`` and of the image's properties only
its name; the others are set afterwards. Upstream takes an http URL, and all properties, the owner among them.

ImageFile: Glance's API reference (tasks), ``glance/async_/flows/base_import.py``, pyrax for the vendor's form.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...._cloud.capabilities import tasks
from ...._cloud.service import segment, service_at
from ...._core.errors import DeadlineError, OaktreeError, ServerError, UnreachableError
from ...._core.retry import Attempts, Policy
from ...._core.text import without_signatures
from ...._glance.v2 import UPLOAD, pointer
from ...upload_marker import is_leftover, upload_marker, upload_name
from . import temporary_object, web_download

if TYPE_CHECKING:
    from ...source.image_file import ImageFile
    from ..attempt import Attempt
    from ..context import PlanContext

NAME = "swift_task"
SUMMARY = "an import task fetches a temporary object, or the user's URL"
NEEDS_TASKS = True
FETCHES = False
SERVER_SIDE = False

HICCUP = "Error code: '396'"
"""How Rackspace's imports fail now and then for no reason."""

HICCUPS = Policy(errors=(ServerError,), first=0.0)
LOOK_BACK = "5"
"""Tasks among which one is looked for whose id is not known."""

PAUSE = 0.5
LONGEST_PAUSE = 10.0

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
        place = attempt.temporary_object(source).path
    else:
        if attempt.context.survey.tasks is None:
            tasks(attempt.connection)  # before anything is sent in vain
        source = attempt.source
        properties = {**attempt.fields(source), "owner": str(attempt.connection.location.project.id)}
        fetched = web_download.fetches(attempt.context)
        place = str(attempt.image_data.url) if fetched else attempt.temporary_object(source).signed_url()
    attempt.expected = source
    desired = {"import_from": place, "import_from_format": source.disk_format, "image_properties": properties}
    try:
        task_id = _start(attempt, desired)
    except OaktreeError:
        attempt.image_id = _stray(attempt)  # the task may be at work although nobody said so
        raise
    attempt.outcome = lambda: _finish(attempt, source, desired, task_id)


def _start(attempt: Attempt, desired: dict[str, Any]) -> str:
    """The task's id, also if only the answer to its creation was lost."""
    service = service_at(attempt.connection, "image")
    try:
        task = service.json("POST", "/tasks", retry=False, json={"type": "import", "input": desired})
    except (DeadlineError, ServerError, UnreachableError):
        found = _lost(attempt, str(desired["import_from"]))
        if found is None:
            raise
        return found
    return str(task.get("id"))


def _lost(attempt: Attempt, place: str) -> str | None:
    """The newest task that imports from there, unless it has failed, or what it made was taken into use."""
    service = service_at(attempt.connection, "image")
    params = {"type": "import", "sort_key": "created_at", "sort_dir": "desc", "limit": LOOK_BACK}
    for listed in service.json("GET", "/tasks", params=params).get("tasks") or []:
        if listed.get("status") == "failure":
            continue
        task = service.json("GET", f"/tasks/{segment(listed.get('id'))}")
        made = attempt.glance.get(task["result"]["image_id"]) if task.get("result") else None
        unused = made is None or made["name"] == upload_name(attempt.context.desired.name)
        if (task.get("input") or {}).get("import_from") == place and unused:
            return str(listed["id"])
    return None


def _finish(attempt: Attempt, source: ImageFile, desired: dict[str, Any], task_id: str) -> None:
    """Wait for the task, and mark the image that it made; a task that fails for no reason is started again."""
    try:
        attempts = Attempts(HICCUPS, attempt.connection.deadline)
        while (task := _ended(attempt, task_id))["status"] != "success":
            error = ServerError(
                f"the import task failed: {without_signatures(str(task.get('message') or 'no reason'))}"
            )
            if HICCUP not in str(task.get("message")):
                raise error
            attempts.failed(error)
            task_id = _start(attempt, desired)
        attempt.image_id = str(task["result"]["image_id"])
    except (AttributeError, KeyError, TypeError) as exc:
        raise ServerError(f"the import task cannot be parsed: {type(exc).__name__}: {exc}") from exc
    except OaktreeError as error:
        attempt.image_id = _stray(attempt)
        if isinstance(error, DeadlineError) and attempt.image_id is None:
            error.add_residue(f"the import task {task_id} may still be running; the cloud offers no way to cancel it")
        raise
    _clear_others(attempt)
    if attempt.context.survey.use_tasks:
        fields = {key: value for key, value in attempt.fields(source).items() if key not in _BY_TASK}
        operations = [{"op": "add", "path": pointer(key), "value": value} for key, value in fields.items()]
        attempt.glance.patch(attempt.image_id, operations)


def _ended(attempt: Attempt, task_id: str) -> dict[str, Any]:
    """The task once it has ended; all its other states, by whichever specification, mean that it goes on."""
    service, pause = service_at(attempt.connection, "image"), PAUSE
    while True:
        task = service.json("GET", f"/tasks/{segment(task_id)}")
        if task.get("status") in ("success", "failure"):
            return task
        attempt.connection.deadline.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _stray(attempt: Attempt) -> str | None:
    """The image that the task made, or makes, although it did not tell: it has our marker, or cannot have one."""
    expected = None if attempt.context.survey.use_tasks else upload_marker()
    try:
        with attempt.connection.grace(temporary_object.CLEANUP_TIMEOUT):
            found = _unfinished(attempt)
    except OaktreeError:
        return None
    return next((str(image["id"]) for image in found if image.get(UPLOAD) == expected), None)


def _clear_others(attempt: Attempt) -> None:
    """Have images removed that tasks of killed runs made while this one was running."""

    def delete(image_id: str) -> str:
        try:
            attempt.glance.delete(image_id)
        except OaktreeError as error:
            return f"the incomplete image {image_id} of an earlier run could not be removed: {error.message}"
        return ""

    for image in _unfinished(attempt):
        unmarked = attempt.context.survey.use_tasks and UPLOAD not in image
        abandoned = UPLOAD in image and is_leftover(image, attempt.context.desired.clocks.total)
        if image["id"] != attempt.image_id and (unmarked or abandoned):
            attempt.temporary.append(partial(delete, str(image["id"])))


def _unfinished(attempt: Attempt) -> list[dict[str, Any]]:
    owner = attempt.connection.location.project.id
    return attempt.glance.named([upload_name(attempt.context.desired.name)], owner, hidden=False)
