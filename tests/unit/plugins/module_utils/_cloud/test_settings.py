# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds

PASSWORD = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p"}
SCOPED = PASSWORD | {"project_name": "x", "project_id": "7"}
SERVICES = [
    "compute",
    "image",
    "volume",
    "volumev3",
    "block-storage",
    "block_storage",
    "identity",
    "own-thing",
    "own_2",
]
ENTRIES: dict[str, dict[str, Any]] = {
    "plain": {"auth": SCOPED},
    "region": {"auth": SCOPED, "region_name": "r"},
    "no project": {"auth": PASSWORD},
    "interfaces": {"auth": SCOPED, "interface": "internal"},
    "list of interfaces": {"auth": SCOPED, "interface": ["internal", "public"]},
    "old word for interfaces": {"auth": SCOPED, "endpoint_type": "admin"},
    "service type": {"auth": SCOPED, "volume_service_type": "volumev2"},
    "service name": {"auth": SCOPED, "compute_service_name": "nova"},
    "service interface": {"auth": SCOPED, "image_interface": "admin"},
    "service region": {"auth": SCOPED, "region_name": "r", "block_storage_region_name": "s"},
    "endpoint": {"auth": SCOPED, "compute_endpoint": "https://127.0.0.1/c"},
    "endpoint override": {"auth": SCOPED, "own_thing_endpoint_override": "https://127.0.0.1/o"},
    "alias": {"auth": SCOPED, "block-store-endpoint-override": "https://127.0.0.1/b"},
    "none": {"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1/n"}},
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("service", SERVICES)
def test_the_answers_are_those_of_openstacksdk(service: str, entry: dict[str, Any]) -> None:
    (region,) = Clouds(clouds_config={"clouds": {"a": entry}}).regions("a")
    config = region.settings.config
    assert region.settings.service(service) == {
        "service_type": config.get_service_type(service),
        "service_name": config.get_service_name(service),
        "interface": config.get_interface(service),
        "region_name": config.get_region_name(service) or None,
        "endpoint_override": config.get_endpoint(service),
    }
