# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from tests.integration.clouds.conftest import clouds_yaml

__all__ = ["clouds_yaml", "with_a_dead_cloud"]


@pytest.fixture
def with_a_dead_cloud(clouds_yaml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local clouds, and beside them one, `dead`, at whose address nothing listens."""
    config = yaml.safe_load(clouds_yaml.read_text())
    auth = {"auth_url": "http://127.0.0.1:1/v3", "username": "u", "password": "p", "project_name": "p"}
    config["clouds"]["dead"] = {"auth": auth, "region_name": "none"}
    path = tmp_path / "clouds.yaml"
    path.touch(0o600)
    path.write_text(yaml.safe_dump(config))
    secure = clouds_yaml.with_name("secure.yaml")
    if secure.exists():
        os.link(secure, tmp_path / "secure.yaml")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
