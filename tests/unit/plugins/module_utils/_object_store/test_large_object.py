# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects made of segments: names, assembly, verification and removal."""

from __future__ import annotations

import time

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import (
    ObjectTarget,
    assemble,
    discard,
    discard_sent,
    is_there,
    remove,
    remove_container,
    remove_if_empty,
    segments_of,
    verify,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.responses import (
    Object,
    Segment,
    manifest_etag,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.segments import Part
from tests.support.fake_openstack import Action, Answer, BlackHole, BreakAnswer, LoseAnswer
from tests.support.object_site import CONTAINER, DATA, MARKER, NAME, OTHERS_MARKER, PART, ObjectSite, md5

MANIFEST = r"\?multipart-manifest=put"

# Names and headers


def test_segments_lie_beside_their_object_by_content_and_part_size() -> None:
    target = ObjectTarget("c", "a/b", "d1g", MARKER)
    assert target.segments_prefix(7) == "a/b.segments/d1g/7/"
    assert target.segment_name(Part(12, 84, 7), 7) == "a/b.segments/d1g/7/00000012"


@pytest.mark.parametrize(
    ("marker", "lifetime", "elapsed", "headers"),
    [
        ("host/boot/1/1", None, 0.0, {"X-Object-Meta-Oaktree-Upload": "host/boot/1/1"}),
        ("hôst/1", 60, 0.0, {"X-Object-Meta-Oaktree-Upload": "h%C3%B4st/1", "X-Delete-After": "60"}),
        ("h", 60, 12.7, {"X-Object-Meta-Oaktree-Upload": "h", "X-Delete-After": "47"}),
        ("h", 60, 99.0, {"X-Object-Meta-Oaktree-Upload": "h", "X-Delete-After": "1"}),
    ],
)
def test_headers(marker: str, lifetime: int | None, elapsed: float, headers: dict[str, str]) -> None:
    assert ObjectTarget("c", "o", "d", marker, lifetime).headers("o.segments/1", elapsed) == headers


def test_the_object_itself_has_further_headers_and_all_expire_at_one_moment() -> None:
    target = ObjectTarget("c", "o", "d", "h", delete_at=1000, own_headers={"Content-Type": "text/plain"})
    of_all = {"X-Object-Meta-Oaktree-Upload": "h", "X-Delete-At": "1000"}
    assert target.headers("o.segments/1", 12.0) == of_all
    assert target.headers("o", 12.0) == {**of_all, "Content-Type": "text/plain"}


# Assembly


def put_together(objects: ObjectSite, segments: list[Segment], began: float = 0.0, **changes: object) -> Object:
    """Assemble segments of which the first was sent ``began`` seconds ago."""
    target = objects.target(**changes)
    return assemble(objects.swift, target, segments, began=time.monotonic() - began, stall_timeout=0.5)


def test_segments_become_one_object(objects: ObjectSite) -> None:
    segments = objects.put_segments(objects.target())
    found = put_together(objects, segments)
    assert (found.size, found.etag, found.marker) == (len(DATA), manifest_etag(segments), MARKER)
    assert objects.content() == DATA
    assert (objects.requests("PUT"), objects.requests("HEAD")) == (1, 1)


def test_the_object_expires_no_later_than_its_segments(objects: ObjectSite) -> None:
    segments = objects.put_segments(objects.target())
    put_together(objects, segments, began=100.0, lifetime=600)
    assert 498 <= int(objects.headers()["X-Delete-At"]) - time.time() <= 501


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "puts"),
    [
        (Answer(401), 2),
        (Answer(503), 2),
        (Answer(503, after="work"), 1),
        (Answer(429, {"Retry-After": "0"}), 2),
        (LoseAnswer(), 1),
        (BlackHole(), 2),
        (BlackHole(after="work"), 1),
        (BreakAnswer(0.5), 1),
        (BreakAnswer(0.5, cut=True), 1),
        (Answer(202, body=b'  \r\n\r\n{"Response Status": "503 Service Unavailable", "Errors": []}'), 2),
        (Answer(202, body=b'{"Response Status": "400 Bad Request", "Errors": [["/c/o", "404 Not Found"]]}'), 2),
        (Answer(202, body=b"{}"), 2),
        (Answer(202, body=b'{"Response Status": "201 Created", "Etag": "x", "Errors": []}', after="work"), 2),
        (Answer(201, {"Etag": "x"}, after="work"), 2),
    ],
    ids=repr,
)
def test_the_manifest_fails_once(objects: ObjectSite, fault: Action, puts: int) -> None:
    """It is sent again only where the object is not there."""
    segments = objects.put_segments(objects.target())
    objects.region.fault("PUT", MANIFEST, fault, times=1)
    put_together(objects, segments)
    assert (objects.content(), objects.requests("PUT")) == (DATA, puts)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Answer(403), RefusedError, "403"),
        (Answer(413), QuotaError, "413"),
        (Answer(500), ServerError, "500"),
        (
            Answer(202, body=b'{"Response Status": "409 Conflict", "Errors": []}'),
            OaktreeError,
            "the manifest was rejected",
        ),
        (Answer(202, body=b"[]"), ServerError, "the answer to PUT /v1/.* cannot be parsed"),
    ],
    ids=repr,
)
def test_the_manifest_fails_for_good(objects: ObjectSite, fault: Action, error: type[OaktreeError], said: str) -> None:
    segments = objects.put_segments(objects.target())
    objects.region.fault("PUT", MANIFEST, fault)
    with pytest.raises(error, match=said):
        put_together(objects, segments)
    assert NAME not in objects.objects


@pytest.mark.parametrize("damage", ["missing", "other bytes", "other size"])
def test_segments_that_are_not_as_announced(objects: ObjectSite, damage: str) -> None:
    segments = objects.put_segments(objects.target())
    if damage == "missing":
        del objects.objects[segments[2].name]
    else:
        objects.put(segments[2].name, b"x" * (PART if damage == "other bytes" else 1), MARKER)
    with pytest.raises(IntegrityError, match="/00000002: "):
        put_together(objects, segments)
    assert NAME not in objects.objects


# Ceph's object gateway


def test_a_gateway_assembles_segments(gateway: ObjectSite) -> None:
    segments = gateway.put_segments(gateway.target())
    found = put_together(gateway, segments)
    assert (found.size, found.etag, found.marker) == (len(DATA), manifest_etag(segments), MARKER)
    assert (gateway.content(), gateway.requests("PUT")) == (DATA, 1)


def test_where_no_manifest_is_shown_segments_are_known_by_the_etag_of_the_object(gateway: ObjectSite) -> None:
    used = gateway.put_segments(gateway.target())
    gateway.put_segments(gateway.target(digest="other"), DATA[::-1])
    gateway.put_segments(gateway.target(digest="incomplete"), DATA, 0, 1)
    assert segments_of(gateway.swift, CONTAINER, NAME) == []
    put_together(gateway, used)
    assert segments_of(gateway.swift, CONTAINER, NAME) == [f"{CONTAINER}/{segment.name}" for segment in used]
    gateway.put(NAME, DATA)
    assert segments_of(gateway.swift, CONTAINER, NAME) == []


def others_object(gateway: ObjectSite) -> list[str]:
    """Assemble an object as another tool does, of segments in another place; returns their names."""
    elsewhere = gateway.put_segments(gateway.target(name="elsewhere"))
    put_together(gateway, elsewhere, marker=OTHERS_MARKER)
    return [segment.name for segment in elsewhere]


def test_where_no_manifest_is_shown_segments_of_others_are_not_known(gateway: ObjectSite) -> None:
    others_object(gateway)
    sent = [segment.name for segment in gateway.put_segments(gateway.target(digest="mine"), DATA[::-1])]
    assert segments_of(gateway.swift, CONTAINER, NAME) is None
    residue = discard_sent(gateway.swift, gateway.target(), sent)
    assert residue.endswith("could not be removed: the object store does not show the segments of the object there")
    assert set(sent) < gateway.objects.keys()
    assert discard_sent(gateway.swift, gateway.target(), [NAME]) == ""
    assert discard_sent(gateway.swift, gateway.target(), [*sent, NAME], resumes=False) == ""
    assert (set(sent) & gateway.objects.keys(), NAME in gateway.objects) == (set(), True)


@pytest.mark.parametrize("ours", [True, False])
def test_a_large_object_of_a_gateway_is_removed_with_its_segments(gateway: ObjectSite, *, ours: bool) -> None:
    if ours:
        put_together(gateway, gateway.put_segments(gateway.target()))
    else:
        others_object(gateway)
    assert remove(gateway.swift, CONTAINER, NAME) == ""
    assert gateway.objects == {}


def test_an_object_of_a_gateway_whose_segments_nobody_knows_stays(gateway: ObjectSite) -> None:
    names = others_object(gateway)
    gateway.region.fault("DELETE", "multipart-manifest=delete", Answer(503))
    assert remove(gateway.swift, CONTAINER, NAME).startswith(f"{CONTAINER}/{NAME} could not be removed ")
    assert gateway.objects.keys() == {NAME, *names}


def test_what_was_sent_to_a_gateway_is_removed_but_not_what_others_use(gateway: ObjectSite) -> None:
    used = gateway.put_segments(gateway.target())
    put_together(gateway, used)
    sent = gateway.put_segments(gateway.target(digest="new"), DATA[::-1])
    names = [segment.name for segment in (*used, *sent)]
    assert discard_sent(gateway.swift, gateway.target(marker=OTHERS_MARKER), [*names, NAME]) == ""
    assert gateway.objects.keys() == {NAME, *(segment.name for segment in used)}
    assert gateway.content() == DATA


# What is there


@pytest.mark.parametrize(
    ("data", "marker", "there"),
    [(DATA, MARKER, True), (DATA, OTHERS_MARKER, False), (DATA, None, False), (b"other", MARKER, False)],
)
def test_only_what_this_upload_wrote_is_there(
    objects: ObjectSite, data: bytes, marker: str | None, *, there: bool
) -> None:
    assert not is_there(objects.swift, objects.target(), NAME, md5(DATA))
    objects.put(NAME, data, marker)
    assert is_there(objects.swift, objects.target(), NAME, md5(DATA)) is there


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, f"reports nothing, expected {len(DATA)} bytes with the etag {md5(DATA)}"),
        (b"other", f"reports 5 bytes with the etag {md5(b'other')}, expected"),
        (DATA[::-1], f"reports {len(DATA)} bytes with the etag {md5(DATA[::-1])}, expected"),
    ],
    ids=["nothing", "shorter", "same size"],
)
def test_another_object_than_was_sent(objects: ObjectSite, data: bytes | None, said: str) -> None:
    if data is not None:
        objects.put(NAME, data)
    with pytest.raises(IntegrityError, match=said):
        verify(objects.swift, objects.target(), len(DATA), md5(DATA))
    objects.put(NAME, DATA)
    assert verify(objects.swift, objects.target(), len(DATA), md5(DATA)).name == NAME


# Removal


@pytest.fixture
def large(objects: ObjectSite) -> list[Segment]:
    """The segments of a large object."""
    segments = objects.put_segments(objects.target())
    put_together(objects, segments)
    objects.clouds.counters.reset()
    return segments


@pytest.mark.usefixtures("large")
def test_a_large_object_is_removed_in_one_request(objects: ObjectSite) -> None:
    """What remains to be deleted is looked for all the same."""
    assert remove(objects.swift, CONTAINER, NAME) == ""
    assert objects.objects == {}
    assert (objects.requests("DELETE"), objects.requests("GET")) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(403),
        Answer(409),
        Answer(503),
        LoseAnswer(),
        Answer(200, body=b'{"Response Status": "400 Bad Request", "Number Deleted": 2, "Errors": [["/c/o", "503"]]}'),
        Answer(200, body=b'{"Response Status": "200 OK", "Number Deleted": 1, "Errors": []}'),
        Answer(200, body=b"no JSON"),
    ],
    ids=repr,
)
@pytest.mark.usefixtures("large")
def test_a_store_that_does_not_remove_large_objects(objects: ObjectSite, fault: Action) -> None:
    objects.region.fault("DELETE", "multipart-manifest=delete", fault)
    assert remove(objects.swift, CONTAINER, NAME) == ""
    assert objects.objects == {}


def test_plain_objects_and_none_are_removed(objects: ObjectSite) -> None:
    objects.put(NAME, DATA)
    for _time in range(2):
        assert remove(objects.swift, CONTAINER, NAME) == ""
        assert objects.objects == {}


@pytest.mark.usefixtures("large")
def test_an_object_whose_segments_nobody_knows_stays(objects: ObjectSite) -> None:
    objects.region.fault("GET", "multipart-manifest=get", Answer(500))
    complaint = remove(objects.swift, CONTAINER, NAME)
    assert complaint.startswith(f"{CONTAINER}/{NAME} could not be removed from the object store: ")
    assert len(objects.objects) == 6


def test_what_could_not_be_removed_is_counted_and_one_of_it_named(objects: ObjectSite) -> None:
    for name in ("a", "b", "c"):
        objects.put(name, b"")
    objects.region.fault("DELETE", "/[bc]$", Answer(403))
    complaint = discard(objects.swift, [f"{CONTAINER}/{name}" for name in ("a", "b", "c", "d")])
    assert complaint.startswith(f"2 objects could not be removed from the object store ({CONTAINER}/b: ")
    assert list(objects.objects) == ["b", "c"]


@pytest.mark.usefixtures("large")
def test_removal_goes_on_after_the_deadline_and_an_interrupt(objects: ObjectSite) -> None:
    objects.swift.connection.deadline.cancelled.set(5.0)
    assert remove(objects.swift, CONTAINER, NAME) == ""
    assert objects.objects == {}


def test_what_was_sent_is_removed_but_not_what_others_use(objects: ObjectSite, large: list[Segment]) -> None:
    """The object and its segments are those of an earlier run of the same content."""
    target = objects.target(marker=OTHERS_MARKER)
    objects.put("mine", b"", OTHERS_MARKER)
    assert discard_sent(objects.swift, target, [*(segment.name for segment in large), NAME, "mine"]) == ""
    assert (objects.content(), "mine" in objects.objects) == (DATA, False)
    assert discard_sent(objects.swift, objects.target(), [*(segment.name for segment in large), NAME]) == ""
    assert objects.objects == {}


@pytest.mark.parametrize(("stays", "right", "left"), [(True, True, 6), (True, False, 0), (False, True, 0)])
def test_a_complete_object_stays_where_the_target_says_so(
    objects: ObjectSite, large: list[Segment], *, stays: bool, right: bool, left: int
) -> None:
    etag = manifest_etag(large) if right else "another"
    names = [NAME, *(segment.name for segment in large)]
    assert discard_sent(objects.swift, objects.target(stays=stays), names, etag) == ""
    assert len(objects.objects) == left


def test_nothing_was_sent(objects: ObjectSite) -> None:
    assert discard_sent(objects.swift, objects.target(), []) == ""
    assert objects.requests("HEAD") == 0


def test_a_store_that_cannot_be_asked_keeps_what_was_sent(objects: ObjectSite) -> None:
    objects.put(NAME, DATA, MARKER)
    objects.region.fault("HEAD", f"/{NAME}$", Answer(403))
    complaint = discard_sent(objects.swift, objects.target(), [NAME])
    assert complaint.startswith(f"the data sent to {CONTAINER}/{NAME} could not be removed: ")
    assert list(objects.objects) == [NAME]


@pytest.mark.usefixtures("large")
def test_a_container_is_removed_with_everything(objects: ObjectSite) -> None:
    assert remove_container(objects.swift, "other") == ""
    assert len(objects.objects) == 6
    assert remove_container(objects.swift, CONTAINER) == ""
    assert objects.containers == {}


@pytest.mark.usefixtures("fast_clock")
def test_what_a_late_listing_does_not_show_is_removed_in_a_second_attempt(objects: ObjectSite) -> None:
    objects.put(NAME, DATA)
    objects.region.fault("GET", rf"/{CONTAINER}\?", Answer(200, body=b"[]"), times=1)
    assert remove_container(objects.swift, CONTAINER) == ""
    assert objects.containers == {}


@pytest.mark.usefixtures("fast_clock")
def test_a_container_that_is_never_empty_is_reported(objects: ObjectSite) -> None:
    objects.put(NAME, DATA)
    objects.region.fault("DELETE", f"/{CONTAINER}$", Answer(409))
    objects.region.fault("DELETE", f"/{NAME}$", Answer(204))
    residue = remove_container(objects.swift, CONTAINER)
    assert residue == f"the container {CONTAINER} could not be removed: objects keep arriving in it"
    assert list(objects.objects) == [NAME]


@pytest.mark.parametrize(
    ("method", "path", "residue"),
    [
        ("DELETE", "/c$", "1 object could not be removed from the object store (images/c: "),
        ("GET", r"/images\?", "the container images could not be removed: "),
        ("DELETE", "/images$", "the container images could not be removed: "),
    ],
)
def test_a_container_that_cannot_be_removed_is_reported(
    objects: ObjectSite, method: str, path: str, residue: str
) -> None:
    objects.put("c", b"")
    objects.region.fault(method, path, Answer(403))
    assert remove_container(objects.swift, CONTAINER).startswith(residue)
    assert CONTAINER in objects.containers


def test_an_empty_container_of_ours_is_removed(objects: ObjectSite) -> None:
    """What has an object stays, and what somebody else made: neither is an error."""
    objects.put(NAME, DATA)
    assert remove_if_empty(objects.swift, "other") == ""
    assert remove_if_empty(objects.swift, CONTAINER) == ""
    objects.swift.ensure_container("mine")
    objects.region.fault("DELETE", "/mine$", Answer(403), times=1)
    assert remove_if_empty(objects.swift, "mine").startswith("the container mine could not be removed: ")
    objects.swift.connection.deadline.cancelled.set(5.0)
    assert remove_if_empty(objects.swift, "mine") == ""
    assert list(objects.containers) == [CONTAINER]
