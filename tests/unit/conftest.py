# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of modules and plugins share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.standin import StandIn


@pytest.fixture
def two_clouds(standin: Callable[..., StandIn], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """cloud1 and cloud2 with regions r1 and r2 each, which the environment names."""
    clouds = standin(clouds=2, regions=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
    return clouds
