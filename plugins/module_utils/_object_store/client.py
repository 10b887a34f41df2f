# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to the object store of one Location."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._cloud.answers import json_list, parsing
from .._cloud.cleanup import CLEANUP_TIMEOUT, removing
from .._cloud.pagination import Pagination
from .._cloud.service import service_at
from .._cloud.translate import translate
from .._cloud.transport import body_of
from .._core.errors import AuthError, ConflictError, OaktreeError, RefusedError, ServerError, suppress_404
from .._core.retry import Attempts, Policy
from .._core.scatter import Limits, scatter
from .responses import BulkResponse, Object, object_from_headers, object_from_listing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requests import Response

    from .._cloud.connection import Connection
    from .._cloud.service import Service
    from .._core.deadline import Deadline

DELETES = 8
"""Objects deleted at once."""

OURS = "X-Container-Meta-Oaktree-Made"
"""Metadata of containers that this collection created, and may therefore delete."""

UNTIL_EMPTY = Policy(attempts=math.inf, errors=(ConflictError,))
"""For deletions of containers: a store may report an empty one as full for some time."""

PAGE = 1000
"""Items requested at once in listings; a page with fewer is the last."""


@dataclass(frozen=True)
class Container:
    """A container; ``ours`` if this collection created it, in this or an earlier run."""

    name: str
    ours: bool


class Swift:
    """Requests to the object store of one Location; all raise `OaktreeError`. Threads may share it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def _service(self) -> Service:
        return service_at(self.connection, "object-store")

    @property
    def endpoint(self) -> str:
        """The URL of the account."""
        return self._service.endpoint

    def account_headers(self) -> Mapping[str, str]:
        """The metadata of the account; the keys for signed URLs in it are secrets."""
        return self._head("") or {}

    def container_headers(self, name: str) -> Mapping[str, str] | None:
        """The metadata of a container, or None if it does not exist; the keys for signed URLs in it are secrets."""
        return self._head(_path(name))

    def update_container(self, name: str, headers: Mapping[str, str]) -> None:
        """Set metadata of a container; metadata that ``headers`` does not name is kept."""
        self._repeat("POST", _path(name), headers=headers)

    def find_container(self, name: str) -> Container | None:
        """The container, or None if it does not exist."""
        headers = self.container_headers(name)
        return None if headers is None else Container(name, ours=OURS in headers)

    def ensure_container(self, name: str) -> Container:
        """Create the container unless it exists: one or two requests. If the creation fails it does not stay."""
        return self.find_container(name) or self.create_container(name)

    def create_container(self, name: str, headers: Mapping[str, str] | None = None) -> Container:
        """Create a container that does not exist, with these headers. If that fails it does not stay."""
        with removing(lambda: self._remove_if_created(name)):
            self._repeat("PUT", _path(name), headers={OURS: "yes", **(headers or {})})
        return Container(name, ours=True)

    def _remove_if_created(self, name: str) -> str:
        """Remove an empty container whose creation failed, or only its answer; returns nothing, or what stays."""
        try:
            with self.connection.grace(CLEANUP_TIMEOUT):
                found = self.find_container(name)
                if found and found.ours:
                    self._delete(_path(name))
        except OaktreeError as error:
            return f"the container {name} may have been created, and was not removed ({error.message})"
        return ""

    def delete_container(self, container: Container) -> bool:
        """Delete a container that this collection created, if it is empty; returns whether it is deleted.

        A store may report an empty container as full for some time; until then the deletion is retried.
        """
        if not container.ours:
            return False
        attempts = Attempts(UNTIL_EMPTY, self.connection.deadline)
        while True:
            try:
                self._delete(_path(container.name))
            except ConflictError as error:
                if next(self.objects(container.name), None) is not None:
                    return False
                attempts.failed(error)
            else:
                return True

    def containers(self, prefix: str = "") -> list[str]:
        """The names of the account's containers with this prefix."""
        with parsing("the listing of the account"):
            return [str(item["name"]) for item in self.listed_containers(prefix)]

    def listed_containers(self, prefix: str = "") -> Iterator[Mapping[str, Any]]:
        """The containers with this prefix, as the store lists them: name, count and bytes."""
        return self._listing("", prefix)

    def objects(self, container: str, prefix: str = "") -> Iterator[Object]:
        """The objects with this prefix, by name; none if the container does not exist.

        A listing may be some seconds behind writes and deletions.
        """
        return (object_from_listing(item) for item in self.listed(container, prefix))

    def listed(self, container: str, prefix: str = "", delimiter: str = "") -> Iterator[Mapping[str, Any]]:
        """The same as the store lists them. What has the ``delimiter`` after the prefix is one item ``{subdir}``."""
        return self._listing(_path(container), prefix, delimiter)

    def head(self, container: str, name: str) -> Object | None:
        """The object, or None if it does not exist."""
        headers = self._head(_path(container, name))
        return None if headers is None else object_from_headers(name, headers)

    def put(self, container: str, name: str, body: Any, etag: str | None, **kwargs: Any) -> Response:
        """PUT an object, once, with the present token; ``kwargs`` are those of requests.

        The store rejects (422) a body whose MD5 is not ``etag``. For retries see `attempts.send_until_stored`.
        """
        headers = {"Content-Type": "application/octet-stream", **kwargs.pop("headers", {})}
        if etag:
            headers["Etag"] = etag
        response = self._service.request(
            "PUT",
            _path(container, name),
            retry=False,
            allow_reauth=False,
            data=body,
            headers=headers,
            **kwargs,
        )
        if response.status_code not in (201, 202):
            raise ServerError(f"unexpected answer to a PUT: HTTP {response.status_code}", status=response.status_code)
        return response

    def data(self, container: str, name: str, headers: Mapping[str, str], stall_timeout: float) -> Response:
        """The bytes of an object, to be read from the answer as a stream; requested once."""
        timeout = (stall_timeout, stall_timeout)
        return self._service.request(
            "GET", _path(container, name), retry=False, headers=dict(headers), stream=True, timeout=timeout
        )

    def object_headers(self, container: str, name: str) -> Mapping[str, str] | None:
        """The metadata of an object, or None if it does not exist."""
        return self._head(_path(container, name))

    def accepts(self, url: str) -> bool:
        """Whether the store accepts the signature of a URL, that of an object that does not exist: one request."""
        try:
            self._service.request("HEAD", url, authenticated=False, allow_reauth=False, log=False)
        except AuthError:
            return False
        except RefusedError as error:
            return error.status == 404
        return True

    def url(self, container: str, name: str) -> str:
        """The URL of an object."""
        return self.endpoint + _path(container, name)

    def update(self, container: str, name: str, headers: Mapping[str, str]) -> bool:
        """Replace the metadata and the expiry of an object; False if it does not exist."""
        try:
            self._repeat("POST", _path(container, name), headers=headers)
        except RefusedError as error:
            if error.status == 404:
                return False
            raise
        return True

    def _body(self, response: Response) -> bytes:
        try:
            return body_of(response, self.connection.deadline, self.connection.answer_limit)
        except Exception as exc:
            raise translate(exc) from exc

    def delete_large(self, container: str, name: str) -> int:
        """Delete a large object with its segments in one request, once; returns how many objects were deleted.

        If this raises, some of them, and perhaps the object itself, may have been deleted: the rest is to be deleted
        by name.
        """
        response = self._service.request(
            "DELETE",
            _path(container, name),
            retry=False,
            params={"multipart-manifest": "delete"},
            headers={"Accept": "application/json"},
        )
        answer = BulkResponse.of(response)
        if answer.errors:
            raise ServerError(f"some objects were not deleted: {answer.problems()}")
        answer.raise_for_status("the deletion")
        return answer.deleted

    def delete_objects(self, paths: Sequence[str]) -> dict[str, OaktreeError]:
        """Delete each ``container/object``, several at once; those that do not exist are no error.

        Returns the paths that were not deleted, each with its error. Bounded by the Location's deadline.
        """

        def delete(path: str, _deadline: Deadline) -> None:
            self._delete(_path(*path.split("/", 1)))

        limits = Limits(DELETES, self.connection.deadline.remaining())
        return {outcome.item: outcome.error for outcome in scatter(paths, delete, limits) if outcome.error}

    def segments(self, container: str, name: str) -> list[str]:
        """The segments that the manifest of a large object lists, each as ``container/object``; see `manifest`."""
        with parsing(f"the manifest of {container}/{name}"):
            return [str(item["name"]).lstrip("/") for item in self.manifest(container, name)]

    def manifest(self, container: str, name: str) -> list[Any]:
        """The segments of a large object as its manifest lists them.

        Empty for any other object, for none, and for all in Ceph's gateway, which shows no manifest.
        """
        query = {"multipart-manifest": "get"}
        try:
            response = self._service.request("GET", _path(container, name), params=query, stream=True)
            with response:
                if "X-Static-Large-Object" not in response.headers:
                    return []
                return json_list(response, self._body(response))
        except RefusedError as error:
            if error.status == 404:
                return []
            raise

    def _repeat(self, method: str, path: str, **kwargs: Any) -> None:
        """Send a request that may be repeated."""
        once = partial(self._service.request, method, path, retry=False, log=False, **kwargs)
        self.connection.with_retries(once, self._service.service_type, repeatable=True)

    def _head(self, path: str) -> Mapping[str, str] | None:
        try:
            return self._service.request("HEAD", path, log=False).headers  # they may have keys
        except RefusedError as error:
            if error.status == 404:
                return None
            raise

    def _delete(self, path: str) -> None:
        with suppress_404():
            self._service.request("DELETE", path)

    def _listing(self, path: str, prefix: str, delimiter: str = "") -> Iterator[Mapping[str, Any]]:
        query = {"format": "json", "limit": str(PAGE), "prefix": prefix}
        if delimiter:
            query["delimiter"] = delimiter
        pagination = Pagination(path, query, self.connection.answer_limit, marker="name")
        for query in pagination.queries():
            try:
                answer = self._service.request("GET", path, params=query)
            except RefusedError as error:
                if error.status == 404:
                    return
                raise
            page = json_list(answer)
            yield from page
            if len(page) < PAGE:
                return
            with parsing(f"the listing of {path}"):
                items = [{"name": item.get("name", item.get("subdir"))} for item in page]
            pagination.advance(items, size=len(answer.content))


def _path(container: str, name: str | None = None) -> str:
    path = f"/{quote(container, safe='')}"
    return path if name is None else f"{path}/{quote(name)}"
