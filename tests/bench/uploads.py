# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to have a file of random bytes as an image in some regions."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ways import EMPTY_TASK, Way, client, result, task

MODULE = "oaktree.multicloud.image"
LIMIT = "curl, all at once (the limit)"
HASHED_LIMIT = "curl and the digests at once (the limit for a file not seen before)"
MIB = 1 << 20


@dataclass(frozen=True)
class File:
    """A file of random bytes, and the digests that a Glance makes of it."""

    path: Path
    size: int
    md5: str
    sha512: str

    @classmethod
    def make(cls, path: Path, mib: int) -> File:
        """Write it, an hour ago as far as others can see: digests of a file just written are not remembered."""
        md5, sha512 = hashlib.md5(usedforsecurity=False), hashlib.sha512()
        with path.open("wb") as file:
            for _number in range(mib):
                piece = os.urandom(MIB)
                md5.update(piece)
                sha512.update(piece)
                file.write(piece)
        hour_ago = time.time() - 3600
        os.utime(path, (hour_ago, hour_ago))
        return cls(path, mib * MIB, md5.hexdigest(), sha512.hexdigest())


def ways(file: File, places: Sequence[str], *, real: bool = False) -> list[Way]:
    """Return the ways of one round to the places (CLOUD/REGION), each with an image name that nobody has.

    In `real` clouds there is one way more, with the relay that only those have, and images are deleted after runs.
    """

    def removed(name: str) -> list[list[str]]:
        return [task(MODULE, {"name": name, "locations": list(places), "state": "absent"})] if real else []

    def ours(
        title: str, count: Callable[[str], int], *before: Sequence[str], relay: str = "auto", limit: str = LIMIT
    ) -> Way:
        name = _new_name()
        command = task(MODULE, {"name": name, "path": str(file.path), "locations": list(places), "relay": relay})
        earlier = [[*command, *options] for options in before]
        after = removed(name)
        return Way(f"{MODULE}, {title}", command, count, EMPTY_TASK, limit, before=earlier, after=after)

    def other(title: str, program: str) -> Way:
        name = _new_name()
        command = client(program, name, str(file.path), *places)
        return Way(title, command, int, limit=LIMIT, after=removed(name) if program != "digests" else [])

    return [
        Way(EMPTY_TASK, task("ansible.builtin.ping", {}), None),
        ours("file not seen before", _created, limit=HASHED_LIMIT),
        ours("file seen before", _created, ["--check"]),
        *([ours("file seen before, relay: only", _created, ["--check"], relay="only")] if real else []),
        ours("again: nothing to do", _unchanged, []),
        other(LIMIT, "curl"),
        other(HASHED_LIMIT, "curl_digests"),
        other("the digests alone", "digests"),
        other("openstacksdk, one after the other", "sdk_upload"),
    ]


def _new_name() -> str:
    return f"bench-{secrets.token_hex(4)}"


def _created(output: str) -> int:
    return _acted(output, "created")


def _unchanged(output: str) -> int:
    return _acted(output, "unchanged")


def _acted(output: str, action: str) -> int:
    found = result(output)["results"]
    return sum(one["action"] == action and one["image"]["status"] == "active" for one in found)
