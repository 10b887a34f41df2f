# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGKILL at random moments: the next run ends right, and nothing of the killed one is left."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.integration.image_export.lab import MIB, ExportLab, Site, files

pytestmark = pytest.mark.clouds

MOMENTS = 20
PACE = 0.03  # seconds between two pieces of the image, so that there is time to be killed in


@pytest.mark.parametrize("way", ["path", "segments"])
def test_killed_runs(lab: ExportLab, north: Site, name: str, data: bytes, out: Path, container: str, way: str) -> None:
    to = {"path": f"{out}/image"} if way == "path" else {"container": container, "object": "image"}
    seed = random.randrange(1 << 32)  # noqa: S311
    moments = random.Random(seed)  # noqa: S311

    def run() -> float:
        """Run the module to its end, check and delete what it has made; returns how many seconds it ran."""
        start = time.monotonic()
        with lab.start(part_size=MIB, image=name, **to) as process:
            output, _errors = process.communicate(timeout=60)
        took = time.monotonic() - start
        assert '"failures": []' in output, (seed, output)
        if way == "path":
            assert files(out) == ["image"], seed
            assert (out / "image").read_bytes() == data, seed
            (out / "image").unlink()
        else:
            assert len(north.objects(container) or ()) == 5, seed
            assert north.content(container, "image") == data, seed
            for leftover in north.objects(container) or ():
                north.member.object_store.delete(f"/{container}/{leftover}")
        return took

    lab.heal()
    north.glance.pace = PACE
    took = run()
    killed = 0
    for _round in range(MOMENTS):
        north.glance.pace = PACE
        with lab.start(part_size=MIB, image=name, **to) as process:
            time.sleep(moments.uniform(0.2, took))
            killed += process.poll() is None
            process.kill()
        lab.heal()
        run()
    assert killed > MOMENTS // 3
