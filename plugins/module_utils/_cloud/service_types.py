# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of services: one official type each, and its aliases."""

from __future__ import annotations

from functools import cache


@cache
def official_type(service_type: str) -> str:
    """The official service type of an alias (``volumev3`` is ``block-storage``); unknown types stay as they are."""
    from os_service_types import ServiceTypes

    return ServiceTypes().get_service_type(service_type) or service_type


@cache
def all_types(service_type: str) -> tuple[str, ...]:
    """The official type first, then its aliases; an unknown type alone."""
    from os_service_types import ServiceTypes

    return tuple(str(name) for name in ServiceTypes().get_all_types(service_type))
