# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As test_distorted_answers, of what changes something: one right image, object or file is there, or nothing.

The hostile cloud does what it is asked, and answers wrongly.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from tests.support.distortions import Strike
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.glance_tasks import Style
from tests.support.fake_openstack.server import ImageApi
from tests.support.hostile_site import TIMEOUT, TOKENS, TURNED, Done, HostileSite, Target, healthy, try_all

pytestmark = pytest.mark.usefixtures("fast_clock")

NAME = "fedora"
DATA = bytes(range(256)) * 200
ID = "[0-9a-f-]{36}"
LIST, ONE, CREATE = Target("GET", r"/v2/images\?"), Target("GET", rf"/v2/images/{ID}$"), Target("POST", "/v2/images$")
PATCH, DELETE = Target("PATCH", r"/v2/images/"), Target("DELETE", r"/v2/images/")
PUT, STAGE, IMPORT = Target("PUT", r"/file$"), Target("PUT", r"/stage$"), Target("POST", r"/import$")
METHODS, USAGE = Target("GET", r"/info/import$"), Target("GET", r"/info/usage$")
TASK, TASKS = Target("POST", r"/v2/tasks$"), Target("GET", r"/v2/tasks/")
LIMITS, CONTAINER = Target("GET", r":\d+/info$|^/info$"), Target("*", r"AUTH_[0-9a-f]+/[^/?]+(\?|$)")
OBJECT = Target("*", r"AUTH_[0-9a-f]+/[^/?]+/")
V1_LIST, V1_ONE = Target("GET", r"/v1/images/detail"), Target("*", rf"/v1/images/{ID}$")
V1_CREATE = Target("POST", r"/v1/images$")
MAKING = (V1_CREATE, TASK)
SECONDS = TIMEOUT * TURNED
PATIENCE = {"transfer_timeout": SECONDS, "stall_timeout": SECONDS}


@dataclass(frozen=True)
class Case:
    """A scheme, the requests whose answers are distorted, and one that fails before, so that there is cleanup."""

    scheme: str
    targets: tuple[Target, ...]
    image_api: ImageApi = "v2"
    style: Style = "closed"
    trouble: Target | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.scheme, self.image_api, "in trouble" if self.trouble else ""]).strip()


CASES = [
    Case("v2_put", (TOKENS, LIST, ONE, CREATE, PATCH, PUT, METHODS, USAGE)),
    Case("v2_put", (ONE, DELETE), trouble=PATCH),
    Case("glance_direct", (ONE, STAGE, IMPORT, Target("GET", rf"{ID}/tasks$"))),
    Case("web_download", (ONE, IMPORT, LIMITS, CONTAINER, OBJECT)),
    Case("swift_task", (LIST, ONE, TASK, TASKS, CONTAINER, OBJECT), style="upstream"),
    Case("swift_task", (LIST, ONE, TASK, TASKS, OBJECT), "rackspace", "rackspace"),
    Case("v1_put", (V1_LIST, V1_CREATE, V1_ONE), "v1"),
]


@contextmanager
def hostile_site(directory: Path, image_api: ImageApi = "v2", style: Style = "closed") -> Iterator[HostileSite]:
    with FakeOpenStack(clouds=2, image_api=image_api, object_store=image_api == "v2") as clouds:
        for cloud in clouds.clouds.values():
            cloud["r1"].glance.task_api.style = style
        site = HostileSite(clouds, directory)
        (directory / "image.raw").write_bytes(DATA)
        if image_api == "rackspace":  # which takes no other format; converted once, and not in every run
            raw, converted = str(directory / "image.raw"), str(directory / "image.vhd")
            subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "vpc", raw, converted], check=True)
            Path(converted).replace(raw)
        (directory / "work").mkdir()
        (directory / "out").mkdir()
        yield site


def clear(site: HostileSite) -> None:
    """Forget all that was stored, and all faults."""
    site.heal()
    for cloud in site.clouds.clouds.values():
        region = cloud["r1"]
        for images in (region.glance.images, region.glance_v1.images):
            images.clear()
        region.swift.store.accounts.clear()
        region.glance.task_api.tasks.clear()
    for path in (site.directory / "out").iterdir():
        path.unlink()


def left(site: HostileSite, cloud: str = "cloud1") -> dict[str, str]:
    """What is stored in a cloud, and in the working directory: by ID or name what it is."""
    region = site.clouds[cloud]["r1"]
    stored = {image.id: f"{image.fields['name']} {image.status}" for image in region.glance.images.values()}
    stored |= {image.id: f"{image.name} {image.status}" for image in region.glance_v1.images.values()}
    stored |= {name: "container" for account in region.swift.store.accounts.values() for name in account.containers}
    return stored | {path.name: "file" for path in (site.directory / "work").iterdir()}


def assert_all_or_nothing(site: HostileSite, done: Done, target: Target) -> None:
    """One right image is there, or nothing; what could not be removed is in the error.

    What a cloud makes although it says that it has refused is removed by the next run.
    """
    assert list(left(site, "cloud2").values()) == [f"{NAME} active"]
    errors = "".join(failure["error"] for failure in done.failures)
    there = [what for name, what in left(site).items() if name not in errors]
    if "may still be running" in errors or (errors and target in MAKING):  # not known, or not there yet
        there = [what for what in there if ".uploading" not in what]
    assert there in ([], [f"{NAME} active"]), errors
    for image in site.hostile.glance.images.values():
        if image.fields["name"] == NAME:
            assert "owner_specified.oaktree.upload" not in image.properties
    if not done.failures:
        assert there


@pytest.mark.parametrize(
    ("case", "target"),
    [pytest.param(case, target, id=f"{case}: {target}") for case in CASES for target in case.targets],
)
def test_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: Case, target: Target) -> None:
    monkeypatch.setattr(temporary_object, "part_size", lambda size, _limits: size // 3)
    with hostile_site(tmp_path, case.image_api, case.style) as site:
        right = publish(site, case)
        site.check(right)
        assert right.failures == []

        def holds(strike: Strike) -> None:
            clear(site)
            if case.trouble:
                site.hostile.fault(case.trouble.method, case.trouble.path, Answer(500))
            site.strike(target, strike)
            done = publish(site, case)
            site.check(done)
            assert healthy(done) == healthy(right)
            assert_all_or_nothing(site, done, target)

        try_all(holds)


def publish(site: HostileSite, case: Case) -> Done:
    return site.run(
        "image",
        name=NAME,
        path=str(site.directory / "image.raw"),
        locations=["*"],
        scheme=case.scheme,
        temporary_directory=str(site.directory / "work"),
        import_timeout=SECONDS,
        **PATIENCE,
    )


@pytest.mark.parametrize("target", [LIST, ONE, Target("GET", r"/file$")], ids=str)
def test_image_from_a_hostile_cloud(tmp_path: Path, target: Target) -> None:
    """Nothing but the right data arrives in the other cloud."""
    with hostile_site(tmp_path) as site:

        def run() -> Done:
            image = add_image(site.hostile.glance, DATA, name=NAME)
            return site.run(
                "image",
                name=NAME,
                locations=["cloud2"],
                temporary_directory=str(tmp_path / "work"),
                import_timeout=SECONDS,
                **{"from": {"location": "cloud1", "image": image.id if target is ONE else NAME}},
                **PATIENCE,
            )

        site.check(run())
        assert list(left(site, "cloud2").values()) == [f"{NAME} active"]

        def holds(strike: Strike) -> None:
            clear(site)
            site.strike(target, strike)
            done = run()
            if "failures" in done.run.result:
                assert [one for one in done.failures if one["kind"] == "internal"] == []
            assert done.run.result.get("kind") != "internal", done.run.result
            assert list(left(site, "cloud2").values()) in ([], [f"{NAME} active"])
            glance = site.clouds["cloud2"]["r1"].glance
            for image in glance.images.values():
                assert glance.data.path(image.id).read_bytes() == DATA

        try_all(holds)


EXPORTS = [
    *(("file", target) for target in (LIST, ONE, Target("GET", r"/file$"))),
    *(("object", target) for target in (LIST, Target("GET", r"/file$"), LIMITS, CONTAINER, OBJECT)),
]


@pytest.mark.parametrize(("to", "target"), EXPORTS, ids=str)
def test_image_export(tmp_path: Path, to: str, target: Target) -> None:
    with hostile_site(tmp_path) as site:
        out = tmp_path / "out"
        where = {"path": f"{out}/"} if to == "file" else {"container": "exports", "object": "thing.raw"}

        def run() -> Done:
            ids = [add_image(cloud["r1"].glance, DATA, name=NAME).id for cloud in site.clouds.clouds.values()]
            image = ids[0] if target is ONE else NAME
            locations = ["*"] if to == "object" else ["cloud1"]
            return site.run("image_export", image=image, locations=locations, **where, **PATIENCE)

        right = run()
        site.check(right)
        names = sorted(path.name for path in out.iterdir())

        def holds(strike: Strike) -> None:
            clear(site)
            site.strike(target, strike)
            done = run()
            site.check(done)
            assert healthy(done) == healthy(right)
            assert {path.name for path in out.iterdir()} <= set(names), list(out.iterdir())
            assert all(path.read_bytes() == DATA for path in out.iterdir())
            store = site.hostile.swift.store
            for project, account in store.accounts.items():
                for container in account.containers.values():
                    assert set(container.objects) <= {"thing.raw"} or done.failures == []
                    assert project

        try_all(holds)


SESSIONS = [
    *(("prepared", target) for target in (LIST, CREATE, ONE, METHODS, LIMITS, CONTAINER, OBJECT)),
    *(("finalized", target) for target in (LIST, ONE, PATCH, IMPORT, CONTAINER, OBJECT)),
    *(("aborted", target) for target in (LIST, DELETE, CONTAINER, OBJECT)),
]


@pytest.mark.parametrize(("state", "target"), SESSIONS, ids=str)
def test_image_upload(tmp_path: Path, state: str, target: Target) -> None:
    """Whatever a session's steps are told: a later abort leaves nothing but a published image."""
    with hostile_site(tmp_path) as site:
        file = str(tmp_path / "image.raw")

        def run(state: str) -> Done:
            content = {} if state == "aborted" else {"path": file}
            more = {"with_token": True} if state == "prepared" else {}
            clocks = {"import_timeout": SECONDS, "stall_timeout": SECONDS}
            return site.run("image_upload", name=NAME, state=state, locations=["*"], **content, **more, **clocks)

        def before() -> None:
            if state == "prepared":
                return
            prepared = run("prepared")
            for result in prepared.run.result["results"]:
                for request in result["requests"]:
                    body = DATA[request["offset"] : request["offset"] + request["length"]]
                    requests.request(
                        request["method"], request["url"], headers=request["headers"], data=body, timeout=10
                    ).raise_for_status()

        before()
        right = run(state)
        assert right.failures == []

        def holds(strike: Strike) -> None:
            clear(site)
            before()
            site.strike(target, strike)
            done = run(state)
            assert [one for one in done.failures if one["kind"] == "internal"] == [], done.run.result.get("exception")
            assert {one["location"]["cloud"] for one in done.failures} <= {"cloud1"}
            site.heal()
            run("aborted")
            for cloud in ("cloud1", "cloud2"):
                assert list(left(site, cloud).values()) in ([], [f"{NAME} active"]), done.failures

        try_all(holds)
