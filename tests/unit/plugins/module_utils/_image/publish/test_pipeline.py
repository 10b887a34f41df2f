# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image at several Locations: nobody waits for who does not answer, and each ends with an action or a reason."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SOURCE_IMAGE, SOURCE_LOCATION
from tests.support.fake_openstack import Answer, FakeOpenStack, glance_images
from tests.support.fake_openstack.glance_images import Image
from tests.support.image_site import NAME, Site
from tests.support.run_module import run_module


@pytest.fixture
def run(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """The module on cloud1 and cloud2 with regions r1 and r2; ``clouds`` of the function are these."""
    clouds = fake_openstack(clouds=2, regions=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    (tmp_path / "image").write_bytes(b"data\0" * 1000)

    def act(**options: Any) -> Any:
        given = {"name": NAME, "path": str(tmp_path / "image"), "locations": ["*"], **options}
        return run_module("image", **{option: value for option, value in given.items() if value is not None})

    act.clouds = clouds  # type: ignore[attr-defined]
    return act


def outcome(done: Any) -> dict[str, str]:
    def place(record: dict[str, Any]) -> str:
        return f"{record['location']['cloud']}/{record['location']['region']}"

    ended = {place(result): result["action"] for result in done["results"]}
    return ended | {place(failure): failure["kind"] for failure in done["failures"]}


@pytest.mark.slow
def test_created_then_unchanged_and_check_mode_writes_nothing(run: Any) -> None:
    assert set(outcome(run(_ansible_check_mode=True)).values()) == {"created"}
    assert run.clouds.counters.requests(method="POST", service="image") == 0
    assert set(outcome(run()).values()) == {"created"}
    assert set(outcome(run()).values()) == {"unchanged"}


def test_a_region_that_fails_is_a_failure_of_its_own(run: Any) -> None:
    run.clouds["cloud1"]["r1"].fault("GET", "/v2/images", Answer(403))
    run.clouds["cloud2"]["r2"].fault("PUT", "/file", Answer(403))
    run.clouds["cloud2"]["r2"].glance.import_methods = []
    ended = outcome(run())
    assert (ended["cloud1/r1"], ended["cloud2/r2"]) == ("refused", "refused")
    assert (ended["cloud1/r2"], ended["cloud2/r1"]) == ("created", "created")
    assert run.clouds["cloud2"]["r2"].glance.images == {}


def test_absent_everywhere(run: Any) -> None:
    run()
    assert set(outcome(run(state="absent", path=None)).values()) == {"deleted"}
    assert set(outcome(run(state="absent", path=None)).values()) == {"unchanged"}


def test_a_plan_says_which_scheme_and_why(site: Callable[..., Site]) -> None:
    (result,) = site("v2").run(_ansible_check_mode=True)["results"]
    assert result["plan"]["scheme"] == "v2_put"
    assert result["plan"]["reason"].startswith("v2_put because")
    assert (result["scheme"], result["image"]) == (None, None)


REFUSED: list[dict[str, Any]] = [
    {"visibility": "public"},
    {"tags": ["x" * 256]},
]


@pytest.mark.parametrize("options", REFUSED, ids=lambda options: next(iter(options)))
def test_metadata_that_a_cloud_refuses_is_refused_before_any_data_is_sent(
    site: Callable[..., Site], options: dict[str, Any]
) -> None:
    made = site("v2")
    failure = made.fail(**options)
    assert failure["kind"] == "refused"
    assert "does not take image data" not in failure["error"]
    requests = made.clouds.counters.requests
    assert requests(method="PUT", service="image") == 0
    assert requests(method="POST", path="/v2/images") == 2  # refused, and a record without the metadata, to be sure
    assert made.region.glance.images == {}


def test_a_cloud_that_takes_no_records_is_asked_by_the_next_scheme(site: Callable[..., Site]) -> None:
    made = site("v2", object_store=True)
    made.region.fault("POST", "/v2/images$", Answer(403))
    failure = made.fail(properties={"a": "b"})
    assert "does not take image data from this project" in failure["error"]


def test_an_unfinished_public_image_is_hidden(site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch) -> None:
    made = site("v2")
    seen: list[Any] = []
    glance = made.region.glance
    keep = glance._keep

    def watch(image: Any, *args: Any) -> Any:
        seen.append((image.fields["name"], image.fields["visibility"], image.fields["os_hidden"]))
        return keep(image, *args)

    monkeypatch.setattr(glance, "_keep", watch)
    assert made.act(visibility="community") == ["created"]
    assert seen == [(f"{NAME}.uploading", "community", True)]
    (image,) = glance.images.values()
    assert (image.fields["name"], image.fields["visibility"], image.fields["os_hidden"]) == (NAME, "community", False)
    assert made.act(visibility="community") == ["unchanged"]


def test_a_copy_is_like_its_source_by_whichever_scheme(run: Any) -> None:
    """All that is said of it goes along; what the task says wins, and a second run is unchanged."""
    source = run.clouds["cloud1"]["r1"].glance
    said = {"tags": ["t"], "min_disk": 3, "min_ram": 4, "container_format": "docker"}
    run(locations=["cloud1/r1"], properties={"hw_x": "1", "os_y": "2"}, **said)
    options: dict[str, Any] = {
        "path": None,
        "from": {"location": "cloud1/r1", "image": NAME},
        "locations": ["*", "!cloud1/r1"],
        "properties": {"os_y": "own"},
    }
    assert set(outcome(run(**options)).values()) == {"created"}
    for cloud, region in (("cloud1", "r2"), ("cloud2", "r1"), ("cloud2", "r2")):
        (image,) = run.clouds[cloud][region].glance.images.values()
        custom = {key: value for key, value in image.properties.items() if not key.startswith("owner_specified")}
        assert custom == {"hw_x": "1", "os_y": "own"}
        assert {"tags": image.tags, **image.fields}.items() >= said.items()
    assert set(outcome(run(**options)).values()) == {"unchanged"}
    assert len(source.images) == 1
    assert set(outcome(run(**options, container_format="bare")).values()) == {"replaced"}


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 10])
def test_entries_that_are_one_project_get_one_image(site: Callable[..., Site], concurrency: int) -> None:
    made = site("v2")
    entry = made.clouds["cloud1"].entry()
    twice = {"clouds_config": {"clouds": {"one": entry, "two": entry}}, "concurrency": concurrency}

    def actions(**options: Any) -> list[str]:
        planned = made.act(**twice, **options, _ansible_check_mode=True)
        done = made.run(**twice, **options)
        assert planned == [result["action"] for result in done["results"]]
        assert len({(result["image"] or {}).get("id") for result in done["results"]}) == 1
        if set(planned) != {"unchanged"}:
            assert done["results"][1]["notes"] == ["the same project as one/r1/demo"]
        return planned

    made.region.fault("PUT", "/file$", Answer(507), times=1)
    assert [failure["kind"] for failure in made.run(**twice)["failures"]] == ["quota", "quota"]
    assert made.region.glance.images == {}
    assert actions() == ["created", "unchanged"]
    assert len(made.region.glance.images) == 1
    assert actions() == ["unchanged", "unchanged"]
    assert actions(tags=["a"]) == ["updated", "unchanged"]
    made.write(b"other" * 1000)
    assert actions() == ["replaced", "unchanged"]
    assert len(made.region.glance.images) == 1
    others = [{"locations": ["two"], "name": "other"}]
    assert made.act(**twice, overrides=others) == ["unchanged", "created"]
    assert actions(state="absent") == ["deleted", "unchanged"]
    assert [image.fields["name"] for image in made.region.glance.images.values()] == ["other"]


def entry_by(clouds: FakeOpenStack, host: str, user: str = "demo", **settings: Any) -> dict[str, Any]:
    """An entry for cloud1, whose Keystone it names by this host name; it reaches the image service of r1."""
    entry = clouds["cloud1"].entry(user)
    auth = entry["auth"] | {"auth_url": entry["auth"]["auth_url"].replace("127.0.0.1", host)}
    return {**entry, "auth": auth, "regions": ["r1"], **settings}


@pytest.mark.parametrize("override", ["", "/v2/"])
def test_entries_by_two_host_names_of_one_keystone_get_one_image(site: Callable[..., Site], override: str) -> None:
    made = site("v2")
    there = {"image_endpoint_override": f"{made.region.glance.url}{override}"} if override else {}
    clouds = {"one": entry_by(made.clouds, "127.0.0.1"), "two": entry_by(made.clouds, "localhost", **there)}
    twice = {"clouds_config": {"clouds": clouds}}
    assert sorted(made.act(**twice, _ansible_check_mode=True)) == ["created", "unchanged"]
    done = made.run(**twice)
    assert sorted(result["action"] for result in done["results"]) == ["created", "unchanged"]
    assert len({result["image"]["id"] for result in done["results"]}) == len(made.region.glance.images) == 1
    assert made.act(**twice) == ["unchanged", "unchanged"]


def test_projects_of_one_image_service_have_an_image_each(site: Callable[..., Site]) -> None:
    made = site("v2")
    clouds = {user: entry_by(made.clouds, "127.0.0.1", user) for user in ("admin", "demo")}
    assert made.act(clouds_config={"clouds": clouds}) == ["created", "created"]
    assert len(made.region.glance.images) == 2


@pytest.mark.slow
@pytest.mark.parametrize("relay", ["auto", "never"])
def test_regions_with_one_image_service_get_one_image(
    site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, relay: str
) -> None:
    made = site("v2", regions=3)
    cloud = made.clouds["cloud1"]
    cloud["r1"].glance.import_methods = cloud["r3"].glance.import_methods = ["glance-download"]
    options = {"relay": relay, "on_change": "keep", "keep_last": 1}
    with monkeypatch.context() as patch:
        patch.setattr(cloud["r2"], "glance", cloud["r1"].glance)
        assert made.act(**options) == ["created", "unchanged", "created"]
        assert made.act(**options) == ["unchanged"] * 3
        for number in range(2):
            made.write(b"%d" % number * 5000)
            assert made.act(**options) == ["replaced", "unchanged", "replaced"]
        assert len(cloud["r1"].glance.images) == 2, "the image, and the one that is kept"
        assert made.act(state="absent") == ["deleted", "unchanged", "deleted"]


def by_two_names(made: Site, *more: str) -> dict[str, Any]:
    """Two entries with nothing in common by which they could be known to be one project, and the regions besides."""
    urls = {host: made.region.glance.url.replace("127.0.0.1", host) for host in ("127.0.0.1", "localhost")}
    clouds = {host: entry_by(made.clouds, host, image_endpoint_override=url) for host, url in urls.items()}
    others = {region: {**made.clouds["cloud1"].entry(), "regions": [region]} for region in more}
    return {"clouds_config": {"clouds": {"one": clouds["127.0.0.1"], "two": clouds["localhost"], **others}}}


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 10])
def test_host_names_of_which_nobody_knows_that_they_are_one_get_one_image(
    site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    """Whichever is first, and although another region has an image of the same ID, made in another second."""
    seconds = count()
    later = SimpleNamespace(now=lambda tz: datetime.now(tz) + timedelta(seconds=next(seconds)))
    monkeypatch.setattr(glance_images, "datetime", later)
    made = site("v2", regions=2)
    options = {**by_two_names(made, "r2"), "concurrency": concurrency}

    def actions() -> list[str]:
        done = made.run(**options)
        assert done.ok, done["failures"]
        one, other, two = sorted(done["results"], key=lambda result: result["location"]["cloud"] != "r2")
        assert other["image"]["id"] == two["image"]["id"]
        (twin,) = [result for result in (other, two) if result["action"] == "unchanged"] or [two]
        first = two if twin is other else other
        assert twin["notes"] in ([], [f"the same project as {first['location']['name']}"])
        return [one["action"], *sorted(result["action"] for result in (other, two))]

    assert actions() == ["created", "created", "unchanged"]
    (image,) = made.region.glance.images.values()
    assert (image.fields["name"], image.status) == (NAME, "active")
    assert made.act(**options) == ["unchanged"] * 3
    made.write(b"other" * 1000)
    assert actions() == ["replaced", "replaced", "unchanged"]
    assert len(made.region.glance.images) == 1


def test_of_two_host_names_with_different_wants_one_is_told_of_the_other(site: Callable[..., Site]) -> None:
    made = site("v2")
    wants = [{"locations": ["two"], "properties": {"os_x": "2"}}]
    done = made.run(**by_two_names(made), properties={"os_x": "1"}, overrides=wants)
    (result,), (failure,) = done["results"], done["failures"]
    assert (result["action"], failure["kind"]) == ("created", "conflict")
    assert f"may be the same project as {result['location']['name']}" in failure["error"]
    (image,) = made.region.glance.images.values()
    assert (image.fields["name"], image.status) == (NAME, "active")


def test_an_image_of_another_container_format_is_replaced_if_the_task_says_which(site: Callable[..., Site]) -> None:
    made = site("v2")
    assert made.act(container_format="ami", disk_format="raw") == ["created"]
    assert made.act(disk_format="raw") == ["unchanged"]
    planned = made.run(container_format="bare", disk_format="raw", _ansible_check_mode=True, _ansible_diff=True)
    (result,) = planned["results"]
    assert result["action"] == "replaced"
    assert '"container_format": "ami"' in str(planned["diff"])
    assert made.act(container_format="bare", disk_format="raw") == ["replaced"]
    (image,) = made.region.glance.images.values()
    assert image.fields["container_format"] == "bare"
    assert made.act(container_format="bare", disk_format="raw") == ["unchanged"]


@pytest.mark.slow
def test_the_record_that_tries_a_cloud_goes_although_its_removal_fails_at_first(site: Callable[..., Site]) -> None:
    made = site("v2")
    made.region.fault("DELETE", "/v2/images/", Answer(503), times=4)
    failure = made.fail(visibility="public")
    assert (failure["kind"], "could not be removed" in failure["error"]) == ("refused", False)
    assert made.region.glance.images == {}


def test_a_copy_of_an_image_without_digests_is_replaced_only_with_its_source(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a snapshot in Ceph: the cloud reports a size, and nothing else of its content."""
    source, copies = run.clouds["cloud1"]["r1"].glance, run.clouds["cloud2"]["r1"].glance
    shown = Image.as_json
    unknown = dict.fromkeys(("checksum", "os_hash_algo", "os_hash_value"))
    monkeypatch.setattr(
        Image, "as_json", lambda image, **how: shown(image, **how) | (unknown if image.id in source.images else {})
    )
    run(locations=["cloud1/r1"])
    options = {"path": None, "from": {"location": "cloud1/r1", "image": NAME}, "locations": ["cloud2/r1"]}
    assert outcome(run(**options)) == {"cloud2/r1": "created"}
    (first,) = copies.images
    assert copies.images[first].properties[SOURCE_IMAGE] == next(iter(source.images))
    assert copies.images[first].properties[SOURCE_LOCATION] == "cloud1/r1/demo"
    assert outcome(run(**options)) == {"cloud2/r1": "unchanged"}
    assert list(copies.images) == [first]
    run(locations=["cloud1/r1"], state="absent", path=None)
    run(locations=["cloud1/r1"])

    assert outcome(run(**options)) == {"cloud2/r1": "replaced"}
    assert outcome(run(**options)) == {"cloud2/r1": "unchanged"}


def old_cloud(site: Callable[..., Site]) -> Site:
    """With an image API of version 2.6, which knows no hidden images."""
    made = site("v2")
    made.region.glance.hides = False
    return made


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"visibility": "community"}, {"hidden": False}, {}], ids=str)
def test_images_are_published_where_none_can_be_hidden(site: Callable[..., Site], options: dict[str, Any]) -> None:
    made = old_cloud(site)
    assert made.act(**options) == ["created"]
    assert made.act(**options) == ["unchanged"]
    made.write(b"second" * 1000)
    assert made.act(**options) == ["replaced"]
    (image,) = made.region.glance.images.values()
    assert image.fields["visibility"] == options.get("visibility", "shared")


def test_images_are_kept_where_none_can_be_hidden(site: Callable[..., Site]) -> None:
    made = old_cloud(site)
    for number in range(4):
        made.write(b"%d" % number * 5000)
        made.act(visibility="private", on_change="keep", keep_last=1)
    assert len(made.region.glance.images) == 2


@pytest.mark.parametrize("existing", [True, False])
def test_what_is_to_be_hidden_is_refused_where_it_cannot_be(site: Callable[..., Site], *, existing: bool) -> None:
    made = old_cloud(site)
    if existing:
        made.act()
    failure = made.fail(hidden=True)
    assert failure["kind"] == "refused"
    assert "hidden: the image API here is older than version 2.7" in failure["error"]
    assert len(made.region.glance.images) == existing
    assert made.act(hidden=True, state="absent") == ["deleted" if existing else "unchanged"]


def test_whether_images_can_be_hidden_costs_no_second_version_document(site: Callable[..., Site]) -> None:
    made = site("v2")
    documents = []
    for options in ({}, {"visibility": "community"}, {"hidden": False}, {"visibility": "private"}):
        made.clouds.counters.reset()
        made.act(_ansible_check_mode=True, **options)
        documents.append(made.clouds.counters.requests(path="/{other:.*}", service="image"))
    assert documents == [1, 1, 1, 1]  # the one that finds the endpoint


@pytest.mark.slow
def test_no_more_connections_are_open_than_those_of_the_locations_at_work(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds = fake_openstack(regions=20, latency=0.01)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    (tmp_path / "image").write_bytes(b"data\0" * 1000)
    regions = [clouds["cloud1"][f"r{number}"] for number in range(1, 21)]
    urls = [clouds["cloud1"].keystone.url, *(region.glance.url for region in regions)]
    seen, over = [0], threading.Event()

    def watch() -> None:
        while not over.wait(0.005):
            seen.append(connections_to(urls))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    for action in ("created", "unchanged"):
        done = run_module("image", name=NAME, path=str(tmp_path / "image"), locations=["*"], concurrency=4)
        assert set(outcome(done).values()) == {action}
        assert connections_to(urls) == 0
    over.set()
    watcher.join()
    assert 4 <= max(seen) <= 8  # of four Locations, each to Keystone and to Glance


def connections_to(urls: list[str]) -> int:
    """How many connections to these servers are established, by Linux."""
    ports = {f"{urlsplit(url).port:04X}" for url in urls}
    rows = [line.split() for line in Path("/proc/self/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].rpartition(":")[2] in ports and row[3] == "01" for row in rows)
