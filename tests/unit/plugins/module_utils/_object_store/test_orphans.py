# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What uploads that were cut off have left in a container."""

from __future__ import annotations

import time

from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import assemble
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.orphans import Orphan, orphans
from tests.support.fake_openstack import Answer
from tests.support.object_site import CONTAINER, DATA, NAME, OTHERS_MARKER, ObjectSite


def found(objects: ObjectSite) -> list[Orphan]:
    return orphans(objects.swift, CONTAINER, NAME)


def test_nothing_costs_one_request(objects: ObjectSite) -> None:
    objects.put(NAME, DATA)
    objects.put(f"{NAME}2.segments/d/1/00000000", DATA)
    assert found(objects) == []
    assert (objects.requests("GET"), objects.requests("HEAD")) == (1, 0)


def test_segments_of_one_upload_are_one_orphan(objects: ObjectSite) -> None:
    one, two = objects.target(digest="one", marker="a/1"), objects.target(digest="two", marker=OTHERS_MARKER)
    names = {target.marker: [item.name for item in objects.put_segments(target)] for target in (one, two)}
    first, second = found(objects)
    assert (first.marker, list(first.names)) == ("a/1", names["a/1"])
    assert (second.marker, list(second.names)) == (OTHERS_MARKER, names[OTHERS_MARKER])
    assert second.updated_at.endswith("+00:00")


def test_segments_that_an_object_is_made_of_are_none(objects: ObjectSite) -> None:
    used, left = objects.target(), objects.target(digest="left")
    segments = objects.put_segments(used)
    assemble(objects.swift, used, segments, began=time.monotonic(), stall_timeout=5.0)
    assert found(objects) == []
    rest = objects.put_segments(left, DATA, 1, 3)
    (orphan,) = found(objects)
    assert orphan.names == (rest[1].name, rest[3].name)


def test_the_newest_segment_tells_who_works_on_them(objects: ObjectSite) -> None:
    """A run that resumes the upload of another writes its own marker on each segment in turn."""
    segments = objects.put_segments(objects.target(marker="old"))
    newest = objects.objects[segments[1].name]
    newest.written = newest.written.replace(year=newest.written.year + 1)
    newest.headers["X-Object-Meta-Oaktree-Upload"] = "new"
    (orphan,) = found(objects)
    assert (orphan.marker, len(orphan.names)) == ("new", len(segments))


def test_segments_that_are_listed_but_gone_are_none(objects: ObjectSite) -> None:
    objects.put_segments(objects.target())
    objects.region.fault("HEAD", r"\.segments/", Answer(404))
    assert found(objects) == []


def test_where_no_manifest_is_shown_those_of_an_object_are_none(gateway: ObjectSite) -> None:
    used = gateway.target()
    assemble(gateway.swift, used, gateway.put_segments(used), began=time.monotonic(), stall_timeout=5.0)
    assert found(gateway) == []
    left = gateway.put_segments(gateway.target(digest="left"), DATA, 1, 3)
    (orphan,) = found(gateway)
    assert orphan.names == (left[1].name, left[3].name)


def test_where_those_of_an_object_are_not_known_there_are_none(gateway: ObjectSite) -> None:
    others = gateway.put_segments(gateway.target(name="elsewhere"))
    assemble(gateway.swift, gateway.target(), others, began=time.monotonic(), stall_timeout=5.0)
    gateway.put_segments(gateway.target(digest="left"), DATA, 1, 3)
    assert found(gateway) == []
