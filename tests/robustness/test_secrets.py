# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret shows, however much Ansible is told to show. Whole runs of ansible-playbook, as what masks is Ansible's."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_openstack import FakeOpenStack

PASSWORD = "correct-h0rse-battery"
WRONG_PASSWORD = "wr0ng-h0rse-battery"
CREDENTIAL = "staple-h0rse-credential"
SECRET = "secret-h0rse-of-a-body"
HEADER = "gAAAA-h0rse-of-a-header"
MODULES: dict[str, dict[str, Any]] = {
    "server_info": {},
    "image_info": {},
    "location_info": {"probe": True},
    "rest_info": {"service_type": "compute"},
    "rest": {
        "service_type": "compute",
        "path": "/os-keypairs",
        "method": "POST",
        "body": {"keypair": {"name": "web"}},
        "status": [200, 409],
        "secrets": {"keypair": {"public_key": SECRET}},
        "headers": {"X-Subject-Token": HEADER},
        "locations": ["*"],
    },
    "image": {"name": "secrets", "path": "{{ playbook_dir }}/image.raw", "locations": ["*"]},
}


@dataclass(frozen=True)
class Run:
    """What a playbook printed, the tokens that were issued to it, and the files that it left in the cache."""

    output: str
    results: dict[str, dict[str, Any]]
    tokens: list[str]
    kept: list[Path]


def tasks() -> list[dict[str, Any]]:
    """Every module with every way to fail or succeed, and the lookup; results are kept to look at masked values."""
    made: list[dict[str, Any]] = [
        {
            "name": f"{module} {config}",
            f"oaktree.multicloud.{module}": {**options, "clouds_config": f"{{{{ {config} }}}}"},
            "register": f"{module}_{config}",
            "ignore_errors": True,
        }
        for config in ("by_password", "by_credential", "by_text", "refused")
        for module, options in MODULES.items()
    ]
    arguments = "'compute', location='cloud1', clouds_config="
    made += [
        {
            "name": f"lookup {config}",
            "ansible.builtin.debug": {"msg": f"{{{{ lookup('oaktree.multicloud.rest_info', {arguments}{config}) }}}}"},
            "ignore_errors": True,
        }
        for config in ("by_password", "by_text", "refused")
    ]
    asked = {"service_type": "compute", "with_token": True, "clouds_config": "{{ by_password }}"}
    made.append({"name": "token", "oaktree.multicloud.rest_info": asked, "no_log": True})
    names = ", ".join(f"{task['register']!r}: {task['register']}" for task in made if "register" in task)
    keep = {"content": f"{{{{ {{{names}}} | to_json }}}}", "dest": "{{ playbook_dir }}/results.json", "mode": "0600"}
    made.append({"name": "keep", "ansible.builtin.copy": keep})
    return made


def configs(clouds: FakeOpenStack) -> dict[str, Any]:
    cloud = clouds["cloud1"]
    keystone = cloud.keystone
    keystone.users = [replace(user, password=PASSWORD, credential_secret=CREDENTIAL) for user in keystone.users]
    password, refused = cloud.entry(), cloud.entry()
    password["auth"]["password"] = PASSWORD
    refused["auth"]["password"] = WRONG_PASSWORD
    credential = cloud.entry(application_credential=True)
    credential["auth"]["application_credential_secret"] = CREDENTIAL
    entries = {"by_password": password, "by_credential": credential, "refused": refused}
    made: dict[str, Any] = {name: {"clouds": {"cloud1": entry}} for name, entry in entries.items()}
    return {**made, "by_text": yaml.safe_dump(made["by_password"])}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("secrets")
    (directory / "image.raw").write_bytes(b"\0" * 512)
    with FakeOpenStack(servers=1) as clouds:
        (directory / "clouds.json").write_text(json.dumps(configs(clouds)))
        play = {"hosts": "localhost", "gather_facts": False, "vars_files": ["clouds.json"], "tasks": tasks()}
        (directory / "play.yml").write_text(json.dumps([play]))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvvv", "play.yml"]
        env = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(directory),
            "ANSIBLE_NOCOLOR": "1",
            "XDG_CACHE_HOME": str(directory / "cache"),
        }
        done = subprocess.run(
            command, cwd=directory, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        tokens = list(clouds["cloud1"].keystone._tokens)
    assert done.returncode == 0, done.stdout
    kept = [path for path in (directory / "cache").rglob("*") if path.is_file()]
    return Run(done.stdout, json.loads((directory / "results.json").read_text()), tokens, kept)


def test_the_tasks_did_what_they_are_meant_to(run: Run) -> None:
    failed = {name for name, result in run.results.items() if result["failed"]}
    assert failed == {f"{module}_refused" for module in MODULES}
    assert {result["failures"][0]["kind"] for name, result in run.results.items() if name in failed} == {"auth"}
    assert len(run.tokens) == 2 + 3, "one for each user, and one for each probe that misses an object store"
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in run.output, "-vvvv did not show the options"


@pytest.mark.parametrize("secret", [PASSWORD, WRONG_PASSWORD, CREDENTIAL, SECRET, HEADER])
def test_no_password_shows(run: Run, secret: str) -> None:
    assert secret not in run.output
    assert secret not in json.dumps(run.results)


def test_no_token_shows(run: Run) -> None:
    assert [token for token in run.tokens if token in run.output or token in json.dumps(run.results)] == []


@pytest.mark.parametrize("secret", [PASSWORD, WRONG_PASSWORD, CREDENTIAL])
def test_the_cache_has_no_password(run: Run, secret: str) -> None:
    assert run.kept
    assert [path for path in run.kept if secret in path.read_text() or secret in str(path)] == []


def test_the_cache_is_the_users_alone(run: Run) -> None:
    ours = [path for path in run.kept if "oaktree.multicloud" in path.parts]
    assert {path.parts[-4] for path in ours} == {"cache"}
    kept = {kept for path in ours for kept in (path, path.parent, path.parent.parent)}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600, 0o700}
    assert [path for path in run.kept if any(token in str(path) for token in run.tokens)] == []


def test_names_are_not_masked(run: Run) -> None:
    assert "********" not in json.dumps([result.get("locations") for result in run.results.values()])
    for name in ("server_info_by_password", "server_info_by_credential", "server_info_by_text"):
        (server,) = run.results[name]["servers"]
        assert server["location"]["region"] == "r1"
        assert server["location"]["project"]["name"] == "demo"
    (failure,) = run.results["server_info_refused"]["failures"]
    assert failure["location"]["cloud"] == "cloud1"
    assert failure["location"]["project"]["name"] == "demo"
