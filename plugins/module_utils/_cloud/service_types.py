# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service types: one official name each, its aliases, and how the API of each is spoken to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class ServiceType:
    """How a service is spoken to. Without further knowledge the URL in the catalog is used as it is."""

    name: str
    version: str | None = None
    """The major API version. Where the catalog's URL is not of this version, it is found by discovery."""
    path: str = ""
    """What is appended to a URL without a version, where that is known without discovery."""
    project_in_url: bool = False
    """Whether the project's ID follows the version, which discovery does not say."""
    page_size: str | None = None
    """The ``limit`` to send where the service's own pages are small; the others return their largest unasked."""
    pages_by_offset: bool = False
    """Whether the pages of a list follow by ``offset``, whatever links there are."""
    microversion: str | None = None
    """The one to send with requests that need no other."""
    microversion_name: str | None = None
    """What the service is called in the header OpenStack-API-Version, where it does not know its official name."""


_KNOWN = {
    known.name: known
    for known in (
        ServiceType("application-container", microversion_name="container"),
        ServiceType("baremetal", version="1"),
        ServiceType("block-storage", version="3", project_in_url=True),
        # Clouds since Train (2019) support it.
        ServiceType("compute", version="2", microversion="2.79"),
        ServiceType("container-infrastructure-management", microversion_name="container-infra"),
        ServiceType("dns", version="2", page_size="max"),  # its own are of 20
        ServiceType("identity", version="3"),  # never with a limit: Keystone ignores the marker of some lists
        ServiceType("image", version="2", page_size="1000"),  # its own are of 25
        ServiceType("key-manager", version="1", page_size="100"),  # its own are of 10
        ServiceType("load-balancer", version="2"),
        # Its discovery document is not open in every cloud.
        ServiceType("network", path="/v2.0"),
        ServiceType("object-store"),
        ServiceType("orchestration", version="1", project_in_url=True),
        ServiceType("placement"),
        ServiceType("resource-optimization", microversion_name="infra-optim"),
        # Its links lead by a marker that it ignores. Clouds since Xena (2021) support the microversion.
        ServiceType(
            "shared-file-system", version="2", project_in_url=True, pages_by_offset=True, microversion="2.60"
        ),
    )
}  # fmt: skip


def service_type_of(name: str) -> ServiceType:
    """How the service of a type, official or an alias, is spoken to."""
    official = official_type(name)
    return _KNOWN.get(official) or ServiceType(official)


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
