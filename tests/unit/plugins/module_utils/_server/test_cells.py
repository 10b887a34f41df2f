# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers of a cell that Nova cannot reach: a list by name lacks them, and they are neither missing nor gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._server import apply
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.nova import is_settled
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import WantedServer
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.watch import wait_until
from tests.support.fake_openstack import FakeOpenStack, LoseAnswer, Region
from tests.support.run_core import connect
from tests.support.server_clouds import WEB, add_server, changes, refused, results

pytestmark = pytest.mark.usefixtures("fast_clock")

ABSENT = WantedServer("web", state="absent")
SAID = "Nova cannot reach the cell of 1 server, and 'web' may be among them"


class Forgetful(list[Any]):
    """The servers that were deleted before they reached a host: Nova does not show that they have changed."""

    def append(self, _server: Any) -> None:
        """Forget it."""


@pytest.fixture
def nova(region: Region) -> Any:
    """With a server of another name that it shows, and one that it does not."""
    add_server(region, "other")
    add_server(region, cell="cell2")
    region.nova.down = {"cell2"}
    return region.nova


@pytest.mark.parametrize("wanted", [WEB, ABSENT, replace(ABSENT, state="started")], ids=["present", "absent", "state"])
def test_one_that_may_be_there_is_not_taken_for_missing(clouds: FakeOpenStack, nova: Any, wanted: WantedServer) -> None:
    for check in (True, False):
        error = refused(clouds, wanted, check=check)
        assert (error.kind, error.message) == ("server", SAID)
    assert len(nova.servers) == 2
    nova.down = set()
    assert [change.action for change in changes(clouds, ABSENT)] == ["deleted"]


def test_those_that_are_shown_are_worked_on(clouds: FakeOpenStack, nova: Any) -> None:
    assert [change.action for change in changes(clouds, replace(ABSENT, name="other"))] == ["deleted"]
    assert [one.name for one in nova.servers] == ["web"]


def test_a_nova_that_does_not_tell_cannot_be_asked(
    clouds: FakeOpenStack, nova: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.fake_openstack import nova as stand_in

    monkeypatch.setattr(stand_in, "MAX_VERSION", (2, 60))
    assert [change.action for change in changes(clouds, ABSENT)] == ["unchanged"]
    assert len(nova.servers) == 2


def test_the_cell_goes_down_between_survey_and_lock(
    clouds: FakeOpenStack, nova: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nova.down = set()
    planned_again = apply._ServerWork._planned_again

    def down(self: Any, names: Any) -> Any:
        nova.down = {"cell2"}
        return planned_again(self, names)

    monkeypatch.setattr(apply._ServerWork, "_planned_again", down)
    assert refused(clouds, ABSENT).message == SAID
    assert len(nova.servers) == 2


def test_one_that_is_awaited_is_not_taken_for_gone(clouds: FakeOpenStack, nova: Any) -> None:
    server = next(one for one in nova.servers if one.name == "web")
    connection = connect(clouds, timeout=clock.turned(0.5))
    with pytest.raises(DeadlineError):
        wait_until(connection, {server.id: {"id": server.id, "name": "web", "status": "BUILD"}}, is_settled, by_name=1)


def test_what_is_known_not_to_be_there_is_gone(
    clouds: FakeOpenStack, nova: Any, region: Region, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others of the project are in that cell."""
    planned_again = apply._ServerWork._planned_again
    for name, fields in (("left", {"status": "ERROR", "metadata": {KEY: "ab"}, "launched": False}), ("other", {})):
        wanted = replace(ABSENT, name=name, wait_timeout=1e6)
        made = next((one for one in nova.servers if one.name == name), None) or add_server(region, name, **fields)
        nova.builds.deleted = Forgetful()
        assert [change.action for change in changes(clouds, wanted)] == ["deleted"]
        assert made not in nova.servers

    def gone(self: Any, names: Any) -> Any:
        nova.servers[:] = [one for one in nova.servers if one is not made]
        return planned_again(self, names)

    made = add_server(region, "other", id="0d8f4a54-9a1e-4e4e-8d5c-3f6f1e5c7b21")
    monkeypatch.setattr(apply._ServerWork, "_planned_again", gone)
    assert [change.action for change in changes(clouds, replace(ABSENT, name="other"))] == ["unchanged"]


def test_a_full_page_does_not_tell(clouds: FakeOpenStack, nova: Any) -> None:
    nova.page = 1
    assert [change.action for change in changes(clouds, ABSENT)] == ["unchanged"]


def test_one_whose_creation_was_not_answered_may_be_there(clouds: FakeOpenStack, region: Region) -> None:
    """It cannot be removed: nobody knows its ID."""
    fault = region.fault("POST", "/servers$", LoseAnswer())

    class Silent(set[str]):
        def __contains__(self, _cell: object) -> bool:
            return bool(fault.struck)

    region.nova.down = Silent()
    (result,) = results(clouds, WEB)
    assert result.error
    (residue,) = result.error.residue
    assert residue.startswith("whether the cloud has created server 'web' (")
    assert residue.endswith(f" is not known: {SAID}")
