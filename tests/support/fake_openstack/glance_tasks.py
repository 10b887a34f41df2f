# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of a stand-in Glance: import and export, as upstream has them, as Rackspace did, as specified in 2013."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import aiohttp
from multidict import CIMultiDict

from tests.support.fake_openstack import glance_data
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import Reply, collect, json_reply
from tests.support.fake_openstack.glance_images import Image, check_value, check_writable
from tests.support.fake_openstack.service import Call, Identity, Refusal, Route
from tests.support.fake_openstack.swift_store import ObjectStore

if TYPE_CHECKING:
    from tests.support.fake_openstack.glance import Glance

Style = Literal["closed", "upstream", "rackspace", "spec2013"]
"""Who may make tasks and what they look like; only administrators may where they are closed."""
STEPS = {"spec2013": ["queued", "processing", "transferring"]}
HICCUP = "Error code: '396'. Error message: 'There was an error importing the image'"


class TaskError(Exception):
    """The task fails, with this message."""


@dataclass
class Task:
    """A task that was taken."""

    type: str
    input: dict[str, Any]
    owner: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "pending"
    message: str = ""
    result: dict[str, Any] | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))

    def as_json(self) -> dict[str, Any]:
        """Return the task as Glance shows it; it expires once it has ended."""
        time = "%Y-%m-%dT%H:%M:%SZ"
        shown = {name: value for name, value in vars(self).items() if name != "created"}
        shown |= {"created_at": self.created.strftime(time), "updated_at": datetime.now(UTC).strftime(time)}
        if self.status in ("success", "failure"):
            shown["expires_at"] = (self.created + timedelta(days=2)).strftime(time)
        return shown | {"self": f"/v2/tasks/{self.id}", "schema": "/v2/schemas/task"}


class TaskApi:
    """`/v2/tasks` of one Glance. `objects` is the store that it reads and writes, but for upstream's style."""

    def __init__(self, glance: Glance) -> None:
        self._glance = glance
        self.style: Style = "closed"
        self.objects: ObjectStore | None = None
        self.seconds = 0.0
        """How long each step takes."""
        self.stuck = False
        """Whether tasks stay in their first step."""
        self.hiccups = 0
        """How many imports will fail for no reason."""
        self.tasks: dict[str, Task] = {}

    def routes(self) -> Sequence[Route]:
        """Return what is answered here."""
        return [
            Route("POST", "/v2/tasks", self._create),
            Route("GET", "/v2/tasks", self._index),
            Route("GET", "/v2/tasks/{task_id}", self._show),
            Route("*", "/v2/tasks/{task_id}", self._not_allowed),
        ]

    async def _create(self, call: Call) -> Reply:
        self._admit(call)
        try:
            body = await call.json()
        except ValueError:
            raise Refusal(400, "Malformed JSON in request body.") from None
        if not isinstance(body, dict) or not isinstance(body.get("input"), dict):
            raise Refusal(400, "Provided object does not match schema 'task': 'input' is a required property")
        kinds = ["import"] if self.style in ("closed", "upstream") else ["import", "export"]
        if body.get("type") not in kinds:
            raise Refusal(
                400, f"Provided object does not match schema 'task': {body.get('type')!r} is not one of {kinds}"
            )
        if body["type"] == "import":
            self._check_import(body["input"])
        task = Task(body["type"], body["input"], str(call.me.project_id))
        self.tasks[task.id] = task
        self._glance.run_aside(self._run(task, call.me))
        return json_reply(task.as_json(), 201, {"Location": f"{call.base}/v2/tasks/{task.id}"})

    async def _index(self, call: Call) -> Reply:
        self._admit(call)
        shown = [task.as_json() for task in reversed(self.tasks.values()) if task.owner == call.me.project_id]
        tasks = [{name: value for name, value in task.items() if name not in ("input", "result")} for task in shown]
        return json_reply({"tasks": tasks, "first": "/v2/tasks", "schema": "/v2/schemas/tasks"})

    async def _show(self, call: Call) -> Reply:
        self._admit(call)
        task = self.tasks.get(call.part("task_id"))
        if task is None or task.owner != call.me.project_id:
            raise Refusal(404, f"No task found with ID {call.part('task_id')}")
        return json_reply(task.as_json())

    async def _not_allowed(self, _call: Call) -> Reply:
        raise Refusal(405, "The method is not allowed for this resource.", {"Allow": "GET"})

    def _admit(self, call: Call) -> None:
        if self.style == "closed" and not call.me.is_admin:
            raise Refusal(403, "You are not authorized to complete tasks_api_access action.")

    def _check_import(self, wanted: dict[str, Any]) -> None:
        """Refuse what is told from the request alone; the rest fails when the task runs."""
        if self.style in ("closed", "upstream"):
            if not str(wanted.get("import_from")).startswith(("http://", "https://")):
                raise Refusal(400, f"Invalid location: {wanted.get('import_from')}")
            return
        if wanted.get("image_properties", {}).keys() != {"name"}:
            raise Refusal(400, "Only the name may be set by image_properties.")

    async def _run(self, task: Task, who: Identity) -> None:
        for status in STEPS.get(self.style, ["processing"]):
            task.status = status
            await asyncio.sleep(self.seconds)
            while self.stuck:  # noqa: ASYNC110  (a plain attribute is easier to set from a test)
                await asyncio.sleep(0.05)
        try:
            work = self._import if task.type == "import" else self._export
            task.result = await work(task, who)
            task.status = "success"
        except (TaskError, Refusal, aiohttp.ClientError) as error:
            task.status, task.message = "failure", str(error)

    async def _import(self, task: Task, who: Identity) -> dict[str, Any]:
        if self.hiccups:
            self.hiccups -= 1
            raise TaskError(HICCUP)
        image = Image(str(uuid.uuid4()), who.project_id)
        if self.style in ("closed", "upstream"):
            stored = await self._fetch(task, image, who)
        else:
            image.fields |= {"name": task.input["image_properties"]["name"], "visibility": "private"}
            image.fields |= {"disk_format": "vhd", "container_format": "ovf"}
            stored = await self._glance.data.write(image.id, _only_vhd(await self._object(task)))
        glance_data.complete(image, stored, self._glance.stores[:1])
        self._glance.images[image.id] = image
        return {"image_id": image.id}

    async def _fetch(self, task: Task, image: Image, who: Identity) -> glance_data.Stored:
        """Make the image record and fetch what the URL serves, as upstream does."""
        for name in ("import_from", "import_from_format", "image_properties"):
            if name not in task.input:
                raise TaskError(f"Input does not contain '{name}' field")
        properties = dict(task.input["image_properties"])
        if properties.pop("owner", None) != who.project_id and not who.is_admin:
            raise TaskError("You do not own this image")
        for name, value in properties.items():
            check_value(name, value)
            check_writable(name)
            image.set(name, value)
        self._glance.images[image.id] = image
        image.status = "saving"
        try:
            return await glance_data.download(task.input["import_from"], self._glance.data, image.id)
        except aiohttp.ClientError:
            del self._glance.images[image.id]
            raise

    async def _object(self, task: Task) -> bytes:
        container, _slash, name = str(task.input.get("import_from")).partition("/")
        if self.objects is None:
            raise TaskError("There is no object store.")
        found = self.objects.object(task.owner, container, name)
        return await collect(self.objects.read(task.owner, found))

    async def _export(self, task: Task, who: Identity) -> dict[str, Any]:
        image = self._glance.images.get(str(task.input.get("image_uuid")))
        if image is None or image.owner != who.project_id or image.status != "active":
            raise TaskError(f"Image {task.input.get('image_uuid')} cannot be exported.")
        place = "export_to" if self.style == "spec2013" else "receiving_swift_container"
        container = str(task.input.get(place))
        if self.objects is None or container not in self.objects.account(task.owner).containers:
            raise TaskError(f"The container {container} does not exist.")
        name = f"{image.id}.vhd"
        holder = self.objects.container(task.owner, container)
        await self.objects.write(holder, name, self._glance.data.read(image.id), CIMultiDict())
        return {"export_location": f"{container}/{name}"}


async def _only_vhd(data: bytes) -> Body:
    """Yield the bytes of a VHD, which ends with its footer; fail for anything else."""
    if not data[-512:].startswith(b"conectix"):
        raise TaskError("Error code: '523'. Error message: 'The image is not a valid VHD'")
    yield data
