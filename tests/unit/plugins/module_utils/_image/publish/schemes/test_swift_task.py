# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images by way of the object store, over HTTP: import tasks as Rackspace and upstream have them, and web-download."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import attempt
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import (
    swift_task,
    temporary_object,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker
from tests.support import upload_markers
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    LoseAnswer,
)
from tests.support.fake_openstack.glance_images import Image
from tests.support.fake_openstack.swift_store import Container
from tests.support.image_site import NAME, Site, digest
from tests.support.run_module import ModuleRun

CONTAINER = temporary_object._container(Desired(NAME, "present"))
DATA = rf"/{CONTAINER}/image"
DEAD = upload_markers.dead()
"""The mark of a run on this machine that is no more."""
ELSEWHERE = upload_markers.elsewhere()
"""The mark of a run on another machine."""

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def rackspace(site: Callable[..., Site]) -> Site:
    return site("rackspace")


@pytest.fixture
def upstream(site: Callable[..., Site]) -> Site:
    """A cloud that takes no data but by tasks and web-download."""
    made = site("v2", object_store=True)
    made.region.glance.task_api.style = "upstream"
    return made


@pytest.fixture(params=["rackspace", "upstream", "web_download"])
def detour(request: pytest.FixtureRequest, site: Callable[..., Site]) -> tuple[Site, dict[str, Any]]:
    """A cloud for each way through the object store, and the options that lead there."""
    made = site("rackspace" if request.param == "rackspace" else "v2", object_store=True)
    if request.param == "upstream":
        made.region.glance.task_api.style = "upstream"
    return made, {"scheme": "web_download" if request.param == "web_download" else "swift_task"}


def containers(site: Site) -> dict[str, Container]:
    store = site.region.swift.store
    return {name: container for account in store.accounts.values() for name, container in account.containers.items()}


def only_image(site: Site) -> Image:
    """The one image there is, as it must be, with nothing beside it."""
    image: Image
    (image,) = site.region.glance.images.values()
    assert (image.fields["name"], image.status) == (NAME, "active")
    assert image.checksum == image.properties["owner_specified.openstack.md5"]
    assert "owner_specified.oaktree.upload" not in image.properties
    assert containers(site) == {}
    return image


def assert_nothing_is_left(site: Site) -> None:
    assert (site.region.glance.images, containers(site)) == ({}, {})


def assert_no_secret(done: ModuleRun) -> None:
    text = json.dumps(done.result)
    assert "temp_url_sig=" not in text.replace("temp_url_sig=...", "")


@pytest.mark.slow
def test_rackspace_from_creation_to_deletion(rackspace: Site) -> None:
    options: dict[str, Any] = {"protected": True, "min_disk": 1, "tags": ["a"], "properties": {"xenapi_use_agent": "x"}}
    done = rackspace.run(**options)
    assert done.ok, done["failures"]
    assert_no_secret(done)
    plan = done["results"][0]["plan"]
    assert (plan["scheme"], plan["disk_format"], plan["fallbacks"]) == ("swift_task", "vhd", [])
    image = only_image(rackspace)
    assert (image.fields["disk_format"], image.fields["protected"], image.fields["min_disk"]) == ("vhd", True, 1)
    assert (image.tags, image.properties["vm_mode"], image.properties["xenapi_use_agent"]) == (["a"], "hvm", "x")
    assert image.properties["owner_specified.oaktree.source_md5"] == digest(rackspace.file.read_bytes())
    rackspace.clouds.counters.reset()
    assert rackspace.act(**options) == ["unchanged"]
    assert rackspace.clouds.counters.requests(service="object-store") == 1  # whether a killed run left data
    assert rackspace.clouds.counters.requests(method="POST", service="image") == 0
    rackspace.write(b"\x03third" * 40000)
    assert rackspace.act(**options | {"protected": False}) == ["replaced"]
    assert only_image(rackspace).id != image.id
    assert rackspace.act(state="absent") == ["deleted"]


def test_upstream_imports_with_all_properties_at_once(upstream: Site) -> None:
    done = upstream.run(scheme="swift_task", properties={"hw_disk_bus": "virtio"})
    assert done.ok, done["failures"]
    assert_no_secret(done)
    image = only_image(upstream)
    assert (image.checksum, image.properties["hw_disk_bus"]) == (digest(upstream.file.read_bytes()), "virtio")
    assert upstream.act(scheme="swift_task") == ["unchanged"]


def test_large_images_go_in_segments(upstream: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    in_segments(monkeypatch)
    assert upstream.act(scheme="swift_task") == ["created"]
    only_image(upstream)
    path = "/v1/AUTH_{account}/{container}/{object:.+}"
    assert upstream.clouds.counters.requests(method="PUT", path=path) == 6


def test_web_download_serves_a_file_where_it_is_asked_for(upstream: Site) -> None:
    done = upstream.run(scheme="web_download")
    assert done.ok, done["failures"]
    assert_no_secret(done)
    assert only_image(upstream).checksum == digest(upstream.file.read_bytes())
    assert upstream.clouds.counters.requests(method="PUT", service="image") == 0


def test_the_object_store_is_used_where_direct_ways_are_refused(upstream: Site) -> None:
    upstream.region.glance.takes_data = False
    upstream.region.glance.import_methods = ["web-download"]
    done = upstream.run()
    assert done.ok, done["failures"]
    result = done["results"][0]
    assert (result["plan"]["scheme"], result["plan"]["fallbacks"]) == ("v2_put", ["web_download", "swift_task"])
    assert "v2_put failed, web_download instead" in result["notes"][0]
    only_image(upstream)
    upstream.region.glance.import_methods = []
    assert upstream.act(state="absent") == ["deleted"]
    assert upstream.act() == ["created"]
    only_image(upstream)


def test_a_cloud_that_takes_no_images_is_said_to_be_one(upstream: Site) -> None:
    upstream.region.glance.takes_data = False
    upstream.region.glance.import_methods = []
    upstream.region.glance.task_api.style = "closed"
    failure = upstream.fail()
    assert failure["kind"] == "refused"
    assert failure["error"].startswith("the Location does not take image data from this project: ")
    assert "before that, v2_put" in failure["error"]
    assert_nothing_is_left(upstream)


def test_a_failing_cloud_is_not_sent_the_data_by_the_object_store_too(upstream: Site) -> None:
    upstream.region.glance.import_methods = ["web-download"]
    upstream.region.fault("PUT", "/file$", Answer(500))
    assert upstream.fail()["kind"] == "server"
    assert upstream.clouds.counters.requests(service="object-store") == 0
    assert_nothing_is_left(upstream)


def bare_attempt(*images: dict[str, Any]) -> Any:
    """As much of an attempt as the end of a task needs, with these images in the cloud."""
    deleted: list[str] = []
    return SimpleNamespace(
        image_id=None,
        temporary=[],
        deleted=deleted,
        context=SimpleNamespace(survey=SimpleNamespace(use_tasks=False), desired=SimpleNamespace(name=NAME)),
        connection=SimpleNamespace(location=Location("cloud1"), grace=lambda _seconds: nullcontext()),
        glance=SimpleNamespace(named=lambda *_names, **_more: list(images), delete=deleted.append),
    )


def test_what_the_task_of_a_failed_attempt_made_goes() -> None:
    """The attempt failed because the cloud answered for its task with nonsense: the task went on."""
    own = work_marker(3600.0)
    made = bare_attempt({"id": "earlier", UPLOAD: own}, {"id": "ours", UPLOAD: own})
    made.image_id = "ours"
    swift_task._clear_others(made)
    assert [remove() for remove in made.temporary] == [""]
    assert made.deleted == ["earlier"]


def test_a_task_whose_end_is_not_known_is_residue() -> None:
    task: Any = SimpleNamespace(finish=Mock(side_effect=ServerError("nonsense")), residue="it may still be running")
    with pytest.raises(ServerError) as raised:
        swift_task._finish(bare_attempt(), Mock(), task)
    assert raised.value.residue == ["it may still be running"]


def test_tasks_that_fail_for_no_reason_are_started_again(rackspace: Site) -> None:
    rackspace.region.glance.task_api.hiccups = 2
    assert rackspace.act() == ["created"]
    only_image(rackspace)
    assert rackspace.clouds.counters.requests(method="POST", path="/v2/tasks") == 3


def test_a_forced_scheme_that_is_closed_is_refused_before_anything_is_sent(upstream: Site) -> None:
    upstream.region.glance.task_api.style = "closed"
    for options in ({"_ansible_check_mode": True}, {}):
        failure = upstream.fail(scheme="swift_task", **options)
        assert (failure["kind"], "tasks are not open" in failure["error"]) == ("refused", True)
    assert upstream.clouds.counters.requests(service="object-store") == 0


def test_only_vhd_serves_there(rackspace: Site) -> None:
    failure = rackspace.fail(disk_format="raw")
    assert (failure["kind"], "not a valid VHD" in failure["error"]) == ("server", True)
    assert_nothing_is_left(rackspace)


@pytest.mark.slow
@pytest.mark.parametrize("style", ["rackspace", "spec2013"])
def test_tasks_of_all_vocabularies(rackspace: Site, style: str) -> None:
    rackspace.region.glance.task_api.style = style
    assert rackspace.act() == ["created"]
    only_image(rackspace)


@pytest.mark.slow
def test_a_stuck_task_ends_with_its_clock(detour: tuple[Site, dict[str, Any]]) -> None:
    site, options = detour
    site.region.glance.task_api.stuck = True
    site.region.glance.import_seconds = 60.0
    failure = site.fail(**options, import_timeout=20.0)
    assert (failure["kind"], "import_timeout" in failure["error"]) == ("timeout", True)
    assert_nothing_is_left(site)
    site.region.glance.task_api.stuck = False
    site.region.glance.import_seconds = 0.0
    time.sleep(0.2)
    assert site.act(**options) == ["created"]
    assert only_image(site).status == "active"


STORE_ONCE: list[tuple[str, str, Action]] = [
    ("PUT", DATA, Answer(401)),
    ("PUT", DATA, Answer(401, after="body")),
    ("PUT", DATA, Answer(503)),
    ("PUT", DATA, Answer(429, {"Retry-After": "0"})),
    ("PUT", DATA, CutRequest(0.5)),
    ("PUT", DATA, CorruptRequest(0.5)),
    ("PUT", DATA, LoseAnswer()),
    ("PUT", rf"/{CONTAINER}$", Answer(503)),
    ("GET", "/info$", Answer(503)),
    ("DELETE", CONTAINER, Answer(503)),
]

IMPORT_ONCE: list[tuple[str, str, Action]] = [
    ("POST", "/v2/tasks$|/import$", Answer(503)),
    ("POST", "/v2/tasks$|/import$", LoseAnswer()),
    ("POST", "/v2/tasks$|/import$", BreakAnswer()),
    ("GET", "/v2/tasks/|/v2/images/[0-9a-f-]+$", Answer(503)),
    ("GET", "/v2/tasks/|/v2/images/[0-9a-f-]+$", BreakAnswer()),
    ("GET", "/v2/tasks/|/v2/images/[0-9a-f-]+$", LoseAnswer()),
    ("PATCH", "/v2/images/", Answer(503, {"Retry-After": "0"})),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "fault"), STORE_ONCE, ids=repr)
def test_a_fault_of_the_object_store_that_passes_is_got_over(
    upstream: Site, method: str, path: str, fault: Action
) -> None:
    upstream.region.fault(method, path, fault, times=1)
    assert upstream.act(scheme="swift_task") == ["created"]
    only_image(upstream)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "fault"), IMPORT_ONCE, ids=repr)
def test_a_fault_of_the_import_that_passes_is_got_over(
    detour: tuple[Site, dict[str, Any]], method: str, path: str, fault: Action
) -> None:
    site, options = detour
    site.region.fault(method, path, fault, times=1)
    done = site.run(**options)
    assert done.ok, done["failures"]
    assert_no_secret(done)
    only_image(site)
    assert site.act(**options) == ["unchanged"]


STORE_ALWAYS: list[tuple[str, str, Action, str]] = [
    ("PUT", DATA, Answer(401), "auth"),
    ("PUT", DATA, Answer(413), "quota"),
    ("PUT", DATA, Answer(403), "refused"),
    ("PUT", DATA, CorruptRequest(0.5), "integrity"),
    ("PUT", DATA, CutRequest(0.5), "unreachable"),
    ("GET", "/info$", BreakAnswer(), "server"),
]

IMPORT_ALWAYS: list[tuple[str, str, Action, str]] = [
    ("POST", "/v2/tasks$|/import$", Answer(500), "server"),
    ("POST", "/v2/tasks$|/import$", Answer(401), "auth"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "fault", "kind"), STORE_ALWAYS, ids=repr)
def test_a_fault_of_the_object_store_that_stays_leaves_nothing(
    upstream: Site, method: str, path: str, fault: Action, kind: str
) -> None:
    upstream.region.fault(method, path, fault)
    assert upstream.fail(scheme="swift_task")["kind"] == kind
    assert_nothing_is_left(upstream)
    assert upstream.clouds.counters.requests(method="PUT", path="/v1/AUTH_{account}/{container}/{object:.+}") <= 5


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "fault", "kind"), IMPORT_ALWAYS, ids=repr)
def test_a_fault_of_the_import_that_stays_leaves_nothing(
    detour: tuple[Site, dict[str, Any]], method: str, path: str, fault: Action, kind: str
) -> None:
    site, options = detour
    site.region.fault(method, path, fault)
    assert site.fail(**options, transfer_timeout=300.0)["kind"] == kind
    assert_nothing_is_left(site)
    site.region.clear_faults()
    assert site.act(**options) == ["created"]
    only_image(site)


@pytest.mark.slow
def test_an_object_store_that_says_nothing_costs_the_stall_timeout(detour: tuple[Site, dict[str, Any]]) -> None:
    site, options = detour
    site.region.fault("PUT", DATA, BlackHole())
    begun = time.monotonic()
    assert site.fail(**options, stall_timeout=0.2, api_timeout=2.0)["kind"] == "timeout"
    assert time.monotonic() - begun < 5
    assert_nothing_is_left(site)


@pytest.mark.slow
def test_images_without_a_mark_are_those_of_a_run_that_is_no_more(rackspace: Site) -> None:
    rackspace.act()
    image = only_image(rackspace)
    image.fields["name"] = f"{NAME}.uploading"
    image.properties.clear()
    assert rackspace.act() == ["created"]
    assert only_image(rackspace).id != image.id


def leave_behind(site: Site, who: str, *, task_goes_on: bool) -> None:
    """Leave what a run does that is killed while it waits for its task."""
    api, before = site.region.glance.task_api, len(site.region.glance.images)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attempt, "work_marker", lambda _seconds: who)
        patch.setattr(temporary_object, "work_marker", lambda _seconds: who)
        patch.setattr(temporary_object, "_remove", lambda _swift, _container: "")
        in_segments(patch)
        api.stuck = True
        site.run(scheme="swift_task", import_timeout=5.0, on_change="replace")
    assert len(containers(site)[CONTAINER].objects) > 5
    if not task_goes_on:
        for task in api.tasks.values():
            task.input["import_from"] = "http://127.0.0.1:1/"
    api.stuck = False
    while any(task.status == "processing" for task in api.tasks.values()):
        time.sleep(0.02)
    assert len(site.region.glance.images) == before + task_goes_on


def in_segments(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(temporary_object, "part_size", lambda _size, _limits: 1 << 16)


@pytest.mark.slow
@pytest.mark.parametrize("task_goes_on", [False, True])
def test_what_a_killed_run_left_is_taken_up_and_removed(
    upstream: Site, monkeypatch: pytest.MonkeyPatch, *, task_goes_on: bool
) -> None:
    leave_behind(upstream, DEAD, task_goes_on=task_goes_on)
    upstream.clouds.counters.reset()
    in_segments(monkeypatch)
    assert upstream.act(scheme="swift_task") == ["created"]
    only_image(upstream)
    assert upstream.clouds.counters.bytes_received < upstream.file.stat().st_size


def test_other_content_than_a_killed_run_had_leaves_nothing_of_it(upstream: Site) -> None:
    leave_behind(upstream, DEAD, task_goes_on=False)
    upstream.write(b"other" * 30000)
    assert upstream.act(scheme="swift_task") == ["created"]
    only_image(upstream)


@pytest.fixture
def interrupted(rackspace: Site) -> Callable[[str], None]:
    """Return what leaves the data of a replacement beside the image, as a run that was killed, or is at work."""

    def leave(who: str) -> None:
        data = rackspace.file.read_bytes()
        rackspace.act()
        rackspace.write(b"other" * 30000)
        leave_behind(rackspace, who, task_goes_on=False)
        rackspace.write(data)

    return leave


@pytest.mark.slow
@pytest.mark.parametrize(("state", "action"), [("present", "updated"), ("absent", "deleted")])
def test_what_a_killed_run_left_goes_where_nothing_is_uploaded(
    rackspace: Site, interrupted: Callable[[str], None], state: str, action: str
) -> None:
    interrupted(DEAD)
    left = set(containers(rackspace)[CONTAINER].objects)
    assert rackspace.act(state=state, _ansible_check_mode=True) == [action]
    assert set(containers(rackspace)[CONTAINER].objects) == left
    (result,) = rackspace.run(state=state)["results"]
    assert (result["action"], "object store" in result["notes"][0]) == (action, True)
    assert containers(rackspace) == {}
    assert rackspace.act(state=state) == ["unchanged"]


@pytest.mark.slow
@pytest.mark.parametrize(("state", "action"), [("present", "updated"), ("absent", "deleted")])
def test_only_a_container_is_left(rackspace: Site, interrupted: Callable[[str], None], state: str, action: str) -> None:
    interrupted(DEAD)
    containers(rackspace)[CONTAINER].objects.clear()
    assert rackspace.act(state=state) == [action]
    assert containers(rackspace) == {}


@pytest.mark.slow
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_container_that_another_run_removes_while_it_is_empty_is_made_again(rackspace: Site, method: str) -> None:
    rackspace.region.fault(method, f"/{CONTAINER}{'/image' if method == 'PUT' else ''}", Answer(404), times=1)
    assert rackspace.act() == ["created"]
    only_image(rackspace)


@pytest.mark.slow
def test_data_of_a_run_at_work_stays(rackspace: Site, interrupted: Callable[[str], None]) -> None:
    interrupted(ELSEWHERE)
    left = set(containers(rackspace)[CONTAINER].objects)
    assert rackspace.act() == ["unchanged"]
    assert rackspace.act(state="absent") == ["deleted"]
    assert set(containers(rackspace)[CONTAINER].objects) == left


@pytest.mark.slow
@pytest.mark.parametrize("action", [Answer(401), Answer(403), Answer(503), BlackHole()], ids=repr)
def test_an_object_store_that_does_not_tell_keeps_no_image_from_being_deleted(rackspace: Site, action: Action) -> None:
    rackspace.act()
    rackspace.region.fault("HEAD", CONTAINER, action)
    assert rackspace.act(state="absent", api_timeout=1.0) == ["deleted"]


@pytest.mark.slow
def test_data_that_another_run_takes_up_meanwhile_stays(
    rackspace: Site, interrupted: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(DEAD)
    left = set(containers(rackspace)[CONTAINER].objects)
    answers = iter([True, False])
    monkeypatch.setattr(temporary_object, "_is_abandoned", lambda *_of: next(answers))
    rackspace.act()
    assert list(answers) == []
    assert set(containers(rackspace)[CONTAINER].objects) == left


@pytest.mark.slow
def test_a_store_that_tells_no_more_when_data_is_to_go_is_told(
    rackspace: Site, interrupted: Callable[[str], None]
) -> None:
    interrupted(DEAD)
    rackspace.region.fault("HEAD", f"{CONTAINER}/image", Answer(403), first=2)
    (row,) = rackspace.run()["results"]
    assert row["action"] == "updated"
    assert any(f"the container {CONTAINER} could not be removed: " in note for note in row["notes"])
    assert CONTAINER in containers(rackspace)


def test_data_goes_where_another_way_than_that_of_the_killed_run_is_taken(upstream: Site) -> None:
    leave_behind(upstream, DEAD, task_goes_on=True)
    assert upstream.act() == ["created"]
    only_image(upstream)


def test_another_run_is_not_disturbed(upstream: Site) -> None:
    leave_behind(upstream, ELSEWHERE, task_goes_on=False)
    failure = upstream.fail(scheme="swift_task")
    assert (failure["kind"], CONTAINER in failure["error"]) == ("conflict", True)
    assert len(containers(upstream)[CONTAINER].objects) == 6


def test_what_another_task_makes_meanwhile_goes(rackspace: Site) -> None:
    api = rackspace.region.glance.task_api
    stray = Image("0" * 36, rackspace.clouds["cloud1"].keystone.project_id("demo"), "active")
    stray.fields["name"] = f"{NAME}.uploading"

    def appear() -> None:
        while not api.tasks:
            time.sleep(0.01)
        rackspace.region.glance.images[stray.id] = stray
        api.stuck = False

    api.stuck = True
    threading.Thread(target=appear, daemon=True).start()
    assert rackspace.act() == ["created"]
    assert not api.stuck
    only_image(rackspace)
