# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state of an image: the options of the module, and those that differ between Locations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._glance.v2 import KEPT_FOR, KEPT_NAME, SNAPSHOT_PROPERTIES, custom_properties
from .._run.overrides import Override, overriding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._core.location import Location


BARE_FORMAT = "bare"
BARE = {BARE_FORMAT, "ami"}
"""Container formats of images that are a disk and nothing else."""


@dataclass(frozen=True)
class Timeouts:
    """In seconds: for requests other than the data, for its transfer, for its import, and without any progress."""

    timeout: float = 300.0
    transfer_timeout: float = 3600.0
    import_timeout: float = 3600.0
    stall_timeout: float = 120.0

    @property
    def total(self) -> float:
        """The longest time that the work on one Location may take."""
        return self.timeout + self.transfer_timeout + self.import_timeout

    @property
    def finalization(self) -> float:
        """The longest time in which an upload session is finalized at one Location."""
        return 2 * self.timeout + self.import_timeout


@dataclass(frozen=True)
class Desired:
    """The user's options; None leaves the image as it is. ``min_disk`` in GiB, ``min_ram`` in MiB."""

    name: str
    state: str
    disk_format: str | None = None
    """The format in the cloud; None leaves it to the Location's configuration, then to the file."""
    container_format: str | None = None
    """None for `BARE_FORMAT`, or for a copy that of the original."""
    scheme: str | None = None
    relay: str = "auto"
    stores: tuple[str, ...] = ()
    all_stores: bool = False
    on_change: str = "replace"
    kept_for: str | None = None
    """The name of the image that this one is an older version of."""
    keep_last: int | None = None
    keep_days: int | None = None
    keep_names: tuple[str, ...] = ()
    """Names of older versions that are neither counted nor deleted."""
    keep_hidden: bool = True
    keep_deactivated: bool = False
    properties: Mapping[str, str | None] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    members: tuple[str, ...] | None = None
    min_disk: int | None = None
    min_ram: int | None = None
    visibility: str | None = None
    hidden: bool | None = None
    protected: bool | None = None
    timeouts: Timeouts = Timeouts()
    overrides: tuple[Override, ...] = ()

    @property
    def is_version(self) -> bool:
        """Whether later runs recognise the image as a version, by ``kept_for`` or ``kept_name``."""
        return bool({KEPT_FOR, KEPT_NAME} & self.properties.keys())

    @property
    def thins_out(self) -> bool:
        """Whether older versions are deleted, by number or age."""
        return self.on_change == "keep" and (self.keep_last, self.keep_days) != (None, None)

    @property
    def store_request(self) -> dict[str, Any]:
        """The part of an import request that names the stores; empty leaves the choice to the cloud."""
        if self.all_stores:
            return {"all_stores": True, "all_stores_must_succeed": True}
        return {"stores": list(self.stores), "all_stores_must_succeed": True} if self.stores else {}

    @property
    def container(self) -> str:
        """The container format of an image that is made."""
        return self.container_format or BARE_FORMAT

    @property
    def verbatim(self) -> bool:
        """Whether the bytes are published as they are, so that a Location's own preference for a format is void."""
        return self.container not in BARE

    def like(self, image: Mapping[str, Any]) -> Desired:
        """For a copy of an image: what the options leave open is as in the original, whatever scheme copies it.

        What Nova wrote of a server on its snapshot means nothing elsewhere.
        """
        copied = {key: value for key, value in custom_properties(image).items() if key not in SNAPSHOT_PROPERTIES}
        return replace(
            self,
            container_format=self.container_format or image.get("container_format"),
            properties={**copied, **self.properties},
            tags=tuple(image.get("tags") or ()) if self.tags is None else self.tags,
            min_disk=image.get("min_disk") if self.min_disk is None else self.min_disk,
            min_ram=image.get("min_ram") if self.min_ram is None else self.min_ram,
        )

    def at(self, location: Location) -> Desired:
        """The options that apply at this Location: later overrides win, properties are merged."""
        desired = self
        for options in overriding(self.overrides, location):
            if "stores" in options:
                options["all_stores"] = False
            elif options.get("all_stores"):
                options["stores"] = ()
            properties = {**desired.properties, **options.pop("properties", {})}
            desired = replace(desired, properties=properties, **options)
        return desired
