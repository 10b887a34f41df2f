# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the fake clouds, as they are in a store that looks at nothing."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_images import Image


def add_image(glance: Glance, data: bytes, **fields: Any) -> Image:
    """An active image with this data, public and called ``thing`` unless ``fields`` say otherwise."""
    image = Image(str(uuid.uuid4()), None)
    image.fields |= {"name": "thing", "disk_format": "raw", "container_format": "bare", "visibility": "public"} | fields
    glance.data.path(image.id).write_bytes(data)
    image.size, image.checksum = len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    image.os_hash_value = hashlib.sha512(data).hexdigest()
    image.status = "active"
    glance.images[image.id] = image
    return image
