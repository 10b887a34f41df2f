# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data from elsewhere: a URL, or an image at a Location, whole although connections break."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..._cloud.translate import from_status, translate
from ..._core.errors import (
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    ServerError,
    UnreachableError,
)
from ..._core.retry import TRANSIENT, Attempts, Policy, with_retries
from ..._glance.client import glance_for
from ..fingerprint import same_format, stored_digests
from .image_file import ImageFile, open_image_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO, Any

    from requests import Response

    from ..._cloud.connection import Connection
    from ..._core.deadline import Deadline

PIECE = 256 << 10
BREAKS = Policy(errors=(DeadlineError, *TRANSIENT))
"""How often a connection may break in a row without a byte coming through, or a server say nothing."""


WEB = Policy(errors=(DeadlineError, *TRANSIENT), stalls=3)


def download_url(url: str, workspace: Path, deadline: Deadline, silence: float) -> ImageFile:
    """Fetch an http(s) URL; ``silence`` is how many seconds the server may say nothing. Raises `OaktreeError`."""
    with _new_file(workspace) as (path, file):
        _WebFile(url, deadline, silence).save(file)
    try:
        return open_image_file(str(path), deadline)
    except InputError as error:
        raise InputError(error.message.replace(f"path: {path}", "url: what it serves"), hint=error.hint) from error


def download_image(connection: Connection, image: Mapping[str, Any], workspace: Path, deadline: Deadline) -> ImageFile:
    """Fetch an image's data, verified against what the cloud says of it. Raises `OaktreeError`."""
    stream = ImageStream(connection, image, connection.api_timeout)
    with _new_file(workspace) as (path, file):
        for piece in stream.read():
            deadline.remaining()
            file.write(piece)
    source = open_image_file(str(path), deadline)
    verify_data(image, source.size, source.digests)
    told = str(image["disk_format"])
    if source.disk_format != "raw" and not same_format(source.disk_format, told):
        path.unlink(missing_ok=True)
        raise InputError(
            f"from: the image is a {source.disk_format}, its cloud takes it for {told}", hint="Do not trust it."
        )
    return replace(source, disk_format=told, detected=source.disk_format)


def verify_data(image: Mapping[str, Any], size: int, digests: Mapping[str, str]) -> None:
    """Compare data that came with what the cloud says of it; raises IntegrityError.

    Whatever format the data seems to have: damage at its beginning looks like another format.
    """
    if size != image["size"]:
        raise IntegrityError(f"{size} bytes came of {image['size']}")
    for name, value in stored_digests(image).items():
        if digests.get(name, value) != value:
            raise IntegrityError(f"the {name} of what came is {digests[name]}, not {value}")


class ImageStream:
    """The data of an image at one Location, from any place on; goes on by itself where the connection broke."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], stall_timeout: float) -> None:
        """``stall_timeout`` is how many seconds the cloud may say nothing."""
        self.size = int(image["size"])
        self.resumable: bool | None = None
        """Whether the cloud serves the rest of an image; None until it was asked to."""
        self._connection = connection
        self._glance = glance_for(connection)
        self._image_id = str(image["id"])
        self._stall_timeout = stall_timeout

    def read(self, offset: int = 0) -> Iterator[bytes]:
        """The bytes from there to the end, exactly so many; raises `OaktreeError`.

        Costs one request, and one more each time the connection breaks. A cloud that does not serve ranges sends
        what came before as well, which is thrown away.
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
            raise IntegrityError(f"the cloud sends more than the {self.size} bytes that the image has")
        if whole and position < self.size:
            raise UnreachableError(f"the download broke off after {position} of {self.size} bytes")

    def _pieces(self, offset: int) -> Iterator[bytes]:
        headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={offset}-"} if offset else {})}
        with self._glance.data(self._image_id, headers, self._stall_timeout) as response:
            skip = self._surplus(response, offset)
            for piece in pieces(response):
                self._connection.deadline.remaining()
                if skip < len(piece):
                    yield piece[skip:]
                skip = max(0, skip - len(piece))

    def _surplus(self, response: Response, offset: int) -> int:
        """How many bytes of the answer come before those that were asked for."""
        if response.status_code not in (200, 206):
            raise ServerError(f"the answer to GET of the data is {response.status_code}", status=response.status_code)
        if not offset:
            return 0
        self.resumable = response.status_code == 206
        if not self.resumable:
            return offset
        if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise ServerError(f"asked for the bytes from {offset} on, the cloud sends others")
        return 0


class _WebFile:
    """A file on the web. A broken download goes on where it broke, if the server can tell that the file is the same."""

    def __init__(self, url: str, deadline: Deadline, silence: float) -> None:
        self._url = url
        self._deadline = deadline
        self._silence = silence
        self._version: str | None = None
        """What the server calls the file as it is now (RFC 9110, 13.1.5: a strong ETag, or a date)."""

    def save(self, file: IO[bytes]) -> None:
        with_retries(lambda: self._go_on(file), WEB, self._deadline)

    def _go_on(self, file: IO[bytes]) -> None:
        if self._version is None:
            file.truncate(file.seek(0))
        with self._get(file.tell()) as response:
            if response.status_code != 206:
                file.truncate(file.seek(0))
            elif not response.headers.get("Content-Range", "").startswith(f"bytes {file.tell()}-"):
                self._version = None
                raise ServerError("url: the server sends other bytes than those that were asked for")
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
            timeout = self._deadline.timeout(self._silence)
            response = requests.get(self._url, headers=headers, stream=True, timeout=timeout)
        except requests.RequestException as exc:
            raise translate(exc) from exc
        self._check(response)
        return response

    def _check(self, response: Response) -> None:
        status = response.status_code
        if status == 416:
            self._version = None
            raise ServerError("url: the file became shorter while it was fetched")
        if status == 429 or status >= 500:
            raise from_status(status, f"url: the server answers {status} {response.reason}", "", response.headers)
        if status >= 400:
            raise InputError(f"url: the server answers {status} {response.reason}", hint="Check the URL.")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise InputError("url: the server answers with a web page", hint="Give the URL of the image file itself.")


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
                f"the image cannot be kept in {workspace}: {exc.strerror}",
                hint="Free some space, or set temporary_directory to a place that has it.",
            ) from exc


def pieces(response: Response) -> Iterator[bytes]:
    """The body as it arrives: a slow one in small pieces, so that clocks are looked at in between.

    Raises UnreachableError when less arrives than was announced, DeadlineError when nothing does for too long.
    """
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    announced, got = response.headers.get("Content-Length"), 0
    read = getattr(response.raw, "read1", response.raw.read)  # urllib3 has read1 since 2.1
    try:
        while piece := read(PIECE, decode_content=False):
            got += len(piece)
            yield piece
    except ReadTimeoutError as exc:
        raise DeadlineError(
            f"the download stalled after {got} bytes", hint="Try again; the network may be busy."
        ) from exc
    except (HTTPError, OSError) as exc:
        raise UnreachableError(f"the download broke off after {got} bytes") from exc
    if announced and got < int(announced):
        raise UnreachableError(f"the download broke off after {got} of {announced} bytes")
