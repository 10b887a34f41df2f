# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.object_store.lab import REGIONS, Lab, clouds_yaml, lab


@pytest.fixture(scope="session", autouse=True)
def _clouds() -> None:
    if not clouds_yaml().exists():
        pytest.fail(f"there is no {clouds_yaml()}: start the local clouds with `make clouds`")


@pytest.fixture
def north(tmp_path: Path) -> Iterator[Lab]:
    """A container in region north, and a file of six segments."""
    with lab("north", tmp_path) as made:
        yield made


@pytest.fixture(params=REGIONS)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """The same in each region."""
    with lab(request.param, tmp_path) as made:
        yield made
