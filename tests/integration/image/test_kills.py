# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads killed (SIGKILL) at random moments, by every scheme: the next run leaves one right image, and nothing else.

tests/kills.py says how often.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openstack
import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from tests.integration.image.lab import Lab, by_region
from tests.integration.image.test_fault_matrix import BENCHES, Bench
from tests.integration.image.web import WebServer
from tests.support.kills import moments

pytestmark = pytest.mark.clouds

PACE = 0.05
TASK = Bench("swift_task", "east", ("POST", r"/tasks$"))
"""Of the services here only east's take tasks from users."""

IN_SEGMENTS = f"""
from {temporary_object.__name__.rpartition(".")[0]} import temporary_object
temporary_object.part_size = lambda _size, _limits: 1 << 18
"""


def options_of(bench: Bench, web: WebServer, name: str, file: Path, directory: Path) -> dict[str, Any]:
    origin = {"path": str(file)}
    if bench.scheme == "web_download":
        origin = {"url": web.publish("/image.raw", file.read_bytes())}
    scheme = "v2_put" if bench.scheme == "copy_image" else bench.scheme
    overrides = [{"locations": [f"*/{bench.region}"], "scheme": scheme}]
    return {"name": name, "temporary_directory": str(directory), "overrides": overrides, **origin, **bench.options}


def duration(lab: Lab, bench: Bench, options: Mapping[str, Any]) -> float:
    """Seconds that an upload takes which nobody kills; it is removed again."""
    begin = time.monotonic()
    with lab.start(bench.region, *bench.before, **options) as process:
        out, _err = process.communicate()
    assert process.returncode == 0, out
    seconds = time.monotonic() - begin
    for region in (bench.region, *bench.before):
        lab.sites[region].remove(str(options["name"]))
    return seconds


def containers(name: str) -> list[str]:
    """What the object store holds for uploads of the image."""
    store: Any = openstack.connect("beta", region_name="east").object_store
    own = temporary_object._container(Desired(name, "present"))
    return [container.name for container in store.containers() if container.name == own]


@pytest.mark.parametrize("bench", [*BENCHES, TASK], ids=lambda bench: bench.scheme)
def test_killed_upload(lab: Lab, web: WebServer, name: str, file: Path, tmp_path: Path, bench: Bench) -> None:
    regions = (bench.region, *bench.before)
    options = options_of(bench, web, name, file, tmp_path)
    for site in lab.sites.values():
        site.proxy.pace = PACE
    lab.prelude = IN_SEGMENTS
    seconds = duration(lab, bench, options)
    for moment in moments(bench.scheme, 0, seconds):
        with lab.start(*regions, **options) as process:
            time.sleep(moment)
            process.kill()
        left = {region: [image["status"] for image in lab.sites[region].images(name)] for region in regions}
        output = lab.run(*regions, **options)
        said = f"killed after {moment:.3f} of {seconds:.3f} s with {left}: {output['failures']}"
        assert output["failures"] == [], said
        assert set(by_region(output["results"])) == set(regions), said
        for region in regions:
            (image,) = lab.sites[region].images(name)
            assert (image["name"], image["status"]) == (name, "active"), said
            assert lab.sites[region].sha512(image["id"]) == hashlib.sha512(file.read_bytes()).hexdigest(), said
            lab.sites[region].remove(name)
        assert list(tmp_path.iterdir()) == [], said
        assert containers(name) == [], said
        print(f"{bench.scheme}: killed after {moment:.3f} of {seconds:.3f} s, left {left}; the next run ended right")
