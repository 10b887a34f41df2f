# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a catalogue, checked. Messages name the file, the image, the version, the key and a way out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import counted, did_you_mean
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import LONGEST_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import (
    DIGESTS,
    Checksum,
    split_checksum,
)

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.ASCII)


@dataclass(frozen=True)
class Place:
    """Where in a catalogue a value is."""

    file: str
    image: str | None = None
    version: str | None = None

    def of_image(self, name: Any) -> Place:
        """The image in this file."""
        return replace(self, image=repr(name))

    def of_version(self, version: Any) -> Place:
        """The version of this image."""
        return replace(self, version=repr(version))

    def error(self, what: str, hint: str) -> InputError:
        """The error for what is wrong here."""
        parts = [self.file, self.image and f"image {self.image}", self.version and f"version {self.version}"]
        return InputError(f"{', '.join(filter(None, parts))}: {what}", hint=hint)


def mapping(value: Any, place: Place, what: str) -> Mapping[str, Any]:
    """A mapping whose keys are texts. Raises InputError."""
    if not isinstance(value, Mapping):
        raise place.error(f"{what} is {_kind(value)}", "Write it as a mapping of keys and values.")
    return {str(key): inner for key, inner in value.items()}


def sequence(value: Any, place: Place, key: str) -> list[Any]:
    """A list; null is an empty one. Raises InputError."""
    if value is None:
        return []
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise place.error(f"{key} is {_kind(value)}", "Write it as a list, each element with a dash.")
    return list(value)


def check_keys(given: Collection[str], known: Collection[str], place: Place) -> None:
    """Raise InputError for a key that means nothing."""
    for key in sorted(set(given) - set(known)):
        hint = f"Keys are {', '.join(sorted(known))}. Correct it, or remove it."
        raise place.error(f"{key!r} is no key of this{did_you_mean([key], known)}", hint)


def text(value: Any, place: Place, key: str) -> str:
    """A text, of at most as many characters as a name in Glance has. Raises InputError.

    YAML makes numbers of some versions: whole ones and dates keep their digits, 9.10 does not.
    """
    if isinstance(value, float):
        raise place.error(f"{key} is the number {value}", "Write it in quotes: 9.10 as a number is 9.1.")
    if isinstance(value, bool) or not isinstance(value, (str, int, date)):
        raise place.error(f"{key} is {_kind(value)}", "Write it as a text, in quotes.")
    written = str(value)
    if not 0 < len(written) <= LONGEST_NAME:
        raise place.error(f"{key} has {len(written)} characters", f"Write 1 to {LONGEST_NAME}.")
    if not written.isprintable():
        raise place.error(f"{key} has characters that cannot be printed", "Remove line breaks and control characters.")
    return written


def version_of(given: Any, place: Place, known: Collection[str]) -> tuple[Mapping[str, Any], str, Place]:
    """The keys of a version, its name, and where it is. Raises InputError also for a key that is not ``known``."""
    keys = mapping(given, place, "a version")
    if "version" not in keys:
        raise place.error("a version has no version", "Give each version the key version, such as '20260108'.")
    version = text(keys["version"], place, "version")
    here = place.of_version(version)
    check_keys(keys, known, here)
    return keys, version, here


def integer(value: Any, place: Place, key: str) -> int | None:
    """A whole number that is not negative, also as the text of a survey; null and an empty text are None."""
    if value is None or value == "":
        return None
    number = str(value).strip()
    if isinstance(value, bool) or not number.isascii() or not number.isdigit():
        raise place.error(f"{key} is {value!r}", "Write a whole number, 0 or more.")
    return int(number)


def truth(value: Any, place: Place, key: str) -> bool:
    """True or false, also as the text of a survey. Raises InputError."""
    try:
        return bool(boolean(value))
    except TypeError:
        raise place.error(f"{key} is {value!r}", "Write true or false.") from None


def choice(value: Any, choices: Collection[str], place: Place, key: str) -> str:
    """One of several texts. Raises InputError."""
    if value not in choices:
        raise place.error(f"{key} is {value!r}", f"Choose one of {', '.join(choices)}.")
    return str(value)


def day(value: Any, place: Place, key: str) -> date | None:
    """A date, or the day of a time; None for null. Raises InputError."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        if _DAY.fullmatch(str(value)):
            return date.fromisoformat(str(value)[:10])
    except ValueError:
        pass  # as the 30th of February
    raise place.error(f"{key} is {value!r}", "Write it as YYYY-MM-DD.")


def url(value: Any, place: Place, key: str) -> str:
    """An http or https URL. Raises InputError, which does not show it: it may have a password."""
    hint = "Write a URL that begins with http:// or https:// and has no blanks."
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"[\s\x00-\x1f]", value)
        _port = parts.port
    except ValueError:
        valid = False
    if not valid:
        raise place.error(f"{key} is no http or https URL", hint)
    return str(value)


def checksum(value: Any, place: Place, key: str = "checksum") -> str:
    """``ALGORITHM:DIGEST`` with all digits of the digest, or ``ALGORITHM:`` and the URL or path of a list.

    Raises InputError. A digest that is cut off would be found out only after the download.
    """
    hint = f"Write ALGORITHM:DIGEST, or ALGORITHM:URL of a list of checksums. Algorithms are {', '.join(DIGESTS)}."
    if not isinstance(value, str):
        raise place.error(f"{key} is {_kind(value)}", hint)
    algorithm, rest = split_checksum(value)
    if algorithm not in DIGESTS or not rest:
        raise place.error(f"{key} names none of the algorithms, or no digest", hint)
    if "/" not in rest and not Checksum(algorithm, rest.lower()).is_full:
        length = counted(len(rest), "character")
        raise place.error(f"{key} has no {algorithm} digest: it has {length} after the colon", hint)
    return value


def natural(value: str) -> tuple[tuple[int, int, str], ...]:
    """A key by which versions sort as people count: 9.2 before 9.10, and words after numbers."""
    parts = re.findall(r"[0-9]+|[^0-9]+", value)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts)


def _kind(value: Any) -> str:
    kinds = {
        "NoneType": "empty",
        "dict": "a mapping",
        "list": "a list",
        "str": "a text",
        "bool": "true or false",
        "int": "a number",
    }
    return kinds.get(type(value).__name__, f"a {type(value).__name__}")
