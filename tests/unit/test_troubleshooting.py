# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/troubleshooting.md: each kind of error has its section, whose example is what modules really report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import errors
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError, unexpected
from tests.support.fake_openstack import Answer, BlackHole, CorruptRequest, FakeOpenStack
from tests.support.run_module import run_module
from tests.unit.test_docs import ROOT

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
KINDS = {
    value.kind: value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, OaktreeError)
}
OVER_QUOTA = (
    '{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: [\'network\'].", "detail": ""}}'
)
"""Neutron's answer where a project has no network left."""
PLACES = {
    r"https?://127\.0\.0\.1:\d+": "https://alpha.example.com:5000",
    r"\br1\b": "north",
    r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b": "ID",
    r" \(Request-ID: [^)]*\)": "",
}
"""What differs from run to run, and what it is on the page."""

Task = dict[str, Any]


def closed(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].refuse_connections()
    return "server_info", {}


def silent(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].fault("GET", "/servers", BlackHole())
    return "server_info", {"timeout": 1}


def slowed_down(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].fault("GET", "/servers", Answer(429, {"Retry-After": "600"}))
    return "server_info", {}


def over_quota(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].fault(
        "POST", "/networks", Answer(409, {"Content-Type": "application/json"}, OVER_QUOTA.encode())
    )
    return "network", {"name": "web", "locations": "alpha"}


def forbidden(_cloud: FakeOpenStack) -> tuple[str, Task]:
    return "server_info", {"all_projects": True}


def ambiguous(cloud: FakeOpenStack) -> tuple[str, Task]:
    for _twice in range(2):
        cloud["cloud1"]["r1"].add_server("web")
    return "server", {"name": "web", "state": "started", "locations": "alpha"}


def damaged(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].fault("PUT", "/file", CorruptRequest(0.5))
    return "image", {"name": "web", "path": "web.raw", "disk_format": "raw", "locations": "alpha"}


def broken(cloud: FakeOpenStack) -> tuple[str, Task]:
    cloud["cloud1"]["r1"].fault("GET", "/servers", Answer(500))
    return "server_info", {}


def wrong_password(_cloud: FakeOpenStack) -> tuple[str, Task]:
    return "server_info", {"auth": {"password": "wrong"}}


def wrong_region(_cloud: FakeOpenStack) -> tuple[str, Task]:
    return "server_info", {"regions": ["North"]}


def wrong_pattern(_cloud: FakeOpenStack) -> tuple[str, Task]:
    return "server_info", {"locations": ["alpha/nort*"]}


CASES = {
    "auth": wrong_password,
    "config": wrong_region,
    "conflict": ambiguous,
    "input": wrong_pattern,
    "integrity": damaged,
    "quota": over_quota,
    "refused": forbidden,
    "server": broken,
    "throttled": slowed_down,
    "timeout": silent,
    "unreachable": closed,
}


def told(text: str) -> str:
    """A message as the page has it."""
    for pattern, place in PLACES.items():
        text = re.sub(pattern, place, text)
    return text


def section(kind: str) -> str:
    """The section of a kind."""
    return PAGE.split(f"\n### {kind}\n")[1].split("\n##")[0]


def example(kind: str) -> str:
    """The message in the section of a kind."""
    return section(kind).split("```text\n")[1].split("\n```")[0]


def test_each_kind_has_its_section_and_a_case() -> None:
    assert re.findall(r"^### ([a-z]+)$", PAGE, re.MULTILINE) == sorted(KINDS)
    assert re.findall(r"^\| \[`([a-z]+)`\]\(#\1\) \|", PAGE, re.MULTILINE) == sorted(KINDS)
    assert CASES.keys() == KINDS.keys() - {"internal"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_has_causes_and_a_way_out(kind: str) -> None:
    assert re.findall(r"^\*\*(.+)\*\*$", section(kind), re.MULTILINE) == ["Causes", "What to do"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_the_example_is_what_a_module_reports(
    kind: str, fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = fake_openstack(more=("network",))
    monkeypatch.chdir(tmp_path)
    Path("web.raw").write_bytes(bytes(range(256)) * 64)
    module, options = CASES[kind](cloud)
    entry = cloud["cloud1"].entry()
    entry["auth"] |= options.pop("auth", {})
    entry["regions"] = options.pop("regions", entry["regions"])
    run = run_module(module, clouds_config={"clouds": {"alpha": entry}}, **options)
    assert not run.ok
    assert told(run["msg"]).removeprefix("1 of 1 Location failed: ") == example(kind)
    assert kind in (run.result.get("kind"), *(failure["kind"] for failure in run.result.get("failures", [])))


def test_the_example_of_a_bug_is_what_a_bug_is_reported_as() -> None:
    assert f"alpha/north/demo: {unexpected(KeyError('flavor')).summary}" == example("internal")
