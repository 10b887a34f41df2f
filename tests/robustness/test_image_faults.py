# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault by the schemes that no living service has: one right image or nothing, and the next run ends right.

Each fault strikes one scheme, and each scheme meets some; with FULL=1 each fault strikes all schemes.
FAULT_TABLE=PATH adds what happened to the page of Markdown that the integration tests of faults write.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from tests.support.fake_openstack import Action, Answer, BlackHole, BreakAnswer, CorruptRequest, CutRequest, LoseAnswer
from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.glance_data import Stored
from tests.support.fake_openstack.server import ImageApi
from tests.support.fault_matrix import RIGHT, Cells, check_end, write_fault_page
from tests.support.image_site import NAME, Site
from tests.support.sampling import sample
from tests.support.wait import until

SEGMENT = ("PUT", rf"/{temporary_object._container(Desired(NAME, 'present'))}/image")
TASK = ("POST", r"/v2/tasks$")
SLOW_DOWN = {"Retry-After": "1"}
QUOTA = json.dumps({"message": "Quota exceeded for image_count_total", "code": "403 Forbidden", "title": "Forbidden"})
HASTE: Mapping[str, Any] = {"stall_timeout": 0.7, "api_timeout": 0.7, "import_timeout": 30.0}
"""The first two are for sockets, in real seconds; the last one is for the clock that is turned."""


@dataclass(frozen=True)
class Bench:
    """A scheme at work on a kind of cloud, and the request that faults strike."""

    name: str
    image_api: ImageApi
    style: str
    strikes: tuple[str, str]

    @property
    def scheme(self) -> str:
        return "v1_put" if self.image_api == "v1" else "swift_task"


V1 = Bench("v1_put", "v1", "closed", ("PUT", r"/v1/images/[0-9a-f-]{36}$"))
BENCHES = [
    V1,
    Bench("swift_task (vendor), segment", "rackspace", "rackspace", SEGMENT),
    Bench("swift_task (vendor), task", "rackspace", "rackspace", TASK),
    Bench("swift_task (upstream), segment", "v2", "upstream", SEGMENT),
    Bench("swift_task (upstream), task", "v2", "upstream", TASK),
]

Inject = Callable[[Site, Bench, pytest.MonkeyPatch], object]


def once(action: Action) -> Inject:
    return lambda site, bench, _patch: site.region.fault(*bench.strikes, action, times=1)


def always(action: Action) -> Inject:
    return lambda site, bench, _patch: site.region.fault(*bench.strikes, action)


def cut_and_stuck(site: Site, bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    site.region.fault(*bench.strikes, CutRequest(0.5), times=1)
    site.region.fault("DELETE", ".", Answer(500), times=2)


def broken_json(site: Site, bench: Bench, _patch: pytest.MonkeyPatch) -> None:
    """Of the answer that has some: to the image's creation, to a listing of segments, to the task's creation."""
    where = {V1.strikes: ("POST", r"/v1/images$"), SEGMENT: ("GET", r"format=json")}.get(bench.strikes, TASK)
    site.region.fault(*where, BreakAnswer(), times=1)


def corrupt(site: Site, bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """Wrong bytes are stored: by the object store, or by the image service."""
    if bench.strikes == SEGMENT:
        site.region.fault(*SEGMENT, CorruptRequest(0.5))
        return
    store = (site.region.glance_v1 if bench is V1 else site.region.glance).data
    write = store.write

    async def spoiled(image_id: str, body: Body) -> Stored:
        stored: Stored = await write(image_id, CorruptRequest(1000).spoil(body, None))
        return stored

    patch.setattr(store, "write", spoiled)


def stuck_queued(site: Site, bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """The cloud says yes, and does nothing."""
    if bench is V1:
        site.region.fault(*V1.strikes, Answer(200, body=b"{}", after="body"))
    else:
        patch.setattr(site.region.glance, "run_aside", lambda work: work.close())


def stuck_importing(site: Site, bench: Bench, patch: pytest.MonkeyPatch) -> None:
    """The task, or the image that has its data, shows the same status for ever."""
    if bench is not V1:
        site.region.glance.task_api.stuck = True
        return
    take = site.region.glance_v1._image

    def saving(call: Any) -> Any:
        image = take(call)
        image.status = "saving" if image.status == "active" else image.status
        return image

    patch.setattr(site.region.glance_v1, "_image", saving)


@dataclass(frozen=True)
class Fault:
    """What happens, and how the run ends: the same for all benches but for those whose strike is named."""

    name: str
    inject: Inject
    end: str = RIGHT
    ends: Mapping[tuple[str, str], str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    tasks_only: bool = False
    """Whether an object store cannot meet the fault."""


FAULTS = [
    Fault("401 on the body", once(Answer(401))),
    Fault("401 at its end", once(Answer(401, after="body"))),
    Fault("one 503", once(Answer(503))),
    Fault("429 with Retry-After", once(Answer(429, SLOW_DOWN))),
    Fault("413 with Retry-After", once(Answer(413, SLOW_DOWN, after="body"))),
    Fault("cut at 50 %", once(CutRequest(0.5))),
    Fault("cut and DELETE fails", cut_and_stuck),
    Fault("lost answer", once(LoseAnswer())),
    Fault("broken JSON", broken_json),
    Fault("corrupt storage", corrupt, "integrity"),
    Fault("stuck queued", stuck_queued, "timeout", {V1.strikes: "server"}, HASTE, tasks_only=True),
    Fault("stuck importing", stuck_importing, "timeout", options=HASTE, tasks_only=True),
    Fault("never answers", always(BlackHole()), "timeout", options=HASTE),
    Fault("quota", always(Answer(403, body=QUOTA.encode())), "quota"),
    Fault("quota: 413", always(Answer(413, after="body")), "quota"),
    Fault("quota: 507", always(Answer(507, after="body")), "quota"),
]


def applies(fault: Fault, bench: Bench) -> bool:
    return not (fault.tasks_only and bench.strikes == SEGMENT)


RUNS = [
    pytest.param(fault, bench, id=f"{bench.name}: {fault.name}") for fault, bench in sample(FAULTS, BENCHES, applies)
]

HEAD = """
## The schemes of old clouds

The same by `v1_put` and by `swift_task`, in the vendor's form (Rackspace) and upstream's, on stand-ins of such clouds.
They strike the request that brings the data (of `swift_task`: one of several segments), or that makes the task. What is
there is counted in images, objects, segments and containers.

| fault | {columns} |
|---|{rules}|
"""


@pytest.fixture(scope="module")
def matrix() -> Iterator[Cells]:
    faults, benches = [fault.name for fault in FAULTS], [bench.name for bench in BENCHES]
    cells: Cells = {}
    yield cells
    write_fault_page(HEAD, faults, benches, cells, lambda *_cell: "an object store has no tasks")


def things(site: Site) -> list[str]:
    """Statuses of all images, and names of all containers."""
    images = [*site.region.glance.images.values(), *site.region.glance_v1.images.values()]
    accounts = site.region.swift.store.accounts.values()
    return [*(image.status for image in images), *(name for account in accounts for name in account.containers)]


def heal(site: Site, patch: pytest.MonkeyPatch) -> None:
    """No faults from here on; tasks that were stuck have come to their end."""
    patch.undo()
    site.region.clear_faults()
    api = site.region.glance.task_api
    api.stuck = False
    until(lambda: all(task.status != "processing" for task in api.tasks.values()))


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(("fault", "bench"), RUNS)
def test_fault(
    site: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
    matrix: Cells,
    fault: Fault,
    bench: Bench,
) -> None:
    monkeypatch.setattr(temporary_object, "part_size", lambda _size, _limits: 1 << 14)
    cloud = site(bench.image_api, object_store=bench.image_api == "v2")
    cloud.region.glance.task_api.style = bench.style
    cloud.write(os.urandom(100_000))
    options = {"scheme": bench.scheme}
    end = fault.ends.get(bench.strikes, fault.end)
    with pytest.MonkeyPatch.context() as patch:
        fault.inject(cloud, bench, patch)
        first = cloud.run(**{**options, **fault.options})
        result, failure = (next(iter(first[key]), None) for key in ("results", "failures"))
        said = check_end(end, result, failure, bench.scheme, things(cloud))
        heal(cloud, patch)
    assert cloud.act(**options) == ["unchanged" if end == RIGHT else "created"]
    assert_one_right_image(cloud, bench)
    matrix[fault.name, bench.name] = said


def assert_one_right_image(site: Site, bench: Bench) -> None:
    """It is active under its name, the digests that it tells are its data's, and nothing is beside it."""
    assert things(site) == ["active"]
    service = site.region.glance_v1 if bench is V1 else site.region.glance
    (image,) = service.images.values()
    data = service.data.path(image.id).read_bytes()
    assert (image.name if bench is V1 else image.fields["name"]) == NAME
    assert "owner_specified.oaktree.upload" not in image.properties
    if bench.image_api == "rackspace":
        assert data.endswith(data[:512])
        assert data[:8] == b"conectix"
    else:
        assert data == site.file.read_bytes()
