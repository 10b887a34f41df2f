# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.utils.display import Display

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import LIBRARIES
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors, require_libraries


@pytest.fixture
def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings that Ansible shows; the collection has one to show."""
    shown: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, msg, **_more: shown.append(msg))
    monkeypatch.setattr(private_files, "_warnings", {"the cache is not used": True})
    return shown


def test_an_error_becomes_one_of_ansible_without_a_cause(warnings: list[str]) -> None:
    with pytest.raises(AnsibleLookupError) as raised, plugin_errors(AnsibleLookupError, Display()):
        raise InputError("size: too large", hint="Reduce it.") from ValueError("secret")
    assert str(raised.value) == "size: too large (input). Reduce it."
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert warnings == ["the cache is not used"]


def test_other_errors_pass_and_warnings_are_shown(warnings: list[str]) -> None:
    with pytest.raises(AnsibleError, match=r"^anything$"), plugin_errors(AnsibleLookupError, Display()):
        raise AnsibleError("anything")
    assert warnings == ["the cache is not used"]


def test_warnings_are_shown_without_an_error(warnings: list[str]) -> None:
    with plugin_errors(AnsibleLookupError, Display()):
        pass
    assert warnings == ["the cache is not used"]


@pytest.mark.parametrize(("library", "package"), LIBRARIES)
def test_a_missing_library_is_reported(monkeypatch: pytest.MonkeyPatch, library: str, package: str) -> None:
    require_libraries()
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == library else find(name))
    with pytest.raises(AnsibleError, match=package):
        require_libraries()
