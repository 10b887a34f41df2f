# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads that resume by themselves when the connection breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.errors import (
    DeadlineError,
    IntegrityError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from .._core.retry import TRANSIENT, Attempts, Policy
from .._core.text import counted
from .transport import announced_length, raw_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from requests import Response

    from .connection import Connection

PIECE = 256 << 10
BREAKS = Policy(errors=(DeadlineError, *TRANSIENT))
"""Attempts in a row in which not a single byte arrives; fewer where the server sends nothing at all."""

WHOLE = Policy(attempts=2, errors=(IntegrityError,), first=0.0)
"""Attempts at all of the data, where it turns out to be damaged."""

_NO_RANGES = {400, 416, 501}
"""How services answer a Range that their store does not support."""


class ResumingStream:
    """Data of known size at one Location, from any offset; resumes by itself when the connection breaks."""

    def __init__(self, connection: Connection, size: int, ask: Callable[[Mapping[str, str]], Response]) -> None:
        """``ask`` sends one request for the data, with these headers, and returns its answer unread."""
        self.size = size
        self.resumable: bool | None = None
        """Whether the cloud supports ranges; None before the first request for one."""
        self._connection = connection
        self._ask = ask

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes from ``offset`` to the end, exactly; raises `OaktreeError`.

        Costs one request, and one more each time the connection breaks. A cloud without ranges sends the data from
        its beginning each time; the bytes before the offset are discarded.
        """
        position, attempts = offset, Attempts(BREAKS, self._connection.deadline)
        while position < self.size:
            try:
                for piece in self._pieces(position):
                    position += len(piece)
                    attempts.progressed()
                    self._check(position, whole=False)
                    yield piece
                self._check(position, whole=True)
            except OaktreeError as error:
                attempts.failed(error)

    def _check(self, position: int, *, whole: bool) -> None:
        if position > self.size:
            raise IntegrityError(f"the cloud sends more than the {counted(self.size, 'byte')} of the data")
        if whole and position < self.size:
            raise UnreachableError(f"the download was interrupted after {position} of {counted(self.size, 'byte')}")

    def _pieces(self, offset: int) -> Iterator[bytes]:
        with self._request(offset) as response:
            skip = self._surplus(response, offset)
            for piece in pieces(response):
                self._connection.deadline.remaining()
                if skip < len(piece):
                    yield piece[skip:]
                skip = max(0, skip - len(piece))

    def _request(self, offset: int) -> Response:
        """Ask for the bytes from ``offset``, or for all where ranges are rejected, as by Glance's store on Ceph RBD."""
        headers = {"Accept-Encoding": "identity"}
        if offset and self.resumable is not False:
            try:
                return self._ask({**headers, "Range": f"bytes={offset}-"})
            except (RefusedError, ServerError) as error:
                if error.status not in _NO_RANGES:
                    raise
        return self._ask(headers)

    def _surplus(self, response: Response, offset: int) -> int:
        """Bytes of the response that precede the requested offset."""
        if response.status_code not in (200, 206):
            raise ServerError(
                f"the cloud answered {response.status_code} to the request for the data", status=response.status_code
            )
        if not offset:
            return 0
        self.resumable = response.status_code == 206
        if not self.resumable:
            return offset
        if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise ServerError(f"the cloud sends another range than requested (bytes {offset}-)")
        return 0


def pieces(response: Response) -> Iterator[bytes]:
    """The body as it arrives: a slow one in small pieces, so that the caller can check its deadline in between.

    Raises UnreachableError when fewer bytes arrive than were announced, DeadlineError when the connection stalls.
    """
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    announced, received = announced_length(response), 0
    try:
        for piece in raw_pieces(response, PIECE):
            received += len(piece)
            yield piece
    except ReadTimeoutError as exc:
        raise DeadlineError(
            f"the download stalled after {counted(received, 'byte')}", hint="Try again; the network may be busy."
        ) from exc
    except (HTTPError, OSError) as exc:
        raise UnreachableError(f"the download was interrupted after {counted(received, 'byte')}") from exc
    if announced and received < announced:
        raise UnreachableError(f"the download was interrupted after {received} of {counted(announced, 'byte')}")
