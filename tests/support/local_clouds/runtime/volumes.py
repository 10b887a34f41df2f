# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Cinder driver of the local clouds: a volume is a sparse file, a snapshot is a copy of it.

The drivers that come with Cinder want LVM, a mount or a storage array, and root for it; its own fake driver keeps
nothing. This one does all of its work as an ordinary user and without qemu-img.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from cinder.volume import driver
from oslo_config import cfg
from oslo_utils import units

from tests.support.local_clouds.runtime import sparse


class FileDriver(driver.VolumeDriver):  # type: ignore[misc]
    """Keeps volumes and snapshots below the state directory of Cinder."""

    VERSION = "1.0"

    def check_for_setup_error(self) -> None:
        """Make the directory."""
        self._directory.mkdir(parents=True, exist_ok=True)

    @property
    def _directory(self) -> Path:
        return Path(cfg.CONF.state_path) / "volumes"

    def _path(self, thing: Any) -> Path:
        return self._directory / str(thing["name"])

    def _update_volume_stats(self) -> None:
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "Oaktree",
            "driver_version": self.VERSION,
            "storage_protocol": "file",
            "total_capacity_gb": "infinite",
            "free_capacity_gb": "infinite",
            "reserved_percentage": 0,
            "multiattach": True,
            "online_extend_support": True,
        }

    def create_volume(self, volume: Any) -> None:
        """Make an empty file of the volume's size."""
        with self._path(volume).open("ab") as file:
            file.truncate(volume["size"] * units.Gi)

    def extend_volume(self, volume: Any, new_size: int) -> None:
        """Make the file longer."""
        os.truncate(self._path(volume), new_size * units.Gi)

    def delete_volume(self, volume: Any) -> None:
        """Remove the file."""
        self._path(volume).unlink(missing_ok=True)

    def create_snapshot(self, snapshot: Any) -> None:
        """Copy the volume's file."""
        sparse.copy(self._path(snapshot.volume), self._path(snapshot))

    delete_snapshot = delete_volume

    def revert_to_snapshot(self, context: Any, volume: Any, snapshot: Any) -> None:
        """Copy the snapshot's file back."""
        del context
        self._fill(volume, self._path(snapshot))

    def create_volume_from_snapshot(self, volume: Any, snapshot: Any) -> None:
        """Copy the snapshot's file."""
        self._fill(volume, self._path(snapshot))

    def create_cloned_volume(self, volume: Any, src_vref: Any) -> None:
        """Copy the other volume's file."""
        self._fill(volume, self._path(src_vref))

    def _fill(self, volume: Any, source: Path) -> None:
        sparse.copy(source, self._path(volume))
        self.extend_volume(volume, volume["size"])

    def clone_image(
        self, context: Any, volume: Any, image_location: Any, image_meta: Any, image_service: Any
    ) -> tuple[dict[str, Any], bool]:
        """Write the image's bytes into a new volume; True says that this is done.

        What Cinder would do instead looks at the image with qemu-img as root. An image that is not raw is taken as it
        is: no machine will ever read it.
        """
        del image_location
        with self._path(volume).open("wb") as file:
            image_service.download(context, image_meta["id"], file)
            file.truncate(volume["size"] * units.Gi)
        return {}, True

    def copy_volume_to_image(self, context: Any, volume: Any, image_service: Any, image_meta: Any) -> None:
        """Upload the file; it is raw whatever the image shall be called."""
        with self._path(volume).open("rb") as file:
            image_service.update(context, image_meta["id"], {}, file)

    def retype(self, context: Any, volume: Any, new_type: Any, diff: Any, host: Any) -> bool:
        """All types are alike here: True says that the volume need not move for the new one."""
        del context, volume, new_type, diff, host
        return True

    def ensure_export(self, context: Any, volume: Any) -> None:
        """Nothing is exported."""

    def create_export(self, context: Any, volume: Any, connector: Any) -> None:
        """Nothing is exported."""

    def remove_export(self, context: Any, volume: Any) -> None:
        """Nothing is exported."""

    def initialize_connection(self, volume: Any, connector: Any) -> dict[str, Any]:
        """Tell Nova how to reach the volume; its fake driver takes anything."""
        del connector
        return {"driver_volume_type": "local", "data": {"device_path": str(self._path(volume))}}

    def terminate_connection(self, volume: Any, connector: Any, **kwargs: Any) -> None:
        """Nothing is connected."""
