# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One official type for each service, whatever it is called."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service_types import (
    _KNOWN,
    ServiceType,
    all_types,
    official_type,
    service_type_of,
)


@pytest.mark.parametrize(
    ("name", "official"),
    [
        ("compute", "compute"),
        ("volumev3", "block-storage"),
        ("volumev2", "block-storage"),
        ("volume", "block-storage"),
        ("block-store", "block-storage"),
        ("workflowv2", "workflow"),
        ("sharev2", "shared-file-system"),
        ("own-thing", "own-thing"),
        ("", ""),
    ],
)
def test_official_types(name: str, official: str) -> None:
    assert official_type(name) == official


@pytest.mark.parametrize("name", ["block-storage", "volumev3", "volume"])
def test_all_names_of_a_service_begin_with_the_official_one(name: str) -> None:
    names = all_types(name)
    assert names[0] == "block-storage"
    assert {"block-storage", "volumev3", "volumev2", "volume", "block-store"} <= set(names)
    assert {official_type(each) for each in names} == {"block-storage"}


@pytest.mark.parametrize("name", ["compute", "own-thing"])
def test_a_service_may_have_one_name(name: str) -> None:
    assert all_types(name) == (name,)


@pytest.mark.parametrize("name", _KNOWN)
def test_services_are_known_by_their_official_types(name: str) -> None:
    assert official_type(name) == name
    assert {service_type_of(alias).name for alias in all_types(name)} == {name}


def test_a_service_of_which_nothing_is_known() -> None:
    assert service_type_of("workflowv2") == ServiceType("workflow")
    assert service_type_of("own-thing") == ServiceType("own-thing")
