# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``checksum`` of what is to be uploaded: a digest, or where a list of checksums is."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from ..._cloud.resuming import pieces
from ..._cloud.translate import translate
from ..._cloud.transport import get_from_web
from ..._core.deadline import Deadline
from ..._core.errors import InputError, OaktreeError
from ..fingerprint import DIGESTS, DIGITS, Checksum, algorithm_of, split_checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

LONGEST_LIST = 1 << 20
"""Bytes that are read of a list of checksums; real ones have a few thousand."""

_INSTEAD = "Give the digest itself, as ALGORITHM:DIGEST."
_FORM = "ALGORITHM:DIGEST, ALGORITHM:URL or ALGORITHM:PATH"


def verify_checksum(digests: Mapping[str, str], expected: Checksum | None) -> None:
    """Compare with what the user expects, if anything.

    Raises IntegrityError for other data, and InputError where the digest is not known.
    """
    if expected is None:
        return
    if expected.algorithm not in digests:
        raise InputError(
            f"checksum: the cloud reports no {expected.algorithm} for the image",
            hint=f"It reports: {', '.join(digests) or 'none'}.",
        )
    hint = "Download the file again, and copy the checksum from where it is published. Nothing was sent."
    expected.check(digests, hint=hint)


def find_checksum(
    option: str | None, name: str, timeout: float, other_names: Callable[[], Sequence[str]] = list
) -> Checksum | None:
    """The digest that the option names, itself or by the URL or path of a list in which it is; None without an option.

    ``name`` is where the image is: its URL or path. The entry of its last segment counts, where several directories
    have such a file that of the directory with the most segments in common, and if there is none that of one of the
    ``other_names``, which are asked for only then. The list is fetched within ``timeout`` seconds. Raises InputError.
    """
    if option is None:
        return None
    algorithm, where = split_checksum(option)
    if algorithm in DIGESTS and where.startswith(("http://", "https://")):
        return Checksum(algorithm, _entry(_fetch(where, timeout), where, algorithm, name, other_names))
    if algorithm in DIGESTS and where and not re.fullmatch(r"[0-9a-fA-F]+", where):
        return Checksum(algorithm, _entry(_read(where), where, algorithm, name, other_names))
    return Checksum.parse(option, form=_FORM)


def _entry(text: str, where: str, algorithm: str, name: str, other_names: Callable[[], Sequence[str]]) -> str:
    """The digest of the file, or the only one in the list.

    A list may have those of several algorithms, which their lengths or names tell.
    """
    entries = list(_entries(text, algorithm))
    digests = {digest for _name, digest in entries}
    if not digests:
        raise InputError(f"checksum: {where} has no {algorithm} checksums", hint="Give the URL or path of such a list.")
    found = _best(entries, name)
    if not found and len(digests) == 1:
        return digests.pop()
    for other in () if found else other_names():
        found = found or _best(entries, other)
    if len(found) == 1:
        return found.pop()
    file = PurePosixPath(_path(name)).name
    if found:
        raise InputError(f"checksum: {where} has several {algorithm} checksums of {file!r}", hint=_INSTEAD)
    raise InputError(f"checksum: {where} does not list {file!r}", hint=_INSTEAD)


def _best(entries: Iterable[tuple[str, str]], name: str) -> set[str]:
    """The digests of the entries whose paths end most like the name; none where not even the last segment does.

    None either for a URL without a path.
    """
    wanted = PurePosixPath(_path(name)).parts
    best, found = 1, set[str]()
    if not wanted:
        return found
    for path, digest in entries:
        parts = PurePosixPath(path if "\\" in wanted[-1] else path.replace("\\", "/")).parts
        common = 0
        while common < min(len(parts), len(wanted)) and parts[-1 - common] == wanted[-1 - common]:
            common += 1
        if common > best:
            best, found = common, set()
        if common == best:
            found.add(digest)
    return found


def _path(name: str) -> str:
    return unquote(urlparse(name).path) if "://" in name else name


def _read(path: str) -> str:
    file = Path(path.removeprefix("file://")).expanduser()
    try:
        with file.open("rb") as opened:
            return opened.read(LONGEST_LIST).decode(errors="replace")
    except OSError as exc:
        raise InputError(f"checksum: {file} cannot be read: {exc.strerror}", hint=f"The option takes {_FORM}.") from exc


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
        raise InputError(f"checksum: {url} cannot be fetched: {translate(exc).message}", hint="Check the URL.") from exc
    return read.decode(errors="replace")


_HEADING = re.compile(r"# *([\w-]+) HASH", re.IGNORECASE)
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def _entries(text: str, algorithm: str) -> Iterator[tuple[str, str]]:
    """Names and digests, line by line: as GNU's tools, BSD's, openssl, PowerShell and people write them.

    A line of GNU's that begins with a backslash has escapes in the name. A heading as Gentoo's and Flatcar's lists have
    it (``# SHA512 HASH``) names the algorithm of the lines after it: BLAKE2B has as many digits.
    """
    digest = rf"[0-9a-fA-F]{{{DIGITS[algorithm]}}}"
    gnu = re.compile(rf"(\\?)({digest})(?:[ \t]+\*?(.+))?")
    tagged = re.compile(rf"(\\?)([\w/-]+) ?\((.+)\) ?= ?({digest})")
    table = re.compile(rf"([\w-]+)[ \t]+({digest})[ \t]+(.+)")
    named = re.compile(rf"(.*\S)[ \t]+({digest})")
    section = algorithm
    for line in text.splitlines():
        if found := _HEADING.fullmatch(line.strip()):
            section = algorithm_of(found[1])
        elif section != algorithm:
            continue
        elif found := gnu.fullmatch(line.strip()):
            yield _unescaped(found[3] or "", escaped=found[1]), found[2].lower()
        elif found := tagged.fullmatch(line.strip()):
            if algorithm_of(found[2]) == algorithm:
                yield _unescaped(found[3], escaped=found[1]), found[4].lower()
        elif found := table.fullmatch(line.strip()):
            if algorithm_of(found[1]) == algorithm:
                yield found[3], found[2].lower()
        elif found := named.fullmatch(line.strip()):
            yield found[1].removesuffix(":"), found[2].lower()


def _unescaped(name: str, *, escaped: str) -> str:
    return re.sub(r"\\[\\nr]", lambda found: _ESCAPES[found[0]], name) if escaped else name
