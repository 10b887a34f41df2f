# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of servers, by the whole module: when a snapshot is taken, what is made of it, and what becomes of it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._run import events
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Action, Answer, BlackHole, FakeOpenStack, LoseAnswer
from tests.support.image_site import digest
from tests.support.server_site import NAME, SERVER, SOURCE, TAKE, ServerSite

OTHERS = ["cloud1/r2", "cloud2"]
ALWAYS = {"snapshot": "always"}


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module takes over signals, which in this process belong to pytest."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> ServerSite:
    return ServerSite(fake_openstack(clouds=2, regions=2), tmp_path)


def downloads(site: ServerSite) -> int:
    return site.clouds.counters.requests(method="GET", path="/v2/images/{image_id}/file")


def test_the_snapshot_is_published_elsewhere_and_removed_at_its_source(site: ServerSite) -> None:
    done = site.act(locations=OTHERS)
    assert done == dict.fromkeys(("cloud1/r2/demo", "cloud2/r1/demo", "cloud2/r2/demo"), ("created", "v2_put"))
    assert (site.taken, downloads(site), site.images()) == (1, 1, [])
    (copy,) = site.images("cloud2", "r1")
    assert (copy.checksum, copy.fields["disk_format"]) == (digest(site.server.disk), "qcow2")
    assert copy.properties["owner_specified.oaktree.source_server"] == site.server.id
    assert copy.properties["owner_specified.oaktree.source_location"] == SOURCE
    assert copy.properties["os_distro"] == "debian"
    assert not {"instance_uuid", "user_id", "base_image_ref", "image_type"} & copy.properties.keys()


def test_the_snapshot_itself_is_the_image_where_the_server_is(site: ServerSite) -> None:
    done = site.act(locations=["cloud1/r1"], properties={"hw_disk_bus": "virtio"}, tags=["a"], protected=True)
    assert done == {SOURCE: ("created", "snapshot")}
    (image,) = site.images()
    assert ([image.id], downloads(site)) == (site.home.nova.snapshots.taken, 0)
    assert site.clouds.counters.requests(method="PUT") == 0
    assert image.properties == {
        "os_distro": "debian",
        "hw_disk_bus": "virtio",
        "owner_specified.openstack.md5": digest(site.server.disk),
        "owner_specified.openstack.object": f"images/{NAME}",
        "owner_specified.oaktree.source_server": site.server.id,
        "owner_specified.oaktree.source_location": SOURCE,
        "owner_specified.oaktree.source_image": image.id,
    }
    assert (image.fields["visibility"], image.fields["protected"], image.tags) == ("shared", True, ["a"])


@pytest.mark.slow
@pytest.mark.parametrize("action", [Answer(503), LoseAnswer()])
def test_a_snapshot_that_is_not_changed_at_once_is_changed_again(site: ServerSite, action: Action) -> None:
    site.home.fault("PATCH", "/v2/images/", action, times=1)
    (result,) = site.run(locations=["cloud1/r1"])["results"]
    assert (result["scheme"], [note[:24] for note in result["notes"]]) == ("snapshot", ["snapshot, attempt 1 of 3"])
    (image,) = site.images()
    assert image.properties["owner_specified.oaktree.source_server"] == site.server.id
    assert "instance_uuid" not in image.properties


@pytest.mark.slow
@pytest.mark.parametrize("published", [False, True])
def test_a_download_stalls(site: ServerSite, *, published: bool) -> None:
    """That of the snapshot, or of the image that a Location has."""
    if published:
        site.act(locations=["cloud2/r1"])
    source = site.clouds["cloud2"]["r1"] if published else site.home
    source.fault("GET", "/file$", BlackHole(), times=1)
    before = downloads(site)
    done = site.act(locations=["cloud2"], stall_timeout=1.0, transfer_timeout=10.0)
    assert (done["cloud2/r2/demo"], downloads(site) - before) == (("created", "v2_put"), 2)


def test_another_region_of_the_cloud_fetches_the_snapshot_by_itself(site: ServerSite) -> None:
    """The stand-in does not offer it; the plan of check mode, where it is offered, says so."""
    site.clouds["cloud1"]["r2"].glance.import_methods = ["glance-download"]
    (result,) = site.run(locations=["cloud1/r2"], _ansible_check_mode=True)["results"]
    assert (result["plan"]["scheme"], result["plan"]["source_region"]["name"]) == ("glance_download", SOURCE)


@pytest.mark.slow
@pytest.mark.parametrize("server", ["name", "id"])
def test_an_image_that_was_made_of_the_server_is_left_alone(site: ServerSite, server: str) -> None:
    site.act()
    site.server.disk += b"\1" * 512
    origin = {"server": SERVER if server == "name" else site.server.id}
    site.clouds.counters.reset()
    assert set(site.act(origin).values()) == {("unchanged", None)}
    assert set(site.act(origin, properties={"a": "b"}).values()) == {("updated", None)}
    assert (site.taken, site.clouds.counters.requests(method="POST", service="compute")) == (1, 0)


def test_a_location_that_lacks_the_image_gets_the_one_that_others_have(site: ServerSite) -> None:
    site.act(locations=["cloud2/r1"])
    site.server.disk += b"\1" * 512
    assert {action for action, _scheme in site.act().values()} == {"created", "unchanged"}
    assert site.taken == 1
    found = [site.images(cloud, region) for cloud in ("cloud1", "cloud2") for region in ("r1", "r2")]
    assert len({image.checksum for (image,) in found}) == 1
    recorded = [image.properties["owner_specified.oaktree.source_image"] for (image,) in found]
    assert recorded == site.home.nova.snapshots.taken * 4
    assert set(site.act().values()) == {("unchanged", None)}


@pytest.mark.slow
def test_always_publishes_what_the_server_has_now(site: ServerSite) -> None:
    site.act(ALWAYS)
    assert set(site.act(ALWAYS).values()) == {("unchanged", None)}
    assert (site.taken, site.names()) == (2, [NAME])
    site.server.disk += b"\1" * 512
    done = site.act(ALWAYS)
    assert done[SOURCE] == ("replaced", "snapshot")
    assert {action for action, _scheme in done.values()} == {"replaced"}
    for cloud, region in (("cloud1", "r1"), ("cloud1", "r2"), ("cloud2", "r1")):
        assert [image.checksum for image in site.images(cloud, region)] == [digest(site.server.disk)]


def test_an_image_of_another_origin_is_replaced(site: ServerSite) -> None:
    project = site.clouds["cloud2"].keystone.project_id("demo")
    add_image(site.clouds["cloud2"]["r1"].glance, b"other", name=NAME, visibility="private").owner = project
    failed = site.run(locations=["cloud2/r1"], on_change="fail")
    assert failed["failures"][0]["kind"] == "conflict"
    assert (site.taken, site.names()) == (0, [])
    assert site.act(locations=["cloud2/r1"]) == {"cloud2/r1/demo": ("replaced", "v2_put")}
    assert [image.fields["visibility"] for image in site.images("cloud2")] == ["private"]


def test_another_server_of_the_name_is_another_origin(site: ServerSite) -> None:
    site.act(locations=["cloud2/r1"])
    site.home.nova.servers.clear()
    site.home.add_server(SERVER, id="11111111-1111-4111-8111-111111111111", image_id=site.base.id, disk=b"\0" * 512)
    site.home.nova.snapshots.disk_format = "raw"
    assert site.act(locations=["cloud2/r1"]) == {"cloud2/r1/demo": ("replaced", "v2_put")}


def test_the_snapshot_can_be_kept(site: ServerSite) -> None:
    site.act({"keep": True}, locations=["cloud2"])
    (kept,) = site.images()
    assert kept.fields["name"].startswith(f"{NAME}-20")
    assert not [key for key in kept.properties if key.startswith("owner_specified.")]
    assert set(site.act({"keep": "yes"}, locations=["cloud2"]).values()) == {("unchanged", None)}
    site.act({"keep": True}, locations=["cloud1/r1"])
    assert site.names() == [NAME, kept.fields["name"]]


@pytest.mark.slow
def test_check_mode_takes_no_snapshot_and_removes_nothing(site: ServerSite) -> None:
    left = add_image(site.home.glance, b"left", name=f"{NAME}.uploading")
    left.owner = site.server.project_id
    left.properties["owner_specified.oaktree.upload"] = "gone/-/-/-/1/1/2020-01-01T00:00:00Z"
    for origin in ({}, ALWAYS):
        results = site.run(origin, _ansible_check_mode=True)["results"]
        assert {one["location"]["name"]: one["plan"]["scheme"] for one in results}[SOURCE] == "snapshot"
        assert {one["action"] for one in results} == {"created"}
    assert (site.taken, site.names()) == (0, [f"{NAME}.uploading"])
    site.act(locations=["cloud2"])
    assert site.names() == []


def test_a_deactivated_image_is_a_copy_since_nobody_could_fetch_the_snapshot(site: ServerSite) -> None:
    done = site.act(state="inactive")
    assert set(done.values()) == {("created", "v2_put")}
    assert [(image.status, image.fields["name"]) for image in site.images()] == [("deactivated", NAME)]


def test_the_source_fails_alone(site: ServerSite) -> None:
    """Others get the image although its own Location refuses what the image is to be."""
    site.home.fault("PATCH", "/v2/images/", Answer(400))
    done = site.run(stall_timeout=2)
    assert [failure["location"]["name"] for failure in done["failures"]] == [SOURCE]
    assert [one["action"] for one in done["results"]] == ["created"] * 3
    assert site.names() == []


@pytest.mark.slow
def test_where_nothing_can_be_sent_no_snapshot_is_taken(site: ServerSite) -> None:
    site.clouds["cloud2"]["r1"].refuse_connections("image")
    assert not site.run(locations=["cloud2/r1"]).ok
    assert site.taken == 0


def test_a_snapshot_that_cannot_be_removed_is_named(site: ServerSite) -> None:
    site.home.fault("DELETE", "/v2/images/", Answer(403))
    (result,) = site.run(locations=["cloud2/r1"])["results"]
    (image,) = site.images()
    (note,) = result["notes"]
    assert note.startswith(f"{SOURCE}: the incomplete image {image.id} could not be removed (Forbidden")


def test_a_snapshot_of_another_run_is_not_touched(site: ServerSite) -> None:
    other = add_image(site.home.glance, b"left", name=f"{NAME}.uploading")
    other.owner = site.server.project_id
    other.properties["owner_specified.oaktree.upload"] = "elsewhere/-/-/-/1/1/2999-01-01T00:00:00Z"
    done = site.run(locations=["cloud2"])
    assert (done["kind"], site.taken) == ("conflict", 0)
    assert done["msg"].startswith(f"from: another run takes a snapshot, or uploads an image of this name: {other.id}")


def refuse_volume(site: ServerSite) -> None:
    site.server.image_id = None


def double(site: ServerSite) -> None:
    site.home.add_server(SERVER)


def lose(site: ServerSite) -> None:
    site.home.nova.servers.clear()


def break_down(site: ServerSite) -> None:
    site.server.status = "ERROR"


def fail_snapshots(site: ServerSite) -> None:
    site.home.nova.snapshots.fails = True


def never(site: ServerSite) -> None:
    site.home.nova.snapshots.never = True


def forbid(site: ServerSite) -> None:
    site.home.fault(*TAKE, Answer(403))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (refuse_volume, "input", "from: the server 'builder' boots from a volume: its snapshot would have no data"),
        (double, "conflict", "from: several servers have the name 'builder'"),
        (lose, "refused", "from: there is no server 'builder' here"),
        (break_down, "conflict", "from: the snapshot of the server 'builder': Cannot 'createImage' instance"),
        (fail_snapshots, "server", "from: the snapshot of the server 'builder': the cloud did not keep the data"),
        (never, "timeout", "from: the snapshot of the server 'builder': nothing changed within stall_timeout (0.5 s)"),
        (forbid, "refused", "from: the snapshot of the server 'builder': Forbidden"),
    ],
)
def test_what_cannot_be_taken(site: ServerSite, spoil: Callable[[ServerSite], None], kind: str, message: str) -> None:
    spoil(site)
    done = site.run(stall_timeout=0.5)
    assert (done.ok, done["kind"]) == (False, kind), done["msg"]
    assert done["msg"].startswith(message), done["msg"]
    assert site.images() == []


@pytest.mark.parametrize(
    ("origin", "more", "message"),
    [
        ({"server": ""}, {}, "from: the mapping names no server in a Location: it has no server"),
        ({"location": None}, {}, "from: the mapping names no server in a Location: it has no location"),
        ({"image": "x"}, {}, "from: the mapping names no server in a Location: it has the key image"),
        ({"snapshot": "often"}, {}, "from: snapshot is 'often'. Set it to once or always."),
        ({"keep": "perhaps"}, {}, "from: keep is 'perhaps'. Set it to true or false."),
        ({"location": "*"}, {}, "from: '*' selects 4 Locations"),
        ({}, {"checksum": "md5:1"}, "checksum: a snapshot has no digest that anybody could know before"),
    ],
)
def test_what_cannot_be_meant(site: ServerSite, origin: dict[str, Any], more: dict[str, Any], message: str) -> None:
    done = site.run(origin, **more)
    assert (done.ok, done["kind"]) == (False, "input")
    assert done["msg"].startswith(message), done["msg"]
    assert site.clouds.counters.requests() == 0


def test_the_phases_are_shown(site: ServerSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "INTERVAL", 0.01)
    site.home.nova.snapshots.seconds = 0.3
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    monkeypatch.setenv(events.VARIABLE, str(tmp_path / "pipe"))
    site.act(locations=["cloud1/r1"])
    messages = [json.loads(line) for line in os.read(reader, 1 << 20).splitlines()]
    os.close(reader)
    phases = [message["phase"] for message in messages if message.get("who") == SOURCE]
    seen = [phase for phase in dict.fromkeys(phases) if phase not in ("found", "surveying", "working", "verifying")]
    assert seen == ["planned", "taking a snapshot", "snapshot taken", "done"]


@pytest.mark.slow
def test_the_newest_image_of_the_server_goes_to_those_that_have_an_older_one_too(site: ServerSite) -> None:
    """As after a run that failed in one Location. Nothing is compared as long as no Location lacks the image."""
    site.act(locations=["cloud2/r1"])
    (old,) = site.images("cloud2", "r1")
    old.created -= timedelta(days=1)
    site.server.disk += b"\1" * 512
    site.act(ALWAYS, locations=["cloud2/r2"])
    assert set(site.act(locations=["cloud2"]).values()) == {("unchanged", None)}
    done = site.act()
    assert {name: action for name, (action, _scheme) in done.items()} == {
        SOURCE: "created",
        "cloud1/r2/demo": "created",
        "cloud2/r1/demo": "replaced",
        "cloud2/r2/demo": "unchanged",
    }
    assert site.taken == 2


def test_of_deactivated_images_nobody_can_have_a_copy(site: ServerSite) -> None:
    site.act(state="inactive", locations=["cloud2/r1"])
    done = site.act(state="inactive", locations=["cloud2"])
    assert {action for action, _scheme in done.values()} == {"created", "unchanged"}
    assert site.taken == 2
