# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support.report_results import NORTH, results, server

FOUND = results(servers=[server(NORTH, flavor={"name": "{{ 7*7 }}"})])


def render(template: str) -> Any:
    templar = Templar(loader=DataLoader(), variables={"found": FOUND, "day": date(2026, 11, 26)})
    return templar.template(trust_as_template(template))


def test_a_page_by_default() -> None:
    made = render("{{ found | oaktree.multicloud.report('2026-11-26') }}")
    assert made.startswith("<!doctype html>")
    assert "<title>Clouds, 2026-11-26</title>" in made
    assert "<bdi>{{ 7*7 }}</bdi>" in made


def test_date_format_and_title() -> None:
    """JSON stays text, and YAML has dates of its own."""
    made = render("{{ found | oaktree.multicloud.report(day, 'json', title='Ours') }}")
    assert isinstance(made, str)
    assert json.loads(made)["date"] == "2026-11-26"
    assert json.loads(made)["title"] == "Ours"
    assert json.loads(made)["servers"]["by_flavor"] == [{"name": "{{ 7*7 }}", "count": 1}]


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ found | oaktree.multicloud.report('today') }}", "date: 'today' is not a date"),
        ("{{ found | oaktree.multicloud.report('2026-11-26', 'pdf') }}", "format: 'pdf' is none of html, json"),
        (
            "{{ found.servers | oaktree.multicloud.report('2026-11-26') }}",
            "report: 'locations' is none of",
        ),
    ],
)
def test_wrong_input(template: str, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        render(template)
