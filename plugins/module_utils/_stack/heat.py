# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Heat is asked about the stacks of one Location. Paths are those of the Orchestration API, version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.answers import check_id, json_object, parsing
from .._cloud.service import segment, service_at
from .._core.errors import ConflictError, RefusedError, suppress_404

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from requests import Response

    from .._cloud.connection import Connection

Item = dict[str, Any]
"""A stack as Heat presents it."""

_MAPPINGS = ("parameters", "parameter_defaults", "resource_registry")
"""Sections of an environment."""
DEEPEST = 5
"""Levels of stacks within stacks that are looked at; Heat's own limit is as large by default."""
MOST_EVENTS = 200
"""Newest events that are read to find out why a stack has failed."""
IMMUTABLE_HINT = "replace: true deletes the stack and creates it anew."


class ImmutableParameterError(ConflictError):
    """An update would change a parameter that cannot be changed."""

    default_hint = IMMUTABLE_HINT


class Heat:
    """The orchestration service of one Location."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._service = service_at(connection, "orchestration")

    @property
    def endpoint(self) -> str:
        """Raises RefusedError where the Location does not have the service."""
        return self._service.endpoint

    def find(self, name: str) -> Item | None:
        """The stack of a name, which is unique in a project, without its details; also one that lists hide.

        Administrators get those of all projects, which say of which.
        """
        own = self._connection.location.project.id
        params = {"name": name, "show_hidden": "true"}
        for page in self._service.pages("/stacks", "stacks", params):
            for item in map(_checked, page):
                if item["stack_name"] == name and item.get("project") in (None, own):
                    return item
        return None

    def is_listed(self, item: Item) -> bool:
        """Whether a stack is still listed, and its name taken: one that was deleted is for a moment."""
        found = self.find(item["stack_name"])
        return found is not None and found["id"] == item["id"]

    def in_progress(self, since: float) -> set[str]:
        """The IDs of all stacks in progress, from a request, perhaps another process's, that was sent since then.

        ``since`` is of `clock.uptime`. Processes that wait for stacks share one list, in place of a request for each.
        """
        params = {"status": "IN_PROGRESS", "show_hidden": "true"}
        body = self._service.get_coalesced("/stacks", since, params=params)
        with parsing("the list of stacks in progress"):
            return {item["id"] for item in map(_checked, body["stacks"])}

    def show(self, item: Item) -> Item | None:
        """A stack with parameters and outputs; None when it is deleted, which Heat shows for a while."""
        try:
            body = self._service.json("GET", path_of(item))
        except RefusedError as error:
            if error.status != 404:
                raise
            return None
        with parsing("a stack"):
            found = _checked(body["stack"])
        return None if found["stack_status"] == "DELETE_COMPLETE" else found

    def part(self, item: Item, name: str) -> dict[str, Any] | None:
        """The ``template``, ``environment`` or ``files`` of a stack; None where the user, or Heat, may not say it."""
        try:
            body = self._service.json("GET", f"{path_of(item)}/{name}")
        except RefusedError:
            return None
        with parsing(f"the {name} of a stack"):
            return {**body, **{key: dict(body.get(key) or {}) for key in _MAPPINGS if name == "environment"}}

    def resources(self, item: Item) -> list[Item]:
        """The resources of a stack, not those of stacks within it."""
        body = self._service.json("GET", f"{path_of(item)}/resources")
        return _list(body, "resources", _resource)

    def events(self, item: Item) -> list[Item]:
        """The newest events of a stack and of those within it, newest first."""
        params = {"sort_dir": "desc", "nested_depth": DEEPEST, "limit": MOST_EVENTS}
        body = self._service.json("GET", f"{path_of(item)}/events", params=params)
        return _list(body, "events", _event)

    def preview(self, body: Mapping[str, Any]) -> list[Any]:
        """The resources that a stack would have: mappings, or lists for those that are stacks; nothing is created."""
        answer = self._service.json("POST", "/stacks/preview", json=body)
        with parsing("the preview of a stack"):
            return [each if isinstance(each, list) else _resource(each) for each in answer["stack"]["resources"]]

    def preview_update(self, item: Item, body: Mapping[str, Any]) -> dict[str, list[Item]]:
        """What an update would do, as lists of resources by ``added``, ``deleted``, ``replaced`` and ``updated``.

        This is the path of Heat's preview: openstacksdk's ``update_stack(preview=True)`` changes the stack.
        """
        answer = json_object(self._put(f"{path_of(item)}/preview", body))
        with parsing("the preview of an update"):
            return {key: [_resource(each) for each in value] for key, value in answer["resource_changes"].items()}

    def create(self, body: Mapping[str, Any]) -> str:
        """Begin to create a stack; returns its ID. Raises ConflictError if there is one of its name."""
        answer = self._service.json("POST", "/stacks", json=body)
        with parsing("the answer to the creation of a stack"):
            return check_id(answer["stack"]["id"])

    def update(self, item: Item, body: Mapping[str, Any]) -> None:
        """Begin to update a stack to this, and nothing of what it was. Raises ImmutableParameterError."""
        self._put(path_of(item), body)

    def delete(self, item: Item) -> None:
        """Begin to delete a stack, which may be gone already."""
        with suppress_404():
            self._service.request("DELETE", path_of(item))

    def _put(self, path: str, body: Mapping[str, Any]) -> Response:
        try:
            return self._service.request("PUT", path, json=body)
        except RefusedError as error:
            if error.status == 400 and "immutable" in error.message:
                raise ImmutableParameterError(error.message, status=400) from error
            raise


def path_of(item: Item) -> str:
    return f"/stacks/{segment(item['stack_name'])}/{segment(item['id'])}"


def _checked(data: Any) -> Item:
    """The stack; raises ServerError unless it is one: paths and messages are made of it."""
    with parsing("a stack"):
        item: Item = {**data, "tags": list(data.get("tags") or ())}
        check_id(item["id"])
        for text in (item["stack_name"], item["stack_status"], *item["tags"]):
            _text(text)
        for output in item.get("outputs") or ():
            _text(output["output_key"])
    return item


def _list(body: Mapping[str, Any], key: str, check: Callable[[Any], Item]) -> list[Item]:
    with parsing(f"the {key} of a stack"):
        return [check(item) for item in body[key]]


def _resource(data: Any) -> Item:
    """A resource; raises one of `MALFORMED` unless it has a name."""
    return {**data, "resource_name": _text(data["resource_name"])}


def _event(data: Any) -> Item:
    """An event; raises one of `MALFORMED` unless it says what it is about."""
    physical = data.get("physical_resource_id")
    return {
        **data,
        "resource_status": _text(data["resource_status"]),
        "physical_resource_id": None if physical is None else _text(physical),
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
