# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to one Location: its session, its deadline, and its count of requests.

All regions of one cloud and project share a `SharedAuth`, and with it one token. Sessions are keystoneauth1's; every
request is sent by `WireSession`, which keeps it within the Location's deadline. Services are in `service`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.deadline import CLEANING_UP, Deadline
from .._core.errors import ConfigError
from .._core.location import Location, Project
from .._core.progress import Progress
from .._core.retry import with_retries
from .._local.coalesce import RequestCoalescer
from .._local.request_queue import Limit
from .auth import SharedAuth
from .discovery import DiscoveryCache
from .rate_limit import LimitKey, RateLimiter
from .settings import Settings
from .transport import WireSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystoneauth1.access import AccessInfo

    from .._local.cache import Cache

logging.getLogger("keystoneauth").addHandler(logging.NullHandler())  # else its messages go to standard error

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Region:
    """One region of one configured cloud, for one project: all that a connection to a Location needs."""

    location: Location
    settings: Settings
    auth: SharedAuth
    cache: Cache
    limit: Limit = field(default_factory=Limit)
    """The task's limit for each service; it takes precedence over those in clouds.yaml."""


class Connection:
    """The connection to one Location; its work is bounded by `deadline`.

    ``location`` has the token's project once `authenticate` has run. ``requests`` counts the requests on the wire,
    including those for tokens and discovery.
    """

    def __init__(self, region: Region, coalescer: RequestCoalescer | None = None) -> None:
        self.region = region
        self.coalescer = coalescer or RequestCoalescer()
        self.location = region.location
        self.requests = 0
        self.deadline = Deadline(0)
        self.is_aside = False
        """Whether it waits for something else than its Location."""
        self.access: AccessInfo | None = None
        self.discovery = DiscoveryCache(region.cache)
        self.memo: dict[object, Any] = {}
        """What users of the connection keep for its lifetime."""
        self.progress = Progress()
        self._limiters: dict[str, RateLimiter] = {}

    def __str__(self) -> str:
        return str(self.location)

    @cached_property
    def session(self) -> Any:
        """The keystoneauth1 session. It does not retry by itself: see `Service.request`."""
        from keystoneauth1.session import Session as KeystoneSession

        documents: Any = self.discovery
        return KeystoneSession(
            auth=self.region.auth.plugin,
            session=WireSession(self),
            verify=self.region.settings.verify,
            cert=self.region.settings.cert,
            app_name="oaktree.multicloud",
            discovery_cache=documents,
        )

    def close(self) -> None:
        """Close the idle HTTP connections; the next request opens a new one."""
        if "session" in vars(self):
            self.session.session.close()

    def authenticate(self) -> None:
        """Ensure a valid token, and take the project from it and, if the catalog has just one, the region.

        No request while the token is valid. Raises ConfigError for an unscoped token, for a region that the catalog
        does not have, and if no region is configured and the catalog has several.
        """
        access = self.region.auth.authenticate(self)
        if access is self.access:
            return
        try:
            self._accept(access)
        except ConfigError:
            renewed = self._renewed(access)
            if renewed is None:
                raise
            self._accept(renewed)

    def _accept(self, access: AccessInfo | None) -> None:
        """Take the Location's project and region from a token."""
        if access and not self._has_region(access):
            raise ConfigError(
                f"region {self.region.settings.region!r} is not in the catalog",
                hint=f"The catalog has {', '.join(sorted(catalog_regions(access)))}. Names are case-sensitive: correct "
                "region_name or regions in the cloud's entry in clouds.yaml.",
            )
        self.access = access
        if access is None:
            return
        if not access.has_service_catalog():
            raise ConfigError(
                "the token has no service catalog: it is not scoped to a project",
                hint="Name a project (project_id, or project_name and its domain) in the cloud's auth section.",
            )
        project = Project(access.project_id, access.project_name, access.project_domain_id, access.project_domain_name)
        self.location = replace(self.location, project=project, region=self.location.region or _only_region(access))

    def _has_region(self, access: AccessInfo) -> bool:
        """Whether the catalog has the configured region, as far as it matters."""
        settings = self.region.settings
        known = catalog_regions(access)
        return not settings.region or not known or settings.region in known or settings.has_own_endpoints

    def prepare_long_work(self) -> None:
        """Renew a token that expires soon, before a long request, which a service may end when the token expires."""
        self.region.auth.prepare_long_work(self)
        self.authenticate()

    def look_up(self, find: Callable[[], Answer | None]) -> Answer | None:
        """What ``find`` finds in the token's catalog.

        Where it finds nothing, or raises an error of the catalog, it looks once more in a new catalog if there can be
        one: the cloud may have been changed since another process fetched the token.
        """
        from keystoneauth1.exceptions import CatalogException

        try:
            found = find()
        except CatalogException:
            if not self.has_new_catalog():
                raise
            return find()
        return find() if found is None and self.has_new_catalog() else found

    def has_new_catalog(self) -> bool:
        """Renew a token whose catalog looks wrong, unless it is new; returns whether there is a new one."""
        if self._renewed(self.access) is None:
            return False
        self.authenticate()
        return True

    def _renewed(self, access: AccessInfo | None) -> AccessInfo | None:
        """The token that replaces this one because of its catalog; None where that is new, or has no successor."""
        self.region.auth.renew_catalog(self)
        present = self.region.auth.authenticate(self)
        return present if present is not access else None

    def with_retries(self, call: Callable[[], Answer], service_type: str, *, repeatable: bool) -> Answer:
        """Retry a call that was turned away (429); with ``repeatable`` also one that fails with a transient error.

        Waits as long as Retry-After says, or longer each time; raises the call's error if that would exceed the
        deadline, or what clouds.yaml allows for the service.
        """
        policy = self.region.settings.retries(service_type)
        return with_retries(call, replace(policy, repeatable=repeatable), self.deadline)

    @property
    def api_timeout(self) -> float:
        """Seconds for one request."""
        return self.region.settings.api_timeout

    @property
    def answer_limit(self) -> int:
        """Bytes of an answer that is read as a whole."""
        return self.region.settings.answer_limit

    def rate_limiter(self, service_type: str) -> RateLimiter:
        """The limits for all requests to this service of the region, including those of other processes."""
        if service_type not in self._limiters:
            settings = self.region.settings
            limit = self.region.limit.over(settings.limit(service_type))
            key = LimitKey.of(settings.auth_url or self.location.cloud, self.location.region, service_type)
            self._limiters[service_type] = RateLimiter(key, limit)
        return self._limiters[service_type]

    @contextmanager
    def grace(self, seconds: float) -> Iterator[None]:
        """A separate deadline for the cleanup inside, even if the Location's has expired or the run was interrupted.

        In an interrupted run all cleanup shares one deadline.
        """
        outer = self.deadline
        self.deadline = Deadline(min(seconds, outer.cancelled.grace), "the cleanup timeout", CLEANING_UP)
        try:
            yield
        finally:
            self.deadline = outer

    @contextmanager
    def aside(self, seconds: float, name: str) -> Iterator[None]:
        """A separate deadline, set by the option ``name``, for what this Location has to wait for and did not cause.

        Its own deadline does not count that time. Others that wait for its answer are to go on waiting.
        """
        outer = self.deadline
        left = outer.remaining()
        self.deadline, self.is_aside = Deadline(seconds, name, outer.cancelled), True
        try:
            yield
        finally:
            self.deadline, self.is_aside = Deadline(left, outer.name, outer.cancelled), False

    @contextmanager
    def within(self, seconds: float, name: str) -> Iterator[None]:
        """Bound the work inside by another deadline, set by the option ``name``, as well as by the Location's."""
        outer = self.deadline
        left = outer.remaining()
        self.deadline = Deadline(seconds, name, outer.cancelled) if seconds < left else outer
        try:
            yield
        finally:
            self.deadline = outer


def _only_region(access: AccessInfo) -> str | None:
    """The region of a cloud whose entry names none.

    Raises ConfigError if there are several: keystoneauth would silently take the first in the catalog.
    """
    regions = catalog_regions(access)
    if len(regions) > 1:
        raise ConfigError(
            f"no region is configured, and the catalog has several: {', '.join(sorted(regions))}",
            hint="Name one as region_name, or several as regions, in the cloud's entry in clouds.yaml.",
        )
    return next(iter(regions), None)


@lru_cache(maxsize=256)
def catalog_regions(access: AccessInfo) -> frozenset[str]:
    """The regions of the catalog's services. Keystone's is ignored: it may differ."""
    if not access.has_service_catalog():
        return frozenset()
    found = {
        endpoint.get("region_id") or endpoint.get("region")
        for service in access.service_catalog.catalog
        for endpoint in service.get("endpoints", [])
        if service.get("type") != "identity"
    }
    return frozenset(region for region in found if region)
