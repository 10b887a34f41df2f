# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three real regions of two clouds that are made to differ: exactly that is reported."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

NORTH, SOUTH, EAST = REGIONS = ("alpha-admin/north", "alpha-admin/south", "beta-admin/east")
NAME = "drift-probe"
SIZE = {"ram": 128, "vcpus": 1, "disk": 0}
SSH = {"direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
RULES = [SSH, {"direction": "ingress", "protocol": "icmp"}]


def done(module: str, **params: Any) -> ModuleRun:
    run = run_module(module, **params)
    assert run.ok, run["msg"]
    return run


def make(type_: str, attributes: dict[str, Any], *locations: str, name: str = NAME) -> None:
    done("resource", type=type_, name=name, attributes=attributes, locations=list(locations or REGIONS))


@pytest.fixture(scope="module", autouse=True)
def probes(clouds_yaml: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A flavor that has other RAM in the south and none in the east; images, networks, groups and roles beside it."""
    assert clouds_yaml.exists()
    image = tmp_path_factory.mktemp("images") / "probe.img"
    other = image.with_name("other.img")
    for path, seed in ((image, b"a"), (other, b"b")):
        path.write_bytes(seed * 512 + bytes(1 << 16))
    try:
        make("compute.flavor", SIZE, NORTH)
        make("compute.flavor", {**SIZE, "ram": 256}, SOUTH)
        make("compute.flavor", {**SIZE, "extra_specs": {"hw:x": 1}}, name=f"{NAME}-specs")
        for place, path, disk_format in ((NORTH, image, "raw"), (EAST, image, _converted()), (SOUTH, other, "raw")):
            metadata = {"disk_format": disk_format, "properties": {"os_distro": "probe"}}
            done("image", name=NAME, path=str(path), locations=[place], **metadata)
        make("network.network", {"tags": ["a", "b"]}, NORTH, SOUTH)
        make("network.network", {"tags": ["b"]}, EAST)
        make("network.subnet", {"network_id": {"name": NAME}, "cidr": "10.78.0.0/24", "ip_version": 4})
        make("network.security_group", {"rules": RULES}, NORTH, EAST)
        make("network.security_group", {"rules": [SSH]}, SOUTH)
        make("identity.role", {"description": "x"}, NORTH)
        yield
    finally:
        for type_ in ("subnet", "network", "security_group"):
            run_module("resource", type=f"network.{type_}", name=NAME, state="absent", locations=list(REGIONS))
        for name in (NAME, f"{NAME}-specs"):
            run_module("resource", type="compute.flavor", name=name, state="absent", locations=list(REGIONS))
        run_module("resource", type="identity.role", name=NAME, state="absent", locations=list(REGIONS))
        run_module("image", name=NAME, state="absent", locations=list(REGIONS))


def _converted() -> str:
    """The format of the image in the east: another one where there is something to convert it with."""
    return "qcow2" if shutil.which("qemu-img") else "raw"


def rows(run: ModuleRun) -> list[tuple[Any, ...]]:
    return [
        (row["location"]["region"], row["status"], row["attribute"], row["expected"], row["actual"])
        for row in run["drift"]
    ]


@pytest.mark.parametrize(
    ("type_", "options", "expected"),
    [
        (
            "compute.flavor",
            {"names": [NAME]},
            [("south", "differs", "ram", 128, 256), ("east", "missing", None, None, None)],
        ),
        (
            "compute.flavor",
            {"names": [NAME], "reference": SOUTH},
            [("north", "differs", "ram", 256, 128), ("east", "missing", None, None, None)],
        ),
        ("compute.flavor", {"names": [NAME], "reference": EAST}, [
            ("north", "extra", None, None, None), ("south", "extra", None, None, None),
        ]),
        ("compute.flavor", {"names": [f"{NAME}-specs"]}, []),
        ("network.network", {"names": [NAME]}, [("east", "differs", "tags", ["a", "b"], ["b"])]),
        ("network.network", {"names": [NAME, "public"], "attributes": {"network.network": ["is_router_external"]}}, []),
        ("network.subnet", {"names": [NAME]}, []),
        (
            "network.security_group",
            {"names": [NAME]},
            [("south", "differs", "rules", [{"direction": "ingress", "ether_type": "IPv4", "protocol": "icmp"}], [])],
        ),
        ("identity.role", {"names": [NAME]}, [(None, "missing", None, None, None)]),
        ("shared_file_system.share", {}, []),
    ],
)  # fmt: skip
def test_exactly_what_differs(type_: str, options: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    run = done("drift_info", types=[type_], locations=list(REGIONS), **options)
    assert sorted(rows(run), key=repr) == sorted(expected, key=repr)
    assert run["consistent"] is (not expected)


def test_images_by_content_whatever_format_a_cloud_has() -> None:
    run = done("drift_info", types=["image.image"], names=[NAME], locations=list(REGIONS))
    assert [row[:3] for row in rows(run)] == [("south", "differs", "content")]
    records = done("image_info", name=NAME, locations=list(REGIONS))["images"]
    assert len({record["disk_format"] for record in records}) == len({"raw", _converted()})
    hashes = {record["location"]["region"]: record["hash_value"] for record in records}
    assert hashes["south"] in run["drift"][0]["actual"]


def test_a_dead_location_is_unknown() -> None:
    """A region whose services do not answer, beside those that do."""
    config = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())
    entry = {**config["clouds"]["beta-admin"], "compute_endpoint_override": "http://127.0.0.1:9/v2.1"}
    clouds = {"clouds": {"alpha-admin": config["clouds"]["alpha-admin"], "dead": entry}}
    run = run_module("drift_info", types=["compute.flavor"], names=[NAME], clouds_config=clouds, on_failure="warn")
    assert run.ok, run["msg"]
    assert rows(run) == [("south", "differs", "ram", 128, 256), ("east", "unknown", None, None, None)]
    assert [failure["kind"] for failure in run["failures"]] == ["unreachable"]


def test_costs_are_lists() -> None:
    done("drift_info", types=["network.subnet"], locations=list(REGIONS))  # token and discovery
    run = done("drift_info", types=["compute.flavor", "network.network", "network.subnet"], locations=list(REGIONS))
    assert [visit["requests"] for visit in run["locations"]] == [4, 4, 4]  # and one for the networks of subnets
