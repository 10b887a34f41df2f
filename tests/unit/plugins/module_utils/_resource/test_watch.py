# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for states that come, that never come, and that are errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    DeadlineError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.watch import (
    BrokenError,
    is_ready,
    wait_until_gone,
    wait_until_ready,
    when_mutable,
)
from tests.support.fake_openstack import Answer, FakeOpenStack, Region
from tests.support.run_core import connect

pytestmark = pytest.mark.usefixtures("fast_clock")

ZONE = kind_of("dns.zone")


@pytest.fixture
def zone(region: Region, project: str) -> dict[str, Any]:
    made: dict[str, Any] = region.designate.add("zones", project, name="a.", status="PENDING")
    return made


@pytest.mark.parametrize(
    ("name", "item", "ready"),
    [
        ("dns.zone", {"status": "ACTIVE"}, True),
        ("dns.zone", {"status": "PENDING"}, False),
        ("dns.zone", {}, False),
        ("block_storage.volume", {"status": "in-use"}, True),
        ("block_storage.volume", {"status": "backing-up"}, True),
        ("block_storage.volume", {"status": "awaiting-transfer"}, True),
        ("block_storage.volume", {"status": "maintenance"}, True),
        ("block_storage.volume", {"status": "reserved"}, True),
        ("block_storage.volume", {"status": "restoring-backup"}, False),
        ("block_storage.volume", {"status": "error_restoring"}, False),
        ("block_storage.backup", {"status": "restoring"}, True),
        ("shared_file_system.share", {"status": "migrating"}, True),
        ("load_balancer.pool", {"provisioning_status": "PENDING_CREATE"}, False),
        ("network.network", {"status": "DOWN"}, True),
        ("network.router", {"status": "BUILD"}, True),
    ],
)
def test_what_is_ready(name: str, item: dict[str, str], *, ready: bool) -> None:
    assert is_ready(kind_of(name), item) is ready


def test_a_state_that_comes(clouds: FakeOpenStack, region: Region, zone: dict[str, Any]) -> None:
    region.designate.looks = 2
    connection = connect(clouds, timeout=1000.0)
    assert wait_until_ready(connection, ZONE, f"/zones/{zone['id']}", zone)["status"] == "ACTIVE"
    assert clouds.counters.requests(service="dns", method="GET", path="/v2/zones/{id}") == 3


def test_a_state_that_never_comes(clouds: FakeOpenStack, region: Region, zone: dict[str, Any]) -> None:
    region.designate.looks = -1
    connection = connect(clouds, timeout=1000.0)
    connection.deadline = Deadline(5.0, "wait_timeout")
    with pytest.raises(DeadlineError, match=r"wait_timeout \(5 s\): the dns\.zone is still PENDING"):
        wait_until_ready(connection, ZONE, f"/zones/{zone['id']}", zone)


def test_a_state_that_is_an_error(clouds: FakeOpenStack, region: Region, zone: dict[str, Any]) -> None:
    region.designate.looks, region.designate.outcome = 0, "ERROR"
    with pytest.raises(BrokenError, match=r"dns\.zone: its status is ERROR"):
        wait_until_ready(connect(clouds, timeout=1000.0), ZONE, f"/zones/{zone['id']}", zone)


def test_the_reason_of_an_error(clouds: FakeOpenStack) -> None:
    broken = {"status": "error", "fail_reason": "no space"}
    with pytest.raises(ServerError, match="its status is error: no space"):
        wait_until_ready(connect(clouds), kind_of("block_storage.backup"), "/backups/x", broken)


def test_what_disappears_while_it_is_awaited(clouds: FakeOpenStack) -> None:
    with pytest.raises(ServerError, match="deleted by somebody else"):
        wait_until_ready(connect(clouds, timeout=1000.0), ZONE, "/zones/none", {"status": "PENDING"})


def test_the_end(clouds: FakeOpenStack, region: Region, zone: dict[str, Any]) -> None:
    zone |= {"status": "PENDING", "action": "DELETE"}
    wait_until_gone(connect(clouds, timeout=1000.0), ZONE, f"/zones/{zone['id']}", zone)
    assert clouds.counters.requests(service="dns", path="/v2/zones/{id}") == 2
    assert region.designate.items["zones"] == {}


def test_an_end_that_never_comes(clouds: FakeOpenStack, region: Region, zone: dict[str, Any]) -> None:
    zone |= {"status": "PENDING", "action": "DELETE"}
    region.designate.looks = -1
    connection = connect(clouds, timeout=1000.0)
    connection.deadline = Deadline(5.0, "wait_timeout")
    with pytest.raises(DeadlineError, match=r"wait_timeout \(5 s\): the dns\.zone is still PENDING"):
        wait_until_gone(connection, ZONE, f"/zones/{zone['id']}", zone)


def test_what_is_shown_although_it_is_deleted(clouds: FakeOpenStack, region: Region) -> None:
    body = b'{"pool": {"id": "p", "provisioning_status": "DELETED"}}'
    region.fault("GET", "/pools/", Answer(200, {"Content-Type": "application/json"}, body))
    wait_until_gone(connect(clouds), kind_of("load_balancer.pool"), "/lbaas/pools/p", {})


def test_an_end_that_fails(clouds: FakeOpenStack, region: Region) -> None:
    body = b'{"volume": {"id": "v", "status": "error_deleting"}}'
    region.fault("GET", "/volumes/", Answer(200, {"Content-Type": "application/json"}, body))
    kind = kind_of("block_storage.volume")
    connection = connect(clouds)
    with pytest.raises(ServerError, match="cannot be deleted: its status is error_deleting"):
        wait_until_gone(connection, kind, "/volumes/v", {})


def failing(error: ConflictError, times: int) -> Callable[[], int]:
    """Raises the error so often, then returns how often it was called."""
    calls = [0]

    def ask() -> int:
        calls[0] += 1
        if calls[0] <= times:
            raise error
        return calls[0]

    return ask


IMMUTABLE = ConflictError("Load Balancer x is immutable and cannot be updated. (HTTP 409)")


def test_a_load_balancer_that_is_being_changed(clouds: FakeOpenStack) -> None:
    connection = connect(clouds, timeout=1000.0)
    assert when_mutable(connection, kind_of("load_balancer.pool"), failing(IMMUTABLE, 3)) == 4
    connection.deadline = Deadline(3.0)
    with pytest.raises(ConflictError):
        when_mutable(connection, kind_of("load_balancer.pool"), failing(IMMUTABLE, 1000))


@pytest.mark.parametrize(
    ("name", "error"),
    [("load_balancer.pool", ConflictError("Another of the name")), ("network.network", IMMUTABLE)],
)
def test_other_conflicts_are_what_they_are(clouds: FakeOpenStack, name: str, error: ConflictError) -> None:
    with pytest.raises(ConflictError):
        when_mutable(connect(clouds), kind_of(name), failing(error, 1))
