# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of stand-in clouds happen as asked, and only there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import islice
from typing import Literal

import pytest
import requests

from tests.support.fake_openstack import (
    Answer,
    BlackHole,
    BreakAnswer,
    Cloud,
    CorruptRequest,
    CutRequest,
    DistortAnswer,
    EndlessAnswer,
    FakeOpenStack,
    LoseAnswer,
    TrickleAnswer,
    edit_answer,
)

DATA = bytes(range(256)) * 4096
OCTETS = {"Content-Type": "application/octet-stream"}


class Place:
    """A region, and a client that knows its addresses."""

    def __init__(self, clouds: FakeOpenStack, session: requests.Session) -> None:
        self.clouds = clouds
        self.cloud: Cloud = clouds["cloud1"]
        self.region = self.cloud["r1"]
        self.session = session
        self.images = f"{self.region.glance.url}/v2/images"

    def servers(self, timeout: float = 5) -> requests.Response:
        return self.session.get(f"{self.region.nova.url}/v2.1/servers/detail", timeout=timeout)

    def upload(self) -> requests.Response:
        """Make an image and upload its data."""
        wanted = {"id": "11111111-2222-3333-4444-555555555555", "disk_format": "raw", "container_format": "bare"}
        self.session.post(self.images, json=wanted, timeout=5)
        return self.session.put(f"{self.images}/{wanted['id']}/file", data=DATA, headers=OCTETS, timeout=5)

    def image(self) -> dict[str, object]:
        found: dict[str, object] = self.session.get(self.images, timeout=5).json()["images"][0]
        return found


@pytest.fixture
def place(fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]) -> Place:
    clouds = fake_openstack(regions=2, servers=3)
    return Place(clouds, client(clouds["cloud1"]))


def test_an_answer_once_from_the_second_request_on(place: Place) -> None:
    place.region.fault("GET", r"/servers/detail", Answer(503, {"Retry-After": "7"}, b"busy"), first=2, times=1)
    answers = [place.servers() for _number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert (answers[1].headers["Retry-After"], answers[1].content) == ("7", b"busy")


def test_another_region_and_method_are_not_struck(place: Place) -> None:
    place.cloud["r2"].fault("*", "", Answer(500))
    place.region.fault("POST", "", Answer(500))
    assert place.servers().status_code == 200
    place.region.fault("*", "", Answer(500))
    assert place.servers().status_code == 500
    place.region.clear_faults()
    assert place.servers().status_code == 200


@pytest.mark.parametrize(("after", "status"), [("headers", "queued"), ("body", "queued"), ("work", "active")])
def test_when_an_upload_is_answered(place: Place, after: Literal["headers", "body", "work"], status: str) -> None:
    place.region.fault("PUT", r"/file$", Answer(401, after=after), times=1)
    assert place.upload().status_code == 401
    assert place.image()["status"] == status


def test_a_black_hole_never_answers_and_holds_up_nobody(place: Place) -> None:
    place.region.fault("GET", r"/servers", BlackHole())
    with pytest.raises(requests.ReadTimeout):
        place.servers(timeout=0.3)
    assert place.session.get(place.images, timeout=5).status_code == 200


def test_refused_connections(place: Place) -> None:
    assert place.servers().status_code == 200
    port = place.region.nova.port
    place.region.refuse_connections("compute")
    with pytest.raises(requests.ConnectionError):
        place.servers()
    assert place.session.get(place.images, timeout=5).status_code == 200
    place.region.accept_connections()
    assert place.region.nova.port == port
    assert place.servers().status_code == 200


def test_broken_json_is_whole_http(place: Place) -> None:
    place.region.fault("GET", r"/servers", BreakAnswer(0.5), times=1)
    answer = place.servers()
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_an_answer_that_no_service_would_send(place: Place) -> None:
    odd = DistortAnswer(lambda answer: Answer(299, {"X-Odd": "a\x1bb"}, answer.body[:5]))
    place.region.fault("GET", r"/servers", odd, times=1)
    answer = place.servers()
    assert (answer.status_code, answer.headers["X-Odd"], len(answer.content)) == (299, "a\x1bb", 5)
    assert place.servers().status_code == 200


def test_other_json(place: Place) -> None:
    place.region.fault("GET", r"/servers", edit_answer(lambda data: [len(data["servers"])]))
    assert place.servers().json() == [3]


def test_an_answer_without_an_end(place: Place) -> None:
    place.region.fault("GET", r"/servers", EndlessAnswer({"X-Odd": "1"}, b"x" * 1000), times=1)
    with place.session.get(f"{place.region.nova.url}/v2.1/servers/detail", stream=True, timeout=5) as answer:
        assert sum(map(len, islice(answer.iter_content(1000), 100))) >= 50_000
    assert place.servers().status_code == 200


def test_an_answer_cut_in_the_middle(place: Place) -> None:
    place.region.fault("GET", r"/servers", BreakAnswer(0.5, cut=True), times=1)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        place.servers()


def test_a_trickle_takes_its_time(place: Place) -> None:
    size = len(place.servers().content)
    place.region.fault("GET", r"/servers", TrickleAnswer(2 * size), times=1)
    start = time.monotonic()
    assert len(place.servers().content) == size
    assert 0.4 < time.monotonic() - start < 3


@pytest.mark.parametrize("at", [100_000, 0.5])
def test_a_cut_upload_leaves_nothing(place: Place, at: float) -> None:
    place.region.fault("PUT", r"/file$", CutRequest(at))
    with pytest.raises(requests.ConnectionError):
        place.upload()
    assert place.image()["status"] == "queued"
    assert place.clouds.counters.bytes_received < len(DATA) + 1000


def test_a_lost_answer_did_the_work(place: Place) -> None:
    place.region.fault("PUT", r"/file$", LoseAnswer())
    with pytest.raises(requests.ConnectionError):
        place.upload()
    assert (place.image()["status"], place.image()["size"]) == ("active", len(DATA))


def test_corrupt_bytes_are_stored_and_hashed(place: Place) -> None:
    place.region.fault("PUT", r"/file$", CorruptRequest(0.5))
    assert place.upload().status_code == 204
    stored = place.session.get(f"{place.images}/{place.image()['id']}/file", timeout=5).content
    middle = len(DATA) // 2
    assert stored == DATA[:middle] + bytes([DATA[middle] ^ 1]) + DATA[middle + 1 :]


def test_a_fault_of_keystone(place: Place, authenticate: Callable[..., requests.Response]) -> None:
    place.cloud.fault("POST", "/auth/tokens", Answer(429, {"Retry-After": "1"}), times=1)
    assert [authenticate(place.cloud).status_code for _number in range(2)] == [429, 201]


def test_latency_and_counters(place: Place) -> None:
    place.clouds.counters.reset()
    place.region.latency = 0.2
    start = time.monotonic()
    place.servers()
    assert time.monotonic() - start > 0.2
    counted = place.clouds.counters.as_dict()
    assert counted["max_in_flight"] == 1
    assert counted["requests"] == [
        {
            "cloud": "cloud1",
            "region": "r1",
            "service": "compute",
            "method": "GET",
            "path": "/v2.1/servers/detail",
            "count": 1,
        }
    ]


def test_faults_that_are_alike_are_two(place: Place) -> None:
    """Whoever keeps a list of faults takes the one off that was lifted: a soak lost sight of one that went on."""
    first, second = (place.region.fault("GET", "/servers", Answer(503)) for _number in range(2))
    assert place.servers().status_code == 503
    live = [second, first]
    live.remove(first)
    assert live == [second]
    place.region.lift(first)
    assert place.servers().status_code == 503
    assert (first.struck, second.struck) == (1, 1)


@pytest.mark.parametrize("action", [BreakAnswer(0.5), BreakAnswer(0.5, cut=True), TrickleAnswer(4000)])
@pytest.mark.parametrize("size", [0, 1000])
def test_the_answer_to_head_keeps_its_length(
    fake_openstack: Callable[..., FakeOpenStack],
    client: Callable[..., requests.Session],
    size: int,
    action: BreakAnswer | TrickleAnswer,
) -> None:
    """Another one would be that of another object."""
    clouds = fake_openstack(object_store=True)
    region, session = clouds["cloud1"]["r1"], client(clouds["cloud1"])
    container = f"{region.swift.url}/v1/AUTH_{clouds['cloud1'].keystone.project_id('demo')}/c"
    assert session.put(container, timeout=5).ok
    assert session.put(f"{container}/o", data=bytes(size), timeout=5).ok
    region.fault("HEAD", "/c/o", action)
    assert session.head(f"{container}/o", timeout=5).headers["Content-Length"] == str(size)
