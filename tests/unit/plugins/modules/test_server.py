# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of server, and what Ansible is told."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import BootVolume, Nic, WantedServer
from ansible_collections.oaktree.multicloud.plugins.modules.server import SPEC, as_wanted
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.run_module import ModuleRun, run_module
from tests.support.server_clouds import OPTIONS, furnished_clouds, things

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    made = furnished_clouds(fake_openstack, clouds=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    return made


def run(**params: Any) -> ModuleRun:
    return run_module("server", **{**OPTIONS, "locations": ["*"], "timeout": 3000.0, **params})


def wanted(**params: Any) -> WantedServer:
    defaults = {name: option.get("default") for name, option in SPEC.options.items()}
    return as_wanted({**defaults, "name": "web", **params})


def test_options() -> None:
    assert wanted() == WantedServer("web")
    assert wanted(
        flavor="m1",
        image={"id": "i"},
        networks=["a", {"port": "p"}],
        security_groups=["ssh"],
        metadata={"a": 1, "b": True, "c": None},
        tags=["x"],
        boot_volume={"size": 1, "type": None, "delete_on_termination": False},
        volumes=["v"],
        floating_ip="public",
    ) == WantedServer(
        "web",
        flavor={"name": "m1"},
        image={"id": "i"},
        networks=(Nic(network={"name": "a"}), Nic(port={"name": "p"})),
        security_groups=({"name": "ssh"},),
        metadata={"a": "1", "b": "true", "c": None},
        tags=("x",),
        boot_volume=BootVolume(1, None, delete_on_termination=False),
        volumes=({"name": "v"},),
        floating_ip={"name": "public"},
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"wait_timeout": 0}, "wait_timeout: must be greater than zero"),
        ({"count": 0}, "count: must be at least 1"),
        ({"vcpus": 1}, "parameters are mutually exclusive: flavor|vcpus"),
        ({"networks": [{"network": "a", "port": "b"}]}, "networks: a mapping has either network"),
        ({"image": 7.5, "flavor": []}, "flavor: [] is neither a name"),
        ({"boot_volume": {}}, "missing required arguments: size found in boot_volume"),
        ({"state": "rebuilt", "image": None}, "image: state: rebuilt needs it"),
    ],
)
def test_what_is_refused_before_any_cloud_is_asked(clouds: FakeOpenStack, options: dict[str, Any], said: str) -> None:
    ended = run(**options)
    assert (ended.ok, said in ended["msg"]) == (False, True), ended["msg"]
    assert clouds.counters.requests() == 0


@pytest.mark.usefixtures("clouds")
def test_one_result_for_each_server() -> None:
    ended = run(count=2, _ansible_diff=True)
    assert [(result["location"]["cloud"], result["name"], result["action"]) for result in ended["results"]] == [
        ("cloud1", "web-1", "created"),
        ("cloud1", "web-2", "created"),
        ("cloud2", "web-1", "created"),
        ("cloud2", "web-2", "created"),
    ]
    assert [entry["after_header"] for entry in ended["diff"]] == [
        f"{cloud}/r1/demo: server 'web-{number}'" for cloud in ("cloud1", "cloud2") for number in (1, 2)
    ]
    assert json.loads(ended["diff"][0]["after"])["networks"] == [{"network": "private"}]
    listed = run_module("server_info", locations=["*"], timeout=3000.0)
    assert [server["id"] for server in listed["servers"]] == [result["server"]["id"] for result in ended["results"]]
    assert listed["servers"] == [result["server"] for result in ended["results"]]
    again = run(count=2)
    assert (again["changed"], [result["action"] for result in again["results"]]) == (False, ["unchanged"] * 4)


def test_a_failure_hides_no_server_that_is_ready(clouds: FakeOpenStack) -> None:
    clouds["cloud2"]["r1"].nova.builds.fails = lambda server: NO_HOST if server.name == "web-1" else None
    ended = run(count=2, on_failure="warn")
    assert ended.ok
    assert [(result["location"]["cloud"], result["name"]) for result in ended["results"]] == [
        ("cloud1", "web-1"),
        ("cloud1", "web-2"),
        ("cloud2", "web-2"),
    ]
    (failure,) = ended["failures"]
    assert (failure["kind"], failure["error"]) == (
        "server",
        "server 'web-1' could not be built: No valid host was found",
    )
    assert not run(name="other", count=2, locations=["cloud2"], metadata={"x": "y" * 300}).ok


@pytest.mark.parametrize("check", [True, False])
def test_user_data_are_never_shown(clouds: FakeOpenStack, check: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    secret = "the password is hunter2"
    encoded = base64.b64encode(secret.encode()).decode()
    for _run in range(2):
        ended = run(user_data=secret, _ansible_check_mode=check, _ansible_diff=True)
        assert ended.ok
        assert not {secret, encoded} & {word for word in (secret, encoded) if word in ended.printed}
    assert things(clouds["cloud1"]["r1"])["servers"] == (0 if check else 1)
