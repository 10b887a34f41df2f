# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside, made fit for messages: short, on one line, without secrets."""

from __future__ import annotations

import html
import re

LONGEST = 300
"""Characters."""

_SIGNATURE = re.compile(
    r"(temp_url_(?:sig|key|signature)(?:=|%3D|\\u003d)|[?&](?:sig|signature|token)=)[^&\s'\"<>\\]+", re.IGNORECASE
)
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)([^/\s'\"<>]*)@", re.IGNORECASE)
_TAGS = re.compile(r"<title>.*?</title>|<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)


def without_secrets(text: str) -> str:
    """The text without what makes a URL in it secret: signatures, and names and passwords of users."""
    return _USERINFO.sub(r"\1", _SIGNATURE.sub(r"\1...", text))


def passwords_of_urls(text: str) -> set[str]:
    """The passwords of the URLs in a text."""
    return {password for _scheme, user in _USERINFO.findall(text) if (password := user.partition(":")[2])}


def printable(text: str) -> str:
    """The text with a space for every character that is none: control characters, and what reorders a line."""
    return "".join(character if character.isprintable() else " " for character in text)


def one_line(text: str) -> str:
    """At most `LONGEST` characters that can be shown, without secrets, line breaks and HTML (Glance's is in JSON)."""
    text = " ".join(printable(html.unescape(_TAGS.sub(" ", without_secrets(text)))).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
