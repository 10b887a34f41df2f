# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of servers, interrupted and killed: no snapshot stays, or the next run removes it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import image
from tests.support.fake_openstack import Action, BlackHole, FakeOpenStack
from tests.support.run_module import Started, interrupt, start_module
from tests.support.server_site import NAME, SERVER, TAKE, ServerSite
from tests.support.wait import until

LOCATIONS = ["cloud2"]
PUT = ("PUT", r"/file$")
SILENT, DONE = BlackHole(), BlackHole(after="work")


@dataclass(frozen=True)
class Moment:
    """Something that gets no answer where the server is, or where the image goes; without a request the hypervisor."""

    name: str
    request: tuple[str, str] | None
    action: Action = SILENT
    elsewhere: bool = False
    makes: bool = True
    """Whether there is a snapshot at that moment."""


MOMENTS = [
    Moment("list of servers", ("GET", r"/servers"), makes=False),
    Moment("snapshot, not begun", TAKE, makes=False),
    Moment("snapshot, begun", TAKE, DONE),
    Moment("hypervisor", None),
    Moment("data", PUT, elsewhere=True),
    Moment("data, done", PUT, DONE, elsewhere=True),
]


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> ServerSite:
    return ServerSite(fake_openstack(clouds=2), tmp_path)


def start(site: ServerSite, moment: Moment) -> Started:
    """Start a run that comes to the moment, and wait until it is there."""
    process = start_module(image, **site.options(locations=LOCATIONS))
    if moment.request is None:
        site.home.nova.snapshots.seconds = 3600
        until(lambda: site.taken > 0)
    else:
        region = site.clouds["cloud2"]["r1"] if moment.elsewhere else site.home
        until(region.fault(*moment.request, moment.action).owes)
    return process


def go_on(site: ServerSite) -> None:
    """Answer again, and let the hypervisor be as fast as any."""
    site.home.clear_faults()
    site.clouds["cloud2"]["r1"].clear_faults()
    site.home.nova.snapshots.seconds = 0
    site.server.task_state = None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.name)
def test_an_interrupt_leaves_no_snapshot(site: ServerSite, moment: Moment, number: signal.Signals) -> None:
    with start(site, moment) as process:
        said = interrupt(process, number)
    assert said == "Interrupted. What was complete stays; what was incomplete has been removed."
    assert site.taken == int(moment.makes)
    assert (site.names(), site.names("cloud2")) == ([], [])


@pytest.mark.parametrize("moment", [moment for moment in MOMENTS if moment.makes], ids=lambda moment: moment.name)
def test_the_next_run_removes_what_a_killed_one_left(site: ServerSite, moment: Moment) -> None:
    with start(site, moment) as process:
        process.kill()
    assert site.names() == [f"{NAME}.uploading"]
    go_on(site)
    assert site.act(locations=LOCATIONS) == {"cloud2/r1/demo": ("created", "v2_put")}
    assert (site.names(), site.names("cloud2"), site.taken) == ([], [NAME], 2)


def test_a_killed_run_whose_image_was_published_leaves_nothing_either(site: ServerSite) -> None:
    """Its snapshot goes with a run that has nothing else to do."""
    delete = site.home.fault("DELETE", "/v2/images/", BlackHole())
    with start_module(image, **site.options(locations=LOCATIONS)) as process:
        until(delete.owes)
        process.kill()
    assert (site.names(), site.names("cloud2")) == ([f"{NAME}.uploading"], [NAME])
    go_on(site)
    assert site.act(locations=LOCATIONS) == {"cloud2/r1/demo": ("unchanged", None)}
    assert (site.names(), site.taken) == ([], 1)


@pytest.mark.parametrize("action", [SILENT, DONE])
def test_a_run_that_is_killed_while_its_snapshot_becomes_the_image(site: ServerSite, action: Action) -> None:
    """The properties are set by one request, and the name by the next."""
    fault = site.home.fault("PATCH", "/v2/images/", action)
    with start_module(image, **site.options(locations=["cloud1"])) as process:
        until(fault.owes)
        process.kill()
    go_on(site)
    assert site.act(locations=["cloud1"]) == {"cloud1/r1/demo": ("created", "snapshot")}
    assert (site.names(), site.taken) == ([NAME], 2)


def test_what_a_silent_cloud_keeps_is_named(site: ServerSite) -> None:
    with start(site, MOMENTS[4]) as process:
        silent = site.home.fault("GET", r"/v2/images/", BlackHole())
        process.send_signal(signal.SIGINT)
        until(lambda: silent.struck)
        said = interrupt(process, signal.SIGINT)
    assert "removes: cloud1/r1/demo: " in said
    go_on(site)
    assert site.act({"server": SERVER}, locations=LOCATIONS) == {"cloud2/r1/demo": ("created", "v2_put")}
    assert site.names() == []
