# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/locations.md: its patterns select what it says, and its defaults are those of the modules."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.doc_fragments._locations import ModuleDocFragment
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target, regions
from ansible_collections.oaktree.multicloud.plugins.modules import image
from tests.unit.test_docs import ROOT, rows

PAGE = (ROOT / "docs" / "locations.md").read_text(encoding="utf-8")
CLOUDS = yaml.safe_load(PAGE.split("```yaml\n")[1].split("```")[0])
for entry in CLOUDS["clouds"].values():
    entry["auth"]["password"] = "secret"
NAME = re.compile(r"`([^`]+)`")


def selected(patterns: str) -> list[str]:
    """The names of the Locations that the patterns select of the page's clouds.yaml."""
    found, failed = regions(Target(clouds_config=CLOUDS, locations=yaml.safe_load(patterns)))
    assert failed == []
    return [str(region.location) for region in found]


@pytest.mark.parametrize(("patterns", "expected"), rows("locations.md", "Select Locations", "`locations`"))
def test_patterns_select_what_the_page_says(patterns: str, expected: str) -> None:
    assert sorted(selected(patterns.strip("`"))) == sorted(NAME.findall(expected))


def test_the_page_names_all_locations_of_its_clouds() -> None:
    sentence = PAGE.split("These are the Locations ")[1].split(".\n")[0]
    assert sorted(selected("['*']")) == sorted(NAME.findall(sentence))


def test_the_page_has_the_defaults_of_the_options() -> None:
    table = {row[0]: row[1] for row in rows("locations.md", "Parallel work and timeouts", "option")}
    main, read, write = (
        yaml.safe_load(text)["options"]
        for text in (ModuleDocFragment.DOCUMENTATION, ModuleDocFragment.READ, ModuleDocFragment.WRITE)
    )
    assert table["`concurrency`"] == str(main["concurrency"]["default"])
    assert table["`timeout`"] == "{:g} s for modules that read, {:g} s for others".format(
        read["timeout"]["default"], write["timeout"]["default"]
    )
    assert f"The default is {table['`api_timeout`'].removesuffix(' s')} seconds." in str(main["api_timeout"])
    options = yaml.safe_load(image.DOCUMENTATION)["options"]
    for name in ("transfer_timeout", "import_timeout"):
        assert table[f"`{name}`"] == f"{options[name]['default']:g} s"
