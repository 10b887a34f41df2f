# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live work on one Location: its session, its services, and the count of what it sent.

All regions of one cloud and project share an `SharedAuth`, and with it one token. Sessions are keystoneauth1's; every
request on the wire passes `_Transport`, which keeps it within the Location's clock.
"""

from __future__ import annotations

import json
import logging
import os
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from .._core.deadline import CLEANING_UP, Deadline
from .._core.errors import (
    ConfigError,
    DeadlineError,
    InputError,
    OaktreeError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
    translate,
)
from .._core.location import Location, Project
from .._local.coalesce import RequestCoalescer
from .._local.request_queue import Limit
from .auth import SharedAuth, is_recent, lasts
from .discovery import DISCOVERY, Documents
from .rate_limit import LimitKey, RateLimiter, configured
from .service_types import all_types
from .settings import service_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keystoneauth1.access import AccessInfo
    from keystoneauth1.adapter import Adapter
    from openstack.config.cloud_region import CloudRegion
    from requests import PreparedRequest, RequestException, Response, Session
    from requests.adapters import BaseAdapter

    from .._local.cache import Cache
    from .transport import AbortableAdapter
else:
    try:
        from requests import RequestException, Session
    except ImportError:  # reported by the runner, which knows how to say it
        RequestException, Session = OSError, object

logging.getLogger("keystoneauth").addHandler(logging.NullHandler())  # else its remarks go to standard error

DEFAULT_API_TIMEOUT = 30.0
ATTEMPTS = 3
FIRST_PAUSE = 0.5

Answer = TypeVar("Answer")

_VERSIONS = {"compute": ("2", "2.latest"), "image": ("2", "2.latest"), "identity": ("3", "3.latest")}
_VERSIONED_URL = re.compile(r"/v(?P<major>\d+)[^/]*(/|$)")
_IDEMPOTENT = {"GET", "HEAD", "DELETE"}
_CLEANUP = "cleanup:"
"""What the URLs begin with, so to say, of requests that clean up."""

_asked: ContextVar[str] = ContextVar("_asked", default="identity")
"""The service whose request is being made; what `Service` does not ask for goes to Keystone."""


@dataclass(frozen=True)
class Region:
    """One region of one configured cloud, as one project: what it takes to connect to a Location."""

    location: Location
    config: CloudRegion
    auth: SharedAuth
    store: Cache
    api_timeout: float = DEFAULT_API_TIMEOUT
    image_format: str | None = None
    """The disk_format that clouds.yaml or the vendor's profile asks for; None where they do not."""
    limit: Limit = field(default_factory=Limit)
    """What the task allows each service; it wins over what clouds.yaml says."""


class _Transport(Session):
    """A requests session that counts what it sends, each in its turn, and keeps it within its Location's clock.

    An interrupt breaks off whatever is in flight. Cleaning up has connections of its own.
    """

    def __init__(self, connection: Connection, work: AbortableAdapter, cleanup: AbortableAdapter) -> None:
        super().__init__()
        self.trust_env = _heeds_environment()
        self._connection = connection
        self._work = work
        for scheme in ("https://", "http://"):
            self.mount(scheme, work)
        self.mount(_CLEANUP, cleanup)

    def get_adapter(self, url: str) -> BaseAdapter:
        cleaning = self._connection.deadline.cancelled is CLEANING_UP
        return super().get_adapter(_CLEANUP if cleaning else url)

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        gate = self._connection.gate(_asked.get())
        return gate.send(partial(self._send, request, kwargs), self._connection.deadline)

    def _send(self, request: PreparedRequest, kwargs: dict[str, Any]) -> Response:
        connection, deadline = self._connection, self._connection.deadline
        left = deadline.remaining()
        if deadline.cancelled is not CLEANING_UP:
            deadline.cancelled.on_cancel(self._work.break_off)
        timeout = kwargs.get("timeout") or connection.region.api_timeout
        pair = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        kwargs["timeout"] = tuple(min(seconds, left) for seconds in pair)
        connection.requests += 1
        try:
            return super().send(request, **kwargs)
        except RequestException:
            deadline.check_cancelled()
            raise


class Connection:
    """Work on one Location, bounded by `deadline`.

    ``location`` gains the token's project once `authenticate` has run. ``requests`` counts requests on the wire,
    token and discovery included.
    """

    def __init__(self, region: Region, reads: RequestCoalescer | None = None) -> None:
        self.region = region
        self.reads = reads or RequestCoalescer()
        self.location = region.location
        self.requests = 0
        self.deadline = Deadline(0)
        self.access: AccessInfo | None = None
        self.documents = Documents(region.store)
        self._services: dict[tuple[str, str | None], Service] = {}
        self._gates: dict[str, RateLimiter] = {}

    def __str__(self) -> str:
        return str(self.location)

    @cached_property
    def session(self) -> Any:
        """The keystoneauth1 session (no retries of its own: see wire behaviour in `Service.request`)."""
        from keystoneauth1.session import Session as KeystoneSession

        from .transport import AbortableAdapter

        verify, cert = self.region.config.get_requests_verify_args()
        if verify is True:
            verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        documents: Any = self.documents
        return KeystoneSession(
            auth=self.region.auth.plugin,
            session=_Transport(self, AbortableAdapter(), AbortableAdapter()),
            verify=verify,
            cert=cert,
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
        """Make a call, and again where it was told to slow down; with ``repeatable`` also where it merely failed.

        Waits as long as the cloud asks for, or a little; raises the call's error when that would outlast the clock.
        """
        attempt = 1
        while True:
            try:
                return call()
            except (ThrottledError, ServerError, UnreachableError) as error:
                throttled = isinstance(error, ThrottledError)
                if attempt == ATTEMPTS or not (throttled or repeatable):
                    raise
                asked = error.retry_after if isinstance(error, ThrottledError) else None
                self._pause(FIRST_PAUSE * attempt if asked is None else asked, error)
            attempt += 1

    def _pause(self, seconds: float, error: OaktreeError) -> None:
        try:
            self.deadline.sleep(seconds)
        except DeadlineError:
            raise error from None

    def gate(self, service_type: str) -> RateLimiter:
        """The way of all requests to the service here, those of other processes too."""
        if service_type not in self._gates:
            config = self.region.config
            auth_url = config.get_auth_args().get("auth_url") or self.location.cloud
            limit = self.region.limit.over(configured(config.config, service_type))
            self._gates[service_type] = RateLimiter(LimitKey.of(auth_url, self.location.region, service_type), limit)
        return self._gates[service_type]

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

    def service(self, service_type: str, version: str | None = None) -> Service:
        """The service of this type. Whether the Location has it shows at the first use of its endpoint.

        ``version`` is the major version to speak, where it is not the usual one.
        """
        key = (service_type, version)
        if key not in self._services:
            self._services[key] = Service(self, service_type, version=version)
        return self._services[key]


@dataclass(frozen=True)
class _Endpoint:
    """Where a service is, by the catalog of a token; ``root`` is where it announced it, None where it need not."""

    access: AccessInfo | None
    url: str
    root: str | None


class Service:
    """One service of one Location; paths are relative to its versioned endpoint, whole URLs are taken as they are.

    ``interface`` (public, internal or admin) wins over that of clouds.yaml; ``version`` is the major version to speak,
    without it the usual one.
    """

    def __init__(
        self, connection: Connection, service_type: str, interface: str | None = None, version: str | None = None
    ) -> None:
        self.connection = connection
        self.service_type = service_type
        self.interface = interface
        self._versions = (version, f"{version}.latest") if version else _VERSIONS.get(service_type)
        self._found: _Endpoint | None = None

    @cached_property
    def adapter(self) -> Adapter:
        """The keystoneauth1 adapter, with what clouds.yaml says of this service."""
        from keystoneauth1.adapter import Adapter

        settings = service_settings(self.connection.region.config, self.service_type)
        least, most = self._versions or (None, None)
        return Adapter(
            self.connection.session,
            **(settings | {"interface": self.interface or settings["interface"]}),
            min_version=least,
            max_version=most,
        )

    @property
    def endpoint(self) -> str:
        """The versioned base URL by the catalog of the token, without a slash at its end.

        Costs no request where the catalog or clouds.yaml names a URL of the version we speak, and one discovery, for
        all processes, where not. Raises RefusedError when the Location does not have the service.
        """
        # Not a cached_property: before Python 3.12 its lock is one for all Locations, and this waits for the network.
        self.connection.authenticate()
        if self._found is None or self._found.access is not self.connection.access:
            try:
                self._found = self._find()
            except Exception as exc:
                raise translate(exc) from exc
        return self._found.url

    def _find(self) -> _Endpoint:
        from keystoneauth1.exceptions import CatalogException

        try:
            url = self._announced()
        except CatalogException:
            if not self._has_new_catalog():
                raise
            url = self._announced()
        access = self.connection.access
        if not url:
            raise RefusedError(
                f"the catalog has no {self.service_type} endpoint here",
                hint="Check region_name and interface in clouds.yaml; not every cloud offers every service.",
            )
        version = _VERSIONED_URL.search(url)
        root = None
        if self._versions:
            if not version or version["major"] != self._versions[0]:
                root = url[: version.start()] if version else url
                url = self._discovered(root, *self._versions)
        elif self.service_type == "network" and not version:
            url = f"{url.rstrip('/')}/v2.0"  # Neutron's discovery document is not open on every cloud
        return _Endpoint(access, url.rstrip("/"), root)

    def _announced(self) -> str | None:
        """The URL by clouds.yaml or the catalog, of which keystoneauth would copy all that it is given to search."""
        access, adapter = self.connection.access, self.adapter
        if access and not adapter.endpoint_override:
            names = all_types(adapter.service_type)
            catalog = access.service_catalog
            ours = [service for service in catalog.catalog if service.get("type") in names]
            if ours:
                url: str | None = type(catalog)(ours).url_for(
                    service_type=adapter.service_type,
                    service_name=adapter.service_name,
                    interface=adapter.interface or "public",
                    region_name=adapter.region_name,
                )
                return url
        return adapter.get_endpoint(skip_discovery=True)

    def _discovered(self, root: str, least: str, most: str) -> str:
        """The URL of the version we speak, as the service itself names it."""
        with self._asking():
            found = self.connection.documents.ask(self.connection.session, root, self.connection.deadline)
        try:
            url = found.versioned_url_for(min_version=least, max_version=most)
        except (AttributeError, KeyError, TypeError, ValueError) as exc:
            raise ServerError(f"the versions of the {self.service_type} service make no sense: {exc}") from exc
        if not url:
            raise RefusedError(f"the {self.service_type} service offers no version {least}")
        return urljoin(f"{root.rstrip('/')}/", url)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """What is sent inside counts as this service's."""
        token = _asked.set(self.service_type)
        try:
            yield
        finally:
            _asked.reset(token)

    def _has_new_catalog(self) -> bool:
        """Whether there is a new token, in place of one that is not quite new and whose catalog looks wrong."""
        before = self.connection.access
        self.connection.region.auth.renew(self.connection, is_recent)
        self.connection.authenticate()
        return self.connection.access is not before

    def _has_moved(self, *, unreachable: bool) -> bool:
        """Whether the endpoint is another than the token or a document said that are not quite new."""
        found = self._found
        if found is None:
            return False
        forgotten = found.root is not None and self.connection.documents.forget(found.root)
        if not forgotten and not (unreachable and self._has_new_catalog()):
            return False
        self._found = None
        return self.endpoint != found.url

    def newest_microversion(self) -> str | None:
        """The newest microversion that the service offers, by discovery; None where it has none."""
        with self.connection.region.store.lock(DISCOVERY, self.endpoint, self.connection.deadline), self._asking():
            data = self.adapter.get_endpoint_data()
        newest = data.max_microversion if data else None
        return ".".join(str(part) for part in newest) if newest else None

    def request(self, method: str, path: str, *, retry: bool = True, **kwargs: Any) -> Response:
        """Send one request to ``endpoint + path`` and return its answer below 400; raises `OaktreeError`.

        "Slow down" answers (429, 413 and 503 with Retry-After) are obeyed within the Location's clock; broken
        connections and other 5xx answers are tried again where that does no harm (GET, HEAD, DELETE). ``retry=False``
        sends once: for bodies that only the caller can rewind.
        """
        if not retry:
            return self._send(method, path, **kwargs)
        return self.connection.with_retries(
            lambda: self._send(method, path, **kwargs), repeatable=method in _IDEMPOTENT
        )

    def _send(self, method: str, path: str, **kwargs: Any) -> Response:
        self.connection.deadline.remaining()
        try:
            return self._authorized(method, path, **kwargs)
        except Exception as exc:
            raise translate(exc) from exc

    def _authorized(self, method: str, path: str, *, allow_reauth: bool = True, **kwargs: Any) -> Response:
        """Send, and with ``allow_reauth`` once more where the token is refused, or a remembered endpoint is wrong.

        The second time it is a new token, and the endpoint that its catalog names.
        """
        from keystoneauth1.exceptions import ConnectFailure, NotFound, Unauthorized

        repeatable = allow_reauth
        while True:
            self.connection.authenticate()
            check_path(path)
            url = path if path.startswith(("https://", "http://")) else self.endpoint + path
            token = (self.connection.session.get_auth_headers() or {}).get("X-Auth-Token")
            try:
                with self._asking():
                    response: Response = self.adapter.request(url, method, allow_reauth=False, **kwargs)
            except Unauthorized:
                self.connection.region.auth.forget(self.connection, token)
                if not repeatable:
                    raise
            except NotFound:
                if not (repeatable and self._has_moved(unreachable=False)):
                    raise
            except ConnectFailure:  # what changes something may have arrived all the same
                if not (repeatable and method in _IDEMPOTENT and self._has_moved(unreachable=True)):
                    raise
            else:  # several services know 300 only for a path that is none
                if not (repeatable and response.status_code == 300 and self._has_moved(unreachable=False)):
                    return response
            repeatable = False

    def json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        """Send a request whose answer is a JSON object; raises ServerError for any other answer."""
        response = self.request(method, path, **kwargs)
        return json_object(response)

    def shared(self, path: str, since: float | None = None, **kwargs: Any) -> dict[str, Any]:
        """GET a JSON object, perhaps from another process's request; see `RequestCoalescer.get`, also for ``since``."""
        connection = self.connection
        key = json.dumps(
            [connection.region.auth.credentials_key, self.endpoint, path, kwargs], sort_keys=True, default=str
        )
        patience = Deadline(connection.region.api_timeout, "api_timeout", connection.deadline.cancelled)
        return connection.reads.get(key, lambda: self.json("GET", path, **kwargs), patience, since)

    def pages(
        self, path: str, key: str, params: Mapping[str, Any], more: str, *, shared: bool = False, **kwargs: Any
    ) -> Iterator[list[Any]]:
        """The pages of a list by marker: ``key`` holds the items, ``more`` is present while another page follows.

        With ``shared`` each may be one that another process has got for us.
        """
        query = dict(params)
        while True:
            body = (self.shared if shared else partial(self.json, "GET"))(path, params=query, **kwargs)
            page = body.get(key)
            if not isinstance(page, list):
                raise ServerError(f"the answer to GET {path} has no list {key!r}")
            yield page
            if not body.get(more) or not page:
                return
            last = page[-1].get("id") if isinstance(page[-1], dict) else None
            if not last or last == query.get("marker"):
                raise ServerError(f"the pages of GET {path} lead nowhere")
            query["marker"] = last
            del body, page  # it may be large, and the next one is on its way


@cache
def _heeds_environment() -> bool:
    """Whether the environment has a proxy or a netrc file for requests.

    It would look for them before every request, which takes a sixth of all that a request costs.
    """
    from urllib.request import getproxies

    from requests.utils import NETRC_FILES

    if getproxies().keys() - {"no"}:
        return True
    named = os.environ.get("NETRC")
    files = [f"~/{name}" for name in NETRC_FILES] if named is None else [named]
    return any(os.path.exists(os.path.expanduser(file)) for file in files)  # noqa: PTH110, PTH111 - no error without a home


def segment(name: object) -> str:
    """A name or ID as one segment of a URL's path, whatever characters are in it."""
    return quote(str(name), safe="")


def check_path(path: str) -> None:
    """Raise InputError for a path or URL with a segment ``.`` or ``..``.

    HTTP libraries resolve those (RFC 3986, 5.2.4), and the request would be for something else than was named.
    """
    if {".", ".."} & {unquote(part) for part in urlsplit(path).path.split("/")}:
        raise InputError(
            f"{path.partition('?')[0]!r} cannot be requested: no part of a name between slashes may be '.' or '..'",
            hint="Choose another name.",
        )


def json_object(response: Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError as exc:
        where = f"{response.request.method} {response.url.partition('?')[0]}"
        raise ServerError(f"the answer to {where} is not valid JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise ServerError(f"the answer to {response.request.method} {response.url} is not a JSON object")
    return body


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
