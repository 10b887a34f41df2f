# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role clouds_config, run as users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.support.fake_openstack import FakeOpenStack

KEY = b"h0rse-of-a-vault"


class Vaulted(str):
    """A text that a file of variables has encrypted."""

    __slots__ = ()


class Unsafe(str):
    """A text that a file of variables has as no template."""

    __slots__ = ()


class Variables(yaml.SafeDumper):
    """Writes a file of variables."""


def vaulted(dumper: yaml.SafeDumper, text: Vaulted) -> yaml.ScalarNode:
    encrypted = VaultLib().encrypt(text.encode(), VaultSecret(KEY))
    return dumper.represent_scalar("!vault", encrypted.decode(), style="|")


Variables.add_representer(Vaulted, vaulted)
Variables.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", text))


def run_role(directory: Path, variables: dict[str, Any], **play: Any) -> subprocess.CompletedProcess[str]:
    """Run the role with everything shown that Ansible would ever show; it writes to the directory `written` there."""
    (directory / "key").write_bytes(KEY)
    given = {"clouds_config_directory": "{{ playbook_dir }}/written", **variables}
    (directory / "vars.yml").write_text(yaml.dump(given, Dumper=Variables))
    roles = ["oaktree.multicloud.clouds_config"]
    made = {"hosts": "localhost", "gather_facts": False, "vars_files": ["vars.yml"], "roles": roles, **play}
    (directory / "play.yml").write_text(yaml.safe_dump([made]))
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    command = [program, "-vvvv", "--diff", "--vault-password-file", "key", "play.yml"]
    env = {**os.environ, "ANSIBLE_NOCOLOR": "1"}
    return subprocess.run(
        command, cwd=directory, env=env, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_secrets_are_written_as_they_are_whatever_variables_hold_them(tmp_path: Path) -> None:
    auth = {"auth_url": "http://127.0.0.1:9/v3", "username": "demo", "project_name": "demo"}
    passwords: dict[str, str] = {
        "vaulted": Vaulted("vault-h0rse: ü"),
        "template": "{{ in_a_variable }}",
        "braces": Unsafe("{{ h0rse }}-{% battery"),
        "number": "0123",
    }
    clouds = {name: {"auth": auth, "regions": ["r1"], "verify": False} for name in passwords}
    variables = {
        "clouds_config_clouds": {**clouds, "inside": {"auth": {**auth, "password": Vaulted("inside-h0rse")}}},
        "clouds_config_secure": {name: {"auth": {"password": password}} for name, password in passwords.items()},
        "clouds_config_extra": {"cache": {"arguments": {"password": Vaulted("cache-h0rse")}, "expiration_time": 60}},
        "in_a_variable": Vaulted("nested-h0rse"),
    }
    done = run_role(tmp_path, variables)
    assert done.returncode == 0, done.stdout
    assert "h0rse" not in done.stdout
    assert yaml.safe_load((tmp_path / "written" / "clouds.yaml").read_text()) == {
        "clouds": {**clouds, "inside": {"auth": {**auth, "password": "inside-h0rse"}}},
        "cache": {"arguments": {"password": "cache-h0rse"}, "expiration_time": 60},
    }
    texts = {**passwords, "template": "nested-h0rse"}
    assert yaml.safe_load((tmp_path / "written" / "secure.yaml").read_text()) == {
        "clouds": {name: {"auth": {"password": str(text)}} for name, text in texts.items()}
    }


def test_rejected_credentials_are_not_written_whatever_the_play_has_as_defaults(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    entries = {name: cloud.entry() for name, cloud in fake_openstack(clouds=2).clouds.items()}
    variables = {
        "clouds_config_clouds": entries,
        "clouds_config_secure": {"cloud2": {"auth": {"password": "wrong"}}},
        "clouds_config_probe": True,
    }
    defaults = {"clouds_yaml": "other.yaml", "on_failure": "warn"}
    done = run_role(tmp_path, variables, module_defaults={"group/oaktree.multicloud.multicloud": defaults})
    assert done.returncode == 2, done.stdout
    assert "1 of 2 Locations failed: cloud2/" in done.stdout
    assert not (tmp_path / "written").exists()
