# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests that carry the data, to be sent by another host, and the result that reports them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._cloud.service import service_at
from ..publish.schemes import glance_direct, v2_put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._cloud.connection import Connection
    from ..._object_store.tempurl import Signer
    from .record import PreparedUpload
    from .segments import Segments

TOKEN = "X-Auth-Token"  # noqa: S105 - the name of a header
_PATHS = {v2_put.NAME: "file", glance_direct.NAME: "stage"}


@dataclass(frozen=True)
class UploadRequest:
    """One request. Its body are ``length`` bytes of the file from ``offset`` on."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    offset: int
    length: int
    arrived: bool
    """Whether the data is there: it need not be sent again."""
    missing_headers: tuple[str, ...] = ()
    """Headers that the sender must add."""

    def to_dict(self) -> dict[str, Any]:
        return {
            "method": "PUT",
            "url": self.url,
            "headers": dict(self.headers),
            "missing_headers": list(self.missing_headers),
            "offset": self.offset,
            "length": self.length,
            "arrived": self.arrived,
        }


def to_glance(connection: Connection, upload: PreparedUpload, *, with_token: bool) -> tuple[UploadRequest, ...]:
    """One request with everything. A token is in its headers only if the user asks for it."""
    endpoint = service_at(connection, "image").endpoint
    token = (connection.session.get_auth_headers() or {}) if with_token else {}
    return (
        UploadRequest(
            url=f"{endpoint}/images/{upload.image_id}/{_PATHS[upload.scheme]}",
            headers={"Content-Type": "application/octet-stream", **token},
            offset=0,
            length=upload.content.size,
            arrived=upload.status != "queued",
            missing_headers=() if TOKEN in token else (TOKEN,),
        ),
    )


def to_swift(
    segments: Segments, signer: Signer, upload: PreparedUpload, arrived: frozenset[int]
) -> tuple[UploadRequest, ...]:
    """One request for each segment, by a URL that allows just this until the upload expires."""
    expires = int(upload.expires.timestamp())
    return tuple(
        UploadRequest(
            url=signer.url("PUT", segments.path(part), expires),
            headers=segments.headers(part),
            offset=part.offset,
            length=part.length,
            arrived=part.number in arrived,
        )
        for part in segments.parts
    )


def session_output(
    upload: PreparedUpload | None = None,
    reason: str | None = None,
    requests: Sequence[UploadRequest] = (),
    finalize: Mapping[str, Any] | None = None,
    image: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The ``output`` of a `Change`: the upload that is prepared, or the record of the published image."""
    return {
        "image_id": upload.image_id if upload else None,
        "scheme": upload.scheme if upload else None,
        "reason": reason,
        "segment_size": upload.part_size if upload else None,
        "expires_at": upload.expires_at if upload else None,
        "requests": [request.to_dict() for request in requests],
        "finalize": finalize,
        "image": image,
    }
