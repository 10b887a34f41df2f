# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions: of the collection, of what says since when it is there, and of the change log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SINCE = re.compile(r"^\s*version_added: (\S+)$", re.MULTILINE)
CHANGES = yaml.safe_load((ROOT / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
NEXT = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
AGAIN = "run: antsibull-changelog release --update-existing --reload-plugins"


def documented() -> Iterator[tuple[Path, str]]:
    """Every file that says since when something is there, and its text."""
    folders = ("modules", "inventory", "lookup", "filter", "doc_fragments")
    paths = [path for folder in folders for path in sorted((ROOT / "plugins" / folder).glob("*.py"))]
    for path in [*paths, *sorted((ROOT / "roles").glob("*/meta/argument_specs.yml"))]:
        yield path, path.read_text(encoding="utf-8")


def test_everything_says_since_when_it_is_there_by_a_version_that_there_is_or_will_be() -> None:
    for path, text in documented():
        since = SINCE.findall(text)
        assert since or path.parent.name == "doc_fragments", path
        assert set(since) <= {*CHANGES, NEXT}, path


def test_the_change_log_names_all_that_a_release_added() -> None:
    for version, release in CHANGES.items():
        listed = {("modules", entry["name"]) for entry in release.get("modules", [])}
        listed |= {(kind, entry["name"]) for kind, entries in release.get("plugins", {}).items() for entry in entries}
        added = {
            (path.parent.name, path.stem)
            for path, text in documented()
            if path.suffix == ".py" and path.parent.name != "doc_fragments" and SINCE.findall(text)[0] == version
        }
        assert listed == added, AGAIN


def test_the_page_of_changes_is_made_of_the_newest_release_which_is_this_one_or_the_one_before() -> None:
    newest = max(CHANGES, key=Version)
    assert Version(newest) <= Version(NEXT)
    page = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")
    assert [f"v{version}" for version in sorted(CHANGES, key=Version, reverse=True)] == re.findall(
        r"^## (v\S+)$", page, re.MULTILINE
    )
    for kind in CHANGES[newest].get("plugins", {}).values():
        assert [entry["name"] for entry in kind if f"oaktree.multicloud.{entry['name']} " not in page] == []


def test_a_release_leaves_no_fragment_behind() -> None:
    fragments = {path.name for path in (ROOT / "changelogs" / "fragments").glob("*.yml")}
    assert fragments & {name for release in CHANGES.values() for name in release["fragments"]} == set(), AGAIN
    if NEXT in CHANGES:
        assert fragments == set(), AGAIN
