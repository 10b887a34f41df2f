# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that are to be there as the user wants them, or to be gone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.containers import (
    WantedContainer,
    plan_container,
)
from tests.support.fake_openstack import Answer
from tests.support.run_module import ModuleRun
from tests.support.store_site import CONTAINER, DATA, NAME, StoreSite, actions

READ, WRITE = "X-Container-Read", "X-Container-Write"
COLOR = "X-Container-Meta-Color"


def wanted(**options: Any) -> WantedContainer:
    return WantedContainer(CONTAINER, **options)


@pytest.mark.parametrize(
    ("want", "headers", "action", "sent"),
    [
        (wanted(), None, "created", {}),
        (wanted(), {}, "unchanged", {}),
        (wanted(metadata={"color": "red"}), None, "created", {COLOR.lower(): "red"}),
        (wanted(metadata={"color": "red"}), {COLOR: "red"}, "unchanged", {}),
        (wanted(metadata={"color": "red"}), {COLOR: "blue"}, "updated", {COLOR.lower(): "red"}),
        (wanted(metadata={"color": None}), {COLOR: "blue"}, "updated", {COLOR.lower(): ""}),
        (wanted(metadata={"color": None}), {}, "unchanged", {}),
        (wanted(acls={"read_ACL": (".r:*",)}), {READ: ".r:*"}, "unchanged", {}),
        (wanted(acls={"read_ACL": ()}), {READ: ".r:*", WRITE: "a:b"}, "updated", {READ: ""}),
        (wanted(acls={"write_ACL": ("a:b", "c:d")}), {}, "updated", {WRITE: "a:b,c:d"}),
        (wanted(acls={"read_ACL": ()}), {}, "unchanged", {}),
        (wanted(storage_policy="silver"), None, "created", {"X-Storage-Policy": "silver"}),
        (wanted(storage_policy="Gold"), {"X-Storage-Policy": "gold"}, "unchanged", {}),
    ],
)
def test_plans(want: WantedContainer, headers: dict[str, str] | None, action: str, sent: dict[str, str]) -> None:
    change, headers_sent = plan_container(want, headers)
    assert (change.action, headers_sent) == (action, sent)
    assert change.notes == ()
    assert (change.before == change.after) is (action == "unchanged")


def test_a_policy_never_changes() -> None:
    with pytest.raises(ConflictError, match="has the policy gold, not silver"):
        plan_container(wanted(storage_policy="silver"), {"X-Storage-Policy": "gold"})
    change, _sent = plan_container(wanted(storage_policy="silver"), {})
    assert "was not compared" in change.notes[0]


def container(store: StoreSite, **options: Any) -> ModuleRun:
    return store.run("container", name=CONTAINER, **options)


WANT: dict[str, Any] = {"metadata": {"a_b": "x"}, "read_acl": ".r:*,.rlistings", "storage_policy": "silver"}


def test_the_life_of_a_container(store: StoreSite) -> None:
    planned = container(store, **WANT, _ansible_check_mode=True)
    assert actions(planned) == ["created", "created"]
    assert store.containers() == {}
    created = container(store, **WANT)
    record = created["results"][0]["container"]
    assert (record["metadata"], record["read_ACL"]) == ({"a-b": "x"}, ".r:*,.rlistings")
    assert record["storage_policy"] == "silver"
    store.clouds.counters.reset()
    assert actions(container(store, **WANT)) == ["unchanged", "unchanged"]
    assert store.clouds.counters.requests(service="object-store") == 2
    change = {"metadata": {"a_b": None, "c": 1}, "read_acl": []}
    planned = container(store, **change, _ansible_check_mode=True, _ansible_diff=True)
    changed = container(store, **change, _ansible_diff=True)
    assert actions(planned) == actions(changed) == ["updated", "updated"]
    assert planned["diff"] == changed["diff"]
    assert json.loads(changed["diff"][0]["after"]) == {"metadata": {"c": "1"}, "read_ACL": None}
    assert changed["results"][0]["container"]["metadata"] == {"c": "1"}
    conflict = container(store, storage_policy="gold")
    assert [failure["kind"] for failure in conflict["failures"]] == ["conflict", "conflict"]
    assert actions(container(store, state="absent")) == ["deleted", "deleted"]
    assert actions(container(store, state="absent")) == ["unchanged", "unchanged"]
    assert store.containers() == {}


def test_rules_that_the_store_writes_otherwise_are_the_same(store: StoreSite) -> None:
    for rules, kept in (
        ([" .r:*, .rlistings"], ".r:*,.rlistings"),
        ([".ref:*.example.com", ".r:-*.thief.example.com"], ".r:.example.com,.r:-.thief.example.com"),
        (["a project:*"], "a project:*"),
    ):
        (changed,) = container(store, read_acl=rules, locations=["cloud1"])["results"]
        assert changed["action"] in ("created", "updated")
        assert changed["container"]["read_ACL"] == kept
        assert actions(container(store, read_acl=rules, locations=["cloud1"])) == ["unchanged"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"read_acl": [".r:"]}, "No host/domain value"),
        ({"read_acl": [".x:*"]}, "Unknown designator"),
        ({"write_acl": [".r:*"]}, "Referrers not allowed in write ACL"),
    ],
)
def test_rules_that_swift_refuses(store: StoreSite, options: dict[str, Any], said: str) -> None:
    (failure, _other) = container(store, **options)["failures"]
    assert failure["kind"] == "refused"
    assert said in failure["error"]
    assert store.containers() == {}


def test_one_with_objects_is_deleted_only_with_them(store: StoreSite) -> None:
    store.object()
    store.object(name="plain", content="x")
    failures = container(store, state="absent")["failures"]
    assert [failure["kind"] for failure in failures] == ["conflict", "conflict"]
    assert "delete_with_content" in failures[0]["hint"]
    planned = container(store, state="absent", delete_with_content=True, _ansible_check_mode=True, _ansible_diff=True)
    assert json.loads(planned["diff"][0]["before"])["object_count"] == 7
    assert NAME in store.objects()
    assert actions(container(store, state="absent", delete_with_content=True)) == ["deleted", "deleted"]
    assert store.containers() == store.containers("cloud2") == {}


def test_segments_in_other_containers_go_with_it(store: StoreSite) -> None:
    """As those that other tools upload: they would be of no use, and nobody would find them."""
    store.object(locations=["cloud1"])
    store.run("container", name="c_segments", locations=["cloud1"])
    for part in store.objects()[NAME].segments or []:
        name = part["path"].split("/", 2)[2]
        store.containers()["c_segments"].objects[name] = store.objects().pop(name)
        part["path"] = f"/c_segments/{name}"
    assert actions(container(store, state="absent", delete_with_content=True, locations=["cloud1"])) == ["deleted"]
    assert store.containers().keys() == {"c_segments"}
    assert store.containers()["c_segments"].objects == {}


def test_where_the_store_does_not_delete_segments_objects_are_deleted_by_name(store: StoreSite) -> None:
    store.object()
    store.region.fault("DELETE", r"multipart-manifest=delete", Answer(501))
    assert actions(container(store, state="absent", delete_with_content=True)) == ["deleted", "deleted"]
    assert store.containers() == {}


def test_an_object_that_cannot_be_deleted_fails_and_the_container_stays(store: StoreSite) -> None:
    store.object(content="x")
    store.region.fault("DELETE", r"thing\.txt$", Answer(403))
    ended = container(store, state="absent", delete_with_content=True)
    assert [failure["kind"] for failure in ended["failures"]] == ["refused"]
    assert store.bytes_of() == b"x"
    assert store.containers("cloud2") == {}


def test_what_others_keep_writing_to_is_given_up(store: StoreSite, monkeypatch: pytest.MonkeyPatch) -> None:
    store.object(content="x", locations=["cloud1"])
    monkeypatch.setattr(store.region.swift.store, "remove", lambda _container, _name: None)
    (failure,) = container(store, state="absent", delete_with_content=True, locations=["cloud1"])["failures"]
    assert failure["kind"] == "conflict"
    assert "objects keep arriving" in failure["error"]


def test_a_policy_that_there_is_not(store: StoreSite) -> None:
    failures = container(store, storage_policy="tin")["failures"]
    assert [failure["kind"] for failure in failures] == ["refused", "refused"]
    assert store.containers() == {}


def test_where_there_is_no_object_store(store: StoreSite) -> None:
    store.clouds["cloud1"].object_store = False
    ended = container(store, state="absent")
    assert actions(ended) == ["unchanged", "unchanged"]
    assert [result["notes"] for result in ended["results"]] == [["there is no object store here"], []]


def test_a_container_made_for_users_is_one_whose_urls_can_be_signed(store: StoreSite) -> None:
    container(store)
    assert store.object(content=DATA.hex(), tempurl={"expires_in": 60})["results"][0]["tempurl"]
