# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Segments in an object store: what has arrived, what is missing, one object of them all, and nothing in the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import object_store
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.record import PreparedUpload
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.segments import (
    Segments,
    container_prefix,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Swift
from tests.support.fake_openstack import Answer
from tests.support.fake_openstack.swift_store import Container
from tests.support.image_samples import DATA
from tests.support.upload_session import DESIRED, SessionSite, content, upload

LISTING = r"/oaktree-session-[^/]+$"


def on_segments(
    site: SessionSite,
    work: Callable[[Segments], Any],
    prepared: PreparedUpload | None = None,
    declared: DeclaredContent | None = None,
) -> Any:
    """Do the work on the segments of an upload whose container is made."""

    def prepare(connection: Any) -> Any:
        segments = Segments(connection, DESIRED.name, prepared or upload(), declared or content())
        segments.prepare(object_store(connection), "PUT")
        return work(segments)

    return site.ask(prepare)


def store(site: SessionSite, *parts: bytes | None, prepared: PreparedUpload | None = None) -> None:
    """Store these segments; None for one that is missing."""

    def put(connection: Any) -> None:
        segments = Segments(connection, DESIRED.name, prepared or upload(), content())
        for part, data in zip(segments.parts, parts, strict=True):
            if data is not None:
                Swift(connection).put(segments.container, segments.path(part).partition("/")[2], data, None)

    site.ask(put)


def container(site: SessionSite) -> Container:
    return site.containers["id-1"]


def test_the_container_is_named_after_image_and_record_and_has_a_key() -> None:
    assert container_prefix("thing") != container_prefix("thing2")
    assert container_prefix("thing").startswith("oaktree-session-")


def test_the_container_has_a_key_which_stays(site: SessionSite) -> None:
    keys = [on_segments(site, lambda _segments: dict(container(site).headers)) for _again in range(2)]
    assert keys[0] == keys[1]
    assert "X-Container-Meta-Temp-Url-Key" in {name.title() for name in keys[0]}


@pytest.mark.parametrize(
    ("parts", "arrived"),
    [
        ((None, None), set()),
        ((DATA[:4], None), {0}),
        ((DATA[:4], DATA[4:]), {0, 1}),
        ((DATA[:3], DATA[4:]), {1}),
        ((b"XXXX", DATA[4:]), {0, 1}),
    ],
)
def test_what_has_arrived(site: SessionSite, parts: tuple[bytes | None, ...], arrived: set[int]) -> None:
    on_segments(site, lambda _segments: None)
    store(site, *parts)
    assert on_segments(site, lambda segments: segments.arrived()) == arrived


def test_the_file_tells_whether_segments_have_the_right_bytes(site: SessionSite) -> None:
    on_segments(site, lambda _segments: None)
    store(site, b"XXXX", DATA[4:])
    assert on_segments(site, lambda segments: segments.arrived(), declared=site.file) == {1}
    headers = on_segments(site, lambda segments: segments.headers(segments.parts[1]), declared=site.file)
    assert headers["Etag"] == next(one.etag for name, one in container(site).objects.items() if name.endswith("1"))
    with pytest.raises(ConflictError, match=r"segment 0 \(offset 0, 4 bytes\) is wrong: md5 mismatch: stored "):
        on_segments(site, lambda segments: segments.check(), declared=site.file)


def test_what_is_missing_or_wrong_is_listed(site: SessionSite) -> None:
    on_segments(site, lambda _segments: None)
    store(site, DATA[:1], None)
    with pytest.raises(ConflictError) as missing:
        on_segments(site, lambda segments: segments.check())
    assert missing.value.message == (
        "not everything has arrived: segment 0 (offset 0, 4 bytes) is wrong: the cloud stored 1 of 4 bytes; "
        "segment 1 (offset 4, 4 bytes) is missing"
    )


def test_a_long_list_is_cut(site: SessionSite) -> None:
    with pytest.raises(ConflictError, match=r"segment 2 \(offset 2, 1 byte\) is missing and others$") as missing:
        on_segments(site, lambda segments: segments.check(), upload(part_size=1))
    assert "segment 3" not in missing.value.message
    with pytest.raises(ConflictError, match=r"segment 2 \(offset 6, 2 bytes\) is missing$"):
        on_segments(site, lambda segments: segments.check(), upload(part_size=3))


def test_a_late_listing_loses_nothing(site: SessionSite) -> None:
    on_segments(site, lambda _segments: None)
    store(site, DATA[:4], DATA[4:])
    site.region.fault("GET", LISTING, Answer(200, body=b"[]"), times=1)
    found = on_segments(site, lambda segments: segments.check())
    assert [segment.size for segment in found] == [4, 4]


@pytest.mark.parametrize("part_size", [3, 4, 8, 9])
def test_segments_become_one_object(site: SessionSite, part_size: int) -> None:
    prepared = upload(part_size=part_size)
    on_segments(site, lambda _segments: None, prepared)
    parts = [DATA[offset : offset + part_size] for offset in range(0, len(DATA), part_size)]
    store(site, *parts, prepared=prepared)
    path = on_segments(site, lambda segments: segments.assemble(segments.check(), 5.0), prepared)
    whole = container(site).objects[path.partition("/")[2]]
    assert (whole.size, len(container(site).objects)) == (len(DATA), len(parts) + (len(parts) > 1))


def test_a_segment_that_changed_meanwhile_is_noticed(site: SessionSite) -> None:
    on_segments(site, lambda _segments: None)
    store(site, DATA[:4], DATA[4:])
    found = on_segments(site, lambda segments: segments.check())
    store(site, b"XXXX", None)
    with pytest.raises(IntegrityError, match="rejected the segments"):
        on_segments(site, lambda segments: segments.assemble(found, 5.0))


def test_nothing_stays(site: SessionSite) -> None:
    on_segments(site, lambda _segments: None)
    store(site, DATA[:4], None)
    assert on_segments(site, lambda segments: segments.remove()) == ""
    assert site.containers == {}
