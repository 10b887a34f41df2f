# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The export module between a test and a fake cloud."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance import Glance
from tests.support.run_module import ModuleRun, run_module


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return clouds["cloud1"]["r1"].glance


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The module takes over signals, which in this process belong to pytest, and remembers exports."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def export(clouds: FakeOpenStack, tmp_path: Path, out: Path) -> Callable[..., ModuleRun]:
    """Run the module; without a destination to ``out/image``."""
    clouds_yaml = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    common = {"image": "thing", "path": f"{out}/image", "locations": ["*"], "clouds_yaml": str(clouds_yaml)}

    def run(**options: Any) -> ModuleRun:
        given = {name: value for name, value in {**common, **options}.items() if value is not None}
        return run_module("image_export", **given)

    return run
