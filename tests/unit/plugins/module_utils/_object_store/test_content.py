# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress, Stage
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.content import (
    CHUNK,
    Body,
    File,
    PartDigests,
    state_of,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.segments import Part, make_parts

DATA = os.urandom(3 * CHUNK + 17)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    path.write_bytes(DATA)
    return path


def nothing() -> None:
    """A check that finds nothing."""


@pytest.mark.parametrize("part", make_parts(len(DATA), CHUNK + 5), ids=lambda part: part.number)
def test_a_body_starts_anew_each_time(path: Path, part: Part) -> None:
    body = Body(File(path, len(DATA)), part.offset, part.length, nothing)
    expected = DATA[part.offset : part.offset + part.length]
    assert len(body) == len(expected)
    next(iter(body))
    assert b"".join(body) == expected
    assert b"".join(body) == expected
    assert body.md5() == hashlib.md5(expected, usedforsecurity=False).hexdigest()


def test_the_check_ends_a_body(path: Path) -> None:
    def expired() -> None:
        raise DeadlineError("over")

    with pytest.raises(DeadlineError):
        list(Body(File(path, len(DATA)), 0, 4, expired))


def test_hashes_continue_with_the_bytes_that_are_sent(path: Path) -> None:
    """Each time from where they were, however often a body is sent, and as often as it breaks off."""
    whole, middle = hashlib.sha256(DATA[:1000]), hashlib.md5(usedforsecurity=False)
    body = Body(File(path, len(DATA)), 1000, len(DATA) - 1000, nothing, {"whole": whole, "middle": middle})
    complete = []
    for _time in range(2):
        next(iter(body))
        complete.append(body.complete)
        assert b"".join(body) == DATA[1000:]
        complete.append(body.complete)
        assert body.hashes["whole"].digest() == hashlib.sha256(DATA).digest()
        assert body.hashes["middle"].digest() == hashlib.md5(DATA[1000:], usedforsecurity=False).digest()
    assert whole.digest() == hashlib.sha256(DATA[:1000]).digest()
    assert complete == [False, True, False, True]


def test_a_file_that_became_shorter(path: Path) -> None:
    body = Body(File(path, len(DATA)), CHUNK, len(DATA) - CHUNK, nothing)
    path.write_bytes(DATA[:-1])
    with pytest.raises(InputError, match="changed while it was sent"):
        list(body)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"x")


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"x")
    os.utime(path, ns=(1, 1))


def swap(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(DATA)
    other.replace(path)


@pytest.mark.parametrize("change", [grow, rewrite, swap])
def test_a_file_that_changed_before_it_is_sent(path: Path, change: Callable[[Path], None]) -> None:
    body = Body(File(path, len(DATA), state_of(path.stat())), 0, len(DATA), nothing)
    assert b"".join(body) == DATA
    change(path)
    sent: list[bytes] = []
    with pytest.raises(InputError, match=f"path: {path} changed while it was sent") as caught:
        sent.extend(body)
    assert sent == []
    assert "nothing writes to the file" in caught.value.hint


@pytest.mark.parametrize("after", [1, 4])
@pytest.mark.parametrize("change", [grow, rewrite])
def test_a_file_that_changes_while_it_is_sent(path: Path, after: int, change: Callable[[Path], None]) -> None:
    """Also after its last byte was read: the cloud has not answered yet."""
    pieces = iter(Body(File(path, len(DATA), state_of(path.stat())), 0, len(DATA), nothing))
    for _piece in range(after):
        next(pieces)
    change(path)
    with pytest.raises(InputError, match="changed while it was sent"):
        next(pieces)


def test_a_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was(path: Path) -> None:
    pieces = iter(Body(File(path, len(DATA), state_of(path.stat())), 0, len(DATA), nothing))
    first = next(pieces)
    swap(path)
    assert first + b"".join(pieces) == DATA


def test_a_file_whose_mode_changes_is_the_same(path: Path) -> None:
    content = File(path, len(DATA), state_of(path.stat()))
    path.chmod(0o600)
    path.rename(path.with_name("moved"))
    path.with_name("moved").rename(path)
    assert b"".join(content.read(0, len(DATA))) == DATA


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can no longer be read"):
        list(File(tmp_path / "missing", 4).read(0, 4))


@pytest.mark.parametrize("step", [1000, CHUNK, len(DATA)])
@pytest.mark.parametrize("length", [CHUNK - 1, CHUNK, len(DATA), 2 * len(DATA)])
def test_md5s_from_one_pass(step: int, length: int) -> None:
    digests = PartDigests(length)
    for start in range(0, len(DATA), step):
        digests.update(DATA[start : start + step])
    assert digests.md5s() == {
        (part.offset, part.length): hashlib.md5(
            DATA[part.offset : part.offset + part.length], usedforsecurity=False
        ).hexdigest()
        for part in make_parts(len(DATA), length)
    }


def test_what_is_sent_counts_once_however_often_it_is_sent(path: Path) -> None:
    file, progress = File(path, len(DATA)), Progress()
    progress.enter("sending", file.size)
    body = Body(file, 0, file.size, nothing, progress=progress)
    body.md5()
    assert progress.stage == Stage("sending", 0, file.size)
    for _attempt in range(2):
        assert len(b"".join(body)) == file.size
        assert progress.stage == Stage("sending", file.size, file.size)
