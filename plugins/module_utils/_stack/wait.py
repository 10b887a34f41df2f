# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for stacks: one list for all of a Location that are in progress, and why one has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._cloud.translate import given_up
from .._core.deadline import clock
from .._core.errors import DeadlineError, OaktreeError
from .._core.retry import TRANSIENT
from .heat import DEEPEST
from .plan import is_busy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._cloud.connection import Connection
    from .heat import Heat, Item

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two looks; the pauses get longer as the wait does."""
SHARE = 0.05
"""The part of the time waited so far that the next pause takes."""
FRESH = 1.0
"""The maximum age, in seconds, of a list that another process received."""
ROLLBACK_BEGINS = 5.0
"""Seconds in which a rollback has to follow a failure."""
PATIENCE = 300.0
"""Seconds without an answer after which the wait fails: Heat goes on with a stack meanwhile."""
MOST_REASONS = 3


class StackWait:
    """Waits until Heat has done with a stack."""

    def __init__(self, connection: Connection, heat: Heat) -> None:
        self._connection = connection
        self._heat = heat
        self._began = self._answered = clock.monotonic()
        self._looked = clock.uptime()

    def until_settled(self, item: Item, *, rollback: bool = False) -> Item | None:
        """The stack when nothing is in progress on it, None when it is gone.

        With ``rollback`` a stack that failed has `ROLLBACK_BEGINS` seconds to begin its rollback, which is then
        awaited. Raises DeadlineError, which says the stack's state, when the deadline expires.
        """
        failed_at: float | None = None
        while True:
            self._connection.progress.enter(str(item["stack_status"]).replace("_", " ").lower())
            self._pause(item)
            try:
                is_done, found = self._look(item)
            except (DeadlineError, *TRANSIENT) as error:
                self._bear(item, error)
                continue
            self._answered = clock.monotonic()
            if found is None:
                if is_done:
                    return None
                continue
            item = found
            if is_busy(item["stack_status"]):
                continue
            if rollback and item["stack_status"] in ("CREATE_FAILED", "UPDATE_FAILED"):
                failed_at = clock.monotonic() if failed_at is None else failed_at
                if clock.monotonic() - failed_at < ROLLBACK_BEGINS:
                    continue
            return item

    def _look(self, item: Item) -> tuple[bool, Item | None]:
        """Whether nothing is in progress on a stack, and what it is then; None when it is gone."""
        since, self._looked = max(self._looked, clock.uptime() - FRESH), clock.uptime()
        if item["id"] in self._heat.in_progress(since):
            return False, None
        found = self._heat.show(item)
        return found is not None or not self._heat.is_listed(item), found

    def _bear(self, item: Item, error: OaktreeError) -> None:
        """Go on although a request has failed. Raises DeadlineError as above, and the error when patience ends."""
        try:
            self._connection.deadline.remaining()
        except DeadlineError as expired:
            raise self._late(item, expired) from error
        if error.final or clock.monotonic() - self._answered > PATIENCE:
            raise error

    def _pause(self, item: Item) -> None:
        waited = clock.monotonic() - self._began
        try:
            self._connection.deadline.sleep(min(max(FIRST_PAUSE, waited * SHARE), LONGEST_PAUSE))
        except DeadlineError as error:
            raise self._late(item, error) from error

    def _late(self, item: Item, error: DeadlineError) -> DeadlineError:
        """What is said when the deadline has expired. Raises DeadlineError, too, if the run is cancelled."""
        self._connection.deadline.check_cancelled()
        return DeadlineError(
            f"{error.message}: stack {item['stack_name']!r} is still {item['stack_status']}", hint=error.hint
        )


def failure(heat: Heat, item: Item, what: str) -> OaktreeError:
    """The error of a stack that has failed, with the reasons of the resources that failed first.

    A quota that is exceeded is a quota error.
    """
    try:
        found = reasons(heat.events(item), item["id"])
    except OaktreeError:  # the stack's own words, which repeat the first reason, will do
        found = []
    said = found or [str(item.get("stack_status_reason") or "Heat gives no reason")]
    text = "; ".join(said[:MOST_REASONS])
    more = f"; and {len(said) - MOST_REASONS} more" if len(said) > MOST_REASONS else ""
    return given_up(f"stack {item['stack_name']!r} {what}: {item['stack_status']}: {text}{more}", text)


def reasons(events: Sequence[Item], stack_id: str) -> list[str]:
    """Why the last operation on a stack failed, by its events, newest first: ``web.port: Conflict: ...``.

    Of a resource that failed because something within it did, only the latter is named. What was merely cancelled
    because of that is left out.
    """
    failed: list[Item] = []
    for event in events:
        status = event["resource_status"]
        if event.get("physical_resource_id") == stack_id:
            if status.endswith("_IN_PROGRESS") and not status.startswith("ROLLBACK"):
                break
        elif status.endswith("_FAILED"):
            failed.append(event)
    within = {_stack_of(event) for event in failed}
    parents = {event.get("physical_resource_id"): event for event in events if _is_of_resource(event)}
    leaves = [event for event in failed if _is_of_resource(event) and event.get("physical_resource_id") not in within]
    causes = [event for event in leaves if not _was_cancelled(event)] or leaves
    return list(dict.fromkeys(f"{_path(event, parents)}: {event.get('resource_status_reason')}" for event in causes))


def _is_of_resource(event: Item) -> bool:
    """Whether an event is one of a resource, and not of a stack itself."""
    return bool(event.get("physical_resource_id") != _stack_of(event))


def _was_cancelled(event: Item) -> bool:
    reason = str(event.get("resource_status_reason")).lower()
    return "aborted" in reason or "cancelled" in reason


def _stack_of(event: Item) -> Any:
    """The ID of the stack that an event's resource belongs to."""
    links = event.get("links")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("rel") == "stack":
            return str(link.get("href")).rstrip("/").rpartition("/")[2]
    return None


def _path(event: Item, parents: dict[Any, Item], depth: int = 0) -> str:
    """The names of a resource and of those that it is within: ``group.0.server``."""
    parent = parents.get(_stack_of(event))
    name = str(event.get("resource_name"))
    if parent is None or depth > DEEPEST:
        return name
    return f"{_path(parent, parents, depth + 1)}.{name}"
