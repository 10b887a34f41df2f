# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of an upload, as often as they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..._cloud.connection import Connection
    from ..source.image_file import ImageFile

CHUNK = 256 << 10


class Body:
    """A request body of known length that starts from the first byte each time it is iterated.

    HTTP libraries send a file object from where it stands: sent a second time, after a 401 or a 503, it is empty, and
    the cloud keeps an empty image. Holds one chunk in memory. Iterating raises DeadlineError when the Location's clock
    runs out, and InputError when the file is not what it was: HTTP libraries would take that for a broken connection.
    """

    def __init__(self, source: ImageFile, connection: Connection, stall_timeout: float) -> None:
        self._source = source
        self._connection = connection
        self.timeout = (stall_timeout, stall_timeout)
        """Seconds within which each chunk must be taken, and within which the answer must follow the last one."""

    def __len__(self) -> int:
        return self._source.size

    def __iter__(self) -> Iterator[bytes]:
        left = self._source.size
        try:
            with self._source.path.open("rb", buffering=0) as file:
                while left and (chunk := file.read(min(CHUNK, left))):
                    self._connection.deadline.remaining()
                    left -= len(chunk)
                    yield chunk
        except OSError as exc:
            raise InputError(f"path: {self._source.path} cannot be read any more: {exc.strerror}") from exc
        if left:
            raise InputError(
                f"path: {self._source.path} became shorter while it was sent", hint="Upload it when it is complete."
            )
