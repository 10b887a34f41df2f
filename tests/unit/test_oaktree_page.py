# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/oaktree.md says of each call: its module exists, and so does what proves it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEADINGS = ("oaktree's RPCs", "What was planned", "nodepool's calls")


def rows() -> list[tuple[str, list[str], list[str], list[str]]]:
    """Of each call its modules (none: it is done by all), scenarios and tests."""
    page = (ROOT / "docs" / "oaktree.md").read_text(encoding="utf-8")
    found = []
    for heading in HEADINGS:
        table = page.split(f"\n## {heading}\n")[1].split("\n|---|---|---|---|\n")[1].split("\n\n")[0]
        for line in table.strip().splitlines():
            call, *others = line.strip("|").split("|")
            modules, scenarios, tests = (re.findall(r"`([^`]+)`", cell) for cell in others)
            assert modules or others[0].strip() == "all modules", line
            found.append((call.strip(), modules, scenarios, tests))
    return found


ROWS = rows()


def proofs(scenarios: list[str], tests: list[str]) -> str:
    """The text of all that proves a call, of what is there."""
    files = [path for name in scenarios for path in (ROOT / "extensions" / "molecule" / name).glob("*.yml")]
    files += [path for name in tests if (path := ROOT / "tests" / name).exists()]
    return "".join(path.read_text(encoding="utf-8") for path in files)


def missing() -> set[str]:
    """What the page names and is not there."""
    found = set()
    for _call, modules, scenarios, tests in ROWS:
        found |= {name for name in modules if not (ROOT / "plugins" / "modules" / f"{name}.py").exists()}
        found |= {f"scenario {name}" for name in scenarios if not (ROOT / "extensions" / "molecule" / name).is_dir()}
        found |= {name for name in tests if not (ROOT / "tests" / name).exists()}
    return found


def test_all_that_the_page_names_exists() -> None:
    assert missing() == set()


@pytest.mark.parametrize(("call", "modules", "scenarios", "tests"), ROWS, ids=[row[0] for row in ROWS])
def test_what_proves_a_call_uses_its_modules(
    call: str, modules: list[str], scenarios: list[str], tests: list[str]
) -> None:
    assert scenarios or tests, call
    text = proofs(scenarios, tests)
    assert [name for name in modules if not re.search(rf"\b{name}\b", text)] == []


def test_every_rpc_of_oaktree_and_every_call_that_nodepool_needs_has_a_row() -> None:
    calls = {name for row in ROWS for name in row[0].split(", ")}
    nouns = ("Flavor", "FloatingIP", "Image", "SecurityGroup", "SecurityGroupRule")
    assert {f"{verb}{noun}" for noun in nouns for verb in ("Get", "List")} <= {*calls, *(f"{c[:-1]}" for c in calls)}
    needed = """
        list_flavors create_image delete_image get_image list_images create_keypair delete_keypair list_keypairs
        create_server delete_server get_server list_servers wait_for_server delete_unattached_floating_ips
    """
    assert set(needed.split()) <= calls
