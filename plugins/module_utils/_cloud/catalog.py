# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the services of a Location are: catalog and version discovery, for callers that speak REST themselves."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._core.errors import RefusedError
from .connection import Connection
from .discovery import DISCOVERY
from .service import Service
from .service_types import official_type
from .translate import translate

if TYPE_CHECKING:
    from keystoneauth1.discover import EndpointData

_VERSION_SEGMENT = re.compile(r"/(v\d[^/]*)")


@dataclass(frozen=True)
class RestQuery:
    """Which service's endpoint. ``interface`` None: that of clouds.yaml. ``with_token`` puts a secret in the record."""

    service_type: str
    interface: str | None = None
    versions: bool = True
    with_token: bool = False


@dataclass(frozen=True)
class Version:
    """An API version as the service announces it; microversions are None where it has none."""

    version: str
    url: str
    status: str
    min_microversion: str | None
    max_microversion: str | None


def rest_record(connection: Connection, query: RestQuery) -> dict[str, Any]:
    """The endpoint of a service: its place in the catalog, its URL, its versions, and the headers to send.

    Raises RefusedError, with what there is instead, when the Location does not have the service.
    """
    service_type = official_type(query.service_type)
    service = Service(connection, service_type, query.interface)
    try:
        entry = catalog_entry(service)
        url = service.endpoint
    except RefusedError as error:
        there = ", ".join(service_types(connection)) or "nothing"
        raise RefusedError(
            f"there is no {query.interface or 'usable'} endpoint of service type {service_type!r} here",
            hint=f"The catalog offers here: {there}. Check service_type and interface, and region_name in clouds.yaml.",
        ) from error
    found = versions(service) if query.versions else ()
    used = _version_at(url, found)
    auth = connection.session.get_auth_headers() or {} if query.with_token else {}
    return {
        "location": connection.location.to_dict(),
        "service_type": service_type,
        "catalog_type": entry.service_type,
        "service_name": entry.service_name,
        "region": entry.region_name or connection.location.region,
        "interface": entry.interface,
        "url": url,
        "api_version": used.version if used else None,
        "min_microversion": used.min_microversion if used else None,
        "max_microversion": used.max_microversion if used else None,
        "versions": [asdict(version) for version in found],
        "headers": {"Accept": "application/json", **auth},
    }


def service_types(connection: Connection) -> list[str]:
    """The service types with an endpoint in the Location's region, or in none, as the catalog spells them."""
    if connection.access is None:
        return []
    here = (connection.location.region, None)
    return sorted(
        {
            service["type"]
            for service in connection.access.service_catalog.catalog
            if any((end.get("region_id") or end.get("region")) in here for end in service.get("endpoints", []))
        }
    )


def catalog_entry(service: Service) -> EndpointData:
    """What the catalog, or clouds.yaml, says of the service; costs no request. Raises RefusedError without it."""
    adapter = service.adapter
    try:
        entry = adapter.session.get_endpoint_data(
            endpoint_override=adapter.endpoint_override,
            service_type=adapter.service_type,
            service_name=adapter.service_name,
            interface=adapter.interface,
            region_name=adapter.region_name,
            discover_versions=False,
        )
    except Exception as exc:
        raise translate(exc) from exc
    if entry is None:
        raise RefusedError(f"the catalog has no {service.service_type} endpoint here")
    return entry


def versions(service: Service) -> tuple[Version, ...]:
    """All versions that the service announces, oldest first; that of its URL where it announces none.

    Costs a request or two. A service whose discovery does not answer is one that announces none.
    """
    connection = service.connection
    project = connection.location.project.id
    entry = catalog_entry(service)
    with connection.region.cache.lock(DISCOVERY, str(entry.url), connection.deadline):
        found = entry.get_all_version_string_data(connection.session, project)
    connection.deadline.remaining()  # discovery takes a clock that has run out for a service that does not answer
    return tuple(
        Version(
            version=str(item["version"]),
            url=str(item["url"]),
            status=str(item["status"]),
            min_microversion=item["min_microversion"],
            max_microversion=item["max_microversion"],
        )
        for item in found
        if item["version"]
    )


def _version_at(url: str, found: tuple[Version, ...]) -> Version | None:
    """The newest version at the URL. Hosts are not compared: behind a proxy, services announce inner ones."""
    return next((version for version in reversed(found) if _segment(version.url) == _segment(url)), None)


def _segment(url: str) -> str | None:
    match = _VERSION_SEGMENT.search(url)
    return match[1] if match else None
