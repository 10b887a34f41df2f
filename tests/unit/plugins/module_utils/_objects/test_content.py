# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether content is that of an object, by all that stores say of theirs."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import File
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import content
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.content import (
    Memory,
    ObjectSource,
    StoredContent,
    stored_content,
)
from tests.support.store_site import store_md5

DATA = "0123456789"
MD5, SHA256 = store_md5(DATA.encode()), hashlib.sha256(DATA.encode()).hexdigest()
HALVES = tuple((5, store_md5(half.encode())) for half in (DATA[:5], DATA[5:]))


def nothing() -> None:
    """Let the work go on."""


class Store:
    """In place of a `Swift`: the parts of a large object."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.items = items
        self.asked = 0

    def manifest(self, _container: str, _name: str) -> list[dict[str, Any]]:
        """As the store lists it."""
        self.asked += 1
        return self.items

    def listed(self, container: str, prefix: str) -> list[dict[str, Any]]:
        """As the store lists them."""
        assert (container, prefix) == ("p", "\u00fc/")
        return self.manifest(container, prefix)


PARTS = [{"name": f"/c/{number}", "bytes": size, "hash": md5} for number, (size, md5) in enumerate(HALVES)]
SLO, DLO = {"X-Static-Large-Object": "True"}, {"X-Object-Manifest": "p/%C3%BC/"}
RECORDED = {"X-Object-Meta-X-Sdk-Md5": MD5.upper()}


@pytest.mark.parametrize(
    ("headers", "items", "expected", "asked"),
    [
        ({"Etag": MD5}, [], StoredContent(10, ((10, MD5),), {}), 0),
        ({"Etag": f"{MD5}-2"}, [], StoredContent(10, None, {}), 0),
        ({"Etag": "x", **RECORDED}, [], StoredContent(10, None, {"md5": MD5}), 0),
        ({"Etag": "x", **SLO}, PARTS, StoredContent(10, HALVES, {}), 1),
        ({"Etag": "x", **DLO}, PARTS, StoredContent(10, HALVES, {}), 1),
        ({"Etag": "x", **SLO, **RECORDED}, PARTS, StoredContent(10, None, {"md5": MD5}), 0),
        ({"Etag": "x", **SLO}, PARTS[:1], StoredContent(10, None, {}), 1),
        ({"Etag": "x", **SLO}, [{**PARTS[0], "range": "0-4"}, PARTS[1]], StoredContent(10, None, {}), 1),
        ({"Etag": "x", **SLO}, [{**PARTS[0], "sub_slo": True}, PARTS[1]], StoredContent(10, None, {}), 1),
    ],
)
def test_what_a_store_says(headers: dict[str, str], items: list[Any], expected: StoredContent, asked: int) -> None:
    store: Any = Store(items)
    assert stored_content(store, "c", "o", {"Content-Length": "10", **headers}, trust_records=True) == expected
    assert store.asked == asked


def test_records_are_no_reason_to_leave_a_manifest_unread_that_verifies() -> None:
    store: Any = Store(PARTS)
    headers = {"Content-Length": "10", "Etag": "x", **SLO, **RECORDED}
    assert stored_content(store, "c", "o", headers, trust_records=False).parts == HALVES


@pytest.mark.parametrize(
    ("stored", "same"),
    [
        (StoredContent(10, ((10, MD5),), {}), True),
        (StoredContent(10, ((10, "0" * 32),), {"md5": MD5}), False),
        (StoredContent(9, ((9, MD5),), {"md5": MD5}), False),
        (StoredContent(10, HALVES, {}), True),
        (StoredContent(10, HALVES[::-1], {}), False),
        (StoredContent(10, None, {"md5": MD5, "sha256": SHA256}), True),
        (StoredContent(10, None, {"md5": MD5, "sha256": "0" * 64}), False),
    ],
)
def test_whether_it_is_the_same(stored: StoredContent, same: bool) -> None:  # noqa: FBT001
    source = ObjectSource.of_text(DATA)
    assert stored.is_verifiable
    assert stored.is_source(source, nothing) is same
    assert stored.is_content(source.content, nothing) is same


def test_of_what_nothing_is_known_is_sent_anew_and_received_as_it_is() -> None:
    stored = StoredContent(10, None, {})
    assert not stored.is_verifiable
    assert not stored.is_source(ObjectSource.of_text(DATA), nothing)
    assert stored.is_content(Memory(DATA.encode()), nothing)
    assert not stored.is_content(Memory(b"short"), nothing)


def test_a_file_is_read_once_and_must_stay_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text(DATA)
    source = ObjectSource.of_file("src", str(path))
    assert (source.size, source.md5, source.sha256) == (10, MD5, SHA256)
    assert source == ObjectSource(source.content, MD5, SHA256)
    assert "".join(map(bytes.decode, source.content.read(2, 3))) == "234"
    path.write_text(DATA + "x")
    with pytest.raises(InputError, match=f"src: {path} changed while it was sent"):
        list(source.content.read(0, 10))
    monkeypatch.setattr(content, "state_of", lambda status: (status.st_mtime_ns, id(status)))
    with pytest.raises(InputError, match=f"src: {path} changed"):
        ObjectSource.of_file("src", str(path))


def test_a_file_that_is_unchanged_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    reads: list[Path] = []
    read = File.read

    def counted(file: File, offset: int, length: int) -> Iterator[bytes]:
        reads.append(file.path)
        return read(file, offset, length)

    monkeypatch.setattr(File, "read", counted)
    for text, settled, expected in (
        (DATA, False, 1),
        (DATA, False, 2),
        (DATA, True, 3),
        (DATA, True, 3),
        ("x", True, 4),
    ):
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
        if settled and time.time() - path.stat().st_mtime < 50:
            os.utime(path, (time.time() - 100,) * 2)
        assert ObjectSource.of_file("src", str(path)).md5 == store_md5(text.encode())
        assert len(reads) == expected, "a file that was just written may change again within the same tick"


@pytest.mark.parametrize(("name", "message"), [("", "is not a file"), ("nothing", "no file"), ("secret", "cannot be")])
def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str) -> None:
    (tmp_path / "secret").write_text(DATA)

    def refuse(_file: File, _offset: int, _length: int) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(File, "read", refuse)
    with pytest.raises(InputError, match=f"src: .*{message}"):
        ObjectSource.of_file("src", str(tmp_path / name))
