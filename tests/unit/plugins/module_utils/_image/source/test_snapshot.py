# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One snapshot: taken by old and new Novas, waited for, and removed whatever becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    InputError,
    OaktreeError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import find_server
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.snapshot import Snapshot, unfinished
from tests.support.fake_openstack import Action, Answer, FakeOpenStack, LoseAnswer
from tests.support.fake_openstack import nova as standin_nova
from tests.support.run_core import connect
from tests.support.server_site import NAME, SERVER, TAKE, ServerSite

STALL = 0.4


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> ServerSite:
    return ServerSite(fake_openstack(), tmp_path)


@pytest.fixture
def connection(site: ServerSite) -> Connection:
    return connect(site.clouds)


def snapshot(connection: Connection, **server: Any) -> Snapshot:
    found = find_server(connection, SERVER)
    return Snapshot({**found, **server}, NAME, Timeouts(20.0, 20.0, 20.0, STALL))


@pytest.mark.parametrize("version", [(2, 1), (2, 44), (2, 45), (2, 96)])
def test_the_answers_of_old_and_new_clouds(
    site: ServerSite, connection: Connection, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int]
) -> None:
    monkeypatch.setattr(standin_nova, "MAX_VERSION", version)
    taken = snapshot(connection)
    image = taken.take(connection)
    assert [image["id"]] == [taken.image_id] == site.home.nova.snapshots.taken
    assert (image["status"], image["name"], image["size"]) == ("active", f"{NAME}.uploading", len(site.server.disk))
    assert unfinished(connection, NAME) == ([], [image["id"]])
    assert taken.remove(connection) == taken.remove(connection) == ""
    assert site.images() == []


@pytest.mark.parametrize("action", [LoseAnswer(), Answer(504, after="work"), Answer(202, body=b"{}", after="work")])
def test_a_snapshot_whose_answer_is_lost_is_found(site: ServerSite, connection: Connection, action: Action) -> None:
    site.home.fault(*TAKE, action)
    assert snapshot(connection).take(connection)["status"] == "active"
    assert site.taken == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("action", "kind"), [(Answer(500), "server"), (Answer(409), "conflict"), (Answer(413), "quota")]
)
def test_a_snapshot_that_is_not_begun(site: ServerSite, connection: Connection, action: Action, kind: str) -> None:
    site.home.fault(*TAKE, action)
    taken = snapshot(connection)
    with pytest.raises(OaktreeError) as caught:
        taken.take(connection)
    assert (caught.value.kind, caught.value.residue, site.images()) == (kind, [], [])
    assert caught.value.message.startswith(f"the snapshot of the server {SERVER!r}: ")


@pytest.mark.slow
def test_a_hypervisor_at_work_gets_the_time_to_read_the_disk(site: ServerSite, connection: Connection) -> None:
    """Glance shows nothing meanwhile."""
    site.home.nova.snapshots.seconds = 3 * STALL
    assert snapshot(connection, flavor={"disk": 1}).take(connection)["status"] == "active"


def test_without_a_disk_to_read_it_has_stalled(site: ServerSite, connection: Connection) -> None:
    site.home.nova.snapshots.seconds = 3 * STALL
    with pytest.raises(DeadlineError, match="nothing changed within stall_timeout"):
        snapshot(connection, flavor={"disk": 0}).take(connection)
    assert site.images() == []


def test_an_image_without_data_is_refused_and_names_what_stays(site: ServerSite, connection: Connection) -> None:
    """A server that boots from a volume although Nova shows an image."""
    taken = snapshot(connection)
    site.server.image_id = None
    with pytest.raises(InputError, match="has no data: it is a snapshot of volumes") as caught:
        taken.take(connection)
    (left,) = caught.value.residue
    assert left.startswith("the snapshots ")
    assert left.endswith(" of volumes stay in the block storage")
    assert site.images() == []


def test_a_published_snapshot_is_neither_removed_nor_renamed(site: ServerSite, connection: Connection) -> None:
    taken = snapshot(connection)
    taken.take(connection)
    (image,) = site.images()
    del image.properties[UPLOAD]
    assert taken.remove(connection) == taken.keep(connection) == ""
    assert site.names() == [f"{NAME}.uploading"]


def test_what_cannot_be_looked_for_may_stay(site: ServerSite, connection: Connection) -> None:
    site.home.fault(*TAKE, Answer(500, after="work"))
    site.home.fault("GET", r"/v2/images", Answer(403))
    with pytest.raises(OaktreeError) as caught:
        snapshot(connection).take(connection)
    (left,) = caught.value.residue
    assert left.startswith(f"a snapshot named '{NAME}.uploading' may stay (Forbidden")
