# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which region serves which, and what else plans take into account: overrides, stores, quota, members."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import (
    ImageCapabilities,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock, Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    DeadlineError,
    RefusedError,
    ServerError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project, Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import CONVERTED_ID
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import same_content
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.context import PlanContext
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.relay import (
    BUFFERED,
    RelayBoard,
    RelayChoice,
    choose,
    with_source_regions,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_data import HomeImage
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override
from tests.support.image_contexts import IMPORTS, OLD, PUT_ONLY, SAME, WEB, case, plannable
from tests.support.image_samples import OTHER, image, recorded, source

BUSY = {"busy": (image(9, None),)}


@pytest.mark.parametrize(
    ("cases", "regions"),
    [
        pytest.param([case("a", IMPORTS), case("b", IMPORTS)], [None, "a"], id="first-of-equals"),
        pytest.param([case("a", IMPORTS), case("b")], ["b", None], id="one-that-cannot-be-served-serves"),
        pytest.param([case("a"), case("b")], [None, "a"], id="put-only-both"),
        pytest.param([case("a", IMPORTS), case("b", None, SAME)], ["b", None], id="one-that-has-it-serves"),
        pytest.param([case("a", IMPORTS, OLD), case("b", None, SAME)], ["b", None], id="for-a-replacement-too"),
        pytest.param([case("a", IMPORTS), case("b", None, {**SAME, "status": "deactivated"})], [None, None],
                     id="inactive-serves-nobody"),
        pytest.param([case("a", IMPORTS), case("b", survey=BUSY)], [None, "a"], id="busy-serves-nobody"),
        pytest.param([case("a", IMPORTS), case("b", PUT_ONLY, SAME, OLD)], [None, None], id="ambiguous-serves-nobody"),
        pytest.param([case("a", IMPORTS, wanted={"relay": "never"}), case("b", wanted={"relay": "never"})],
                     [None, None], id="never"),
        pytest.param([case("a", IMPORTS, wanted={"scheme": "glance_download"}), case("b", IMPORTS)], ["b", None],
                     id="one-that-must-be-served-does-not-serve"),
        pytest.param([case("a", IMPORTS, wanted={"state": "inactive"}), case("b", wanted={"state": "inactive"})],
                     [None, None], id="nobody-fetches-what-is-deactivated"),
        pytest.param([case("a", IMPORTS), case("b", keystone="https://other")], [None, None], id="other-keystone"),
        pytest.param([case("a", IMPORTS), case("b", project="q")], [None, None], id="other-project"),
        pytest.param([case("a", IMPORTS), case("b", disk_format="qcow2")], [None, None], id="other-format"),
        pytest.param([case("a", IMPORTS)], [None], id="alone"),
        pytest.param([case("a", IMPORTS, SAME), case("b", PUT_ONLY, SAME)], [None, None], id="nothing-to-do"),
        pytest.param([case("a", None, SAME, origin=None), case("b", None, SAME, origin=None)], [None, None],
                     id="metadata-only"),
    ],
)  # fmt: skip
def test_source_regions(cases: list[PlanContext], regions: list[str | None]) -> None:
    found = with_source_regions(cases, plannable)
    assert [one.source_region and one.source_region.region for one in found] == regions


HOME = HomeImage(Location("alpha", "h", project=Project("p", None, None, None)), "https://keystone", image(7))


@pytest.mark.parametrize(
    ("one", "served"),
    [
        (case("a", IMPORTS), True),
        (case("h", IMPORTS), False),
        (case("a", IMPORTS, keystone="https://other"), False),
        (case("a", IMPORTS, project="q"), False),
        (case("a", IMPORTS, disk_format="qcow2"), False),
        (case("a", IMPORTS, wanted={"relay": "never"}), False),
        (case("a", IMPORTS, SAME), False),
    ],
)
def test_image_of_another_location_is_fetched_from_there(one: PlanContext, *, served: bool) -> None:
    (found,) = with_source_regions([one], plannable, HOME)
    assert found.source_region == (HOME.location if served else None)


@pytest.mark.parametrize(
    ("offers", "options", "schemes"),
    [
        (IMPORTS, {}, ["glance_download", "v2_put", "glance_direct"]),
        (IMPORTS, {"relay": "only"}, ["glance_download"]),
        (IMPORTS, {"scheme": "v2_put"}, ["v2_put"]),
        (IMPORTS, {"scheme": "v2_put", "relay": "only"}, ["v2_put"]),
        (PUT_ONLY, {}, ["v2_put"]),
    ],
)
def test_schemes_of_one_that_could_be_served(
    offers: ImageCapabilities, options: dict[str, Any], schemes: list[str]
) -> None:
    served = replace(case("a", offers, wanted=options), source_region=Location("alpha", "b"))
    upload = make_plan(served).upload
    assert upload
    assert [scheme.NAME for scheme in upload.schemes] == schemes
    assert (upload.source_region is not None) is (schemes[0] == "glance_download")


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (
            replace(case("a", wanted={"relay": "only"}), source_region=Location("alpha", "b")),
            "no upload scheme is possible: .*v2_put: relay is 'only'",
        ),
        (case("a", IMPORTS, wanted={"scheme": "glance_download"}), "no other region of the cloud has the image"),
        (case("a", WEB, wanted={"scheme": "web_download"}), "does not come from a URL"),
        (case("a", WEB, wanted={"scheme": "web_download"}, url="http://x", disk_format="qcow2"), "converted first"),
        (case("a", IMPORTS, wanted={"stores": ("tape",)}), "there is no store tape here"),
        (case("a", PUT_ONLY, wanted={"stores": ("fast",)}), "there is no store fast here"),
    ],
)
def test_refusals(one: PlanContext, message: str) -> None:
    with pytest.raises(RefusedError, match=message) as caught:
        make_plan(one)
    assert caught.value.hint


def test_url_is_fetched_by_the_cloud_where_it_can() -> None:
    upload = make_plan(case("a", WEB, url="http://x")).upload
    assert upload
    assert [scheme.NAME for scheme in upload.schemes] == ["web_download", "v2_put", "swift_task"]


def override(*patterns: str, **options: Any) -> Override:
    return Override(Selection.parse(list(patterns)), options)


@pytest.mark.parametrize(
    ("overrides", "changed"),
    [
        ([], {}),
        ([override("beta", disk_format="qcow2")], {}),
        ([override("alpha", disk_format="qcow2")], {"disk_format": "qcow2"}),
        ([override("alpha/n*", name="other", scheme="v2_put")], {"name": "other", "scheme": "v2_put"}),
        ([override("*", "!alpha", name="other")], {}),
        ([override("*", name="one"), override("alpha/north", name="two")], {"name": "two"}),
        ([override("alpha", properties={"b": "2"})], {"properties": {"a": "1", "b": "2"}}),
        ([override("alpha", properties={"a": None})], {"properties": {"a": None}}),
        ([override("alpha", stores=("fast",))], {"stores": ("fast",), "all_stores": False}),
        ([override("alpha", all_stores=False)], {"all_stores": False}),
        ([override("alpha", stores=("fast",)), override("*", all_stores=True)], {"stores": (), "all_stores": True}),
    ],
)
def test_overrides(overrides: list[Override], changed: dict[str, Any]) -> None:
    wanted = Desired("thing", "present", properties={"a": "1"}, all_stores=True, overrides=tuple(overrides))
    assert wanted.at(Location("alpha", "north")) == replace(wanted, **changed)


CONVERTED = b"converted"
SOURCES: dict[str, Any] = {
    f"owner_specified.oaktree.source_{name}": source().digests[name] for name in ("md5", "sha256")
}

BY_CLOUD: dict[str, Any] = {"disk_format": "qcow2", CONVERTED_ID: "id-1"}
NO_SOURCES: dict[str, Any] = dict.fromkeys(SOURCES, "0")


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(image(data=CONVERTED, disk_format="vhd", **recorded(CONVERTED), **SOURCES), True, id="ours"),
        pytest.param(image(data=CONVERTED, disk_format="qcow2", **recorded(CONVERTED), **SOURCES), False, id="format"),
        pytest.param(image(data=OTHER, disk_format="vhd", **recorded(CONVERTED), **SOURCES), False, id="other-bytes"),
        pytest.param(
            image(data=CONVERTED, disk_format="vhd", **recorded(CONVERTED), **NO_SOURCES),
            False,
            id="of-another-file",
        ),
        pytest.param(image(data=CONVERTED, disk_format="vhd", **recorded(CONVERTED)), False, id="of-nobody-knows-what"),
        pytest.param(image(data=CONVERTED, disk_format="vhd", checksum=None, **SOURCES), True, id="no-digest-told"),
        pytest.param(image(data=OTHER, **recorded(CONVERTED), **SOURCES, **BY_CLOUD), True, id="by-the-cloud-too"),
        pytest.param(image(data=OTHER, **SOURCES, **BY_CLOUD), True, id="by-the-cloud-of-its-source-region-too"),
        pytest.param(image(data=OTHER, **NO_SOURCES, **BY_CLOUD), False, id="by-the-cloud-from-another-file"),
        pytest.param(image(2, OTHER, **recorded(CONVERTED), **SOURCES, **BY_CLOUD), False, id="snapshot-of-that"),
    ],
)
def test_converted_image_is_known_by_its_source(found: dict[str, Any], *, same: bool) -> None:
    assert same_content(found, source(), "vhd") is same


HERE, THERE = Location("alpha", "a"), Location("alpha", "b")


def test_an_image_arrives_whoever_comes_first() -> None:
    board = RelayBoard()
    board.keep(HERE, SAME)
    assert board.wait(HERE, Deadline(1)) == SAME
    got: list[Mapping[str, Any]] = []
    waiting = [threading.Thread(target=lambda: got.append(board.wait(THERE, Deadline(5)))) for _number in range(4)]
    for thread in waiting:
        thread.start()
    board.keep(THERE, OLD)
    board.break_off(THERE)
    for thread in waiting:
        thread.join()
    assert got == [OLD] * 4


def test_an_image_that_will_not_come() -> None:
    board = RelayBoard()
    board.break_off(HERE)
    with pytest.raises(ServerError, match="did not complete its image"):
        board.wait(HERE, Deadline(1))
    with pytest.raises(DeadlineError):
        board.wait(THERE, Deadline(0.05))


MIB, GIB = 1 << 20, 1 << 30


@pytest.mark.parametrize(
    ("size", "regions", "rate", "direct"),
    [
        pytest.param(GIB, 5, GIB, True, id="a fast link"),
        pytest.param(GIB, 1, 100 * MIB, True, id="one by a link like that between regions"),
        pytest.param(GIB, 2, 100 * MIB, False, id="two by such a link"),
        pytest.param(GIB, 1, 10 * MIB, False, id="a slow link"),
        pytest.param(16 * MIB, 1, 10 * MIB, True, id="a small file"),
        pytest.param(16 * MIB, 2, 10 * MIB, False, id="a small file to two"),
        pytest.param(MIB, 20, 20 * MIB, True, id="next to nothing to many"),
        pytest.param(MIB, 1, MIB / 4, False, id="next to nothing by next to none"),
    ],
)
def test_a_file_is_handed_on_where_that_ends_sooner(size: int, regions: int, rate: float, *, direct: bool) -> None:
    choice = RelayChoice(size, regions, rate)
    assert choice.direct is direct
    assert choice.direct is (choice.direct_seconds < choice.relay_seconds)
    assert choice.to_dict()["direct"] is direct


@pytest.mark.parametrize(
    ("sent", "seconds", "complete", "rate"),
    [
        pytest.param(500 * MIB, 0.2, False, None, id="too early to tell"),
        pytest.param(BUFFERED, 5.0, False, None, id="what may be in buffers is no rate"),
        pytest.param(BUFFERED + 10 * MIB, 2.0, False, 5 * MIB, id="beyond that it is"),
        pytest.param(0, 4.0, True, 256 * MIB, id="of a complete upload"),
        pytest.param(0, 0.0, True, 1024 * 1000 * MIB, id="of one that took no time"),
    ],
)
def test_a_rate_is_known_when_it_means_something(
    sent: int, seconds: float, rate: float | None, *, complete: bool
) -> None:
    choice = choose(GIB, 1, sent, seconds, complete=complete)
    assert (choice and choice.bytes_per_second) == rate


def test_a_fast_link_is_noticed_while_the_first_region_is_sent_the_image(fast_clock: Clock) -> None:
    board, progress = RelayBoard(), Progress()
    board.expect(HERE)
    board.expect(HERE)
    board.sending(HERE, GIB, progress)
    progress.enter("sending", GIB)
    progress.advance(GIB - 1)
    fast_clock.sleep(0.6)
    choice = board.choice(HERE, Deadline(50))
    assert choice
    assert (choice.direct, choice.regions, choice.size) == (True, 2, GIB)


@pytest.mark.slow
def test_an_image_that_was_sent_slowly_is_waited_for(fast_clock: Clock) -> None:
    board, progress, found = RelayBoard(), Progress(), list[RelayChoice | None]()
    board.expect(HERE)
    board.sending(HERE, GIB, progress)
    waiting = threading.Thread(target=lambda: found.append(board.choice(HERE, Deadline(5000))))
    waiting.start()
    fast_clock.sleep(200)
    board.sent(HERE)
    board.sent(HERE)
    assert found == []
    board.keep(HERE, SAME)
    waiting.join()
    (choice,) = found
    assert choice
    assert not choice.direct
    assert choice.direct_seconds >= 200


def test_an_image_that_nobody_had_to_send_is_handed_on() -> None:
    board = RelayBoard()
    board.expect(HERE)
    board.sent(HERE)
    board.keep(HERE, SAME)
    assert board.choice(HERE, Deadline(1)) is None


def test_nothing_is_chosen_where_the_first_region_fails() -> None:
    board, progress = RelayBoard(), Progress()
    board.sending(HERE, GIB, progress)
    progress.enter("verifying")
    board.break_off(HERE)
    with pytest.raises(ServerError, match="did not complete its image"):
        board.choice(HERE, Deadline(1))
