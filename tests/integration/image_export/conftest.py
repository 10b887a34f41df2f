# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_object
from tests.integration.image_export.lab import MIB, SIZE, ExportLab, Site, export_lab
from tests.support.local_clouds.layout import Layout


@pytest.fixture(scope="session")
def _session_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportLab]:
    path = Path(os.environ.get("OS_CLIENT_CONFIG_FILE") or Layout.from_environment(os.environ).clouds_yaml)
    if not path.exists():
        pytest.fail(f"there is no {path}: start the local clouds with `make clouds`")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        with export_lab(tmp_path_factory.mktemp("lab")) as made:
            yield made


@pytest.fixture
def lab(_session_lab: ExportLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ExportLab:
    """The clouds, healthy; a cache of the test's own; shorter pauses between attempts."""
    _session_lab.heal()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.05)
    return _session_lab


@pytest.fixture
def north(lab: ExportLab) -> Site:
    return lab.sites["north"]


@pytest.fixture(scope="session")
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def name(lab: ExportLab, data: bytes) -> Iterator[str]:
    """The name of an image that is in every region, with the data."""
    chosen = f"t-export-{uuid.uuid4().hex[:8]}"
    for site in lab.sites.values():
        site.add_image(chosen, data)
    lab.heal()
    yield chosen
    for site in lab.sites.values():
        site.delete_images(chosen)


@pytest.fixture
def container(lab: ExportLab) -> Iterator[str]:
    """The name of a container that there is not, and is not when the test ends."""
    chosen = f"t-export-{uuid.uuid4().hex[:8]}"
    yield chosen
    for site in lab.sites.values():
        site.delete_container(chosen)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


@pytest.fixture
def _segmented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of 1 MiB."""
    monkeypatch.setattr(to_object, "part_size", lambda _size, _limits: MIB)
