# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the image comes from, by the options ``path``, ``url``, ``from`` and ``checksum``."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from ..._cloud.translate import translate
from ..._core.deadline import Deadline, clock
from ..._core.errors import InputError, IntegrityError, OaktreeError
from ..._glance.client import find_image, glance_for
from ..._local import private_files
from ..._run.gather import Target, connect, each
from ..fingerprint import DIGESTS, fingerprint_of
from .download import download_image, download_url, pieces
from .image_data import HomeImage, ImageData
from .image_file import ImageFile, open_image_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_SUMS = 1 << 20
"""Bytes of a checksum file that are read; real ones have a few thousand."""

STILL = 2.0
"""Seconds that a file must have been left alone for its digests to be remembered."""


def from_path(path: str, checksum: str | None, workspace: Path, timeout: float) -> ImageData:
    """A file on this machine; its digests are remembered, so that an unchanged file is not read again."""
    source = open_local(path, checksum, timeout)
    return ImageData(source, lambda _deadline: source, workspace)


def open_local(path: str, checksum: str | None, timeout: float) -> ImageFile:
    """See `from_path`. Raises InputError and, for a file that is not what ``checksum`` says, IntegrityError."""
    source = _remembered(path) or _read(path)
    _check(source.digests, checksum, PurePosixPath(path).name, timeout)
    return source


def from_url(url: str, checksum: str | None, workspace: Path, timeout: float, silence: float) -> ImageData:
    """A file on the web, fetched at once, so that its digests are known and verified before any cloud is asked."""
    if urlparse(url).scheme not in ("http", "https"):
        raise InputError(f"url: {url!r} is not an http or https URL")
    source = download_url(url, workspace, Deadline(timeout, "transfer_timeout"), silence)
    _check(source.digests, checksum, PurePosixPath(unquote(urlparse(url).path)).name, timeout)
    return ImageData(source, lambda _deadline: source, workspace, url)


def from_location(target: Target, location: str, image: str, checksum: str | None, workspace: Path) -> ImageData:
    """An image at another Location, by name or ID. Its data is fetched only when some Location needs it from here."""
    connections, failed = connect(replace(target, locations=(location,)))
    if len(connections) + len(failed) != 1:
        raise InputError(
            f"from: {location!r} selects {len(connections) + len(failed)} Locations",
            hint=f"Name one of {', '.join(str(connection.location) for connection in connections)}.",
        )
    outcomes = each(connections, lambda connection: find_image(glance_for(connection), image), target.limits())
    error = outcomes[0].error if outcomes else failed[0].error
    if error:
        error.message = f"from: {error.message}"
        raise error
    connection, found = outcomes[0].item, outcomes[0].value or {}
    fingerprint = fingerprint_of(found)
    _check(fingerprint.digests, checksum, image, target.timeout)

    def fetch(deadline: Deadline) -> ImageFile:
        connection.deadline = deadline
        return download_image(connection, found, workspace, deadline)

    keystone = connection.region.settings.auth_url
    return ImageData(fingerprint, fetch, workspace, home=HomeImage(connection.location, keystone, found))


def _state(path: str) -> str:
    """What changes when the file does, as far as its directory entry tells."""
    status = Path(path).stat()
    return "/".join(
        str(part) for part in (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    )


def _remembered(path: str) -> ImageFile | None:
    try:
        known = private_files.read("digests", f"{Path(path).resolve()}:{_state(path)}")
        digests = {name: known["digests"][name] for name in DIGESTS}
        return ImageFile(known["size"], known["disk_format"], digests, Path(path), known["virtual_size"])
    except (OSError, KeyError, TypeError):
        return None


def _read(path: str) -> ImageFile:
    """Read the file, and remember what was found unless it was written to just now or in the meantime."""
    try:
        before = _state(path)
    except OSError:
        return open_image_file(path)  # which says what is wrong with it
    source = open_image_file(path)
    with contextlib.suppress(OSError):  # gone again: whoever sends it will say so
        if before == _state(path) and clock.time() - source.path.stat().st_mtime > STILL:
            facts = {fact: getattr(source, fact) for fact in ("size", "disk_format", "digests", "virtual_size")}
            private_files.write("digests", f"{source.path.resolve()}:{before}", facts)
    return source


def _check(digests: Mapping[str, str], checksum: str | None, name: str, timeout: float) -> None:
    """Compare with what the user expects: ``algorithm:digest`` or ``algorithm:URL`` of a file of checksums."""
    if checksum is None:
        return
    algorithm, _colon, expected = checksum.partition(":")
    if algorithm not in DIGESTS or not expected:
        raise InputError(
            f"checksum: {checksum!r} is not of the form ALGORITHM:DIGEST or ALGORITHM:URL",
            hint=f"Algorithms are {', '.join(DIGESTS)}.",
        )
    if expected.startswith(("http://", "https://")):
        expected = _listed(expected, algorithm, name, timeout)
    if algorithm not in digests:
        raise InputError(
            f"checksum: the cloud tells no {algorithm} of the image", hint=f"It tells {', '.join(digests)}."
        )
    if digests[algorithm] != expected.strip().lower():
        raise IntegrityError(
            f"the {algorithm} of the image is {digests[algorithm]}, not {expected}",
            hint="Get the file anew, and the checksum from where it is published. Nothing was sent.",
        )


def _listed(url: str, algorithm: str, name: str, timeout: float) -> str:
    """The digest beside the file's name in a file of checksums (GNU or BSD style), or the only one in it.

    Files may list those of several algorithms, which their lengths tell apart.
    """
    import requests

    deadline, read = Deadline(timeout), b""
    try:
        with requests.get(url, headers={"Accept-Encoding": "identity"}, timeout=timeout, stream=True) as response:
            response.raise_for_status()
            for piece in pieces(response):
                deadline.remaining()
                read += piece
                if len(read) >= LONGEST_SUMS:
                    break
    except (requests.RequestException, OaktreeError, OSError) as exc:
        raise InputError(f"checksum: {url} cannot be fetched: {translate(exc).message}") from exc
    digests = dict(_lines(read.decode(errors="replace"), 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size))
    if name in digests:
        return digests[name]
    if len(digests) == 1:
        return next(iter(digests.values()))
    raise InputError(f"checksum: {url} does not list {name!r}")


def _lines(text: str, length: int) -> Iterator[tuple[str, str]]:
    """Names and digests of that many digits, line by line."""
    gnu = re.compile(rf"([0-9a-fA-F]{{{length}}})(?:[ \t]+\*?(.+))?")
    bsd = re.compile(rf"[\w/-]+ ?\((.+)\) ?= ?([0-9a-fA-F]{{{length}}})")
    for line in text.splitlines():
        if found := gnu.fullmatch(line.strip()):
            yield (found[2] or "").removeprefix("./"), found[1].lower()
        elif found := bsd.fullmatch(line.strip()):
            yield found[1].removeprefix("./"), found[2].lower()
