# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the image comes from, by the options ``path``, ``url``, ``from`` and ``checksum``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..._cloud.urls import is_url
from ..._core.deadline import Deadline
from ..._core.errors import InputError
from ..._core.progress import Progress
from ..._core.text import is_secret_url, without_url_secrets
from ..._glance.client import check_has_data, find_image, glance_for
from ..._local import private_files
from ..._local.file_state import Unchanged
from ..._run.events import task_reported
from ..desired import BARE, BARE_FORMAT
from ..fingerprint import RAW_NAMES, Announced, fingerprint_of, same_digests
from .checksum import find_checksum, verify_checksum
from .digest_cache import Known, begin_reading, read_image_file, recall, remember
from .download import WebFile, WebVersion, download_image, download_url, file_name
from .hashing import settle, stop
from .image_data import AnnouncedImage, HomeImage, ImageData
from .image_file import AS_IMAGE, Handling
from .other_location import connect_to_one, work_at
from .unpack import decode, open_source, packing_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..._run.ensure import Change
    from ..._run.gather import Result, Target
    from ..fingerprint import Checksum
    from .image_file import ImageFile
    from .unpack import SourceFile

_PLAIN = (".raw", ".img", ".bin")
"""Endings of the names of raw disks."""

_AS_THEY_ARE = {"aki", "ari", "ploop"}
"""Formats of files that are no disks, or whose content nothing here knows."""


@dataclass(frozen=True)
class SourceOptions:
    """What the options of the task say about a file, and the seconds that working on it may take."""

    workspace: Path
    checksum: str | None = None
    disk_format: str | None = None
    container_format: str | None = None
    timeout: float = 300.0
    transfer_timeout: float = 3600.0
    stall_timeout: float = 120.0
    progress: Progress = field(default_factory=Progress, repr=False, compare=False)
    """Shows the work on the file before any Location is sent it."""

    def handling(self, name: str) -> Handling:
        return handling_of(name, self.disk_format, self.container_format)


def handling_of(name: str, disk_format: str | None, container_format: str | None) -> Handling:
    """How a file of this name is to be taken, with what the task says about the image."""
    if (container_format or BARE_FORMAT) not in BARE or disk_format in _AS_THEY_ARE:
        return Handling(verbatim=True, disk_format=disk_format or "", opaque=True)
    return Handling(text=disk_format in RAW_NAMES or name.lower().endswith(_PLAIN))


def from_path(path: str, options: SourceOptions, *, check_mode: bool = False) -> ImageData:
    """A file on this machine. While it is unchanged it is not read again to be hashed; a compressed one is, to be sent.

    A file that is the image itself is hashed while it is sent (`PendingDigests`). In check mode it is hashed at once,
    and so is the digest of a ``checksum``: a wrong file is not sent. Raises InputError, and for a wrong file
    IntegrityError.
    """
    handling, file = options.handling(path), Path(path)
    expected = find_checksum(options.checksum, path, options.timeout)
    before = Unchanged(file)
    known = recall(before.name, handling)
    if not (known.packing if known else packing_of(path, handling)):
        source = _opened(path, handling, options, expected, check_mode=check_mode)
        return ImageData(source, lambda _deadline: source, options.workspace)
    if known is None:
        deadline = Deadline(options.transfer_timeout, "transfer_timeout")
        with task_reported(options.progress):
            opened = open_source(path, options.workspace, deadline, handling, options.progress)
        known = Known.of(opened)
        if before.still():
            remember(before.name, handling, known)
        verify_checksum(known.published, expected)
        return ImageData(opened.image, lambda _deadline: opened.image, options.workspace, published=known.packed)

    def fetch(deadline: Deadline) -> ImageFile:
        opened = open_source(path, options.workspace, deadline, handling)
        return _unchanged(opened, known, f"path: {path} changed while it was used")

    verify_checksum(known.published, expected)
    return ImageData(known, fetch, options.workspace, published=known.packed)


def _opened(
    path: str, handling: Handling, options: SourceOptions, expected: Checksum | None, *, check_mode: bool
) -> ImageFile:
    """The file, with the digests that must be known before it is sent; see `from_path`."""
    if check_mode:
        with task_reported(options.progress):
            source = read_image_file(path, handling, options.progress)
        verify_checksum(source.digests, expected)
        return source
    source = begin_reading(path, handling, options.progress)
    if expected:
        try:
            with task_reported(options.progress):
                settle(source.digests, None, (expected.algorithm,))
            verify_checksum(source.digests, expected)
        except BaseException:
            stop(source.digests)
            raise
    return source


def open_local(path: str, checksum: str | None, timeout: float, handling: Handling = AS_IMAGE) -> ImageFile:
    """A file on this machine that is sent as it is, and not read again while it is unchanged.

    Raises InputError, also for a compressed image, and for a file that does not have the ``checksum`` IntegrityError.
    """
    expected = find_checksum(checksum, path, timeout)
    source = read_image_file(path, handling)
    verify_checksum(source.digests, expected)
    return source


def from_url(url: str, options: SourceOptions, *, check_mode: bool = False) -> ImageData | AnnouncedImage:
    """A file on the web, of which no more is fetched than is needed.

    With a ``checksum`` that is nothing at first: what was known of a file with this checksum is used again, else the
    clouds are asked whether they have it. Without one, the file is requested unless it is still the version that was
    fetched before; in check mode, too, the clouds are asked first. Raises `OaktreeError`.
    """
    if not is_url(url):
        raise InputError(f"url: {url!r} is not an http or https URL")
    return _WebImage(url, options).find(check_mode=check_mode)


class _WebImage:
    def __init__(self, url: str, options: SourceOptions) -> None:
        self._url = url
        self._options = options
        self._handling = options.handling(file_name(url))
        self._name = f"url:{without_url_secrets(url)}"
        self._expected: Checksum | None = None

    def find(self, *, check_mode: bool) -> ImageData | AnnouncedImage:
        self._expected = find_checksum(self._options.checksum, self._url, self._options.timeout, self._names)
        if self._expected and self._expected.is_full:
            known = recall(str(self._expected), self._handling)
            if known:
                return self._data(known)
            return self._announced(Announced({self._expected.algorithm: self._expected.digest}))
        if not check_mode:
            return self._download()
        version = self._version()
        newer = self._web().look(version)
        if newer is None and version:
            return self._known(version)
        length = newer.length if newer else ""
        return self._announced(Announced(size=int(length) if length.isdigit() else None))

    def _announced(self, announced: Announced) -> AnnouncedImage:
        return AnnouncedImage(announced, self._download, url=self._public)

    @property
    def _public(self) -> str | None:
        """The URL, if it is no secret."""
        return None if is_secret_url(self._url) else self._url

    def _web(self) -> WebFile:
        return WebFile(self._url, self._deadline(), self._options.stall_timeout)

    def _names(self) -> tuple[str, ...]:
        version = self._web().look()
        return version.names if version else ()

    def _deadline(self) -> Deadline:
        return Deadline(self._options.transfer_timeout, "transfer_timeout")

    def _version(self) -> WebVersion | None:
        """The version that was fetched before, if it is certain and its file is the expected one."""
        kept = private_files.read("digests", self._name)
        try:
            version = WebVersion(**kept)
        except TypeError:
            return None
        known = recall(self._of(version), self._handling)
        return version if known and version.is_certain and self._is_expected(known.published) is not False else None

    def _is_expected(self, digests: Mapping[str, str]) -> bool | None:
        """Whether these are digests of the file that is expected; None if any file is."""
        expected = self._expected
        return None if expected is None else bool(same_digests({expected.algorithm: expected.digest}, digests))

    def _of(self, version: WebVersion) -> str:
        """What the file of a version is remembered under."""
        return f"{self._name}:{version.etag}:{version.last_modified}:{version.length}"

    def _download(self, _found: Sequence[Result[Change]] = ()) -> ImageData:
        """The file, unless the server says that it is still the known one. Raises `OaktreeError`."""
        version = self._version()
        with task_reported(self._options.progress):
            fetched = self._fetched(self._deadline(), version, self._options.progress)
        if fetched is None:
            return self._known(version or WebVersion())
        source, newer = fetched
        known = replace(Known.of(source), packing=source.packing or newer.coding)
        if newer.is_certain:
            private_files.write("digests", self._name, asdict(replace(newer, names=())))
            remember(self._of(newer), self._handling, known)
        if self._expected:
            remember(str(self._expected), self._handling, known)
        return self._data(known, source.image)

    def _known(self, version: WebVersion) -> ImageData:
        known = recall(self._of(version), self._handling)
        if known is None:
            raise InputError("url: the cached digests of the file were removed meanwhile", hint="Run the task again.")
        return self._data(known)

    def _fetched(
        self, deadline: Deadline, unless: WebVersion | None, progress: Progress | None = None
    ) -> tuple[SourceFile, WebVersion] | None:
        """What the server sends, decoded and opened; None where it is still that version."""
        options = self._options
        got = download_url(self._url, options.workspace, deadline, options.stall_timeout, unless, progress)
        if got is None:
            return None
        path, version = got
        sent: dict[str, str] = {}
        try:
            if version.coding:
                coded = path
                path, sent = decode(coded, version.coding, options.workspace, deadline, progress)
                if path != coded:
                    coded.unlink()
            source = open_source(str(path), options.workspace, deadline, self._handling, progress)
        except InputError as error:
            told = error.message.replace(f"path: {path}", "url: what it serves").replace(f"in {path}", "that it serves")
            raise InputError(told, hint=error.hint) from error
        if source.packing:
            path.unlink()
        if sent and self._is_expected(sent):
            # some servers call a compressed file encoded: then this is what was published
            return replace(source, published=sent), version
        verify_checksum(source.published, self._expected)
        return source, version

    def _data(self, known: Known, image: ImageFile | None = None) -> ImageData:
        """A cloud may fetch the URL by itself, unless what it would get has to be decompressed or is a secret."""
        public = None if known.packing else self._public

        def fetch(deadline: Deadline) -> ImageFile:
            if image:
                return image
            fetched = self._fetched(deadline, None)
            if fetched is None:
                raise InputError("url: the server sent nothing", hint="Run the task again.")
            return _unchanged(fetched[0], known, "url: what it serves changed since it was read")

        return ImageData(image or known, fetch, self._options.workspace, public, published=known.packed)


def _unchanged(source: SourceFile, known: Known, what: str) -> ImageFile:
    """The image, if it is the one that is known. Raises InputError."""
    if source.image.digests != known.digests:
        raise InputError(what, hint="Run the task again.")
    return source.image


def from_location(target: Target, patterns: Sequence[str], image: str, options: SourceOptions) -> ImageData:
    """An image at another Location, by name or ID. Its data is downloaded only when a Location needs it from here.

    Raises InputError unless the patterns select exactly one Location.
    """
    connection = connect_to_one(target, patterns)
    found = work_at(connection, lambda there: find_image(glance_for(there), image), target.timeout)
    try:
        check_has_data(found)
    except InputError as error:
        raise InputError(f"from: {error.message}", hint=error.hint) from error
    fingerprint = replace(fingerprint_of(found), copied_from=(str(connection.location), str(found["id"])))
    verify_checksum(fingerprint.digests, find_checksum(options.checksum, image, target.timeout))

    def fetch(deadline: Deadline) -> ImageFile:
        connection.deadline = deadline
        return download_image(connection, found, options.workspace, deadline, options.stall_timeout)

    keystone = connection.region.settings.keystone
    return ImageData(fingerprint, fetch, options.workspace, home=HomeImage(connection.location, keystone, found))
