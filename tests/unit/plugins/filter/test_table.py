# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

RESULT = {
    "servers": [
        {"name": "{{ 7*7 }}", "ram": 4, "location": {"name": "alpha/north", "cloud": "alpha", "region": "north"}}
    ],
    "locations": [],
}


def render(template: str) -> Any:
    templar = Templar(loader=DataLoader(), variables={"found": RESULT})
    return templar.template(trust_as_template(template))


def test_lines_of_a_result() -> None:
    assert render("{{ found | oaktree.multicloud.table }}") == [
        "NAME       RAM  LOCATION",
        "{{ 7*7 }}    4  alpha/north",
    ]


def test_columns_and_format() -> None:
    made = render(
        "{{ found.servers | oaktree.multicloud.table({'server': 'name', 'where': 'location'}, format='csv') }}"
    )
    assert made == "server,where\r\n{{ 7*7 }},alpha/north\r\n"
    assert render("{{ found | oaktree.multicloud.table(['ram'], 'markdown') }}") == "| ram |\n| ---: |\n| 4 |\n"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ found | oaktree.multicloud.table(format='html') }}", "format: 'html' is none of text, markdown, csv"),
        ("{{ 'x' | oaktree.multicloud.table }}", "neither a list of records"),
        ("{{ found | oaktree.multicloud.table(merge='where') }}", "merge: 'where' is none of the columns"),
        ("{{ found | oaktree.multicloud.table(['a b']) }}", "columns: 'a b' is not a JMESPath expression"),
    ],
)
def test_wrong_input(template: str, message: str) -> None:
    with pytest.raises(AnsibleError, match=message):
        render(template)
