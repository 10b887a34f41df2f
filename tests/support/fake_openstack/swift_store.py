# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts, containers and objects of a stand-in Swift."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

from tests.support.fake_openstack.faults import Body
from tests.support.fake_openstack.gate import PIECE
from tests.support.fake_openstack.service import Refusal

KEPT = ("x-object-meta-", "content-type", "content-encoding", "x-delete-at", "x-object-manifest")
"""What headers of an object begin with that are kept and shown again."""
MAX_FILE_SIZE = 5368709122


@dataclass
class Object:
    """An object; one made of segments has their manifest, and no bytes of its own."""

    name: str
    size: int
    etag: str
    headers: CIMultiDict[str]
    path: Path | None = None
    segments: list[dict[str, Any]] | None = None
    written: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def expired(self) -> bool:
        """Say whether its time is over; the store behaves as if it were gone."""
        return "X-Delete-At" in self.headers and int(self.headers["X-Delete-At"]) <= time.time()

    def listed(self) -> dict[str, Any]:
        """Return how a listing shows it."""
        return {
            "name": self.name,
            "bytes": self.size,
            "hash": self.etag if self.segments is None else hashlib.md5(self.manifest()).hexdigest(),  # noqa: S324
            "content_type": self.headers.get("Content-Type", "application/octet-stream"),
            "last_modified": self.written.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            **({} if self.segments is None else {"slo_etag": f'"{self.etag}"'}),
        }

    def manifest(self) -> bytes:
        """Return what `multipart-manifest=get` shows."""
        shown = [
            {"name": part["path"], "hash": part["etag"], "bytes": part["size_bytes"], "content_type": "binary"}
            for part in self.segments or []
        ]
        return json.dumps(shown).encode()


@dataclass
class Container:
    """A container and its metadata."""

    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    objects: dict[str, Object] = field(default_factory=dict)

    def usage(self) -> dict[str, int]:
        """Return how many objects it has, and how many bytes."""
        there = [found for found in self.objects.values() if not found.expired]
        return {"count": len(there), "bytes": sum(found.size for found in there)}

    def find(self, name: str) -> Object | None:
        """Return an object unless it is not there (any more)."""
        found = self.objects.get(name)
        return None if found is None or found.expired else found


@dataclass
class Account:
    """What one project has in the store."""

    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    containers: dict[str, Container] = field(default_factory=dict)


class ObjectStore:
    """The accounts, and a directory for the bytes of objects."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.accounts: dict[str, Account] = {}

    def account(self, project: str) -> Account:
        """Return the account of a project, which is there when it is first used."""
        return self.accounts.setdefault(project, Account())

    def container(self, project: str, name: str) -> Container:
        """Return a container, or refuse."""
        found = self.account(project).containers.get(name)
        if found is None:
            raise Refusal(404, "The resource could not be found.")
        return found

    def object(self, project: str, container: str, name: str) -> Object:
        """Return an object, or refuse."""
        found = self.container(project, container).find(name)
        if found is None:
            raise Refusal(404, "The resource could not be found.")
        return found

    async def write(self, container: Container, name: str, body: Body, headers: CIMultiDict[str]) -> Object:
        """Keep a body; one that breaks off, or is not what its etag says, changes nothing."""
        self._root.mkdir(parents=True, exist_ok=True)  # not before: most stores stay empty
        path = self._root / uuid.uuid4().hex
        digest, size = hashlib.md5(usedforsecurity=False), 0
        try:
            with path.open("wb") as out:
                async for piece in body:
                    digest.update(piece)
                    size += len(piece)
                    out.write(piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if headers.get("Etag", digest.hexdigest()).strip('"') != digest.hexdigest():
            path.unlink()
            raise Refusal(422, "Unprocessable Entity")
        stored = Object(name, size, digest.hexdigest(), kept(headers), path)
        self.remove(container, name)
        container.objects[name] = stored
        return stored

    def remove(self, container: Container, name: str) -> None:
        """Forget an object and its bytes; segments stay."""
        found = container.objects.pop(name, None)
        if found is not None and found.path is not None:
            found.path.unlink(missing_ok=True)

    async def read(self, project: str, found: Object, start: int = 0, end: int | None = None) -> Body:
        """Yield the bytes of an object from `start` up to, not including, `end`."""
        left = (found.size if end is None else end) - start
        for path, size in self._pieces(project, found):
            if start >= size:
                start -= size
                continue
            with path.open("rb") as source:
                source.seek(start)
                start = 0
                while left and (piece := source.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece

    def _pieces(self, project: str, found: Object) -> list[tuple[Path, int]]:
        if found.path is not None:
            return [(found.path, found.size)]
        pieces = []
        for part in found.segments or []:
            container, _slash, name = part["path"].lstrip("/").partition("/")
            segment = self.object(project, container, name)
            if segment.etag != part["etag"]:
                raise Refusal(409, "A segment is not what it was.")
            pieces += self._pieces(project, segment)
        return pieces


def kept(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers of a request that stay with the object; a relative time of expiry becomes absolute."""
    found = CIMultiDict((name, value) for name, value in headers.items() if name.lower().startswith(KEPT))
    if "X-Delete-After" in headers:
        found["X-Delete-At"] = str(int(time.time()) + _seconds(headers["X-Delete-After"]))
    elif "X-Delete-At" in found and _seconds(found["X-Delete-At"]) <= time.time():
        raise Refusal(400, "X-Delete-At in past")
    return found


def _seconds(text: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "Non-integer X-Delete-At or X-Delete-After")
    return int(text)
