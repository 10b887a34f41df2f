# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds as a process of their own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import openstack
import pytest
import requests

ROOT = Path(__file__).parents[4]


@pytest.mark.slow
def test_a_process_writes_clouds_yaml_and_counts(tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    command = [
        sys.executable,
        "-m",
        "tests.support.fake_openstack",
        "--clouds",
        "2",
        "--servers",
        "2",
        "--clouds-yaml",
        str(path),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = json.loads(process.stdout.readline())
        config = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False)
        connection = openstack.connection.Connection(config=config.get_one("cloud2", region_name="r1"))
        assert len(list(connection.compute.servers())) == 2
        assert requests.get(started["counters"], timeout=5).json()["tokens"] == 1
        assert requests.delete(started["counters"], timeout=5).status_code == 204
        assert requests.get(started["counters"], timeout=5).json()["tokens"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
