# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role images, run by ansible-playbook as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RoleRun:
    """What a run of the role wrote, and the results of its images; none if the play failed before."""

    returncode: int
    output: str
    results: list[dict[str, Any]]

    @property
    def actions(self) -> list[list[tuple[str, str]]]:
        """For each image the Locations and what was done there."""
        return [[(one["location"]["name"], one["action"]) for one in run["results"]] for run in self.results]


def run_images_role(directory: Path, variables: Mapping[str, Any], *options: str, **keywords: Any) -> RoleRun:
    """Run the role in a directory, with ``-vvv``: results are written there, and everything Ansible would ever show.

    The keywords are those of the play.
    """
    keep = {"content": "{{ images_result | to_json }}", "dest": "{{ playbook_dir }}/result.json", "mode": "0600"}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars_files": ["vars.json"],
        "roles": ["oaktree.multicloud.images"],
        "post_tasks": [{"name": "Keep", "ansible.builtin.copy": keep, "check_mode": False}],
        **keywords,
    }
    (directory / "vars.json").write_text(json.dumps(variables))
    (directory / "play.yml").write_text(json.dumps([play]))
    (directory / "result.json").unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvv", *options, "play.yml"]
    env = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(command, cwd=directory, env=env, check=False, capture_output=True, text=True)
    result = directory / "result.json"
    results = json.loads(result.read_text())["results"] if result.exists() else []
    return RoleRun(done.returncode, done.stdout + done.stderr, results)
