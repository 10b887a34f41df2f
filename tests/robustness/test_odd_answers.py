# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of another shape than the service's: the image is right all the same, or the cloud failed and nothing stays.

Every third of the odd shapes strikes each answer that the module reads, by one scheme; with FULL=1 each shape does, by
all schemes that read the answer.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from tests.support.fake_openstack import FakeOpenStack, edit_answer
from tests.support.fake_openstack.server import ImageApi
from tests.support.image_site import NAME, Site
from tests.support.run_module import run_module
from tests.support.sampling import FULL, sample
from tests.support.upload_session import SessionSite, done
from tests.support.wait import until

HASTE: Mapping[str, Any] = {"stall_timeout": 30.0, "import_timeout": 100.0}
"""Of the clock that is turned."""

Edit = Callable[[Any], Any]


def values(new: object) -> Edit:
    """Put ``new`` in the place of every value of the mappings that matter: the whole, or the items of its lists."""

    def edit(body: Any) -> Any:
        if not isinstance(body, dict):
            return [dict.fromkeys(item, new) if isinstance(item, dict) else new for item in body]
        lists = {key: value for key, value in body.items() if isinstance(value, list) and value}
        if lists:
            return {**body, **{key: edit(value) for key, value in lists.items()}}
        return dict.fromkeys(body, new)

    return edit


def items(new: object) -> Edit:
    """Have ``new`` as the only item of every list."""

    def edit(body: Any) -> Any:
        if isinstance(body, list):
            return [new]
        return {key: edit(value) if isinstance(value, (dict, list)) else value for key, value in body.items()}

    return edit


ODD: list[tuple[str, Edit]] = [
    ("null", lambda _body: None),
    ("a number", lambda _body: 7),
    ("a text", lambda _body: "text"),
    ("an empty list", lambda _body: []),
    ("an empty mapping", lambda _body: {}),
    ("values are null", values(None)),
    ("values are numbers", values(-7)),
    ("values are text", values("text")),
    ("values are lists", values([None])),
    ("values are mappings", values({"x": None})),
    ("items are null", items(None)),
    ("items are text", items("text")),
    ("items are empty", items({})),
]


@dataclass(frozen=True)
class Bench:
    """A kind of cloud, how the image gets there, and the answers that are read on the way."""

    name: str
    image_api: ImageApi
    reads: tuple[tuple[str, str], ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    tasks: str = "closed"


LIST, SHOW, CREATE = ("GET", r"/v2/images\?"), ("GET", r"/v2/images/[0-9a-f-]{36}$"), ("POST", r"/v2/images$")
PATCH, OFFERS, STORES = ("PATCH", r"/v2/images/"), ("GET", r"/info/import$"), ("GET", r"/info/stores$")
USAGE, IMPORT_TASKS = ("GET", r"/info/usage$"), ("GET", r"/images/[0-9a-f-]{36}/tasks$")
STORE_INFO, LISTING = ("GET", r"/info$"), ("GET", r"format=json")
MAKE_TASK, SHOW_TASK = ("POST", r"/v2/tasks$"), ("GET", r"/v2/tasks/")
V2 = (LIST, SHOW, CREATE, PATCH, OFFERS, STORES, USAGE)
BENCHES = [
    Bench("v2_put", "v2", V2),
    Bench("glance_direct", "v2", (*V2, IMPORT_TASKS), {"scheme": "glance_direct"}),
    Bench("web_download", "v2", (*V2, IMPORT_TASKS, STORE_INFO, LISTING), {"scheme": "web_download"}),
    Bench("swift_task", "v2", (MAKE_TASK, SHOW_TASK, LIST, SHOW), {"scheme": "swift_task"}, "upstream"),
    Bench("swift_task (vendor)", "rackspace", (MAKE_TASK, SHOW_TASK, LISTING, PATCH), {}, "rackspace"),
    Bench("v1_put", "v1", (("GET", r"/v1/images/detail"), ("POST", r"/v1/images$"), ("PUT", r"/v1/images/"))),
]
ANSWERS = sorted({answer for bench in BENCHES for answer in bench.reads})
STEP = 1 if FULL else 3
CASES = [(answer, odd) for number, answer in enumerate(ANSWERS) for odd in ODD[number % STEP :: STEP]]
RUNS = [
    pytest.param(bench, *case, id=f"{bench.name}: {case[0][0]} {case[0][1]}: {case[1][0]}")
    for case, bench in sample(CASES, BENCHES, lambda case, bench: case[0] in bench.reads)
]


def things(site: Site) -> list[str]:
    """Names of all images and containers."""
    images = [image.fields["name"] for image in site.region.glance.images.values()]
    accounts = site.region.swift.store.accounts.values()
    containers = [name for account in accounts for name in account.containers]
    return [*images, *(image.name for image in site.region.glance_v1.images.values()), *containers]


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(("bench", "answer", "odd"), RUNS)
def test_an_image_is_published_or_the_cloud_failed(
    site: Callable[..., Site],
    monkeypatch: pytest.MonkeyPatch,
    bench: Bench,
    answer: tuple[str, str],
    odd: tuple[str, Edit],
) -> None:
    monkeypatch.setattr(temporary_object, "part_size", lambda _size, _limits: 1 << 14)
    cloud = site(bench.image_api, object_store=bench.image_api == "v2")
    cloud.region.glance.task_api.style = bench.tasks
    cloud.region.glance.import_seconds = 0.05
    cloud.write(os.urandom(40_000))
    fault = cloud.region.fault(*answer, edit_answer(odd[1]))
    ended = cloud.run(**{**bench.options, **HASTE})
    assert fault.struck or answer in (IMPORT_TASKS, LISTING), "the answer was not read"
    api = cloud.region.glance.task_api
    until(lambda: all(task.status != "processing" for task in api.tasks.values()))
    if ended.ok:
        assert things(cloud) == [NAME]
    else:
        (failure,) = ended["failures"]
        assert failure["kind"] != "internal", failure
        cloud.region.clear_faults()
        # what a container holds cannot be known without its listing
        left = [name for name in things(cloud) if answer != LISTING or name not in failure["error"]]
        assert left == [], failure
    cloud.region.clear_faults()
    assert cloud.act(**bench.options)[0] in ("created", "unchanged", "updated")
    assert things(cloud) == [NAME]


def cases(*answers: tuple[str, str]) -> list[Any]:
    """Each of the answers with every third of the odd shapes, or with all."""
    chosen = [(answer, odd) for number, answer in enumerate(answers) for odd in ODD[number % STEP :: STEP]]
    return [pytest.param(*case, id=f"{case[0][0]} {case[0][1]}: {case[1][0]}") for case in chosen]


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(("answer", "odd"), cases(LIST, SHOW, CREATE, PATCH, OFFERS, STORE_INFO, LISTING, IMPORT_TASKS))
def test_an_upload_session_can_be_finalized_when_the_answers_are_right_again(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, answer: tuple[str, str], odd: tuple[str, Edit]
) -> None:
    place = SessionSite(fake_openstack(object_store=True), tmp_path)
    place.send(place.prepare())
    place.region.fault(*answer, edit_answer(odd[1]))
    failed = place.finalize()
    assert failed.error is None or failed.error.kind != "internal", failed.error
    place.region.clear_faults()
    if failed.error:
        assert len(place.images) == len(place.containers) == 1
    done(place.finalize())
    place.published()


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(("answer", "odd"), cases(SHOW, LIST, STORE_INFO, LISTING))
def test_an_export_leaves_no_container(
    site: Callable[..., Site], answer: tuple[str, str], odd: tuple[str, Edit]
) -> None:
    cloud = site("v2", object_store=True)
    cloud.act()
    cloud.region.fault(*answer, edit_answer(odd[1]))
    ended = run_module("image_export", image=NAME, container="exports", locations=["*"], stall_timeout=30.0)
    cloud.region.clear_faults()
    if ended.ok:
        assert things(cloud) == [NAME, "exports"]
    else:
        assert ended["failures"][0]["kind"] != "internal", ended["failures"]
        assert things(cloud) == [NAME]
