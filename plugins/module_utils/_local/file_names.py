# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of files that are written for users: short enough, and where the user expects them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


def file_at(option: str, path: str, name_in: Callable[[Path], str]) -> Path:
    """The file to write: ``path`` with links resolved, or ``name_in`` it where it is a directory.

    Raises InputError, which names the option, if no file can be there. What is named in a directory stays there.
    """
    target = Path(os.path.realpath(path))
    if path.endswith("/") or target.is_dir():
        named = target / name_in(target)
        directory, target = target, Path(os.path.realpath(named))
        if target.parent != directory:
            raise InputError(
                f"{option}: {named} is a link to a file in another directory",
                hint="Remove the link, or name the file itself.",
            )
    if not target.parent.is_dir():
        raise InputError(f"{option}: there is no directory {target.parent}", hint="Create it first.")
    if target.exists() and not target.is_file():
        raise InputError(f"{option}: {target} is not a file", hint="Name a file, or a directory with a trailing slash.")
    return target


def shortened(name: str, longest: int) -> str:
    """The name in ``longest`` bytes at most; one that is cut ends in a digest, so that it differs from similar ones."""
    encoded = name.encode(errors="surrogatepass")
    if len(encoded) <= longest:
        return name
    ending = f"~{hashlib.sha256(encoded).hexdigest()[:12]}"
    return encoded[: longest - len(ending)].decode(errors="ignore") + ending


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
