# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes are made of nothing, of images and of each other, grow, and serve servers."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openstack
import pytest
from openstack.connection import Connection
from openstack.exceptions import BadRequestException

from tests.integration.clouds.conftest import LIMIT, Boot
from tests.support.local_clouds.layout import CLOUDS, REGIONS
from tests.support.wait import until

pytestmark = pytest.mark.clouds

MIB = 1 << 20

Create = Callable[..., Any]
"""Makes a volume. openstacksdk cannot know of which version of the API it is."""


def reach(connection: Connection, volume: Any, status: str, limit: float = LIMIT) -> Any:
    """The volume once it has a status."""

    def reached() -> bool:
        now = connection.block_storage.get_volume(volume.id)
        assert not now.status.startswith("error"), now.status
        return bool(now.status == status)

    until(reached, seconds=limit, pause=0.3)
    return connection.block_storage.get_volume(volume.id)


@pytest.fixture
def undone() -> Iterator[ExitStack]:
    """What is to be undone after the test, the last of it first: a volume with snapshots cannot be deleted."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def create(connection: Connection, undone: ExitStack) -> Create:
    """Make a volume and wait until it can be used; it is deleted after the test."""

    def make(**properties: object) -> Any:
        volume: Any = connection.block_storage.create_volume(name=f"probe-{secrets.token_hex(4)}", **properties)
        undone.callback(connection.block_storage.wait_for_delete, volume, interval=0.3, wait=LIMIT)
        undone.callback(connection.block_storage.delete_volume, volume)
        return reach(connection, volume, "available")

    return make


@pytest.fixture
def create_snapshot(connection: Connection, undone: ExitStack) -> Create:
    """Make a snapshot of a volume and wait until it can be used; it is deleted after the test."""

    def make(**properties: object) -> Any:
        snapshot: Any = connection.block_storage.create_snapshot(**properties)
        undone.callback(connection.block_storage.wait_for_delete, snapshot, interval=0.3, wait=LIMIT)
        undone.callback(connection.block_storage.delete_snapshot, snapshot)
        return connection.block_storage.wait_for_status(snapshot, "available", interval=0.3, wait=LIMIT)

    return make


def test_a_volume_grows(connection: Connection, create: Create) -> None:
    volume = create(size=1)
    connection.block_storage.extend_volume(volume, 3)
    until(lambda: connection.block_storage.get_volume(volume.id).size == 3, seconds=LIMIT, pause=0.3)
    reach(connection, volume, "available")


def test_a_snapshot_and_volumes_of_it_and_of_another_volume(create: Create, create_snapshot: Create) -> None:
    volume = create(size=1)
    snapshot = create_snapshot(volume_id=volume.id)
    restored, clone = create(size=2, snapshot_id=snapshot.id), create(size=1, source_volume_id=volume.id)
    assert (restored.size, restored.snapshot_id) == (2, snapshot.id)
    assert (clone.size, clone.source_volume_id) == (1, volume.id)


def test_an_image_becomes_a_volume(connection: Connection, create: Create) -> None:
    base = connection.image.find_image("base", ignore_missing=False)
    volume = create(size=1, image_id=base.id)
    assert volume.is_bootable is True
    assert volume.volume_image_metadata["image_id"] == base.id


@pytest.mark.parametrize("region", [REGIONS[-1]], ids=["east"], indirect=True)
def test_data_pass_from_an_image_through_volumes_and_snapshots_to_an_image(
    connection: Connection, create: Create, create_snapshot: Create
) -> None:
    base = connection.image.find_image("base", ignore_missing=False)
    restored = create(size=1, snapshot_id=create_snapshot(volume_id=create(size=1, image_id=base.id).id).id)
    volume = create(size=1, source_volume_id=restored.id)
    body: dict[str, Any] = {"revert": {"snapshot_id": create_snapshot(volume_id=volume.id).id}}
    assert connection.block_storage.post(f"/volumes/{volume.id}/action", json=body, microversion="3.40").ok
    reach(connection, volume, "available")
    body = {"os-volume_upload_image": {"image_name": "probe", "disk_format": "raw", "container_format": "bare"}}
    answer = connection.block_storage.post(f"/volumes/{volume.id}/action", json=body)
    image_id = answer.json()["os-volume_upload_image"]["image_id"]
    try:
        reach(connection, volume, "available", limit=4 * LIMIT)
        image = connection.image.get_image(image_id)
        assert (image.status, image.size) == ("active", 1024 * MIB)
        begin = {"Range": f"bytes=0-{MIB - 1}"}
        assert (
            connection.image.get(f"/images/{image_id}/file", headers=begin).content
            == base.download(connection.image).content
        )
    finally:
        connection.image.delete_image(image_id)


def test_a_volume_is_attached_to_a_server(connection: Connection, create: Create, boot: Boot) -> None:
    volume, server = create(size=1), boot()
    connection.compute.create_volume_attachment(server, volume_id=volume.id)
    [attachment] = reach(connection, volume, "in-use").attachments
    assert attachment["server_id"] == server.id
    assert [each.id for each in connection.compute.get_server(server).attached_volumes] == [volume.id]
    with pytest.raises(BadRequestException):
        connection.block_storage.delete_volume(volume)
    connection.compute.delete_volume_attachment(server, volume.id)
    reach(connection, volume, "available")


def test_a_server_boots_from_a_volume_that_goes_with_it(connection: Connection, boot: Boot) -> None:
    root = {
        "boot_index": 0,
        "uuid": connection.image.find_image("base", ignore_missing=False).id,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": 1,
        "delete_on_termination": True,
    }
    server = boot(image_id="", block_device_mapping=[root])
    [attached] = connection.compute.get_server(server).attached_volumes
    volume = connection.block_storage.get_volume(attached.id)
    assert (volume.status, volume.is_bootable) == ("in-use", True)
    connection.compute.delete_server(server)
    until(lambda: connection.block_storage.find_volume(attached.id) is None, seconds=LIMIT, pause=0.3)


@pytest.mark.usefixtures("clouds_yaml")
def test_both_services_of_a_process_report_that_they_live() -> None:
    admin = openstack.connect(f"{CLOUDS[-1].name}-admin", region_name=REGIONS[-1].name).block_storage

    def reports() -> dict[str, str]:
        return {service.binary: service.updated_at for service in admin.services() if service.state == "up"}

    before = reports()
    assert before.keys() == {"cinder-volume", "cinder-scheduler"}
    until(lambda: all(reports()[name] > before[name] for name in before), seconds=LIMIT, pause=1)
