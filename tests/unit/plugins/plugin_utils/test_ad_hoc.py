# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ansible -m` shows at a terminal, and what it leaves to others; at a real one in tests/robustness."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from ansible import context
from ansible.module_utils.common.collections import ImmutableDict

from ansible_collections.oaktree.multicloud.plugins.plugin_utils import ad_hoc

SERVER = {
    "location": {"name": "alpha/north/demo", "cloud": "alpha", "region": "north"},
    "name": "web",
    "status": "ACTIVE",
    "flavor": {"name": "m1.tiny"},
    "addresses": {},
    "public_v4": "203.0.113.5",
    "created_at": "2026-03-14T09:26:53Z",
}


@pytest.mark.parametrize(
    ("options", "terminal", "read"),
    [
        ({"module_name": "server_info"}, True, True),
        ({"module_name": "server_info"}, False, False),
        ({}, True, False),
        ({"module_name": "server_info", "one_line": True}, True, False),
        ({"module_name": "server_info", "tree": "out"}, True, False),
        ({"module_name": "server_info", "verbosity": 1}, True, False),
        ({"module_name": "server_info", "seconds": 60}, True, False),
    ],
)
def test_who_reads_the_result(
    options: dict[str, Any],
    terminal: bool,  # noqa: FBT001
    read: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict(options))
    monkeypatch.setattr(ad_hoc, "AT_TERMINAL", terminal)
    assert ad_hoc.is_read_at_once() is read


def test_a_program_at_a_terminal_of_its_own_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """As ansible-runner does, and whoever has set bin_ansible_callbacks."""
    monkeypatch.setattr(context, "CLIARGS", ImmutableDict({"module_name": "server_info"}))
    monkeypatch.setattr(ad_hoc, "AT_TERMINAL", True)
    monkeypatch.setenv("ANSIBLE_LOAD_CALLBACK_PLUGINS", "1")
    assert not ad_hoc.is_read_at_once()


def test_records_are_a_table_and_the_rest_stays(capsys: pytest.CaptureFixture[str]) -> None:
    failures = [{"location": SERVER["location"], "error": "x"}]
    result = {"changed": False, "servers": [SERVER], "locations": [{"count": 1}], "failures": failures}
    assert ad_hoc._shown(result) == {"changed": False, "failures": failures}
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["LOCATION", "NAME", "STATUS", "FLAVOR", "ADDRESS", "CREATED"]
    assert line.split()[:3] == ["alpha/north/demo", "web", "ACTIVE"]


def test_every_module_that_lists_is_read_as_a_table() -> None:
    """Ansible runs a module through the action plugin of its name; rest_info lists nothing."""
    plugins = Path(ad_hoc.__file__).parents[1]
    listing = {path.name for path in (plugins / "modules").glob("*_info.py")} - {"rest_info.py"}
    found = {path.name for path in (plugins / "action").glob("*_info.py")}
    assert found == listing
    for name in found:
        module = import_module(f"ansible_collections.oaktree.multicloud.plugins.action.{name.removesuffix('.py')}")
        assert module.ActionModule is ad_hoc.ActionModule


def test_locations_that_were_probed_are_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    probed = {"location": SERVER["location"], "answers": True, "user": {"name": "eve"}, "missing": []}
    result = {"changed": False, "locations": [probed], "failures": [], "unconfigured_regions": []}
    assert ad_hoc._shown(result) == {"changed": False, "failures": [], "unconfigured_regions": []}
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["LOCATION", "ANSWERS", "USER"],
        ["alpha/north/demo", "yes", "eve"],
    ]


def test_where_there_is_nothing_it_is_said_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert ad_hoc._shown({"servers": [], "locations": [], "failures": []}) == {"servers": [], "failures": []}
    assert ad_hoc._shown({"failed": True, "msg": "no"}) == {"failed": True, "msg": "no"}
    assert capsys.readouterr().out == ""
