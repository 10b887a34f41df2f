# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

CATALOGUE = [{"name": "{{ 7*7 }}", "versions": [{"version": 1, "url": "https://h.example/1.raw"}]}]


def render(template: str, catalogue: Any = None) -> Any:
    variables = {"images": CATALOGUE if catalogue is None else catalogue}
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(template))


def test_entries() -> None:
    (entry,) = render("{{ images | oaktree.multicloud.catalogue('2026-11-26') }}")
    assert (entry["name"], entry["kept_name"]) == ("{{ 7*7 }}", "{{ 7*7 }} (1)")


def test_what_is_wrong_is_said_without_secrets() -> None:
    wrong = [{"name": "a", "versions": [{"version": 1, "url": "ftp://user:hunter2hunter2@h.example"}]}]
    with pytest.raises(AnsibleError, match="catalogue, image 'a', version '1': url is no http or https URL") as raised:
        render("{{ images | oaktree.multicloud.catalogue('2026-11-26') }}", wrong)
    assert "hunter2" not in str(raised.value)
