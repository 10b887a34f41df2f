# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is known of one Location when its plan is made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from ..._core.errors import QuotaError, RefusedError
from ..._glance.v2 import REPLACES
from ..fingerprint import Announced, Fingerprint, same_content, same_format

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._core.location import Location
    from ..desired import Desired
    from .survey import Survey

MIB = 1 << 20


@dataclass(frozen=True)
class PlanContext:
    """``origin`` is the content to have, None where it does not matter; ``url`` is where clouds can fetch it."""

    location: Location
    desired: Desired
    survey: Survey
    keystone: str
    """The URL of the Location's Keystone: regions that share it can serve images to each other."""
    disk_format: str
    """The format that the Location is to have."""
    origin: Fingerprint | Announced | None = None
    url: str | None = None
    published: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The digests of the compressed file that the content was in."""
    upload_properties: Mapping[str, str] = field(default_factory=dict)
    """Custom properties that the cloud's configuration wants on every uploaded image; those of the user win."""
    source_region: Location | None = None
    """The Location that could serve the image to this one."""
    snapshot: Mapping[str, Any] | None = field(default=None, repr=False)
    """The snapshot of a server that this run takes here; until it is taken, what is known of it."""
    run_date: date = date.min
    """The day in UTC up to which the age of kept images counts."""
    services: frozenset[str] = frozenset()
    """Names of its image service, see `Service.names`."""
    receivers: frozenset[str] = frozenset()
    """IDs of projects that accept the image, because their Locations are selected as well."""

    @property
    def longest(self) -> float:
        """Seconds that the work on the Location may take at the most; it may wait for another one first."""
        return self.desired.timeouts.total * (2 if self.source_region else 1)

    @property
    def superseded(self) -> tuple[dict[str, Any], ...]:
        """Images that another one has replaced; the run that did so was interrupted before it removed them."""
        replaced = {image.get(REPLACES) for image in self.survey.images}
        return tuple(image for image in self.survey.images if image["id"] in replaced)

    @property
    def current(self) -> dict[str, Any] | None:
        """The image that has the name."""
        return next((image for image in self.survey.images if image not in self.superseded), None)

    @property
    def needs_upload(self) -> bool:
        if self.origin is None or self.desired.state == "absent":
            return False
        if self.current is None:
            return self.successor is None
        return not same_content(self.current, self.origin, self.disk_format, self.desired.container_format)

    @property
    def successor(self) -> dict[str, Any] | None:
        """An image that has the wanted content, and gets this name when another one replaces it; None without one."""
        same = (
            image
            for image in self.survey.successors
            if self.origin is None or same_content(image, self.origin, self.disk_format, self.desired.container_format)
        )
        return next(same, None)

    @property
    def converted(self) -> bool:
        return isinstance(self.origin, Fingerprint) and not same_format(self.origin.disk_format, self.disk_format)

    @property
    def size(self) -> int | None:
        return None if self.origin is None or self.converted else self.origin.size

    @property
    def takes_snapshot(self) -> bool:
        """Whether the snapshot itself can become the image here; nobody could fetch a deactivated one from here."""
        return (
            self.snapshot is not None
            and self.desired.state == "present"
            and self.disk_format == self.snapshot["disk_format"]
            and self.desired.container == self.snapshot.get("container_format", "bare")
            and self.desired.scheme is None
        )

    def supports_import(self, method: str) -> bool:
        return self.survey.offers is not None and method in self.survey.offers.import_methods

    def by_tasks(self, scheme: str) -> str | None:
        """Why a scheme that sends data to Glance is not for this Location, unless the user insists on it."""
        insists = self.desired.scheme == scheme
        reason = "image_api_use_tasks: this Location imports images by tasks"
        return reason if self.survey.use_tasks and not insists else None

    def check_stores(self) -> None:
        """Raise RefusedError for a desired store that the Location does not have."""
        known = [store.id for store in self.survey.offers.stores] if self.survey.offers else []
        unknown = [store for store in self.desired.stores if store not in known]
        if unknown:
            raise RefusedError(
                f"there is no store {', '.join(unknown)} here",
                hint=f"Stores: {', '.join(known) or 'just one, unnamed'}.",
            )

    def check_quota(self) -> None:
        """Raise QuotaError for an upload that would go beyond the project's limits.

        What a killed run left does not count: it is removed first. A replaced image is removed last. Until then it
        counts among the images, whose number Glance checks when one is created. Its bytes do not count: Glance
        adds them up only afterwards. A snapshot that becomes the image is counted already.
        """
        if self.takes_snapshot and isinstance(self.origin, Fingerprint):
            return
        left = self.survey.leftovers
        goes = (self.current, *self.superseded) if self.desired.on_change == "replace" else ()
        count = 1 - len(left)
        freed = sum(image.get("size") or 0 for image in (*left, *goes) if image)
        mebibytes = math.ceil(((self.size or 0) - freed) / MIB)
        for limit, more in (("image_count_total", count), ("image_size_total", mebibytes)):
            quota = self.survey.quota.get(limit)
            if quota and quota.limit >= 0 and quota.usage + more > quota.limit:
                raise QuotaError(
                    f"the upload does not fit: the project's {limit} is {quota.limit}, of which {quota.usage} are used"
                )

    def stores_without(self, image: Mapping[str, Any]) -> tuple[str, ...]:
        """The desired stores that do not have the image. Raises RefusedError for one that the Location does not have.

        None for a deactivated image: Glance does not tell where it is.
        """
        if not self.desired.store_request or self.survey.offers is None:
            return ()
        self.check_stores()
        if image["status"] == "deactivated":
            return ()
        desired = [store.id for store in self.survey.offers.stores] if self.desired.all_stores else self.desired.stores
        there = (image.get("stores") or "").split(",")
        return tuple(store for store in desired if store not in there)
