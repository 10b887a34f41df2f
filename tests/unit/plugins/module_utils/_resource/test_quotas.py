# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which quotas are meant, and the changes of all services as one; requests are tested with the modules."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import quotas
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change

NONE: dict[str, Any] = {"state": "present", "project": None, "compute": None, "network": None, "block_storage": None}


@pytest.mark.parametrize(
    ("params", "services"),
    [
        ({"compute": {"cores": 1}}, ["compute"]),
        ({"state": "absent"}, ["block_storage", "compute", "network"]),
        ({"state": "absent", "network": {}}, ["network"]),
        ({}, []),
    ],
)
def test_which_services_are_meant(params: dict[str, Any], services: list[str]) -> None:
    assert sorted(quotas.wanted_quotas({**NONE, **params})) == services


@pytest.mark.parametrize(("given", "project"), [(None, None), ("demo", {"name": "demo"}), ({"id": "5bd0"}, "5bd0")])
def test_whose_they_are(given: Any, project: Any) -> None:
    (wanted,) = quotas.wanted_quotas({**NONE, "project": given, "compute": {}}).values()
    assert wanted.id == project


def test_changes_of_services_are_one() -> None:
    record = {"resource": None}
    same = Change("unchanged", output=record, notes=("a",))
    more = Change("updated", {"cores": 1}, {"cores": 2}, record)
    reset = Change("deleted", {"networks": 7}, {"networks": 10}, record)
    assert quotas._together({"compute": same}).changed is False
    change = quotas._together({"compute": more, "block_storage": same, "network": reset})
    assert (change.action, change.before) == ("updated", {"compute": {"cores": 1}, "network": {"networks": 7}})
    assert change.notes == ("block_storage: a",)
    assert quotas._together({"network": reset}).action == "updated"
