# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the image comes from, by the options ``path``, ``url``, ``from`` and ``checksum``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from ..._core.deadline import Deadline
from ..._core.errors import InputError
from ..._glance.client import find_image, glance_for
from ..._run.gather import Target, connect, each
from ..fingerprint import fingerprint_of
from .checksum import verify_checksum
from .digest_cache import read_image_file
from .download import download_image, download_url
from .image_data import HomeImage, ImageData

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .image_file import ImageFile


def from_path(path: str, checksum: str | None, workspace: Path, timeout: float) -> ImageData:
    """A file on this machine; see `open_local`."""
    source = open_local(path, checksum, timeout)
    return ImageData(source, lambda _deadline: source, workspace)


def open_local(path: str, checksum: str | None, timeout: float) -> ImageFile:
    """A file on this machine, which is not read again while it is unchanged.

    Raises InputError and, for a file that does not have the ``checksum``, IntegrityError.
    """
    source = read_image_file(path)
    verify_checksum(source.digests, checksum, PurePosixPath(path).name, timeout)
    return source


def from_url(url: str, checksum: str | None, workspace: Path, timeout: float, stall_timeout: float) -> ImageData:
    """A file on the web, downloaded at once: its digests are known and verified before any cloud is contacted."""
    if urlparse(url).scheme not in ("http", "https"):
        raise InputError(f"url: {url!r} is not an http or https URL")
    source = download_url(url, workspace, Deadline(timeout, "transfer_timeout"), stall_timeout)
    verify_checksum(source.digests, checksum, PurePosixPath(unquote(urlparse(url).path)).name, timeout)
    public = None if urlparse(url).username or urlparse(url).password else url
    return ImageData(source, lambda _deadline: source, workspace, public)


def from_location(
    target: Target, patterns: Sequence[str], image: str, checksum: str | None, workspace: Path
) -> ImageData:
    """An image at another Location, by name or ID. Its data is downloaded only when a Location needs it from here.

    Raises InputError unless the patterns select exactly one Location.
    """
    connections, failed = connect(replace(target, locations=tuple(patterns), option="from"))
    if len(connections) + len(failed) != 1:
        raise InputError(
            f"from: {', '.join(patterns)!r} selects {len(connections) + len(failed)} Locations",
            hint=f"Name one of {', '.join(str(connection.location) for connection in connections)}.",
        )
    outcomes = each(connections, lambda connection: find_image(glance_for(connection), image), target.limits())
    error = outcomes[0].error if outcomes else failed[0].error
    if error:
        error.message = f"from: {error.message}"
        raise error
    connection, found = outcomes[0].item, outcomes[0].value or {}
    fingerprint = replace(fingerprint_of(found), copied_from=(str(connection.location), str(found["id"])))
    verify_checksum(fingerprint.digests, checksum, image, target.timeout)

    def fetch(deadline: Deadline) -> ImageFile:
        connection.deadline = deadline
        return download_image(connection, found, workspace, deadline)

    keystone = connection.region.settings.keystone
    return ImageData(fingerprint, fetch, workspace, home=HomeImage(connection.location, keystone, found))
