# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the collection, run by their names in a user's directory. test_awx.py runs them as AWX does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.fake_openstack import FakeOpenStack


@pytest.mark.parametrize("home", ["", "~/"])
def test_paths_are_those_of_the_user(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    clouds = fake_openstack()
    clouds.clouds_yaml(tmp_path / "clouds.yaml")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "golden.raw").write_bytes(b"\1" * 512)
    if home:
        monkeypatch.setenv("HOME", str(tmp_path))
    started = tmp_path / ("elsewhere" if home else "")
    started.mkdir(exist_ok=True)
    image = {"publish_name": "golden", "publish_path": f"{home}images/golden.raw", "publish_locations": "cloud1"}
    report = {"report_target": f"{home}reports", "report_sections": "servers"}
    for playbook, variables in (("publish_image", image), ("write_report", report)):
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        command = [program, f"oaktree.multicloud.{playbook}", "-e", json.dumps(variables)]
        done = subprocess.run(command, cwd=started, env=os.environ, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    assert [image.fields["name"] for image in clouds["cloud1"]["r1"].glance.images.values()] == ["golden"]
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["report.html", "report.md"]
