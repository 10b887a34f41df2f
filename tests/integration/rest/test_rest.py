# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the APIs of real services, in two clouds at once and beside one that does not answer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

from tests.support.local_clouds.layout import CLOUDS, REGIONS, cloud_of
from tests.support.run_module import ModuleRun, run_module
from tests.support.wait import until

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

LOCATIONS = [cloud.name for cloud in CLOUDS]
PLACES = [(cloud_of(region).name, region.name) for region in REGIONS]
NAME = "rest-test"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl rest-test"
SECRET = "h1dden-by-the-task"


def places(run: ModuleRun) -> list[tuple[str, str]]:
    return [(item["location"]["cloud"], item["location"]["region"]) for item in run["results"]]


def rest(service_type: str, path: str, method: str = "GET", **options: Any) -> ModuleRun:
    return run_module(
        "rest", service_type=service_type, path=path, method=method, **{"locations": LOCATIONS, **options}
    )


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """Remove what a test made, at its end and before it begins."""
    for _time in range(2):
        rest("compute", f"/os-keypairs/{NAME}", "DELETE", status=[202, 204, 404])
        rest("object-store", f"/{NAME}", "DELETE", status=[204, 404])
        if _time == 0:
            yield


@pytest.mark.usefixtures("nothing_left")
def test_a_key_pair_is_made_read_and_deleted_everywhere() -> None:
    body = {"keypair": {"name": NAME, "public_key": KEY}}
    planned = rest("compute", "/os-keypairs", "POST", body=body, _ansible_check_mode=True)
    assert (planned.ok, planned["changed"], {item["sent"] for item in planned["results"]}) == (True, False, {False})
    assert {item["status"] for item in rest("compute", f"/os-keypairs/{NAME}", status=[404])["results"]} == {404}
    made = rest("compute", "/os-keypairs", "POST", body=body)
    assert (made.ok, made["changed"], places(made)) == (True, True, PLACES), made["failures"]
    again = rest("compute", "/os-keypairs", "POST", body=body)
    assert [failure["kind"] for failure in again["failures"]] == ["conflict"] * len(PLACES)
    assert f"Key pair '{NAME}' already exists" in again["failures"][0]["error"]
    for item in made["results"]:
        connection = openstack.connect(item["location"]["cloud"], region_name=item["location"]["region"])
        assert connection.compute.get_keypair(NAME).fingerprint == item["body"]["keypair"]["fingerprint"]
    gone = rest("compute", f"/os-keypairs/{NAME}", "DELETE")
    assert [item["status"] for item in gone["results"]] == [202] * len(PLACES)


@pytest.mark.usefixtures("nothing_left")
def test_headers_and_what_is_secret_of_them() -> None:
    given = {"X-Container-Meta-Owner": "Zürich", "X-Container-Meta-Temp-URL-Key": SECRET}
    made = rest("object-store", f"/{NAME}", "PUT", headers=given)
    assert [item["status"] for item in made["results"]] == [201] * len(PLACES)
    found = rest("object-store", f"/{NAME}", "HEAD")
    for item in found["results"]:
        assert item["headers"]["x-container-meta-owner"] == "Zürich"
        assert item["headers"]["x-container-meta-temp-url-key"] == "..."
        assert (item["body"], item["status"]) == (None, 204)
    assert SECRET not in made.printed + found.printed


def test_pages_and_links_of_real_services() -> None:
    for service_type, path, key in (
        ("compute", "/flavors", "flavors"),
        ("network", "/networks", "networks"),
    ):
        whole = rest(service_type, path, pages=key, locations=["beta"])["results"][0]["body"][key]
        paged = rest(service_type, path, pages=key, locations=["beta"], params={"limit": 1})["results"][0]["body"][key]
        assert {item["id"] for item in whole} & {item["id"] for item in paged}
        assert len(paged) > 1, path
    first = rest("compute", "/flavors?limit=1", locations=["beta"])["results"][0]["body"]
    (link,) = (link["href"] for link in first["flavors_links"] if link["rel"] == "next")
    following = rest("compute", link, locations=["beta"])["results"][0]["body"]
    assert following["flavors"][0]["id"] != first["flavors"][0]["id"]


def test_microversions_of_real_services() -> None:
    for service_type, header in (("compute", "compute"), ("block-storage", "volume"), ("placement", "placement")):
        path = "/resource_classes" if service_type == "placement" else "/limits"
        at = ["alpha-admin/north"] if service_type == "placement" else ["alpha/north"]
        (found,) = rest(service_type, path, microversion="latest", locations=at)["results"]
        assert found["headers"]["openstack-api-version"] == f"{header} {found['microversion']}"
    refused = rest("compute", "/limits", microversion="2.9999", locations=["beta"])
    assert (refused.ok, refused["failures"][0]["kind"]) == (False, "refused")


def test_a_dead_cloud_beside_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    three = {name: clouds[name] for name in LOCATIONS}
    three["dead"] = {**clouds["beta"], "auth": {**clouds["beta"]["auth"], "auth_url": "http://127.0.0.1:9/v3"}}
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": three}))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    run = rest("network", "/extensions/quotas", locations=["*"], on_failure="warn", timeout=20)
    assert (run.ok, places(run), len(run.warnings)) == (True, PLACES, 1)
    assert {item["body"]["extension"]["alias"] for item in run["results"]} == {"quotas"}
    assert [(failure["location"]["cloud"], failure["kind"]) for failure in run["failures"]] == [("dead", "unreachable")]


def test_the_console_of_a_server() -> None:
    """An action of a server that no module has: what is sent is a POST, and what it reads comes back as its body."""

    def one(path: str, method: str = "GET", **options: Any) -> Any:
        run = rest("compute", path, method, locations=["beta"], **options)
        assert run.ok, run["failures"]
        return run["results"][0]["body"]

    (image,) = run_module("image_info", name="base", locations=["beta"])["images"]
    flavor = one("/flavors")["flavors"][0]["id"]
    wanted = {"name": NAME, "imageRef": image["id"], "flavorRef": flavor, "networks": "none"}
    server = one("/servers", "POST", body={"server": wanted}, microversion="2.37")["server"]["id"]
    try:
        until(lambda: one(f"/servers/{server}")["server"]["status"] == "ACTIVE", pause=0.5)
        console = one(f"/servers/{server}/action", "POST", body={"os-getConsoleOutput": {"length": 50}})
        assert isinstance(console["output"], str)
    finally:
        one(f"/servers/{server}", "DELETE")


def test_an_image_is_refused_and_its_record_is_not() -> None:
    (image,) = run_module("image_info", name="base", locations=["beta"])["images"]
    assert rest("image", f"/images/{image['id']}", locations=["beta"])["results"][0]["body"]["name"] == "base"
    refused = rest("image", f"/images/{image['id']}/file", locations=["beta"])
    assert refused["failures"][0]["error"].endswith("is not text (application/octet-stream)")
