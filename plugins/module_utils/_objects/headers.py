# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata, access rules and expiry: between what users write and the headers that an object store has. Pure.

Source: Swift's API reference (``X-Object-Meta-*``, ``X-Container-Read``, ``X-Delete-At``), ``clean_acl`` in
``swift/common/middleware/acl.py``, and Ceph's ``src/rgw/rgw_acl_swift.cc``. HTTP carries names of headers without
regard to case, and servers on the way take an underscore for a hyphen: a name of metadata has neither capitals nor
underscores.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .._cloud.answers import parsing
from .._core.errors import InputError
from .._local.work_marker import time_text
from .._object_store.responses import MARKER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OBJECT_META = "x-object-meta-"
CONTAINER_META = "x-container-meta-"

HIDDEN = {
    MARKER.lower().removeprefix(OBJECT_META),
    "oaktree-made",
    "static-large-object",
    "temp-url-key",
    "temp-url-key-2",
}
"""Metadata that is no user's: of this collection, of Ceph's gateway, and keys that sign URLs."""

RECORDED = {"md5": "x-sdk-md5", "sha256": "x-sdk-sha256"}
"""Metadata in which openstacksdk records the digests of an object, and this collection, so that both recognise it."""

_NAME = re.compile(r"[a-z0-9!#$%&'*+.^`|~-]+")
_REFERRERS = {".r", ".ref", ".referer", ".referrer"}


def as_metadata(metadata: Mapping[str, Any]) -> dict[str, str | None]:
    """Metadata as a store keeps it: texts by names in small letters; None for one to remove.

    Raises InputError for what no header can carry.
    """
    found: dict[str, str | None] = {}
    for key, value in metadata.items():
        name = str(key).lower().replace("_", "-")
        if not _NAME.fullmatch(name):
            raise InputError(
                f"metadata: {key!r} is not a name",
                hint="Use letters of ASCII, digits and hyphens: it becomes a header.",
            )
        if name in HIDDEN or name in RECORDED.values():
            raise InputError(f"metadata: {key} is reserved", hint="Omit it.")
        if isinstance(value, (dict, list)):
            raise InputError(f"metadata: {key} is a {type(value).__name__}", hint="Give a text.")
        found[name] = _text(f"metadata: {key}", value)
    return found


def _text(what: str, value: Any) -> str | None:
    if value is None:
        return None
    text = (str(value).lower() if isinstance(value, bool) else str(value)).strip()
    return check_line(what, text) or None


def check_line(what: str, text: str) -> str:
    """The text; raises InputError if it has characters that no header can carry."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise InputError(f"{what} must be one line without control characters")
    return text


def on_wire(text: str) -> str:
    """A text as HTTP libraries send it in UTF-8: they take each character for one byte."""
    return text.encode().decode("latin-1")


def from_wire(text: str) -> str:
    """The text that a header in UTF-8 is, which HTTP libraries read byte by byte."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def metadata_of(prefix: str, headers: Mapping[str, str]) -> dict[str, str]:
    """The user's metadata among the headers of an object or a container, sorted by name."""
    found = {
        key.lower().removeprefix(prefix): from_wire(value)
        for key, value in headers.items()
        if key.lower().startswith(prefix)
    }
    return {name: found[name] for name in sorted(found) if name not in HIDDEN}


def as_acl(texts: Iterable[str]) -> tuple[str, ...]:
    """The rules of an access control list, which commas separate, as Swift and Ceph's gateway keep them.

    Those of referrers come first, and their order counts; that of the others does not, and the gateway sorts them.
    """
    rules = [_as_rule(rule) for text in texts for rule in map(str.strip, text.split(",")) if rule]
    referrers = [rule for rule in rules if rule.startswith(".r:")]
    return (*referrers, *sorted(set(rules).difference(referrers)))


def _as_rule(rule: str) -> str:
    """One word for referrers, no spaces, and of ``*.example.com`` only ``.example.com``."""
    kind, colon, host = map(str.strip, rule.partition(":"))
    if not colon or kind not in _REFERRERS:
        return rule
    minus, host = ("-", host[1:].strip()) if host.startswith("-") else ("", host)
    if host != "*":
        host = host.removeprefix("*").strip()
    return f".r:{minus}{host}"


def acl_of(headers: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The rules in a container's header."""
    return as_acl([from_wire(headers.get(name) or "")])


def expiry_of(headers: Mapping[str, str]) -> int | None:
    """When an object expires, in seconds since 1970; None for never."""
    with parsing("the expiry of an object"):
        return int(headers["X-Delete-At"]) if headers.get("X-Delete-At") else None


def moment(option: str, text: str) -> int:
    """Seconds since 1970 of a moment, in ISO 8601 or as such a number. Raises InputError, which names the option."""
    if text.isdecimal() and text.isascii():
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InputError(
            f"{option}: {text!r} is not a time", hint="Write ISO 8601 with an offset, as in 2027-01-31T12:00:00Z."
        )
    return int(found.timestamp())


def iso(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    with parsing("a moment"):
        return time_text(datetime.fromtimestamp(int(seconds), UTC))
