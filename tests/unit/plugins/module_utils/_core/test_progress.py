# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress, Stage


def test_a_phase_begins_with_nothing_done() -> None:
    progress = Progress()
    progress.enter("sending", 10)
    progress.advance(3)
    progress.advance(4)
    assert progress.stage == Stage("sending", 7, 10)
    progress.enter("failed", detail="no answer")
    assert progress.stage == Stage("failed", 0, 0, "no answer")


def test_bytes_before_any_phase_are_not_counted() -> None:
    progress = Progress()
    progress.advance(3)
    assert progress.stage is None


@pytest.mark.slow
def test_workers_advance_it_together() -> None:
    progress = Progress()
    progress.enter("sending", 80_000)

    def work(_worker: int) -> None:
        for _byte in range(10_000):
            progress.advance(1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert progress.stage == Stage("sending", 80_000, 80_000)
