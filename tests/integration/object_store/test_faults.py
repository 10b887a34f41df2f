# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever happens on the way: the object is there, right to the byte, or nothing of the upload is."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Cancellation
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import remove
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import UploadOptions
from tests.integration.object_store.lab import MIB, NAME, PACE, PARTS, Lab
from tests.support.fake_openstack import Action, Answer, BlackHole, BreakAnswer, CorruptRequest, CutRequest, LoseAnswer
from tests.support.fake_openstack.faults import Fault

pytestmark = pytest.mark.clouds

SEGMENT = rf"/{NAME}\.segments/.*/0000000"
MANIFEST = r"\?multipart-manifest=put"
QUICK = UploadOptions(part_size=MIB, parallel=2, stall_timeout=1.0)

PASSING: dict[str, tuple[Action, float]] = {
    "401": (Answer(401), 1),
    "401 after the body": (Answer(401, after="body"), 1),
    "503": (Answer(503), 1),
    "503 after the work": (Answer(503, after="work"), 0),
    "429 with Retry-After": (Answer(429, {"Retry-After": "1"}), 1),
    "413 with Retry-After": (Answer(413, {"Retry-After": "0"}, after="body"), 1),
    "408": (Answer(408, after="body"), 1),
    "cut at half": (CutRequest(0.5), 0.5),
    "cut at the start": (CutRequest(0), 0.5),
    "lost answer": (LoseAnswer(), 0),
    "damaged": (CorruptRequest(0.7), 1),
    "never answers": (BlackHole(), 1),
}
"""A fault that strikes one segment once, and how many segments' bytes are sent beyond the file's at most."""


@pytest.mark.parametrize("name", PASSING)
def test_one_segment_fails_once(north: Lab, name: str) -> None:
    action, again = PASSING[name]
    fault = north.proxy.fault("PUT", SEGMENT + "3", action, times=1)
    stored = north.upload(pace=QUICK)
    assert fault.struck == 1
    assert north.matches(stored)
    received = north.proxy.counters.bytes_received
    assert received >= (PARTS - 1) * MIB
    assert received <= (PARTS + again) * MIB + 4096, "more was sent again than the segment that failed"


@pytest.mark.parametrize("name", PASSING)
def test_a_plain_object_fails_once(north: Lab, name: str) -> None:
    north.write(MIB)
    fault = north.proxy.fault("PUT", f"/{NAME}$", PASSING[name][0], times=1)
    stored = north.upload(pace=QUICK)
    assert fault.struck == 1
    assert north.matches(stored)


MANIFESTS: dict[str, Action] = {
    "401": Answer(401),
    "503": Answer(503, after="work"),
    "429": Answer(429, {"Retry-After": "0"}),
    "lost answer": LoseAnswer(),
    "broken JSON": BreakAnswer(0.5),
    "cut answer": BreakAnswer(0.5, cut=True),
    "refused in the body": Answer(202, body=b'  \r\n\r\n{"Response Status": "503 Service Unavailable", "Errors": []}'),
    "segments not seen": Answer(
        202, body=b'{"Response Status": "400 Bad Request", "Errors": [["/c/o", "404 Not Found"]]}'
    ),
    "never answers": BlackHole(),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_manifest_fails_once(north: Lab, name: str) -> None:
    fault = north.proxy.fault("PUT", MANIFEST, MANIFESTS[name], times=1)
    stored = north.upload(pace=QUICK)
    assert fault.struck == 1
    assert north.matches(stored)
    assert stored.sent == PARTS * MIB


LASTING: dict[str, tuple[str, Action, type[OaktreeError]]] = {
    "401": (SEGMENT + "4", Answer(401), OaktreeError),
    "500": (SEGMENT + "4", Answer(500), ServerError),
    "429": (SEGMENT + "4", Answer(429, {"Retry-After": "0"}), ThrottledError),
    "429 for longer than we have": (SEGMENT + "4", Answer(429, {"Retry-After": "3600"}), ThrottledError),
    "413": (SEGMENT + "4", Answer(413), QuotaError),
    "403": (SEGMENT + "4", Answer(403), RefusedError),
    "cut": (SEGMENT + "4", CutRequest(0.5), UnreachableError),
    "damaged": (SEGMENT + "4", CorruptRequest(0), IntegrityError),
    "other bytes kept": (SEGMENT + "4", Answer(201, {"Etag": "x"}, after="work"), IntegrityError),
    "redirected": (SEGMENT + "4", Answer(302, {"Location": "http://127.0.0.1:1/"}), ServerError),
    "never answers": (SEGMENT + "4", BlackHole(), DeadlineError),
    "manifest never answers": (MANIFEST, BlackHole(), DeadlineError),
    "manifest refused in the body": (
        MANIFEST,
        Answer(202, body=b'{"Response Status": "400 Bad Request", "Errors": [["/c/o", "Etag Mismatch"]]}'),
        IntegrityError,
    ),
}


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)


@pytest.mark.usefixtures("_no_pause")
@pytest.mark.parametrize("name", LASTING)
def test_what_fails_for_good_leaves_nothing(
    north: Lab, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, action, error = LASTING[name]
    method, _space, rest = path.rpartition(" ")
    north.proxy.fault(method or "PUT", rest, action)
    with pytest.raises(error) as caught:
        north.upload(pace=QUICK)
    assert "could not be removed" not in caught.value.message
    assert north.names() == []
    north.proxy.clear_faults()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "later"))  # what the store asked for is over
    assert north.matches(north.upload())


def test_what_the_store_shows_at_the_end_decides(north: Lab) -> None:
    other = {"Etag": "x", "Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT", "Content-Length": "0"}
    north.proxy.fault("HEAD", f"/{NAME}$", Answer(200, other), times=1)
    with pytest.raises(IntegrityError, match="reports 0 bytes with the etag x"):
        north.upload()
    assert north.names() == []


def test_a_401_while_the_body_is_on_its_way(north: Lab) -> None:
    """More than the buffers between here and there hold, so that the answer comes before the body has left."""
    north.write(60 * MIB)
    fault = north.proxy.fault("PUT", SEGMENT + "0", Answer(401), times=1)
    stored = north.upload(pace=UploadOptions(59 * MIB, 2))
    assert fault.struck == 1
    assert north.matches(stored)
    assert north.proxy.counters.bytes_received < 2 * 60 * MIB


def test_the_clock_runs_out(north: Lab) -> None:
    north.proxy.fault("PUT", SEGMENT + "4", BlackHole())
    start = time.monotonic()
    with pytest.raises(DeadlineError):
        north.upload(north.swift(timeout=2.0), pace=PACE)
    assert time.monotonic() - start < 6
    assert north.names() == []


def test_interrupted(north: Lab) -> None:
    swift = north.swift()
    fault = north.proxy.fault("PUT", SEGMENT + "4", Answer(429, {"Retry-After": "30"}))
    threading.Thread(target=_cancel_when_struck, args=(fault, swift.connection.deadline.cancelled)).start()
    with pytest.raises(OaktreeError):
        north.upload(swift)
    assert north.names() == []


def _cancel_when_struck(fault: Fault, cancelled: Cancellation) -> None:
    while not fault.struck:
        time.sleep(0.02)
    cancelled.set()


@pytest.mark.usefixtures("_no_pause")
def test_one_token_is_renewed_for_all_segments(north: Lab) -> None:
    swift = north.swift()
    swift.connection.authenticate()
    token = swift.connection.session.get_token()
    fault = north.proxy.fault("PUT", SEGMENT, Answer(401), token=token)
    before = swift.connection.requests
    assert north.matches(north.upload(swift))
    assert swift.connection.session.get_token() != token
    assert 1 <= fault.struck <= PACE.parallel
    assert swift.connection.requests - before == 1 + PARTS + fault.struck + 2 + 1


@pytest.mark.parametrize("action", [Answer(503), Answer(409), CutRequest(0), LoseAnswer(), BlackHole()], ids=repr)
@pytest.mark.usefixtures("_no_pause")
def test_deletion_of_a_large_object_in_one_request_fails(north: Lab, action: Action) -> None:
    swift = north.swift()
    region = swift.connection.region
    swift.connection.region = replace(region, settings=replace(region.settings, api_timeout=1.0))
    stored = north.upload(swift)
    north.proxy.fault("DELETE", "multipart-manifest=delete", action)
    assert remove(swift, stored.container, stored.name) == ""
    assert north.names() == []


PARTLY = b'{"Response Status": "400 Bad Request", "Number Deleted": 2, "Errors": [["/c/o", "503 Service Unavailable"]]}'


@pytest.mark.parametrize(
    "body", [PARTLY, b'{"Response Status": "200 OK", "Number Deleted": 1, "Errors": []}', b"no JSON"]
)
def test_the_answer_to_a_deletion_is_read(north: Lab, body: bytes) -> None:
    swift = north.swift()
    stored = north.upload(swift)
    north.proxy.fault("DELETE", "multipart-manifest=delete", Answer(200, body=body))
    assert remove(swift, stored.container, stored.name) == ""
    assert north.names() == []


def test_a_large_object_whose_manifest_cannot_be_read_stays(north: Lab) -> None:
    stored = north.upload()
    north.proxy.fault("GET", "multipart-manifest=get", BreakAnswer(0.5, cut=True))
    assert f"{NAME} could not be removed" in remove(north.swift(), stored.container, stored.name)
    assert north.matches(stored)


@pytest.mark.parametrize("body", [b"{}", b"[", b"[1]"])
def test_a_listing_without_sense(north: Lab, body: bytes) -> None:
    north.proxy.fault("GET", f"/{north.container.name}\\?", Answer(200, body=body))
    with pytest.raises(ServerError):
        list(north.swift().objects(north.container.name))


def test_an_empty_listing_may_have_no_body(north: Lab) -> None:
    north.proxy.fault("GET", f"/{north.container.name}\\?", Answer(204))
    assert list(north.swift().objects(north.container.name)) == []


def test_a_delete_that_fails_is_tried_again(north: Lab) -> None:
    north.proxy.fault("PUT", SEGMENT + "5", Answer(403))
    north.proxy.fault("DELETE", SEGMENT + "1", Answer(503), times=2)
    with pytest.raises(RefusedError) as caught:
        north.upload()
    assert "could not be removed" not in caught.value.message
    assert north.names() == []


def test_what_cannot_be_removed_is_named_and_expires(north: Lab) -> None:
    north.proxy.fault("PUT", SEGMENT + "5", Answer(403))
    north.proxy.fault("DELETE", SEGMENT + "1", Answer(403))
    with pytest.raises(RefusedError) as caught:
        north.upload()
    assert re.search(r"1 object could not be removed .*/00000001: ", caught.value.message)
    (name,) = north.names()
    assert "X-Delete-At" in north.direct._service.request("HEAD", f"/{north.container.name}/{name}").headers


def test_a_failed_upload_leaves_the_object_of_others_alone(north: Lab) -> None:
    theirs = b"theirs"
    north.direct._service.request("PUT", f"/{north.container.name}/{NAME}", data=theirs)
    north.proxy.fault("PUT", MANIFEST, Answer(403))
    with pytest.raises(RefusedError):
        north.upload()
    assert (north.names(), north.content()) == ([NAME], theirs)


def test_a_failed_run_leaves_the_object_of_an_earlier_one_alone(north: Lab) -> None:
    stored = north.upload(marker="earlier/boot/1/1")
    north.proxy.fault("POST", SEGMENT + "4", Answer(403))
    with pytest.raises(RefusedError):
        north.upload()
    assert north.matches(stored)


def test_a_failed_run_removes_what_a_killed_one_left(north: Lab) -> None:
    killed(north, 3)
    north.proxy.fault("POST", SEGMENT + "[01]", Answer(403))
    with pytest.raises(RefusedError):
        north.upload()
    assert north.names() == []


def test_a_full_container_is_told_to_be_empty_later(north: Lab) -> None:
    swift = north.swift()
    north.proxy.fault("DELETE", f"/{north.container.name}$", Answer(409), times=2)
    assert swift.delete_container(north.container)


KILLED = """
import sys
from pathlib import Path
from tests.integration.object_store.lab import PACE, connect
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Swift
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.large_object import ObjectTarget
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.upload_file import FileUpload
endpoint, path, container, name, digest = sys.argv[1:]
file = File(Path(path), Path(path).stat().st_size)
FileUpload(Swift(connect("north", endpoint)), file, ObjectTarget(container, name, digest, "killed", 3600), PACE).run()
"""


def killed(lab: Lab, first: int) -> None:
    """Upload in a process of its own, and kill that when it sends its segment of this number."""
    fault = lab.proxy.fault("PUT", SEGMENT + f"[{first}-9]", BlackHole())
    target, endpoint = lab.target(), lab.swift().endpoint
    words = [endpoint, str(lab.path), target.container, target.name, target.digest]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *words])
    while fault.struck < 2:
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    lab.proxy.clear_faults()


def test_after_a_kill_only_what_is_missing_is_sent(north: Lab) -> None:
    killed(north, 3)
    assert len(north.names()) == 3
    (orphan,) = north.orphans()
    assert (orphan.marker, len(orphan.names)) == ("killed", 3)
    north.proxy.counters.reset()
    stored = north.upload()
    assert north.matches(stored)
    assert stored.sent == 3 * MIB
    assert 3 * MIB <= north.proxy.counters.bytes_received < 3 * MIB + 4096
    found = north.direct.head(stored.container, stored.segments[0].name)
    assert found
    assert found.marker == north.marker


def test_after_a_kill_what_differs_is_sent(north: Lab) -> None:
    killed(north, 3)
    names = north.names()
    north.direct._service.request("PUT", f"/{north.container.name}/{names[0]}", data=b"x" * MIB)
    north.direct._service.request("PUT", f"/{north.container.name}/{names[1]}", data=b"x")
    north.direct._service.request("DELETE", f"/{north.container.name}/{names[2]}")
    stored = north.upload()
    assert north.matches(stored)
    assert stored.sent == PARTS * MIB


def test_a_listing_that_is_behind(north: Lab) -> None:
    """A segment that is listed but gone is sent."""
    killed(north, 3)
    fault = north.proxy.fault("POST", SEGMENT + "1", Answer(404), times=1)
    stored = north.upload()
    assert (fault.struck, stored.sent) == (1, 4 * MIB)
    assert north.matches(stored)


def test_a_dead_run_of_other_content_is_cleared_by_its_trace(north: Lab) -> None:
    killed(north, 3)
    north.write()
    stored = north.upload()
    (orphan,) = north.orphans()
    north.direct.delete_objects([f"{north.container.name}/{name}" for name in orphan.names])
    assert north.matches(stored)
