# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/getting-started.md and README.md: their files and plays work as written, in regions of two stand-in clouds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_module import ModuleRun, run_module
from tests.unit.test_docs import PAGES, ROOT

PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
OURS = "oaktree.multicloud."


def blocks(heading: str) -> list[Any]:
    """The YAML in a section of the page."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]


@pytest.fixture
def site(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """The page's clouds.yaml and secure.yaml, with the addresses, regions and password of stand-ins, and its image."""
    running = fake_openstack(clouds=2, regions=2, more=("network",))
    clouds, secure = blocks("Name your clouds")
    for name, cloud in zip(clouds["clouds"], running.clouds.values(), strict=True):
        entry = clouds["clouds"][name]
        entry["auth"]["auth_url"] = f"{cloud.keystone.url}/v3"
        entry["regions"] = list(cloud.regions)[: len(entry["regions"])]
        secure["clouds"][name]["auth"]["password"] = "secret"
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump(clouds))
    (tmp_path / "secure.yaml").write_text(yaml.safe_dump(secure))
    (tmp_path / "secure.yaml").chmod(0o600)
    (tmp_path / "images").mkdir()
    for name in ("guide", "fedora-43"):
        (tmp_path / "images" / f"{name}.qcow2").write_bytes(bytes(range(256)) * 64)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(tmp_path / "secure.yaml"))
    monkeypatch.chdir(tmp_path)
    return running


def make_flavors(site: FakeOpenStack) -> None:
    """Have a flavor in each region that suffices."""
    admin = {"clouds": {name: cloud.entry("admin") for name, cloud in site.clouds.items()}}
    made = run_module("flavor", name="m1.small", vcpus=1, ram=2048, disk=20, locations="*", clouds_config=admin)
    assert made.ok, made


def play(tasks: dict[str, Any]) -> dict[str, ModuleRun]:
    """The runs of a play's modules of this collection, by the names of the tasks."""
    runs = {}
    for task in tasks["tasks"]:
        (module,) = (key for key in task if "." in key)
        if module.startswith(OURS):
            runs[task["name"]] = run_module(module.removeprefix(OURS), **task[module])
    return runs


@pytest.mark.slow
def test_the_play_makes_all_once_and_the_other_removes_it(site: FakeOpenStack) -> None:
    make_flavors(site)
    (build,), (remove,) = blocks("Run a whole play")
    for first in (True, False):
        runs = play(build)
        assert [run.result.get("msg") for run in runs.values()] == [None] * 5
        assert len(runs.pop("List the servers")["servers"]) == 3
        assert [run["changed"] for run in runs.values()] == [first] * 4
    assert [run["changed"] for run in play(remove).values()] == [True] * 3
    assert [run["changed"] for run in play(remove).values()] == [False] * 3


def test_the_output_that_the_page_shows_has_the_tasks_of_the_play() -> None:
    (build,), _remove = blocks("Run a whole play")
    names = [task["name"] for task in build["tasks"]]
    assert re.findall(r"^TASK \[(.*)\] ", PAGE, re.MULTILINE) == names
    assert f"PLAY [{build['name']}] " in PAGE


@pytest.mark.slow
def test_the_play_of_the_readme_makes_all_once(site: FakeOpenStack) -> None:
    make_flavors(site)
    text = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## A whole play\n")[1]
    (build,) = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0].replace("beta/east", "beta/r1"))
    for first in (True, False):
        runs = play(build)
        assert [run.result.get("msg") for run in runs.values()] == [None] * 6
        assert len(runs.pop("List all of them")["servers"]) == 5
        assert [run["changed"] for run in runs.values()] == [first] * 5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_output_of_commands_without_an_inventory_begins_with_the_warning_of_ansible(page: Path) -> None:
    """Whoever follows a page should see what it shows."""
    shown = re.findall(
        r"^\$ ansible localhost [^\n]*\n(?!\$|```)([^\n]*)", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    warning = "[WARNING]: No inventory was parsed, only implicit localhost is available"
    assert [line for line in shown if line != warning] == []
