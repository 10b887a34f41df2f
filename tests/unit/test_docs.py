# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides and files of the repository's host agree with the code that they describe."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import default_attributes
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import (
    SCHEMES,
    copy_image,
    snapshot,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of
from tests.tools.site import HOST

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    ROOT / ".github" / "pull_request_template.md",
]
UTILS = "ansible_collections.oaktree.multicloud.plugins.module_utils"
OWN_BOUNDS = {
    "_cloud.pagination.MOST_BEGINNINGS",
    "_cloud.settings.MOST_MIB",
    "_cloud.settings.LONGEST_PAUSE",
    "_core.deadline.LONGEST_UNCHARGED",
    "_image.import_wait.LONGEST_PAUSE",
    "_image.publish.import_task.LONGEST_PAUSE",
    "_local.request_queue.LONGEST_ARRIVAL",
    "_run.module.MOST",
}
BOUND = re.compile(r"^((?:MOST|LONGEST|LARGEST|DEEPEST|MEMORY)\w*) =", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")
PACKAGES = re.compile(r"--no-install-recommends\s+(?:\\\s+)?([a-z0-9 -]+)")


def rows(page: str, heading: str, first_column: str) -> list[list[str]]:
    """The cells of the first table below a heading that begins with this column."""
    section = (ROOT / "docs" / page).read_text(encoding="utf-8").split(f"\n## {heading}\n")[1]
    table = section.split(f"\n| {first_column} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table]


def test_the_table_of_schemes_is_complete_and_in_order() -> None:
    table = rows("image.md", "Schemes", "scheme")
    assert [row[0].strip("`") for row in table] == [
        *(scheme.NAME for scheme in SCHEMES),
        copy_image.NAME,
        snapshot.NAME,
    ]
    assert [row[1] for row in table[: len(SCHEMES)]] == [scheme.SUMMARY for scheme in SCHEMES]
    assert all(row[2] for row in table)


def test_the_table_of_what_drift_compares_says_what_the_code_says() -> None:
    for type_, compared in rows("drift.md", "What is compared", "type"):
        assert re.findall(r"`(\w+)`", compared) == default_attributes(kind_of(type_.strip("`")))


def quantity(text: str) -> float:
    """The number that a cell of the table of bounds says, in bytes or seconds where it has a unit."""
    number, _space, unit = text.partition(" ")
    return float(number) * {"": 1, "s": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[unit]


def test_the_table_of_bounds_says_what_the_code_says() -> None:
    for what, most, raised_by, constant in rows("security.md", "Bounds", "what"):
        module, _dot, name = constant.strip("`").rpartition(".")
        value = getattr(import_module(f"{UTILS}.{module}"), name)
        assert quantity(most) == value * (1 << 20 if name.endswith("_MIB") else 1), what
        assert raised_by, what


def test_every_bound_in_the_code_is_in_the_table() -> None:
    """But for those of the collection's own doing: how often it looks, and what options may be."""
    listed = {constant.strip("`") for _what, _most, _by, constant in rows("security.md", "Bounds", "what")}
    utils = ROOT / "plugins" / "module_utils"
    found = {
        f"{'.'.join(path.relative_to(utils).with_suffix('').parts)}.{name}"
        for path in utils.rglob("*.py")
        for name in BOUND.findall(path.read_text(encoding="utf-8"))
    }
    assert found - listed - OWN_BOUNDS == set()
    assert OWN_BOUNDS - found == set()


def anchor(heading: str) -> str:
    """The fragment that the host makes of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        name, _separator, fragment = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.*)", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in map(anchor, headings), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tests_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(r"\btests/[\w/.]+(?=[`\s:;,)])", page.read_text(encoding="utf-8"))
    real = [name for name in named if not any(placeholder in name for placeholder in ("/X/", "NAME"))]
    assert [name for name in real if not (ROOT / name.rstrip(".")).exists()] == []


REFERENCE = [
    *(path for kind in ("modules", "inventory", "lookup", "filter") for path in (ROOT / "plugins" / kind).glob("*.py")),
    *(ROOT / "roles").glob("*/meta/argument_specs.yml"),
]


@pytest.mark.parametrize("path", sorted(REFERENCE), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_page_of_the_reference_links_a_guide(path: Path) -> None:
    if path.suffix == ".py":
        doc, *_others = get_docstring(str(path), fragment_loader, collection_name="oaktree.multicloud")
    else:
        doc = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]
    guides = [entry for entry in doc["seealso"] if entry.get("link", "").startswith(HOST)]
    assert guides
    for entry in guides:
        assert entry["name"].startswith("Guide: ")
        assert entry["link"].endswith(".md")
        assert (ROOT / entry["link"].removeprefix(HOST)).exists(), entry["link"]


def test_the_workflow_installs_what_ci_does() -> None:
    script = PACKAGES.findall((ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    workflow = PACKAGES.findall((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    assert workflow == script[:1]
    assert script[1:] == ["chromium "]
    assert "\n          command -v chromium\n" in (ROOT / ".github" / "workflows" / "test.yml").read_text(
        encoding="utf-8"
    )


def test_the_quick_check_alone_leaves_slow_tests_out() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE))
    assert [target for target, recipe in recipes.items() if "slow" in recipe] == ["quick-unit"]
    assert [target for target, recipe in recipes.items() if "quick-unit" in recipe] == ["check"]
    assert " unit:" in recipes["test"]


def test_the_workflow_runs_all_tests_with_the_oldest_and_the_newest_python() -> None:
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.13"]
    assert job["steps"][-1]["run"].startswith("make test ")


@pytest.mark.parametrize("name", ["bug.yml", "feature.yml"])
def test_issue_forms_have_what_their_host_requires(name: str) -> None:
    form = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / name).read_text(encoding="utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert all(field["attributes"]["label"] for field in fields)
