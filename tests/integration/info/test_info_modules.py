# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The info modules against real services, compared with what openstacksdk, plain HTTP and the clouds' layout say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
import yaml

from tests.support.local_clouds.layout import CLOUDS, REGIONS, Region, cloud_of
from tests.support.run_module import run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

LOCATIONS = [cloud.name for cloud in CLOUDS]
READS = {
    "block-storage": "/volumes",
    "compute": "/servers",
    "identity": "/auth/catalog",
    "image": "/images",
    "network": "/networks",
    "object-store": "",
    "orchestration": "/stacks",
    "placement": "/",
}
"""A path of each service that a member may read."""


def at(region: Region, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = (cloud_of(region).name, region.name)
    return [item for item in records if (item["location"]["cloud"], item["location"]["region"]) == wanted]


def test_images_are_those_that_openstacksdk_lists() -> None:
    run = run_module("image_info", locations=LOCATIONS)
    assert run.ok, run.result
    for region in REGIONS:
        connection = openstack.connect(cloud_of(region).name, region_name=region.name)
        expected = {image.id: image for image in connection.image.images()}
        found = {record["id"]: record for record in at(region, run["images"])}
        both = found.keys() & expected.keys()  # other users of the clouds may add, change and remove images meanwhile
        same = [
            key
            for key in both
            if (found[key]["updated_at"], found[key]["status"]) == (expected[key].updated_at, expected[key].status)
        ]
        assert "base" in {found[key]["name"] for key in same}
        for key in same:
            for name in ("name", "size", "checksum", "hash_value", "disk_format", "owner_id", "visibility"):
                assert found[key][name] == getattr(expected[key], name), name


def test_the_same_image_everywhere_by_name_and_by_id() -> None:
    by_name = run_module("image_info", name="base", locations=LOCATIONS)["images"]
    assert len(by_name) == len(REGIONS)
    assert len({image["hash_value"] for image in by_name}) == 1
    by_id = run_module("image_info", id=by_name[0]["id"], locations=LOCATIONS)["images"]
    assert by_id == by_name[:1]


def test_listing_images_costs_one_request_and_what_finds_glance() -> None:
    run = run_module("image_info", locations=["beta"])
    (visit,) = run["locations"]
    assert visit["requests"] <= 4  # Keystone's discovery, a token, Glance's discovery; the list


@pytest.mark.parametrize("service_type", READS)
def test_endpoints_can_be_called(service_type: str) -> None:
    run = run_module("rest_info", service_type=service_type, locations=LOCATIONS, with_token=True)
    assert run.ok, run["failures"]
    assert [item["region"] for item in run["endpoints"]] == [region.name for region in REGIONS]
    for item in run["endpoints"]:
        url = item["url"] + READS[service_type]
        assert requests.get(url, headers=item["headers"], timeout=30).ok
        assert item["api_version"] == item["versions"][-1]["version"]


def test_endpoints_without_token_do_not_let_in() -> None:
    run = run_module("rest_info", service_type="compute", locations=LOCATIONS)
    for item in run["endpoints"]:
        assert requests.get(f"{item['url']}/servers", headers=item["headers"], timeout=30).status_code == 401


def test_a_service_that_no_region_has() -> None:
    run = run_module("rest_info", service_type="baremetal", locations=LOCATIONS)
    assert not run.ok
    assert [failure["kind"] for failure in run["failures"]] == ["refused"] * len(REGIONS)
    offered = run["failures"][0]["hint"].partition(": ")[2].partition(".")[0].split(", ")
    assert offered == sorted(offered)
    assert set(offered) >= {*READS.keys() - {"block-storage"}, "volumev3"}


def test_probe_finds_what_the_regions_are_made_to_offer() -> None:
    run = run_module("location_info", probe=True, locations=LOCATIONS)
    assert run.ok, run["failures"]
    for region in REGIONS:
        (found,) = at(region, run["locations"])
        upload = found["image_upload"]
        assert found["answers"] is True
        assert (found["user"]["name"], found["location"]["project"]["name"]) == ("demo", "demo")
        assert "member" in found["roles"]
        assert {"compute", "image", "network", "object-store", "orchestration"} <= set(found["service_types"])
        assert upload["import_methods"] == list(region.import_methods)
        assert [store["id"] for store in upload["stores"]] == list(region.stores)
        assert [store["default"] for store in upload["stores"]] == [True, False][: len(region.stores)]
        assert upload["tasks"] is region.members_run_tasks
        assert ("tasks" in upload["missing"]) is not region.members_run_tasks
        assert upload["object_store"]["max_file_size"] > 5 * 10**9
        assert upload["object_store"]["slo_max_segments"] == 1000
        assert "sha256" in upload["object_store"]["tempurl_digests"]
        assert "2.17" in upload["image_versions"]


def raw(region: Region, service: str, path: str) -> Any:
    """The answer of a service to openstacksdk."""
    connection = openstack.connect(cloud_of(region).name, region_name=region.name)
    return getattr(connection, service).get(path).json()


def test_probe_says_what_the_services_say() -> None:
    run = run_module("location_info", probe=True, locations=LOCATIONS)
    assert run.ok, run["failures"]
    for region in REGIONS:
        (found,) = at(region, run["locations"])
        project = found["location"]["project"]["id"]
        assert found["missing"] == {}
        schema = raw(region, "image", "/schemas/image")["properties"]
        for name in ("disk_format", "container_format"):
            assert [None, *found["image_upload"][f"{name}s"]] == schema[name]["enum"]
        import_info = raw(region, "image", "/info/import")["import-methods"]["value"]
        assert found["image_upload"]["import_methods"] == import_info
        assert "v2_put" in found["image_upload"]["schemes"]
        assert ("web_download" in found["image_upload"]["schemes"]) is ("web-download" in import_info)
        networks = raw(region, "network", "/networks?router:external=true")["networks"]
        assert [(item["id"], item["name"], item["subnet_ids"]) for item in found["external_networks"]] == [
            (item["id"], item["name"], item["subnets"]) for item in sorted(networks, key=lambda item: str(item["name"]))
        ]
        assert len(networks) > 0
        limits = raw(region, "compute", "/limits")["limits"]["absolute"]
        compute = found["quotas"]["compute"]
        for name, limit in (("cores", "maxTotalCores"), ("instances", "maxTotalInstances"), ("ram", "maxTotalRAMSize")):
            assert (-1 if compute[name]["limit"] is None else compute[name]["limit"]) == limits[limit]
        limits = raw(region, "block_storage", "/limits")["limits"]["absolute"]
        volumes = found["quotas"]["block_storage"]
        for name, limit in (("volumes", "maxTotalVolumes"), ("gigabytes", "maxTotalVolumeGigabytes")):
            assert (-1 if volumes[name]["limit"] is None else volumes[name]["limit"]) == limits[limit]
        quota = raw(region, "network", f"/quotas/{project}/details.json")["quota"]
        for name, key in (("floating_ips", "floatingip"), ("networks", "network"), ("rbac_policies", "rbac_policy")):
            limit = found["quotas"]["network"][name]["limit"]
            assert (-1 if limit is None else limit) == quota[key]["limit"]
        versions = raw(region, "compute", "/")["version"]
        nova = next(item for item in found["services"] if item["service_type"] == "compute")
        assert (nova["min_microversion"], nova["max_microversion"]) == (versions["min_version"], versions["version"])
    assert run["unconfigured_regions"] == []


def test_a_probe_costs_what_it_says() -> None:
    costs = {"external_networks": 1, "image_upload": 7, "quotas": 3}
    run_module("location_info", probe=True, locations=LOCATIONS)  # a token, and discovery
    for part, most in costs.items():
        run = run_module("location_info", probe=True, locations=LOCATIONS, gather_subset=[part])
        assert {visit["requests"] for visit in run["locations"]} <= {most - 1, most}, part  # Glance with one store
    assert {visit["requests"] for visit in run_module("location_info", probe=True, gather_subset=[])["locations"]} <= {
        0,
        1,
        2,
    }


def test_a_region_that_is_not_configured() -> None:
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    config = {"clouds": {"alpha": {**clouds["alpha"], "regions": ["south"]}, "beta": clouds["beta"]}}
    run = run_module("location_info", probe=True, clouds_config=config, gather_subset=[])
    assert run["unconfigured_regions"] == [{"cloud": "alpha", "region": "north"}]


def test_an_administrator_is_known_as_one() -> None:
    run = run_module("location_info", probe=True, locations=["alpha-admin/north"])
    assert "admin" in run["locations"][0]["roles"]


def test_two_runs_say_the_same() -> None:
    runs = [run_module("location_info", probe=True, locations=LOCATIONS)["locations"] for _run in range(2)]
    for run in runs:
        for item in run:
            item.update(seconds=0, requests=0, token_expires_at="")  # the first may have to fetch a token
    assert runs[0] == runs[1]
