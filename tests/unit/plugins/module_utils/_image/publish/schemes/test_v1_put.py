# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in clouds with version 1 of the image API, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import upload_markers
from tests.support.fake_openstack import Action, Answer, BreakAnswer, CorruptRequest, CutRequest, LoseAnswer
from tests.support.fake_openstack.glance_v1_images import Image
from tests.support.image_site import NAME, Site, digest

IMAGE = r"/v1/images/[0-9a-f-]{36}$"

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def v1(site: Callable[..., Site]) -> Site:
    return site("v1")


def images(site: Site) -> list[Image]:
    return list(site.region.glance_v1.images.values())


def only_image(site: Site) -> Image:
    (image,) = images(site)
    assert (image.name, image.status, image.checksum) == (NAME, "active", digest(site.file.read_bytes()))
    return image


def test_the_life_of_an_image(v1: Site) -> None:
    options: dict[str, Any] = {"properties": {"hw_disk_bus": "virtio", "size_name": "Größe"}, "min_disk": 1}
    options |= {"protected": True, "visibility": "private"}
    assert v1.act(**options, _ansible_check_mode=True) == ["created"]
    assert images(v1) == []
    done = v1.run(**options)
    assert done.ok, done["failures"]
    assert (done["results"][0]["plan"]["scheme"], done["results"][0]["image"]["status"]) == ("v1_put", "active")
    image = only_image(v1)
    assert (image.min_disk, image.protected, image.properties["hw_disk_bus"]) == (1, True, "virtio")
    assert image.properties["size_name"] == "Größe"
    assert "owner_specified.oaktree.upload" not in image.properties
    v1.clouds.counters.reset()
    assert v1.act(**options) == ["unchanged"]
    assert v1.clouds.counters.bytes_received < 1000
    assert [v1.clouds.counters.requests(method=verb, service="image") for verb in ("PUT", "POST", "DELETE")] == [0] * 3
    options["properties"] = {"hw_disk_bus": None, "os_distro": "fedora"}
    assert (v1.act(**options), v1.act(**options)) == (["updated"], ["unchanged"])
    changed = only_image(v1)
    assert (changed.id, changed.properties["os_distro"]) == (image.id, "fedora")
    assert "hw_disk_bus" not in changed.properties
    assert changed.properties["owner_specified.openstack.md5"] == image.checksum
    assert v1.act(protected=False) == ["updated"]
    assert (v1.act(state="absent"), v1.act(state="absent")) == (["deleted"], ["unchanged"])


PROJECTS = ["a" * 32, "b" * 32]


def test_other_content_takes_the_place_of_the_image_and_its_members(v1: Site) -> None:
    assert v1.act(members=PROJECTS) == ["created"]
    old = only_image(v1)
    assert old.members == PROJECTS
    v1.write(b"\x02second" * 50000)
    assert (v1.act(), v1.act()) == (["replaced"], ["unchanged"])
    new = only_image(v1)
    assert (new.id != old.id, new.members) == (True, PROJECTS)


def test_the_replaced_image_can_be_kept(v1: Site) -> None:
    for number in range(3):
        v1.write(bytes([number]) * 100000)
        v1.act(on_change="keep", keep_last=1)
    names = sorted(str(image.name) for image in images(v1))
    assert (len(names), names[0]) == (2, NAME)
    assert names[1].startswith(f"{NAME}-20")


def test_the_catalog_may_name_no_version(v1: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = v1.clouds["cloud1"]
    catalog = cloud.keystone._catalog()
    unversioned = {**catalog, "image": {"r1": v1.region.glance_v1.url}}
    monkeypatch.setattr(cloud.keystone, "_catalog", lambda: unversioned)
    assert v1.act() == ["created"]
    only_image(v1)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"tags": ["a"]}, "it has no tags"),
        ({"hidden": True}, "cannot hide images"),
        ({"visibility": "shared"}, "no visibility shared"),
        ({"properties": {"OS-Distro": "x"}}, "preserve the name"),
        ({"properties": {"motd": "a\nb"}}, "preserve the value"),
        ({"state": "inactive"}, "cannot deactivate"),
        ({"scheme": "v2_put"}, "Possible schemes: v1_put"),
        ({"scheme": "glance_direct"}, "Possible schemes: v1_put"),
    ],
)
def test_what_v1_does_not_have_is_refused_before_anything_is_sent(
    v1: Site, options: dict[str, Any], reason: str
) -> None:
    failure = v1.fail(**options)
    assert failure["kind"] == "refused"
    assert reason in f"{failure['error']} {failure['hint']}"
    assert v1.clouds.counters.requests(method="POST", service="image") == 0


def test_v1_put_is_refused_by_v2(site: Callable[..., Site]) -> None:
    assert "the image API is v2" in site("v2").fail(scheme="v1_put")["error"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        Answer(401),
        Answer(401, after="body"),
        Answer(503),
        Answer(503, after="work"),
        Answer(429, {"Retry-After": "0"}),
        Answer(413, {"Retry-After": "0"}, after="body"),
        CutRequest(0.5),
        CorruptRequest(0.5),
        LoseAnswer(),
        BreakAnswer(),
    ],
    ids=repr,
)
def test_a_fault_of_the_data_request_is_got_over(v1: Site, fault: Action) -> None:
    v1.region.fault("PUT", IMAGE, fault, times=1)
    assert v1.act() == ["created"]
    only_image(v1)
    assert v1.act() == ["unchanged"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Answer(401), "auth"),
        (Answer(503), "server"),
        (Answer(403), "refused"),
        (Answer(413), "quota"),
        (CutRequest(0.5), "unreachable"),
        (CorruptRequest(0.5), "integrity"),
    ],
    ids=repr,
)
def test_a_fault_that_stays_leaves_nothing(v1: Site, fault: Action, kind: str) -> None:
    v1.region.fault("PUT", IMAGE, fault)
    assert v1.fail()["kind"] == kind
    assert images(v1) == []
    v1.region.clear_faults()
    assert v1.act() == ["created"]


def test_a_lost_answer_to_the_record_leaves_nothing(v1: Site) -> None:
    v1.region.fault("POST", r"/v1/images$", LoseAnswer(), times=1)
    assert v1.act() == ["created"]
    only_image(v1)


def test_what_a_killed_run_left_is_cleared(v1: Site) -> None:
    v1.act()
    left = only_image(v1)
    left.name, left.status = f"{NAME}.uploading", "killed"
    left.properties["owner_specified.oaktree.upload"] = upload_markers.dead()
    left.updated_at = left.updated_at.replace(year=2020)
    assert v1.act() == ["created"]
    assert only_image(v1).id != left.id
