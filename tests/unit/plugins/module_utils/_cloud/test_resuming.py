# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads that resume: what is asked for again, and what is given up. More is in `_image/source/test_download.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

import pytest
from requests import Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.resuming import ResumingStream
from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    IntegrityError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import connect

DATA = bytes(range(256)) * 4
HALF = 512


class Raw(BytesIO):
    """The body of an answer, as urllib3 gives it."""

    def read1(self, size: int | None = -1, **_options: Any) -> bytes:
        """Return at most 100 bytes."""
        return self.read(min(size or 0, 100))


def answer(data: bytes, status: int = 200, start: int | None = None) -> Response:
    made: Any = Response()
    made.status_code, made.raw = status, Raw(data)
    made.headers["Content-Length"] = str(len(DATA))
    if start is not None:
        made.headers["Content-Range"] = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
        made.headers["Content-Length"] = str(len(DATA) - start)
    return made  # type: ignore[no-any-return]


class Source:
    """Answers in their turn, and what was asked."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.ranges: list[str | None] = []

    def __call__(self, headers: Mapping[str, str]) -> Response:
        """Answer a request."""
        self.ranges.append(headers.get("Range"))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def stream(
    fake_openstack: Callable[..., FakeOpenStack], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ResumingStream]:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    clouds = fake_openstack()
    return lambda source: ResumingStream(connect(clouds), len(DATA), source)


def test_what_has_arrived_is_not_asked_for_again(stream: Callable[..., ResumingStream]) -> None:
    source = Source(answer(DATA[:HALF]), UnreachableError("down"), answer(DATA[HALF:], 206, HALF))
    assert b"".join(stream(source).read()) == DATA
    assert source.ranges == [None, f"bytes={HALF}-", f"bytes={HALF}-"]


def test_a_store_without_ranges_sends_all_again(stream: Callable[..., ResumingStream]) -> None:
    source = Source(RefusedError("no ranges", status=416), answer(DATA))
    made = stream(source)
    assert b"".join(made.read(HALF)) == DATA[HALF:]
    assert source.ranges == [f"bytes={HALF}-", None]
    assert made.resumable is False


@pytest.mark.parametrize(
    ("answers", "offset", "error"),
    [
        ([answer(DATA + b"x")], 0, IntegrityError),
        ([answer(DATA[1:], 206, 1)] * 3, HALF, ServerError),
        ([RefusedError("gone", status=404)], HALF, RefusedError),
    ],
)
def test_what_cannot_be_completed(
    stream: Callable[..., ResumingStream], answers: list[Any], offset: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        b"".join(stream(Source(*answers)).read(offset))
