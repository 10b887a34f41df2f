# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for an import: signs of life, and none."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    OaktreeError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image import import_wait
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.import_wait import SLOWEST, ImportWait

STALL = 0.1
IMAGE = {"id": "1", "status": "importing", "updated_at": "2026-01-01T00:00:00Z", "stores": "fast"}


def _no_task(_number: int) -> Any:
    return "", ""


class Glance:
    """An image service whose answers are functions of how often it was asked."""

    def __init__(self, image: Callable[[int], Any], task: Callable[[int], Any] | None = None) -> None:
        self.connection = SimpleNamespace(deadline=Deadline(20))
        self.looks = self.asked = 0
        self._image, self._task = image, task or _no_task

    def get(self, _image_id: str) -> Any:
        self.looks += 1
        answer = self._image(self.looks)
        if isinstance(answer, OaktreeError):
            raise answer
        return answer

    def poll(self, image_id: str, _since: float) -> Any:
        return self.get(image_id)

    def import_task(self, _image_id: str) -> Any:
        self.asked += 1
        return self._task(self.asked)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_wait, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(import_wait, "LONGEST_PAUSE", 0.03)


def wait(glance: Glance, looks: int, size: int = 0) -> None:
    waiting = ImportWait(glance, "1", STALL, size)  # type: ignore[arg-type]
    for _number in range(looks):
        waiting.look()
        waiting.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("image", "task"),
    [
        pytest.param(lambda number: {**IMAGE, "status": f"status {number}"}, _no_task, id="status"),
        pytest.param(lambda number: {**IMAGE, "updated_at": number}, _no_task, id="updated"),
        pytest.param(lambda number: {**IMAGE, "stores": "fast,slow" * (number % 2)}, _no_task, id="stores"),
        pytest.param(lambda number: {**IMAGE, "os_glance_importing_to_stores": number}, _no_task, id="its-own-fields"),
        pytest.param(lambda _number: IMAGE, lambda number: ("processing", f"Copied {number} MiB"), id="task-message"),
    ],
)
def test_signs_of_life(image: Callable[[int], Any], task: Callable[[int], Any]) -> None:
    glance = Glance(image, task)
    wait(glance, 12)
    assert glance.looks == 12


@pytest.mark.parametrize(
    "image", [lambda _number: IMAGE, lambda number: {**IMAGE, "name": str(number)}, lambda _number: None]
)
def test_none_ends_by_the_stall_timeout(image: Callable[[int], Any]) -> None:
    begin = time.monotonic()
    with pytest.raises(DeadlineError, match=r"nothing changed within stall_timeout \(0.1 s\)") as caught:
        wait(Glance(image), 1000)
    assert "stall_timeout" in caught.value.hint
    assert STALL < time.monotonic() - begin < 20 * STALL


def test_image_that_the_cloud_fetches_gets_time_for_its_size() -> None:
    wait(Glance(lambda _number: IMAGE), 12, size=SLOWEST)


def test_answers_that_fail_are_outlasted() -> None:
    glance = Glance(lambda number: IMAGE if number == 4 else ServerError("503"))
    waiting = ImportWait(glance, "1", STALL)  # type: ignore[arg-type]
    assert waiting.look() == IMAGE


def test_answers_that_only_fail_end_with_what_they_say() -> None:
    with pytest.raises(ServerError, match="503"):
        ImportWait(Glance(lambda _number: ServerError("503")), "1", STALL).look()  # type: ignore[arg-type]


def test_interruption_ends_it_at_once() -> None:
    glance = Glance(lambda _number: DeadlineError("timed out"))
    glance.connection.deadline.cancelled.set()
    with pytest.raises(DeadlineError, match="interrupted"):
        ImportWait(glance, "1", 100.0).look()  # type: ignore[arg-type]
    assert glance.looks == 1


def test_task_is_asked_only_when_the_image_shows_nothing() -> None:
    glance = Glance(lambda number: {**IMAGE, "updated_at": min(number, 5)})
    wait(glance, 6)
    assert glance.asked == 1
