# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import relay
from tests.integration.image.lab import REGIONS, Lab, connect, through_proxies
from tests.integration.image.session_lab import UploadSession
from tests.integration.image.web import WebServer
from tests.support.local_clouds.layout import Layout

MIB = 1 << 20


@pytest.fixture(scope="session")
def _session_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    path = Path(os.environ.get("OS_CLIENT_CONFIG_FILE") or Layout.from_environment(os.environ).clouds_yaml)
    if not path.exists():
        pytest.fail(f"there is no {path}: start the local clouds with `make clouds`")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        sites = {region: connect(region) for region in REGIONS}
        for site in sites.values():
            stack.enter_context(site.proxy)
        clouds_yaml = through_proxies(sites, tmp_path_factory.mktemp("lab") / "clouds.yaml")
        clouds = yaml.safe_load(clouds_yaml.read_text(encoding="utf-8"))["clouds"].values()
        tokens = [site.member.auth_token for site in sites.values()]
        yield Lab(sites, clouds_yaml, [*tokens, *(cloud["auth"]["password"] for cloud in clouds)])


@pytest.fixture
def lab(_session_lab: Lab) -> Lab:
    """The clouds, healthy, every request counted from here on."""
    _session_lab.heal()
    return _session_lab


@pytest.fixture(autouse=True)
def _handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files on a fast network are handed on, too."""
    monkeypatch.setattr(relay, "HANDING_SECONDS", 0.0)
    monkeypatch.setattr(relay, "HANDING_RATE", 1 << 60)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter pauses between attempts; all else is as users have it."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.1)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server that clouds and the module can fetch from."""
    with WebServer() as server:
        yield server


@pytest.fixture
def name(lab: Lab) -> Iterator[str]:
    """The name of an image that goes when the test ends."""
    chosen = lab.new_name()
    yield chosen
    lab.heal()
    for site in lab.sites.values():
        site.remove(chosen)


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image of 2 MiB and a little: more than the sockets between here and a Glance hold."""
    path = tmp_path_factory.mktemp("files") / "image.raw"
    path.write_bytes(os.urandom(2 * MIB + 13))
    return path


@pytest.fixture(scope="session")
def other_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another image."""
    path = tmp_path_factory.mktemp("files") / "other.raw"
    path.write_bytes(os.urandom(MIB))
    return path


@pytest.fixture
def session(lab: Lab, name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UploadSession]:
    """An upload session, in region north unless the test chooses another; it is aborted when the test ends."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    yield UploadSession(lab, "north", name, file.read_bytes(), file)
    lab.heal()
    for region in lab.sites:
        UploadSession(lab, region, name, b"", file).run("aborted")
