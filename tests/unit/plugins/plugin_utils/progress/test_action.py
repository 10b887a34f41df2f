# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar, trust_as_template

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.progress import action as progress


def make(module: str = "image", connection: str = "local", **settings: Any) -> Any:
    """The action plugin of a task, as Ansible's worker makes it."""
    task = Task()
    for name, value in settings.items():
        setattr(task, name, value)
    context = PlayContext()
    made = action_loader.get(
        f"oaktree.multicloud.{module}",
        task=task,
        connection=connection_loader.get(connection, context),
        play_context=context,
        loader=DataLoader(),
        templar=Templar(loader=DataLoader()),
        shared_loader_obj=None,
    )
    assert made is not None
    return made


def is_shown(action: Any, **variables: Any) -> bool:
    watcher = action._watcher(variables)
    if watcher:
        watcher.stop()
    return watcher is not None


@pytest.mark.parametrize("module", ["image", "image_export", "image_upload", "object", "server", "stack"])
def test_modules_whose_work_takes_long_have_it(module: str) -> None:
    assert is_shown(make(module), oaktree_progress=True)


@pytest.mark.parametrize(
    ("settings", "variables", "shown"),
    [
        pytest.param({}, {"oaktree_progress": "yes"}, True, id="asked for"),
        pytest.param({}, {"oaktree_progress": "false"}, False, id="not wanted"),
        pytest.param({}, {"oaktree_progress": trust_as_template("{{ 1 < 2 }}")}, True, id="a template"),
        pytest.param({"no_log": True}, {"oaktree_progress": True}, False, id="no_log"),
        pytest.param({"check_mode": True}, {"oaktree_progress": True}, False, id="check mode"),
        pytest.param({"connection": "ssh"}, {"oaktree_progress": True}, False, id="remote"),
    ],
)
def test_when_progress_is_shown(settings: dict[str, Any], variables: dict[str, Any], *, shown: bool) -> None:
    assert is_shown(make(**settings), **variables) is shown


@pytest.mark.parametrize("terminal", [True, False])
def test_by_default_it_is_shown_at_a_terminal(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> None:
    monkeypatch.setattr(progress, "AT_TERMINAL", terminal)
    assert is_shown(make()) is terminal
