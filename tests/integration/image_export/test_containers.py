# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images brought to object stores: whole and right, or nothing of them."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest
import requests

from tests.integration.image_export.lab import MIB, REGIONS, SIZE, ExportLab, Site, digests
from tests.support import upload_markers
from tests.support.fake_openstack import Answer
from tests.support.wait import until

pytestmark = pytest.mark.clouds


@pytest.mark.usefixtures("_segmented")
@pytest.mark.parametrize("region", REGIONS)
def test_a_container_in_every_region(lab: ExportLab, name: str, data: bytes, container: str, region: str) -> None:
    site = lab.sites[region]
    options = {"image": name, "container": container}
    planned = lab.done(region, **options, _ansible_check_mode=True)
    assert (planned["action"], planned["checksum"], site.objects(container)) == ("created", digests(data), None)
    first = lab.done(region, **options)
    assert (first["action"], first["method"], first["size"]) == ("created", "stream", SIZE)
    assert first["checksum"] == digests(data)
    assert first["export_location"].endswith(f"/{container}/{name}.raw")
    assert site.content(container, f"{name}.raw") == data
    assert len(site.objects(container) or ()) == 5
    lab.heal()
    assert lab.done(region, **options) == {**first, "action": "unchanged", "method": None}
    assert site.downloads() == 0
    assert site.swift.counters.requests(method="PUT") == 0


def test_memory_holds_no_more_than_a_piece(lab: ExportLab, north: Site, container: str) -> None:
    """The data is thirty times what the process may grow by."""
    name = f"t-export-{uuid.uuid4().hex[:8]}"
    north.add_image(name, bytes(256 * MIB))
    try:
        small, large = peak(lab, "base", container), peak(lab, name, container)
    finally:
        north.delete_images(name)
    assert large - small < 8 * MIB


def peak(lab: ExportLab, image: str, container: str) -> int:
    """Bytes of memory that a process takes which exports this."""
    with lab.start(image=image, container=container) as process:
        output, _errors = process.communicate(timeout=120) if (status := peak_of(process)) is None else ("", "")
    assert '"failures": []' in output or status
    return status or 0


def peak_of(process: subprocess.Popen[str]) -> int | None:
    high = 0
    while process.poll() is None:
        try:
            text = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
        except OSError:
            break
        for line in text.splitlines():
            if line.startswith("VmHWM:"):
                high = max(high, int(line.split()[1]) << 10)
        time.sleep(0.02)
    assert process.wait() == 0
    return high


@pytest.mark.usefixtures("_segmented")
def test_a_signed_url_takes_the_image_to_another_cloud(
    lab: ExportLab, north: Site, name: str, data: bytes, container: str
) -> None:
    done = lab.done(image=name, container=container, object="given", tempurl=True, expires_in=600)
    headers = north.member.object_store.head(f"/{container}/given").headers
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(headers["X-Delete-At"])))
    assert done["expires_at"] == expires
    assert requests.get(done["tempurl"], timeout=30).content == data
    copy = f"{name}-copy"
    try:
        published = lab.publish("east", name=copy, url=done["tempurl"])
    finally:
        lab.sites["east"].delete_images(copy)
    assert published["image"]["hash_value"] == hashlib.sha512(data).hexdigest() == done["checksum"]["sha512"]


@pytest.mark.usefixtures("_segmented")
def test_an_object_is_replaced_with_its_segments(
    lab: ExportLab, north: Site, name: str, data: bytes, container: str
) -> None:
    lab.done(image=name, container=container, object="image")
    other = north.add_image(f"{name}-2", data[::-1])
    try:
        done = lab.done(image=other, container=container, object="image")
    finally:
        north.delete_images(f"{name}-2")
    assert done["action"] == "replaced"
    assert north.content(container, "image") == data[::-1]
    assert len(north.objects(container) or ()) == 5


@pytest.mark.usefixtures("_segmented")
def test_an_object_that_cannot_be_replaced_stays(
    lab: ExportLab, north: Site, name: str, data: bytes, container: str
) -> None:
    lab.done(image=name, container=container, object="image")
    before = north.objects(container)
    other = north.add_image(f"{name}-2", data[::-1])
    north.swift.fault("PUT", "multipart-manifest=put", Answer(403))
    try:
        assert lab.failure(image=other, container=container, object="image")["kind"] == "refused"
    finally:
        north.delete_images(f"{name}-2")
    assert north.content(container, "image") == data
    assert north.objects(container) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_leaves_no_object_and_no_container(
    lab: ExportLab, north: Site, name: str, container: str, number: signal.Signals
) -> None:
    north.swift.pace = 0.3
    with lab.start(image=name, container=container) as process:
        until(lambda: north.swift.counters.bytes_received > 0)
        process.send_signal(number)
        process.wait(30)
    assert north.objects(container) is None


@pytest.mark.usefixtures("_segmented")
def test_what_a_killed_run_left_goes_with_the_next(
    lab: ExportLab, north: Site, name: str, data: bytes, container: str
) -> None:
    lab.done(image=name, container=container, object="image")
    for leftover in range(3):
        headers = {"X-Object-Meta-Oaktree-Upload": upload_markers.dead()}
        path = f"/{container}/image.segments/dead/{MIB}/{leftover:08}"
        north.member.object_store.put(path, data=b"x", headers=headers)
    other = north.add_image(f"{name}-2", data[::-1])
    try:
        lab.done(image=other, container=container, object="image")
    finally:
        north.delete_images(f"{name}-2")
    assert len(north.objects(container) or ()) == 5
    assert north.content(container, "image") == data[::-1]
