# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""openstacksdk's create_image with its checksum validation, one region after the other.

`sdk_upload.py NAME FILE CLOUD/REGION...` prints how many images became active.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from openstack.config import OpenStackConfig
from openstack.connection import Connection


def main(name: str, file: str, places: Sequence[str]) -> int:
    """Return how many images became active."""
    config, active = OpenStackConfig(), 0
    for place in places:
        cloud, _slash, region = place.partition("/")
        image = Connection(config=config.get_one(cloud, region_name=region)).image.create_image(
            name,
            filename=file,
            disk_format="raw",
            container_format="bare",
            validate_checksum=True,
            wait=True,
        )
        active += image.status == "active"
    return active


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
