# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleParserError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible.template import Templar, trust_as_template


@pytest.fixture(params=["servers", "locations"])
def plugin(request: pytest.FixtureRequest) -> Any:
    made = inventory_loader.get(f"oaktree.multicloud.{request.param}")
    made.templar = Templar(loader=DataLoader())
    made._vars = {"where": ["alpha", "beta/east"]}
    return made


def test_options_are_evaluated_and_converted(plugin: Any) -> None:
    plugin.set_options(direct={"locations": trust_as_template("{{ where }}"), "plugin": plugin.NAME})
    assert plugin.get_option("locations") == ["alpha", "beta/east"]
    plugin.set_options(direct={"locations": "alpha, beta", "plugin": plugin.NAME})
    assert plugin.get_option("locations") == ["alpha", "beta"]


def test_a_template_that_fails_names_its_option(plugin: Any) -> None:
    with pytest.raises(AnsibleParserError, match="clouds_yaml: the template cannot be evaluated"):
        plugin.set_options(direct={"clouds_yaml": trust_as_template("{{ missing }}"), "plugin": plugin.NAME})


def test_filters_must_be_a_mapping() -> None:
    servers = inventory_loader.get("oaktree.multicloud.servers")
    servers.templar, servers._vars = Templar(loader=DataLoader()), {}
    with pytest.raises(AnsibleParserError, match="filters: must be a dictionary, not list"):
        servers.set_options(direct={"filters": [1], "plugin": servers.NAME})
