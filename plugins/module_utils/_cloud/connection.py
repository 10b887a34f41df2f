# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live work on one Location: its session, its deadline, and the count of what it sent.

All regions of one cloud and project share a `SharedAuth`, and with it one token. Sessions are keystoneauth1's; every
request on the wire passes `WireSession`, which keeps it within the Location's deadline. Services are in `service`.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.deadline import CLEANING_UP, Deadline
from .._core.errors import ConfigError
from .._core.location import Location, Project
from .._core.retry import Policy, with_retries
from .._local.coalesce import RequestCoalescer
from .._local.request_queue import Limit
from .auth import SharedAuth, lasts
from .discovery import DiscoveryCache
from .rate_limit import LimitKey, RateLimiter
from .settings import Settings
from .transport import WireSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from keystoneauth1.access import AccessInfo

    from .._local.cache import Cache

logging.getLogger("keystoneauth").addHandler(logging.NullHandler())  # else its remarks go to standard error

REPEATABLE = Policy()
TURNED_AWAY = Policy(repeatable=False)

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Region:
    """One region of one configured cloud, as one project: what it takes to connect to a Location."""

    location: Location
    settings: Settings
    auth: SharedAuth
    cache: Cache
    limit: Limit = field(default_factory=Limit)
    """What the task allows each service; it wins over what clouds.yaml says."""


class Connection:
    """Work on one Location, bounded by `deadline`.

    ``location`` gains the token's project once `authenticate` has run. ``requests`` counts requests on the wire,
    token and discovery included.
    """

    def __init__(self, region: Region, coalescer: RequestCoalescer | None = None) -> None:
        self.region = region
        self.coalescer = coalescer or RequestCoalescer()
        self.location = region.location
        self.requests = 0
        self.deadline = Deadline(0)
        self.access: AccessInfo | None = None
        self.discovery = DiscoveryCache(region.cache)
        self.memo: dict[object, Any] = {}
        """What others keep as long as the connection lives."""
        self._limiters: dict[str, RateLimiter] = {}

    def __str__(self) -> str:
        return str(self.location)

    @cached_property
    def session(self) -> Any:
        """The keystoneauth1 session (no retries of its own: see `Service.request`)."""
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
        """Close the connections that are kept open; the next request opens one anew."""
        if "session" in vars(self):
            self.session.session.close()

    def authenticate(self) -> None:
        """Make sure that there is a token, and learn the project and, where the catalog has just one, the region.

        Costs nothing while the token is good. Raises ConfigError for a token that is good for nothing, and where the
        catalog has several regions to choose.
        """
        access = self.region.auth.authenticate(self)
        if access is self.access:
            return
        self.access = access
        if access is None:
            return
        if not access.has_service_catalog():
            raise ConfigError(
                "the token has no catalog: it is for no project",
                hint="Name a project (project_id, or project_name and its domain) in the cloud's auth section.",
            )
        project = Project(access.project_id, access.project_name, access.project_domain_id, access.project_domain_name)
        self.location = replace(self.location, project=project, region=self.location.region or _only_region(access))

    def prepare_long_work(self) -> None:
        """Have a token that lasts, for a request that takes long and that a service may end with the token's end."""
        self.region.auth.renew(self, lasts)
        self.authenticate()

    def with_retries(self, call: Callable[[], Answer], *, repeatable: bool) -> Answer:
        """Make a call, and again where it was turned away (429); with ``repeatable`` also where it merely failed.

        Waits as long as the cloud asks for, or a little; raises the call's error when that would outlast the deadline.
        """
        return with_retries(call, REPEATABLE if repeatable else TURNED_AWAY, self.deadline)

    @property
    def api_timeout(self) -> float:
        """Seconds for one request."""
        return self.region.settings.api_timeout

    @property
    def answer_limit(self) -> int:
        """Bytes of an answer that is read as a whole."""
        return self.region.settings.answer_limit

    def rate_limiter(self, service_type: str) -> RateLimiter:
        """The limits that all requests to the service here share, those of other processes too."""
        if service_type not in self._limiters:
            settings = self.region.settings
            limit = self.region.limit.over(settings.limit(service_type))
            key = LimitKey.of(settings.auth_url or self.location.cloud, self.location.region, service_type)
            self._limiters[service_type] = RateLimiter(key, limit)
        return self._limiters[service_type]

    @contextmanager
    def grace(self, seconds: float) -> Iterator[None]:
        """A clock for the cleanup inside, also when the Location's has run out or the run was interrupted.

        An interrupted run has one time for all its cleaning up.
        """
        outer = self.deadline
        self.deadline = Deadline(min(seconds, outer.cancelled.grace), "the time for cleaning up", CLEANING_UP)
        try:
            yield
        finally:
            self.deadline = outer

    @contextmanager
    def within(self, seconds: float, name: str) -> Iterator[None]:
        """Bound the work inside by a clock of its own, set by the option ``name``, besides the Location's."""
        outer = self.deadline
        left = outer.remaining()
        self.deadline = Deadline(seconds, name, outer.cancelled) if seconds < left else outer
        try:
            yield
        finally:
            self.deadline = outer


def _only_region(access: AccessInfo) -> str | None:
    """The region of a cloud whose entry names none; Keystone, which may stand apart, does not count.

    Raises ConfigError when there are several: keystoneauth would silently take the first of the catalog.
    """
    regions = {
        endpoint.get("region_id") or endpoint.get("region")
        for service in access.service_catalog.catalog
        for endpoint in service.get("endpoints", [])
        if service.get("type") != "identity"
    } - {None}
    if len(regions) > 1:
        raise ConfigError(
            f"no region is configured, and the catalog has several: {', '.join(sorted(regions))}",
            hint="Name one as region_name, or several as regions, in the cloud's entry in clouds.yaml.",
        )
    return regions.pop() if regions else None
