# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads to real Glances, interrupted while these owe an answer: the process ends at once, and nothing is left."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.segments import container_prefix
from ansible_collections.oaktree.multicloud.plugins.modules import image_upload
from tests.integration.image.lab import Lab, Site
from tests.integration.image.test_faults import CREATE, DATA, IMPORT, PUBLISH, assert_one_right_image
from tests.support.fake_openstack import Action, BlackHole
from tests.support.run_module import interrupt, start_module
from tests.support.wait import until

pytestmark = pytest.mark.clouds

EVERYWHERE = ("north", "south", "east")
LOOK = ("GET", r"/images/[0-9a-f-]{36}$")
SILENT, DONE, LATE = BlackHole(), BlackHole(after="work"), BlackHole(late=lambda: False)
"""The last one stands for one whose work is done when the module has begun to clean up."""


@dataclass(frozen=True)
class Moment:
    """A request of an upload that gets no answer."""

    name: str
    scheme: str
    regions: tuple[str, ...]
    request: tuple[str, str]
    action: Action = SILENT

    def __str__(self) -> str:
        return f"{self.scheme}: {self.name}"


MOMENTS = [
    Moment("create", "v2_put", EVERYWHERE, CREATE),
    Moment("create, done", "v2_put", EVERYWHERE, CREATE, DONE),
    Moment("create, done late", "v2_put", EVERYWHERE, CREATE, LATE),
    Moment("data", "v2_put", EVERYWHERE, DATA),
    Moment("data, done", "v2_put", EVERYWHERE, DATA, DONE),
    Moment("look", "v2_put", EVERYWHERE, LOOK),
    Moment("publication", "v2_put", EVERYWHERE, PUBLISH),
    Moment("staging, done", "glance_direct", ("north",), DATA, DONE),
    Moment("import", "glance_direct", ("north",), IMPORT),
    Moment("import, done", "glance_direct", ("north",), IMPORT, DONE),
    Moment("look", "glance_direct", ("north",), LOOK),
    Moment("import", "web_download", ("east",), IMPORT),
    Moment("import, done", "web_download", ("east",), IMPORT, DONE),
]
SIGNALS = [signal.SIGINT, signal.SIGTERM]
"""In turn: what they interrupt does not tell them apart."""


def containers(site: Site, name: str) -> list[str]:
    """Those that uploads of the image made."""
    prefixes = (temporary_object._container(Desired(name, "present")), container_prefix(name))
    listed = site.member.object_store.get("", params={"format": "json"}).json()
    return [item["name"] for item in listed if item["name"].startswith(prefixes)]


def action_at(site: Site, moment: Moment) -> Action:
    if moment.action is LATE:
        return BlackHole(late=lambda: site.proxy.counters.requests(method="DELETE") > 0)
    return moment.action


@pytest.mark.parametrize(("moment", "number"), list(zip(MOMENTS, cycle(SIGNALS), strict=False)), ids=str)
def test_interrupted_while_a_request_is_not_answered(
    lab: Lab, name: str, file: Path, moment: Moment, number: signal.Signals
) -> None:
    sites = [lab.sites[region] for region in moment.regions]
    faults = [site.proxy.fault(*moment.request, action_at(site, moment)) for site in sites]
    options = {"name": name, "path": str(file), "scheme": moment.scheme}
    with lab.start(*moment.regions, **options) as process:
        until(lambda: all(fault.owes() for fault in faults))
        said = interrupt(process, number)
    assert said.startswith("Interrupted.")
    if moment.action == SILENT and moment.request == CREATE:
        assert said.count("may come yet: its creation was not answered") == len(sites)
    else:
        assert said.endswith("has been removed."), said
    assert [site.images(name) for site in sites] == [[] for _site in sites]
    assert [containers(site, name) for site in sites] == [[] for _site in sites]
    lab.heal()
    assert {result["action"] for result in lab.run(*moment.regions, **options)["results"]} == {"created"}
    for site in sites:
        assert_one_right_image(site, name, file)


@pytest.mark.parametrize("action", [SILENT, DONE])
def test_a_region_that_waits_for_another_ends_too(lab: Lab, name: str, file: Path, action: Action) -> None:
    fault = lab.sites["north"].proxy.fault(*IMPORT, action)
    with lab.start("north", "south", name=name, path=str(file), relay="only") as process:
        until(lambda: fault.owes() and lab.sites["south"].active(name))
        assert interrupt(process, signal.SIGINT).startswith("Interrupted.")
    assert lab.sites["north"].images(name) == []
    assert [(image["name"], image["status"]) for image in lab.sites["south"].images(name)] == [(name, "active")]


@pytest.mark.parametrize("scheme", ["v2_put", "swift"])
def test_an_upload_session_that_is_not_prepared_yet(lab: Lab, name: str, file: Path, scheme: str) -> None:
    site = lab.sites["east"]
    fault = site.proxy.fault(*CREATE, DONE)
    options = {"name": name, "path": str(file), "state": "prepared", "scheme": scheme}
    with start_module(image_upload, **lab.options(["east"], options)) as process:
        until(lambda: fault.owes() and site.images(name))
        assert interrupt(process, signal.SIGTERM).endswith("has been removed.")
    assert site.images(name) == []
    assert containers(site, name) == []
