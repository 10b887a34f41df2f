# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs of services: whether one can be used, and whether two are of one origin, one service or one Keystone."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"[\w.:%-]+")
_LONGEST_LABEL = 63
"""Characters of a part of a host's name (RFC 1035, 2.3.4)."""
_VERSION = re.compile(r"(?<![/:])(/v[\d.]+)?/*$")
"""In the path: a host may be called v3."""
_DEFAULT_PORT = re.compile(r"^(https://[^/]+):443(?=/|$)|^(http://[^/]+):80(?=/|$)")


def is_url(text: str) -> bool:
    """Whether a text is an https or http URL to which a request can be sent."""
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    labels = host.removesuffix(".").split(".")
    return (
        parts.scheme in ("https", "http")
        and _HOST.fullmatch(host) is not None
        and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    )


def same_origin(url: str, other: str) -> bool:
    """Whether both are of the same host and port, by the same protocol or from http to https."""
    try:
        one, two = urlsplit(url), urlsplit(other)
        if one.hostname != two.hostname or not one.hostname:
            return False
        if one.scheme == "http" and two.scheme == "https":
            return True
        ports = {"http": 80, "https": 443}
        return one.scheme == two.scheme and ((one.port or ports.get(one.scheme)) == (two.port or ports.get(two.scheme)))
    except ValueError:
        return False


def plain_url(url: str) -> str:
    """The URL of a service without the default port and slashes at its end: the same however its host is written."""
    parts = urlsplit(url)
    return _DEFAULT_PORT.sub(r"\1\2", f"{parts.scheme}://{parts.netloc.lower()}{parts.path}".rstrip("/"))


def keystone_root(auth_url: str) -> str:
    """The URL of a Keystone without its version and the default port, in lower case: the same however it is written."""
    root = _VERSION.sub("", auth_url).lower()
    return _DEFAULT_PORT.sub(r"\1\2", root)
