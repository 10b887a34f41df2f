# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads by hand: what is remembered of them, which one is meant, by which scheme, and bad input."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import (
    Capabilities,
    ObjectStore,
    Vendor,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    InputError,
    OaktreeError,
    RefusedError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SESSION, UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.assemble import check_arrived
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.finalize import meant, published
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.pipeline import without_signatures
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.prepare import RequestOptions, choose
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.record import (
    PreparedUpload,
    part_of,
    read,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.schemes import negotiate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.survey import Remains, SessionSurvey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import (
    is_leftover,
    session_marker,
    session_until,
    upload_marker,
)
from tests.support.fake_openstack import FakeOpenStack
from tests.support.image_samples import DATA, OTHER, image, recorded
from tests.support.run_module import run_module

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(hours=1)
WANTED = Desired("thing", "present")


def digests(*names: str, data: bytes = DATA) -> dict[str, str]:
    return {name: hashlib.new(name, data).hexdigest() for name in names}


def content(*names: str, data: bytes = DATA, size: int | None = len(DATA)) -> DeclaredContent:
    return DeclaredContent(digests(*(names or ("sha512",)), data=data), size, "raw")


def upload(**changes: Any) -> PreparedUpload:
    identity = Fingerprint(len(DATA), "raw", digests("md5", "sha256", "sha512"))
    return replace(PreparedUpload("id-1", "swift", identity, 4, LATER, {"status": "queued"}), **changes)


def test_the_record_remembers_everything_in_values_of_a_length_that_clouds_take() -> None:
    big = Fingerprint(2**50, "qcow2", digests("md5", "sha256", "sha512"))
    prepared = upload(content=big, part_size=5 << 30, scheme="glance_direct")
    fields = {"id": "id-1", "status": "queued", **prepared.fields(WANTED)}
    assert read(fields) == replace(prepared, image=fields)
    assert max(len(str(value)) for value in fields.values()) <= 255
    assert fields["name"] == "thing.uploading"


@pytest.mark.parametrize(
    "damage", [{SESSION: "{"}, {SESSION: "[]"}, {SESSION: '{"size":1}'}, {UPLOAD: upload_marker()}]
)
def test_a_damaged_record_is_none(damage: dict[str, str]) -> None:
    assert read({"id": "id-1", "status": "queued", **upload().fields(WANTED), **damage}) is None


def test_an_image_made_of_segments_is_no_record_but_names_it() -> None:
    made = {"id": "id-2", "status": "queued", **upload().brought_in_fields(WANTED)}
    assert (read(made), part_of(made)) == (None, "id-1")
    assert part_of({"id": "id-3"}) == ""


@pytest.mark.parametrize(
    ("until", "leftover"),
    [(NOW + timedelta(minutes=5), False), (NOW - timedelta(minutes=1), False), (NOW - timedelta(hours=1), True)],
)
def test_time_tells_whether_an_upload_by_hand_goes_on(until: datetime, leftover: bool) -> None:  # noqa: FBT001
    marked = {**image(data=None), UPLOAD: session_marker(until)}
    assert session_until(marked) == until
    assert is_leftover(marked, 600) is leftover


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(upload_marker(), id="a-live-run"),
        "by-hand until ",
        "by-hand until soon",
        "a by-hand until 2026-01-01",
        "",
    ],
)
def test_other_marks_are_not_by_hand(text: str) -> None:
    assert session_until({UPLOAD: text}) is None


CHECKSUMS = ["", "sha512", "sha512:", "sha1:" + 40 * "0", "md5:" + 31 * "0", "md5:" + 32 * "x", "md5:https://x/SUMS"]


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_a_checksum_that_is_none_is_an_error(checksum: str) -> None:
    with pytest.raises(InputError, match="checksum"):
        DeclaredContent.of_checksum(checksum, 1, "raw")


def test_a_checksum_is_taken_in_any_case() -> None:
    assert DeclaredContent.of_checksum(f"md5: {32 * 'A'}", 1, "raw").digests == {"md5": 32 * "a"}


SAME: list[tuple[DeclaredContent, bool | None]] = [
    (content(), True),
    (content("md5"), True),
    (content(data=OTHER), False),
    (content(size=None), True),
    (content(size=1), False),
    (DeclaredContent({"sha1": "0"}, len(DATA), "raw"), None),
    (DeclaredContent({"sha1": "0"}, 1, "raw"), False),
]


@pytest.mark.parametrize(("given", "same"), SAME)
def test_content_is_compared_by_size_and_what_digests_both_have(given: DeclaredContent, same: bool | None) -> None:  # noqa: FBT001
    assert given.is_that_of(upload().content) is same


FOUND: list[tuple[DeclaredContent, dict[str, Any], bool]] = [
    (content(), image(), True),
    (content(size=None), image(), True),
    (content(data=OTHER), image(), False),
    (content("sha256"), image(**recorded()), True),
    (content("sha256"), image(), False),
    (content("sha256", size=None), image(**recorded()), False),
    (content("sha256"), image(data=b"", **recorded()), False),
]


@pytest.mark.parametrize(("given", "there", "found"), FOUND)
def test_what_an_uploader_wrote_down_counts_with_the_size_only(
    given: DeclaredContent,
    there: dict[str, Any],
    found: bool,  # noqa: FBT001
) -> None:
    assert bool(given.found_in(there)) is found


def active(data: bytes, **fields: Any) -> dict[str, Any]:
    return image(data=data, **fields)


EXPIRED = NOW - timedelta(seconds=1)
CHOICES: list[tuple[Sequence[PreparedUpload], RequestOptions, str | None]] = [
    ([], RequestOptions(), None),
    ([upload()], RequestOptions(), "id-1"),
    ([upload()], RequestOptions(scheme="swift", segment_size=4), "id-1"),
    ([upload(scheme="v2_put")], RequestOptions(segment_size=5), "id-1"),
    ([upload(until=EXPIRED)], RequestOptions(), None),
    ([upload(until=EXPIRED, scheme="v2_put", image=active(DATA))], RequestOptions(), "id-1"),
    ([upload(scheme="v2_put", image=active(OTHER))], RequestOptions(), None),
    ([upload(scheme="v2_put", image=active(DATA[::-1]))], RequestOptions(), None),
    ([upload(scheme="v2_put", image=active(OTHER, disk_format="qcow2"))], RequestOptions(), "id-1"),
    ([upload(scheme="v2_put", image={"status": "killed"})], RequestOptions(), None),
    ([upload(scheme="v2_put", image={"status": "saving"})], RequestOptions(), "id-1"),
    ([upload(scheme="glance_direct", image={"status": "uploading", "size": None})], RequestOptions(), "id-1"),
    ([upload(scheme="glance_direct", image={"status": "uploading", "size": 1})], RequestOptions(), None),
]


@pytest.mark.parametrize(("uploads", "ask", "chosen"), CHOICES)
def test_an_upload_that_can_still_be_used_is_kept(
    uploads: Sequence[PreparedUpload], ask: RequestOptions, chosen: str | None
) -> None:
    found = choose(uploads, content(), ask)
    assert (found.image_id if found else None) == chosen


CONFLICTS: list[tuple[DeclaredContent, RequestOptions]] = [
    (content(data=OTHER), RequestOptions()),
    (content(), RequestOptions(scheme="v2_put")),
    (content(), RequestOptions(segment_size=5)),
    (replace(content(), disk_format="iso"), RequestOptions()),
]


@pytest.mark.parametrize(("given", "ask"), CONFLICTS)
def test_another_upload_that_goes_on_is_a_conflict(given: DeclaredContent, ask: RequestOptions) -> None:
    with pytest.raises(ConflictError, match="id-1"):
        choose([upload()], given, ask)


def test_the_upload_that_is_meant_is_told_by_its_content() -> None:
    other = upload(image_id="id-2", content=Fingerprint(5, "raw", digests("sha512", data=OTHER)))
    assert meant([other, upload()], content()) == upload()
    assert meant([other], content()) is None
    with pytest.raises(InputError, match="no digest of this algorithm"):
        meant([other], content("md5", size=None))


NOT_ARRIVED: list[tuple[dict[str, Any], str, str]] = [
    ({"status": "queued"}, "conflict", r"nothing has arrived \(offset 0, 8 bytes\)"),
    ({"status": "saving"}, "conflict", "the data is still being sent"),
    ({"status": "uploading", "size": None}, "conflict", "the data is still being sent"),
    ({"status": "uploading", "size": 3}, "integrity", "3 bytes arrived of 8"),
]


@pytest.mark.parametrize(("there", "kind", "said"), NOT_ARRIVED)
def test_what_has_not_arrived_at_glance_is_told_by_the_record(there: dict[str, Any], kind: str, said: str) -> None:
    with pytest.raises(OaktreeError, match=said) as error:
        check_arrived(upload(image=there))
    assert error.value.kind == kind


@pytest.mark.parametrize("there", [{"status": "uploading", "size": 8}, {"status": "importing"}, {"status": "active"}])
def test_what_has_arrived_at_glance_goes_on(there: dict[str, Any]) -> None:
    check_arrived(upload(image=there))


def offers(
    methods: tuple[str, ...] = (), *, tasks: bool = False, digests: tuple[str, ...] | None = ("sha1",)
) -> Capabilities:
    store = None if digests is None else ObjectStore("https://swift", None, True, None, None, digests)  # noqa: FBT003
    vendor = Vendor(None, image_api_use_tasks=False, image_api_version=None)
    return Capabilities(methods, (), (), tasks, store, {}, vendor, {"object_store": "no catalog entry"})


SCHEMES: list[tuple[Capabilities, str | None, str]] = [
    (offers(("web-download",)), None, "swift because signed URLs"),
    (offers(tasks=True), None, "swift because signed URLs"),
    (offers(), None, "v2_put because neither the import method web-download nor tasks are open"),
    (offers(("web-download",), digests=()), None, "v2_put because the object store has no signed URLs"),
    (offers(("web-download",), digests=None), None, "v2_put because there is no object store: no catalog entry"),
    (offers(("glance-direct",)), "glance_direct", "glance_direct because the task asks for it"),
    (offers(("web-download",)), "v2_put", "v2_put because the task asks for it"),
]


@pytest.mark.parametrize(("found", "wanted", "reason"), SCHEMES)
def test_the_scheme_follows_from_the_offers(found: Capabilities, wanted: str | None, reason: str) -> None:
    scheme, said = negotiate(found, wanted)
    assert said.startswith(reason)
    assert reason.startswith(scheme)


@pytest.mark.parametrize(
    ("scheme", "possible"), [("swift", "v2_put, glance_direct"), ("glance_direct", "v2_put, swift")]
)
def test_a_scheme_that_is_not_possible_is_refused(scheme: str, possible: str) -> None:
    found = offers(("glance-direct",)) if scheme == "swift" else offers(("web-download",))
    with pytest.raises(RefusedError, match=scheme) as refused:
        negotiate(found, scheme)
    assert refused.value.hint == f"Possible are: {possible}."


def test_an_old_image_api_is_refused() -> None:
    old = replace(offers(("web-download",)), vendor=Vendor(None, False, "1"))  # noqa: FBT003
    for wanted in (None, "v2_put", "swift"):
        with pytest.raises(RefusedError, match="version 1 of the image API"):
            negotiate(old, wanted)


def test_only_what_is_published_or_prepared_can_be_finalized() -> None:
    sight = SessionSurvey(Survey((image(data=OTHER),)))
    with pytest.raises(ConflictError, match="nothing is prepared here"):
        published(sight, content())
    with pytest.raises(ConflictError, match="other content is prepared here: id-1"):
        published(replace(sight, uploads=(upload(),)), content(data=OTHER[::-1]))
    assert published(sight, content(data=OTHER, size=None)).size == len(OTHER)


def test_only_what_belongs_to_other_uploads_is_removed() -> None:
    sight = SessionSurvey(
        Survey(()),
        (upload(), upload(image_id="id-2")),
        (("id-3", "id-1"), ("id-4", "id-2"), ("id-5", "")),
        ("by-hand-id-1", "by-hand-id-2", "by-hand-id-9"),
    )
    assert sight.apart_from({"id-1"}) == Remains(("by-hand-id-2", "by-hand-id-9"), ("id-4", "id-5", "id-2"))
    assert not SessionSurvey(Survey(())).apart_from(set())


def test_messages_lose_their_signatures() -> None:
    text = "cannot get http://swift/v1/c/o?temp_url_sig=sha512%3Aabc-_%3D&temp_url_expires=1 'x?temp_url_sig=ab' y"
    assert without_signatures(text) == (
        "cannot get http://swift/v1/c/o?temp_url_sig=...&temp_url_expires=1 'x?temp_url_sig=...' y"
    )


BAD: list[tuple[dict[str, Any], str]] = [
    ({"state": "prepared"}, "state prepared needs path or checksum"),
    ({"state": "finalized"}, "state finalized needs path or checksum"),
    ({"state": "prepared", "checksum": "md5:" + 32 * "0"}, "size, checksum and disk_format: all three are needed"),
    ({"state": "prepared", "checksum": "md5:" + 32 * "0", "size": 0, "disk_format": "raw"}, "size: must be greater"),
    ({"state": "prepared", "path": "FILE", "disk_format": "qcow2"}, "disk_format: the file is raw, not qcow2"),
    ({"state": "prepared", "path": "FILE", "segment_size": "0"}, "segment_size: must be greater than zero"),
    ({"state": "prepared", "path": "FILE", "expires_in": 0}, "expires_in: must be greater than zero"),
    ({"state": "prepared", "path": "FILE", "properties": {"id": "x"}}, "properties: id is not a custom property"),
    ({"state": "prepared", "path": "FILE", "min_disk": -1}, "min_disk: must not be negative"),
    ({"state": "aborted", "name": ""}, "name: must have 1 to 245 characters"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[json.dumps(bad)[:50] for bad, _message in BAD])
def test_bad_input_is_one_clear_error_and_nothing_is_made(
    fake_openstack: Callable[..., FakeOpenStack],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bad: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clouds, file = fake_openstack(), tmp_path / "image.raw"
    file.write_bytes(DATA * 200)
    clouds_yaml = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    options = {"name": "thing", "locations": ["*"], "clouds_yaml": clouds_yaml, **bad}
    if "path" in bad:
        options["path"] = str(file)
    ended = run_module("image_upload", **options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]
    assert clouds.counters.requests(service="image") == 0
