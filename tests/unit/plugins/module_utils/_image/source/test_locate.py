# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the image comes from: a file, the web, another Location."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    InputError,
    IntegrityError,
    OaktreeError,
    RefusedError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.hashing import settle
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_data import (
    AnnouncedImage,
    ImageData,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import ImageFile
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.locate import SourceOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._run import events
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from tests.support import image_formats as formats
from tests.support.fake_images import add_image
from tests.support.fake_openstack import BlackHole, FakeOpenStack
from tests.support.web import Web, conditional, rest, whole

DATA = formats.qcow2()
SHA256, SHA512, MD5 = (hashlib.new(name, DATA).hexdigest() for name in ("sha256", "sha512", "md5"))
WRONG = "0" * 64


def options(workspace: Path, checksum: str | None = None, **more: Any) -> SourceOptions:
    return SourceOptions(workspace, checksum, timeout=5.0, transfer_timeout=5.0, stall_timeout=5.0, **more)


def on_the_web(url: str, options: SourceOptions) -> ImageData:
    """The file at the URL, read at once whatever the clouds may have."""
    found = locate.from_url(url, options)
    return found.read([]) if isinstance(found, AnnouncedImage) else found


def test_a_file_here(tmp_path: Path) -> None:
    path = tmp_path / "image.qcow2"
    path.write_bytes(DATA)
    found = locate.from_path(str(path), options(tmp_path, f"sha256:{SHA256}"))
    assert isinstance(found.fingerprint, ImageFile)
    assert (found.fingerprint.size, found.fingerprint.disk_format) == (len(DATA), "qcow2")
    assert found.source("qcow2", Deadline(5)).path == path
    assert (found.url, found.home) == (None, None)
    with pytest.raises(IntegrityError):
        locate.open_local(str(path), f"sha256:{WRONG}", 5.0)


def test_a_file_here_beside_a_list_of_checksums(web: Web, tmp_path: Path) -> None:
    """Which one is meant, the file's name tells."""
    path = tmp_path / "image.qcow2"
    path.write_bytes(DATA)
    web.answers = [whole(f"{WRONG}  other.qcow2\n{SHA256}  image.qcow2\n".encode())]
    assert locate.open_local(str(path), f"sha256:{web.url}", 5.0).digests["sha256"] == SHA256


def test_a_url_with_a_password_is_given_to_no_cloud(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(b"nothing"), whole(DATA, ETag='"1"')]
    secret = web.url.replace("://", "://joe:pa55@")
    with pytest.raises(InputError, match="has no sha256 checksums") as caught:
        locate.from_url(secret, options(tmp_path, f"sha256:{secret}"))
    assert "pa55" not in str(caught.value) + caught.value.message
    found = on_the_web(secret, options(tmp_path))
    assert found.url is None
    directory = private_files.private_directory("digests")
    assert directory
    kept = list(directory.iterdir())
    assert len(kept) == 2
    assert not any(b"pa55" in path.read_bytes() or b"joe" in path.read_bytes() for path in kept)


@pytest.mark.parametrize(
    "query", ["temp_url_sig=abc&temp_url_expires=17", "X-Amz-Date=1&X-Amz-Signature=abc", "sig=abc"]
)
def test_a_signed_url_is_given_to_no_cloud(web: Web, tmp_path: Path, query: str) -> None:
    web.answers = [whole(DATA)]
    assert on_the_web(f"{web.url}?{query}", options(tmp_path)).url is None


def test_a_file_on_the_web(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(f"{WRONG}  other.qcow2\n{SHA256}  an image.qcow2\n".encode()), whole(DATA)]
    url = web.url.replace("image.raw", "an%20image.qcow2?mirror=1")
    found = on_the_web(url, options(tmp_path, f"sha256:{web.url}"))
    assert (found.fingerprint.disk_format, found.url, found.home) == ("qcow2", url, None)
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert found.source("qcow2", Deadline(5)).path.parent == tmp_path


def test_a_file_that_is_known_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "image.qcow2"
    path.write_bytes(DATA)
    os.utime(path, (time.time() - 100,) * 2)
    first = locate.from_path(str(path), options(tmp_path))
    settle(first.fingerprint.digests, None)
    with patch.object(Path, "open", side_effect=AssertionError("the file is opened")):
        second = locate.from_path(str(path), options(tmp_path))
    assert first.fingerprint == second.fingerprint


PACKED = gzip.compress(DATA, mtime=0)
PACKED_SHA256 = hashlib.sha256(PACKED).hexdigest()


def test_a_compressed_file_is_read_once(tmp_path: Path) -> None:
    """And decompressed again only where its data is needed."""
    path, workspace = tmp_path / "image.qcow2.gz", tmp_path / "workspace"
    path.write_bytes(PACKED)
    workspace.mkdir()
    os.utime(path, (time.time() - 100,) * 2)
    first = locate.from_path(str(path), options(workspace, f"sha256:{PACKED_SHA256}"))
    with patch.object(locate, "open_source", side_effect=AssertionError("the file is read")):
        second = locate.from_path(str(path), options(workspace, f"sha256:{PACKED_SHA256}"))
        with pytest.raises(IntegrityError):
            locate.from_path(str(path), options(workspace, f"sha256:{SHA256}"))
    for found in (first, second):
        assert (found.fingerprint.size, found.fingerprint.disk_format) == (len(DATA), "qcow2")
        assert found.fingerprint.digests["sha256"] == SHA256
        assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
        assert found.source("qcow2", Deadline(5)).path.parent == workspace
    path.write_bytes(gzip.compress(DATA + bytes(100)))
    again = locate.from_path(str(path), options(workspace))
    assert again.fingerprint.size == len(DATA) + 100


def test_a_compressed_file_that_changes_before_it_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "image.qcow2.gz"
    path.write_bytes(PACKED)
    os.utime(path, (time.time() - 100,) * 2)
    locate.from_path(str(path), options(tmp_path))
    found = locate.from_path(str(path), options(tmp_path))
    path.write_bytes(gzip.compress(DATA + bytes(100)))
    with pytest.raises(InputError, match=r"image.qcow2.gz changed while it was used"):
        found.source("qcow2", Deadline(5))


def test_a_compressed_file_is_not_sent_by_other_hosts(tmp_path: Path) -> None:
    path = tmp_path / "image.qcow2.gz"
    path.write_bytes(PACKED)
    with pytest.raises(InputError, match="is compressed with gzip"):
        locate.open_local(str(path), None, 5.0)


@pytest.mark.parametrize(
    ("more", "name", "expected"),
    [
        ({}, "x.qcow2", "InputError"),
        ({}, "x.raw", "raw"),
        ({}, "x.IMG", "raw"),
        ({"disk_format": "raw"}, "x", "raw"),
        ({"disk_format": "iso"}, "x", "raw"),
        ({"disk_format": "qcow2"}, "x", "InputError"),
        ({"disk_format": "aki"}, "x", "aki"),
        ({"disk_format": "ploop"}, "x", "ploop"),
        ({"container_format": "ova", "disk_format": "vmdk"}, "x", "vmdk"),
        ({"container_format": "docker"}, "x", "raw"),
        ({"container_format": "ami"}, "x", "InputError"),
    ],
)
def test_a_text_is_an_image_where_the_task_or_its_name_says_so(
    tmp_path: Path, more: dict[str, str], name: str, expected: str
) -> None:
    (tmp_path / name).write_text("some text", encoding="utf-8")
    if expected == "InputError":
        with pytest.raises(InputError, match="is no disk image but a text"):
            locate.from_path(str(tmp_path / name), options(tmp_path, **more))
        return
    found = locate.from_path(str(tmp_path / name), options(tmp_path, **more))
    assert found.fingerprint.disk_format == expected


def test_an_archive_is_published_only_as_what_it_is(tmp_path: Path) -> None:
    """Whatever the task calls its content, nothing converts it."""
    path = tmp_path / "appliance.ova"
    path.write_bytes(b"appliance.ovf".ljust(257, b"\0") + b"ustar\0" + bytes(249))
    for more in ({}, {"disk_format": "raw"}, {"disk_format": "vmdk"}):
        with pytest.raises(InputError, match="is no disk image but an OVA") as caught:
            locate.from_path(str(path), options(tmp_path, **more))
        assert "container_format to ova" in caught.value.hint
    for more in ({}, {"disk_format": "vmdk"}):
        found = locate.from_path(str(path), options(tmp_path, container_format="ova", **more))
        with pytest.raises(InputError, match="but its content is unknown"):
            found.source("qcow2", Deadline(5))


def test_nothing_where_its_checksum_is_known(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA)]
    announced = locate.from_url(web.url, options(tmp_path, f"SHA256:{SHA256.upper()}"))
    assert isinstance(announced, AnnouncedImage)
    assert (announced.announced.digests, web.ranges) == ({"sha256": SHA256}, [])
    assert announced.read([]).fingerprint.size == len(DATA)
    assert len(web.ranges) == 1
    known = locate.from_url(web.url, options(tmp_path, f"sha256:{SHA256}"))
    assert isinstance(known, ImageData)
    assert (known.fingerprint.disk_format, known.url, len(web.ranges)) == ("qcow2", web.url, 1)
    assert known.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert len(web.ranges) == 2


def test_it_is_not_the_file_that_is_expected(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA)]
    with pytest.raises(IntegrityError):
        on_the_web(web.url, options(tmp_path, f"sha256:{WRONG}"))
    assert private_files.read("digests", f"sha256:{WRONG}") is None


def test_it_is_fetched_again_where_it_may_have_changed(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA, ETag='"1"'), whole(b"", 304), whole(DATA + b"x", ETag='"2"')]
    assert on_the_web(web.url, options(tmp_path)).fingerprint.size == len(DATA)
    assert on_the_web(web.url, options(tmp_path)).fingerprint.size == len(DATA)
    assert web.headers[1]["If-None-Match"] == '"1"'
    assert on_the_web(web.url, options(tmp_path)).fingerprint.size == len(DATA) + 1


def test_what_is_known_is_fetched_when_its_data_is_needed(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA, ETag='"1"'), whole(b"", 304), whole(DATA, ETag='"1"')]
    on_the_web(web.url, options(tmp_path))
    found = on_the_web(web.url, options(tmp_path))
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    web.answers = [whole(b"", 304), whole(DATA + b"x", ETag='"2"')]
    found = on_the_web(web.url, options(tmp_path))
    with pytest.raises(InputError, match="url: what it serves changed"):
        found.source("qcow2", Deadline(5))


def test_check_mode_looks_and_fetches_nothing(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA, ETag='"1"')]
    found = locate.from_url(web.url, options(tmp_path), check_mode=True)
    assert isinstance(found, AnnouncedImage)
    assert (found.announced.size, list(tmp_path.iterdir()), len(web.ranges)) == (len(DATA), [], 1)
    on_the_web(web.url, options(tmp_path))
    web.answers = [whole(b"", 304)]
    assert isinstance(locate.from_url(web.url, options(tmp_path), check_mode=True), ImageData)
    web.answers = [whole(b"", 404)]
    with pytest.raises(InputError, match="404"):
        locate.from_url(web.url, options(tmp_path), check_mode=True)


def test_a_compressed_file(web: Web, tmp_path: Path) -> None:
    """No cloud can fetch it by itself; its checksum is that of what is published."""
    web.answers = [whole(PACKED)]
    found = on_the_web(web.url, options(tmp_path, f"sha256:{PACKED_SHA256}"))
    assert (found.fingerprint.digests["sha256"], found.url) == (SHA256, None)
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("expected", [SHA256, PACKED_SHA256])
def test_a_server_that_encodes(web: Web, tmp_path: Path, expected: str) -> None:
    """Some encode on the way, some call a compressed file encoded: either may have been published."""
    web.answers = [whole(PACKED, Content_Encoding="gzip")]
    found = on_the_web(web.url, options(tmp_path, f"sha256:{expected}"))
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert web.headers[0]["Accept-Encoding"] == "identity"
    assert len(list(tmp_path.iterdir())) == 1
    assert found.url is None


def test_a_server_that_encodes_a_file_that_was_fetched_before(web: Web, tmp_path: Path) -> None:
    """Whose checksum is given only later: that of what is sent, or of what is meant."""
    web.answers = [conditional(PACKED, Content_Encoding="gzip", ETag='"1"')]
    assert on_the_web(web.url, options(tmp_path)).fingerprint.digests["sha256"] == SHA256
    for expected in (PACKED_SHA256, SHA256):
        found = on_the_web(web.url, options(tmp_path, f"sha256:{expected}"))
        assert (found.fingerprint.digests["sha256"], found.url) == (SHA256, None)
    with pytest.raises(IntegrityError):
        on_the_web(web.url, options(tmp_path, f"sha256:{WRONG}"))


@pytest.mark.parametrize("coding", ["gzip", "identity", "none", "aws-chunked", "UTF-8"])
def test_a_server_that_only_says_that_it_encodes(web: Web, tmp_path: Path, coding: str) -> None:
    web.answers = [whole(DATA, Content_Encoding=coding)]
    found = on_the_web(web.url, options(tmp_path, f"sha256:{SHA256}"))
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA


def test_a_server_that_encodes_in_its_own_way(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(PACKED, Content_Encoding="br")]
    with pytest.raises(InputError, match="Content-Encoding 'br', although"):
        on_the_web(web.url, options(tmp_path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "url: what it serves is empty"),
        (b"<?xml version='1.0'?><Error>", "url: what it serves is no disk image but an XML document"),
        (gzip.compress(b"<html>", mtime=0), "the gzip data that it serves is no disk image but a web page"),
        (DATA[:70], "url: what it serves is truncated"),
    ],
)
def test_no_image(web: Web, tmp_path: Path, data: bytes, message: str) -> None:
    web.answers = [whole(data)]
    with pytest.raises(InputError, match=message) as caught:
        on_the_web(web.url, options(tmp_path))
    assert str(tmp_path) not in caught.value.message


def test_a_list_of_checksums_names_the_file_behind_a_redirect(web: Web, tmp_path: Path) -> None:
    sums = f"{WRONG}  other.qcow2\n{SHA256}  image-43.qcow2\n".encode()
    redirect = whole(b"", 302, Location="/image-43.qcow2")
    web.answers = [whole(sums), redirect, whole(DATA), redirect, whole(DATA)]
    found = on_the_web(web.url.replace("image.raw", "latest"), options(tmp_path, f"sha256:{web.url}"))
    assert found.fingerprint.digests["sha256"] == SHA256


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/image", "file:///etc/passwd", "image.raw", "", "https://", "https://[::1/i", "https://h:port/i"],
)
def test_only_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="not an http or https URL"):
        locate.from_url(url, options(tmp_path))


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(regions=2)


@pytest.fixture
def target(clouds: FakeOpenStack, tmp_path: Path) -> Target:
    return Target(clouds_yaml=str(clouds.clouds_yaml(tmp_path / "clouds.yaml")), timeout=10.0)


def downloads(clouds: FakeOpenStack) -> int:
    return clouds.counters.requests(path="/v2/images/{image_id}/file")


def test_an_image_elsewhere_is_downloaded_only_when_it_is_needed(
    clouds: FakeOpenStack, target: Target, tmp_path: Path
) -> None:
    image = add_image(clouds["cloud1"]["r2"].glance, DATA, disk_format="qcow2")
    found = locate.from_location(target, ["cloud1/r2"], "thing", SourceOptions(tmp_path, f"sha512:{SHA512}"))
    assert (found.fingerprint.size, found.fingerprint.disk_format) == (len(DATA), "qcow2")
    assert found.fingerprint.digests == {"md5": MD5, "sha512": SHA512}
    assert found.home is not None
    assert (str(found.home.location), found.home.image["id"]) == ("cloud1/r2/demo", image.id)
    assert found.home.keystone.startswith("http://127.0.0.1:")
    assert downloads(clouds) == 0
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert found.source("qcow2", Deadline(5)).path.parent == tmp_path
    assert downloads(clouds) == 1


def test_a_download_from_elsewhere_stalls(clouds: FakeOpenStack, target: Target, tmp_path: Path) -> None:
    add_image(clouds["cloud1"]["r2"].glance, DATA, disk_format="qcow2")
    clouds["cloud1"]["r2"].fault("GET", "/file$", BlackHole(), times=1)
    found = locate.from_location(target, ["cloud1/r2"], "thing", SourceOptions(tmp_path, stall_timeout=0.3))
    assert found.source("qcow2", Deadline(10)).path.read_bytes() == DATA
    assert downloads(clouds) == 2


@pytest.mark.parametrize(
    ("location", "image", "checksum", "error", "message"),
    [
        ("cloud1", "thing", None, InputError, "from: 'cloud1' selects 2 Locations"),
        ("nowhere", "thing", None, InputError, "nowhere"),
        ("cloud1/r2", "other", None, RefusedError, "from: there is no image 'other' here"),
        ("cloud1/r1", "thing", None, RefusedError, "from: there is no image 'thing' here"),
        ("cloud1/r2", "thing", f"sha512:{WRONG}", IntegrityError, "sha512 mismatch"),
        ("cloud1/r2", "thing", f"sha256:{SHA256}", InputError, "the cloud reports no sha256 for the image"),
    ],
)
def test_what_is_not_there_is_reported_before_any_download(  # noqa: PLR0913, PLR0917 - a table
    clouds: FakeOpenStack,
    target: Target,
    tmp_path: Path,
    location: str,
    image: str,
    checksum: str | None,
    error: type[OaktreeError],
    message: str,
) -> None:
    add_image(clouds["cloud1"]["r2"].glance, DATA, disk_format="qcow2")
    with pytest.raises(error) as caught:
        locate.from_location(target, [location], image, SourceOptions(tmp_path, checksum))
    assert message in caught.value.message
    assert downloads(clouds) == 0


@pytest.mark.parametrize(
    ("mapping", "what", "way_out"),
    [
        ('[{"source_type": "snapshot", "snapshot_id": "1"}]', "it is a snapshot of volumes", "image create --volume"),
        ("[]", "", "Name an image that has data"),
    ],
)
def test_an_image_without_data(
    clouds: FakeOpenStack, target: Target, tmp_path: Path, mapping: str, what: str, way_out: str
) -> None:
    """As Nova makes one of a server that boots from a volume."""
    add_image(clouds["cloud1"]["r2"].glance, b"").properties["block_device_mapping"] = mapping
    with pytest.raises(InputError, match=rf"^from: the image \S+ has no data(: {what})?") as caught:
        locate.from_location(target, ["cloud1/r2"], "thing", SourceOptions(tmp_path))
    assert what in caught.value.message
    assert way_out in caught.value.hint


class Recorded(Progress):
    """Remembers the phases and how far each came."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, tuple[int, int]] = {}

    def enter(self, phase: str, total: int = 0, detail: str = "") -> None:
        super().enter(phase, total, detail)
        self.seen[phase] = (0, total)

    def advance(self, count: int) -> None:
        super().advance(count)
        if self.stage:
            self.seen[self.stage.phase] = (self.stage.done, self.stage.total)


def whole_of(*data: bytes) -> list[tuple[int, int]]:
    return [(len(one), len(one)) for one in data]


def test_the_progress_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    for name, data in (("plain", DATA), ("packed.gz", PACKED)):
        (tmp_path / name).write_bytes(data)
    plain, packed = Recorded(), Recorded()
    settle(locate.from_path(str(tmp_path / "plain"), options(tmp_path, progress=plain)).fingerprint.digests, None)
    assert plain.seen == dict(zip(["reading"], whole_of(DATA), strict=True))
    locate.from_path(str(tmp_path / "packed.gz"), options(tmp_path, progress=packed))
    assert packed.seen == dict(zip(["decompressing", "reading"], whole_of(PACKED, DATA), strict=True))


def test_the_progress_of_a_download_counts_what_came_before_it_broke(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(PACKED, stop=len(PACKED) // 2, ETag='"1"'), rest(PACKED)]
    progress = Recorded()
    on_the_web(web.url, options(tmp_path, progress=progress))
    phases = ["downloading", "decompressing", "reading"]
    assert progress.seen == dict(zip(phases, whole_of(PACKED, PACKED, DATA), strict=True))


@pytest.mark.parametrize("source", ["path", "packed", "url"])
def test_the_progress_of_the_source_is_reported(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "file").write_bytes(PACKED if source == "packed" else DATA)
    web.answers = [whole(DATA)]
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    monkeypatch.setenv(events.VARIABLE, str(tmp_path / "pipe"))
    if source == "url":
        on_the_web(web.url, options(tmp_path))
    else:
        locate.from_path(str(tmp_path / "file"), options(tmp_path), check_mode=True)
    *_others, last = os.read(reader, 1 << 16).splitlines()
    os.close(reader)
    assert json.loads(last) == {
        "who": "", "phase": "reading", "done": len(DATA), "total": len(DATA), "detail": "",
    }  # fmt: skip
