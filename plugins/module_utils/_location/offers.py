# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location offers, in parts that are asked for one by one: what costs requests is chosen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .._cloud.capabilities import capabilities, has_object_store, unless_failed
from .._cloud.catalog import RestQuery, rest_record, service_types
from .._cloud.service import service_at
from .._cloud.service_types import official_type
from .._resource.kinds import kind_of
from .._resource.listing import Listing, list_resources
from .._resource.quotas import TYPES, list_quotas
from .._resource.references import EXTERNAL, is_external

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .._cloud.capabilities import Capabilities
    from .._cloud.connection import Connection

_NETWORK = ("id", "name", "description", "is_default", "status", "subnet_ids")
_QUOTA = ("limit", "used", "reserved", "free")


def offers(connection: Connection, parts: Collection[str]) -> dict[str, Any]:
    """The parts that are asked for, and ``missing``, which has the reason for what could not be found out.

    What the Location has no service for is None, and what was not asked for, too. Raises DeadlineError if the
    Location's deadline expires.
    """
    missing: dict[str, str] = {}
    ask: dict[str, Callable[[], Any]] = {
        "external_networks": partial(
            unless_failed, connection, missing, "external_networks", partial(_networks, connection), None
        ),
        "image_upload": partial(_image_upload, connection),
        "quotas": partial(_quotas, connection, missing),
        "services": partial(_services, connection, missing),
    }
    return {**{part: find() if part in parts else None for part, find in ask.items()}, "missing": missing}


def _networks(connection: Connection) -> list[dict[str, Any]] | None:
    """Those that floating IPs come from: one request for each page."""
    found = list_resources(connection, Listing(kind_of("network.network"), EXTERNAL, _NETWORK, keep=is_external))
    return None if found is None else [{key: network[key] for key in _NETWORK} for network in found]


def _quotas(connection: Connection, missing: dict[str, str]) -> dict[str, Any]:
    """By service, those of the project: one request for each."""
    found = {
        service: unless_failed(
            connection, missing, f"quotas.{service}", partial(list_quotas, connection, None, [service], None), None
        )
        for service in TYPES
    }
    return {
        service: None if quotas is None else {quota["name"]: {key: quota[key] for key in _QUOTA} for quota in quotas}
        for service, quotas in found.items()
    }


def _services(connection: Connection, missing: dict[str, str]) -> list[dict[str, Any]]:
    """The record of rest_info for each service of the catalog: one or two requests for each that is not cached."""
    types = sorted({official_type(name) for name in service_types(connection)})
    found = [
        unless_failed(connection, missing, f"services.{name}", partial(rest_record, connection, RestQuery(name)), None)
        for name in types
    ]
    return [
        {key: value for key, value in record.items() if key not in ("location", "headers")}
        for record in found
        if record is not None
    ]


def _image_upload(connection: Connection) -> dict[str, Any] | None:
    """Seven requests, and perhaps discovery."""
    if not service_at(connection, "image").is_announced():
        return None
    found = capabilities(connection)
    return {**found.to_dict(), "schemes": _schemes(connection, found)}


def _schemes(connection: Connection, found: Capabilities) -> list[str]:
    """The upload schemes that the Location supports for an image that can come by each of them."""
    from .._image.desired import Desired
    from .._image.publish.context import PlanContext
    from .._image.publish.schemes import by_preference
    from .._image.publish.survey import Survey

    version = "1" if connection.region.settings.image_api == "1" else "2"
    if not any(known.startswith(f"{version}.") for known in found.image_versions):
        return []
    survey = Survey(
        images=(),
        offers=found,
        version=version,
        use_tasks=found.vendor.image_api_use_tasks,
        tasks=found.tasks,
        object_store=has_object_store(connection),
    )
    context = PlanContext(
        connection.location,
        Desired(name="", state="present"),
        survey,
        keystone="",
        disk_format="raw",
        url="https://any",
        source_region=connection.location,
    )
    return [scheme.NAME for scheme in by_preference(context) if scheme.refusal(context) is None]
