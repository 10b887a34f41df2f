# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of ansible-inventory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.support.fake_openstack import BlackHole, FakeOpenStack


def test_credentials_may_be_vaulted_and_extra_variables_used(clouds: FakeOpenStack, tmp_path: Path) -> None:
    password = tmp_path / "vault-password"
    password.write_text("of the vault")
    vault = VaultLib([("default", VaultSecret(b"of the vault"))])
    config: dict[str, Any] = {"clouds": {name: cloud.entry() for name, cloud in clouds.clouds.items()}}
    config["clouds"]["cloud1"]["auth"]["password"] = "VAULTED"
    text = yaml.safe_dump(
        {"plugin": "oaktree.multicloud.servers", "locations": "{{ [where] }}", "clouds_config": config}, width=1000
    )
    indented = textwrap.indent(vault.encrypt("secret").decode(), " " * 12)
    source = tmp_path / "oaktree.yml"
    source.write_text(text.replace("VAULTED", f"!vault |\n{indented}"))
    result = inventory_command(source, "--list", "-e", "where=cloud1/r1", "--vault-password-file", str(password))
    assert result.stderr == ""
    assert list(json.loads(result.stdout)["_meta"]["hostvars"]) == ["db-cloud1-r1-0001", "web-cloud1-r1-0000"]


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds of two regions with two servers each, found by the standard search."""
    running = fake_openstack(clouds=2, regions=2, servers=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(running.clouds_yaml(tmp_path / "clouds.yaml")))
    return running


def inventory_command(source: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "-i", str(source), *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


def test_output_is_the_same_in_every_run_and_the_process_ends_promptly(clouds: FakeOpenStack, tmp_path: Path) -> None:
    clouds["cloud2"]["r2"].fault("GET", "/servers/detail", BlackHole())
    source = tmp_path / "oaktree.yml"
    source.write_text("plugin: oaktree.multicloud.servers\ntimeout: 1\n")
    first = inventory_command(source, "--list")
    assert first.returncode == 0
    assert "cloud2/r2/demo" in first.stderr
    assert inventory_command(source, "--list").stdout == first.stdout
    assert len(json.loads(first.stdout)["_meta"]["hostvars"]) == 6


@pytest.mark.parametrize(
    "extra",
    [{}, {"on_failure": "fail"}, {"timeout": "x"}, {"concurrency": 0}, {"filters": 5}, {"locations": "{{ no }}"}],
)
def test_no_secret_is_shown_whatever_happens(clouds: FakeOpenStack, tmp_path: Path, extra: dict[str, Any]) -> None:
    entries = {name: cloud.entry(application_credential=True) for name, cloud in clouds.clouds.items()}
    entries["cloud1"]["auth"]["application_credential_secret"] = "hunter2"
    source = tmp_path / "oaktree.yml"
    options = {"plugin": "oaktree.multicloud.servers", "clouds_config": {"clouds": entries}, **extra}
    source.write_text(yaml.safe_dump(options, sort_keys=False))
    result = inventory_command(source, "--list", "-vvvv")
    shown = result.stdout + result.stderr
    assert ("web-cloud2-r1-0000" in shown) == (not extra)
    tokens = [token for cloud in clouds.clouds.values() for token in cloud.keystone._tokens]
    assert [secret for secret in ("hunter2", "demo-credential-secret", *tokens) if secret in shown] == []


IMPORT_AFTER_PARSING = """
import sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
print(len(InventoryManager(loader=DataLoader(), sources=[sys.argv[1]]).hosts))
import openstack
print("connect" in vars(openstack), "__getattr__" in vars(openstack))
"""


@pytest.mark.usefixtures("clouds")
def test_other_collections_find_openstacksdk_itself_on_the_controller(tmp_path: Path) -> None:
    source = tmp_path / "oaktree.yml"
    source.write_text("plugin: oaktree.multicloud.servers\n")
    command = [sys.executable, "-c", IMPORT_AFTER_PARSING, str(source)]
    printed = subprocess.check_output(command, env={**os.environ, "ANSIBLE_INVENTORY_ENABLED": "auto"}, text=True)
    assert printed.split() == ["8", "True", "False"]
