# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location supports for image upload: the whole for users, and the part that an upload negotiates with.

Sources: Glance's API reference (``/v2/info/*``, ``/v2/tasks``, versions), Swift's discoverability (``/info``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from .._core.errors import AuthError, DeadlineError, RefusedError, ServerError, ThrottledError, UnreachableError
from .answers import parsing
from .catalog import versions
from .service import find_version, service_at
from .translate import without_request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .connection import Connection

SHA1_ONLY = ("sha1",)
"""The TempURL digests of a Swift that reports none."""

SWIFT_FILE_SIZE, SWIFT_SEGMENTS = 5368709122, 1000
"""The bytes of an object, and the segments of a large one, that Swift accepts by default."""

_SWIFT: Mapping[str, Any] = {
    "swift": {"max_file_size": SWIFT_FILE_SIZE},
    "slo": {"max_manifest_segments": SWIFT_SEGMENTS, "min_segment_size": 1},
    "tempurl": {"allowed_digests": ("sha256", "sha512")},
}
"""Swift's defaults, for a store that does not publish its limits."""

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ImageStore:
    """One of several stores in which a Glance keeps image data."""

    id: str
    default: bool
    description: str | None


@dataclass(frozen=True)
class ImageCapabilities:
    """What an upload to Glance can choose from. Without import methods it is PUT only; no stores means just one."""

    import_methods: tuple[str, ...]
    stores: tuple[ImageStore, ...]


@dataclass(frozen=True)
class ObjectStore:
    """The limits of an object store; sizes in bytes, None where it reports none.

    Without ``slo`` it has no large objects made of segments; without ``tempurl_digests`` no signed URLs.
    """

    url: str
    max_file_size: int | None
    slo: bool
    slo_max_segments: int | None
    slo_min_segment_size: int | None
    tempurl_digests: tuple[str, ...]


@dataclass(frozen=True)
class Quota:
    """One of Glance's limits for the project, and how much of it is used; sizes in MiB, -1 means unlimited."""

    limit: int
    usage: int


@dataclass(frozen=True)
class Vendor:
    """The settings for image upload in the cloud's vendor profile, or in its entry in clouds.yaml."""

    image_format: str | None
    image_api_use_tasks: bool
    image_api_version: str | None


@dataclass(frozen=True)
class Capabilities(ImageCapabilities):
    """All capabilities. ``missing`` has the reason for each part that is empty: ``{part: reason}``."""

    image_versions: tuple[str, ...]
    disk_formats: tuple[str, ...]
    container_formats: tuple[str, ...]
    tasks: bool
    object_store: ObjectStore | None
    quota: Mapping[str, Quota]
    vendor: Vendor
    missing: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """The capabilities as plain JSON types, every key always present."""
        return asdict(self)


def image_capabilities(connection: Connection) -> ImageCapabilities:
    """Query import methods and stores: two requests.

    A Glance that does not know the request, or does not allow it, has none. Any other error is raised: a cloud that is
    busy at the moment must not look like one that cannot import.
    """
    return ImageCapabilities(
        _unless_refused(lambda: _import_methods(connection), ()), _unless_refused(lambda: _stores(connection), ())
    )


def capabilities(connection: Connection) -> Capabilities:
    """Query everything: seven requests, and perhaps discovery.

    A part that fails is empty, with its reason under ``missing``. Raises DeadlineError if the Location's deadline
    expires.
    """
    missing: dict[str, str] = {}

    def part(name: str, query: Callable[[], Answer], empty: Answer) -> Answer:
        return unless_failed(connection, missing, name, query, empty)

    nothing: Mapping[str, Quota] = {}
    no_formats: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    disk_formats, container_formats = part("disk_formats", lambda: _formats(connection), no_formats)
    return Capabilities(
        image_versions=part("image_versions", lambda: _image_versions(connection), ()),
        disk_formats=disk_formats,
        container_formats=container_formats,
        import_methods=part("import_methods", lambda: _import_methods(connection), ()),
        stores=part("stores", lambda: _stores(connection), ()),
        tasks=part("tasks", lambda: tasks(connection), empty=False),
        object_store=part("object_store", lambda: object_store(connection), None),
        quota=part("quota", lambda: image_quota(connection), nothing),
        vendor=vendor(connection),
        missing=missing,
    )


def unless_failed(
    connection: Connection, missing: dict[str, str], name: str, query: Callable[[], Answer], empty: Answer
) -> Answer:
    """What ``query`` returns; where it fails, ``empty``, and the reason in ``missing`` under the name.

    Raises DeadlineError if the Location's deadline expires.
    """
    try:
        return query()
    except (RefusedError, AuthError, ServerError, UnreachableError, DeadlineError, ThrottledError) as error:
        connection.deadline.remaining()  # a single request may time out before the Location does
        missing[name] = without_request_id(error.message)
        return empty


def _unless_refused(query: Callable[[], Answer], otherwise: Answer) -> Answer:
    try:
        return query()
    except RefusedError:
        return otherwise


def _import_methods(connection: Connection) -> tuple[str, ...]:
    body = service_at(connection, "image").json("GET", "/info/import")
    with parsing("the answer to GET /info/import"):
        return tuple(str(method) for method in body["import-methods"]["value"])


def _stores(connection: Connection) -> tuple[ImageStore, ...]:
    """Glance with one store answers 404. The flag ``default`` is the text "true", on one of them."""
    body = service_at(connection, "image").json("GET", "/info/stores")
    with parsing("the answer to GET /info/stores"):
        return tuple(
            ImageStore(str(store["id"]), str(store.get("default")).lower() == "true", store.get("description"))
            for store in body["stores"]
            if not store.get("read-only")
        )


def _formats(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The disk formats and the container formats that Glance accepts: its operator decides."""
    body = service_at(connection, "image").json("GET", "/schemas/image")
    with parsing("the answer to GET /schemas/image"):
        disk, container = (body["properties"][f"{kind}_format"]["enum"] for kind in ("disk", "container"))
        return _texts(disk), _texts(container)


def _texts(values: list[Any]) -> tuple[str, ...]:
    """The texts; null, for a format that is not known yet, is left out."""
    return tuple(str(value) for value in values if value is not None)


def tasks(connection: Connection) -> bool:
    """True if the user may use tasks: one request. Raises RefusedError otherwise."""
    service_at(connection, "image").request("GET", "/tasks", params={"limit": "1"})
    return True


def image_quota(connection: Connection) -> dict[str, Quota]:
    """The project's limits for images, by their names: one request. Empty if the operator has set none.

    Raises RefusedError if the cloud is older than quotas of images, ServerError for an answer that is none.
    """
    body = service_at(connection, "image").json("GET", "/info/usage")
    with parsing("the answer to GET /info/usage"):
        return {
            str(name): Quota(_number(item["limit"]), _number(item["usage"]))
            for name, item in sorted(body["usage"].items())
        }


def _number(value: Any) -> int:
    """The number; raises TypeError if it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    return value


def _image_versions(connection: Connection) -> tuple[str, ...]:
    version = connection.region.settings.image_api
    return tuple(
        found.version for found in versions(service_at(connection, "image", version if version == "1" else None))
    )


def object_store(connection: Connection) -> ObjectStore:
    """The limits of the object store: one request. Raises `OaktreeError` if the Location has none.

    ``/info`` is beside ``/v1``: at the root or, with Ceph, below a prefix. It is public, and optional: without it the
    limits are Swift's defaults.
    """
    swift = service_at(connection, "object-store")
    version = find_version(swift.endpoint)
    url = f"{swift.endpoint[: version.start()] if version else swift.endpoint}/info"
    try:
        body: Mapping[str, Any] = swift.json("GET", url, authenticated=False)
    except RefusedError as error:
        if error.status != 404:
            raise
        body = _SWIFT
    with parsing("the answer to GET /info"):
        return _limits(swift.endpoint, body)


def _limits(endpoint: str, info: Mapping[str, Any]) -> ObjectStore:
    slo, tempurl = info.get("slo"), info.get("tempurl")
    digests = () if tempurl is None else tuple(map(str, tempurl.get("allowed_digests") or SHA1_ONLY))
    return ObjectStore(
        url=endpoint,
        max_file_size=_whole(info["swift"].get("max_file_size")),
        slo=slo is not None,
        slo_max_segments=_whole((slo or {}).get("max_manifest_segments")),
        slo_min_segment_size=_whole((slo or {}).get("min_segment_size")),
        tempurl_digests=digests,
    )


def _whole(number: Any) -> int | None:
    """The number; raises TypeError if it is none, or negative."""
    if number is None:
        return None
    if _number(number) < 0:
        raise TypeError(f"{number!r} is no limit")
    return _number(number)


def has_object_store(connection: Connection) -> bool:
    """Whether the catalog has an object store; no request."""
    return service_at(connection, "object-store").is_announced()


def vendor(connection: Connection) -> Vendor:
    """The settings of the configuration; no request."""
    settings = connection.region.settings
    return Vendor(settings.image_format, settings.image_api_use_tasks, settings.image_api_version)
