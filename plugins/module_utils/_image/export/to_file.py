# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of an image to a file on this machine: verified, converted on request, and put in place in one step."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..._cloud.resuming import WHOLE
from ..._cloud.translate import translate
from ..._core.errors import InputError, IntegrityError, RefusedError
from ..._core.retry import with_retries
from ..._local.file_names import beside
from ..._local.partial_file import (
    Partial,
    PartialName,
    kept,
    open_partial,
    partial_files,
    put_in_place,
    remove_partial_files,
)
from ..fingerprint import fingerprint_of, same_data, same_format, stored_digests
from ..source.convert import convert, find_qemu_img
from ..source.digest_cache import read_image_file
from ..source.download import ImageStream, open_download
from ..source.image_file import AS_BYTES, ImageFile, by_content
from .paths import target_path
from .record import CopyRecord, recall, remember
from .request import Copy, Export

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..._cloud.connection import Connection
    from ..fingerprint import Fingerprint
    from .request import ExportRequest


class FileExport:
    """The export of one image to a file."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], request: ExportRequest) -> None:
        """Raises InputError if no file can be at the path."""
        self._connection = connection
        self._image = image
        self._request = request
        self._format = request.disk_format or str(image["disk_format"])
        self._converted = not same_format(self._format, str(image["disk_format"]))
        self._target = target_path(str(request.path), image, self._format)
        self._origin = f"{connection.region.settings.keystone} {connection.location.region}"

    def survey(self) -> Export:
        """What is to be done: nothing where the file has the image's data. Raises `OaktreeError`."""
        existing, record = self._existing()
        if existing and record and record.is_of(self._image) and same_format(record.format, self._format):
            self._request.check(record.source)
            left = bool(partial_files(self._target, self._partial_name()))
            return Export("unchanged", existing, existing.to_dict(), tidy=left)
        if self._converted:
            find_qemu_img(str(self._image["disk_format"]), self._format, "omit disk_format")
        digests = {} if self._converted else stored_digests(self._image)
        size = None if self._converted else int(self._image["size"])
        copy = Copy(str(self._target), self._format, size, digests)
        return Export("replaced" if existing else "created", copy, existing.to_dict() if existing else {})

    def run(self, planned: Export) -> Export:
        """Write the image's data to the file, or only remove what earlier runs left. Raises `OaktreeError`.

        A failure leaves the target as it was, and only the partial file, from which a later run resumes.
        """
        if planned.action == "unchanged":
            remove_partial_files(self._target, self._partial_name())
            return planned
        with self._connection.within(self._request.transfer_timeout, "transfer_timeout"):
            return self._export(planned.before)

    def _existing(self) -> tuple[Copy, CopyRecord] | tuple[None, None]:
        """The file that is there, and what it was made of: read only where it has the image's size and no record."""
        try:
            size = self._target.stat().st_size
        except OSError:
            return None, None
        record = recall(self._target, self._origin)
        if record is None:
            digests = {} if self._converted else self._digests(fingerprint_of(self._image))
            record = CopyRecord(self._format, digests, "", size, digests)
        return Copy(str(self._target), record.format, size, record.digests), record

    def _digests(self, expected: Fingerprint) -> Mapping[str, str]:
        """The digests of the file that is there; none if its size differs from the expected one, or it is no image."""
        with suppress(InputError, OSError):
            if same_data(self._target.stat().st_size, {}, expected) is not False:
                return read_image_file(str(self._target), AS_BYTES).digests
        return {}

    def _export(self, before: Mapping[str, Any]) -> Export:
        stream = ImageStream(self._connection, self._image, self._request.stall_timeout)
        with open_partial(self._target, self._partial_name()) as partial, kept(partial, stream):
            source = self._downloaded(partial, stream)
            self._request.check(source.digests)
            with self._in_format(source) as made:
                unchanged = before and same_data(None, self._digests(made), made)
                if not unchanged:
                    put_in_place("path", made.path, self._target)
            partial.remove()
        image_id, size = str(self._image["id"]), int(self._image["size"])
        record = CopyRecord(self._format, made.digests, image_id, size, source.digests)
        remember(self._target, self._origin, record)
        copy = Copy(str(self._target), self._format, made.size, made.digests)
        action = "unchanged" if unchanged else "replaced" if before else "created"
        return Export(action, copy, before, "download")

    def _partial_name(self) -> PartialName:
        """By ID and digest. Without a digest the origin tells images of one ID in different clouds apart."""
        origin = hashlib.sha256(self._origin.encode()).hexdigest()
        digest = next(iter(stored_digests(self._image).values()), origin)[:16]
        return PartialName(str(self._image["id"]), digest, "path", "exports this image")

    def _downloaded(self, partial: Partial, stream: ImageStream) -> ImageFile:
        """The data: complete, verified and safe. Damaged data is downloaded once more."""

        def download() -> ImageFile:
            partial.fill(stream, self._connection.progress)
            try:
                return self._read_back(partial.path)
            except IntegrityError:
                partial.clear()
                raise

        return with_retries(download, WHOLE, self._connection.deadline)

    def _read_back(self, path: Path) -> ImageFile:
        """What is on the disk now. Raises IntegrityError for damaged data, RefusedError for unsafe data."""
        try:
            source = open_download(path, self._image, self._connection.deadline)
        except InputError as error:
            raise RefusedError(
                f"the image is not safe to use: {error.message}", hint="Programs that open it would read other files."
            ) from error
        declared = str(self._image["disk_format"])
        source = by_content(source, declared)
        if self._converted and not same_format(source.disk_format, declared):
            raise RefusedError(
                f"the image data is {source.disk_format}, but its cloud declares {declared}",
                hint="Omit disk_format to export it unchanged, and correct the image.",
            )
        return source

    @contextmanager
    def _in_format(self, source: ImageFile) -> Iterator[ImageFile]:
        """The file in the requested format; what a conversion needs is removed at the end."""
        if not self._converted:
            yield source
            return
        workspace = beside(self._target, f".{self._image['id']}.converting")
        shutil.rmtree(workspace, ignore_errors=True)  # of a run that was killed: we hold the lock
        try:
            workspace.mkdir(mode=0o700)
        except OSError as exc:
            raise InputError(
                f"path: the directory {workspace} cannot be made: {exc.strerror}",
                hint="Remove what is there, or name another path.",
            ) from exc
        try:
            self._connection.progress.enter("converting")
            yield convert(source, self._format, workspace, self._connection.deadline)
        except OSError as exc:
            raise translate(exc) from exc
        finally:
            shutil.rmtree(workspace, ignore_errors=True)
