# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

NORTH = {"name": "alpha/north", "cloud": "alpha", "region": "north"}
SERVERS = {"servers": [{"id": "s", "name": "{{ 7*7 }}", "location": NORTH, "image": {"id": "i"}}], "locations": []}
IMAGES = {
    "images": [
        {"id": "i", "name": "debian", "location": NORTH, "checksum": "a" * 32, "created_at": "2026-08-04"},
        {"id": "j", "name": "debian", "location": NORTH, "checksum": "b" * 32, "created_at": "2026-11-17"},
    ]
}


def render(template: str) -> Any:
    templar = Templar(loader=DataLoader(), variables={"servers": SERVERS, "images": IMAGES})
    return templar.template(trust_as_template(template))


def test_it_joins_the_results_of_two_modules() -> None:
    assert render("{{ servers | oaktree.multicloud.outdated(images) | oaktree.multicloud.table }}") == [
        "LOCATION     SERVER     IMAGE   STATUS    RUNNING           CURRENT",
        "alpha/north  {{ 7*7 }}  debian  outdated  md5:aaaaaaaaaaaa  md5:bbbbbbbbbbbb",
    ]


def test_wrong_input() -> None:
    with pytest.raises(AnsibleError, match="outdated: the images are not a list"):
        render("{{ servers | oaktree.multicloud.outdated(servers) }}")
