# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file and images as Glance shows them, for tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import MD5, SHA256
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import DIGESTS
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import ImageFile

DATA = b"the\0file"
OTHER = b"oth\0r"


def source(disk_format: str = "raw", data: bytes = DATA) -> ImageFile:
    digests = {name: hashlib.new(name, data).hexdigest() for name in DIGESTS}
    return ImageFile(len(data), disk_format, digests, Path("image.bin"), len(data))


def recorded(data: bytes = DATA) -> dict[str, Any]:
    """What an uploader writes down of the file."""
    return {MD5: hashlib.md5(data).hexdigest(), SHA256: hashlib.sha256(data).hexdigest()}  # noqa: S324


def image(number: int = 1, data: bytes | None = DATA, **fields: Any) -> dict[str, Any]:
    """An active image with this content, or with data None what Glance shows of a queued one."""
    content: Mapping[str, Any] = {
        "status": "queued" if data is None else "active",
        "size": None if data is None else len(data),
        "checksum": None if data is None else hashlib.md5(data).hexdigest(),  # noqa: S324
        "os_hash_algo": None if data is None else "sha512",
        "os_hash_value": None if data is None else hashlib.sha512(data).hexdigest(),
    }
    return {
        "id": f"id-{number}",
        "name": "thing",
        "disk_format": "raw",
        "container_format": "bare",
        "visibility": "shared",
        "protected": False,
        "os_hidden": False,
        "min_disk": 0,
        "min_ram": 0,
        "tags": [],
        "updated_at": "2026-01-01T00:00:00Z",
        **content,
        **fields,
    }
