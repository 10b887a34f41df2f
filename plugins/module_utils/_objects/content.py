# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an object's content is: of a file or a text here, and of an object as its store describes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .._cloud.answers import parsing
from .._core.errors import InputError
from .._local import private_files
from .._local.file_state import Unchanged
from .._object_store.content import File, changed, state_of
from .._object_store.responses import is_static
from .headers import OBJECT_META, RECORDED, metadata_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from .._object_store.client import Swift
    from .._object_store.content import Content

MD5_LENGTH = 32
KIND = "digests"
"""Of the files that remember what was read."""


@dataclass(frozen=True)
class Memory:
    """A text, or bytes, as `Content`."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> Iterator[bytes]:
        yield self.data[offset : offset + length]


@dataclass(frozen=True)
class ObjectSource:
    """What is to be stored, and its digests."""

    content: Content = field(repr=False)
    md5: str
    sha256: str

    @property
    def size(self) -> int:
        return self.content.size

    @classmethod
    def of_text(cls, text: str) -> ObjectSource:
        content = Memory(text.encode())
        return cls(content, **_digests(content))

    @classmethod
    def of_file(cls, option: str, path: str) -> ObjectSource:
        """Read the file, unless that was done since it last changed. Raises InputError, which names the option."""
        found = Path(path)
        try:
            if not found.is_file():
                raise InputError(f"{option}: {path} is not a file" if found.exists() else f"{option}: no file {path}")
            before, unchanged = found.stat(), Unchanged(found)
            file = File(found, before.st_size, state_of(before), option)
            known = _recall(unchanged.name)
            if known is None:
                known = _digests(file)
                if state_of(found.stat()) != file.state:
                    raise changed(found, "read", option)
                if unchanged.still():
                    private_files.write(KIND, _key(unchanged.name), known)
        except OSError as exc:
            raise InputError(f"{option}: {path} cannot be read: {exc.strerror}") from exc
        return cls(file, known["md5"], known["sha256"])

    def recorded(self) -> dict[str, str]:
        """The headers that record the digests."""
        digests = {"md5": self.md5, "sha256": self.sha256}
        return {OBJECT_META + name: digests[digest] for digest, name in RECORDED.items()}


def _digests(content: Content) -> dict[str, str]:
    digests = {"md5": hashlib.md5(usedforsecurity=False), "sha256": hashlib.sha256()}
    for chunk in content.read(0, content.size):
        for digest in digests.values():
            digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in digests.items()}


def _recall(name: str) -> dict[str, str] | None:
    """What was remembered of a file in this state; None if there is nothing, or it is damaged."""
    known = private_files.read(KIND, _key(name))
    try:
        return {"md5": str(known["md5"]), "sha256": str(known["sha256"])}
    except (KeyError, TypeError):
        return None


def _key(name: str) -> str:
    return f"object\n{name}"


@dataclass(frozen=True)
class StoredContent:
    """An object's content as its store describes it: the bytes and MD5 of each part, in order.

    Without ``parts`` the store does not say it, as where a segment is a range of another object. ``recorded`` are the
    digests in the object's metadata, by whoever wrote it.
    """

    size: int
    parts: tuple[tuple[int, str], ...] | None
    recorded: Mapping[str, str]

    @property
    def is_verifiable(self) -> bool:
        return self.parts is not None or bool(self.recorded)

    def is_content(self, content: Content, check: Callable[[], object]) -> bool:
        """Whether it is the same: the size, and what is known of its digests. Reads the content once at most."""
        if content.size != self.size:
            return False
        if self.parts is not None:
            return self._parts_match(content, check)
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in self.recorded}
        for chunk in content.read(0, content.size) if digests else ():
            check()
            for digest in digests.values():
                digest.update(chunk)
        return {name: digest.hexdigest() for name, digest in digests.items()} == self.recorded

    def _parts_match(self, content: Content, check: Callable[[], object]) -> bool:
        offset = 0
        for length, md5 in self.parts or ():
            digest = hashlib.md5(usedforsecurity=False)
            for chunk in content.read(offset, length):
                check()
                digest.update(chunk)
            if digest.hexdigest() != md5:
                return False
            offset += length
        return True

    def is_source(self, source: ObjectSource, check: Callable[[], object]) -> bool:
        """As `is_content`, for a source whose digests are known: it is read only to compare several parts."""
        if source.size != self.size:
            return False
        if self.parts is not None and len(self.parts) == 1:
            return self.parts[0][1] == source.md5
        known = {"md5": source.md5, "sha256": source.sha256}
        if self.recorded:
            return all(known[name] == value for name, value in self.recorded.items())
        return self.parts is not None and self._parts_match(source.content, check)


def stored_content(
    swift: Swift, container: str, name: str, headers: Mapping[str, str], *, trust_records: bool
) -> StoredContent:
    """What an object's headers say of its content, and the manifest of a large one, which takes one request.

    With ``trust_records`` the manifest is not asked for where digests are recorded.
    """
    with parsing(f"the answer to HEAD of {container}/{name}"):
        size, etag = int(headers["Content-Length"]), headers["Etag"].strip('"').lower()
    metadata = metadata_of(OBJECT_META, headers)
    recorded = {digest: metadata[name].lower() for digest, name in RECORDED.items() if name in metadata}
    if is_static(headers) or headers.get("X-Object-Manifest"):
        items = None if recorded and trust_records else _segments(swift, container, name, headers)
        return StoredContent(size, _parts_of(items, size) if items else None, recorded)
    return StoredContent(size, ((size, etag),) if _is_md5(etag) else None, recorded)


def dynamic_segments(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """The container and the prefix of the segments of a dynamic large object; None for any other."""
    container, _slash, prefix = unquote(headers.get("X-Object-Manifest", "")).lstrip("/").partition("/")
    return (container, prefix) if prefix else None


def _segments(swift: Swift, container: str, name: str, headers: Mapping[str, str]) -> list[Any]:
    if is_static(headers):
        return swift.manifest(container, name)
    found = dynamic_segments(headers)
    return list(swift.listed(*found)) if found else []


def _parts_of(items: Sequence[Any], size: int) -> tuple[tuple[int, str], ...] | None:
    """None where the items are not simply parts one after the other."""
    with parsing("the segments of a large object"):
        if any("range" in item or item.get("sub_slo") or not _is_md5(str(item.get("hash"))) for item in items):
            return None
        parts = tuple((int(item["bytes"]), str(item["hash"])) for item in items)
    return parts if sum(length for length, _md5 in parts) == size else None


def _is_md5(etag: str) -> bool:
    return len(etag) == MD5_LENGTH and all(digit in "0123456789abcdef" for digit in etag)
