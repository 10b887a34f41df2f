# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Building: lost answers, what is left of a failure, secrets in what Nova says, and volumes."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._server import boot as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._server import nova
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.boot import Launch, finish, launch, mask
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.names import blueprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import AUTO, BootVolume, WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack, LoseAnswer, Region
from tests.support.fake_openstack.nova_builds import NO_HOST
from tests.support.fake_openstack.nova_servers import Server
from tests.support.run_core import ask_one
from tests.support.server_clouds import NOTHING, WEB, add_server, done, refused, requests, results, things

pytestmark = pytest.mark.usefixtures("fast_clock")


def built(clouds: FakeOpenStack, name: str) -> Launch:
    def build(connection: Connection) -> Launch:
        begun = launch(connection, name, blueprint(connection, WEB))
        finish(connection, WEB, [begun])
        return begun

    launched = ask_one(clouds, build, 20.0).value
    assert launched
    return launched


def test_one_server_at_one_location(clouds: FakeOpenStack, region: Region) -> None:
    launched = built(clouds, "web")
    assert (launched.item["status"], launched.complete) == ("ACTIVE", True)
    region.nova.builds.fails = lambda _server: NO_HOST
    failed = built(clouds, "b")
    assert failed.error
    assert (failed.error.kind, failed.error.residue, len(region.nova.servers)) == ("server", [], 1)


def test_a_lost_answer_is_looked_for_and_not_asked_for_again(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("POST", "/servers$", LoseAnswer())
    assert done(clouds).action == "created"
    assert requests(clouds).count("POST /v2.1/servers") == 1
    assert len(region.nova.servers) == 1


def test_a_server_of_the_name_that_somebody_else_built_is_not_the_lost_one(
    clouds: FakeOpenStack, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has another mark: it is neither taken for ours nor removed."""
    fault = region.fault("POST", "/servers$", Answer(502))
    project, create = clouds["cloud1"].keystone.project_id("demo"), nova.create

    def created(connection: Connection, payload: object) -> str:
        region.add_server("web", project_id=project, metadata={KEY: "another"}, built=True)
        return create(connection, payload)

    monkeypatch.setattr(module, "create", created)
    error = refused(clouds)
    assert (error.kind, fault.struck) == ("server", 1)
    assert [server.metadata for server in region.nova.servers] == [{KEY: "another"}]


def test_whether_there_is_one_may_stay_unknown(clouds: FakeOpenStack, region: Region) -> None:
    region.fault("POST", "/servers$", LoseAnswer())
    region.fault("GET", "/servers/detail", Answer(500), first=3)
    error = refused(clouds)
    assert error.kind == "unreachable"
    assert error.residue[0].startswith(f"whether the cloud has created server 'web' ({KEY}: ")


def test_what_cannot_be_removed_is_said(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.fails = lambda _server: NO_HOST
    region.fault("DELETE", "/servers/", Answer(403))
    error = refused(clouds)
    (server,) = region.nova.servers
    assert error.residue[0].startswith(f"server 'web' ({server.id}) could not be removed: ")
    assert error.residue[0] in error.message


def test_what_cannot_be_removed_keeps_nothing_else(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.fails = lambda _server: NO_HOST
    region.fault("DELETE", "/servers/", Answer(403), first=2, times=1)
    (result,) = results(clouds, replace(WEB, name="w", count=3, floating_ip=AUTO))
    assert result.error
    (server,) = region.nova.servers
    (said,) = result.error.residue
    assert said.startswith(f"server '{server.name}' ({server.id}) could not be removed: ")
    assert (server.name, things(region)["servers"]) == ("w-2", 1)


def test_user_data_are_not_shown_by_what_nova_refuses(clouds: FakeOpenStack, region: Region) -> None:
    secret = "password: hunter2\n" * 4000
    error = refused(clouds, user_data=secret)
    encoded = base64.b64encode(secret.encode()).decode()
    assert "user_data" in error.message
    assert not any(encoded[at : at + 12] in error.message for at in range(0, 60, 12))
    assert things(region) == NOTHING
    done(clouds, user_data="small")
    assert region.nova.servers[0].user_data == base64.b64encode(b"small").decode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Value: c2VjcmV0IHRleHQ=. too long", f"Value: {MASK}. too long"),
        ("{'user_data': 'c2VjcmV0IHRl...", f"{{'user_data': '{MASK}..."),
        ("No security group default found", "No security group default found"),
    ],
)
def test_masks(said: str, shown: str) -> None:
    error = RefusedError(said)
    mask(error, "c2VjcmV0IHRleHQ=")
    assert error.message == shown


# Volumes


@pytest.mark.parametrize("lasting", [False, True])
def test_a_boot_volume_goes_with_a_server_that_fails(clouds: FakeOpenStack, region: Region, *, lasting: bool) -> None:
    own = region.cinder.add("volumes", clouds["cloud1"].keystone.project_id("demo"), name="data", size=1)
    wanted = replace(
        WEB, boot_volume=BootVolume(2, delete_on_termination=not lasting), volumes=({"name": "data"},), floating_ip=AUTO
    )
    region.nova.builds.fails = lambda _server: NO_HOST
    error = refused(clouds, wanted)
    assert (error.residue, things(region)) == ([], {**NOTHING, "volumes": 1})
    region.nova.builds.fails = lambda _server: None
    created = done(clouds, wanted)
    assert (created.action, created.output["server"]["image"]) == ("created", None)
    assert things(region)["volumes"] == 2
    again = done(clouds, wanted)
    assert again.action == "unchanged"
    assert "image: the cloud does not show that of a server that boots from a volume" in again.notes
    done(clouds, WantedServer("web", state="absent"))
    assert things(region) == {**NOTHING, "volumes": 2 if lasting else 1}
    assert own["id"] in region.cinder.items["volumes"]


def test_a_lasting_boot_volume_goes_with_a_leftover(clouds: FakeOpenStack, region: Region) -> None:
    wanted = replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False))
    region.nova.builds.fails = lambda _server: NO_HOST
    done(clouds, wanted, wait=False)
    region.nova.builds.look()
    region.nova.builds.look()
    assert [server.status for server in region.nova.servers] == ["ERROR"]
    region.nova.builds.fails = lambda _server: None
    assert done(clouds, wanted).action == "created"
    assert things(region) == {"servers": 1, "ports": 1, "volumes": 1, "floating_ips": 0}


NOT_SHOWN = "could not be removed: Nova did not show it; if it was still being made, it stays, and has no name"


def test_a_lasting_boot_volume_that_nova_does_not_show_yet(clouds: FakeOpenStack, region: Region) -> None:
    region.nova.builds.copies = -1
    region.nova.builds.fails = lambda _server: "Build of instance x aborted: Volume y did not finish being created"
    error = refused(clouds, replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False)))
    (server,) = region.nova.builds.deleted
    assert error.residue == [f"the boot volume of server 'web' ({server.id}) {NOT_SHOWN}"]
    assert things(region) == {**NOTHING, "volumes": 1}


@pytest.mark.parametrize("fault", [f"{NO_HOST}There are not enough hosts.", "Build aborted: Volume quota exceeded."])
def test_no_volume_is_missed_where_none_can_have_been_made(clouds: FakeOpenStack, region: Region, fault: str) -> None:
    region.nova.builds.copies = -1
    region.nova.builds.fails = lambda _server: fault
    assert refused(clouds, replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False))).residue == []


def test_a_lasting_boot_volume_that_nova_shows_while_it_deletes_the_server(
    clouds: FakeOpenStack, region: Region
) -> None:
    wanted = replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False))
    region.nova.builds.copies = -1

    def fault(_server: Server) -> str:
        region.nova.builds.copies = 2  # the list before the deletion does not show it, that after it does
        return "Build of instance x aborted"

    region.nova.builds.fails = fault
    error = refused(clouds, wanted)
    assert (error.residue, things(region)) == ([], NOTHING)


def test_a_lasting_boot_volume_of_a_leftover_that_nova_does_not_show(clouds: FakeOpenStack, region: Region) -> None:
    wanted = replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False))
    left = add_server(region, status="ERROR", launched=False, fault="Build aborted", metadata={KEY: "x"})
    change = done(clouds, wanted)
    assert change.action == "created"
    assert f"the boot volume of server 'web' ({left.id}) {NOT_SHOWN}" in change.notes


def test_what_stays_of_a_leftover_is_said_where_the_new_server_is_refused(
    clouds: FakeOpenStack, region: Region
) -> None:
    left = add_server(region, status="ERROR", launched=False, fault="Build aborted", metadata={KEY: "x"})
    region.fault("POST", "/servers$", Answer(400))
    error = refused(clouds, replace(WEB, boot_volume=BootVolume(2, delete_on_termination=False)))
    assert error.residue == [f"the boot volume of server 'web' ({left.id}) {NOT_SHOWN}"]
