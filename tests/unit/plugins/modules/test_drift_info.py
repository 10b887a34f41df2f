# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as users see it: exactly the rows that tell what is not the same, and how failures count."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import (
    MD5,
    SHA256,
    SOURCE_MD5,
    SOURCE_SHA256,
)
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.table import table
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_resources import flavor
from tests.support.run_module import ModuleRun, run_module

QCOW2, RAW = b"a qcow2 file", b"its content as raw bytes"
PLACES = [("cloud1", "r1"), ("cloud1", "r2"), ("cloud2", "r1"), ("cloud2", "r2")]


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds with two regions each, all with the same flavors and image."""
    made = fake_openstack(clouds=2, regions=2, more=("network",))
    for cloud, region in PLACES:
        for name in ("small", "large"):
            flavor(made[cloud][region].nova.resources, name, ram=1024)
        image = add_image(made[cloud][region].glance, QCOW2, name="fedora", disk_format="qcow2")
        image.properties |= digests(QCOW2, MD5, SHA256)
        image.owner = made[cloud].keystone.project_id("demo")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    return made


def digests(data: bytes, md5: str, sha256: str) -> dict[str, str]:
    return {md5: hashlib.md5(data).hexdigest(), sha256: hashlib.sha256(data).hexdigest()}  # noqa: S324


def replace_image(clouds: FakeOpenStack, cloud: str, region: str, data: bytes, **fields: Any) -> dict[str, str]:
    """Put another image of the name there; return its properties."""
    glance = clouds[cloud][region].glance
    glance.images.clear()
    made = add_image(glance, data, name="fedora", **fields)
    made.owner = clouds[cloud].keystone.project_id("demo")
    return made.properties


def rows(run: ModuleRun) -> list[tuple[Any, ...]]:
    return [
        (f"{row['location']['cloud']}/{row['location']['region']}", row["name"], row["status"], row["attribute"])
        for row in run["drift"]
    ]


def test_nothing_differs(clouds: FakeOpenStack) -> None:
    run = run_module("drift_info", types=["compute.flavor", "image.image"])
    assert run.ok
    assert (run["consistent"], run["drift"], run["failures"], run["changed"]) == (True, [], [], False)
    assert [visit["count"] for visit in run["locations"]] == [3] * 4
    assert clouds.counters.requests(service="compute") == 4
    assert clouds.counters.requests(service="image", path="/v2/images") == 8


@pytest.mark.slow
def test_exactly_what_differs_and_the_dead_location_is_unknown(clouds: FakeOpenStack) -> None:
    """A flavor with other RAM, one that is missing, an image with other data, one that was converted, a dead region."""
    flavors = clouds["cloud1"]["r2"].nova.resources.items["flavors"]
    next(item for item in flavors.values() if item["name"] == "small")["ram"] = 512
    flavors = clouds["cloud2"]["r1"].nova.resources.items["flavors"]
    del flavors[next(key for key, item in flavors.items() if item["name"] == "large")]
    replace_image(clouds, "cloud1", "r2", b"something else", disk_format="qcow2")
    properties = replace_image(clouds, "cloud2", "r1", RAW, disk_format="raw")
    properties |= digests(RAW, MD5, SHA256) | digests(QCOW2, SOURCE_MD5, SOURCE_SHA256)
    clouds["cloud2"]["r2"].refuse_connections()
    run = run_module("drift_info", types=["image.image", "compute.flavor"], on_failure="warn")
    assert run.ok
    assert rows(run) == [
        ("cloud2/r2", None, "unknown", None),
        ("cloud2/r1", "large", "missing", None),
        ("cloud1/r2", "small", "differs", "ram"),
        ("cloud2/r2", None, "unknown", None),
        ("cloud1/r2", "fedora", "differs", "content"),
    ]
    ram, content = run["drift"][2], run["drift"][4]
    assert (ram["expected"], ram["actual"], ram["reference"]["name"]) == (1024, 512, "cloud1/r1/demo")
    assert content["expected"] == f"sha512:{hashlib.sha512(QCOW2).hexdigest()}"
    assert content["actual"] == f"sha512:{hashlib.sha512(b'something else').hexdigest()}"
    assert [failure["kind"] for failure in run["failures"]] == ["unreachable"]
    assert run["consistent"] is False
    assert len(run.warnings) == 1


def test_an_image_that_its_cloud_converted_is_the_same(clouds: FakeOpenStack) -> None:
    properties = replace_image(clouds, "cloud2", "r2", RAW, disk_format="raw")
    properties |= digests(QCOW2, MD5, SHA256)
    assert run_module("drift_info", types=["image.image"])["consistent"] is True
    run = run_module("drift_info", types=["image.image"], attributes={"image.image": ["disk_format"]})
    assert rows(run) == [("cloud2/r2", "fedora", "differs", "disk_format")]


def test_metadata_of_images(clouds: FakeOpenStack) -> None:
    (image,) = clouds["cloud1"]["r2"].glance.images.values()
    image.properties |= {"hw_disk_bus": "scsi", "owner_specified.oaktree.replaces": "x", "os_glance_failed_import": "y"}
    image.fields["visibility"] = "community"
    image.tags = ["new"]
    run = run_module("drift_info", types=["image.image"], names=["fedora"])
    assert rows(run) == [("cloud1/r2", "fedora", "differs", name) for name in ("properties", "tags", "visibility")]
    assert (run["drift"][0]["expected"], run["drift"][0]["actual"]) == ({"hw_disk_bus": None}, {"hw_disk_bus": "scsi"})


@pytest.mark.slow
def test_references_are_compared_by_name(clouds: FakeOpenStack) -> None:
    for cloud, region in PLACES:
        project = clouds[cloud].keystone.project_id("demo")
        network(clouds[cloud][region].neutron, project, "web", cidr="10.0.0.0/24")
    assert run_module("drift_info", types=["network.network", "network.subnet"])["consistent"] is True
    neutron = clouds["cloud2"]["r1"].neutron
    for item in neutron.items["networks"].values():
        item["name"] = "renamed"
    run = run_module("drift_info", types=["network.subnet"])
    assert rows(run) == [("cloud2/r1", "web", "differs", "network_id")]
    assert (run["drift"][0]["expected"], run["drift"][0]["actual"]) == ("web", "renamed")


def test_each_name_is_expected_as_one_of_the_types(clouds: FakeOpenStack) -> None:
    types = ["compute.flavor", "image.image"]
    assert run_module("drift_info", types=types, names=["fedora", "small"])["consistent"] is True
    run = run_module("drift_info", types=types, names=["fedroa", "small"])
    assert {(row["type"], row["name"], row["status"]) for row in run["drift"]} == {
        (type_, "fedroa", "missing") for type_ in types
    }
    assert len(run["drift"]) == 8
    assert clouds.counters.requests(service="compute") == 8


@pytest.mark.parametrize("reference", ["cloud1/r2", {"cloud": "cloud1", "region": "r2"}])
def test_a_reference_may_be_text_or_a_location(clouds: FakeOpenStack, reference: Any) -> None:
    flavor(clouds["cloud2"]["r1"].nova.resources, "new")
    run = run_module("drift_info", types="compute.flavor", reference=reference)
    assert rows(run) == [("cloud2/r1", "new", "extra", None)]
    assert run["drift"][0]["reference"]["name"] == "cloud1/r2/demo"


def test_a_failure_fails_the_task_which_has_the_rows_all_the_same(clouds: FakeOpenStack) -> None:
    clouds["cloud2"]["r1"].fault("GET", "/flavors", Answer(403))
    run = run_module("drift_info", types=["compute.flavor"], names=["small"])
    assert not run.ok
    assert run["msg"].startswith("1 of 4 Locations failed: ")
    assert rows(run) == [("cloud2/r1", "small", "unknown", None)]
    assert run["drift"][0]["reason"] == run["failures"][0]["error"]


def test_where_all_fail_the_task_fails(clouds: FakeOpenStack) -> None:
    for cloud, region in PLACES:
        clouds[cloud][region].fault("GET", "/flavors", Answer(403))
    run = run_module("drift_info", types=["compute.flavor"], on_failure="warn")
    assert not run.ok
    assert len(run["failures"]) == len(run["drift"]) == 4


def test_the_rows_make_a_table(clouds: FakeOpenStack) -> None:
    replace_image(clouds, "cloud1", "r2", b"something else", disk_format="qcow2")
    run = run_module("drift_info", types=["image.image"])
    head, row = list(table(run.result, None, "text"))
    assert head.split() == ["TYPE", "NAME", "LOCATION", "STATUS", "ATTRIBUTE", "EXPECTED", "ACTUAL"]
    expected, actual = (f"sha512:{hashlib.sha512(data).hexdigest()[:12]}" for data in (QCOW2, b"something else"))
    assert row.split() == ["image.image", "fedora", "cloud1/r2/demo", "differs", "content", expected, actual]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "missing required arguments: types"),
        ({"types": []}, "types: must not be empty"),
        ({"types": ["compute.flavour"]}, "did you mean compute.flavor"),
        ({"types": ["compute.flavor"], "attributes": {"compute.flavor": ["rma"]}}, "'rma' of compute.flavor"),
        ({"types": ["compute.flavor"], "reference": "cloud1"}, "reference: 'cloud1' matches 2 Locations"),
        ({"types": ["compute.flavor"], "reference": ["cloud1/r1", "cloud1/r2"]}, "reference: must be one Location"),
        ({"types": ["compute.flavor"], "reference": {"region": "r1"}}, "reference: a mapping is not a Location"),
    ],
)
def test_options_that_cannot_be_used(clouds: FakeOpenStack, params: dict[str, Any], said: str) -> None:
    run = run_module("drift_info", **params)
    assert not run.ok
    assert said in run["msg"]
    assert clouds.counters.requests() == 0
