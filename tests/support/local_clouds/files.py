# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that only their owner can read: configuration holds passwords."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def make_private(directory: Path) -> Path:
    """Make a directory, and its parents, with mode 0700; tighten one that exists."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all: a reader, or a run after an interruption, never sees half of it."""
    make_private(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    remove(draft)
    draft.touch(mode)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def remove(path: Path) -> None:
    """Remove a file or a directory with all below it; nothing happens when it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
