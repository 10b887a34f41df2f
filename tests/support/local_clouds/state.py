# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A state directory as a whole: whom it belongs to, who may change it, and its password."""

from __future__ import annotations

import fcntl
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import CloudsError
from .files import make_private, remove, write_private
from .layout import Layout
from .venv import versions

_CONTENTS = ("etc", "data", "log", "run", "bin", "plugins", "cache", "tmp", "clouds.yaml", "password", "made-for.json")
"""All but the lock and the virtual environment."""


@contextmanager
def locked(layout: Layout, say: Callable[[str], None]) -> Iterator[None]:
    """Be the only one who changes the state directory, waiting for whoever does so now.

    The kernel gives the lock back when its holder ends, however that comes about.
    """
    _check_root(layout)
    try:
        make_private(layout.root)
    except OSError as error:
        raise CloudsError(f"the state directory cannot be made: {error}; choose one with OAKTREE_CLOUDS_DIR") from error
    with (layout.root / "lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another run at {layout.root} to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _check_root(layout: Layout) -> None:
    """CloudsError when the directory is somebody else's: its mode would be changed, and `reset` would delete in it."""
    if not layout.root.is_dir() or (layout.root / "lock").exists():
        return
    foreign = [path.name for path in layout.root.iterdir() if path.name not in (*_CONTENTS, "venv")]
    if foreign:
        raise CloudsError(f"{layout.root} holds other things ({foreign[0]}): choose a directory for the clouds alone")


def claim(layout: Layout) -> None:
    """Make sure that the data, which hold paths, ports and the schemas of certain versions, fit what we start.

    CloudsError when they do not; the data of a new state directory are made for this layout.
    """
    path = layout.root / "made-for.json"
    ours = {"directory": str(layout.root), "port base": layout.port_base, "set of versions": versions()}
    if not (layout.root / "data").exists():
        write_private(path, json.dumps(ours))
    theirs = json.loads(path.read_text())
    for what, value in ours.items():
        if theirs.get(what) != value:
            raise CloudsError(
                f"the data in {layout.root} were made for another {what} ({theirs.get(what)}, now {value}): "
                "go back to that, or delete the data with `python -m tests.support.local_clouds reset`"
            )


def password(layout: Layout) -> str:
    """The password of all users and services of this state directory, made up when it is first asked for."""
    if not layout.password_file.exists():
        write_private(layout.password_file, secrets.token_urlsafe(18))
    return layout.password_file.read_text()


def delete(layout: Layout) -> None:
    """Delete all but the virtual environment."""
    for name in _CONTENTS:
        remove(layout.root / name)
