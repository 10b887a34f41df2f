# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault proxy passes everything on, but for the faults it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Literal

import pytest
import requests

from tests.support.fake_openstack import (
    Answer,
    BlackHole,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    FakeOpenStack,
    FaultProxy,
    LoseAnswer,
    TrickleAnswer,
)

DATA = bytes(range(256)) * 8192
OCTETS = {"Content-Type": "application/octet-stream"}
IMAGE = "11111111-2222-3333-4444-555555555555"


class Path:
    """A proxy in front of a Glance, a client of the proxy, and the bare Glance."""

    def __init__(self, cloud: FakeOpenStack, proxy: FaultProxy, session: requests.Session) -> None:
        self.region = cloud["cloud1"]["r1"]
        self.counters = cloud.counters
        self.proxy = proxy
        self.session = session
        self.session.post(f"{self.region.glance.url}/v2/images", timeout=5, json={"id": IMAGE})

    def upload(self, data: bytes | Iterator[bytes] = DATA) -> requests.Response:
        url = f"{self.proxy.url}/v2/images/{IMAGE}/file"
        return self.session.put(url, data=data, headers=OCTETS, timeout=5)

    @property
    def status(self) -> str:
        return self.region.glance.images[IMAGE].status

    @property
    def stored(self) -> bytes:
        return self.region.glance.data.path(IMAGE).read_bytes()

    def puts(self) -> int:
        return self.counters.requests(method="PUT", path="/v2/images/{image_id}/file")


@pytest.fixture
def path(
    fake_openstack: Callable[..., FakeOpenStack],
    fault_proxy: Callable[..., FaultProxy],
    client: Callable[..., requests.Session],
) -> Path:
    clouds = fake_openstack(servers=1)
    proxy = fault_proxy(clouds["cloud1"]["r1"].glance.url)
    return Path(clouds, proxy, client(clouds["cloud1"]))


def test_bodies_pass_in_both_directions(path: Path) -> None:
    assert path.upload().status_code == 204
    assert path.stored == DATA
    assert path.proxy.counters.bytes_received == len(DATA)
    assert path.proxy.counters.requests(method="PUT", path="/v2/images/{id}/file") == 1
    answer = path.session.get(f"{path.proxy.url}/v2/images/{IMAGE}/file", timeout=5)
    assert answer.content == DATA
    assert answer.headers["Content-Length"] == str(len(DATA))


def test_a_chunked_body_passes(path: Path) -> None:
    assert path.upload(DATA[start : start + 5000] for start in range(0, len(DATA), 5000)).status_code == 204
    assert path.stored == DATA


def test_the_host_stays_as_the_client_sent_it(path: Path) -> None:
    versions = requests.get(path.proxy.url, timeout=5).json()["versions"]
    assert versions[0]["links"][0]["href"] == f"{path.proxy.url}/v2/"


def test_errors_pass_unchanged(path: Path) -> None:
    assert path.upload().status_code == 204
    refused = path.upload()
    assert refused.status_code == 409
    assert "not allowed" in refused.text


@pytest.mark.parametrize("after", ["headers", "body"])
def test_a_status_once_without_troubling_the_service(path: Path, after: Literal["headers", "body"]) -> None:
    path.proxy.fault("PUT", r"/file$", Answer(503, {"Retry-After": "1"}, after=after), times=1)
    assert path.upload().status_code == 503
    assert path.puts() == 0
    assert path.upload().status_code == 204
    assert path.stored == DATA


def test_a_status_after_the_work(path: Path) -> None:
    path.proxy.fault("PUT", r"/file$", Answer(503, after="work"), times=1)
    assert path.upload().status_code == 503
    assert (path.status, path.stored) == ("active", DATA)


@pytest.mark.parametrize("at", [300_000, 0.5])
def test_a_cut_reaches_the_service_too(path: Path, at: float) -> None:
    path.proxy.fault("PUT", r"/file$", CutRequest(at), times=1)
    with pytest.raises(requests.ConnectionError):
        path.upload()
    deadline = time.monotonic() + 5
    while (path.puts(), path.status) != (1, "queued") and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (path.puts(), path.status) == (1, "queued")
    assert path.upload().status_code == 204
    assert path.stored == DATA


def test_a_share_of_a_chunked_body_needs_the_size(path: Path) -> None:
    path.proxy.fault("PUT", r"/file$", CutRequest(0.5))
    path.session.headers["X-OpenStack-Image-Size"] = str(len(DATA))
    with pytest.raises(requests.ConnectionError):
        path.upload(DATA[start : start + 5000] for start in range(0, len(DATA), 5000))


def test_a_lost_answer_did_the_work(path: Path) -> None:
    path.proxy.fault("PUT", r"/file$", LoseAnswer())
    with pytest.raises(requests.ConnectionError):
        path.upload()
    assert (path.status, path.stored) == ("active", DATA)


def test_corrupt_bytes_are_stored(path: Path) -> None:
    path.proxy.fault("PUT", r"/file$", CorruptRequest(0))
    assert path.upload().status_code == 204
    assert path.stored == bytes([DATA[0] ^ 1]) + DATA[1:]


def test_a_black_hole_never_answers(path: Path) -> None:
    path.proxy.fault("GET", "", BlackHole())
    with pytest.raises(requests.ReadTimeout):
        path.session.get(path.proxy.url, timeout=0.3)


def test_broken_and_slow_answers(path: Path) -> None:
    whole = path.session.get(path.proxy.url, timeout=5).content
    path.proxy.fault("GET", "", BreakAnswer(0.5), times=1)
    assert path.session.get(path.proxy.url, timeout=5).content == whole[: len(whole) // 2]
    path.proxy.fault("GET", "", TrickleAnswer(2 * len(whole)), times=1)
    start = time.monotonic()
    assert path.session.get(path.proxy.url, timeout=5).content == whole
    assert time.monotonic() - start > 0.4


def test_a_service_that_is_down_is_a_bad_gateway(path: Path) -> None:
    path.region.refuse_connections()
    assert path.session.get(path.proxy.url, timeout=5).status_code == 502
