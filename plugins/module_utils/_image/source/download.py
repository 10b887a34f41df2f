# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads of image data, from a URL or from an image at a Location, which resume when the connection breaks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from ..._cloud.resuming import WHOLE, ResumingStream, pieces
from ..._cloud.translate import from_status, translate
from ..._cloud.transport import announced_length, get_from_web
from ..._core.errors import (
    DeadlineError,
    InputError,
    OaktreeError,
    ServerError,
    UnreachableError,
    innermost,
)
from ..._core.progress import Progress
from ..._core.retry import TRANSIENT, Attempts, Policy, Value, with_retries
from ..._core.text import one_line
from ..._glance.client import glance_for
from ..fingerprint import same_format, verify_download
from .image_file import AS_BYTES, ImageFile, by_content, digests_of, open_image_file
from .workspace import MORE_SPACE, SHARE, new_file, room_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import IO, Any

    from requests import RequestException, Response

    from ..._cloud.connection import Connection
    from ..._core.deadline import Deadline

WEB = Policy(errors=(DeadlineError, *TRANSIENT), stalls=3)
"""Requests for a file on the web, of a download those in a row by which it does not get ahead."""

SETTLED = 60.0
"""Seconds after its last change from which a file's date tells it from others (RFC 9110, 8.8.2.2)."""

_UNREACHABLE = "Check the URL, and the network and the proxies of the host that runs the task."


def download_url(
    url: str,
    workspace: Path,
    deadline: Deadline,
    stall_timeout: float,
    unless: WebVersion | None = None,
    progress: Progress | None = None,
) -> tuple[Path, WebVersion] | None:
    """Download an http(s) URL to a new file; it stalls after ``stall_timeout`` seconds without a byte.

    Returns also what the server says of the file. None where it is still the version ``unless``, which costs one
    request and no data. The data counts for ``progress``. Raises `OaktreeError`.
    """
    with new_file(workspace, ".download") as (path, file):
        version = WebFile(url, deadline, stall_timeout, progress).save(file, unless)
        if version is None:
            path.unlink()
            return None
    return path, version


def download_image(
    connection: Connection, image: Mapping[str, Any], workspace: Path, deadline: Deadline, stall_timeout: float
) -> ImageFile:
    """Download an image's data, verified against what the cloud reports of it; damaged data once more.

    It stalls after ``stall_timeout`` seconds without a byte. Raises `OaktreeError`; then nothing remains in
    ``workspace``.
    """
    stream = ImageStream(connection, image, stall_timeout)

    def download() -> ImageFile:
        with new_file(workspace, ".download") as (path, file):
            for piece in stream.read():
                deadline.remaining()
                file.write(piece)
            file.flush()
            return open_download(path, image, deadline)

    declared = str(image["disk_format"])
    source = by_content(with_retries(download, WHOLE, deadline), declared)
    found = source.disk_format
    if found != "raw" and not same_format(found, declared):
        source.path.unlink(missing_ok=True)
        raise InputError(
            f"from: the image data is {found}, but its cloud declares {declared}",
            hint="Verify the image before using it.",
        )
    return replace(source, disk_format=declared, detected=found)


def open_download(path: Path, image: Mapping[str, Any], deadline: Deadline) -> ImageFile:
    """The file with an image's data, as bytes. Raises IntegrityError for damaged data, InputError for unsafe data."""
    try:
        source = open_image_file(str(path), deadline, AS_BYTES)
    except InputError:
        verify_download(image, path.stat().st_size, digests_of(path))
        raise
    verify_download(image, source.size, source.digests)
    return source


class ImageStream(ResumingStream):
    """The data of an image at one Location, from any offset; resumes by itself when the connection breaks."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], stall_timeout: float) -> None:
        """``stall_timeout``: seconds without a byte after which the connection counts as broken."""
        glance, image_id = glance_for(connection), str(image["id"])
        super().__init__(connection, int(image["size"]), lambda headers: glance.data(image_id, headers, stall_timeout))


_WITH_FILE = {200, 203, 206, 304}
"""Answers that have the file, or some of it, or say that it did not change."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-\d*/(\d{1,18}|\*)")

_NO_CODINGS = {"", "identity", "none", "binary", "utf-8", "aws-chunked"}
"""What servers write as Content-Encoding of files that are not encoded."""


@dataclass(frozen=True)
class WebVersion:
    """What a server says of the file that it serves, in its header fields; empty where it does not say."""

    etag: str = ""
    last_modified: str = ""
    date: str = ""
    length: str = ""
    coding: str = ""
    """Of the answer: it has to be undone."""
    names: tuple[str, ...] = ()
    """File names in the URLs that led to the file, those of redirects after that of the user."""

    @classmethod
    def of(cls, response: Response) -> WebVersion:
        etag, changed, date = (response.headers.get(name, "") for name in ("ETag", "Last-Modified", "Date"))
        length = announced_length(response)
        codings = (word.strip() for word in response.headers.get("Content-Encoding", "").lower().split(","))
        coding = ", ".join(word for word in codings if word not in _NO_CODINGS)
        urls = (str(answer.url) for answer in (*response.history, response))
        return cls(
            etag, changed, date, "" if length is None else str(length), coding, tuple(file_name(url) for url in urls)
        )

    @property
    def is_certain(self) -> bool:
        """Whether another file would have another version (RFC 9110, 8.8): by a strong ETag, or by length and date.

        A date is certain once it is a minute old, since a file may change twice in a second. A weak ETag never is:
        it stands for files that mean the same, not for files of the same bytes.
        """
        if self.etag:
            return not self.etag.startswith("W/")
        try:
            age = parsedate_to_datetime(self.date) - parsedate_to_datetime(self.last_modified)
        except (TypeError, ValueError):
            return False
        return bool(self.length) and age.total_seconds() >= SETTLED

    @property
    def condition(self) -> dict[str, str]:
        """The header fields that ask for the file unless it is this version."""
        return {"If-None-Match": self.etag} if self.etag else {"If-Modified-Since": self.last_modified}

    @property
    def validator(self) -> str:
        """By which the server tells whether the rest of the file is still of this version (RFC 9110, 13.1.5).

        A strong ETag, or a date; empty without either.
        """
        return self.last_modified if self.etag[:2] in ("", "W/") else self.etag

    def differs_from(self, other: WebVersion) -> bool:
        """Whether the other is certainly another file. An answer with some bytes of a file need not say all of it."""
        mine, theirs = ((v.etag, v.last_modified, v.length) for v in (self, other))
        return any(one and another and one != another for one, another in zip(mine, theirs, strict=True))

    def is_confirmed_by(self, answer: WebVersion) -> bool:
        """Whether an answer 304 is about this version.

        To If-Modified-Since some servers answer so for any file that is not newer: for one that was put back, too.
        """
        return bool(self.etag) or self.last_modified == answer.last_modified

    def is_same(self, other: WebVersion) -> bool:
        """Whether the other is certainly the same file."""
        same = (self.etag, self.last_modified, self.coding) == (other.etag, other.last_modified, other.coding)
        return same and self.is_certain and other.is_certain and other.length in ("", self.length)


def file_name(url: str) -> str:
    """The last segment of the URL's path, decoded."""
    return PurePosixPath(unquote(urlparse(url).path)).name


class WebFile:
    """A file on the web. An interrupted download resumes if the server can confirm that the file is unchanged."""

    def __init__(self, url: str, deadline: Deadline, stall_timeout: float, progress: Progress | None = None) -> None:
        self._url = url
        self._progress = progress or Progress()
        self._deadline = deadline
        self._stall_timeout = stall_timeout
        self._begun: WebVersion | None = None
        """What is being downloaded, as long as the rest of it can be asked for."""

    def look(self, unless: WebVersion | None = None) -> WebVersion | None:
        """What the server says of the file: one request, whose data is left alone. None where it is ``unless``."""

        def look() -> WebVersion | None:
            response = self._get_unless(unless)
            if response is None:
                return None
            with response:
                return WebVersion.of(response)

        return self._tried(look, WEB)

    def save(self, file: IO[bytes], unless: WebVersion | None = None) -> WebVersion | None:
        """Write the file; see `download_url`."""
        attempts = Attempts(WEB, self._deadline)
        return self._tried(lambda: self._resume(file, unless, attempts), attempts)

    def _tried(self, call: Callable[[], Value], policy: Policy | Attempts) -> Value:
        try:
            return with_retries(call, policy, self._deadline)
        except OaktreeError as error:
            if error.message.startswith("url: "):
                raise
            told = error.copied()
            told.message = f"url: {error.message}"
            if isinstance(error, UnreachableError):
                told.hint = _UNREACHABLE
            raise told from error

    def _resume(self, file: IO[bytes], unless: WebVersion | None, attempts: Attempts) -> WebVersion | None:
        if self._begun is None:
            file.truncate(file.seek(0))
        offset, begun = file.tell(), self._begun
        response = (
            self._get({"Range": f"bytes={offset}-", "If-Range": begun.validator})
            if offset and begun
            else self._get_unless(unless)
        )
        if response is None:
            return None
        with response:
            version, complete = WebVersion.of(response), announced_length(response)
            if response.status_code == 206:
                version, complete = self._continued(response, offset, version)
            else:
                file.truncate(file.seek(0))
            self._begun = version if version.validator else None
            bound = offset + room_in(Path(file.name).parent)
            self._progress.enter("downloading", complete or 0)
            self._progress.advance(file.tell())
            for piece in pieces(response):
                self._deadline.remaining()
                if file.tell() + len(piece) > bound:
                    raise InputError(
                        f"url: the file is larger than {bound} bytes, {SHARE:.0%} of what is free in "
                        f"{Path(file.name).parent}",
                        hint=MORE_SPACE,
                    )
                file.write(piece)
                self._progress.advance(len(piece))
                if response.status_code == 206:
                    attempts.progressed()
        if complete is not None and file.tell() < complete:
            raise UnreachableError(f"url: the server sent {file.tell()} of {complete} bytes")
        return replace(version, length=str(file.tell()))

    def _continued(self, response: Response, offset: int, version: WebVersion) -> tuple[WebVersion, int | None]:
        """What is being downloaded, and its size if the server says it, by an answer with some of its bytes.

        Some servers ignore If-Range, and send some bytes of whatever the file is now. Raises ServerError for those,
        and for other bytes than were asked for: then it begins again.
        """
        begun, self._begun = self._begun, None
        found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
        if not found or int(found[1]) != offset:
            raise ServerError("url: the server sends another range than requested")
        complete = int(found[2]) if found[2].isdigit() else None
        whole = replace(version, length="" if complete is None else str(complete))
        if begun is None:
            return whole, complete
        if begun.differs_from(whole):
            raise ServerError("url: the file changed during the download")
        return begun, int(begun.length) if begun.length else complete

    def _get_unless(self, unless: WebVersion | None) -> Response | None:
        """The answer with the file; None where it is still that version, which takes two requests at the most."""
        response = self._get(unless.condition if unless else {})
        if unless and response.status_code == 304:
            response.close()
            if unless.is_confirmed_by(WebVersion.of(response)):
                return None
            response = self._get({})
        if response.status_code == 304:
            response.close()
            raise ServerError("url: the server says that the file did not change, although it was not asked that")
        if unless and unless.is_same(WebVersion.of(response)):
            response.close()
            return None
        return response

    def _get(self, headers: Mapping[str, str]) -> Response:
        import requests

        headers = {"Accept-Encoding": "identity", **headers}
        try:
            timeout = self._deadline.timeout(self._stall_timeout)
            response = get_from_web(self._url, headers=headers, stream=True, timeout=timeout)
        except (requests.exceptions.InvalidURL, UnicodeError) as exc:
            raise InputError(f"url: {self._url!r} is not a URL", hint="Check its host name and port.") from exc
        except requests.RequestException as exc:
            raise _failure(exc, str(urlparse(self._url).hostname)) from exc
        except OSError as exc:
            raise InputError(
                f"url: {one_line(str(exc))}", hint="Correct REQUESTS_CA_BUNDLE in the task's environment."
            ) from exc
        try:
            self._check(response)
        except OaktreeError:
            response.close()
            raise
        return response

    def _check(self, response: Response) -> None:
        status = response.status_code
        if status == 416:
            self._begun = None
            raise ServerError("url: the file became shorter during the download")
        if status == 429 or status >= 500:
            raise from_status(status, f"url: the server answered {status} {response.reason}", "", response.headers)
        if status not in _WITH_FILE:
            raise InputError(f"url: the server answered {status} {response.reason}", hint="Check the URL.")
        if response.headers.get("Content-Type", "").startswith("text/html"):
            raise InputError("url: the server answered with a web page", hint="Give the URL of the image file itself.")


def _failure(exc: RequestException, host: str) -> OaktreeError:
    """The error for a request that was not answered."""
    from requests import exceptions

    reason = one_line(str(innermost(exc)))
    if isinstance(exc, exceptions.Timeout):
        return DeadlineError(
            f"url: {host} does not answer", hint="Check that the server is up, or raise stall_timeout."
        )
    if isinstance(exc, exceptions.ProxyError):
        return UnreachableError(
            f"url: the proxy to {host} cannot be reached: {reason}",
            hint="Check http_proxy, https_proxy and no_proxy in the environment of the task.",
        )
    if isinstance(exc, exceptions.SSLError):
        return UnreachableError(
            f"url: there is no secure connection to {host}: {reason}",
            hint="If its certificate is right, set REQUESTS_CA_BUNDLE in the task's environment to that of its issuer.",
        )
    if isinstance(exc, exceptions.ConnectionError):
        return UnreachableError(f"url: {host} cannot be reached: {reason}", hint=_UNREACHABLE)
    return translate(exc)
