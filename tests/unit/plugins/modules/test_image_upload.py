# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with options is one clear error before anything is made."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.image_samples import DATA
from tests.support.run_module import run_module

BAD: list[tuple[dict[str, Any], str]] = [
    ({"state": "prepared"}, "state prepared needs path or checksum"),
    ({"state": "finalized"}, "state finalized needs path or checksum"),
    ({"state": "prepared", "checksum": "md5:" + 32 * "0"}, "size, checksum and disk_format: all three are required"),
    ({"state": "prepared", "checksum": "md5:" + 32 * "0", "size": 0, "disk_format": "raw"}, "size: must be greater"),
    ({"state": "prepared", "path": "FILE", "disk_format": "qcow2"}, "disk_format: the file is raw, not qcow2"),
    ({"state": "prepared", "path": "FILE", "segment_size": "0"}, "segment_size: must be greater than zero"),
    ({"state": "prepared", "path": "FILE", "expires_in": 0}, "expires_in: must be greater than zero"),
    ({"state": "prepared", "path": "FILE", "properties": {"id": "x"}}, "properties: id is not a custom property"),
    ({"state": "prepared", "path": "FILE", "min_disk": -1}, "min_disk: must not be negative"),
    ({"state": "aborted", "name": ""}, "name: must have 1 to 245 characters"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[json.dumps(bad)[:50] for bad, _message in BAD])
def test_bad_input_is_one_clear_error_and_nothing_is_made(
    fake_openstack: Callable[..., FakeOpenStack],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    bad: dict[str, Any],
    message: str,
) -> None:
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    clouds, file = fake_openstack(), tmp_path / "image.raw"
    file.write_bytes(DATA * 200)
    clouds_yaml = str(clouds.clouds_yaml(tmp_path / "clouds.yaml"))
    options = {"name": "thing", "locations": ["*"], "clouds_yaml": clouds_yaml, **bad}
    if "path" in bad:
        options["path"] = str(file)
    ended = run_module("image_upload", **options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]
    assert clouds.counters.requests(service="image") == 0
