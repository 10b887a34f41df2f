# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens on the way: the object is there, right to the byte, or nothing of the upload is."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    DeadlineError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import (
    FileUpload,
    Stored,
    UploadOptions,
)
from tests.support.fake_openstack import Action, Answer, BlackHole, CorruptRequest, CutRequest, LoseAnswer
from tests.support.object_site import CONTAINER, DATA, MARKER, NAME, OTHERS_MARKER, PART, ObjectSite, md5

PARTS = 5
OPTIONS = UploadOptions(part_size=PART, parallel=2, stall_timeout=0.3)
SEGMENT = rf"/{NAME}\.segments/.*/0000000"
MANIFEST = r"\?multipart-manifest=put"


def upload(objects: ObjectSite, options: UploadOptions = OPTIONS, **target: object) -> Stored:
    return FileUpload(objects.swift, objects.file(), objects.target(**target), options).run()


def right(objects: ObjectSite, stored: Stored) -> bool:
    """Whether the object is the file, and nothing else is in the container than what it is made of."""
    names = {stored.name, *(segment.name for segment in stored.segments)}
    return objects.content() == objects.path.read_bytes() and objects.objects.keys() == names


# While nothing fails


def test_segments_become_one_object(objects: ObjectSite) -> None:
    stored = upload(objects)
    assert (stored.container, stored.name, stored.size, stored.sent) == (CONTAINER, NAME, len(DATA), len(DATA))
    assert [segment.size for segment in stored.segments] == [PART] * 4 + [len(DATA) - 4 * PART]
    assert right(objects, stored)
    assert (objects.requests("GET"), objects.requests("PUT"), objects.requests("HEAD")) == (1, PARTS + 1, 1)
    assert len(DATA) <= objects.clouds.counters.bytes_received < len(DATA) + 2000


def test_one_part_is_a_plain_object(objects: ObjectSite) -> None:
    objects.path.write_bytes(DATA[:PART])
    stored = upload(objects)
    assert (stored.segments, stored.sent, stored.etag) == ((), PART, md5(DATA[:PART]))
    assert right(objects, stored)
    assert (objects.requests("PUT"), objects.requests("HEAD")) == (1, 2)


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART])
def test_any_size(objects: ObjectSite, size: int) -> None:
    objects.path.write_bytes(DATA[:size])
    stored = upload(objects)
    assert (stored.size, right(objects, stored)) == (size, True)


@pytest.mark.parametrize("size", [PART, 3 * PART])
def test_what_is_there_is_not_sent_again(objects: ObjectSite, size: int) -> None:
    objects.path.write_bytes(DATA[:size])
    upload(objects)
    stored = upload(objects)
    assert (stored.sent, right(objects, stored)) == (0, True)


@pytest.mark.parametrize("lifetime", [None, 600])
def test_everything_expires_and_the_object_first(objects: ObjectSite, lifetime: int | None) -> None:
    stored = upload(objects, lifetime=lifetime)
    expiries = {name: objects.headers(name).get("X-Delete-At") for name in objects.objects}
    if lifetime is None:
        assert set(expiries.values()) == {None}
        return
    moments = {name: int(expiry or 0) - time.time() for name, expiry in expiries.items()}
    assert all(590 <= moment <= 601 for moment in moments.values())
    assert moments[stored.name] == min(moments.values())


class CountingFile(File):
    """A file that counts the bytes read of it."""

    total = 0

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        CountingFile.total += length
        return super().read(offset, length)


def test_the_file_is_read_for_its_md5s_and_to_be_sent(objects: ObjectSite) -> None:
    CountingFile.total = 0
    FileUpload(objects.swift, CountingFile(objects.path, len(DATA)), objects.target(), OPTIONS).run()
    assert CountingFile.total == 2 * len(DATA)


# What fails once

ONCE: dict[str, tuple[Action, float]] = {
    "401": (Answer(401), 1),
    "401 after the body": (Answer(401, after="body"), 1),
    "404": (Answer(404), 1),
    "503": (Answer(503), 1),
    "503 after the work": (Answer(503, after="work"), 0),
    "429 with Retry-After": (Answer(429, {"Retry-After": "0"}), 1),
    "413 with Retry-After": (Answer(413, {"Retry-After": "0"}, after="body"), 1),
    "408": (Answer(408, after="body"), 1),
    "409": (Answer(409), 1),
    "cut at half": (CutRequest(0.5), 1),
    "cut at the start": (CutRequest(0), 1),
    "lost answer": (LoseAnswer(), 0),
    "damaged": (CorruptRequest(0.7), 1),
    "never answers": (BlackHole(), 1),
}
"""A fault that strikes one segment once, and how many segments' bytes are sent beyond the file's at most."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ONCE)
def test_one_segment_fails_once(objects: ObjectSite, name: str) -> None:
    action, again = ONCE[name]
    fault = objects.region.fault("PUT", SEGMENT + "3", action, times=1)
    stored = upload(objects)
    assert fault.struck == 1
    assert right(objects, stored)
    assert objects.clouds.counters.bytes_received <= len(DATA) + again * PART + 2000
    assert objects.requests("PUT") == PARTS + 1 + (1 if again else 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ONCE)
def test_a_plain_object_fails_once(objects: ObjectSite, name: str) -> None:
    objects.path.write_bytes(DATA[:PART])
    fault = objects.region.fault("PUT", f"/{NAME}$", ONCE[name][0], times=1)
    stored = upload(objects)
    assert fault.struck == 1
    assert right(objects, stored)


def test_one_token_is_renewed_for_all_segments(objects: ObjectSite) -> None:
    token = objects.swift.connection.session.get_token()
    fault = objects.region.fault("PUT", SEGMENT, Answer(401), token=token)
    stored = upload(objects)
    assert right(objects, stored)
    assert 1 <= fault.struck <= OPTIONS.parallel
    assert objects.clouds.counters.tokens == 1


# What fails for good

LASTING: dict[str, tuple[str, Action, type[OaktreeError]]] = {
    "401": (SEGMENT + "4", Answer(401), AuthError),
    "500": (SEGMENT + "4", Answer(500), ServerError),
    "429": (SEGMENT + "4", Answer(429, {"Retry-After": "0"}), ThrottledError),
    "429 beyond the deadline": (SEGMENT + "4", Answer(429, {"Retry-After": "3600"}), ThrottledError),
    "413": (SEGMENT + "4", Answer(413), QuotaError),
    "403": (SEGMENT + "4", Answer(403), RefusedError),
    "cut": (SEGMENT + "4", CutRequest(0.5), UnreachableError),
    "damaged": (SEGMENT + "4", CorruptRequest(0), IntegrityError),
    "other bytes kept": (SEGMENT + "4", Answer(201, {"Etag": "x"}, after="work"), IntegrityError),
    "redirected": (SEGMENT + "4", Answer(302, {"Location": "http://127.0.0.1:1/"}), ServerError),
    "never answers": (SEGMENT + "4", BlackHole(), DeadlineError),
    "manifest never answers": (MANIFEST, BlackHole(), DeadlineError),
    "manifest refused": (MANIFEST, Answer(403), RefusedError),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LASTING)
def test_what_fails_for_good_leaves_nothing(objects: ObjectSite, name: str) -> None:
    path, action, error = LASTING[name]
    objects.region.fault("PUT", path, action)
    with pytest.raises(error) as caught:
        upload(objects)
    assert caught.value.residue == []
    assert objects.objects == {}


def test_the_failure_of_one_part_stops_the_others(objects: ObjectSite) -> None:
    """The error is that of the part that failed first, not that the others were stopped."""
    objects.path.write_bytes(DATA * 10)
    objects.region.fault("PUT", SEGMENT + "0$", Answer(403))
    with pytest.raises(RefusedError, match="403"):
        upload(objects, UploadOptions(PART, 1, 0.5))
    assert objects.requests("PUT") == 1


def test_what_the_store_shows_at_the_end_decides(objects: ObjectSite) -> None:
    other = {"Etag": "x", "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT", "Content-Length": "0"}
    objects.region.fault("HEAD", f"/{NAME}$", Answer(200, other), times=1)
    with pytest.raises(IntegrityError, match="reports 0 bytes with the etag x"):
        upload(objects)
    assert objects.objects == {}


def test_the_deadline_expires(objects: ObjectSite) -> None:
    objects.region.fault("PUT", SEGMENT + "4", BlackHole())
    start = time.monotonic()
    with objects.swift.connection.within(0.4, "transfer_timeout"), pytest.raises(DeadlineError):
        upload(objects, UploadOptions(PART, 2, 30.0))
    assert time.monotonic() - start < 5
    assert objects.objects == {}


def test_interrupted(objects: ObjectSite) -> None:
    fault = objects.region.fault("PUT", SEGMENT + "4", BlackHole())
    cancelled = objects.swift.connection.deadline.cancelled

    def cancel() -> None:
        while not fault.struck:
            time.sleep(0.01)
        cancelled.set(10.0)

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(DeadlineError, match="interrupted"):
        upload(objects, UploadOptions(PART, 2, 30.0))
    thread.join()
    assert objects.objects == {}


def test_what_cannot_be_removed_is_named_and_expires(objects: ObjectSite) -> None:
    objects.region.fault("PUT", SEGMENT + "4", Answer(403))
    objects.region.fault("DELETE", SEGMENT + "1", Answer(403))
    with pytest.raises(RefusedError) as caught:
        upload(objects)
    (complaint,) = caught.value.residue
    assert complaint.startswith("1 object could not be removed from the object store (")
    assert "/00000001: " in complaint
    (name,) = objects.objects
    assert "X-Delete-At" in objects.headers(name)


# What is there already


def test_a_failed_upload_leaves_the_object_of_others_alone(objects: ObjectSite) -> None:
    objects.put(NAME, b"theirs")
    objects.region.fault("PUT", MANIFEST, Answer(403))
    with pytest.raises(RefusedError):
        upload(objects)
    assert (list(objects.objects), objects.content()) == ([NAME], b"theirs")


def test_a_failed_upload_leaves_the_object_of_an_earlier_one_alone(objects: ObjectSite) -> None:
    stored = upload(objects, marker=OTHERS_MARKER)
    objects.region.fault("POST", SEGMENT + "4", Answer(403))
    with pytest.raises(RefusedError):
        upload(objects)
    assert right(objects, stored)


def test_after_a_kill_only_what_is_missing_is_sent(objects: ObjectSite) -> None:
    segments = objects.put_segments(objects.target(marker=OTHERS_MARKER), DATA, 0, 1, 2)
    stored = upload(objects)
    assert (stored.sent, right(objects, stored)) == (len(DATA) - 3 * PART, True)
    assert stored.segments == tuple(segments)
    assert {objects.headers(name)["X-Object-Meta-Oaktree-Upload"] for name in objects.objects} == {MARKER}


def test_after_a_kill_what_differs_is_sent(objects: ObjectSite) -> None:
    segments = objects.put_segments(objects.target(), DATA, 0, 1, 2)
    objects.put(segments[0].name, b"x" * PART)
    objects.put(segments[1].name, b"x")
    stored = upload(objects)
    assert (stored.sent, right(objects, stored)) == (len(DATA) - PART, True)


def test_a_segment_that_is_listed_but_gone_is_sent(objects: ObjectSite) -> None:
    objects.put_segments(objects.target(), DATA, 0, 1)
    objects.region.fault("POST", SEGMENT + "1", Answer(404), times=1)
    stored = upload(objects)
    assert (stored.sent, right(objects, stored)) == (len(DATA) - PART, True)


def test_a_failed_run_removes_what_a_killed_one_left(objects: ObjectSite) -> None:
    objects.put_segments(objects.target(marker=OTHERS_MARKER), DATA, 0, 1, 2)
    objects.region.fault("POST", SEGMENT + "[01]", Answer(403))
    with pytest.raises(RefusedError):
        upload(objects)
    assert objects.objects == {}
