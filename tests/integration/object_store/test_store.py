# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works while nothing fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Container
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import (
    Body,
    File,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import assemble, remove
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.responses import Segment
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.segments import make_parts
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import FileUpload
from tests.integration.object_store.lab import MIB, NAME, PACE, PARTS, Lab

pytestmark = pytest.mark.clouds


def test_segments_become_one_object(anywhere: Lab) -> None:
    swift = anywhere.swift()
    stored = anywhere.upload(swift)
    assert (len(stored.segments), stored.size, stored.sent) == (PARTS, PARTS * MIB, PARTS * MIB)
    assert anywhere.matches(stored)
    assert anywhere.proxy.counters.bytes_received < PARTS * MIB + 4096
    assert remove(swift, stored.container, stored.name) == ""
    assert anywhere.names() == []


def test_costs(north: Lab) -> None:
    swift = north.swift()
    swift.connection.authenticate()
    swift.connection.requests = 0
    stored = north.upload(swift)
    assert swift.connection.requests == 1 + PARTS + 2
    remove(swift, stored.container, stored.name)
    assert swift.connection.requests == 1 + PARTS + 2 + 2


def test_the_last_segment_is_shorter(north: Lab) -> None:
    north.write(2 * MIB + 5)
    stored = north.upload()
    assert [segment.size for segment in stored.segments] == [MIB, MIB, 5]
    assert north.matches(stored)


def test_one_part_is_a_plain_object(north: Lab) -> None:
    north.write(MIB)
    swift = north.swift()
    swift.connection.authenticate()
    swift.connection.requests = 0
    stored = north.upload(swift)
    assert (stored.segments, stored.sent, swift.connection.requests) == ((), MIB, 3)
    assert north.matches(stored)
    assert north.upload(swift).sent == 0
    assert remove(swift, stored.container, stored.name) == ""
    assert north.names() == []


class Counting(File):
    """A file that counts the bytes read of it."""

    total = 0

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        Counting.total += length
        return super().read(offset, length)


def test_the_file_is_read_for_its_md5s_and_to_be_sent(north: Lab) -> None:
    Counting.total = 0
    FileUpload(north.swift(), Counting(north.path, PARTS * MIB), north.target(), PACE).run()
    assert Counting.total == 2 * PARTS * MIB


def test_everything_expires(north: Lab) -> None:
    stored = north.upload(lifetime=600)
    url = north.direct._service
    expiries = {
        name: int(url.request("HEAD", f"/{stored.container}/{name}").headers["X-Delete-At"])
        for name in (stored.name, *(segment.name for segment in stored.segments))
    }
    assert all(590 <= expiry - time.time() <= 601 for expiry in expiries.values())
    assert expiries[stored.name] == min(expiries.values())


def test_without_a_lifetime_nothing_expires(north: Lab) -> None:
    stored = north.upload(lifetime=None)
    for name in (stored.name, stored.segments[0].name):
        assert "X-Delete-At" not in north.direct._service.request("HEAD", f"/{stored.container}/{name}").headers


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_signed_urls(north: Lab, digest: str) -> None:
    signs = north.signer(digest)
    soon = int(time.time()) + 60
    target = f"{north.container.name}/übung mit/leer zeichen"
    url = signs.url("PUT", target, soon)
    assert requests.put(url, data=b"by hand", timeout=5).status_code == 201
    assert requests.get(url, timeout=5).status_code == 401
    assert requests.get(signs.url("GET", target, soon), timeout=5).content == b"by hand"
    assert requests.get(signs.url("GET", target, soon - 120), timeout=5).status_code == 401
    assert signs.key not in repr(signs)


def test_segments_that_others_sent_become_one_object(north: Lab) -> None:
    """By signed URLs, without a credential."""
    signs, target, segments = north.signer("sha256"), north.target(), []
    for part in make_parts(PARTS * MIB, 2 * MIB):
        body = Body(north.file(), part.offset, part.length, lambda: None)
        segment = Segment(target.segment_name(part, 2 * MIB), part.length, body.md5())
        url = signs.url("PUT", f"{target.container}/{segment.name}", int(time.time()) + 60)
        headers = {**target.headers(segment.name), "Etag": segment.etag}
        assert requests.put(url, data=body, headers=headers, timeout=5).status_code == 201
        segments.append(segment)
    there = assemble(north.direct, target, segments, began=time.monotonic(), stall_timeout=5)
    assert (there.size, north.content()) == (PARTS * MIB, north.path.read_bytes())
    assert {orphan.marker for orphan in north.orphans()} == set()


def test_a_key_is_set_once_and_never_replaced(north: Lab) -> None:
    first = north.signer("sha256")
    assert north.signer("sha256") == first
    north.direct.update_container(north.container.name, {"X-Container-Meta-Temp-URL-Key": "theirs"})
    assert north.signer("sha256").key == "theirs"


def test_no_key_is_set_on_the_container_of_others(north: Lab) -> None:
    with pytest.raises(RefusedError, match="key for signed URLs"):
        north.signer("sha256", ours=False)
    assert "X-Container-Meta-Temp-Url-Key" not in (north.direct.container_headers(north.container.name) or {})


def test_only_containers_that_we_made_are_removed(north: Lab) -> None:
    name = f"{north.container.name}-theirs"
    north.direct._service.request("PUT", f"/{name}")
    try:
        theirs = north.direct.ensure_container(name)
        assert theirs == Container(name, ours=False)
        assert not north.direct.delete_container(theirs)
        assert name in north.direct.containers(north.container.name)
    finally:
        north.direct.delete_container(replace(theirs, ours=True))
    assert north.direct.containers(name) == []
    assert north.direct.ensure_container(north.container.name).ours


def test_a_container_in_use_stays(north: Lab) -> None:
    north.upload()
    assert not north.direct.delete_container(north.container)


def test_orphans_are_what_no_manifest_uses(north: Lab) -> None:
    assert north.orphans() == []
    stored = north.upload()
    assert north.orphans() == []
    north.write()
    other = north.upload(name="else", marker="hôst/boot/2/2")
    left = [segment.name.replace("else", NAME) for segment in other.segments]
    for segment, name in zip(other.segments, left, strict=True):
        source = f"{north.container.name}/{segment.name}"
        north.direct._service.request("PUT", f"/{north.container.name}/{name}", headers={"X-Copy-From": source})
    (orphan,) = north.orphans()
    assert (orphan.marker, list(orphan.names)) == ("hôst/boot/2/2", left)
    assert "+00:00" in orphan.updated_at
    assert set(left).isdisjoint(segment.name for segment in stored.segments)
    remove(north.direct, north.container.name, "else")


def test_remove_asks_what_it_is_not_told(north: Lab) -> None:
    north.upload()
    assert remove(north.direct, north.container.name, NAME) == ""
    assert north.names() == []
    assert remove(north.direct, north.container.name, NAME) == ""
