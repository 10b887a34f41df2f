# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The endpoints of services, by catalog and version discovery, for callers that send requests themselves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .._core.errors import OaktreeError, RefusedError
from .answers import parsing
from .connection import Connection
from .service import Service, find_version
from .service_types import official_type
from .translate import translate
from .transport import counted_as

if TYPE_CHECKING:
    from keystoneauth1.discover import EndpointData


@dataclass(frozen=True)
class RestQuery:
    """The service to look up. ``interface`` None is that of clouds.yaml. ``with_token`` puts a secret in the record."""

    service_type: str
    interface: str | None = None
    versions: bool = True
    with_token: bool = False


@dataclass(frozen=True)
class Version:
    """An API version that the service announces; microversions are None if it has none."""

    version: str
    url: str
    status: str
    min_microversion: str | None
    max_microversion: str | None


def rest_record(connection: Connection, query: RestQuery) -> dict[str, Any]:
    """The endpoint of a service: its catalog entry, its URL, its versions, and the headers to send.

    Raises RefusedError as `find_service`.
    """
    service, entry = find_service(connection, query.service_type, query.interface)
    url = service.endpoint
    found = versions(service) if query.versions else ()
    used = _version_at(url, found)
    auth = connection.session.get_auth_headers() or {} if query.with_token else {}
    return {
        "location": connection.location.to_dict(),
        "service_type": service.service_type,
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


def find_service(
    connection: Connection, service_type: str, interface: str | None = None
) -> tuple[Service, EndpointData]:
    """The service of a type or an alias, whose endpoint is known to be usable, and its entry in the catalog.

    Raises RefusedError, which lists the available services, if the Location does not have this one.
    """
    service = Service(connection, official_type(service_type), interface)
    try:
        entry = catalog_entry(service)
        service.endpoint  # noqa: B018 - raises where there is none
    except RefusedError as error:
        available = ", ".join(service_types(connection)) or "nothing"
        raise RefusedError(
            f"there is no {interface or 'usable'} endpoint of service type {service.service_type!r} here",
            hint=f"The catalog offers here: {available}. "
            "Check service_type and interface, and region_name in clouds.yaml.",
        ) from error
    return service, entry


def service_types(connection: Connection) -> list[str]:
    """The service types with an endpoint in the Location's region, or without a region, as the catalog spells them.

    Keystone is everywhere, in whichever region it is registered.
    """
    if connection.access is None:
        return []
    here = (connection.location.region, None)
    return sorted(
        {
            service["type"]
            for service in connection.access.service_catalog.catalog
            if any(
                (end.get("region_id") or end.get("region")) in here or official_type(service["type"]) == "identity"
                for end in service.get("endpoints", [])
            )
        }
    )


def catalog_entry(service: Service) -> EndpointData:
    """The service's entry in the catalog, or in clouds.yaml. Raises RefusedError if there is none.

    No request, unless a catalog without it is to be renewed: see `Connection.look_up`.
    """
    from keystoneauth1.discover import EndpointData

    adapter = service.adapter
    try:
        if adapter.endpoint_override:  # of which keystoneauth would ask the service for its versions
            return EndpointData(
                adapter.get_endpoint(skip_discovery=True),
                service_type=adapter.service_type,
                region_name=adapter.region_name,
                interface=adapter.interface if isinstance(adapter.interface, str) else None,
            )
        entry = service.connection.look_up(
            lambda: adapter.session.get_endpoint_data(
                service_type=adapter.service_type,
                service_name=adapter.service_name,
                interface=adapter.interface,
                region_name=service.region_name,
                discover_versions=False,
            )
        )
    except Exception as exc:
        raise translate(exc) from exc
    if entry is None:
        raise RefusedError(f"the catalog has no {service.service_type} endpoint here")
    return entry


def versions(service: Service) -> tuple[Version, ...]:
    """All versions that the service announces, oldest first; the one of its URL if it shows no document.

    One or two requests, or none while the document is cached. Raises `OaktreeError` where the service fails; of a URL
    of clouds.yaml, which holds nevertheless, there are no versions then.
    """
    from keystoneauth1.discover import version_to_string

    connection, entry = service.connection, catalog_entry(service)
    url = str(entry.url).rstrip("/")
    version = find_version(url)
    urls = (url[: version.start()], f"{url[: version.end()]}/") if version else (url,)  # the root has them all
    try:
        with counted_as(service.service_type):
            document = connection.discovery.find(connection.session, urls, connection.deadline)
    except OaktreeError:
        if not service.adapter.endpoint_override:
            raise
        connection.deadline.remaining()
        return ()
    if document is None:
        if version is None or entry.api_version is None:
            return ()
        return (Version(version_to_string(entry.api_version), urls[-1], "CURRENT", None, None),)
    with parsing(f"the version document of the {service.service_type} service"):
        return tuple(
            Version(
                version=str(item["version"]),
                url=str(item["url"]),
                status=str(item["status"]),
                min_microversion=item["min_microversion"],
                max_microversion=item["max_microversion"],
            )
            for item in document.version_string_data()
            if item["version"]
        )


def _version_at(url: str, found: tuple[Version, ...]) -> Version | None:
    """The newest version at the URL. Hosts are not compared: behind a proxy, services announce internal ones."""
    return next((version for version in reversed(found) if _segment(version.url) == _segment(url)), None)


def _segment(url: str) -> str | None:
    version = find_version(url)
    return version[0] if version else None
