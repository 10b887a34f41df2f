# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Location is chosen for servers on real services: what each lacks, refuses or does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds]

NAME = "placed"
NORTH, SOUTH, EAST = "alpha/north", "alpha/south", "beta/east"
DEAD = "http://127.0.0.1:1/v3"
"""Nobody listens there."""


def run(**params: Any) -> ModuleRun:
    usual = {"locations": [NORTH, SOUTH, EAST], "flavor": "m1.nano", "image": "base", "networks": [], "place": {}}
    return run_module("server", name=NAME, **{**usual, **params})


def where(run: ModuleRun) -> dict[str, str]:
    """The region of each server."""
    return {result["name"]: result["location"]["region"] for result in run["results"]}


def rows(run: ModuleRun) -> dict[str, tuple[str, str | None]]:
    """The status and the kind of each Location, by its region, or its cloud."""
    return {
        row["location"]["region"] or row["location"]["cloud"]: (row["status"], row["kind"]) for row in run["placement"]
    }


@contextmanager
def resource(locations: list[str], type_: str, name: str | None = NAME, **params: Any) -> Iterator[None]:
    """Have something there for the length of this context."""
    named = {} if name is None else {"name": name}
    made = run_module("resource", type=type_, locations=locations, **named, **params)
    assert made.ok, made.result
    try:
        yield
    finally:
        gone = run_module("resource", type=type_, locations=locations, **named, **{**params, "state": "absent"})
        assert gone.ok, gone.result


@pytest.fixture(autouse=True)
def _nothing_left(clouds_yaml: Path) -> Iterator[None]:
    del clouds_yaml
    yield
    gone = run_module("server", name=NAME, locations=["alpha", "beta"], state="absent")
    several = run_module("server", name=NAME, count=4, locations=["alpha", "beta"], state="absent")
    assert gone.ok, gone.result
    assert several.ok, several.result


def test_spread_and_found_again() -> None:
    params: dict[str, Any] = {"count": 4, "networks": ["private-demo"], "place": {"order": "spread", "zones": "spread"}}
    planned = run(**params, _ansible_check_mode=True)
    made = run(**params)
    again = run(**params)
    assert where(planned) == where(made) == where(again)
    assert where(made) == {f"{NAME}-1": "north", f"{NAME}-2": "south", f"{NAME}-3": "east", f"{NAME}-4": "north"}
    assert {result["action"] for result in made["results"]} == {"created"}
    assert {result["server"]["status"] for result in made["results"]} == {"ACTIVE"}
    assert not again["changed"]
    assert again["placement"] == [{**row, "reason": ""} for row in made["placement"]]


def test_what_locations_lack(clouds_yaml: Path) -> None:
    """North has no host that is large enough, which only the attempt tells; south lacks the network."""
    del clouds_yaml
    giant, small = {"ram": 90_000_000, "vcpus": 1, "disk": 1}, {"ram": 64, "vcpus": 1, "disk": 1}
    with ExitStack() as stack:
        for place, size in ((NORTH, giant), (SOUTH, small), (EAST, small)):
            admin = place.replace("/", "-admin/")
            stack.enter_context(resource([admin], "compute.flavor", attributes=size))
        for place in (NORTH, EAST):
            stack.enter_context(resource([place], "network.network"))
            subnet = {"network_id": {"name": NAME}, "cidr": "10.66.0.0/24", "ip_version": 4}
            stack.enter_context(resource([place], "network.subnet", attributes=subnet))
        stack.callback(run_module, "server", name=NAME, locations=["alpha", "beta"], state="absent")
        made = run(flavor=NAME, networks=[NAME])
        assert made.ok, made.result
        assert where(made) == {NAME: "east"}
        assert rows(made) == {"north": ("refused", "server"), "south": ("refused", "refused"), "east": ("chosen", None)}
        reasons = [row["reason"] for row in made["placement"]]
        assert reasons[0] == f"server {NAME!r} could not be built: No valid host was found"
        assert reasons[1] == f"there is no network.network named {NAME!r} here"
        assert run_module("server_info", name=NAME)["servers"] == [made["results"][0]["server"]]


def test_no_quota_in_one(clouds_yaml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a project of the test's own."""
    entries = yaml.safe_load(clouds_yaml.read_text())
    own = entries["clouds"]["alpha-admin"]
    own["auth"] = {**own["auth"], "project_name": NAME}
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump(entries))
    path.chmod(0o600)
    member = {"role_id": {"name": "member"}, "user_id": {"name": "admin"}, "project_id": {"name": NAME}}
    with ExitStack() as stack:
        stack.enter_context(resource(["alpha-admin"], "identity.project"))
        stack.enter_context(resource(["alpha-admin"], "identity.role_assignment", None, attributes=member))
        quota = {"attributes": {"cores": 0}, "id": {"name": NAME}}
        stack.enter_context(resource(["alpha-admin/north"], "compute.quota_set", None, **quota))
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        stack.callback(run_module, "server", name=NAME, locations=["alpha-admin"], state="absent")
        stack.callback(monkeypatch.setenv, "OS_CLIENT_CONFIG_FILE", str(clouds_yaml))
        made = run(locations=["alpha-admin"])
        assert made.ok, made.result
        assert [(row["status"], row["reason"]) for row in made["placement"]] == [
            ("refused", "quota: cores 0 of 0 used"),
            ("chosen", ""),
        ]


def test_a_dead_cloud(clouds_yaml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = yaml.safe_load(clouds_yaml.read_text())["clouds"]
    dead = {**entries["beta"], "auth": {**entries["beta"]["auth"], "auth_url": DEAD}, "regions": ["west"]}
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {"alpha": entries["alpha"], "beta": entries["beta"], "dead": dead}}))
    path.chmod(0o600)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
    locations = ["dead", SOUTH, EAST]
    refused = run(locations=locations)
    assert (refused.ok, refused["results"]) == (False, [])
    assert [failure["kind"] for failure in refused["failures"]] == ["unreachable"]
    assert "when_unknown: place" in refused["failures"][0]["hint"]
    placed = run(locations=locations, place={"when_unknown": "place"})
    assert placed.ok, placed.result
    assert where(placed) == {NAME: "south"}
    assert rows(placed)["west"] == ("unknown", "unreachable")
    found = run(locations=locations)  # nothing is to be placed, so that nobody needs to know
    assert (found.ok, found["changed"]) == (True, False)
