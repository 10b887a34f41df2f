# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``checksum`` of what is to be uploaded: a digest, or the URL of a file of checksums."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from ..._cloud.translate import translate
from ..._cloud.transport import get_from_web
from ..._core.deadline import Deadline
from ..._core.errors import InputError, OaktreeError
from ..fingerprint import DIGESTS, Checksum
from .download import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_LIST = 1 << 20
"""Bytes that are read of a file of checksums; real ones have a few thousand."""


def verify_checksum(digests: Mapping[str, str], checksum: str | None, name: str, timeout: float) -> None:
    """Compare with what the user expects, if anything; ``name`` is the image's file name.

    Raises IntegrityError for other data, and InputError for an option that cannot be used.
    """
    if checksum is None:
        return
    expected = find_checksum(checksum, name, timeout)
    if expected.algorithm not in digests:
        raise InputError(
            f"checksum: the cloud reports no {expected.algorithm} for the image",
            hint=f"It reports: {', '.join(digests) or 'none'}.",
        )
    hint = "Download the file again, and copy the checksum from where it is published. Nothing was sent."
    expected.check(digests, hint=hint)


def find_checksum(checksum: str, name: str, timeout: float) -> Checksum:
    """Read ``ALGORITHM:DIGEST``, or with ``ALGORITHM:URL`` the entry of ``name`` in the file there, in ``timeout`` s.

    Raises InputError.
    """
    algorithm, _colon, url = checksum.partition(":")
    if algorithm in DIGESTS and url.startswith(("http://", "https://")):
        return Checksum(algorithm, _entry(url, algorithm, name, timeout))
    return Checksum.parse(checksum, form="ALGORITHM:DIGEST or ALGORITHM:URL")


def _entry(url: str, algorithm: str, name: str, timeout: float) -> str:
    """The digest beside the file's name in a file of checksums (GNU or BSD style), or the only one in it.

    A file may list those of several algorithms, which their lengths distinguish.
    """
    digits = 2 * hashlib.new(algorithm, usedforsecurity=False).digest_size
    digests = dict(_entries(_fetch(url, timeout), digits))
    if name in digests:
        return digests[name]
    if len(digests) == 1:
        return next(iter(digests.values()))
    raise InputError(f"checksum: {url} does not list {name!r}")


def _fetch(url: str, timeout: float) -> str:
    import requests

    deadline, read = Deadline(timeout), b""
    try:
        with get_from_web(url, headers={"Accept-Encoding": "identity"}, timeout=timeout, stream=True) as response:
            response.raise_for_status()
            for piece in pieces(response):
                deadline.remaining()
                read += piece
                if len(read) >= LONGEST_LIST:
                    break
    except (requests.RequestException, OaktreeError, OSError) as exc:
        raise InputError(f"checksum: {url} cannot be fetched: {translate(exc).message}") from exc
    return read.decode(errors="replace")


def _entries(text: str, digits: int) -> Iterator[tuple[str, str]]:
    """Names and digests of that many digits, line by line."""
    gnu = re.compile(rf"([0-9a-fA-F]{{{digits}}})(?:[ \t]+\*?(.+))?")
    bsd = re.compile(rf"[\w/-]+ ?\((.+)\) ?= ?([0-9a-fA-F]{{{digits}}})")
    for line in text.splitlines():
        if found := gnu.fullmatch(line.strip()):
            yield (found[2] or "").removeprefix("./"), found[1].lower()
        elif found := bsd.fullmatch(line.strip()):
            yield found[1].removeprefix("./"), found[2].lower()
