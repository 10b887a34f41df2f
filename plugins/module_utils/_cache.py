# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small things worth remembering between tasks, in files of the user's own.

A cache that cannot be read, written or trusted is as good as none: nothing here raises.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any


def read(kind: str, key: str) -> Any:
    """What `write` kept under this key; None without it."""
    directory = _directory(kind)
    if directory is None:
        return None
    try:
        return json.loads(_file(directory, key).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write(kind: str, key: str, value: Any) -> None:
    """Keep a value of plain JSON types, in a file that only the user can read."""
    directory = _directory(kind)
    if directory is None:
        return
    with contextlib.suppress(OSError), tempfile.NamedTemporaryFile("w", dir=directory, delete=False) as file:
        try:
            json.dump(value, file)
            file.flush()
            Path(file.name).replace(_file(directory, key))
        except OSError:
            Path(file.name).unlink(missing_ok=True)


def _file(directory: Path, key: str) -> Path:
    return directory / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def _directory(kind: str) -> Path | None:
    """The directory of this kind, made if need be; None unless it is ours, and ours alone."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "oaktree.multicloud"
    try:
        for directory in (base, base / kind):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = directory.lstat()
            private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
            if not private or status.st_uid != os.geteuid():
                return None
    except (OSError, RuntimeError):
        return None
    return base / kind
