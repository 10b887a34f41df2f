# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way into the real Glances of the local clouds, and who moves the bytes."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openstack
import pytest

from tests.integration.image.lab import Lab, Site, by_region
from tests.integration.image.web import WebServer

pytestmark = pytest.mark.clouds

MIB = 1 << 20
SMALL = 16 << 10
"""More than the JSON of all requests to one site, less than any image here."""


def results(output: Mapping[str, Any], *regions: str) -> dict[str, Mapping[str, Any]]:
    assert output["failures"] == []
    found = by_region(output["results"])
    assert set(found) == set(regions)
    return found


def actions(output: Mapping[str, Any]) -> set[str]:
    assert output["failures"] == []
    return {result["action"] for result in output["results"]}


def sent(lab: Lab) -> dict[str, int]:
    """Bytes that left this machine, by region, small requests left out."""
    received = {region: site.proxy.counters.bytes_received for region, site in lab.sites.items()}
    return {region: size for region, size in received.items() if size > SMALL}


def assert_right(site: Site, name: str, data: bytes, **fields: Any) -> dict[str, Any]:
    (image,) = site.images(name)
    expected = {"name": name, "status": "active", "size": len(data), **fields}
    assert {key: image.get(key) for key in expected} == expected
    assert site.sha512(image["id"]) == hashlib.sha512(data).hexdigest()
    return image


def assert_nothing_to_do(
    lab: Lab, regions: Sequence[str], options: Mapping[str, Any], web: WebServer | None = None
) -> None:
    """A second run changes nothing, and moves no byte of the image."""
    lab.heal()
    if web:
        web.heal()
    assert actions(lab.run(*regions, **options)) == {"unchanged"}
    assert sent(lab) == {}
    assert sum(site.writes() for site in lab.sites.values()) == 0
    if web:
        assert web.published.fetched["cloud"] == 0


@pytest.mark.parametrize(("scheme", "region"), [("v2_put", "south"), ("v2_put", "east"), ("glance_direct", "north")])
def test_sent_from_here(lab: Lab, name: str, file: Path, scheme: str, region: str) -> None:
    options: dict[str, Any] = {"name": name, "path": str(file), "scheme": scheme}
    (result,) = results(lab.run(region, **options), region).values()
    assert (result["scheme"], result["plan"]["reason"]) == (scheme, f"{scheme} because the task asks for it")
    assert_right(lab.sites[region], name, file.read_bytes())
    assert_nothing_to_do(lab, [region], options)


def test_region_hands_the_image_on(lab: Lab, name: str, file: Path) -> None:
    options: dict[str, Any] = {"name": name, "path": str(file)}
    found = results(lab.run("north", "south", **options), "north", "south")
    assert {region: result["scheme"] for region, result in found.items()} == {
        "north": "glance_download",
        "south": "v2_put",
    }
    assert found["north"]["plan"]["source_region"]["region"] == "south"
    assert sent(lab).keys() == {"south"}
    assert sent(lab)["south"] < file.stat().st_size + SMALL
    for region in ("north", "south"):
        assert_right(lab.sites[region], name, file.read_bytes())
    assert_nothing_to_do(lab, ["north", "south"], options)


def test_region_that_has_the_image_hands_it_on(lab: Lab, name: str, file: Path) -> None:
    options: dict[str, Any] = {"name": name, "path": str(file)}
    lab.run("south", **options)
    lab.heal()
    found = results(lab.run("north", "south", **options, relay="only"), "north", "south")
    assert (found["south"]["action"], found["north"]["scheme"]) == ("unchanged", "glance_download")
    assert sent(lab) == {}
    assert_right(lab.sites["north"], name, file.read_bytes())


def test_location_that_cannot_be_fed_is_not_sent_the_bytes_with_relay_only(lab: Lab, name: str, file: Path) -> None:
    lab.run("north", name=name, path=str(file))
    lab.heal()
    output = lab.run("north", "south", name=name, path=str(file), relay="only")
    assert by_region(output["failures"])["south"]["kind"] == "refused"
    assert sent(lab) == {}
    assert lab.sites["south"].images(name) == []


def test_nobody_waits_for_a_region_that_will_not_feed(lab: Lab, name: str, file: Path) -> None:
    """South has two images of the name and fails; north is sent the data itself."""
    for _number in range(2):
        lab.sites["south"].member.image.post(
            "/images", json={"name": name, "disk_format": "raw", "container_format": "bare"}
        )
    output = lab.run("north", "south", name=name, path=str(file), timeout=20)
    assert by_region(output["failures"])["south"]["kind"] == "conflict"
    assert by_region(output["results"])["north"]["scheme"] == "v2_put"
    assert_right(lab.sites["north"], name, file.read_bytes())


def test_cloud_fetches_the_url_by_itself(lab: Lab, web: WebServer, name: str, file: Path) -> None:
    data = file.read_bytes()
    sums = web.publish("/SHA256SUMS", f"{hashlib.sha256(data).hexdigest()} *image.raw\n".encode())
    options: dict[str, Any] = {"name": name, "url": web.publish("/image.raw", data), "checksum": f"sha256:{sums}"}
    (result,) = results(lab.run("east", **options), "east").values()
    assert result["scheme"] == "web_download"
    assert sent(lab) == {}
    assert web.published.fetched == {"module": 2, "cloud": 1}
    assert_right(lab.sites["east"], name, data)
    assert_nothing_to_do(lab, ["east"], options, web)


def test_wrong_checksum_stops_everything_before_a_cloud_is_asked(lab: Lab, name: str, file: Path) -> None:
    output = lab.run(name=name, path=str(file), checksum=f"sha256:{'0' * 64}")
    assert output["kind"] == "integrity"
    assert "Nothing was sent" in output["msg"]
    assert sum(site.proxy.counters.requests() for site in lab.sites.values()) == 0


@pytest.mark.parametrize("signed", [False, True])
def test_a_url_in_the_object_store(lab: Lab, name: str, file: Path, *, signed: bool) -> None:
    """A public one is fetched by the cloud itself; one that Swift signed is a secret that no cloud is given."""
    store: Any = openstack.connect("beta", region_name="east").object_store
    store.create_container(name)
    try:
        store.upload_object(name, "image.raw", data=file.read_bytes())
        url = f"{store.get_endpoint()}/{name}/image.raw"
        if signed:
            store.set_account_temp_url_key("k" * 20)
            base, _version, path = url.partition("/v1/")
            url = base + store.generate_temp_url(f"/v1/{path}", 600, "GET")
        else:
            store.post(f"/{name}", headers={"X-Container-Read": ".r:*"}).raise_for_status()
        (result,) = results(lab.run("east", name=name, url=url), "east").values()
        assert result["scheme"] == ("v2_put" if signed else "web_download")
        assert_right(lab.sites["east"], name, file.read_bytes())
    finally:
        store.delete_object("image.raw", container=name)
        store.delete_container(name)


def test_image_goes_to_further_stores(lab: Lab, name: str, file: Path) -> None:
    options: dict[str, Any] = {"name": name, "path": str(file)}
    (result,) = results(lab.run("north", **options, stores=["fast"]), "north").values()
    assert lab.sites["north"].images(name)[0]["stores"] == "fast"
    lab.heal()
    (copied,) = results(lab.run("north", **options, all_stores=True), "north").values()
    assert (copied["action"], copied["plan"]["scheme"]) == ("updated", "copy_image")
    assert copied["image"]["id"] == result["image"]["id"]
    assert sent(lab) == {}
    (image,) = lab.sites["north"].images(name)
    assert set(image["stores"].split(",")) == {"fast", "slow"}
    assert_right(lab.sites["north"], name, file.read_bytes())
    assert_nothing_to_do(lab, ["north"], {**options, "all_stores": True})


@pytest.mark.parametrize("scheme", ["v2_put", "glance_direct", "glance_download"])
def test_new_image_is_in_all_stores_before_users_see_it(lab: Lab, name: str, file: Path, scheme: str) -> None:
    regions = ["north"]
    if scheme == "glance_download":
        lab.run("south", name=name, path=str(file))
        regions.append("south")
    overrides = [{"locations": ["alpha/north"], "stores": ["slow", "fast"], "scheme": scheme}]
    options: dict[str, Any] = {"name": name, "path": str(file), "overrides": overrides}
    assert results(lab.run(*regions, **options), *regions)["north"]["scheme"] == scheme
    image = assert_right(lab.sites["north"], name, file.read_bytes())
    assert set(image["stores"].split(",")) == {"fast", "slow"}
    assert_nothing_to_do(lab, regions, options)


def test_deactivated_image_is_reactivated_and_then_copied(lab: Lab, name: str, file: Path) -> None:
    lab.run("north", name=name, path=str(file), stores=["fast"], state="inactive")
    assert actions(lab.run("north", name=name, path=str(file), all_stores=True)) == {"updated"}
    image = assert_right(lab.sites["north"], name, file.read_bytes())
    assert set(image["stores"].split(",")) == {"fast", "slow"}


@pytest.fixture
def qcow2(file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", file, path], check=True)
    return path


def test_each_location_gets_the_format_that_it_wants(lab: Lab, name: str, qcow2: Path, file: Path) -> None:
    """Qcow2 as it is at beta, raw in alpha, where one region hands it on to the other."""
    overrides: list[dict[str, Any]] = [
        {"locations": ["beta"], "disk_format": "qcow2", "properties": {"hw_disk_bus": "virtio"}},
        {"locations": ["beta/east"], "name": f"{name}-east"},
    ]
    options: dict[str, Any] = {"name": name, "path": str(qcow2), "disk_format": "raw", "overrides": overrides}
    found = results(lab.run(**options), "north", "south", "east")
    assert found["north"]["scheme"] == "glance_download"
    raw = file.read_bytes() + bytes(-file.stat().st_size % 512)
    assert sent(lab).keys() == {"south", "east"}
    for region in ("north", "south"):
        image = assert_right(lab.sites[region], name, raw, disk_format="raw")
        assert "hw_disk_bus" not in image
    assert_right(lab.sites["east"], f"{name}-east", qcow2.read_bytes(), disk_format="qcow2", hw_disk_bus="virtio")
    assert_nothing_to_do(lab, ["north", "south", "east"], options)


def test_image_goes_from_cloud_to_cloud(lab: Lab, name: str, file: Path) -> None:
    lab.run("north", name=name, path=str(file))
    lab.heal()
    options: dict[str, Any] = {"name": name, "from": {"location": "alpha/north", "image": name}}
    (result,) = results(lab.run("east", **options), "east").values()
    assert result["scheme"] == "v2_put"
    assert sent(lab).keys() == {"east"}
    assert_right(lab.sites["east"], name, file.read_bytes())
    assert_nothing_to_do(lab, ["east"], options)


def test_image_goes_to_another_region_without_passing_here(lab: Lab, name: str, file: Path) -> None:
    lab.run("south", name=name, path=str(file))
    lab.heal()
    options: dict[str, Any] = {"name": f"{name}-copy", "from": {"location": "alpha/south", "image": name}}
    found = results(lab.run("north", "south", **options), "north", "south")
    assert {region: result["scheme"] for region, result in found.items()} == {
        "north": "glance_download",
        "south": "v2_put",
    }
    assert sent(lab).keys() == {"south"}  # Glance does not fetch from itself
    for region in ("north", "south"):
        assert_right(lab.sites[region], f"{name}-copy", file.read_bytes())
    assert_nothing_to_do(lab, ["north", "south"], options)


def test_old_images_are_kept_and_thinned_out(lab: Lab, name: str, tmp_path: Path) -> None:
    path, site = tmp_path / "image.raw", lab.sites["south"]
    contents = [f"content {number} ".encode() * 1000 for number in range(4)]
    options: dict[str, Any] = {
        "name": name,
        "path": str(path),
        "on_change": "keep",
        "keep_last": 2,
        "keep_deactivated": True,
    }
    for content in contents:
        path.write_bytes(content)
        time.sleep(1.05)  # Glance tells dates of creation to the second
        assert actions(lab.run("south", **options)) <= {"created", "replaced"}
    *kept, current = sorted(site.images(name), key=lambda image: str(image["created_at"]))
    digests = [hashlib.sha512(content).hexdigest() for content in contents]
    assert [image["os_hash_value"] for image in kept] == digests[1:3]
    assert (current["name"], current["os_hash_value"]) == (name, digests[3])
    for image in kept:
        assert (image["os_hidden"], image["status"]) == (True, "deactivated")
        assert image["name"] == f"{name}-{image['created_at']}"
    assert_nothing_to_do(lab, ["south"], options)


def test_longest_name_can_be_kept_too(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    longest = name + "x" * (245 - len(name))
    lab.run("south", name=longest, path=str(file))
    options: dict[str, Any] = {"name": longest, "path": str(other_file), "on_change": "keep"}
    assert actions(lab.run("south", **options)) == {"replaced"}
    kept = [image for image in lab.sites["south"].images(name) if image["os_hidden"]]
    assert [len(image["name"]) for image in kept] == [255]
    assert_nothing_to_do(lab, ["south"], options)


def test_changed_content_fails_where_the_user_says_so(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    lab.run("south", name=name, path=str(file))
    (failure,) = lab.run("south", name=name, path=str(other_file), on_change="fail")["failures"]
    assert failure["kind"] == "conflict"
    assert_right(lab.sites["south"], name, file.read_bytes())


def test_members(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    """Given, inherited by the image that replaces theirs, taken away, and refused to a private image."""
    site = lab.sites["south"]
    demo2 = openstack.connect("alpha-demo2", region_name="south").current_project_id

    def members() -> list[str]:
        (image,) = site.images(name)
        answer = site.member.image.get(f"/images/{image['id']}/members").json()
        return [member["member_id"] for member in answer["members"]]

    options: dict[str, Any] = {"name": name, "path": str(file)}
    assert actions(lab.run("south", **options, members=[demo2])) == {"created"}
    assert members() == [demo2]
    assert_nothing_to_do(lab, ["south"], {**options, "members": [demo2]})
    assert actions(lab.run("south", **{**options, "path": str(other_file)})) == {"replaced"}
    assert members() == [demo2]
    assert actions(lab.run("south", **options, members=[])) == {"replaced"}
    assert members() == []
    assert actions(lab.run("south", **options, members=[demo2])) == {"updated"}
    assert members() == [demo2]
    private = {**options, "path": str(other_file), "visibility": "private"}
    (failure,) = lab.run("south", **private, members=[demo2])["failures"]
    assert failure["kind"] == "conflict"
    assert members() == [demo2]
    assert actions(lab.run("south", **private)) == {"replaced"}
    assert_right(site, name, other_file.read_bytes(), visibility="private")


def test_unchanged_file_is_not_read(lab: Lab, name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.run(name=name, path=str(file))
    opened: list[Path] = []
    plain = Path.open

    def noted(path: Path, *args: Any, **more: Any) -> Any:
        opened.append(path)
        return plain(path, *args, **more)

    monkeypatch.setattr(Path, "open", noted)
    assert_nothing_to_do(lab, tuple(lab.sites), {"name": name, "path": str(file)})
    assert file not in opened
