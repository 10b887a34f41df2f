# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads killed (SIGKILL) at random moments, by the schemes of old clouds: the next run leaves one right image.

tests/kills.py says how often; the moments lie between the first request and the end.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.modules import image
from tests.robustness.test_image_faults import BENCHES, TASK, V1, Bench, assert_one_right_image, things
from tests.support.image_site import NAME, Site
from tests.support.kills import moments
from tests.support.run_module import Started, start_module
from tests.support.wait import until

PART_SIZE = 1 << 14
IN_SEGMENTS = f"""
from {temporary_object.__name__.rpartition(".")[0]} import temporary_object
temporary_object.part_size = lambda _size, _limits: {PART_SIZE}
"""
LATENCY, STEP = 0.05, 0.3
"""Seconds of every request, and of a task."""


def start(site: Site, directory: Path, scheme: str) -> Started:
    options: dict[str, Any] = {"name": NAME, "path": str(site.file), "locations": ["*"], "scheme": scheme}
    return start_module(image, IN_SEGMENTS, **options, temporary_directory=str(directory))


def wait_for_request(site: Site, process: Started) -> None:
    """Return once the process sends its first request, or ends."""
    until(lambda: site.clouds.counters.requests() or process.poll() is not None, pause=0.002)


def duration(site: Site, directory: Path, scheme: str) -> float:
    """Seconds from the first request to the end of a run that nobody kills; its image is removed again."""
    site.clouds.counters.reset()
    with start(site, directory, scheme) as process:
        wait_for_request(site, process)
        began = time.monotonic()
        out, _err = process.communicate()
        seconds = time.monotonic() - began
    assert process.returncode == 0, out
    assert site.act(state="absent") == ["deleted"]
    return seconds


def tasks_end(site: Site) -> None:
    """Wait until nothing happens in the cloud by itself."""
    until(lambda: all(task.status in ("success", "failure") for task in site.region.glance.task_api.tasks.values()))


@pytest.mark.parametrize(
    "bench", [bench for bench in BENCHES if bench is V1 or bench.strikes == TASK], ids=lambda bench: bench.image_api
)
def test_killed_upload(
    site: Callable[..., Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bench: Bench
) -> None:
    monkeypatch.setattr(temporary_object, "part_size", lambda _size, _limits: PART_SIZE)
    cloud, directory = site(bench.image_api, object_store=bench.image_api == "v2"), tmp_path / "temporary"
    directory.mkdir()
    cloud.region.glance.task_api.style, cloud.region.glance.task_api.seconds = bench.style, STEP
    cloud.write(os.urandom(100_000))
    cloud.region.latency = LATENCY
    seconds = min(duration(cloud, directory, bench.scheme) for _run in range(2))  # the first one has no caches
    for moment in moments(f"{bench.name} stand-in", 0, seconds):
        cloud.clouds.counters.reset()
        with start(cloud, directory, bench.scheme) as process:
            wait_for_request(cloud, process)
            time.sleep(moment)
            process.kill()
        left = things(cloud)
        done = cloud.run(scheme=bench.scheme, temporary_directory=str(directory))
        said = f"{bench.name}: killed after {moment:.3f} of {seconds:.3f} s, left {left}"
        assert done.ok, (said, done["failures"])
        tasks_end(cloud)
        assert things(cloud) == ["active"], said
        assert_one_right_image(cloud, bench)
        assert list(directory.iterdir()) == [], said
        assert cloud.act(state="absent") == ["deleted"]
        assert things(cloud) == [], said
        print(f"{said}; the next run ended right: {done['results'][0]['action']}")
