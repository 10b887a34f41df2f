# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of `make soak`: random operations under random faults. SOAK_SEED repeats the choices of a run."""

from __future__ import annotations

import os
import secrets

from tests.soak.soak import soak

OPERATIONS, SECONDS = 400, 75.0
"""Whichever comes first; deleting everything at the end comes on top."""


def test_nothing_is_wrong_and_nothing_is_left() -> None:
    done = soak(OPERATIONS, 2, os.environ.get("SOAK_SEED") or secrets.token_hex(4), SECONDS)
    said = f"SOAK_SEED={done.seed}"
    assert done.tally.wrong == [], said
    assert done.tally.leaks == [], said
    assert done.tally.results["unchanged"] > 0, said
