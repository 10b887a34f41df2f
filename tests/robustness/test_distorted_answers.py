# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No answer of a cloud is trusted: whatever it is, it is a failure of that cloud alone, or a result.

Beside a healthy cloud, one distorts an answer in any of many ways (tests/support/distortions.py). Every run is checked
for the same: no failure is a bug of this collection; the healthy cloud's results are all there, and the same as without
the other; the result is JSON that Ansible takes; no secret is in any output; the clocks hold.

What is tried is the same in every run; hypothesis prints a failing example. With FULL=1 much more is tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display

from tests.support.distortions import Strike
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.hostile_site import TIMEOUT, TOKENS, TURNED, HostileSite, Target, healthy, try_all

pytestmark = pytest.mark.usefixtures("fast_clock")

SERVERS = Target("GET", "/servers")
IMAGES = Target("GET", "/v2/images")
PROBES = [
    Target("GET", path)
    for path in (
        *("/info/import", "/info/stores", "/info/usage", "/v2/tasks", "/info$", "/versions|/$"),
        *("/v2/schemas/image", "/os-quota-sets", "/v2.0/quotas", "/v2.0/networks"),
    )
]


@dataclass(frozen=True)
class Case:
    """A module, its options, and the requests whose answers are distorted."""

    module: str
    targets: tuple[Target, ...]
    options: Mapping[str, Any] = field(default_factory=dict)


CASES = [
    Case("server_info", (TOKENS, SERVERS)),
    Case("image_info", (IMAGES,)),
    Case("location_info", (TOKENS, *PROBES), {"probe": True}),
    Case("object_info", (Target("GET", r"/c\?"),), {"container": "c"}),
    Case("object_info", (Target("HEAD", r"/c/o$"),), {"container": "c", "name": "o"}),
    Case("container_info", (Target("GET", r"/v1/AUTH_[^/]+\?"), Target("HEAD", r"/c$")), {"details": True}),
    Case("rest", (TOKENS, SERVERS), {"service_type": "compute", "path": "/servers", "pages": "servers"}),
    *(
        Case("rest_info", (TOKENS, Target("GET", "/")), {"service_type": kind})
        for kind in ("compute", "image", "object-store")
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileSite]:
    with FakeOpenStack(clouds=2, servers=3, object_store=True, more=("network",)) as clouds:
        for cloud in clouds.clouds.values():
            cloud["r1"].glance.stores = ["fast", "slow"]
            for name in ("one", "two"):
                add_image(cloud["r1"].glance, b"data", owner=cloud.keystone.project_id("demo"), name=name)
        made = HostileSite(clouds, tmp_path_factory.mktemp("site"))
        done = made.run("object", container="c", name="o", content="x", locations=["*"])
        assert done.run.ok, done.run.result
        yield made


@pytest.mark.parametrize(
    ("case", "target"),
    [
        pytest.param(case, target, id=" ".join([case.module, *map(str, case.options.values()), str(target)]))
        for case in CASES
        for target in case.targets
    ],
)
def test_info(site: HostileSite, case: Case, target: Target) -> None:
    assert_holds(site, case, target)


def assert_holds(site: HostileSite, case: Case, target: Target) -> None:
    """Try all distortions of the answers to one kind of request."""
    site.heal()
    right = site.run(case.module, **case.options)
    site.check(right)
    assert (right.failures, bool(healthy(right))) == ([], True)

    def holds(strike: Strike) -> None:
        site.heal()
        site.strike(target, strike)
        done = site.run(case.module, **case.options)
        site.check(done)
        assert healthy(done) == healthy(right)

    try_all(holds)


def test_one_server(site: HostileSite) -> None:
    case = Case("server_info", (SERVERS,), {"id": site.hostile.nova.servers[0].id})
    assert_holds(site, case, SERVERS)


@pytest.mark.parametrize("target", [TOKENS, SERVERS], ids=str)
def test_inventory(site: HostileSite, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """All hosts of the healthy cloud are there, and what is shown has no secrets."""
    said: list[str] = []
    for name in ("warning", "vvv", "error_as_warning"):
        monkeypatch.setattr(Display, name, lambda _self, *words, **_more: said.append(" ".join(map(str, words))))
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", ["auto"])
    source = site.directory / "servers.oaktree.yml"
    clocks = {"timeout": TIMEOUT * TURNED, "api_timeout": TIMEOUT, "token_cache": False}
    source.write_text(
        yaml.safe_dump({"plugin": "oaktree.multicloud.servers", "clouds_yaml": str(site.config), **clocks})
    )

    def hosts() -> dict[str, Any]:
        said.clear()
        parsed = InventoryManager(loader=DataLoader(), sources=[str(source)], cache=False).hosts.values()
        variables = {host.name: host.vars for host in parsed}
        json.dumps(variables, ensure_ascii=False, allow_nan=False).encode()
        return {name: found for name, found in variables.items() if found["location"]["cloud"] == "cloud2"}

    site.heal()
    right = hosts()
    assert len(right) == len(site.clouds["cloud2"]["r1"].nova.servers)

    def holds(strike: Strike) -> None:
        site.heal()
        site.strike(target, strike)
        assert hosts() == right
        assert [text for text in said if "(internal)" in text] == []
        assert [secret for secret in site.secrets() if secret in "".join(said)] == []

    try_all(holds)
