# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image brought to a file on this machine: verified, converted on request, and put in place in one step."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._cloud.translate import translate
from ..._core.errors import ConfigError, InputError, IntegrityError, OaktreeError, RefusedError
from ..._core.retry import Policy, with_retries
from ..._local import private_files
from ..fingerprint import DIGESTS, same_format, stored_digests
from ..source import locate
from ..source.convert import convert
from ..source.download import ImageStream, verify_data
from ..source.image_file import ImageFile, open_image_file
from .partial_file import Partial, beside, longest_name, open_partial
from .request import Copy, Export, file_name, same_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..._cloud.connection import Connection
    from .request import ExportRequest

FETCHES = Policy(attempts=2, errors=(IntegrityError,), first=0.0)
"""How often the data is fetched when what came is damaged."""


@dataclass(frozen=True)
class _Present:
    """A file that is there, and of which image data it was made, as far as that is known."""

    copy: Copy
    source: Mapping[str, str]
    """The digests of the image's data."""
    facts: Mapping[str, Any]
    """``id`` and ``size`` of the image."""


class FileExport:
    """The export of one image to a file."""

    def __init__(self, connection: Connection, image: Mapping[str, Any], request: ExportRequest) -> None:
        self._connection = connection
        self._image = image
        self._request = request
        self._format = request.disk_format or str(image["disk_format"])
        self._converted = not same_format(self._format, str(image["disk_format"]))
        self._target = _target(str(request.path), image, self._format)

    def run(self, *, check_mode: bool) -> Export:
        """Have the file with the image's data, or in check mode say what would be done. Raises `OaktreeError`.

        What fails leaves the target as it was, and nothing else but the partial file, where the rest can be fetched
        later.
        """
        present = self._present()
        before = present.copy.to_dict() if present else {}
        if present and self._is_made_of(present):
            self._request.check(present.source)
            return Export("unchanged", present.copy, before)
        if self._converted and shutil.which("qemu-img") is None:
            raise ConfigError(
                f"converting {self._image['disk_format']} to {self._format} needs qemu-img, which is not here",
                hint="Install it (package qemu-utils or qemu-img), or leave disk_format out.",
            )
        if check_mode:
            digests = {} if self._converted else stored_digests(self._image)
            size = None if self._converted else int(self._image["size"])
            copy = Copy(str(self._target), self._format, size, digests)
            return Export("replaced" if present else "created", copy, before)
        with self._connection.within(self._request.transfer_timeout, "transfer_timeout"):
            return self._export(present, before)

    def _present(self) -> _Present | None:
        """The file that is there; it is read only where its size is right and nobody remembers its digests."""
        try:
            size = self._target.stat().st_size
        except OSError:
            return None
        known = _recall(self._target)
        if known:
            copy = Copy(str(self._target), known["format"], size, known["digests"])
            return _Present(copy, known["source"], {"id": known["id"], "size": known["size"]})
        digests = {} if self._converted or size != self._image["size"] else self._content()
        return _Present(Copy(str(self._target), self._format, size, digests), digests, {"size": size})

    def _is_made_of(self, present: _Present) -> bool:
        """Whether the file has the image's data, in the format that is desired."""
        if self._converted and not present.facts.get("id"):
            return False
        return same_format(present.copy.format, self._format) and same_image(present.facts, present.source, self._image)

    def _export(self, present: _Present | None, before: Mapping[str, Any]) -> Export:
        stream = ImageStream(self._connection, self._image, self._request.stall_timeout)
        with open_partial(self._target, self._image) as partial, _kept(partial, stream):
            source = self._fetched(partial, stream)
            self._request.check(source.digests)
            with self._made(source) as made:
                copy = Copy(str(self._target), self._format, made.size, made.digests)
                if present and present.copy.size == made.size and self._content() == made.digests:
                    partial.remove()
                    action = "unchanged"
                else:
                    self._put_in_place(made.path)
                    partial.remove()
                    action = "replaced" if present else "created"
        _remember(self._target, copy, self._image, source.digests)
        return Export(action, copy, before, "download")

    def _fetched(self, partial: Partial, stream: ImageStream) -> ImageFile:
        """The data, whole, right and safe; what turns out damaged is fetched once more."""

        def fetch() -> ImageFile:
            partial.fill(stream)
            try:
                return self._read_back(partial.path)
            except IntegrityError:
                partial.clear()
                raise

        return with_retries(fetch, FETCHES, self._connection.deadline)

    def _read_back(self, path: Path) -> ImageFile:
        """What is on the disk now. Raises IntegrityError for damaged data, RefusedError for unsafe data."""
        try:
            source = open_image_file(str(path), self._connection.deadline)
        except InputError as error:
            verify_data(self._image, path.stat().st_size, _digests(path))
            raise RefusedError(
                f"the image is not safe to use: {error.message}", hint="Whoever uses it would read other files, too."
            ) from error
        verify_data(self._image, source.size, source.digests)
        if self._converted and not same_format(source.disk_format, str(self._image["disk_format"])):
            raise RefusedError(
                f"the cloud says that the image is {self._image['disk_format']}, its content is {source.disk_format}",
                hint="Leave disk_format out to get it as it is, and correct the image.",
            )
        return source

    @contextmanager
    def _made(self, source: ImageFile) -> Iterator[ImageFile]:
        """The file that takes the target's place; what it is made with is gone afterwards."""
        if not self._converted:
            yield source
            return
        workspace = beside(self._target, f".{self._image['id']}.converting")
        shutil.rmtree(workspace, ignore_errors=True)  # of a run that was killed: we hold the lock
        try:
            workspace.mkdir(mode=0o700)
            yield convert(source, self._format, workspace, self._connection.deadline)
        except OSError as exc:
            raise translate(exc) from exc
        finally:
            shutil.rmtree(workspace, ignore_errors=True)

    def _content(self) -> Mapping[str, str]:
        """The digests of the file that is there; none of what is no image."""
        with suppress(InputError):
            return locate.from_path(str(self._target), None, self._target.parent, 0).fingerprint.digests
        return {}

    def _put_in_place(self, made: Path) -> None:
        """With the mode and owner of the file that was there, or those that new files get."""
        try:
            if self._target.exists():
                shutil.copymode(self._target, made)
                status = self._target.stat()
                with suppress(PermissionError):
                    os.chown(made, status.st_uid, status.st_gid)
            else:
                made.chmod(0o666 & ~_umask())
            made.replace(self._target)
        except OSError as exc:
            raise InputError(f"path: {self._target} cannot be written: {exc.strerror}") from exc


def _target(path: str, image: Mapping[str, Any], disk_format: str) -> Path:
    """Where the file goes: a path, with links followed, or a name of our choice in a directory."""
    target = Path(os.path.realpath(path))
    if path.endswith("/") or target.is_dir():
        named = target / file_name(image, disk_format, longest_name(target))
        directory, target = target, Path(os.path.realpath(named))
        if target.parent != directory:
            raise InputError(
                f"path: {named} is a link to a file in another directory",
                hint="Remove the link, or name the file itself.",
            )
    if not target.parent.is_dir():
        raise InputError(f"path: there is no directory {target.parent}", hint="Make it first.")
    if target.exists() and not target.is_file():
        raise InputError(f"path: {target} is not a file", hint="Name a file, or a directory with a slash at its end.")
    return target


@contextmanager
def _kept(partial: Partial, stream: ImageStream) -> Iterator[None]:
    """Remove the partial file after a failure that another run cannot go on from; else say that it is there."""
    try:
        yield
    except (IntegrityError, RefusedError):
        partial.remove()
        raise
    except OaktreeError as error:
        if partial.size == 0 or stream.resumable is False:
            partial.remove()
        else:
            error.message += f"; {partial.size} of {stream.size} bytes are kept in {partial.path} for the next run"
        raise


def _digests(path: Path) -> dict[str, str]:
    found = {}
    for name in DIGESTS:
        with path.open("rb") as file:
            found[name] = hashlib.file_digest(file, name).hexdigest()
    return found


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _state(path: Path) -> list[int]:
    status = path.stat()
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _remember(target: Path, copy: Copy, image: Mapping[str, Any], source: Mapping[str, str]) -> None:
    """Note what the file was made of, so that nobody reads it again while it is left alone."""
    with suppress(OSError):
        value = {
            "state": _state(target),
            "format": copy.format,
            "digests": dict(copy.digests),
            "id": image["id"],
            "size": image["size"],
            "source": dict(source),
        }
        private_files.write("exports", str(target), value)


def _recall(target: Path) -> dict[str, Any] | None:
    """What `_remember` noted of the file as it is now."""
    known = private_files.read("exports", str(target))
    try:
        return known if known and known["state"] == _state(target) else None
    except (KeyError, OSError, TypeError):
        return None
