# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names and paths of exported files and objects: short enough, and where the user expects them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def file_name(image: Mapping[str, Any], disk_format: str, longest: int) -> str:
    """``NAME.FORMAT``, fit for a file and of ``longest`` bytes at most: Glance accepts any character in names."""
    name = str(image.get("name") or image["id"]).replace("/", "_").replace("\0", "_")
    return shortened(name, longest - len(f".{disk_format}".encode())) + f".{disk_format}"


def shortened(name: str, longest: int) -> str:
    """The name in ``longest`` bytes at most; one that is cut ends in a digest, so that it differs from similar ones."""
    encoded = name.encode(errors="surrogatepass")
    if len(encoded) <= longest:
        return name
    ending = f"~{hashlib.sha256(encoded).hexdigest()[:12]}"
    return encoded[: longest - len(ending)].decode(errors="ignore") + ending


def target_path(path: str, image: Mapping[str, Any], disk_format: str) -> Path:
    """The file to write: ``path`` with links resolved, or `file_name` in it where it is a directory.

    Raises InputError if no file can be there.
    """
    target = Path(os.path.realpath(path))
    if path.endswith("/") or target.is_dir():
        named = target / file_name(image, disk_format, longest_name(target))
        directory, target = target, Path(os.path.realpath(named))
        if target.parent != directory:
            raise InputError(
                f"path: {named} is a link to a file in another directory",
                hint="Remove the link, or name the file itself.",
            )
    if not target.parent.is_dir():
        raise InputError(f"path: there is no directory {target.parent}", hint="Create it first.")
    if target.exists() and not target.is_file():
        raise InputError(f"path: {target} is not a file", hint="Name a file, or a directory with a trailing slash.")
    return target


def beside(target: Path, ending: str) -> Path:
    """A hidden file in the target's directory, named after it and cut if need be."""
    room = longest_name(target.parent) - len(f".{ending}".encode())
    return target.with_name(f".{shortened(target.name, room)}{ending}")


def longest_name(directory: Path) -> int:
    """The maximum length of a file name there, in bytes."""
    try:
        return os.pathconf(directory, "PC_NAME_MAX")
    except (OSError, ValueError):
        return 255
