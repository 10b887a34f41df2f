# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Locations of one task are one place, and whose an image is."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    DeadlineError,
    OaktreeError,
    QuotaError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import image_record
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import pipeline
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import twins as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.context import PlanContext
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.twins import TwinError, Twins
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from tests.support import upload_markers
from tests.support.image_contexts import SAME, case

ELSEWHERE = {**SAME, "created_at": "2026-01-01T00:00:00Z"}
"""The image of the same ID of another region."""


def place(region: str, *services: str, **more: Any) -> PlanContext:
    return replace(case(region, **more), services=frozenset(services))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (place("b", "https://a"), True),
        (place("b", "entry"), True),
        (place("b", "https://b", "entry"), True),
        (place("b", "https://b"), False),
        (place("b"), False),
        (place("b", "https://a", project="q"), False),
        (place("b", "https://a", disk_format="qcow2"), False),
        (place("b", "https://a", wanted={"tags": ("x",)}), False),
    ],
)
def test_one_place_is_one_project_of_one_image_service(other: PlanContext, *, same: bool) -> None:
    twins, first = Twins(), place("a", "https://a", "entry")
    assert twins.enter(first) is None
    assert twins.enter(other) == (first.location if same else None)


def test_projects_that_are_not_known_are_not_one() -> None:
    twins = Twins()
    assert [twins.enter(place(region, "https://a", project=None)) for region in "ab"] == [None, None]


def test_nobody_waits_for_a_location_whose_record_was_refused() -> None:
    """Two regions that are refused the ID, as another run has published there, would wait for each other."""
    twins, (first, second) = Twins(), (case(region).location for region in "ab")
    twins.begin("id-1", "marker 1", first)
    twins.begin("id-1", "marker 2", second)
    twins.end("id-1", "marker 2")
    twins.check("id-1", None, first)
    with pytest.raises(TwinError, match="the same project as alpha/a/p"):
        twins.check("id-1", None, second)


def test_work_of_another_location_is_no_conflict() -> None:
    twins, marker = Twins(), work_marker(60)
    twins.begin("id-1", marker, case("a").location)
    twins.begin("id-1", work_marker(60), case("elsewhere").location)
    busy = {"id": "id-1", "status": "saving", UPLOAD: marker}
    plan, found = pipeline._planned(case("b", survey={"busy": (busy,)}), twins)
    assert found is not None
    assert (plan.changed, found.others) == (False, [case("a").location])
    for other in (work_marker(60), upload_markers.elsewhere()):
        with pytest.raises(ConflictError, match="another upload of this image is in progress"):
            pipeline._planned(case("b", survey={"busy": ({**busy, UPLOAD: other},)}), twins)


def found(
    monkeypatch: pytest.MonkeyPatch,
    outcomes: Mapping[str, Mapping[str, Any] | OaktreeError | None],
    here: Mapping[str, Any] | None,
    **wanted: Any,
) -> str | None:
    """The region whose work has made the image that is here; ``outcomes`` are their images, None for work that goes on.

    The one that asks wants what ``wanted`` says.
    """
    twins = Twins()
    for region, outcome in outcomes.items():
        context, future = case(region), Future[Change]()
        if isinstance(outcome, OaktreeError):
            future.set_exception(outcome)
        elif outcome:
            future.set_result(Change("created", output={"image": image_record(outcome, context.location)}))
        job: Any = SimpleNamespace(context=context, outcome=future)
        twins.add(job)
    error = TwinError("one of them")
    error.others = [case(region).location for region in outcomes]
    glance = SimpleNamespace(get=lambda image_id: here if here and here["id"] == image_id else None)
    monkeypatch.setattr(module, "glance_for", lambda _connection: glance)
    connection: Any = SimpleNamespace(deadline=Deadline(0.01))
    return twins.found(connection, case("here", wanted=wanted), error).context.location.region


def test_the_image_that_is_here_was_made_by_the_location_that_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(monkeypatch, {"a": SAME}, SAME) == "a"
    assert found(monkeypatch, {"a": ELSEWHERE, "b": SAME}, SAME) == "b"
    assert found(monkeypatch, {"a": QuotaError("full"), "b": SAME}, SAME) == "b"


@pytest.mark.parametrize(
    ("outcomes", "here", "wanted", "error"),
    [
        pytest.param({"a": QuotaError("full")}, None, {}, QuotaError, id="it-failed"),
        pytest.param({"a": QuotaError("full"), "b": ELSEWHERE}, None, {}, TwinError, id="one-of-them-failed"),
        pytest.param({"a": ELSEWHERE}, SAME, {}, TwinError, id="another-run's"),
        pytest.param({"a": SAME}, None, {}, TwinError, id="gone"),
        pytest.param({"a": SAME}, SAME, {"tags": ("x",)}, TwinError, id="not-what-is-wanted"),
        pytest.param({"a": None}, SAME, {}, DeadlineError, id="not-ended-in-time"),
    ],
)
def test_where_nobody_knows_whose_it_is_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    outcomes: Mapping[str, Any],
    here: Mapping[str, Any] | None,
    wanted: dict[str, Any],
    error: type[OaktreeError],
) -> None:
    with pytest.raises(error):
        found(monkeypatch, outcomes, here, **wanted)
