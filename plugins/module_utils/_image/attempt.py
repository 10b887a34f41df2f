# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One try at getting the image to one Location: what a scheme works with, and what has to go if it fails."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.body import Body
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.client import glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.glance import (
    MD5,
    OBJECT,
    SHA256,
    SOURCE_MD5,
    SOURCE_SHA256,
    UPLOAD,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.leftovers import mark, upload_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.relay import Feeds
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import Identity, Source
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.supply import Supply


class Attempt:
    """Made anew for every try. ``image_id`` and ``expected`` are set by `create`, or by what takes its place."""

    def __init__(self, connection: Connection, case: Case, supply: Supply, feeds: Feeds) -> None:
        self.connection = connection
        self.case = case
        self.supply = supply
        self.feeds = feeds
        self.glance = glance_for(connection)
        self.image_id: str | None = None
        self.expected: Identity | None = None
        self.importing = False
        """Whether the cloud has been told to import: the image may be queued until it does."""
        self.outcome: Callable[[], None] | None = None
        """What waits for an import that makes the image's record by itself, and sets ``image_id``."""
        self.insisted = False
        """Whether what failed was tried often enough: another attempt would only multiply that."""
        self.temporary: list[Callable[[], str]] = []
        """What removes things made on the way, whether or not the try succeeds; each returns nothing or a complaint."""

    @property
    def source(self) -> Source:
        """The local file in the Location's format; converted or fetched by whoever asks first."""
        return self.supply.source(self.case.disk_format, self.connection.deadline)

    def body(self, source: Source) -> Body:
        return Body(source, self.connection, self.case.wanted.clocks.stall_timeout)

    def create(self, expected: Identity) -> str:
        """Make the image record, under its upload name and with our mark, and return its id.

        The id is ours, so that the record can be removed even when the answer to its creation is lost.
        """
        self.image_id, self.expected = str(uuid.uuid4()), expected
        self.glance.create({"id": self.image_id, **self.fields(expected)})
        return self.image_id

    def start_import(self, method: dict[str, str]) -> None:
        """Have the cloud import, to the stores that are wanted."""
        self.importing = True
        self.glance.start_import(str(self.image_id), method, self.case.wanted.store_request)

    def fields(self, expected: Identity) -> dict[str, Any]:
        """What the record says while the image is unfinished."""
        wanted, origin = self.case.wanted, self.case.origin
        digests = {MD5: expected.digests.get("md5"), SHA256: expected.digests.get("sha256")}
        if origin and self.case.converted:
            digests |= {SOURCE_MD5: origin.digests.get("md5"), SOURCE_SHA256: origin.digests.get("sha256")}
        return {
            "name": upload_name(wanted.name),
            "disk_format": expected.disk_format,
            "container_format": wanted.container_format,
            OBJECT: f"images/{wanted.name}",
            UPLOAD: mark(),
            **{key: value for key, value in digests.items() if value},
        }
