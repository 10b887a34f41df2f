# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Content that is read once on its way into an object store: it arrives whole, or nothing of it stays."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    IntegrityError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.responses import Object
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import UploadOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_stream import Stream, StreamUpload
from tests.support.fake_openstack import Action, Answer, BlackHole, CorruptRequest, CutRequest, LoseAnswer
from tests.support.object_site import DATA, NAME, PART, ObjectSite, md5

SEGMENT = rf"/{NAME}\.segments/.*/0000000"
MANIFEST = r"\?multipart-manifest=put"
SHA256 = hashlib.sha256(DATA).hexdigest()


class Source:
    """Content that can be read from any offset on, and where it was asked for; ``error`` comes at some byte."""

    def __init__(self, data: bytes = DATA, error: OaktreeError | None = None, at: int = 0) -> None:
        self.data = data
        self.error = error
        self.at = at
        self.opened: list[int] = []
        self.closed = 0

    def read(self, offset: int) -> Iterator[bytes]:
        self.opened.append(offset)
        try:
            for start in range(offset, len(self.data), 300):
                if self.error and start + 300 > self.at:
                    raise self.error
                yield self.data[start : start + 300]
        finally:
            self.closed += 1


def accepting(_digests: Mapping[str, str]) -> None:
    """Whatever the digests are."""


def upload(
    objects: ObjectSite,
    source: Source,
    *,
    size: int | None = None,
    known: str | None = None,
    segments: bool = True,
    accept: Callable[[Mapping[str, str]], None] = accepting,
) -> tuple[Object, Mapping[str, str]]:
    stream = Stream(len(source.data) if size is None else size, source.read, known)
    options = UploadOptions(PART, 1, 0.5)
    sending = StreamUpload(objects.swift, stream, objects.target(), options, ["md5", "sha256"], segments=segments)
    return sending.run(accept)


def test_segments_become_one_object(objects: ObjectSite) -> None:
    source = Source()
    found, digests = upload(objects, source)
    assert (found.name, found.size, dict(digests)) == (NAME, len(DATA), {"md5": md5(DATA), "sha256": SHA256})
    assert (objects.content(), len(objects.objects)) == (DATA, 6)
    assert (source.opened, source.closed) == ([0], 1)
    assert (objects.requests("PUT"), objects.requests("HEAD"), objects.requests("GET")) == (6, 1, 0)


@pytest.mark.parametrize(
    ("size", "known", "segments", "names"),
    [
        (PART, True, True, 1),
        (PART, False, False, 1),
        (PART, False, True, 2),
        (0, True, True, 1),
        (PART + 1, True, True, 3),
    ],
)
def test_a_plain_object_where_the_store_verifies_it_or_has_nothing_else(
    objects: ObjectSite, size: int, names: int, *, known: bool, segments: bool
) -> None:
    data = DATA[:size]
    _found, digests = upload(objects, Source(data), known=md5(data) if known else None, segments=segments)
    assert (objects.content(), len(objects.objects), digests["md5"]) == (data, names, md5(data))


# The caller's word


class Refused:
    """A caller that does not accept the digests, and what it saw."""

    def __init__(self, objects: ObjectSite) -> None:
        self._objects = objects
        self.seen: list[tuple[str, bool]] = []

    def __call__(self, digests: Mapping[str, str]) -> None:
        self.seen.append((digests["sha256"], NAME in self._objects.objects))
        raise IntegrityError("not what was expected")


def test_an_object_that_is_not_accepted_does_not_appear(objects: ObjectSite) -> None:
    refused = Refused(objects)
    with pytest.raises(IntegrityError, match=r"^not what was expected$"):
        upload(objects, Source(), accept=refused)
    assert refused.seen == [(SHA256, False)]
    assert objects.objects == {}


def test_an_object_that_is_not_accepted_replaces_none(objects: ObjectSite) -> None:
    objects.put(NAME, b"theirs")
    with pytest.raises(IntegrityError):
        upload(objects, Source(DATA[:PART]), accept=Refused(objects))
    assert (objects.content(), list(objects.objects)) == (b"theirs", [NAME])


def test_a_plain_object_that_is_not_accepted_goes(objects: ObjectSite) -> None:
    refused = Refused(objects)
    with pytest.raises(IntegrityError):
        upload(objects, Source(DATA[:PART]), segments=False, accept=refused)
    assert ([there for _digest, there in refused.seen], objects.objects) == ([True], {})


# Faults of the source


@pytest.mark.parametrize("at", [0, 500, 2500, len(DATA) - 1])
def test_a_source_that_fails_is_not_asked_again(objects: ObjectSite, at: int) -> None:
    error = ServerError("the source broke")
    source = Source(error=error, at=at)
    with pytest.raises(ServerError) as caught:
        upload(objects, source)
    assert caught.value is error
    assert (len(source.opened), objects.objects) == (1, {})


def test_a_source_that_ends_early(objects: ObjectSite) -> None:
    with pytest.raises(ServerError, match="the source ended early, at byte 1500"):
        upload(objects, Source(DATA[:1500]), size=len(DATA))
    assert objects.objects == {}


def test_a_source_that_goes_on_is_left(objects: ObjectSite) -> None:
    source = Source(DATA)
    upload(objects, source, size=1500)
    assert (objects.content(), source.closed) == (DATA[:1500], 1)


# Faults of the store


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "again"),
    [
        (Answer(401), True),
        (Answer(503, after="body"), True),
        (Answer(503, after="work"), False),
        (Answer(429, {"Retry-After": "0"}), True),
        (Answer(408, after="body"), True),
        (CutRequest(0.5), True),
        (CorruptRequest(0.5), True),
        (LoseAnswer(), False),
        (BlackHole(), True),
        (BlackHole(after="work"), False),
    ],
    ids=repr,
)
def test_a_segment_that_failed_is_read_and_sent_again(objects: ObjectSite, fault: Action, *, again: bool) -> None:
    """From its own first byte, and without counting its bytes twice."""
    struck = objects.region.fault("PUT", SEGMENT + "2", fault, times=1)
    source = Source()
    _found, digests = upload(objects, source)
    assert struck.struck == 1
    assert (objects.content(), digests["sha256"], len(objects.objects)) == (DATA, SHA256, 6)
    assert source.opened[0] == 0
    assert set(source.opened[1:]) <= {2 * PART, 3 * PART}
    assert objects.requests("PUT") == (7 if again else 6)


@pytest.mark.parametrize(
    ("path", "fault", "error"),
    [
        (SEGMENT + "2", Answer(403), RefusedError),
        (SEGMENT + "2", Answer(500), ServerError),
        (SEGMENT + "2", CutRequest(0.5), UnreachableError),
        (SEGMENT + "2", CorruptRequest(0.5), IntegrityError),
        (SEGMENT + "2", Answer(201, {"Etag": "x"}, after="work"), IntegrityError),
        (MANIFEST, Answer(403), RefusedError),
        (MANIFEST, Answer(500), ServerError),
    ],
    ids=repr,
)
def test_what_fails_for_good_leaves_nothing(
    objects: ObjectSite, path: str, fault: Action, error: type[OaktreeError]
) -> None:
    objects.put("other", b"theirs")
    objects.region.fault("PUT", path, fault)
    with pytest.raises(error) as caught:
        upload(objects, Source())
    assert (list(objects.objects), caught.value.residue) == (["other"], [])


def test_a_digest_that_was_declared_wrong(objects: ObjectSite) -> None:
    with pytest.raises(IntegrityError):
        upload(objects, Source(DATA[:PART]), known=md5(b"other"))
    assert objects.objects == {}
