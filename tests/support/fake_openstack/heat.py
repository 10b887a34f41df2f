# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Heat: stacks of templates whose resources do nothing, or fail as their properties say."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.service import Call, Refusal, Route, Service, TokenCheck

ROOT = "/v1/{project}"
STACK = f"{ROOT}/stacks/{{name}}/{{id}}"
MASK = "******"
BODY = {"stack_name", "template", "environment", "files", "parameters", "tags", "disable_rollback", "timeout_mins"}
SECTIONS = {"parameters", "parameter_defaults", "resource_registry", "event_sinks", "encrypted_param_names"}
LISTED = (
    "id", "links", "stack_name", "description", "stack_status", "stack_status_reason", "creation_time", "updated_time",
    "deletion_time", "stack_owner", "parent", "stack_user_project_id", "tags",
)  # fmt: skip


@dataclass
class Content:
    """What a stack is made of, as it was sent."""

    template: dict[str, Any]
    environment: dict[str, Any]
    files: dict[str, str]

    @property
    def schemata(self) -> dict[str, dict[str, Any]]:
        """The parameters that the template declares."""
        declared: dict[str, dict[str, Any]] = self.template.get("parameters") or {}
        return declared

    def hidden(self, name: str) -> bool:
        """Say whether a parameter is not to be shown."""
        return str(self.schemata.get(name, {}).get("hidden", "false")).lower() == "true"

    def value(self, name: str) -> Any:
        """Return the value of a parameter."""
        given = self.environment["parameters"]
        defaults = self.environment["parameter_defaults"]
        return given.get(name, defaults.get(name, self.schemata[name].get("default")))

    @property
    def parameters(self) -> dict[str, str]:
        """The values of all parameters as Heat shows them."""
        return {name: MASK if self.hidden(name) else _shown(self.value(name)) for name in self.schemata}

    @property
    def shown_environment(self) -> dict[str, Any]:
        """The environment as Heat shows it: with what it adds, and without what is hidden."""
        shown: dict[str, Any] = json.loads(json.dumps(self.environment))
        for section in ("parameters", "parameter_defaults"):
            shown[section] = {name: MASK if self.hidden(name) else value for name, value in shown[section].items()}
        registry = {"resources": {}, **shown["resource_registry"]}
        nested = {each["type"] for each in self.template["resources"].values() if each["type"] in self.files}
        shown["resource_registry"] = {**registry, **{name: name for name in nested}}
        return shown

    def resources(self) -> dict[str, tuple[str, str]]:
        """Return each resource's type and, as one text, all that it depends on."""
        return {
            name: (each["type"], json.dumps(self._resolved([each, self.files.get(each["type"])]), sort_keys=True))
            for name, each in (self.template.get("resources") or {}).items()
        }

    def _resolved(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._resolved(each) for each in node]
        if not isinstance(node, dict):
            return node
        if node.keys() == {"get_param"}:
            return self.value(node["get_param"])
        if node.keys() == {"get_file"}:
            return self.files[node["get_file"]]
        return {key: self._resolved(value) for key, value in node.items()}

    def failure(self, name: str) -> tuple[list[str], str] | None:
        """Return where within a resource it fails, by names, and why, as its property ``fail`` says."""
        resource = self.template["resources"][name]
        reason = self._resolved((resource.get("properties") or {}).get("fail"))
        if reason:
            return [], str(reason)
        text = self.files.get(resource["type"])
        if text is None:
            return None
        inner = Content(yaml.safe_load(text), self.environment, self.files)
        for each in inner.template["resources"]:
            found = inner.failure(each)
            if found:
                return [each, *found[0]], found[1]
        return None


@dataclass
class Stack:
    """One stack."""

    name: str
    project: str
    content: Content
    tags: list[str]
    disable_rollback: bool
    timeout_mins: int | None
    action: str = "CREATE"
    status: str = "IN_PROGRESS"
    reason: str = ""
    updated: str | None = None
    looks: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    physical: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    previous: Content | None = None

    @property
    def state(self) -> str:
        """Action and status in one word."""
        return f"{self.action}_{self.status}"


class Heat(Service):
    """The orchestration of one region."""

    kind = "orchestration"

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        self._tokens = tokens
        super().__init__(*place, knobs, counters)
        self.stacks: list[Stack] = []
        self.looks = 1
        """How many lists of what is in progress show a stack there before it is done; below zero it never is."""
        self.lingering = 0
        """How many lists by name show a stack that has been deleted."""
        self.undeletable = 0
        """How often deletions fail from now on."""
        self.bodies: list[dict[str, Any]] = []
        """What was sent to create or update stacks, previews included."""
        self._clock = 0

    def routes(self) -> Sequence[Route]:
        """Return what the service answers."""
        return [
            Route("GET", "/", self._versions, public=True),
            Route("GET", f"{ROOT}/stacks", self._index),
            Route("POST", f"{ROOT}/stacks", self._create),
            Route("POST", f"{ROOT}/stacks/preview", self._preview),
            Route("GET", f"{ROOT}/stacks/{{id}}", self._look_up),
            Route("GET", STACK, self._show),
            Route("PUT", STACK, self._update),
            Route("DELETE", STACK, self._delete),
            Route("PUT", f"{STACK}/preview", self._preview_update),
            Route("GET", f"{STACK}/template", self._template),
            Route("GET", f"{STACK}/environment", self._environment),
            Route("GET", f"{STACK}/files", self._files),
            Route("GET", f"{STACK}/resources", self._resources),
            Route("GET", f"{STACK}/events", self._events),
            Route("*", "/{path:.*}", self.not_found, public=True),
        ]

    def tokens(self) -> TokenCheck:
        """Return the Keystone that knows the tokens."""
        return self._tokens

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Heat shapes it."""
        kind, _colon, message = refusal.message.rpartition("|")
        error = {"type": kind or "HTTPBadRequest", "message": message, "traceback": None}
        explanation = "The server could not comply with the request."
        return json_reply({"code": refusal.status, "error": error, "explanation": explanation}, refusal.status)

    async def _versions(self, call: Call) -> Reply:
        link = {"rel": "self", "href": f"{call.base}/v1/"}
        return json_reply({"versions": [{"id": "v1.0", "status": "CURRENT", "links": [link]}]}, 300)

    # Reading

    async def _index(self, call: Call) -> Reply:
        query = call.request.query
        known = {"name", "status", "show_hidden", "limit", "marker", "tags"}
        if not query.keys() <= known:
            raise Refusal(400, f"the stand-in knows no {query.keys() - known}")
        if query.get("status") == "IN_PROGRESS":
            self._pass()
        found = [
            self._record(call, stack)
            for stack in self.stacks
            if (call.me.is_admin or stack.project == call.me.project_id)
            and (stack.state != "DELETE_COMPLETE" or self._lingers(stack, query))
            and query.get("name") in (None, stack.name)
            and query.get("status") in (None, stack.status)
        ]
        kept = [*LISTED, *(["project"] if call.me.is_admin else [])]
        return json_reply({"stacks": [{key: record[key] for key in kept} for record in found]})

    def _lingers(self, stack: Stack, query: Mapping[str, str]) -> bool:
        if query.get("name") != stack.name or stack.looks < 0:
            return False
        stack.looks -= 1
        return stack.looks >= 0

    async def _look_up(self, call: Call) -> Reply:
        """Lead to a stack that is named, or has the ID."""
        for stack in self.stacks:
            if call.part("id") in (stack.name, stack.id):
                path = f"/v1/{call.part('project')}/stacks/{stack.name}/{stack.id}"
                return Reply(302, b"", {"Location": f"{call.base}{path}"})
        raise Refusal(404, f"EntityNotFound|The Stack ({call.part('id')}) could not be found.")

    async def _show(self, call: Call) -> Reply:
        return json_reply({"stack": self._record(call, self._one(call))})

    async def _template(self, call: Call) -> Reply:
        return json_reply(self._one(call).content.template)

    async def _environment(self, call: Call) -> Reply:
        return json_reply(self._one(call).content.shown_environment)

    async def _files(self, call: Call) -> Reply:
        return json_reply(self._one(call).content.files)

    async def _resources(self, call: Call) -> Reply:
        stack = self._one(call)
        found = [
            {
                "resource_name": name,
                "resource_type": stack.content.resources()[name][0],
                "physical_resource_id": physical,
                "updated_time": stack.changed[name],
                "resource_status": "CREATE_COMPLETE",
                "resource_status_reason": "state changed",
            }
            for name, physical in stack.physical.items()
        ]
        return json_reply({"resources": found})

    async def _events(self, call: Call) -> Reply:
        stack = self._one(call)
        if call.request.query.get("sort_dir") != "desc":
            raise Refusal(400, "the stand-in lists the newest first only")
        return json_reply({"events": stack.events[::-1][: int(call.request.query["limit"])]})

    def _one(self, call: Call) -> Stack:
        for stack in self.stacks:
            if (stack.name, stack.id) == (call.part("name"), call.part("id")):
                return stack
        raise Refusal(404, f"EntityNotFound|The Stack ({call.part('name')}) could not be found.")

    def _record(self, call: Call, stack: Stack) -> dict[str, Any]:
        href = f"{call.base}/v1/{stack.project}/stacks/{stack.name}/{stack.id}"
        outputs = stack.content.template.get("outputs") or {}
        return {
            "id": stack.id,
            "links": [{"rel": "self", "href": href}],
            "project": stack.project,
            "stack_name": stack.name,
            "description": "",
            "stack_status": stack.state,
            "stack_status_reason": stack.reason,
            "creation_time": "2026-01-01T00:00:00Z",
            "updated_time": stack.updated,
            "deletion_time": None,
            "stack_owner": "demo",
            "parent": None,
            "stack_user_project_id": "x",
            "tags": stack.tags or None,
            "parameters": {"OS::stack_name": stack.name, **stack.content.parameters},
            "disable_rollback": stack.disable_rollback,
            "timeout_mins": stack.timeout_mins,
            "outputs": [
                {"output_key": name, "output_value": stack.content._resolved(each["value"]), "description": ""}  # noqa: SLF001
                for name, each in outputs.items()
            ],
        }

    # Changing

    async def _create(self, call: Call) -> Reply:
        body, content = await self._content(call, "stack_name")
        self._check_name(call, body)
        made = Stack(
            body["stack_name"],
            str(call.me.project_id),
            content,
            _tags(body),
            bool(body.get("disable_rollback", True)),
            body.get("timeout_mins"),
        )
        self.stacks.append(made)
        self._event(made, "Stack CREATE started")
        return json_reply({"stack": {"id": made.id, "links": []}}, 201)

    async def _preview(self, call: Call) -> Reply:
        body, content = await self._content(call, "stack_name")
        self._check_name(call, body)
        found: list[Any] = []
        for name, (kind, _depends) in content.resources().items():
            if kind in content.files:
                inner = yaml.safe_load(content.files[kind])["resources"]
                found.append([{"resource_name": each, "parent_resource": name} for each in inner])
            else:
                found.append({"resource_name": name, "resource_type": kind, "attributes": {}})
        return json_reply({"stack": {"id": "None", "stack_name": body["stack_name"], "resources": found}})

    async def _update(self, call: Call) -> Reply:
        stack = self._one(call)
        if stack.action in ("SUSPEND", "DELETE"):
            raise Refusal(400, "NotSupported|Updating a stack when it is suspended is not supported.")
        if stack.status == "IN_PROGRESS":
            raise Refusal(409, f"ActionInProgress|Stack {stack.name} already has an action in progress.")
        body, content = await self._content(call, None, stack)
        stack.previous, stack.content = stack.content, content
        stack.tags = _tags(body)
        stack.disable_rollback = bool(body.get("disable_rollback", stack.disable_rollback))
        stack.timeout_mins = body.get("timeout_mins", stack.timeout_mins)
        self._begin(stack, "UPDATE")
        return Reply(202, b"<html>accepted</html>", {"Content-Type": "text/html"})

    async def _preview_update(self, call: Call) -> Reply:
        stack = self._one(call)
        _body, content = await self._content(call, None, stack)
        old, new = stack.content.resources(), content.resources()
        changes: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("added", "deleted", "replaced", "updated", "unchanged")
        }
        for name in sorted({*old, *new}):
            kind = (new.get(name) or old[name])[0]
            changes[_change(old, new, name)].append({"resource_name": name, "resource_type": kind})
        return json_reply({"resource_changes": changes})

    async def _delete(self, call: Call) -> Reply:
        stack = self._one(call)
        if stack.state != "DELETE_COMPLETE":
            self._begin(stack, "DELETE")
        return Reply(204)

    async def _content(
        self, call: Call, needed: str | None, stack: Stack | None = None
    ) -> tuple[dict[str, Any], Content]:
        body = await call.json()
        self.bodies.append(body)
        if not body.keys() <= BODY or (needed and needed not in body) or "template" not in body:
            raise Refusal(400, f"unexpected or missing keys: {sorted(body)}")
        template = body["template"]
        if not isinstance(template, dict) or "heat_template_version" not in template:
            raise Refusal(400, "Template format version not found.")
        environment = body.get("environment") or {}
        if not environment.keys() <= SECTIONS or None in environment.values():
            raise Refusal(400, f"environment has wrong section: {sorted(environment)}")
        environment = {"parameters": {}, "parameter_defaults": {}, "resource_registry": {}, "event_sinks": []} | (
            environment
        )
        environment["parameters"] = {**environment["parameters"], **(body.get("parameters") or {})}
        content = Content(template, environment, body.get("files") or {})
        self._check(content, stack)
        return body, content

    def _check(self, content: Content, stack: Stack | None) -> None:
        unknown = content.environment["parameters"].keys() - content.schemata.keys()
        if unknown:
            raise Refusal(400, f"UnknownUserParameter|The Parameter ({min(unknown)}) was not defined in template.")
        for name, schema in content.schemata.items():
            if content.value(name) is None:
                raise Refusal(400, f"UserParameterMissing|The Parameter ({name}) was not provided.")
            if stack and schema.get("immutable") and content.value(name) != stack.content.value(name):
                raise Refusal(
                    400,
                    f"ImmutableParameterModified|The following parameters are immutable and may not be updated: {name}",
                )
        for name, each in (content.template.get("resources") or {}).items():
            for reference in _references(each):
                if reference not in content.files:
                    raise Refusal(400, f"StackValidationFailed|{name}: No content found for {reference}")

    def _check_name(self, call: Call, body: Mapping[str, Any]) -> None:
        for stack in self.stacks:
            own = stack.project == call.me.project_id
            taken = stack.state != "DELETE_COMPLETE" or stack.looks > 0
            if own and stack.name == body["stack_name"] and taken:
                raise Refusal(409, f"StackExists|The Stack ({stack.name}) already exists.")

    # What time brings

    def _begin(self, stack: Stack, action: str) -> None:
        stack.action, stack.status, stack.looks, stack.updated = action, "IN_PROGRESS", 0, self._now()
        stack.reason = f"Stack {action} started"
        self._event(stack, stack.reason)

    def _now(self) -> str:
        self._clock += 1
        return f"2026-01-01T{self._clock // 3600:02}:{self._clock // 60 % 60:02}:{self._clock % 60:02}Z"

    def _pass(self) -> None:
        for stack in self.stacks:
            if stack.status == "IN_PROGRESS":
                stack.looks += 1
                if 0 <= self.looks < stack.looks:
                    self._end(stack)

    def _end(self, stack: Stack) -> None:
        if stack.action == "DELETE":
            if self.undeletable:
                self.undeletable -= 1
                self._fail(stack, {"w": ([], "it is in use")})
            else:
                stack.status, stack.looks = "COMPLETE", self.lingering
            return
        if stack.action != "ROLLBACK":
            failing = {name: found for name in stack.content.resources() if (found := stack.content.failure(name))}
            if failing:
                self._fail(stack, failing)
                if not stack.disable_rollback:
                    stack.content = stack.previous or stack.content
                    self._begin(stack, "ROLLBACK")
                return
        self._realize(stack)
        stack.status, stack.reason = "COMPLETE", f"Stack {stack.action} completed successfully"
        self._event(stack, stack.reason)

    def _realize(self, stack: Stack) -> None:
        old = stack.previous.resources() if stack.previous else {}
        new = stack.content.resources()
        for name in {*stack.physical} - new.keys():
            del stack.physical[name], stack.changed[name]
        for name in new:
            what = _change({key: old[key] for key in old if key in stack.physical}, new, name)
            if what in ("added", "replaced"):
                stack.physical[name] = str(uuid.uuid4())
            if what != "unchanged":
                stack.changed[name] = self._now()

    def _fail(self, stack: Stack, failing: Mapping[str, tuple[list[str], str]]) -> None:
        for name, (within, reason) in failing.items():
            places = [(stack.id, name)]
            for inner in within:
                places.append((f"nested-{places[-1][1]}", inner))
            for (place, each), (child, _name) in reversed(
                list(zip(places, [*places[1:], ("physical", "")], strict=True))
            ):
                self._event(stack, reason, name=each, place=place, physical=child)
        stack.status = "FAILED"
        stack.reason = f"Resource {stack.action} failed: {next(iter(failing.values()))[1]}"
        self._event(stack, stack.reason)

    def _event(
        self, stack: Stack, reason: str, name: str | None = None, place: str | None = None, physical: str | None = None
    ) -> None:
        status = stack.state if name is None else f"{stack.action}_FAILED"
        stack.events.append(
            {
                "resource_name": name or stack.name,
                "physical_resource_id": physical or stack.id,
                "resource_status": status,
                "resource_status_reason": reason,
                "links": [{"rel": "stack", "href": f"http://heat/v1/p/stacks/any/{place or stack.id}"}],
            }
        )


def _tags(body: Mapping[str, Any]) -> list[str]:
    tags: list[str] = body["tags"].split(",") if body.get("tags") is not None else []
    if any(len(tag) > 80 for tag in tags):
        raise Refusal(400, "Invalid tag: longer than 80 characters")
    return tags


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _change(old: Mapping[str, tuple[str, str]], new: Mapping[str, tuple[str, str]], name: str) -> str:
    """Say what becomes of a resource; one of another type is replaced."""
    if name not in new:
        return "deleted"
    if name not in old:
        return "added"
    if old[name] == new[name]:
        return "unchanged"
    return "replaced" if old[name][0] != new[name][0] else "updated"


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _references(each)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and (key == "get_file" or (key == "type" and value.endswith(".yaml"))):
                yield value
            else:
                yield from _references(value)
