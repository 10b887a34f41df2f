# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service of one Location: its endpoint, requests, and pagination."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

from .._core.deadline import Deadline
from .._core.errors import (
    AuthError,
    ConfigError,
    InputError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from .answers import json_object, parsing
from .pagination import Pagination, page_of
from .service_types import all_types, service_type_of
from .translate import NO_ENDPOINT_HINT, from_response, translate
from .transport import counted_as
from .urls import is_url, plain_url, same_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from keystoneauth1.access import AccessInfo
    from keystoneauth1.adapter import Adapter
    from requests import Response

    from .connection import Connection

_VERSION = re.compile(r"/v(?P<major>\d+)[^/]*(?=/|$)")
_IDEMPOTENT = {"GET", "HEAD", "DELETE"}
_NO_MARKER = {400, 404}
"""With which services refuse a list whose marker does not exist."""
_OLDER = "microversions"

Answer = TypeVar("Answer")


def service_at(connection: Connection, service_type: str, version: str | None = None) -> Service:
    """The service of this type, the same object each time. Its endpoint raises RefusedError if the Location lacks it.

    ``version`` is the major API version to use instead of the usual one.
    """
    key = ("service", service_type, version)
    found: Service = connection.memo.setdefault(key, Service(connection, service_type, version=version))
    return found


@dataclass(frozen=True)
class _Endpoint:
    """An endpoint by a token's catalog; ``root`` is the URL of the discovery that it took, None if it took none."""

    access: AccessInfo | None
    url: str
    root: str | None


class Service:
    """One service of one Location. Paths are relative to its versioned endpoint; whole URLs are used as they are.

    ``interface`` (public, internal or admin) takes precedence over that of clouds.yaml; ``version`` is the major API
    version to use instead of the usual one.
    """

    def __init__(
        self, connection: Connection, service_type: str, interface: str | None = None, version: str | None = None
    ) -> None:
        self.connection = connection
        self.service_type = service_type
        self.interface = interface
        self.type = service_type_of(service_type)
        self._version = version or self.type.version
        self._found: _Endpoint | None = None

    @cached_property
    def adapter(self) -> Adapter:
        """The keystoneauth1 adapter, with the settings of this service in clouds.yaml."""
        from keystoneauth1.adapter import Adapter

        settings = self.connection.region.settings.service(self.service_type)
        return Adapter(
            self.connection.session,
            **(settings | {"interface": self.interface or settings["interface"]}),
            min_version=self._version,
            max_version=self._version and f"{self._version}.latest",
        )

    @property
    def endpoint(self) -> str:
        """The versioned base URL by the token's catalog, without a trailing slash.

        No request if the catalog or clouds.yaml has a URL of the version to use, else one discovery, shared by all
        processes. Raises RefusedError if the Location does not have the service.
        """
        # Not a cached_property: before Python 3.12 its lock is one for all Locations, and this waits for the network.
        self.connection.authenticate()
        if self._found is None or self._found.access is not self.connection.access:
            try:
                self._found = self._find()
            except Exception as exc:
                raise translate(exc) from exc
        return self._found.url

    @property
    def names(self) -> frozenset[str]:
        """Names of what is reached here: services that have one in common are the same. Raises as `endpoint`.

        They are the endpoint without its version, and the entry in the catalog: its interfaces lead to one service.
        """
        url, adapter, connection = self.endpoint, self.adapter, self.connection
        version = find_version(url)
        names = {plain_url(url[: version.start()] if version else url)}
        if not adapter.endpoint_override:
            region = adapter.region_name or connection.location.region
            entry = [connection.region.settings.keystone, region, adapter.service_type, adapter.service_name]
            names.add(json.dumps(entry))
        return frozenset(names)

    def _find(self) -> _Endpoint:
        from keystoneauth1.exceptions import ClientException

        url = self.connection.look_up(self._announced)
        access = self.connection.access
        if not url:
            raise RefusedError(f"the catalog has no {self.service_type} endpoint here", hint=NO_ENDPOINT_HINT)
        if not is_url(url):
            self._refuse_url(url)
        version = find_version(url)
        root = None
        if self._version and (not version or version["major"] != self._version):
            root = url[: version.start()] if version else url
            try:
                url = self._discovered(root, self._version)
            except (ClientException, OaktreeError):
                if not self.adapter.endpoint_override:
                    raise
                self.connection.deadline.remaining()
                return _Endpoint(access, url.rstrip("/"), None)  # the override holds where discovery fails
            if self.type.project_in_url and access and access.project_id:
                url = f"{url.rstrip('/')}/{access.project_id}"
        elif not version:
            url = f"{url.rstrip('/')}{self.type.path}"
        return _Endpoint(access, url.rstrip("/"), root)

    def is_announced(self) -> bool:
        """Whether clouds.yaml or the catalog of the present token, however old, has an endpoint; no request."""
        from keystoneauth1.exceptions import CatalogException

        self.connection.authenticate()
        try:
            return bool(self._announced())
        except CatalogException:
            return False

    def _refuse_url(self, url: str) -> NoReturn:
        what = f"endpoint {url!r} of the {self.service_type} service is not an https or http URL"
        if self.adapter.endpoint_override:
            raise ConfigError(f"the {what}", hint="Correct the service's endpoint override in clouds.yaml.")
        raise ServerError(
            f"the catalog's {what}",
            hint="Inform the operator; an endpoint override in clouds.yaml takes precedence over the catalog.",
            final=True,
        )

    @property
    def region_name(self) -> str | None:
        """The region under which the catalog has the service; None for whichever.

        One Keystone serves all regions, and may be registered under the name of another.
        """
        access, region = self.connection.access, self.adapter.region_name
        if self.type.name != "identity" or not access:
            return region
        names = all_types(self.adapter.service_type)
        with parsing("the catalog"):
            services = [service for service in access.service_catalog.catalog if service.get("type") in names]
            return region if any(_endpoints(service, region) for service in services) else None

    def _announced(self) -> str | None:
        """The URL by clouds.yaml or the catalog, if there is one.

        keystoneauth would copy the whole catalog for each lookup, with the endpoints of all regions.
        """
        access, adapter = self.connection.access, self.adapter
        if not access or adapter.endpoint_override:
            return adapter.get_endpoint(skip_discovery=True) or None
        with parsing("the catalog"):
            names = all_types(adapter.service_type)
            catalog, region = access.service_catalog, self.region_name
            ours = [
                {**service, "endpoints": _endpoints(service, region)}
                for service in catalog.catalog
                if service.get("type") in names
            ]
            if ours:
                url: str | None = type(catalog)(ours).url_for(
                    service_type=adapter.service_type,
                    service_name=adapter.service_name,
                    interface=adapter.interface or "public",
                    region_name=region,
                )
                return url
            return adapter.get_endpoint(skip_discovery=True) or None

    def _discovered(self, root: str, version: str) -> str:
        """The URL of the version to use, as the service announces it."""
        with counted_as(self.service_type):
            found = self.connection.discovery.discover(self.connection.session, root, self.connection.deadline)
        with parsing(f"the version document of the {self.service_type} service"):
            url = found.versioned_url_for(min_version=version, max_version=f"{version}.latest")
        if not url:
            raise RefusedError(f"the {self.service_type} service offers no version {version}")
        return urljoin(f"{root.rstrip('/')}/", url)

    def _has_moved(self, *, unreachable: bool) -> bool:
        """Whether the endpoint has changed since the token, or the discovery document, was cached."""
        found = self._found
        if found is None:
            return False
        forgotten = found.root is not None and self.connection.discovery.forget(found.root)
        if not forgotten and not (unreachable and self.connection.has_new_catalog()):
            return False
        self._found = None
        return self.endpoint != found.url

    def newest_microversion(self) -> str | None:
        """The newest microversion that the service supports, by its version document; None if it has none.

        One or two requests, or none while the document is cached. Raises `OaktreeError` where the service fails.
        """
        return self._announced_microversion()[1]

    def _announced_microversion(self) -> tuple[bool, str | None]:
        """Whether the service shows a version document, and the newest microversion in it."""
        return self.connection.with_retries(self._read_microversion, self.service_type, repeatable=True)

    def _read_microversion(self) -> tuple[bool, str | None]:
        from keystoneauth1.discover import version_to_string

        url, version = self.endpoint, self._version
        found = find_version(url)
        urls = (f"{url[: found.end()]}/", url[: found.start()]) if found else (url,)
        with counted_as(self.service_type):
            document = self.connection.discovery.find(self.connection.session, urls, self.connection.deadline)
        if document is None:
            return False, None
        with parsing(f"the version document of the {self.service_type} service"):
            data = document.versioned_data_for(urls[0], version, version and f"{version}.latest")
            newest = data and data["max_microversion"]
            return True, version_to_string(newest) if newest else None

    def announces(self, version: tuple[int, int]) -> bool | None:
        """Whether the service's version document names this version or a newer one; None if it cannot be read.

        One request, or none while the document is cached.
        """
        url = self.endpoint
        found = find_version(url)
        root = url[: found.start()] if found else url
        try:
            with counted_as(self.service_type):
                document = self.connection.discovery.discover(self.connection.session, root, self.connection.deadline)
            with parsing(f"the version document of the {self.service_type} service"):
                return any(item["version"] >= version for item in document.version_data())
        except (AuthError, RefusedError, ServerError, UnreachableError):
            return None

    def negotiated(self, ask: Callable[[str | None], Answer], microversion: str | None = None) -> Answer:
        """What ``ask`` returns for a microversion, by default the service type's.

        Where the service is older, ``ask`` gets its newest, or None if it has none. Finding that out takes two
        requests, once in a while for all processes.
        """
        microversion = microversion or self.type.microversion
        if microversion is None:
            return ask(None)
        cache, key = self.connection.region.cache, f"{self.endpoint} {microversion}"
        older = cache.get(_OLDER, key, cache.lifetime)
        try:
            return ask(older.get("newest") if isinstance(older, dict) else microversion)
        except RefusedError as error:
            if error.status != 406:
                raise
        is_known, newest = self._announced_microversion()
        if is_known:
            cache.set(_OLDER, key, {"newest": newest})
        return ask(newest)

    def request(self, method: str, path: str, *, retry: bool = True, **kwargs: Any) -> Response:
        """Send a request to ``endpoint + path`` and return its answer below 400; raises `OaktreeError`.

        Throttled requests (429, and 413 with Retry-After) are retried within the Location's deadline; broken
        connections and 5xx answers, after which the work may have been done, only if the method is idempotent (GET,
        HEAD, DELETE). ``retry=False`` sends the request once: for bodies that only the caller can rewind. Answers from
        400 on whose status is in ``accepted`` are returned, too.
        """
        if not retry:
            return self._send(method, path, **kwargs)
        return self.connection.with_retries(
            lambda: self._send(method, path, **kwargs), self.service_type, repeatable=method in _IDEMPOTENT
        )

    def _send(self, method: str, path: str, **kwargs: Any) -> Response:
        self.connection.deadline.remaining()
        try:
            return self._authorized(method, path, **kwargs)
        except OaktreeError:
            raise  # not from itself: in a circle of causes it, and what its traceback holds, would stay in memory
        except Exception as exc:
            raise translate(exc) from exc

    def _authorized(self, method: str, path: str, *, allow_reauth: bool = True, **kwargs: Any) -> Response:
        """Send; with ``allow_reauth`` once more if the token is rejected, or a cached endpoint is wrong.

        The second request has a new token, or goes to the endpoint of the new catalog or discovery document.
        """
        from keystoneauth1.exceptions import ConnectFailure

        repeatable = allow_reauth
        while True:
            self.connection.authenticate()
            headers = self.connection.session.get_auth_headers() if kwargs.get("authenticated", True) else None
            token = (headers or {}).get("X-Auth-Token")
            url = self._url(path)
            try:
                response = self._once(method, url, **kwargs)
            except AuthError as error:
                self._reject(token, method, url, error, renewed=allow_reauth and not repeatable)
                if not repeatable:
                    raise
            except RefusedError as error:
                if not (error.status == 404 and repeatable and self._has_moved(unreachable=False)):
                    raise
            except ConnectFailure:  # other methods may have taken effect nevertheless
                if not (repeatable and method in _IDEMPOTENT and self._has_moved(unreachable=True)):
                    raise
            else:  # several services answer 300 only to an invalid path
                if not (repeatable and response.status_code in (300, 404) and self._has_moved(unreachable=False)):
                    return response
            repeatable = False

    def _reject(self, token: str | None, method: str, url: str, error: AuthError, *, renewed: bool) -> None:
        """Forget a token that was rejected. Raises AuthError if it is not the reason, or was just renewed."""
        if token is None or self.connection.access is None or not same_origin(self.endpoint, url):
            raise error  # it got a password, a signature, or nothing
        if self.service_type != "identity":
            self._check_access_rules(token, method, url, error)
        self.connection.region.auth.forget(self.connection, token)
        if renewed:
            raise AuthError(
                error.message,
                hint="The service rejects a token that Keystone has just issued: check the endpoint's address, or "
                "inform the operator.",
                status=error.status,
            ) from error

    def _check_access_rules(self, token: str | None, method: str, url: str, error: AuthError) -> None:
        """Raise AuthError where it is not the token that was rejected, but what an application credential may do.

        The service's answer is the same, so Keystone is asked whether the token is valid (GET /v3/auth/tokens).
        """
        access = self.connection.access
        if access is None or not getattr(access, "application_credential_access_rules", None):
            return
        headers = {"X-Subject-Token": token, "OpenStack-Identity-Access-Rules": "1.0"}
        try:
            service_at(self.connection, "identity").request("GET", "/auth/tokens", allow_reauth=False, headers=headers)
        except OaktreeError:
            return
        raise AuthError(
            f"the access rules of the application credential do not allow {method} {urlsplit(url).path} of the "
            f"{self.service_type} service: {error.message}",
            hint="Create an application credential with an access rule for this, or without access rules, and put it "
            "into the cloud's entry in clouds.yaml.",
            final=True,
        ) from error

    def _url(self, path: str) -> str:
        check_path(path)
        return path if path.startswith(("https://", "http://")) else self.endpoint + path

    def _once(self, method: str, url: str, accepted: Collection[int] = (), **kwargs: Any) -> Response:
        if not same_origin(self.endpoint, url):
            kwargs["authenticated"] = False  # a token goes to the endpoint's origin only
        kwargs["microversion_service_type"] = self.type.microversion_name or self.type.name
        with counted_as(self.service_type):
            response: Response = self.adapter.request(url, method, allow_reauth=False, raise_exc=False, **kwargs)
        if response.status_code >= 400 and response.status_code not in accepted:
            raise from_response(response)
        return response

    def json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        """Send a request and return the JSON object of its answer; raises ServerError for any other answer."""
        return json_object(self.request(method, path, **kwargs))

    def get_coalesced(self, path: str, since: float | None = None, **kwargs: Any) -> dict[str, Any]:
        """GET a JSON object, or share the answer to another process's request; see `RequestCoalescer.get`."""
        return self._coalesced(lambda: self.json("GET", path, **kwargs), [path, kwargs], since)

    def _coalesced(
        self, fetch: Callable[[], dict[str, Any]], parts: list[Any], since: float | None = None
    ) -> dict[str, Any]:
        """What ``fetch`` returns, which depends on the user, the endpoint and these ``parts``."""
        connection = self.connection
        key = json.dumps([connection.region.auth.credentials_key, self.endpoint, *parts], sort_keys=True, default=str)
        deadline = Deadline(connection.api_timeout, "api_timeout", connection.deadline.cancelled)
        return connection.coalescer.get(key, fetch, deadline, since)

    def pages(
        self,
        path: str,
        key: str,
        params: Mapping[str, Any],
        *,
        by: str | None = None,
        coalesced: bool = False,
        since: float | None = None,
        ask: Callable[..., Response] | None = None,
        **kwargs: Any,
    ) -> Iterator[list[Any]]:
        """The pages of the list ``key``, one request for each; see `Pagination`.

        ``by`` is how they follow where the service names none: ``offset``, or the key of an item that is the marker.
        With ``coalesced`` the answer to another process's request may be used, see `RequestCoalescer.get`. ``ask``
        sends a request in place of `request`. A list whose marker is deleted meanwhile begins again; nothing of it is
        returned twice. Raises ServerError if the pagination does not advance, and for a list that the service has cut.
        """
        size = self.type.page_size
        params = {"limit": size, **params} if size else params
        largest = self.connection.answer_limit
        by = "offset" if self.type.pages_by_offset else by
        marker = None if by == "offset" else by
        pagination = Pagination(path, params, largest, marker=marker, by_offset=by == "offset")
        for query in pagination.queries():
            request = {**kwargs, "params": query}

            def fetch(request: Mapping[str, Any] = request) -> dict[str, Any]:
                return page_of((ask or self.request)("GET", path, **request), key)

            try:
                page = self._coalesced(fetch, [path, key, request], since) if coalesced else fetch()
            except RefusedError as error:
                if error.status in _NO_MARKER and pagination.begins_again():
                    continue
                raise
            if pagination.repeats(page["items"]):
                return
            yield pagination.new(page["items"])
            pagination.advance(**page)
            del page  # it may be large, and the next page follows


def _endpoints(service: Mapping[str, Any], region: str | None) -> list[dict[str, Any]]:
    """Those that a catalog has of the service for the region; all of them without one."""
    endpoints = service.get("endpoints", [])
    return [one for one in endpoints if not region or region in (one.get("region"), one.get("region_id"))]


def find_version(url: str) -> re.Match[str] | None:
    """Find the version of a service's API in its URL, as ``/v2.1``: the last such part of the path."""
    path = url.find("/", url.find("://") + 3)
    found = list(_VERSION.finditer(url, path)) if path > 0 else []
    return found[-1] if found else None


def segment(name: object) -> str:
    """A name or ID, with any characters, as one segment of a URL's path."""
    return quote(str(name), safe="")


def check_path(path: str) -> None:
    """Raise InputError for a path or URL with a segment ``.`` or ``..``.

    HTTP libraries resolve these (RFC 3986, 5.2.4), and the request would be for another resource than was named.
    """
    if {".", ".."} & {unquote(part) for part in urlsplit(path).path.split("/")}:
        raise InputError(
            f"{path.partition('?')[0]!r} cannot be requested: no part of a name between slashes may be '.' or '..'",
            hint="Choose another name.",
        )
