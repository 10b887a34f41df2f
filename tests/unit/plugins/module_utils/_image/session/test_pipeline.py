# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upload sessions in several Locations at once, from preparation to publication or abortion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session import pipeline
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.prepare import RequestOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from tests.support.fake_openstack import Answer, BlackHole, FakeOpenStack
from tests.support.image_samples import DATA
from tests.support.run_core import entries, kinds
from tests.support.upload_session import DESIRED, SEGMENT, SessionSite, content, done, send

OPTIONS = RequestOptions(segment_size=SEGMENT, with_token=True)


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(clouds=2, regions=2, object_store=True)


def target(clouds: FakeOpenStack) -> Target:
    return Target(clouds_config={"clouds": entries(clouds)}, timeout=1000.0)


def test_each_location_has_its_own_requests(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r2"].glance.import_methods = []
    prepared = pipeline.prepare(target(clouds), DESIRED, content(), OPTIONS, check_mode=False)
    assert [str(result.location) for result in prepared] == [
        "cloud1/r1/demo",
        "cloud1/r2/demo",
        "cloud2/r1/demo",
        "cloud2/r2/demo",
    ]
    changes = [done(result) for result in prepared]
    assert [change.output["scheme"] for change in changes] == ["swift", "v2_put", "swift", "swift"]
    assert {send(request, DATA) for change in changes for request in change.output["requests"]} == {201, 204}
    finalized = pipeline.finalize(target(clouds), DESIRED, content(), check_mode=False)
    assert {done(result).action for result in finalized} == {"created"}


def test_entries_that_are_one_project_share_an_upload(site: SessionSite) -> None:
    entry = site.clouds["cloud1"].entry()
    twice = Target(clouds_config={"clouds": {"one": entry, "two": entry}}, timeout=1000.0)
    changes = [done(one) for one in pipeline.prepare(twice, DESIRED, content(), OPTIONS, check_mode=False)]
    assert sorted(change.action for change in changes) == ["created", "unchanged"]
    (image,) = site.images
    assert {change.output["image_id"] for change in changes} == {image.id}
    assert {send(request, DATA) for request in changes[1].output["requests"]} == {201}
    finalized = [done(one) for one in pipeline.finalize(twice, DESIRED, content(), check_mode=False)]
    assert sorted(change.action for change in finalized) == ["created", "unchanged"]
    assert {change.output["image"]["id"] for change in finalized} == {site.published().id}


@pytest.mark.slow
def test_a_failed_location_does_not_touch_the_others(clouds: FakeOpenStack) -> None:
    clouds["cloud1"]["r1"].fault("*", "/v2/images", Answer(403))
    clouds["cloud2"]["r2"].fault("*", "/v2/images", BlackHole())
    desired = replace(DESIRED, timeouts=replace(DESIRED.timeouts, timeout=50.0))
    timed = pipeline.prepare(target(clouds), desired, content(), OPTIONS, check_mode=False)
    assert kinds(timed) == {
        "cloud1/r1/demo": "refused",
        "cloud1/r2/demo": None,
        "cloud2/r1/demo": None,
        "cloud2/r2/demo": "timeout",
    }


def test_aborted_leaves_nothing(site: SessionSite) -> None:
    prepared = site.prepare()
    site.send(prepared, 0)
    planned = done(site.abort(check_mode=True))
    assert (planned.action, len(site.images), len(site.containers)) == ("deleted", 1, 1)
    change = done(site.abort())
    assert change == planned
    assert (change.before["images"], change.after) == (
        [done(prepared).output["image_id"]],
        {"containers": [], "images": []},
    )
    assert (site.images, site.containers) == ([], {})
    assert site.send(prepared, 1) in ([401], [404])
    again = done(site.abort())
    assert (again.action, again.output["requests"]) == ("unchanged", [])


def test_aborted_keeps_what_is_published(site: SessionSite) -> None:
    site.send(site.prepare())
    done(site.finalize())
    assert done(site.abort()).action == "unchanged"
    site.published()


def test_what_cannot_be_aborted_is_reported(site: SessionSite) -> None:
    prepared = done(site.prepare())
    site.region.fault("DELETE", r"/images/", Answer(403))
    failed = site.abort().error
    assert failed
    assert (failed.kind, failed.hint) == ("server", "Run the task again.")
    assert prepared.output["image_id"] in failed.message


def costs(site: SessionSite, work: Callable[[], Any]) -> int:
    """Requests of the work, besides those for tokens, discovery and polling."""
    counters = site.clouds.counters
    counters.reset()
    done(work())
    polls = [counters.requests(method="GET", path=f"/v2/images/{{image_id}}{path}") for path in ("", "/tasks")]
    return counters.requests(service="image") + counters.requests(service="object-store") - sum(polls)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scheme", "prepare", "again", "finalize", "last", "abort"),
    [("swift", 15, 8, 25, 3, 6), ("v2_put", 9, 3, 4, 3, 4), ("glance_direct", 9, 3, 5, 3, 4)],
)
def test_costs(site: SessionSite, scheme: str, prepare: int, again: int, finalize: int, last: int, abort: int) -> None:
    """As docs/upload-sessions.md lists them, with two segments and without polling."""
    prepared = site.prepare(scheme=scheme)
    site.send(prepared)
    assert costs(site, lambda: site.prepare(scheme=scheme)) == again
    assert costs(site, site.finalize) == finalize
    assert costs(site, site.finalize) == last
    site.region.glance.images.clear()
    assert costs(site, lambda: site.prepare(scheme=scheme)) == prepare
    assert costs(site, site.abort) == abort
