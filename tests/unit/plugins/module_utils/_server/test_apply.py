# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done: requests, idempotency, changes, states, several servers, and what is left when it fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.apply import (
    ServersStep,
    apply_step,
    make_plans,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.survey import survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import Nic, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.fake_openstack.neutron import network
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.run_core import connect
from tests.support.server_clouds import (
    NOTHING,
    WEB,
    add_server,
    changes,
    done,
    furnished_clouds,
    refused,
    requests,
    results,
    things,
)

pytestmark = pytest.mark.usefixtures("fast_clock")

LIST = "GET /v2.1/servers/detail"
NUMBERED = replace(WEB, name="w", count=3)


def planned(connection: Connection, wanted: WantedServer) -> ServersStep:
    """What a task plans before it waits for others."""
    found = survey(connection, wanted)
    return ServersStep(wanted, found, make_plans(wanted, found), connection.location, clock.turned(20.0))


def add_port(region: Region, project: str) -> Any:
    """The port front, with an address, of no server."""
    private = next(iter(region.neutron.items["networks"]))
    fixed = {"subnet_id": next(iter(region.neutron.items["subnets"])), "ip_address": "10.0.0.77"}
    return region.neutron.add("ports", project, name="front", network_id=private, fixed_ips=[fixed])


# Idempotency


def test_created_unchanged_deleted_unchanged(clouds: FakeOpenStack, region: Region) -> None:
    wanted = replace(WEB, metadata={"role": "web"}, tags=("a", "b"), key_name="ops", description="x", config_drive=True)
    wanted = replace(wanted, security_groups=({"name": "ssh"}, {"name": "default"}), availability_zone="nova")
    checked = done(clouds, wanted, check=True)
    assert (checked.action, checked.output, things(region)) == ("created", {"name": "web", "server": None}, NOTHING)
    created = done(clouds, wanted)
    assert (created.action, created.after["metadata"], created.subject) == ("created", {"role": "web"}, "server 'web'")
    server = created.output["server"]
    assert (server["status"], server["private_v4"], server["tags"]) == ("ACTIVE", "10.0.0.100", ["a", "b"])
    assert done(clouds, wanted).action == "unchanged"
    assert done(clouds, wanted, state="absent", check=True).action == "deleted"
    assert things(region) == {**NOTHING, "servers": 1, "ports": 1}
    deleted = done(clouds, wanted, state="absent")
    assert (deleted.action, deleted.before, deleted.output["server"]) == (
        "deleted",
        {"id": server["id"], "name": "web"},
        None,
    )
    assert done(clouds, wanted, state="absent").action == "unchanged"
    assert things(region) == NOTHING


def test_nothing_to_do_is_one_list_and_one_request_for_the_image(clouds: FakeOpenStack, region: Region) -> None:
    """Flavors, networks and security groups are compared by the names that the server shows."""
    add_server(region)
    change = done(clouds, security_groups=({"name": "default"},))
    assert (change.action, change.output["server"]["name"]) == ("unchanged", "web")
    assert requests(clouds) == [LIST, "GET /v2/images"]
    clouds.counters.reset()
    done(clouds, WantedServer("web", metadata={}))
    assert requests(clouds) == [LIST]


def test_creating_costs_a_request_for_each_name_and_three_lists(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.looks = 0
    done(clouds)
    assert sorted(requests(clouds)) == sorted(
        [
            *[LIST] * 3,
            "GET /v2.1/servers",
            "GET /v2/images",
            "GET /v2.1/flavors/detail",
            "GET /v2.0/networks",
            "POST /v2.1/servers",
        ]
    )


@pytest.mark.slow
def test_what_another_task_builds_meanwhile_is_not_built_again(clouds: FakeOpenStack, region: Region) -> None:
    region.latency = 0.05
    with ThreadPoolExecutor(4) as pool:
        actions = [change.action for change in pool.map(lambda _number: done(clouds), range(4))]
    assert sorted(actions) == ["created", *["unchanged"] * 3]
    assert len(region.nova.servers) == 1


@pytest.mark.parametrize("options", [{}, {"replace": True}], ids=["", "replace"])
def test_what_another_task_has_built_since_the_survey_is_in_its_group(
    clouds: FakeOpenStack, region: Region, project: str, options: dict[str, Any]
) -> None:
    """It was a conflict, and with replace: true new servers were deleted."""
    region.nova.resources.add("os-server-groups", project, name="apart", policy="anti-affinity")
    wanted = replace(NUMBERED, server_group={"name": "apart"}, **options)
    changes(clouds, wanted, count=1)
    connection = connect(clouds, clock.turned(20.0))
    step = planned(connection, wanted)
    assert [each.action for each in changes(clouds, wanted)] == ["unchanged", "created", "created"]
    ids = [server.id for server in region.nova.servers]
    change = apply_step(connection, step)
    assert (change.error, [each.action for each in change.each]) == (None, ["unchanged"] * 3)
    assert [server.id for server in region.nova.servers] == ids


def test_a_port_that_another_task_has_attached_since_the_survey(
    clouds: FakeOpenStack, region: Region, project: str
) -> None:
    add_port(region, project)
    done(clouds)
    wanted = replace(WEB, networks=(Nic(network={"name": "private"}), Nic(port={"name": "front"})))
    connection = connect(clouds, clock.turned(20.0))
    step = planned(connection, wanted)
    assert done(clouds, wanted).action == "updated"
    change = apply_step(connection, step)
    assert (change.error, [each.action for each in change.each]) == (None, ["unchanged"])


def test_two_of_the_name(clouds: FakeOpenStack, region: Region) -> None:
    ids = sorted(add_server(region).id for _number in range(2))
    for state in ("present", "absent", "stopped"):
        error = refused(clouds, state=state)
        assert (error.kind, error.message) == ("conflict", f"2 servers are named 'web': {', '.join(ids)}")


def test_names_are_compared_exactly(clouds: FakeOpenStack, region: Region) -> None:
    """Nova takes a regular expression, and no heed of case."""
    add_server(region, "web-old")
    add_server(region, "WEB")
    assert done(clouds, state="absent").action == "unchanged"
    odd = replace(WEB, name="a.b (c)")
    add_server(region, "axb (c)")
    assert done(clouds, odd).action == "created"
    assert done(clouds, odd).action == "unchanged"


# Changes


def test_what_differs_is_changed(clouds: FakeOpenStack, region: Region, project: str) -> None:
    server = add_server(region, metadata={"role": "web", "old": "1", "mine": "x"}, tags=["a"])
    network(region.neutron, project, "second", "10.1.0.0/24")
    volume = region.cinder.add("volumes", project, name="data", size=1, status="available")
    wanted = WantedServer(
        "web",
        metadata={"role": "db", "old": None},
        tags=("b",),
        description="new",
        security_groups=({"name": "ssh"},),
        networks=(Nic(network={"name": "private"}), Nic(network={"name": "second"}, fixed_ip="10.1.0.7")),
        volumes=({"name": "data"},),
    )
    expected = {
        "metadata": {"role": "db", "old": None},
        "tags": ["b"],
        "description": "new",
        "security_groups": ["ssh"],
        "networks": [{"network": "second", "fixed_ip": "10.1.0.7"}],
        "volumes": [volume["id"]],
    }
    assert done(clouds, wanted, check=True).after == expected
    change = done(clouds, wanted)
    assert (change.action, change.after, change.notes) == ("updated", expected, ())
    assert change.before["metadata"] == {"role": "web", "old": "1"}
    assert (server.metadata, server.tags, server.description) == ({"role": "db", "mine": "x"}, ["b"], "new")
    assert (server.groups, server.addresses["second"]) == (["ssh"], ["10.1.0.7"])
    assert done(clouds, wanted).action == "unchanged"


def test_a_port_that_is_named(clouds: FakeOpenStack, region: Region, project: str) -> None:
    private = next(iter(region.neutron.items["networks"]))
    port = region.neutron.add("ports", project, name="front", network_id=private, fixed_ips=[])
    wanted = replace(WEB, networks=(Nic(port={"name": "front"}),))
    assert done(clouds, wanted).action == "created"
    assert done(clouds, wanted).action == "unchanged"
    assert done(clouds, wanted, state="absent").action == "deleted"
    assert (things(region)["ports"], region.neutron.items["ports"][port["id"]]["device_id"]) == (1, "")


def test_a_port_that_is_attached_is_not_awaited(clouds: FakeOpenStack, region: Region, project: str) -> None:
    """Nova answers once it is."""
    port = add_port(region, project)
    done(clouds)
    wanted = replace(WEB, networks=(Nic(network={"name": "private"}), Nic(port={"name": "front"})))
    clouds.counters.reset()
    change = done(clouds, wanted)
    assert (change.action, change.after, change.notes) == ("updated", {"networks": [{"port": port["id"]}]}, ())
    assert requests(clouds).count(LIST) == 3
    assert done(clouds, wanted).action == "unchanged"


def test_groups_that_nova_does_not_give_a_new_server(clouds: FakeOpenStack, region: Region, project: str) -> None:
    """It takes none for the group default, and lets existing ports have theirs: a server would have been open."""
    private = next(iter(region.neutron.items["networks"]))
    region.neutron.add(
        "ports", project, name="front", network_id=private, fixed_ips=[{"subnet_id": "s", "ip_address": "10.0.0.9"}]
    )
    for wanted in (
        replace(WEB, security_groups=()),
        replace(WEB, security_groups=({"name": "ssh"},), networks=(Nic(port={"name": "front"}),)),
    ):
        change = done(clouds, wanted)
        assert (change.action, change.notes) == ("created", ())
        assert region.nova.servers[0].groups == [group["name"] for group in wanted.security_groups or ()]
        assert done(clouds, wanted).action == "unchanged"
        done(clouds, wanted, state="absent")
    apart = replace(WEB, security_groups=({"name": "ssh"},), networks=())
    assert [done(clouds, apart).action for _run in range(2)] == ["created", "unchanged"]
    assert region.nova.servers[0].groups == []  # they would be those of its ports


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key_name": "ops"}, "key_name is None, not 'ops'"),
        ({"availability_zone": "other"}, "availability_zone is 'nova', not 'other'"),
        ({"config_drive": True}, "config_drive is False, not True"),
        ({"flavor": {"name": "m2"}}, "flavor is 'm1', not 'm2'"),
        ({"flavor": None, "vcpus": 2}, "flavor is {'vcpus': 1}, not {'vcpus': 2}"),
        ({"server_group": {"name": "apart"}}, "server_group is None, not 'apart'"),
        (
            {"networks": (Nic(network={"name": "private"}, fixed_ip="10.0.0.8"),)},
            "networks is {'private': ['10.0.0.9']}, not {'private': '10.0.0.8'}",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_changed(clouds: FakeOpenStack, region: Region, options: dict[str, Any], said: str) -> None:
    add_server(region)
    region.nova.resources.add(
        "os-server-groups", clouds["cloud1"].keystone.project_id("demo"), name="apart", policy="affinity"
    )
    for check in (True, False):
        error = refused(clouds, WEB, check=check, **options)
        assert (error.kind, error.message) == ("conflict", f"server 'web': {said}, and cannot be changed")
        assert "replace: true" in error.hint
    if "availability_zone" not in options:
        before = region.nova.servers[0].id
        change = done(clouds, WEB, replace=True, **options)
        assert (change.action, len(region.nova.servers)) == ("replaced", 1)
        assert region.nova.servers[0].id != before
        assert done(clouds, WEB, **options).action == "unchanged"


def test_nothing_is_deleted_for_want_of_what_replaces_it(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region)
    error = refused(clouds, replace=True, key_name="ops", networks=(Nic(network={"name": "absent"}),))
    assert "there is no network.network named 'absent' here" in error.message
    assert region.nova.servers == [server]
    region.fault("POST", "/servers$", Answer(500))
    error = refused(clouds, replace=True, key_name="ops")
    assert error.message.startswith("server 'web' was deleted to be replaced, and not built again: ")


def test_a_resize_is_allowed_and_confirmed(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region)
    change = done(clouds, resize=True, flavor={"name": "m2"})
    assert (change.action, change.before, change.after) == ("updated", {"flavor": "m1"}, {"flavor": "m2"})
    assert (server.status, change.output["server"]["flavor"]["name"]) == ("ACTIVE", "m2")
    for flavor in ("m2", "m1"):
        server.status = "VERIFY_RESIZE"  # a killed task has left it so
        change = done(clouds, resize=True, flavor={"name": flavor})
        assert (change.action, server.status, change.output["server"]["flavor"]["name"]) == (
            "updated",
            "ACTIVE",
            flavor,
        )


def test_the_least_flavor_that_suffices(clouds: FakeOpenStack, region: Region) -> None:
    change = done(clouds, flavor=None, vcpus=2, ram=100)
    assert change.output["server"]["flavor"]["name"] == "m2"
    assert done(clouds, flavor=None, ram=1000).action == "unchanged"
    error = refused(clouds, name="other", flavor=None, vcpus=2, disk=99)
    assert (error.kind, error.message) == ("refused", "no flavor here has vcpus 2, disk 99 GiB, and takes the image")
    assert len(region.nova.servers) == 1


# States


@pytest.mark.parametrize(
    ("state", "status", "then"),
    [
        ("started", "SHUTOFF", "ACTIVE"),
        ("started", "PAUSED", "ACTIVE"),
        ("started", "SUSPENDED", "ACTIVE"),
        ("started", "SHELVED_OFFLOADED", "ACTIVE"),
        ("stopped", "ACTIVE", "SHUTOFF"),
        ("shelved", "ACTIVE", "SHELVED_OFFLOADED"),
    ],
)
def test_states(clouds: FakeOpenStack, region: Region, state: str, status: str, then: str) -> None:
    server = add_server(region, status=status)
    wanted = WantedServer("web", state=state)
    checked = done(clouds, wanted, check=True)
    assert (checked.action, checked.before, checked.after) == ("updated", {"status": status}, {"status": then})
    change = done(clouds, wanted)
    assert (change.action, change.output["server"]["status"], server.status) == ("updated", then, then)
    assert done(clouds, wanted).action == "unchanged"
    assert done(clouds, wanted, state="rebooted", check=True).action == "updated"


def test_a_shelved_server_is_not_replaced_because_of_its_zone(clouds: FakeOpenStack, region: Region) -> None:
    """On no host, Nova shows none: the server would have been deleted."""
    add_server(region, status="SHELVED_OFFLOADED")
    wanted = WantedServer("web", availability_zone="nova", replace=True)
    change = done(clouds, wanted)
    assert change.action == "unchanged"
    assert "it is shelved, so that it was not compared" in change.notes[0]


def test_a_server_that_is_not_there_has_no_state(clouds: FakeOpenStack) -> None:
    for state in ("started", "stopped", "rebooted", "rebuilt", "shelved"):
        error = refused(clouds, state=state, check=True)
        assert (error.kind, error.message) == ("refused", "there is no server 'web' here")


def test_what_a_state_does_not_allow(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, status="RESCUE")
    error = refused(clouds, WantedServer("web", state="stopped"))
    assert (error.kind, "server 'web': Cannot 'os-stop'" in error.message) == ("conflict", True)


def test_rebooted_always_changes(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region)
    for kind in ("soft", "hard"):
        assert done(clouds, WantedServer("web", state="rebooted", reboot_type=kind)).action == "updated"


def test_rebuilt_if_the_image_differs_or_by_force(clouds: FakeOpenStack, region: Region) -> None:
    server = add_server(region)
    wanted = WantedServer("web", state="rebuilt", image={"name": "base"})
    assert done(clouds, wanted).action == "unchanged"
    assert done(clouds, wanted, force=True, user_data="new").action == "updated"
    assert server.user_data == "bmV3"
    (image,) = region.glance.images
    server.image_id = "other"
    change = done(clouds, wanted)
    assert (change.action, change.before, change.after) == ("updated", {"image": "other"}, {"image": image})
    assert server.image_id == image


# Several


def test_a_number_of_servers(clouds: FakeOpenStack, region: Region) -> None:
    made = changes(clouds, NUMBERED)
    assert [(each.output["name"], each.action) for each in made] == [(f"w-{n}", "created") for n in (1, 2, 3)]
    assert sorted(server.name for server in region.nova.servers) == ["w-1", "w-2", "w-3"]
    clouds.counters.reset()
    assert [each.action for each in changes(clouds, NUMBERED, count=4)] == [*["unchanged"] * 3, "created"]
    assert requests(clouds).count("POST /v2.1/servers") == 1
    assert [each.action for each in changes(clouds, NUMBERED, count=2, state="absent")] == ["deleted"] * 2
    assert sorted(server.name for server in region.nova.servers) == ["w-3", "w-4"]


def test_servers_are_awaited_together(clouds: FakeOpenStack, region: Region) -> None:
    """Not one request for each, whatever their number."""
    region.nova.builds.looks = 3
    changes(clouds, NUMBERED, count=6)
    assert requests(clouds, "compute").count(LIST) <= 2 + 4
    assert not any("{server_id}" in request for request in requests(clouds))


def test_one_that_fails_ends_nothing_but_itself(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.fails = lambda server: NO_HOST if server.name == "w-2" else None
    (result,) = results(clouds, NUMBERED)
    assert result.error
    assert (result.error.kind, result.error.message) == (
        "server",
        "server 'w-2' could not be built: No valid host was found",
    )
    assert result.value
    assert [each.output["name"] for each in result.value.each] == ["w-1", "w-3"]
    assert sorted(server.name for server in region.nova.servers) == ["w-1", "w-3"]


def test_a_quota(clouds: FakeOpenStack, region: Region, project: str) -> None:
    region.nova.resources.quotas[project] = {"instances": 2}
    (result,) = results(clouds, NUMBERED)
    assert result.error
    assert (result.error.kind, len(region.nova.servers)) == ("quota", 2)
    assert result.error.message.startswith("server 'w-3': Quota exceeded for instances")
    (result,) = results(clouds, replace(NUMBERED, count=9))
    assert result.error
    assert result.error.message.endswith("; the same of w-4, w-5, w-6 and 3 more")


# The quota of what is gone


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(
    "fields", [{}, {"status": "ERROR", "launched": False, "metadata": {KEY: "x"}}], ids=["replaced", "leftover"]
)
def test_a_quota_that_counts_what_was_deleted_for_a_while(
    clouds: FakeOpenStack, region: Region, project: str, fields: dict[str, Any], *, wait: bool
) -> None:
    old = add_server(region, project_id=project, **fields)
    region.nova.resources.quotas[project] = {"instances": 1}
    region.nova.limits.holds = 2
    change = done(clouds, replace=True, config_drive=True, wait=wait)
    assert change.action == ("created" if fields else "replaced")
    assert [server.id != old.id for server in region.nova.servers] == [True]
    assert requests(clouds).count("POST /v2.1/servers") == 3


def test_a_quota_that_stays_full(clouds: FakeOpenStack, region: Region, project: str) -> None:
    add_server(region, project_id=project)
    region.nova.resources.quotas[project] = {"instances": 1}
    region.nova.limits.holds = -1
    error = refused(clouds, replace=True, config_drive=True, wait_timeout=20.0)
    said = "server 'web' was deleted to be replaced, and not built again: Quota exceeded for instances: Requested 1, "
    assert (error.kind, error.message) == ("quota", f"{said}but already used 1 of 1 instances (HTTP 403)")
    assert (region.nova.servers, requests(clouds).count("POST /v2.1/servers") > 3) == ([], True)


def test_the_room_of_what_is_replaced_is_no_other_s(clouds: FakeOpenStack, region: Region, project: str) -> None:
    add_server(region, name="w-2", project_id=project)
    region.nova.resources.quotas[project] = {"instances": 1}
    region.nova.limits.holds = 1
    (result,) = results(clouds, replace(NUMBERED, count=2, replace=True, config_drive=True))
    assert [server.name for server in region.nova.servers] == ["w-2"]
    assert result.error
    assert result.error.message.startswith("server 'w-1': Quota exceeded for instances")
    assert requests(clouds).count("POST /v2.1/servers") == 3


# What is left of others, or of killed tasks


def test_one_that_is_being_built_is_awaited(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, status="BUILD", then="ACTIVE", tags=["x"])
    assert done(clouds, check=True).notes == (
        "it is being changed by the cloud (BUILD): it is compared when that is done",
    )
    change = done(clouds, tags=("y",))
    assert (change.action, change.output["server"]["status"]) == ("updated", "ACTIVE")


def test_a_leftover_that_failed_is_replaced(clouds: FakeOpenStack, region: Region) -> None:
    left = add_server(region, status="ERROR", launched=False, fault=NO_HOST, metadata={KEY: "x"})
    change = done(clouds)
    assert change.action == "created"
    assert [server.id for server in region.nova.servers] != [left.id]


def test_a_leftover_that_fails_while_it_is_awaited(clouds: FakeOpenStack, region: Region) -> None:
    left = add_server(region, status="BUILD", launched=False, then="ACTIVE", metadata={KEY: "x"})
    region.nova.builds.fails = lambda server: NO_HOST if server is left else None
    assert done(clouds).action == "created"
    assert [server.status for server in region.nova.servers] == ["ACTIVE"]


@pytest.mark.parametrize("fields", [{"launched": True, "metadata": {KEY: "x"}}, {"launched": False, "metadata": {}}])
def test_a_server_in_an_error_state_that_may_matter_is_kept(
    clouds: FakeOpenStack, region: Region, fields: dict[str, Any]
) -> None:
    """It has run, or is not of this collection."""
    add_server(region, status="ERROR", fault="the disk is gone\n at line 3", **fields)
    error = refused(clouds)
    said = "server 'web' is there, but in the status ERROR: the disk is gone at line 3"
    assert (error.kind, error.message) == ("conflict", said)
    assert done(clouds, replace=True).action == "replaced"


def test_one_that_is_being_deleted_makes_room(clouds: FakeOpenStack, region: Region) -> None:
    add_server(region, task_state="deleting", then="DELETED")
    assert done(clouds).action == "created"
    assert len(region.nova.servers) == 1


# Failures


def test_a_server_that_fails_is_removed(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.fails = lambda _server: NO_HOST
    error = refused(clouds)
    assert error.message == "server 'web' could not be built: No valid host was found"
    assert (error.residue, things(region)) == ([], NOTHING)


@pytest.mark.slow
def test_a_server_that_is_not_ready_in_time_is_removed(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.looks = 40
    error = refused(clouds, wait_timeout=20.0)
    assert error.kind == "timeout"
    assert error.message.startswith(
        "not finished within wait_timeout (20 s): server 'web' is still in the status BUILD"
    )
    assert [(server.task_state, server.then) for server in region.nova.servers] in ([], [("deleting", "DELETED")])


def test_a_missing_name_is_a_note_in_check_mode(clouds: FakeOpenStack) -> None:
    networks = (Nic(network={"name": "absent"}),)
    change = done(clouds, networks=networks, check=True)
    assert change.notes == ("there is no network.network named 'absent' here: it has to be created first",)
    assert refused(clouds, networks=networks).message == "there is no network.network named 'absent' here"


def test_without_waiting(clouds: FakeOpenStack, region: Region) -> None:
    change = done(clouds, wait=False)
    assert (change.action, region.nova.servers[0].status) == ("created", "BUILD")
    assert done(clouds, wait=False).action == "unchanged"
    region.nova.builds.look()
    region.nova.builds.look()
    assert done(clouds, wait=False, state="stopped").action == "updated"
    region.nova.builds.look()
    region.nova.builds.look()
    assert done(clouds, wait=False, state="absent").action == "deleted"


def test_a_cloud_that_refuses_says_why(clouds: FakeOpenStack, region: Region, project: str) -> None:
    network(region.neutron, project, "second", "10.1.0.0/24")
    error = refused(clouds, networks=None)
    assert (error.kind, "Multiple possible networks found" in error.message) == ("conflict", True)
    assert things(region) == NOTHING


def test_one_dead_cloud(fake_openstack: Any) -> None:
    clouds = furnished_clouds(fake_openstack, clouds=3)
    clouds["cloud2"]["r1"].refuse_connections("compute")
    ended = results(clouds, WEB)
    assert [result.error.kind if result.error else None for result in ended] == [None, "unreachable", None]
    assert [len(cloud["r1"].nova.servers) for cloud in clouds.clouds.values()] == [1, 0, 1]


def test_progress(clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress

    said: list[tuple[str, str]] = []
    enter = Progress.enter

    def noted(self: Progress, phase: str, total: int = 0, detail: str = "") -> None:
        said.append((phase, detail))
        enter(self, phase, total, detail)

    monkeypatch.setattr(Progress, "enter", noted)
    changes(clouds, NUMBERED, count=5)
    names = "w-1, w-2, w-3 and 2 more"
    assert said == [
        ("surveying", ""), ("working", ""), ("building", names), ("waiting for servers", names), ("done", ""),
    ]  # fmt: skip


# Services that turn requests away


@pytest.mark.parametrize(
    ("wanted", "method", "path", "status"),
    [
        (WantedServer("web", state="absent"), "DELETE", "/servers/", 503),
        (WantedServer("web", state="stopped"), "POST", "/action$", 429),
        (WantedServer("web", flavor={"name": "m2"}, resize=True), "POST", "/action$", 429),
        (WantedServer("web", tags=("a",)), "PUT", "/tags$", 503),
        (replace(WEB, name="new"), "POST", "/servers$", 429),
    ],
    ids=["delete", "stop", "resize", "edit", "create"],
)
def test_requests_are_repeated_until_timeout_and_not_until_wait_timeout(
    clouds: FakeOpenStack, region: Region, wanted: WantedServer, method: str, path: str, status: int
) -> None:
    add_server(region)
    timeout = clock.turned(10.0)
    busy = {"Retry-After": f"{timeout + 1:.0f}", "Content-Type": "application/json"}
    fault = region.fault(method, path, Answer(status, busy, b'{"error": {"message": "overloaded"}}'))
    (result,) = results(clouds, replace(wanted, wait_timeout=timeout), timeout=timeout)
    assert result.error
    assert "overloaded" in result.error.message
    assert fault.struck == 1
