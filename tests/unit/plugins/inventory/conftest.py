# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import PromptVaultSecret
from ansible.utils.display import Display


@dataclass
class Parsed:
    """The inventory that Ansible made of sources, and its warnings."""

    manager: InventoryManager
    warnings: list[str]

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        return {name: host.vars for name, host in self.manager.hosts.items()}

    def members(self, group: str) -> list[str]:
        return [host.name for host in self.manager.groups[group].get_hosts()]


Parse = Callable[..., Parsed]


@pytest.fixture
def parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parse:
    """Return a function that parses sources as Ansible does.

    Its positional arguments are sources: paths, or options of a plugin, by default servers, as mappings. `fresh`
    bypasses the cache. `vault_secret` decrypts what is vaulted.
    """
    warnings: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, msg, **_more: warnings.append(msg))
    monkeypatch.setattr(
        Display, "error_as_warning", lambda _self, msg, exception: warnings.append(f"{msg} {exception}")
    )
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", ["auto", "yaml"])

    def write(number: int, source: Mapping[str, Any]) -> str:
        path = tmp_path / f"{number}.oaktree.yml"
        path.write_text(yaml.safe_dump({"plugin": "oaktree.multicloud.servers", **source}))
        return str(path)

    def parsed(
        *sources: Mapping[str, Any] | Path, fresh: bool = False, vault_secret: PromptVaultSecret | None = None
    ) -> Parsed:
        warnings.clear()
        paths = [str(one) if isinstance(one, Path) else write(number, one) for number, one in enumerate(sources)]
        loader = DataLoader()
        loader.set_vault_secrets([("default", vault_secret)] if vault_secret else [])
        manager = InventoryManager(loader=loader, sources=paths, cache=not fresh)
        return Parsed(manager, list(warnings))

    return parsed
