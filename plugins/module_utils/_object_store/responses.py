# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The object store's data formats: manifests, listings, and statuses in the bodies of answers.

Source: Swift's SLO and bulk middlewares (``swift/common/middleware/slo.py``, ``bulk.py``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .._cloud.answers import answer_to, json_object, parsing
from .._cloud.translate import from_status
from .._core.errors import IntegrityError
from .._core.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from requests import Response

MARKER = "X-Object-Meta-Oaktree-Upload"
"""The marker of the run that uploads the object: see `_local.work_marker`."""

NAMED = 3
"""Problems that a message names; there may be a thousand."""


@dataclass(frozen=True)
class Object:
    """A stored object. ``etag`` is the MD5 of its bytes, or of its segments' etags if it is made of segments."""

    name: str
    size: int
    etag: str
    updated_at: str
    """When it was last written, as ISO 8601 with an offset."""
    marker: str = ""
    """The marker of its upload, which only HEAD returns."""


@dataclass(frozen=True)
class Segment:
    """One segment of a large object; ``size`` in bytes, ``etag`` is the MD5."""

    name: str
    size: int
    etag: str


def manifest(container: str, segments: Sequence[Segment]) -> list[dict[str, Any]]:
    """The body of the request that assembles segments in a container to a large object."""
    return [
        {"path": f"/{container}/{segment.name}", "size_bytes": segment.size, "etag": segment.etag}
        for segment in segments
    ]


def manifest_etag(segments: Iterable[Segment]) -> str:
    """The etag of the large object."""
    text = "".join(segment.etag for segment in segments)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def is_static(headers: Mapping[str, str]) -> bool:
    """Whether these are the headers of a static large object."""
    return headers.get("X-Static-Large-Object", "").lower() == "true"


def check_manifest(response: Response, etag: str) -> None:
    """Raise unless the manifest was accepted, and makes an object with this etag.

    After a heartbeat the decisive status is in the body of the answer. IntegrityError names the segments that are not
    stored as they were declared.
    """
    made = response.headers.get("Etag", "")
    if response.status_code == 202:
        answer = BulkResponse.of(response)
        if answer.errors:
            raise IntegrityError(f"the object store rejected the segments: {answer.problems()}")
        answer.raise_for_status("the manifest")
        made = answer.etag
    if made and made.strip('"') != etag:
        raise IntegrityError(f"the object store assembled an object with the etag {made}, expected {etag}")


@dataclass(frozen=True)
class BulkResponse:
    """The answer in the body of a bulk or heartbeat answer: an HTTP status, and what failed for which object."""

    status: int
    text: str
    deleted: int
    errors: tuple[tuple[str, str], ...]
    etag: str = ""

    @classmethod
    def of(cls, response: Response) -> BulkResponse:
        """Parse the body; raises ServerError if it cannot be parsed."""
        body = json_object(response)
        with parsing(answer_to(response)):
            status, errors = str(body["Response Status"]), body.get("Errors") or []
            return cls(
                int(status.split(maxsplit=1)[0]),
                one_line(f"{status} {body.get('Response Body') or ''}"),
                int(body.get("Number Deleted") or 0),
                tuple((unquote(str(path)), one_line(str(reason))) for path, reason in errors),
                str(body.get("Etag") or ""),
            )

    def raise_for_status(self, what: str) -> None:
        """Raise the error of an HTTP answer with this status, if it is one."""
        if self.status >= 400:
            raise from_status(self.status, f"{what} was rejected: {self.text}", "", {})

    def problems(self) -> str:
        named = "; ".join(f"{path}: {reason}" for path, reason in self.errors[:NAMED])
        more = len(self.errors) - NAMED
        return f"{named}; and {more} more" if more > 0 else named


def object_from_headers(name: str, headers: Mapping[str, str]) -> Object:
    """An object by the answer to HEAD."""
    with parsing(f"the answer to HEAD of {name}"):
        return Object(
            name=name,
            size=int(headers["Content-Length"]),
            etag=headers["Etag"].strip('"'),
            updated_at=parsedate_to_datetime(headers["Last-Modified"]).isoformat(),
            marker=unquote(headers.get(MARKER, "")),
        )


def object_from_listing(item: Mapping[str, Any]) -> Object:
    """An object by its item in a container's listing."""
    with parsing("the listing of a container"):
        written = str(item["last_modified"]).removesuffix("Z")  # which Ceph's gateway writes, and Swift does not
        return Object(str(item["name"]), int(item["bytes"]), str(item["hash"]), f"{written}+00:00")
