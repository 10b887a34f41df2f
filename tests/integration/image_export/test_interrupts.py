# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports interrupted while a real Glance or Swift owes an answer: the process ends at once, and nothing is left."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.integration.image_export.lab import MIB, ExportLab, Site, files
from tests.support.fake_openstack import Action, BlackHole
from tests.support.run_module import interrupt
from tests.support.wait import until

pytestmark = pytest.mark.clouds

FILE = ("GET", r"/images/[^/]+/file$")
SEGMENT = ("PUT", r"\.segments/")
MANIFEST = ("PUT", "multipart-manifest=put")
SILENT, DONE = BlackHole(), BlackHole(after="work")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_download_that_does_not_begin(
    lab: ExportLab, north: Site, name: str, out: Path, number: signal.Signals
) -> None:
    fault = north.glance.fault(*FILE, SILENT)
    with lab.start(image=name, path=f"{out}/image") as process:
        until(fault.owes)
        assert interrupt(process, number).endswith("has been removed.")
    assert files(out) == []


def test_a_download_of_which_no_more_comes_is_kept_for_the_next_run(
    lab: ExportLab, north: Site, name: str, data: bytes, out: Path
) -> None:
    north.glance.stalls = 1
    with lab.start(image=name, path=f"{out}/image") as process:
        until(lambda: any(path.stat().st_size for path in out.iterdir()))
        interrupt(process, signal.SIGINT)
    assert all(path.endswith(".part") for path in files(out))
    lab.heal()
    assert lab.done(image=name, path=f"{out}/image")["action"] == "created"
    assert (out / "image").read_bytes() == data
    assert files(out) == ["image"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "moment",
    [
        ("glance", FILE, SILENT),
        ("swift", SEGMENT, SILENT),
        ("swift", SEGMENT, DONE),
        ("swift", MANIFEST, SILENT),
        ("swift", MANIFEST, DONE),
        ("swift", ("PUT", r"/t-export-[0-9a-f]+$"), DONE),
    ],
    ids=str,
)
def test_an_export_to_a_container(
    lab: ExportLab,
    north: Site,
    name: str,
    container: str,
    moment: tuple[str, tuple[str, str], Action],
    number: signal.Signals,
) -> None:
    service, request, action = moment
    fault = getattr(north, service).fault(*request, action)
    with lab.start(part_size=MIB, image=name, container=container, object="image") as process:
        until(fault.owes)
        assert interrupt(process, number).endswith("has been removed.")
    assert north.objects(container) is None
    lab.heal()
    assert lab.done(image=name, container=container, object="image")["action"] == "created"
