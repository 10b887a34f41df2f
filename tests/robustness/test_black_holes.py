# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clouds and regions that take requests and never answer: uploads to the others do not wait for them.

The clouds' own logs tell when uploads begin. What proves it is that `timeout`, which is how long nobody answers, has no
part in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._run import ensure
from tests.support.fake_openstack import BlackHole, FakeOpenStack
from tests.support.run_module import ModuleRun, run_module

HEALTHY = ("cloud1/r1", "cloud2/r1", "cloud3/r1")
SHORT, LONG = 1.5, 7.5
"""Seconds of real time that a Location has."""


class Place:
    """Three clouds with a file for them; a fourth, and the second region of the first, may be black holes."""

    def __init__(self, clouds: FakeOpenStack, directory: Path, clock: Clock) -> None:
        self.clouds = clouds
        self._file = directory / "image"
        self._file.write_bytes(b"data\0" * 1000)
        self._config = {"clouds": {name: cloud.entry() for name, cloud in clouds.clouds.items()}}
        self._clock = clock
        self._runs = 0

    def publish(self, timeout: float, *black_holes: str) -> tuple[ModuleRun, Mapping[str, float]]:
        """Publish a new image; returns also how many seconds after the run's first request each upload began."""
        self._runs += 1
        self.clouds.counters.reset()
        run = run_module(
            "image",
            name=f"image-{self._runs}",
            path=str(self._file),
            locations=[*HEALTHY, *black_holes],
            clouds_config=self._config,
            timeout=self._clock.turned(timeout),
            api_timeout=60.0,
        )
        arrivals, began = self.clouds.counters.arrivals, {}
        for location in HEALTHY:
            cloud, region = location.split("/")
            (began[location],) = arrivals(cloud=cloud, region=region, method="PUT", path="/v2/images/{image_id}/file")
        return run, {location: moment - arrivals()[0] for location, moment in began.items()}


@pytest.fixture
def place(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, fast_clock: Clock) -> Place:
    clouds = fake_openstack(clouds=4, regions=2)
    for service in ("/v3", "/v2"):
        clouds["cloud4"].fault("*", service, BlackHole())
    clouds["cloud1"]["r2"].fault("*", "", BlackHole())
    return Place(clouds, tmp_path, fast_clock)


BLACK_HOLES: list[tuple[str, ...]] = [("cloud4/r1",), ("cloud1/r2",), ("cloud4/r1", "cloud1/r2")]


@pytest.mark.parametrize("black_holes", BLACK_HOLES, ids="+".join)
def test_uploads_begin_whatever_the_timeout_is(place: Place, fast_clock: Clock, black_holes: tuple[str, ...]) -> None:
    place.publish(LONG)  # imports and discovery
    _run, alone = place.publish(LONG)
    began: dict[float, Mapping[str, float]] = {}
    for timeout in (SHORT, LONG):
        run, began[timeout] = place.publish(timeout, *black_holes)
        assert {result["action"] for result in run["results"]} == {"created"}
        assert [failure["kind"] for failure in run["failures"]] == ["timeout"] * len(black_holes)
    grace = ensure.LONGEST_GRACE / fast_clock.turned(1)
    for location in HEALTHY:
        assert began[LONG][location] - began[SHORT][location] < (LONG - SHORT) / 2
        assert began[LONG][location] - alone[location] < grace + LONG / 2


def test_only_regions_that_could_serve_one_another_wait_at_all(
    place: Place, fast_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a grace that is as long as half of the timeout, it shows who waits for it."""
    place.publish(LONG)
    monkeypatch.setattr(ensure, "LEAST_GRACE", fast_clock.turned(LONG / 2))
    monkeypatch.setattr(ensure, "LONGEST_GRACE", fast_clock.turned(LONG / 2))
    _run, began = place.publish(LONG, "cloud4/r1", "cloud1/r2")
    assert began["cloud1/r1"] > LONG / 2 > max(began["cloud2/r1"], began["cloud3/r1"])
