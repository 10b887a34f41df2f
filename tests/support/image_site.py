# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the image pipeline on stand-in clouds share: a cloud, an image file, and runs of the module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.server import ImageApi
from tests.support.run_module import ModuleRun, run_module

NAME = "fedora"
MIB = 1 << 20


def digest(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


class Site:
    """Stand-in clouds, a file, and the image module between them."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.file = directory / "disk.img"
        self.write(b"\x01first" * 50000)

    @property
    def region(self) -> Any:
        return self.clouds["cloud1"]["r1"]

    def write(self, data: bytes) -> bytes:
        """Make this the content of the file."""
        self.file.write_bytes(data)
        return data

    def run(self, **options: Any) -> ModuleRun:
        """Run the module for the file, with timeouts of 20 real seconds."""
        from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock

        timeouts = dict.fromkeys(("timeout", "transfer_timeout", "import_timeout", "stall_timeout"), clock.turned(20))
        content = {} if options.get("state") == "absent" else {"path": str(self.file)}
        given = {"name": NAME, "locations": ["*"], "api_timeout": 5.0, **timeouts, **content}
        return run_module("image", **given | options)

    def act(self, **options: Any) -> list[str]:
        """Run, and return the actions of all Locations, none of which may fail."""
        done = self.run(**options)
        assert done.ok, done["failures"]
        return [result["action"] for result in done["results"]]

    def fail(self, **options: Any) -> dict[str, Any]:
        """Run, and return the one failure that there must be."""
        done = self.run(**options)
        (failure,) = done["failures"]
        assert not done.ok
        return dict(failure)


@pytest.fixture
def site(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Site]:
    """Return a factory of sites, which the environment names."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def make(image_api: ImageApi, **options: Any) -> Site:
        clouds = fake_openstack(image_api=image_api, **options)
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds.clouds_yaml(tmp_path / "clouds.yaml")))
        return Site(clouds, tmp_path)

    return make
