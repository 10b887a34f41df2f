# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a server, by the real Nova and the real Glances.

Nova's fake hypervisor never sends the data of a snapshot. Where it has to come, the test sends it as a hypervisor does:
it sets the formats of the image that Nova has made, and then its data, as the user who asked for the snapshot.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.integration.image.lab import Lab, Site, by_region

pytestmark = pytest.mark.clouds

DATA = os.urandom(1 << 20)
PATCH = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
LIMIT = 60.0


@pytest.fixture(scope="module")
def server(_session_lab: Lab) -> Iterator[Any]:
    """A server in region south."""
    member = _session_lab.sites["south"].member
    made = member.compute.create_server(
        name=_session_lab.new_name(), image_id=member.image.find_image("base").id, **size_and_network(member)
    )
    yield member.compute.wait_for_server(made, interval=0.3, wait=LIMIT)
    member.compute.delete_server(made)


def size_and_network(member: Any) -> dict[str, Any]:
    network = member.network.find_network("private-demo")
    return {"flavor_id": member.compute.find_flavor("m1.nano").id, "networks": [{"uuid": network.id}]}


@contextmanager
def hypervisor(site: Site, name: str) -> Iterator[Callable[[], list[str]]]:
    """Send the data of each snapshot of the name; yields what lists the IDs of those that got theirs."""
    ended, sent = threading.Event(), list[str]()

    def work() -> None:
        params = {"name": f"{name}.uploading", "status": "queued"}
        while not ended.wait(0.1):
            for image in site.member.image.get("/images", params=params).json()["images"]:
                formats = {"disk_format": "raw", "container_format": "bare"}
                changes = [{"op": "replace", "path": f"/{key}", "value": value} for key, value in formats.items()]
                site.member.image.patch(f"/images/{image['id']}", json=changes, headers=PATCH)
                site.member.image.put(
                    f"/images/{image['id']}/file", data=DATA, headers={"Content-Type": "application/octet-stream"}
                )
                sent.append(image["id"])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: sent
    finally:
        ended.set()
        thread.join()


def test_a_server_is_published_everywhere_and_left_alone_then(lab: Lab, name: str, server: Any) -> None:
    """Where it is, by its snapshot; the other region of its cloud fetches that; another cloud is sent the data."""
    origin = {"location": "alpha/south", "server": server.name}
    sha512 = hashlib.sha512(DATA).hexdigest()
    planned = by_region(lab.run(name=name, _ansible_check_mode=True, **{"from": origin})["results"])
    assert planned["south"]["plan"]["scheme"] == "snapshot"
    assert lab.sites["south"].images(name) == []
    with hypervisor(lab.sites["south"], name) as sent:
        done = lab.run(name=name, **{"from": origin})
        assert done["failures"] == []
        schemes = {region: result["scheme"] for region, result in by_region(done["results"]).items()}
        assert schemes == {"south": "snapshot", "north": "glance_download", "east": "v2_put"}
        for site in lab.sites.values():
            (image,) = site.images(name)
            assert (image["name"], image["status"], image["os_hash_value"]) == (name, "active", sha512)
            assert image["owner_specified.oaktree.source_image"] == sent()[0]
            assert not {"instance_uuid", "base_image_ref", "owner_specified.oaktree.upload"} & image.keys()
        assert lab.sites["south"].active(name) == sent()
        assert lab.run(name=name, **{"from": {**origin, "server": server.id}})["changed"] is False
        assert len(sent()) == 1


def test_a_hypervisor_that_sends_nothing_leaves_nothing(lab: Lab, name: str, server: Any) -> None:
    origin = {"location": "alpha/south", "server": server.name}
    done = lab.run("east", name=name, stall_timeout=2, **{"from": origin})
    assert done["kind"] == "timeout"
    assert "nothing changed within stall_timeout (2 s)" in done["msg"], done["msg"]
    assert [site.images(name) for site in lab.sites.values()] == [[], [], []]


def test_a_server_that_boots_from_a_volume_is_refused(lab: Lab, name: str) -> None:
    """Nova makes the server in a moment, and its volume later: it shows no image from the beginning."""
    member = lab.sites["south"].member
    base = member.image.find_image("base")
    disk = {"uuid": base.id, "source_type": "image", "destination_type": "volume", "boot_index": 0, "volume_size": 1}
    volume = {**disk, "delete_on_termination": True}
    made = member.compute.create_server(name=name, block_device_mapping=[volume], **size_and_network(member))
    try:
        done = lab.run("east", name=name, **{"from": {"location": "alpha/south", "server": name}})
    finally:
        member.compute.wait_for_server(made, interval=0.3, wait=LIMIT)
        member.compute.delete_server(made)
    assert done["kind"] == "input"
    assert "boots from a volume: its snapshot would have no data" in done["msg"]
    assert lab.sites["south"].images(name) == []
