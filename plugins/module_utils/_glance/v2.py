# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version 2 of the image API, and the image properties in which this collection keeps its own data."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar

from .._cloud.answers import check_id, parsing
from .._cloud.capabilities import ImageCapabilities, Quota, image_capabilities, image_quota
from .._cloud.service import segment, service_at
from .._core.errors import ConflictError, DeadlineError, RefusedError, ServerError, UnreachableError, suppress_404
from .._core.text import one_line
from .image_json import OURS, checked_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from requests import Response

    from .._cloud.connection import Connection
    from .._cloud.service import Service

MD5 = "owner_specified.openstack.md5"
SHA256 = "owner_specified.openstack.sha256"
OBJECT = "owner_specified.openstack.object"
"""openstacksdk's names for the data that was uploaded; it and this collection recognise each other's images by them."""

SOURCE_MD5 = "owner_specified.oaktree.source_md5"
SOURCE_SHA256 = "owner_specified.oaktree.source_sha256"
"""Digests of the user's file if it was converted for the upload; those above are of the bytes that were sent."""

CONVERTED_ID = "owner_specified.oaktree.converted_id"
SHA512 = "owner_specified.oaktree.sha512"
"""Where the cloud converted on import what it was sent, so that its own digests are of other data: the ID of the image
itself, without which that does not count (see KEPT_ID), and the sha512 of what was sent."""

PUBLISHED = "owner_specified.oaktree.published"
"""Digests of the compressed file that the image was in, as ``ALGORITHM:DIGEST`` with spaces between them."""

SOURCE_LOCATION = "owner_specified.oaktree.source_location"
SOURCE_IMAGE = "owner_specified.oaktree.source_image"
"""The Location and the ID of the image that this one is a copy of."""

SOURCE_SERVER = "owner_specified.oaktree.source_server"
"""The ID of the server that the image is a snapshot of."""

KEPT_FOR = "owner_specified.oaktree.kept_for"
"""The name of the image that this one is an older version of: mostly the name that it had before it was replaced."""

KEPT_NAME = "owner_specified.oaktree.kept_name"
"""The name that the image gets when another one replaces it and it is kept."""

KEPT_ID = "owner_specified.oaktree.kept_id"
"""The ID of the image itself. Without it the two above do not count: Nova copies an image's properties to the snapshots
of its servers, which are not versions of the image."""

UPLOAD = "owner_specified.oaktree.upload"
"""The marker of the upload, until the image is complete. See `_image.upload_marker`."""

SESSION = "owner_specified.oaktree.session"
"""The content that an upload session expects, until the image is complete. See `_image.session.record`."""

REPLACES = "owner_specified.oaktree.replaces"
"""The ID of the image that this one replaces, so that a run that ends before the old one is deleted can be resumed."""

IMPORT_LOCK = "os_glance_import_task"
"""Present during an import, and for a moment after the image became active: the import then writes the whole record
again as it knew it, and changes made in the meantime are lost."""

BOOKKEEPING = frozenset({
    MD5, SHA256, OBJECT, SOURCE_MD5, SOURCE_SHA256, PUBLISHED, SOURCE_LOCATION, SOURCE_IMAGE, SOURCE_SERVER, UPLOAD,
    SESSION, REPLACES, KEPT_FOR, KEPT_NAME, KEPT_ID, CONVERTED_ID, SHA512,
})  # fmt: skip

GLANCE_FIELDS = frozenset({
    "checksum", "container_format", "created_at", "deleted", "deleted_at", "direct_url", "disk_format", "file", "id",
    "location", "locations", "min_disk", "min_ram", "name", "os_hash_algo", "os_hash_value", "os_hidden", "owner",
    "protected", "schema", "self", "size", "status", "stores", "tags", "updated_at", "validation_data", "virtual_size",
    "visibility",
})  # fmt: skip
"""Names that are not custom properties (Glance's image schema), and the prefix of reserved ones."""
GLANCE_RESERVED = "os_glance"

SNAPSHOT_PROPERTIES = frozenset({
    "base_image_ref", "boot_roles", "image_location", "image_state", "image_type", "instance_uuid", "owner_id",
    "owner_project_name", "owner_user_name", "user_id",
})  # fmt: skip
"""What Nova writes on the snapshot of a server: of which, whose, and by whom (``nova/compute/api.py``)."""

HIDING = (2, 7)
"""The version since which images can be hidden from lists."""

OPEN = ("public", "community")
"""Visibilities of images that all projects see."""

LONGEST_NAME = 255
"""Characters of an image's name."""

_PATCH_TYPE = {"Content-Type": "application/openstack-images-v2.1-json-patch"}


class Glance:
    """Requests to the image service of one Location; all raise `OaktreeError`."""

    VERSION: ClassVar[str] = "2"
    SHARED: ClassVar[str] = "shared"
    """The visibility of images that can have members."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.unanswered: set[str] = set()
        """IDs of images whose creation was not answered: the cloud may have created them, or still create them."""

    @property
    def _service(self) -> Service:
        return service_at(self.connection, "image")

    @property
    def names(self) -> frozenset[str]:
        """See `Service.names`."""
        return self._service.names

    def get(self, image_id: str) -> dict[str, Any] | None:
        """The image as Glance presents it, or None if there is none with this ID."""
        try:
            image = self._service.json("GET", f"/images/{segment(image_id)}")
        except RefusedError as error:
            if error.status == 404:
                return None
            raise
        return checked_image(image) if "images" not in image else None  # an empty ID is the path of the list

    def poll(self, image_id: str, since: float) -> dict[str, Any] | None:
        """As `get`, from a request, perhaps another process's, that was sent after ``since`` (of `clock.uptime`).

        Processes that wait for images share one list of all incomplete ones, in place of one request for each.
        """
        if not self.connection.coalescer.alone():
            for image in self._unfinished(since):
                if isinstance(image, dict) and image.get("id") == image_id:
                    return checked_image(image)
        return self.get(image_id)

    def _unfinished(self, since: float) -> list[Any]:
        """The first thousand incomplete images, unchecked."""
        params = {"status": "in:queued,saving,uploading,importing", "limit": str(self._service.type.page_size)}
        owner = self.connection.location.project.id
        if owner:
            params["owner"] = owner
        found = self._service.get_coalesced("/images", since, params=params).get("images")
        return found if isinstance(found, list) else []

    def all(self, name: str | None, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The images that match, in the largest pages that the cloud returns: one request for each.

        ``filters`` are Glance's query parameters, sent unchanged. Processes that list the same share the requests.
        """
        params = {"sort": "name:asc,id:asc", **filters}
        if name is not None:
            params["name"] = f"eq:{name}" if ":" in name else name  # else Glance takes the first part for an operator
        return chain.from_iterable(self._service.pages("/images", "images", params, coalesced=True))

    def named(self, names: Sequence[str], owner: str | None, *, hidden: bool) -> list[dict[str, Any]]:
        """The images of this owner (without one: all visible) with one of the names."""
        found = (image for name in _name_filters(names) for image in self._owned({"name": name}, owner, hidden=hidden))
        return [image for image in found if image["name"] in names]

    def _owned(self, filters: Mapping[str, Any], owner: str | None, *, hidden: bool) -> Iterator[dict[str, Any]]:
        """The images of this owner (without one: all visible) that match: also where the service ignores the owner."""
        params = {**filters, **({"owner": owner} if owner else {})}
        if hidden:  # a Glance older than hidden images takes any other value for that of a custom property
            params["os_hidden"] = "true"
        for page in self._service.pages("/images", "images", params):
            yield from (image for image in map(checked_image, page) if owner in (None, image["owner"]))

    def hides(self, images: Sequence[Mapping[str, Any]]) -> bool:
        """Whether images can be hidden, which version 2.7 introduced: images show it, else the version document does.

        So only without images this may cost a request.
        """
        if images:
            return any("os_hidden" in image for image in images)
        return self._service.announces(HIDING) is not False

    def capabilities(self) -> ImageCapabilities:
        """What an upload can choose from: two requests."""
        return image_capabilities(self.connection)

    def data(self, image_id: str, headers: Mapping[str, str], stall_timeout: float) -> Response:
        """The image's data, to be read from the answer as a stream; requested once."""
        return self._data(f"/images/{segment(image_id)}/file", headers, stall_timeout)

    def _data(self, path: str, headers: Mapping[str, str], stall_timeout: float) -> Response:
        timeout = (stall_timeout, stall_timeout)
        return self._service.request("GET", path, retry=False, headers=dict(headers), stream=True, timeout=timeout)

    def create(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Create an image record; sent once. If ``fields`` has an ID the caller can check whether it was created."""
        try:
            return self._create(fields)
        except (DeadlineError, UnreachableError):
            self.unanswered.add(str(fields.get("id")))
            raise

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        return checked_image(self._service.json("POST", "/images", retry=False, json=fields))

    def put(self, path: str, body: Any, timeout: tuple[float, float], store: str | None = None) -> Response:
        """PUT image data, once, with the present token: only the caller can send the body again."""
        self.connection.prepare_long_work()
        headers = {"Content-Type": "application/octet-stream"}
        if store:
            headers["X-Image-Meta-Store"] = store
        return self._service.request(
            "PUT",
            path,
            retry=False,
            allow_reauth=False,
            data=body,
            timeout=timeout,
            headers=headers,
        )

    def start_import(self, image_id: str, method: dict[str, str], stores: dict[str, Any]) -> None:
        """Start an import; ``stores`` is `Desired.store_request`."""
        body = {"method": method, **stores}
        self._service.request("POST", f"/images/{segment(image_id)}/import", retry=False, json=body)

    def import_task(self, image_id: str) -> tuple[str, str]:
        """Status and message of the image's newest task; empty if there is none, or the cloud does not report it."""
        try:
            listed = self._service.json("GET", f"/images/{segment(image_id)}/tasks").get("tasks")
        except RefusedError:
            return "", ""
        tasks = [task for task in listed if isinstance(task, dict)] if isinstance(listed, list) else []
        newest: dict[str, Any] = max(tasks, key=lambda task: str(task.get("updated_at") or ""), default={})
        return str(newest.get("status") or ""), one_line(str(newest.get("message") or ""))

    def quota(self) -> dict[str, Quota]:
        """The project's limits; empty if there are none, or the cloud does not report them: it enforces them anyway."""
        with suppress(RefusedError, ServerError):
            return image_quota(self.connection)
        return {}

    def patch(self, image_id: str, operations: Sequence[dict[str, Any]]) -> dict[str, Any]:
        path = f"/images/{segment(image_id)}"
        return checked_image(self._service.json("PATCH", path, json=list(operations), headers=_PATCH_TYPE))

    def delete(self, image_id: str) -> bool:
        """Delete the image; returns whether it existed."""
        try:
            self._service.request("DELETE", f"/images/{segment(image_id)}")
        except RefusedError as error:
            if error.status != 404:
                raise
            return False
        return True

    def members(self, image_id: str) -> dict[str, str]:
        """The projects that the image is shared with, sorted, and what they say: pending, accepted or rejected.

        In version 1 nobody has to accept an image.
        """
        body = self._service.json("GET", f"/images/{segment(image_id)}/members")
        with parsing("the answer to GET /images/ID/members"):
            found = [(check_id(item["member_id"]), str(item.get("status") or "accepted")) for item in body["members"]]
        return dict(sorted(found))

    def share(self, image_id: str, project: str) -> str:
        """Share the image with a project, and return what that says; it is no error if it is already shared."""
        with suppress(ConflictError):
            self._service.request("POST", f"/images/{segment(image_id)}/members", json={"member": project})
        return "pending"

    def accept(self, image_id: str, project: str) -> None:
        """Accept an image that is shared with the project of this Location."""
        path = f"/images/{segment(image_id)}/members/{segment(project)}"
        self._service.request("PUT", path, json={"status": "accepted"})

    def unshare(self, image_id: str, project: str) -> None:
        with suppress_404():
            self._service.request("DELETE", f"/images/{segment(image_id)}/members/{segment(project)}")

    def kept_for(self, name: str, owner: str | None, *, hidden: bool) -> list[dict[str, Any]]:
        """The images of this owner that are older versions of the one of this name."""
        return [image for image in self._owned({KEPT_FOR: name}, owner, hidden=hidden) if kept_name(image) == name]

    def act(self, image_id: str, action: str) -> None:
        """``deactivate`` or ``reactivate``."""
        self._service.request("POST", f"/images/{segment(image_id)}/actions/{action}")


def _name_filters(names: Sequence[str]) -> list[str]:
    """One filter for all names; one for each if a name has characters that Glance cannot parse within quotes."""
    if any(character in name for name in names for character in '"\\'):
        return [f"eq:{name}" for name in names]
    return ["in:" + ",".join(f'"{name}"' for name in names)]


def kept_name(image: Mapping[str, Any]) -> str | None:
    """The name of the image that this one is an older version of; None if it is not one."""
    return image.get(KEPT_FOR) if image.get(KEPT_ID) == image["id"] else None


def name_when_kept(image: Mapping[str, Any]) -> str | None:
    """The name that the image gets when another one replaces it and it is kept; None if it was given none."""
    return image.get(KEPT_NAME) if image.get(KEPT_ID) == image["id"] else None


def with_suffix(name: str, suffix: str) -> str:
    """The name with the suffix, cut where it would be too long for Glance."""
    return f"{name[: LONGEST_NAME - len(suffix)]}{suffix}"


def dated_name(name: str, image: Mapping[str, Any]) -> str:
    """The name with the time at which the image was created."""
    return with_suffix(name, f"-{image['created_at']}")


def custom_properties(image: Mapping[str, Any]) -> dict[str, str]:
    """What users have said of an image: no fields, no bookkeeping of Glance's, of clients or of this collection."""
    return {
        key: value
        for key, value in image.items()
        if isinstance(value, str) and key not in GLANCE_FIELDS and not key.startswith((GLANCE_RESERVED, OURS))
    }


def pointer(key: str) -> str:
    """The JSON pointer of an image's field or custom property."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
