# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of image data, from a URL or from an image at a Location, which resume when the connection breaks."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..._cloud.translate import from_status, translate
from ..._cloud.transport import announced_length
from ..._core.errors import (
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    RefusedError,
    ServerError,
    UnreachableError,
)
from ..._core.retry import TRANSIENT, Attempts, Policy, with_retries
from ..._glance.client import glance_for
from ..fingerprint import same_format, verify_download
from .image_file import ImageFile, open_image_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO, Any

    from requests import Response

    from ..._cloud.connection import Connection
    from ..._core.deadline import Deadline

PIECE = 256 << 10
BREAKS = Policy(errors=(DeadlineError, *TRANSIENT))
"""Attempts in a row in which not a single byte arrives; fewer where the server sends nothing at all."""

WEB = Policy(errors=(DeadlineError, *TRANSIENT), stalls=3)
"""Requests for a file on the web."""

_NO_RANGES = {400, 416, 501}
"""How image services answer a Range that their store does not support."""


def download_url(url: str, workspace: Path, deadline: Deadline, stall_timeout: float) -> ImageFile:
    """Download an http(s) URL; it stalls after ``stall_timeout`` seconds without a byte. Raises `OaktreeError`."""
    with _new_file(workspace) as (path, file):
        _WebFile(url, deadline, stall_timeout).save(file)
    try:
        return open_image_file(str(path), deadline)
    except InputError as error:
        raise InputError(error.message.replace(f"path: {path}", "url: what it serves"), hint=error.hint) from error


def download_image(connection: Connection, image: Mapping[str, Any], workspace: Path, deadline: Deadline) -> ImageFile:
    """Download an image's data, verified against what the cloud reports of it. Raises `OaktreeError`."""
    stream = ImageStream(connection, image, connection.api_timeout)
    with _new_file(workspace) as (path, file):
        for piece in stream.read():
            deadline.remaining()
            file.write(piece)
    source = open_image_file(str(path), deadline)
    verify_download(image, source.size, source.digests)
    declared = str(image["disk_format"])
    if source.disk_format != "raw" and not same_format(source.disk_format, declared):
        path.unlink(missing_ok=True)
        raise InputError(
            f"from: the image data is {source.disk_format}, but its cloud declares {declared}",
            hint="Verify the image before using it.",
        )
    return replace(source, disk_format=declared, detected=source.disk_format)


class ImageStream:
    """The data of an image at one Location, from any offset; resumes by itself when the connection breaks."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], stall_timeout: float) -> None:
        """``stall_timeout``: seconds without a byte after which the connection counts as broken."""
        self.size = int(image["size"])
        self.resumable: bool | None = None
        """Whether the cloud supports ranges; None before the first request for one."""
        self._connection = connection
        self._glance = glance_for(connection)
        self._image_id = str(image["id"])
        self._stall_timeout = stall_timeout

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes from ``offset`` to the end, exactly; raises `OaktreeError`.

        Costs one request, and one more each time the connection breaks. A cloud without ranges sends the image from
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
            raise IntegrityError(f"the cloud sends more than the {self.size} bytes of the image")
        if whole and position < self.size:
            raise UnreachableError(f"the download was interrupted after {position} of {self.size} bytes")

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
                return self._data({**headers, "Range": f"bytes={offset}-"})
            except (RefusedError, ServerError) as error:
                if error.status not in _NO_RANGES:
                    raise
        return self._data(headers)

    def _data(self, headers: Mapping[str, str]) -> Response:
        return self._glance.data(self._image_id, headers, self._stall_timeout)

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


class _WebFile:
    """A file on the web. An interrupted download resumes if the server can confirm that the file is unchanged."""

    def __init__(self, url: str, deadline: Deadline, stall_timeout: float) -> None:
        self._url = url
        self._deadline = deadline
        self._stall_timeout = stall_timeout
        self._version: str | None = None
        """The validator of the file that is being downloaded (RFC 9110, 13.1.5): a strong ETag, or a date."""

    def save(self, file: IO[bytes]) -> None:
        with_retries(lambda: self._resume(file), WEB, self._deadline)

    def _resume(self, file: IO[bytes]) -> None:
        if self._version is None:
            file.truncate(file.seek(0))
        with self._get(file.tell()) as response:
            if response.status_code != 206:
                file.truncate(file.seek(0))
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {file.tell()}-"):
                self._version = None
                raise ServerError("url: the server sends another range than requested")
            etag = response.headers.get("ETag", "W/")
            self._version = response.headers.get("Last-Modified") if etag.startswith("W/") else etag
            for piece in pieces(response):
                self._deadline.remaining()
                file.write(piece)

    def _get(self, offset: int) -> Response:
        import requests

        headers = {"Accept-Encoding": "identity"}
        if offset and self._version:
            headers |= {"Range": f"bytes={offset}-", "If-Range": self._version}
        try:
            timeout = self._deadline.timeout(self._stall_timeout)
            response = requests.get(self._url, headers=headers, stream=True, timeout=timeout)
        except requests.RequestException as exc:
            raise translate(exc) from exc
        self._check(response)
        return response

    def _check(self, response: Response) -> None:
        status = response.status_code
        if status == 416:
            self._version = None
            raise ServerError("url: the file became shorter during the download")
        if status == 429 or status >= 500:
            raise from_status(status, f"url: the server answered {status} {response.reason}", "", response.headers)
        if status >= 400:
            raise InputError(f"url: the server answered {status} {response.reason}", hint="Check the URL.")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise InputError("url: the server answered with a web page", hint="Give the URL of the image file itself.")


@contextmanager
def _new_file(workspace: Path) -> Iterator[tuple[Path, Any]]:
    """A file that is removed when the work on it fails."""
    with tempfile.NamedTemporaryFile(dir=workspace, suffix=".download", delete=False) as file:
        path = Path(file.name)
        try:
            yield path, file
        except OaktreeError:
            path.unlink(missing_ok=True)
            raise
        except OSError as exc:
            path.unlink(missing_ok=True)
            raise InputError(
                f"the image cannot be written to {workspace}: {exc.strerror}",
                hint="Free some space, or set temporary_directory to a directory that has enough.",
            ) from exc


def pieces(response: Response) -> Iterator[bytes]:
    """The body as it arrives: a slow one in small pieces, so that the caller can check its deadline in between.

    Raises UnreachableError when fewer bytes arrive than were announced, DeadlineError when the connection stalls.
    """
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    announced, received = announced_length(response), 0
    read = getattr(response.raw, "read1", response.raw.read)  # urllib3 has read1 since 2.1
    try:
        while piece := read(PIECE, decode_content=False):
            received += len(piece)
            yield piece
    except ReadTimeoutError as exc:
        raise DeadlineError(
            f"the download stalled after {received} bytes", hint="Try again; the network may be busy."
        ) from exc
    except (HTTPError, OSError) as exc:
        raise UnreachableError(f"the download was interrupted after {received} bytes") from exc
    if announced and received < announced:
        raise UnreachableError(f"the download was interrupted after {received} of {announced} bytes")
