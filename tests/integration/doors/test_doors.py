# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules for one type on real services, in two clouds at once and beside a dead one.

Each is taken through its life: planned, created, unchanged, changed with a diff, unchanged, listed, deleted, unchanged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("with_a_dead_cloud")]

NAME = "door"
MEMBERS = ["alpha", "beta"]
ADMINS = ["alpha-admin", "beta-admin"]


@dataclass(frozen=True)
class Life:
    """A resource, what of it changes, and the action that this takes; empty where nothing can be changed."""

    module: str
    options: dict[str, Any]
    change: dict[str, Any] = field(default_factory=dict)
    action: str = "updated"
    where: list[str] = field(default_factory=lambda: MEMBERS)
    name: str | None = NAME
    found_by: tuple[str, ...] = ()
    """Options that deleting it takes, beside the name."""
    plural: str = ""
    needs: tuple[Life, ...] = ()

    @property
    def identity(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**named, **{option: self.options[option] for option in self.found_by}}


SIZE = {"vcpus": 1, "ram": 128, "disk": 0}
EMPTY = Life("volume", {"size": 1})
VOLUME = Life("volume", {"size": 1, "metadata": {"a": 1}}, {"size": "2", "is_bootable": True, "description": "x"})
USER = Life(
    "user", {"password": "s3cret-pass", "domain": "Default"}, {"email": "a@b", "is_enabled": False}, where=ADMINS
)
PROJECT = Life("project", {"domain": "Default", "tags": "a,b"}, {"description": "x", "tags": ["c"]}, where=ADMINS)
ZONE = Life("zone", {"email": "a@example.org"}, {"ttl": "600"}, name="door.example.org.")
LIVES = [
    Life(
        "flavor",
        {"vcpus": 1, "ram": "128", "disk": 0, "extra_specs": {"x:y": 1}},
        {"extra_specs": {"x:y": None, "z": 2}, "description": "x"},
        where=ADMINS,
    ),
    Life("flavor", {**SIZE, "is_public": False, "access": ["demo"]}, {"ram": 256}, "replaced", ADMINS),
    Life("keypair", {}, action=""),
    Life("server_group", {"policy": "affinity"}, {"policy": "anti-affinity"}, "replaced"),
    VOLUME,
    Life("volume", {"size": 2}, {"size": 1}, "replaced"),
    Life("volume_snapshot", {"volume": NAME}, {"description": "x", "metadata": {"a": 1}}, needs=(EMPTY,)),
    PROJECT,
    USER,
    Life(
        "role_assignment",
        {"role": "reader", "user": NAME, "project": "demo"},
        action="",
        where=ADMINS,
        name=None,
        found_by=("role", "user", "project"),
        needs=(Life("user", {"domain": "Default"}, where=ADMINS),),
    ),
    ZONE,
    Life(
        "recordset",
        {"zone": ZONE.name, "type": "A", "records": ["192.0.2.1", "192.0.2.2"]},
        {"records": "192.0.2.3", "ttl": 300},
        name="www.door.example.org.",
        found_by=("zone", "type"),
        needs=(ZONE,),
    ),
]  # fmt: skip


def run(life: Life, options: dict[str, Any], **more: Any) -> ModuleRun:
    return run_module(life.module, **{"locations": life.where, **options, **more})


def actions(done: ModuleRun) -> set[str]:
    assert done.ok, done["msg"]
    assert {result["location"]["cloud"] for result in done["results"]} in ({*MEMBERS}, {*ADMINS})
    return {result["action"] for result in done["results"]}


def absent(life: Life, **more: Any) -> set[str]:
    return actions(run(life, life.identity, state="absent", **more))


def present(life: Life, options: dict[str, Any], **more: Any) -> set[str]:
    return actions(run(life, {**life.identity, **options}, **more))


@pytest.mark.parametrize("life", LIVES, ids=[f"{number}-{life.module}" for number, life in enumerate(LIVES)])
def test_the_life_of_a_resource(life: Life) -> None:
    if life.module in ("zone", "recordset") and not offers_dns():
        pytest.skip("these clouds run without it")
    for need in life.needs:
        present(need, need.options)
    try:
        _lives(life)
    finally:
        for need in reversed(life.needs):
            absent(need)


def offers_dns() -> bool:
    return bool(run_module("zone_info", locations=MEMBERS)["locations"][0]["offered"])


def _lives(life: Life) -> None:
    absent(life)
    assert present(life, life.options, _ansible_check_mode=True) == {"created"}
    beside = run(life, {**life.identity, **life.options}, locations=[*life.where, "dead"], on_failure="warn")
    assert actions(beside) == {"created"}
    assert [failure["location"]["cloud"] for failure in beside["failures"]] == ["dead"]
    assert beside["failures"][0]["kind"] == "unreachable"
    assert present(life, life.options) == {"unchanged"}
    if life.action:
        changed = {**life.options, **life.change}
        more = {"replace": True} if life.action == "replaced" else {}
        if more:
            refused = run(life, {**life.identity, **changed})
            assert {failure["kind"] for failure in refused["failures"]} == {"conflict"}
        planned = run(life, {**life.identity, **changed}, _ansible_check_mode=True, _ansible_diff=True, **more)
        assert actions(planned) == {life.action}
        assert all(json.loads(diff["before"]) != json.loads(diff["after"]) for diff in planned["diff"])
        assert present(life, changed, **more) == {life.action}
        assert present(life, changed, **more) == {"unchanged"}
    _is_listed(life)
    assert absent(life, _ansible_check_mode=True) == {"deleted"}
    assert absent(life) == {"deleted"}
    assert absent(life) == {"unchanged"}


def _is_listed(life: Life) -> None:
    identity = {option: value for option, value in life.identity.items() if option != "type"}
    done = run_module(f"{life.module}_info", locations=life.where, **identity)
    assert done.ok, done["msg"]
    (records,) = (value for key, value in done.result.items() if key.endswith("s") and key == f"{life.module}s")
    assert {record["location"]["cloud"] for record in records} == {*life.where}
    assert life.name is None or {record["name"] for record in records} == {life.name}


def test_quotas() -> None:
    quota = Life("quota", {"compute": {"cores": 77}, "network": {"routers": "77"}}, where=ADMINS)

    def have(**more: Any) -> set[str]:
        return actions(run_module("quota", locations=ADMINS, project="demo2", **more))

    have(state="absent")
    assert have(**quota.options, _ansible_check_mode=True) == {"updated"}
    assert have(**quota.options) == {"updated"}
    assert have(**quota.options) == {"unchanged"}
    listed = run_module("quota_info", locations=ADMINS, project="demo2", query="[?limit == `77`].[name]")
    assert listed["quotas"] == [["cores"], ["routers"]] * 3
    assert have(state="absent") == {"updated"}
    assert have(state="absent") == {"unchanged"}
    beside = run_module("quota_info", locations=[*ADMINS, "dead"], on_failure="warn")
    assert {quota["location"]["cloud"] for quota in beside["quotas"]} == {*ADMINS}


def test_a_key_pair_is_one_for_all_clouds() -> None:
    keypair = Life("keypair", {})
    absent(keypair)
    first = run_module("keypair", locations=["alpha"], name=NAME)
    assert first["results"][0]["keypair"]["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert present(keypair, {}) == {"unchanged", "created"}
    keys = run_module("keypair_info", locations=MEMBERS, name=NAME)["keypairs"]
    assert len({key["public_key"] for key in keys}) == 1
    absent(keypair)
