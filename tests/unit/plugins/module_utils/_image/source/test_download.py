# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads from the web, over real HTTP: what servers do to them. And images from a Location that declares little."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    ServerError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.client import find_image, glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import download
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.download import (
    ImageStream,
    WebFile,
    download_image,
    download_url,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import ImageFile
from tests.support import image_formats as formats
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Answer as Status
from tests.support.fake_openstack import BlackHole, BreakAnswer, DistortAnswer, FakeOpenStack
from tests.support.web import DATA, Answer, Web, conditional, rest, silent, some, trickle, whole


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


def fetch(web: Web, tmp_path: Path, seconds: float = 20.0, silence: float = 5.0) -> bytes:
    got = download_url(web.url, tmp_path, Deadline(seconds, "transfer_timeout"), silence)
    assert got
    return got[0].read_bytes()


def test_a_circle_of_causes_has_an_end() -> None:
    """As ``raise exc from exc`` closes one."""
    error = requests.exceptions.ConnectionError("no route")
    error.__cause__ = error
    assert download._failure(error, "host").message == "url: host cannot be reached: no route"


def test_a_file_without_end_leaves_some_space(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(len(DATA), 0, len(DATA)))
    web.answers = [whole()]
    with pytest.raises(InputError, match=r"url: the file is larger than \d+ bytes, 90% of what is free in") as caught:
        fetch(web, tmp_path)
    assert "temporary_directory" in caught.value.hint
    assert list(tmp_path.iterdir()) == []
    assert len(web.ranges) == 1


OTHER = bytes(reversed(DATA))
HALF = len(DATA) // 2
CUT = whole(stop=HALF, ETag='"1"')
MONDAY = "Mon, 05 Oct 2026 10:00:00 GMT"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "expected", "resumed"),
    [
        pytest.param([whole()], DATA, [False], id="at-once"),
        pytest.param([CUT, rest()], DATA, [False, True], id="goes-on"),
        pytest.param([CUT, whole()], DATA, [False, True], id="server-without-ranges"),
        pytest.param([CUT, rest(OTHER, '"2"')], OTHER, [False, True], id="another-file-by-now"),
        pytest.param([whole(stop=HALF), rest()], DATA, [False, False], id="nothing-tells-that-it-is-the-same"),
        pytest.param([whole(stop=HALF, ETag='W/"1"'), rest()], DATA, [False, False], id="weak-etag"),
        pytest.param([CUT, rest(shift=7), whole()], DATA, [False, True, False], id="other-bytes-than-asked"),
        pytest.param([CUT, whole(b"", 416), whole()], DATA, [False, True, False], id="shorter-by-now"),
        pytest.param([CUT, some(OTHER, '"2"')], OTHER, [False, True, False], id="another-file-although-not-asked-for"),
        pytest.param(
            [whole(stop=HALF, Last_Modified=MONDAY), some(OTHER, ""), whole(OTHER)],
            DATA[:HALF] + OTHER[HALF:],
            [False, True],
            id="nothing-tells-that-it-is-another",
        ),
        pytest.param([CUT, some(OTHER + b"more")], OTHER + b"more", [False, True, False], id="another-length"),
        pytest.param([CUT, some(end=HALF + 9, told=7), whole()], DATA, [False, True, False], id="another-length-told"),
        pytest.param([CUT, some(end=HALF + 9), rest()], DATA, [False, True, True], id="less-than-asked-for"),
        pytest.param([CUT, some(etag=""), rest()], DATA, [False, True], id="an-answer-that-says-only-what-it-must"),
        pytest.param(
            [CUT, *(some(end=HALF + count) for count in range(1, 6)), rest()],
            DATA,
            [False, *[True] * 6],
            id="often-as-long-as-it-gets-ahead",
        ),
        pytest.param([whole(b"", 503), whole()], DATA, [False, False], id="one-503"),
        pytest.param([whole(b"", 429, Retry_After="0"), whole()], DATA, [False, False], id="one-429"),
        pytest.param([silent, rest()], DATA, [False, False], id="one-stall"),
        pytest.param([whole(b"", 302, Location="/elsewhere"), whole()], DATA, [False, False], id="redirect"),
    ],
)
def test_download(web: Web, tmp_path: Path, answers: list[Answer], expected: bytes, resumed: list[bool]) -> None:
    web.answers = answers
    assert fetch(web, tmp_path, silence=0.5) == expected
    assert [asked is not None for asked in web.ranges] == resumed


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        pytest.param(whole(b"", 404), InputError, "the server answered 404", id="not-found"),
        pytest.param(whole(b"", 403), InputError, "the server answered 403", id="forbidden"),
        pytest.param(whole(status=300), InputError, "the server answered 300", id="several"),
        pytest.param(whole(status=202), InputError, "the server answered 202", id="not-ready"),
        pytest.param(whole(b"", 304), ServerError, "did not change, although it was not asked", id="not-asked"),
        pytest.param(whole(b"", 500), ServerError, "the server answered 500", id="fails"),
        pytest.param(whole(stop=HALF), UnreachableError, f"interrupted after {HALF}", id="always-cut"),
        pytest.param(whole(b"<html>", Content_Type="text/html; charset=utf-8"), InputError, "a web page", id="html"),
        pytest.param(whole(b"", 302, Location="/image.raw"), UnreachableError, "redirects", id="loop"),
    ],
)
def test_failure_leaves_nothing_but_an_error(
    web: Web, tmp_path: Path, answer: Answer, error: type[OaktreeError], message: str
) -> None:
    web.answers = [answer]
    with pytest.raises(error, match=message):
        fetch(web, tmp_path)
    assert [path for path in tmp_path.iterdir() if path.stat().st_size] == []


def test_trickle_ends_by_the_clock(web: Web, tmp_path: Path) -> None:
    web.answers = [trickle]
    begin = time.monotonic()
    with pytest.raises(DeadlineError, match="transfer_timeout"):
        fetch(web, tmp_path, seconds=0.5)
    assert time.monotonic() - begin < 1.5
    assert list(tmp_path.iterdir()) == []


def test_nobody_there(web: Web, tmp_path: Path) -> None:
    with socket.socket() as taken:  # bound, so that no other test has the port, but nobody listens
        taken.bind(("127.0.0.1", 0))
        web.url = f"http://127.0.0.1:{taken.getsockname()[1]}/image.raw"
        with pytest.raises(UnreachableError, match=r"^url: 127.0.0.1 cannot be reached: .*refused") as caught:
            fetch(web, tmp_path)
    assert caught.value.hint == "Check the URL, and the network and the proxies of the host that runs the task."


@pytest.mark.parametrize(
    ("url", "error", "message", "hint"),
    [
        (
            "http://nowhere.invalid/image.raw",
            UnreachableError,
            "url: nowhere.invalid cannot be reached",
            "Check the URL",
        ),
        ("http://127.0.0.1:99999/image.raw", InputError, "is not a URL", "host name and port"),
        ("http:///image.raw", InputError, "is not a URL", "host name and port"),
        ("https://WEB/image.raw", UnreachableError, "no secure connection to 127.0.0.1", "REQUESTS_CA_BUNDLE"),
    ],
)
def test_a_url_that_cannot_be_reached(
    web: Web, tmp_path: Path, url: str, error: type[OaktreeError], message: str, hint: str
) -> None:
    web.answers = [whole()]
    web.url = url.replace("WEB", web.url.split("/")[2])
    with pytest.raises(error, match=message) as caught:
        fetch(web, tmp_path)
    assert hint in caught.value.hint


def test_a_bundle_that_does_not_exist(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nonexistent/ca.pem")
    web.url = web.url.replace("http:", "https:")
    with pytest.raises(InputError, match=r"^url: .*/nonexistent/ca.pem") as caught:
        fetch(web, tmp_path)
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


def test_a_proxy_that_cannot_be_reached(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers = [whole()]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(UnreachableError, match=r"^url: the proxy to 127.0.0.1 cannot be reached") as caught:
        fetch(web, tmp_path)
    assert "http_proxy" in caught.value.hint


def test_a_server_that_does_not_answer(web: Web, tmp_path: Path) -> None:
    web.answers = [lambda _handler: time.sleep(1)]
    with pytest.raises(DeadlineError, match=r"^url: 127.0.0.1 does not answer") as caught:
        fetch(web, tmp_path, silence=0.1)
    assert "stall_timeout" in caught.value.hint


LONG_AGO: dict[str, Any] = {"Last_Modified": formatdate(time.time() - 86400, usegmt=True)}
JUST_NOW: dict[str, Any] = {"Last_Modified": formatdate(time.time() + 3600, usegmt=True)}


@pytest.mark.parametrize(
    ("before", "now", "certain", "fetched"),
    [
        pytest.param(conditional(ETag='"1"'), conditional(ETag='"1"'), True, False, id="304"),
        pytest.param(conditional(ETag='"1"'), conditional(OTHER, ETag='"2"'), True, True, id="another"),
        pytest.param(conditional(**LONG_AGO), conditional(**LONG_AGO), True, False, id="304-by-date"),
        pytest.param(whole(ETag='"1"'), whole(ETag='"1"'), True, False, id="a-server-without-conditions"),
        pytest.param(whole(**LONG_AGO), whole(**LONG_AGO), True, False, id="without-conditions-by-date"),
        pytest.param(whole(**LONG_AGO), whole(DATA[1:], **LONG_AGO), True, True, id="another-length"),
        pytest.param(conditional(ETag='W/"1"', **LONG_AGO), conditional(ETag='W/"1"'), False, True, id="weak"),
        pytest.param(conditional(**JUST_NOW), conditional(**JUST_NOW), False, True, id="a-date-of-just-now"),
        pytest.param(whole(), whole(), False, True, id="nothing-tells"),
        pytest.param(whole(Last_Modified="yesterday"), whole(), False, True, id="no-date"),
    ],
)
def test_a_file_that_was_fetched_before(
    web: Web,
    tmp_path: Path,
    before: Answer,
    now: Answer,
    certain: bool,  # noqa: FBT001
    fetched: bool,  # noqa: FBT001
) -> None:
    web.answers = [before, now]
    first = download_url(web.url, tmp_path, Deadline(20), 5.0)
    assert first
    assert first[1].is_certain is certain
    again = download_url(web.url, tmp_path, Deadline(20), 5.0, first[1] if certain else None)
    assert (again is not None) is fetched
    assert len(web.headers) == 2
    assert len(list(tmp_path.iterdir())) == 1 + fetched


@pytest.mark.parametrize(("now", "fetched"), [(DATA, False), (OTHER[1:], True)])
def test_not_newer_is_not_the_same(web: Web, tmp_path: Path, now: bytes, *, fetched: bool) -> None:
    """A server that answers 304 for any file with an older date, as Apache does: an older one may be back."""
    web.answers = [whole(**LONG_AGO), whole(b"", 304), whole(now, **LONG_AGO)]
    first = download_url(web.url, tmp_path, Deadline(20), 5.0)
    assert first
    again = download_url(web.url, tmp_path, Deadline(20), 5.0, first[1])
    assert (again is not None) is fetched
    assert len(web.headers) == 3
    assert "If-Modified-Since" not in web.headers[2]


def test_names_on_the_way(web: Web) -> None:
    web.answers = [whole(b"", 302, Location="/a/image-43%20b.raw?x=1"), whole()]
    version = WebFile(web.url, Deadline(5), 5.0).look()
    assert version
    assert version.names == ("image.raw", "image-43 b.raw")


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def connection(clouds: FakeOpenStack) -> Connection:
    made = Connection(Clouds(clouds_config={"clouds": {"cloud1": clouds["cloud1"].entry()}}).regions("cloud1")[0])
    made.deadline = Deadline(20)
    return made


def get(connection: Connection, clouds: FakeOpenStack, tmp_path: Path, data: bytes, served: bytes) -> ImageFile:
    """Download an image that has this data by the cloud's account, while it serves other data."""
    glance = clouds["cloud1"]["r1"].glance
    image = add_image(glance, data, disk_format="qcow2")
    glance.data.path(image.id).write_bytes(served)
    return download_image(connection, find_image(glance_for(connection), image.id), tmp_path, Deadline(10), 5.0)


QCOW2 = formats.qcow2() + DATA


def test_a_location_that_sends_nothing_is_asked_again(
    connection: Connection, clouds: FakeOpenStack, tmp_path: Path
) -> None:
    """After `stall_timeout`: a store may take longer for the first byte than other requests for an answer."""
    image = add_image(clouds["cloud1"]["r1"].glance, QCOW2, disk_format="qcow2")
    clouds["cloud1"]["r1"].fault("GET", "/file$", BlackHole(), times=1)
    found = find_image(glance_for(connection), image.id)
    assert download_image(connection, found, tmp_path, Deadline(10), 0.3).path.read_bytes() == QCOW2
    assert clouds.counters.requests(path="/v2/images/{image_id}/file") == 2


def test_an_image_of_a_location(connection: Connection, clouds: FakeOpenStack, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].fault("GET", "/file$", BreakAnswer(0.5, cut=True), times=1)
    clouds["cloud1"]["r1"].fault("GET", "/file$", Status(503), times=1)
    got = get(connection, clouds, tmp_path, QCOW2, QCOW2)
    assert got.path.read_bytes() == QCOW2
    assert (got.disk_format, got.detected) == ("qcow2", "qcow2")


@pytest.mark.parametrize("status", [400, 416, 501])
def test_an_image_of_a_store_without_ranges(
    connection: Connection, clouds: FakeOpenStack, tmp_path: Path, status: int
) -> None:
    """Glance on Ceph RBD, HTTP or S3 rejects a Range instead of ignoring it."""
    region = clouds["cloud1"]["r1"]
    region.fault("GET", "/file$", BreakAnswer(0.5, cut=True), times=1)
    region.fault("GET", "/file$", Status(status), times=1)
    assert get(connection, clouds, tmp_path, QCOW2, QCOW2).path.read_bytes() == QCOW2
    assert clouds.counters.requests(path="/v2/images/{image_id}/file") == 3


def test_plain_bytes_are_what_their_cloud_declares_until_they_are_converted(
    connection: Connection, clouds: FakeOpenStack, tmp_path: Path
) -> None:
    got = get(connection, clouds, tmp_path, DATA, DATA)
    assert (got.disk_format, got.detected) == ("qcow2", "raw")
    with pytest.raises(InputError, match="declared as qcow2, but its content is raw"):
        got.check_detected()


@pytest.mark.parametrize(
    ("served", "error", "message"),
    [
        pytest.param(QCOW2[:-1] + b"x", IntegrityError, "md5 mismatch: received [0-9a-f]{32}, expected", id="damaged"),
        pytest.param(b"x" + QCOW2[1:], IntegrityError, "md5 mismatch", id="damaged-at-its-beginning"),
    ],
)
def test_other_data_than_the_cloud_declares(
    connection: Connection,
    clouds: FakeOpenStack,
    tmp_path: Path,
    served: bytes,
    error: type[OaktreeError],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        get(connection, clouds, tmp_path, QCOW2, served)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("first", [QCOW2[:-1] + b"x", b"# Disk DescriptorFile" + QCOW2[21:]])
def test_damaged_data_is_downloaded_once_more(
    connection: Connection, clouds: FakeOpenStack, tmp_path: Path, first: bytes
) -> None:
    """Whatever the damage makes of it: with the first 21 bytes of another file it would not be safe."""
    damaged = DistortAnswer(lambda answer: replace(answer, body=first))
    clouds["cloud1"]["r1"].fault("GET", "/file$", damaged, times=1)
    got = get(connection, clouds, tmp_path, QCOW2, QCOW2)
    assert got.path.read_bytes() == QCOW2
    assert list(tmp_path.iterdir()) == [got.path]


@pytest.mark.parametrize(("declared", "found"), [("vhd", "vhd"), ("raw", "raw")])
def test_a_vhd_of_fixed_size_is_what_its_cloud_declares(
    connection: Connection, clouds: FakeOpenStack, tmp_path: Path, declared: str, found: str
) -> None:
    """It has nothing but a footer; a raw disk may end with one."""
    made = tmp_path / "fixed.vhd"
    subprocess.run(["qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed", made, "1M"], check=True)
    image = add_image(clouds["cloud1"]["r1"].glance, made.read_bytes(), disk_format=declared)
    got = download_image(connection, find_image(glance_for(connection), image.id), tmp_path, Deadline(10), 5.0)
    assert (got.disk_format, got.detected) == (declared, found)
    assert got.virtual_size == got.size - (512 if declared == "vhd" else 0)


def test_another_format_than_the_cloud_declares(connection: Connection, clouds: FakeOpenStack, tmp_path: Path) -> None:
    vdi = formats.vdi()
    with pytest.raises(InputError, match="the image data is vdi, but its cloud declares qcow2") as caught:
        get(connection, clouds, tmp_path, vdi, vdi)
    assert caught.value.hint == "Verify the image before using it."
    assert list(tmp_path.iterdir()) == []


class Served:
    """An image service whose data a web server has."""

    def __init__(self, web: Web) -> None:
        self._url = web.url

    def data(self, _image_id: str, headers: dict[str, str], stall_timeout: float) -> requests.Response:
        return requests.get(self._url, headers=headers, stream=True, timeout=stall_timeout)


def ranges(data: bytes = DATA, *, shift: int = 0) -> Answer:
    """What is asked for by Range, or with ``shift`` other bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range")
        if asked is None:
            whole(data)(handler)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) + shift
        whole(data[start:], 206, Content_Range=f"bytes {start}-{len(data) - 1}/{len(data)}")(handler)

    return answer


SHORT = whole(stop=HALF)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "offset", "asked", "resumable"),
    [
        pytest.param([ranges()], 0, [None], None, id="whole"),
        pytest.param([ranges()], 1000, [1000], True, id="the-rest"),
        pytest.param([whole()], 1000, [1000], False, id="the-rest-of-a-server-without-ranges"),
        pytest.param([SHORT, ranges()], 0, [None, HALF], True, id="resumes"),
        pytest.param([SHORT, whole()], 0, [None, HALF], False, id="from-the-beginning-without-ranges"),
        pytest.param([SHORT, ranges(shift=7), ranges()], 0, [None, HALF, HALF], True, id="another-range"),
        pytest.param([SHORT, whole(b"", 204), ranges()], 0, [None, HALF, HALF], True, id="no-data-in-the-answer"),
        pytest.param([whole(DATA[:HALF]), ranges()], 0, [None, HALF], True, id="half-as-if-it-were-all"),
        pytest.param([silent, ranges()], 0, [None, 1000], True, id="stalls"),
    ],
)
def test_stream_of_an_image(
    connection: Connection,
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[Answer],
    offset: int,
    asked: list[int | None],
    resumable: bool | None,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(download, "glance_for", lambda _connection: Served(web))
    web.answers = answers
    stream = ImageStream(connection, {"id": "1", "size": len(DATA)}, 0.5)
    assert b"".join(stream.read(offset)) == DATA[offset:]
    assert web.ranges == [None if start is None else f"bytes={start}-" for start in asked]
    assert stream.resumable is resumable


@pytest.mark.parametrize(
    ("answers", "error", "message"),
    [
        pytest.param([whole(DATA + b"x")], IntegrityError, f"sends more than the {len(DATA)} bytes", id="more"),
        pytest.param(
            [SHORT, whole(b"", 206)], ServerError, rf"another range than requested \(bytes {HALF}-\)", id="no-range"
        ),
        pytest.param([whole(b"")], UnreachableError, f"interrupted after 0 of {len(DATA)} bytes", id="nothing"),
        pytest.param([whole(b"", 304)], ServerError, "the cloud answered 304 to the request", id="another-answer"),
    ],
)
def test_stream_that_cannot_be_completed(
    connection: Connection,
    web: Web,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[Answer],
    error: type[OaktreeError],
    message: str,
) -> None:
    monkeypatch.setattr(download, "glance_for", lambda _connection: Served(web))
    web.answers = answers
    with pytest.raises(error, match=message):
        b"".join(ImageStream(connection, {"id": "1", "size": len(DATA)}, 0.5).read())
