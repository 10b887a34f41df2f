# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads interrupted while a cloud owes an answer: the process ends at once, and nothing is left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import image
from tests.robustness.test_image_faults import BENCHES, SEGMENT, TASK, V1, Bench, things
from tests.robustness.test_image_kills import IN_SEGMENTS
from tests.support.fake_openstack import Action, Answer, BlackHole
from tests.support.image_site import NAME, Site
from tests.support.run_module import Started, interrupt, start_module
from tests.support.wait import until

TASKS = {bench.name: bench for bench in BENCHES if bench.strikes == TASK}
V2 = Bench("v2", "v2", "closed", ("PUT", r"/file$"))
SILENT, DONE, LATE = BlackHole(), BlackHole(after="work"), BlackHole(late=lambda: False)
"""The last one stands for one whose work is done when the module has begun to clean up."""
CREATE, DATA, PUBLISH = ("POST", r"/v2/images$"), ("PUT", r"/file$"), ("PATCH", r"/v2/images/[^/]+$")
LOOK = ("GET", r"/v2/images/[0-9a-f-]{36}$")
IMPORT, STAGE = ("POST", r"/import$"), ("PUT", r"/stage$")


@dataclass(frozen=True)
class Moment:
    """A request of an upload that gets no answer."""

    name: str
    scheme: str
    request: tuple[str, str]
    action: Action = SILENT

    @property
    def bench(self) -> Bench:
        return {**TASKS, "v1_put": V1}.get(self.scheme, V2)


MOMENTS = [
    Moment("token", "v2_put", ("POST", r"/auth/tokens$")),
    Moment("list", "v2_put", ("GET", r"/v2/images\?")),
    Moment("create", "v2_put", CREATE),
    Moment("create, done", "v2_put", CREATE, DONE),
    Moment("create, done late", "v2_put", CREATE, LATE),
    Moment("data", "v2_put", DATA),
    Moment("data, done", "v2_put", DATA, DONE),
    Moment("look at the image", "v2_put", LOOK),
    Moment("publication", "v2_put", PUBLISH),
    Moment("staging, done", "glance_direct", STAGE, DONE),
    Moment("import", "glance_direct", IMPORT),
    Moment("import, done", "glance_direct", IMPORT, DONE),
    Moment("create, done", "v1_put", ("POST", r"/v1/images$"), DONE),
    Moment("data", "v1_put", V1.strikes),
    Moment("data, done", "v1_put", V1.strikes, DONE),
    *(
        Moment(name, bench, request, action)
        for bench in TASKS
        for name, request, action in (
            ("segment, done", SEGMENT, DONE),
            ("manifest, done", ("PUT", "multipart-manifest=put"), DONE),
            ("task", TASK, SILENT),
            ("task, done", TASK, DONE),
            ("look at the task", ("GET", r"/v2/tasks/[^/]+$"), SILENT),
        )
    ),
]


@contextmanager
def started(site: Site, tmp_path: Path, **options: Any) -> Iterator[Started]:
    """An upload in a process of its own, with the clocks that users have."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    given = {"name": NAME, "path": str(site.file), "locations": ["*"], "temporary_directory": str(directory)}
    with start_module(image, IN_SEGMENTS, **given, **options) as process:
        try:
            yield process
        finally:
            process.kill()
    assert list(directory.iterdir()) == []


@pytest.fixture
def cloud(site: Callable[..., Site]) -> Callable[[Bench], Site]:
    def make(bench: Bench) -> Site:
        made = site(bench.image_api, object_store=bench.style == "upstream")
        made.region.glance.task_api.style = bench.style
        made.write(os.urandom(100_000))
        return made

    return make


SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param(moment, SIGNALS[index % 2], id=f"{moment.scheme}: {moment.name}")
        for index, moment in enumerate(MOMENTS)
    ],
)
def test_interrupted_while_a_request_is_not_answered(
    cloud: Callable[[Bench], Site], tmp_path: Path, moment: Moment, number: signal.Signals
) -> None:
    there = cloud(moment.bench)
    place = there.clouds["cloud1"] if moment.name == "token" else there.region
    late = BlackHole(late=lambda: there.clouds.counters.requests(method="DELETE") > 0)
    fault = place.fault(*moment.request, late if moment.action is LATE else moment.action)
    scheme = moment.scheme.partition(" ")[0]
    with started(there, tmp_path, scheme=scheme) as process:
        until(fault.owes)
        said = interrupt(process, number)
    assert said.startswith("Interrupted. What was complete stays; what was incomplete has been removed")
    assert said.endswith("removed.") or moment.name == "create", said
    assert things(there) == []
    place.clear_faults()
    assert there.act(scheme=scheme) == ["created"]


def test_what_is_published_stays(cloud: Callable[[Bench], Site], tmp_path: Path) -> None:
    there = cloud(V2)
    fault = there.region.fault(*PUBLISH, DONE)
    with started(there, tmp_path) as process:
        until(lambda: fault.struck and NAME in names(there))
        assert interrupt(process, signal.SIGINT).endswith("has been removed.")
    assert names(there) == [NAME]
    there.region.clear_faults()
    assert there.act() == ["unchanged"]


def names(site: Site) -> list[str]:
    return [image.fields["name"] for image in site.region.glance.images.values()]


def test_what_a_silent_cloud_keeps_is_named_and_goes_with_the_next_run(
    cloud: Callable[[Bench], Site], tmp_path: Path
) -> None:
    """The second interrupt does not wait for it."""
    there = cloud(V2)
    there.region.fault(*DATA, DONE)
    delete = there.region.fault("DELETE", "/images/", SILENT)
    with started(there, tmp_path) as process:
        until(lambda: things(there) == ["active"])
        process.send_signal(signal.SIGINT)
        until(lambda: delete.struck)
        said = interrupt(process, signal.SIGINT)
    assert said.endswith("removes: cloud1/r1/demo: the work did not end in time")
    assert names(there) == [f"{NAME}.uploading"]
    there.region.clear_faults()
    assert there.act() == ["created"]
    assert names(there) == [NAME]


def test_what_cannot_be_removed_is_named(cloud: Callable[[Bench], Site], tmp_path: Path) -> None:
    there = cloud(V2)
    there.region.fault(*DATA, DONE)
    there.region.fault("DELETE", "/images/", Answer(403))
    with started(there, tmp_path) as process:
        until(lambda: things(there) == ["active"])
        said = interrupt(process, signal.SIGTERM)
    (left,) = there.region.glance.images
    assert f"cloud1/r1/demo: the incomplete image {left} could not be removed (Forbidden (HTTP 403)" in said
