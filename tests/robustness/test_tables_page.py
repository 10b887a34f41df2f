# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of docs/tables.md, run as they stand there."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack

PAGE = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")
OLD, NEW, OTHER = b"of August", b"of November", b"the same everywhere"


def cut(data: bytes) -> str:
    return hashlib.sha512(data).hexdigest()[:12]


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> FakeOpenStack:
    """At cloud1 one server runs a new image, one an old one and one none that is there; at cloud2 one has a volume."""
    clouds = fake_openstack(clouds=2, servers=3)
    clouds.clouds_yaml(tmp_path / "clouds.yaml")
    for name in ("cloud1", "cloud2"):
        add_image(clouds[name]["r1"].glance, OTHER, name="fedora-43")
    glance, nova = clouds["cloud1"]["r1"].glance, clouds["cloud1"]["r1"].nova
    old, new = add_image(glance, OLD, name="debian-13"), add_image(glance, NEW, name="debian-13")
    old.created, new.created = datetime(2026, 8, 4, tzinfo=UTC), datetime(2026, 11, 17, tzinfo=UTC)
    for number, (server, image) in enumerate(zip(nova.servers, (new.id, old.id, "gone"), strict=True), start=1):
        server.name, server.image_id = f"web-{number}", image
    servers = clouds["cloud2"]["r1"].nova.servers
    del servers[1:]
    servers[0].name, servers[0].image_id = "web-1", None
    return clouds


def run(directory: Path) -> list[dict[str, Any]]:
    """Run the tasks of the page, and return what each of them has returned."""
    tasks = [task for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) for task in yaml.safe_load(block)]
    for number, task in enumerate(tasks):
        task.setdefault("register", f"result_{number}")
        task["ignore_errors"] = True
    results = "[" + ", ".join(task["register"] for task in tasks) + "]"
    copy = {"content": f"{{{{ {results} | to_json }}}}", "dest": str(directory / "results.json"), "mode": "0600"}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [*tasks, {"ansible.builtin.copy": copy}]}
    (directory / "play.yml").write_text(json.dumps([play]))
    ansible = str(Path(sys.executable).with_name("ansible-playbook"))
    env = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(directory / "clouds.yaml")}
    subprocess.run([ansible, "play.yml"], cwd=directory, env=env, capture_output=True, check=True)
    found: list[dict[str, Any]] = json.loads((directory / "results.json").read_text())
    return found


def test_the_tasks_of_the_page(clouds: FakeOpenStack, tmp_path: Path) -> None:
    del clouds
    _servers, _images, outdated, failed, same = run(tmp_path)
    lines = [line.split(None, 6) for line in outdated["msg"]]
    assert [line[:4] for line in lines] == [
        ["LOCATION", "SERVER", "IMAGE", "STATUS"],
        ["cloud1/r1/demo", "web-2", "debian-13", "outdated"],
        ["cloud1/r1/demo", "web-3", "missing", "its"],
        ["cloud2/r1/demo", "web-1", "unknown", "it"],
    ]
    assert lines[1][4:] == [f"sha512:{cut(OLD)}", f"sha512:{cut(NEW)}"]
    assert failed["failed"]
    assert len(failed["msg"]) == 4
    assert [line.split(None, 2) for line in same["msg"]] == [
        ["NAME", "HASH", "WHERE"],
        *sorted([["debian-13", cut(OLD), "cloud1/r1/demo"], ["debian-13", cut(NEW), "cloud1/r1/demo"]]),
        ["fedora-43", cut(OTHER), "cloud1/r1/demo, cloud2/r1/demo"],
    ]
