# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources and their parts in answers that make no sense: a failure of that service, and the other cloud is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.faults import edit_answer
from tests.support.odd_values import DISTORTIONS
from tests.support.run_module import run_module
from tests.support.sampling import sample


class Case(NamedTuple):
    """A resource, and the path of the requests whose answers are distorted."""

    type: str
    name: str
    attributes: dict[str, Any]
    path: str

    def __str__(self) -> str:
        return f"{self.type} {self.path}"


FLAVOR = {"ram": 1, "vcpus": 1, "disk": 1, "extra_specs": {"a": "b"}, "access": [], "is_public": False}
CASES = (
    Case("block_storage.volume", "web", {"size": 1}, "/volumes"),
    Case("compute.flavor", "web", FLAVOR, "/flavors"),
    Case("compute.flavor", "web", FLAVOR, "/os-flavor-access"),
    Case("dns.zone", "web.", {"email": "a@b.c"}, "/zones"),
    Case("identity.project", "web", {"description": "x"}, "/projects"),
    Case("network.network", "web", {"description": "x", "tags": ["a"]}, "/networks"),
    Case("network.router", "web", {"interfaces": [{"name": "web"}]}, "/ports"),
    Case("network.router", "web", {"interfaces": [{"name": "web"}]}, "/subnets"),
    Case("network.security_group", "web", {"rules": [{"direction": "ingress"}]}, "/security-groups"),
)
MOMENTS = ("first", "again", "listed", "absent")
ROWS = [(case, how) for case in CASES for how in DISTORTIONS]


def applies(row: tuple[Case, str], moment: str) -> bool:
    """A router that has interfaces cannot be deleted."""
    return moment != "absent" or row[0].type != "network.router"


RUNS = [(*row, moment) for row, moment in sample(ROWS, MOMENTS, applies)]


@pytest.mark.parametrize(("case", "how", "moment"), RUNS, ids=str)
def test_odd_answers(fake_openstack: Callable[..., FakeOpenStack], case: Case, how: str, moment: str) -> None:
    clouds = fake_openstack(clouds=2, more=("network", "dns", "block-storage"))
    config = {"clouds": {name: cloud.entry("admin") for name, cloud in clouds.clouds.items()}}
    common: dict[str, Any] = {"clouds_config": config, "locations": ["*"], "timeout": 10}

    def ensure(kind: str, name: str, **options: Any) -> Any:
        return run_module("resource", **common, type=kind, name=name, **options)

    if case.type == "network.router":
        subnet = {"network_id": {"name": "web"}, "cidr": "10.0.0.0/24", "ip_version": 4}
        assert ensure("network.network", "web").ok
        assert ensure("network.subnet", "web", attributes=subnet).ok
    if moment != "first":
        assert ensure(case.type, case.name, attributes=case.attributes, wait=False).ok
    edit = DISTORTIONS[how]
    distort = edit_answer(lambda body: {key: edit(value) for key, value in body.items()})
    for place in (clouds["cloud1"], clouds["cloud1"]["r1"]):
        place.fault("*", case.path, distort)
    if moment == "listed":
        run = run_module("resource_info", **common, type=case.type)
    elif moment == "absent":
        run = ensure(case.type, case.name, state="absent", wait_timeout=3)
    else:
        run = ensure(case.type, case.name, attributes=case.attributes, wait_timeout=3)
    failures = [(failure["location"]["cloud"], failure["kind"]) for failure in run["failures"]]
    assert ("cloud1", "internal") not in failures, run.result
    assert [cloud for cloud, _kind in failures if cloud != "cloud1"] == []
