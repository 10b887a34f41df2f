# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-builder accepts the execution environment, and finds what the collection needs. No image is built."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]


def builder(*arguments: str) -> str:
    """What ansible-builder prints."""
    command = [str(Path(sys.executable).with_name("ansible-builder")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_execution_environment_is_accepted(tmp_path: Path) -> None:
    definition = ROOT / "playbooks" / "awx" / "execution-environment.yml"
    builder("create", "--file", str(definition), "--context", str(tmp_path), "--output-filename", "Containerfile")
    built = (tmp_path / "Containerfile").read_text()
    core = yaml.safe_load(definition.read_text())["dependencies"]["ansible_core"]["package_pip"]
    assert f'ANSIBLE_INSTALL_REFS="{core} ' in built
    oldest = SpecifierSet(yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["requires_ansible"])
    assert oldest.contains(f"{core.partition('~=')[2]}.0")
    (collection,) = yaml.safe_load((tmp_path / "_build" / "requirements.yml").read_text())["collections"]
    assert collection["name"] == yaml.safe_load((ROOT / "galaxy.yml").read_text())["repository"]


def test_what_the_collection_needs_is_found(tmp_path: Path) -> None:
    place = tmp_path / "ansible_collections" / "oaktree"
    place.mkdir(parents=True)
    (place / "multicloud").symlink_to(ROOT)
    found = yaml.safe_load(builder("introspect", str(tmp_path)))
    for kind, name in (("python", "ee-requirements.txt"), ("system", "ee-bindep.txt")):
        lines = (ROOT / "meta" / name).read_text().splitlines()
        wanted = [line for line in lines if line and not line.startswith("#")]
        assert [line.partition("  # from collection")[0] for line in found[kind]] == wanted
