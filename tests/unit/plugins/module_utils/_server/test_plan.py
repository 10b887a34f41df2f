# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is decided about one server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.references import MissingError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.plan import ServerPlan, make_plan, shown
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.survey import ServersFound
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import BootVolume, Nic, WantedServer

ITEM: dict[str, Any] = {
    "id": "s",
    "name": "web",
    "status": "ACTIVE",
    "OS-EXT-STS:task_state": None,
    "OS-SRV-USG:launched_at": "2026-01-01T00:00:00",
    "OS-EXT-AZ:availability_zone": "nova",
    "metadata": {"role": "web", KEY: "x"},
    "tags": ["b", "a"],
    "description": None,
    "key_name": "ops",
    "config_drive": "True",
    "image": {"id": "i"},
    "flavor": {"original_name": "m1", "vcpus": 2, "ram": 2048, "disk": 10},
    "security_groups": [{"name": "ssh"}, {"name": "default"}, {"name": "ssh"}],
    "os-extended-volumes:volumes_attached": [{"id": "v"}],
    "addresses": {
        "private": [
            {"addr": "10.0.0.9", "OS-EXT-IPS:type": "fixed"},
            {"addr": "203.0.113.7", "OS-EXT-IPS:type": "floating"},
        ]
    },
}
PRIVATE = (Nic(network={"name": "private"}),)


def plan(change: dict[str, Any], values: dict[str, Any], *, there: bool = True, **wanted: Any) -> ServerPlan:
    items = (ITEM | change,) if there else ()
    return make_plan(WantedServer("web", **wanted), ServersFound({"web": items}, values), "web")


@pytest.mark.parametrize(
    ("wanted", "values"),
    [
        ({}, {}),
        ({"metadata": {"role": "web", "absent": None}}, {}),
        ({"tags": ("a", "b", "a")}, {}),
        ({"description": ""}, {}),
        ({"key_name": "ops", "config_drive": True, "availability_zone": "nova:compute-1"}, {}),
        ({"image": {"name": "base"}}, {"image": "i"}),
        ({"flavor": {"name": "m1"}}, {"flavor": "m1"}),
        ({"vcpus": 1, "ram": 2048}, {}),
        ({"security_groups": ({"name": "default"}, {"name": "ssh"})}, {"security_groups": ("default", "ssh")}),
        ({"networks": PRIVATE}, {"networks": ("private",), "ports": {}}),
        ({"networks": ()}, {"networks": (), "ports": {}}),
        ({"networks": (Nic(port={"name": "p"}),)}, {"networks": (), "ports": {"p": "s"}}),
        (
            {"networks": (Nic(network={"name": "private"}, fixed_ip="10.0.0.9"),)},
            {"networks": ("private",), "ports": {}},
        ),
        ({"volumes": ({"name": "data"},)}, {"volumes": ("v",)}),
        ({"server_group": {"name": "g"}}, {"server_group": ("s", "t")}),
        ({"floating_ip": "auto"}, {}),
        ({"floating_ip": "203.0.113.7"}, {}),
        ({"floating_ip": {"name": "public"}}, {}),
    ],
)
def test_what_is_as_wanted(wanted: dict[str, Any], values: dict[str, Any]) -> None:
    decided = plan({}, values, **wanted)
    assert (decided.action, decided.needed, decided.notes) == ("unchanged", False, ())


@pytest.mark.parametrize(
    ("wanted", "values", "edits"),
    [
        ({"metadata": {"role": "db", "new": "1"}}, {}, {"metadata": {"role": "db", "new": "1"}}),
        ({"metadata": {"role": None}}, {}, {"metadata": {"role": None}}),
        ({"tags": ()}, {}, {"tags": []}),
        ({"description": "x"}, {}, {"description": "x"}),
        ({"security_groups": ()}, {"security_groups": ()}, {"security_groups": []}),
        ({"networks": PRIVATE}, {"networks": ("other",), "ports": {}}, {"networks": [{"network": "other"}]}),
        (
            {"networks": (Nic(port={"name": "p"}),)},
            {"networks": (), "ports": {"p": "another"}},
            {"networks": [{"port": "p"}]},
        ),
        ({"volumes": ({"name": "a"}, {"name": "b"})}, {"volumes": ("v", "w")}, {"volumes": ["w"]}),
        ({"floating_ip": "203.0.113.8"}, {}, {"floating_ip": "203.0.113.8"}),
        ({"flavor": {"name": "m2"}, "resize": True}, {"flavor": "m2"}, {"flavor": "m2"}),
        ({"ram": 4096, "resize": True}, {}, {"flavor": {"ram": 4096}}),
    ],
)
def test_what_is_changed(wanted: dict[str, Any], values: dict[str, Any], edits: dict[str, Any]) -> None:
    decided = plan({}, values, **wanted)
    assert (decided.action, decided.edits, decided.after) == ("updated", edits, edits)


@pytest.mark.parametrize(
    ("wanted", "values", "hint"),
    [
        ({"image": {"name": "new"}}, {"image": "j"}, "state: rebuilt"),
        ({"flavor": {"name": "m2"}}, {"flavor": "m2"}, "resize: true"),
        ({"key_name": "other"}, {}, "replace: true"),
    ],
)
def test_what_cannot_be_changed(wanted: dict[str, Any], values: dict[str, Any], hint: str) -> None:
    with pytest.raises(ConflictError) as caught:
        plan({}, values, **wanted, metadata={"role": "db"})
    assert hint in caught.value.hint
    replaced = plan({}, values, **wanted, metadata={"role": "db"}, replace=True)
    assert (replaced.action, replaced.remove, replaced.edits) == ("replaced", True, {})
    assert replaced.after.keys() == {*wanted, "metadata"}


def test_secrets_are_never_compared_nor_shown() -> None:
    decided = plan({}, {}, user_data="x")
    assert (decided.action, decided.notes) == (
        "unchanged",
        ("user_data: the cloud does not show it, so that it was not compared",),
    )
    assert shown(WantedServer("web", user_data="x"), "web") == {"name": "web", "user_data": MASK}


def test_what_a_diff_shows() -> None:
    wanted = WantedServer(
        "web",
        flavor={"id": "f"},
        image={"name": "base"},
        networks=(Nic(network={"name": "a"}, fixed_ip="10.0.0.1"), Nic(port={"name": "p"})),
        security_groups=({"name": "ssh"},),
        metadata={"a": "b", "c": None},
        tags=("y", "x"),
        boot_volume=BootVolume(1),
    )
    assert shown(wanted, "web") == {
        "name": "web",
        "flavor": {"id": "f"},
        "image": "base",
        "networks": [{"network": "a", "fixed_ip": "10.0.0.1"}, {"port": "p"}],
        "security_groups": ["ssh"],
        "metadata": {"a": "b"},
        "tags": ["x", "y"],
        "boot_volume": {"size": 1, "type": None},
    }


@pytest.mark.parametrize(
    ("change", "action", "remove", "unsettled"),
    [
        ({"status": "BUILD"}, "unchanged", False, True),
        ({"OS-EXT-STS:task_state": "rebuilding"}, "unchanged", False, True),
        ({"OS-EXT-STS:task_state": "deleting"}, "created", True, False),
        ({"status": "ERROR", "OS-SRV-USG:launched_at": None}, "created", True, False),
        ({"status": "SHUTOFF"}, "unchanged", False, False),
    ],
)
def test_what_others_have_left(change: dict[str, Any], action: str, *, remove: bool, unsettled: bool) -> None:
    decided = plan(change, {})
    assert (decided.action, decided.remove, decided.unsettled) == (action, remove, unsettled)


def test_what_is_missing_does_not_matter_to_a_check() -> None:
    missing = MissingError("there is no network")
    decided = make_plan(WantedServer("web"), ServersFound({"web": ()}, missing=missing), "web")
    assert (decided.action, decided.error, decided.notes) == (
        "created",
        missing,
        ("there is no network: it has to be created first",),
    )


@pytest.mark.parametrize(
    ("state", "status", "actions"),
    [
        ("started", "ACTIVE", ()),
        ("started", "SHUTOFF", ("os-start",)),
        ("started", "PAUSED", ("unpause",)),
        ("started", "SUSPENDED", ("resume",)),
        ("started", "SHELVED", ("unshelve",)),
        ("started", "RESCUE", ("unrescue",)),
        ("stopped", "ACTIVE", ("os-stop",)),
        ("stopped", "SHUTOFF", ()),
        ("stopped", "SHELVED_OFFLOADED", ()),
        ("shelved", "SHUTOFF", ("shelve",)),
        ("shelved", "SHELVED", ()),
        ("rebooted", "ACTIVE", ("reboot",)),
    ],
)
def test_states(state: str, status: str, actions: tuple[str, ...]) -> None:
    decided = plan({"status": status}, {}, state=state)
    assert (decided.actions, decided.action) == (actions, "updated" if actions else "unchanged")
    with pytest.raises(RefusedError, match="there is no server 'web' here"):
        plan({}, {}, there=False, state=state)


@pytest.mark.parametrize(
    ("change", "wanted", "after"),
    [
        ({}, {}, {}),
        ({"image": {"id": "old"}}, {}, {"image": "i"}),
        ({}, {"force": True}, {"rebuilt": True}),
        ({"image": ""}, {}, {}),
        ({"OS-EXT-SRV-ATTR:user_data": "eA=="}, {"user_data": "x"}, {}),
        ({"OS-EXT-SRV-ATTR:user_data": "eQ=="}, {"user_data": "x"}, {"user_data": MASK}),
        ({}, {"user_data": "x"}, {}),
    ],
)
def test_rebuilt(change: dict[str, Any], wanted: dict[str, Any], after: dict[str, Any]) -> None:
    decided = plan(change, {"image": "i"}, state="rebuilt", image={"name": "base"}, **wanted)
    assert (decided.after, decided.actions) == (after, ("rebuild",) if after else ())
