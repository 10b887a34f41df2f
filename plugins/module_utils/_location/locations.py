# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configured Locations; whether they answer, the user's identity there, and their capabilities."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._cloud.catalog import service_types
from .._cloud.connection import catalog_regions
from .._core.location import encoded
from .._run.gather import Result, gather, regions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keystoneauth1.access import AccessInfo

    from .._cloud.connection import Connection
    from .._run.gather import Target

PARTS = ("external_networks", "image_upload", "quotas", "services")
"""What a probe can find out beside the user's identity."""


def configured(target: Target) -> list[Result[dict[str, Any]]]:
    """The selected Locations by the configuration, sorted; no requests to the clouds."""
    chosen, failed = regions(target)
    found = [Result[dict[str, Any]](region.location, 0.0, 0) for region in chosen]
    return sorted([*failed, *found], key=lambda result: result.location.sort_key)


def probed(target: Target, parts: Collection[str]) -> list[Result[dict[str, Any]]]:
    """The selected Locations, each with the user's identity there and the `PARTS` of what it offers."""
    from .offers import offers  # what it needs is half of the collection: without a probe none of it is compiled

    return gather(target, lambda connection: {**_identity(connection), **offers(connection, parts)})


def unconfigured_regions(target: Target, results: Sequence[Result[dict[str, Any]]]) -> list[dict[str, str]]:
    """The regions in the catalogs of probed Locations that the configuration does not name, sorted; no requests."""
    known = {
        (result.location.cloud, region)
        for result in results
        for region in (result.value or {}).get("catalog_regions", ())
    }
    if not known:
        return []
    clouds = sorted({cloud for cloud, _region in known})
    entries, _failed = regions(replace(target, locations=tuple(map(encoded, clouds)), option="locations"))
    named = {(region.location.cloud, region.location.region) for region in entries}
    named |= {(result.location.cloud, result.location.region) for result in results}  # by the token, if not configured
    return [{"cloud": cloud, "region": region} for cloud, region in sorted(known - named)]


def location_record(result: Result[dict[str, Any]]) -> dict[str, Any]:
    """The record of a Location. If it was not probed, ``answers`` and all that only a probe can find is None."""
    known = result.value or {}
    return {
        "location": result.location.to_dict(),
        "answers": False if result.error else True if result.value else None,
        "user": known.get("user"),
        "roles": known.get("roles"),
        "token_expires_at": known.get("token_expires_at"),
        "service_types": known.get("service_types"),
        **{part: known.get(part) for part in PARTS},
        "missing": known.get("missing"),
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
    }


def _identity(connection: Connection) -> dict[str, Any]:
    access = connection.access
    with parsing("the token"):
        who = _who(access) if access else {}
    return {
        **who,
        "service_types": service_types(connection),
        "catalog_regions": sorted(catalog_regions(access)) if access else [],
    }


def _who(access: AccessInfo) -> dict[str, Any]:
    return {
        "user": {
            "id": access.user_id,
            "name": access.username,
            "domain_id": access.user_domain_id,
            "domain_name": access.user_domain_name,
        },
        "roles": sorted(access.role_names or ()),
        "token_expires_at": f"{access.expires.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if access.expires else None,
    }
