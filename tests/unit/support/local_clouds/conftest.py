# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.local_clouds.layout import Layout


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout.from_environment({"OAKTREE_CLOUDS_DIR": str(tmp_path / "clouds"), "OAKTREE_CLOUDS_PORT": "31000"})
