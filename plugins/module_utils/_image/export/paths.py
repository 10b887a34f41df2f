# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and paths of exported files and objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._local.file_names import file_at, longest_name, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def file_name(image: Mapping[str, Any], disk_format: str, longest: int) -> str:
    """``NAME.FORMAT``, fit for a file and of ``longest`` bytes at most: Glance accepts any character in names."""
    name = str(image.get("name") or image["id"]).replace("/", "_").replace("\0", "_")
    return shortened(name, longest - len(f".{disk_format}".encode())) + f".{disk_format}"


def target_path(path: str, image: Mapping[str, Any], disk_format: str) -> Path:
    """The file to write: ``path`` with links resolved, or `file_name` in it where it is a directory; see `file_at`."""
    return file_at("path", path, lambda directory: file_name(image, disk_format, longest_name(directory)))
