# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once publish one name to two Locations: one image each in the end, on one machine and as on two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack

ROUNDS = 50 if os.environ.get("FULL") else 10

RUN = """
import json, sys
from pathlib import Path
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.pipeline import ensure_image
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
clouds, file = sys.argv[1:]
target = Target(locations=("*",), clouds_yaml=clouds, timeout=60.0)
for line in sys.stdin:
    data = locate.from_path(file, locate.SourceOptions(Path(file).parent))
    done = ensure_image(target, Desired(line.strip(), "present"), data, check_mode=False)
    print(json.dumps([result.value.action if result.value else result.error.kind for result in done]), flush=True)
"""


def start(clouds: Path, file: Path, cache: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, str(clouds), str(file)]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, bufsize=1
    )


def publish(runs: Sequence[subprocess.Popen[str]], name: str) -> list[list[str]]:
    """Have all publish the image at the same moment; how each Location ended, by run."""
    for run in runs:
        assert run.stdin
        run.stdin.write(f"{name}\n")
    return [json.loads(run.stdout.readline()) for run in runs if run.stdout]


@pytest.mark.parametrize("machines", [1, 2])
def test_one_wins_and_a_third_run_has_nothing_to_do(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, machines: int
) -> None:
    clouds = fake_openstack(clouds=2)
    (tmp_path / "image").write_bytes(os.urandom(100_000))
    path = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    caches = [tmp_path / f"cache{number % machines}" for number in range(2)]
    runs = [start(path, tmp_path / "image", cache) for cache in caches]
    try:
        publish(runs, "warm")
        for number in range(ROUNDS):
            ended = publish(runs, f"image-{number}")
            for outcomes in zip(*ended, strict=True):
                assert set(outcomes) <= {"created", "conflict", "unchanged"}
                assert outcomes.count("created") == 1
            assert publish(runs[:1], f"image-{number}") == [["unchanged", "unchanged"]]
    finally:
        for run in runs:
            run.kill()
            run.communicate()
    for cloud in ("cloud1", "cloud2"):
        images: list[Any] = list(clouds[cloud]["r1"].glance.images.values())
        assert sorted(image.fields["name"] for image in images) == sorted(
            ["warm", *(f"image-{number}" for number in range(ROUNDS))]
        )


def test_one_wins_where_the_cloud_chooses_the_ids(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    """So that it refuses nobody: each run sees by itself what the others do, and have done."""
    clouds = fake_openstack(image_api="rackspace")
    (tmp_path / "image").write_bytes(os.urandom(100_000))
    runs = [start(clouds.clouds_yaml(tmp_path / "clouds.yaml"), tmp_path / "image", tmp_path) for _run in range(3)]
    try:
        publish(runs, "warm")
        for number in range(ROUNDS):
            name = f"image-{number}"
            outcomes = [kind for (kind,) in publish(runs, name)]
            assert set(outcomes) <= {"created", "conflict", "unchanged"}
            there = list(clouds["cloud1"]["r1"].glance.images.values())
            assert sum(image.fields["name"] == name for image in there) == 1, outcomes
            assert publish(runs[:1], name) == [["unchanged"]]
    finally:
        for run in runs:
            run.kill()
            run.communicate()
