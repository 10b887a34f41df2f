# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clouds.yaml says of one service, as keystoneauth1's adapters want to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .service_types import all_types, official_type

if TYPE_CHECKING:
    from openstack.config.cloud_region import CloudRegion

_OPTIONS = ("service_type", "service_name", "interface", "region_name", "endpoint_override", "endpoint")


def service_settings(config: CloudRegion, service_type: str) -> dict[str, Any]:
    """The arguments for an adapter.

    openstacksdk has the answers, but copies its table of all services for each of the questions, a quarter of the work
    for a Location. So it is asked only where there is an answer beyond what holds for all services: where the entry has
    an option of this service's own, and for what the auth section may tell an address of.
    """
    names = [name.replace("-", "_") for name in all_types(service_type)]
    own = any(f"{name}_{option}" in config.config for name in names for option in _OPTIONS)
    if own or config.config.get("auth_type") == "none" or service_type == "identity":
        return {
            "service_type": config.get_service_type(service_type),
            "service_name": config.get_service_name(service_type),
            "interface": config.get_interface(service_type),
            "region_name": config.get_region_name(service_type) or None,
            "endpoint_override": config.get_endpoint(service_type),
        }
    return {
        "service_type": official_type(service_type),
        "service_name": None,
        "interface": config.get_interface(),
        "region_name": config.get_region_name() or None,
        "endpoint_override": None,
    }
