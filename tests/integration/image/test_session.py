# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_upload with real clouds; the requests are sent by a client that knows nothing but them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.image.session_lab import SEGMENT, Hand, Result, hide_web_download, send
from tests.support.fake_openstack import Answer

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("quick")]

WAYS = [("north", "swift"), ("north", "glance_direct"), ("north", "v2_put"), ("south", "v2_put"), ("east", "swift")]


def without_signature(result: Result) -> dict[str, Any]:
    return {**result, "action": None, "reason": None}


@pytest.mark.parametrize(("region", "scheme"), WAYS)
def test_prepared_sent_and_finalized(hand: Hand, region: str, scheme: str) -> None:
    hand.region = region
    prepared = hand.prepare(scheme=scheme, with_token=True)
    assert (prepared["action"], prepared["scheme"]) == ("created", scheme)
    assert [request["missing_headers"] for request in prepared["requests"]] == [[]] * len(prepared["requests"])
    assert set(hand.send(prepared)) <= {201, 204}
    finalize = {**prepared["finalize"], "locations": [f"*/{region}"]}
    assert hand.result(**finalize, properties={"hw_disk_bus": "virtio"}, tags=["t"])["action"] == "created"
    assert hand.is_published()
    assert (hand.images()[0]["hw_disk_bus"], hand.images()[0]["tags"]) == ("virtio", ["t"])
    assert hand.result(**finalize, properties={"hw_disk_bus": "virtio"})["action"] == "unchanged"
    assert hand.result(**finalize, min_ram=64)["action"] == "updated"
    again = hand.prepare(scheme=scheme)
    assert (again["action"], again["requests"]) == ("unchanged", [])


def test_tasks_bring_in_what_web_download_does_not(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    hand.region = "east"
    hide_web_download(monkeypatch)
    hand.send(hand.prepare())
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "created"
    assert hand.is_published()


def test_a_refused_import_gives_way_to_a_task(hand: Hand) -> None:
    hand.region = "east"
    hand.send(hand.prepare())
    hand.lab.sites["east"].proxy.fault("POST", r"/import$", Answer(403), times=None)
    finalized = hand.result("finalized", checksum=hand.checksum())
    assert "by a task instead" in finalized["notes"][0]
    assert hand.is_published()


def test_the_same_requests_are_returned_until_they_expire(hand: Hand) -> None:
    prepared = hand.prepare()
    again = hand.prepare()
    assert again["action"] == "unchanged"
    assert without_signature(again) == without_signature(prepared)
    hand.send(prepared, 0, 2)
    assert [request["arrived"] for request in hand.prepare()["requests"]] == [True, False, True]


def test_an_expired_upload_is_replaced(hand: Hand) -> None:
    prepared = hand.prepare(expires_in=1)
    time.sleep(1.5)
    assert hand.send(prepared, 0) == [401]
    again = hand.prepare()
    assert again["action"] == "replaced"
    assert again["image_id"] != prepared["image_id"]
    assert [image["id"] for image in hand.images()] == [again["image_id"]]
    assert [name.endswith(again["image_id"]) for name in hand.containers()] == [True]


def test_what_is_missing_is_named_and_can_be_sent_later(hand: Hand) -> None:
    prepared = hand.prepare()
    assert hand.send(prepared, 0, 2) == [201, 201]
    failed = hand.failure("finalized", checksum=hand.checksum())
    assert failed["kind"] == "conflict"
    assert "segment 1 (offset 1048576, 1048576 bytes) is not there" in failed["error"]
    assert "segment 0" not in failed["error"]
    send({**prepared["requests"][1], "length": 5}, hand.data)
    assert (
        "segment 1 (offset 1048576, 1048576 bytes) has 5 bytes"
        in hand.failure("finalized", checksum=hand.checksum())["error"]
    )
    hand.send(prepared, 1)
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "created"
    assert hand.is_published()


@pytest.mark.parametrize(("region", "scheme"), [("north", "glance_direct"), ("south", "v2_put")])
def test_nothing_sent_is_said(hand: Hand, region: str, scheme: str) -> None:
    hand.region = region
    hand.prepare(scheme=scheme)
    failed = hand.failure("finalized", checksum=hand.checksum())
    assert (failed["kind"], "nothing has arrived" in failed["error"]) == ("conflict", True)


def test_a_store_that_knows_the_digest_refuses_other_bytes(hand: Hand) -> None:
    prepared = hand.result("prepared", path=str(hand.path), segment_size=str(SEGMENT))
    assert hand.send(prepared, 1, data=bytes(len(hand.data))) == [422]
    without = [{**request, "headers": {}} for request in prepared["requests"]]
    assert send(without[1], bytes(len(hand.data))) == 201
    hand.send(prepared, 0, 2)
    assert (
        "segment 1 (offset 1048576, 1048576 bytes) has other bytes"
        in hand.failure("finalized", path=str(hand.path))["error"]
    )
    assert [request["arrived"] for request in hand.result("prepared", path=str(hand.path))["requests"]] == [
        True,
        False,
        True,
    ]


def test_damaged_segments_are_never_published_and_can_be_sent_anew(hand: Hand, other_file: Path) -> None:
    assert hand.lab.run("north", name=hand.name, path=str(other_file), min_ram=1)["failures"] == []
    prepared = hand.prepare()
    damaged = bytes([hand.data[0] ^ 1]) + hand.data[1:]
    hand.send(prepared, data=damaged)
    assert hand.failure("finalized", checksum=hand.checksum())["kind"] == "integrity"
    assert [image["size"] for image in hand.images() if image["status"] == "active"] == [other_file.stat().st_size]
    hand.send(prepared, 0)
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "replaced"
    assert hand.is_published()


@pytest.mark.parametrize(("region", "scheme"), [("north", "glance_direct"), ("south", "v2_put")])
def test_a_truncated_body_is_never_published(hand: Hand, region: str, scheme: str) -> None:
    hand.region = region
    short = {**hand.prepare(scheme=scheme, with_token=True)["requests"][0], "length": 1000}
    assert send(short, hand.data) == 204
    failed = hand.failure("finalized", checksum=hand.checksum())
    assert (failed["kind"], "1000" in failed["error"]) == ("integrity", True)
    assert hand.lab.sites[region].active(hand.name) == []
    prepared = hand.prepare(scheme=scheme, with_token=True)
    assert prepared["action"] == "replaced"
    hand.send(prepared)
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "created"
    assert hand.is_published()


def test_a_digest_that_the_cloud_does_not_take_is_compared_all_the_same(hand: Hand) -> None:
    hand.region = "south"
    told = {"size": len(hand.data), "disk_format": "raw"}
    prepared = hand.result("prepared", **told, checksum=hand.checksum("sha256"), with_token=True)
    hand.send(prepared, data=bytes(len(hand.data)))
    failed = hand.failure("finalized", checksum=hand.checksum("sha256"))
    assert (failed["kind"], "the sha256 of what was stored" in failed["error"]) == ("integrity", True)
    hand.result("aborted")
    hand.send(hand.result("prepared", **told, checksum=hand.checksum("sha256"), with_token=True))
    assert hand.result("finalized", checksum=hand.checksum("sha256"))["action"] == "created"
    assert hand.result("finalized", checksum=hand.checksum("sha256"), size=len(hand.data))["action"] == "unchanged"


def test_other_content_waits_for_the_end_of_the_first(hand: Hand, other_file: Path) -> None:
    prepared = hand.prepare()
    failed = hand.failure("prepared", path=str(other_file))
    assert (failed["kind"], prepared["image_id"] in failed["error"]) == ("conflict", True)
    assert hand.failure("prepared", **hand.told(), scheme="v2_put")["kind"] == "conflict"
    assert hand.failure("finalized", path=str(other_file))["kind"] == "conflict"
    assert [image["id"] for image in hand.images()] == [prepared["image_id"]]


def test_other_uploads_know_that_this_one_is_under_way(hand: Hand) -> None:
    prepared = hand.prepare()
    failed = hand.lab.run("north", name=hand.name, path=str(hand.path))["failures"][0]
    assert (failed["kind"], prepared["image_id"] in failed["error"]) == ("conflict", True)
    assert [image["id"] for image in hand.images()] == [prepared["image_id"]]


def test_aborted_leaves_nothing(hand: Hand) -> None:
    prepared = hand.prepare()
    hand.send(prepared, 0, 1)
    assert hand.result("aborted")["action"] == "deleted"
    assert (hand.images(), hand.containers()) == ([], [])
    assert hand.send(prepared, 2) in ([401], [404])
    assert hand.result("aborted")["action"] == "unchanged"
    assert hand.failure("finalized", checksum=hand.checksum())["kind"] == "conflict"


def test_a_container_whose_record_somebody_deleted_goes_too(hand: Hand) -> None:
    prepared = hand.prepare()
    hand.send(prepared, 0)
    hand.lab.sites["north"].remove(hand.name)
    assert hand.result("aborted")["action"] == "deleted"
    assert hand.containers() == []


def test_a_publication_that_fails_loses_nothing(hand: Hand) -> None:
    hand.send(hand.prepare())
    hand.lab.sites["north"].proxy.fault("PATCH", r"/images/[^/]+$", Answer(403), times=1)
    assert hand.failure("finalized", checksum=hand.checksum())["kind"] == "refused"
    assert hand.lab.sites["north"].active(hand.name) == []
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "created"
    assert hand.is_published()


def test_a_clean_up_that_fails_is_done_by_the_next_run(hand: Hand) -> None:
    prepared = hand.prepare()
    hand.send(prepared)
    path = rf"/images/{prepared['image_id']}$"
    hand.lab.sites["north"].proxy.fault("DELETE", path, Answer(403), times=None)
    finalized = hand.result("finalized", checksum=hand.checksum())
    assert prepared["image_id"] in finalized["notes"][0]
    hand.lab.heal()
    assert hand.result("finalized", checksum=hand.checksum())["action"] == "updated"
    assert hand.is_published()


def test_check_mode_writes_nothing_and_differences_hold_no_secret(hand: Hand) -> None:
    quiet = {"_ansible_check_mode": True, "_ansible_diff": True}
    planned = hand.run("prepared", **hand.told(), **quiet)
    assert (planned["changed"], planned["results"][0]["requests"]) == (True, [])
    assert json.loads(planned["diff"][0]["after"])["size"] == len(hand.data)
    assert (hand.images(), hand.containers()) == ([], [])
    made = hand.run("prepared", **hand.told(), _ansible_diff=True)
    assert "temp_url" not in json.dumps(made["diff"])
    hand.send(made["results"][0])
    before = hand.images()
    assert hand.result("finalized", checksum=hand.checksum(), **quiet)["action"] == "created"
    assert hand.result("aborted", **quiet)["action"] == "deleted"
    assert hand.images() == before
    assert len(hand.containers()) == 1
