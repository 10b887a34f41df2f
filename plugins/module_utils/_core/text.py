# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside, made fit for messages: short, on one line, without secrets."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LONGEST = 300
"""Characters."""
SHORTEST_SECRET = 8
"""Characters of a value that is masked wherever it occurs: shorter ones are words that occur for other reasons."""
MASK = "********"
"""What diffs and results show in place of a secret: Ansible's own mask."""

SECRET_KEY = re.compile(r"pass(word|code|phrase|wd)|secret|token", re.IGNORECASE)
"""Names of options and settings whose values are secret."""
SECRET_HEADER = re.compile(rf"{SECRET_KEY.pattern}|authorization|cookie|[-_]key(-?\d+)?$", re.IGNORECASE)
"""Names of headers whose values are secret: tokens, passwords, and the keys that sign URLs."""

_known: dict[str, set[str]] = {}
"""The secrets by their first `SHORTEST_SECRET` characters: thousands of clouds have as many tokens and passwords."""

_SIGNATURE = re.compile(
    r"(temp_url_(?:sig|key|signature)(?:=|%3D|\\u003d)"
    r"|[?&](?:(?:x-(?:amz|goog)-)?(?:sig|signature)|(?:x-amz-security-|access_)?token)=)[^&\s'\"<>\\]+",
    re.IGNORECASE,
)
_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]{0,15}://)([^/\s\"<>]*)@", re.IGNORECASE)
_TAGS = re.compile(r"<title>(?:(?!<title>).)*?</title>|<!--(?:(?!<!--).)*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)
"""No match goes on past the beginning of another, and URL schemes are short: else a long text full of such beginnings
would take minutes, in which no other thread runs."""


def keep_secret(*values: object) -> None:
    """Have `without_secrets` mask these texts from now on, and those in mappings and lists at any depth.

    Services repeat in messages what they were sent.
    """
    for value in values:
        if isinstance(value, dict):
            keep_secret(*value.values())
        elif isinstance(value, list):
            keep_secret(*value)
        elif isinstance(value, str) and len(value) >= SHORTEST_SECRET:
            _known.setdefault(value[:SHORTEST_SECRET], set()).add(value)


def without_secrets(text: str) -> str:
    """The text without secrets.

    These are what makes a URL secret, signatures and names and passwords of users, and what `keep_secret` was given.
    """
    begins = {text[start : start + SHORTEST_SECRET] for start in range(len(text) - SHORTEST_SECRET + 1)}
    possible = [secret for begin in begins if begin in _known for secret in tuple(_known[begin])]
    for secret in sorted(possible, key=len, reverse=True):
        text = text.replace(secret, "...")
    return without_url_secrets(text)


def without_url_secrets(text: str) -> str:
    """The text without what makes a URL secret, and nothing else masked: a key is the same in each process."""
    return _USERINFO.sub(r"\1", _SIGNATURE.sub(r"\1...", text))


def is_secret_url(url: str) -> bool:
    """Whether knowing the URL gives access: it has a signature, or a user."""
    return bool(_SIGNATURE.search(url) or _USERINFO.search(url))


def secrets_of_urls(text: str) -> set[str]:
    """The passwords and signatures of the URLs in a text."""
    passwords = {user.partition(":")[2] for _scheme, user in _USERINFO.findall(text)}
    signatures = {found[0].removeprefix(found[1]) for found in _SIGNATURE.finditer(text)}
    return {*filter(None, passwords), *(text for text in signatures if len(text) >= SHORTEST_SECRET)}


def printable(text: str) -> str:
    """The text on one line, and with Python's escapes for what would command a terminal or reorder the line."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\t\n\v\f\r\x85" or unicodedata.category(character) in ("Zs", "Zl", "Zp"):
        return " "
    return character.encode("unicode_escape").decode()


def shown(text: str) -> str:
    """A text that is shown to the user: printable, without secrets."""
    return printable(without_secrets(text))


def shown_lines(text: str) -> str:
    """A text of several lines, such as a traceback, each as `shown`."""
    return "\n".join(shown(line) for line in text.split("\n"))


def did_you_mean(unknown: Iterable[str], known: Collection[str]) -> str:
    """The end of a message about unknown names: the known ones that are similar; empty if none is."""
    from difflib import get_close_matches

    similar = dict.fromkeys(match for name in unknown for match in get_close_matches(name, known, 3))
    return f"; did you mean {', '.join(similar)}?" if similar else ""


def counted(number: float, noun: str) -> str:
    """So many of something, as messages say it: ``1 server``, ``2 servers``. The noun has a regular plural."""
    digits = str(number).removesuffix(".0")
    return f"{digits} {noun}" if digits == "1" else f"{digits} {noun}s"


def one_line(text: str) -> str:
    """A service's words as they are shown, `LONGEST` characters at the most, without HTML (Glance has it in JSON)."""
    text = " ".join(shown(html.unescape(_TAGS.sub(" ", without_secrets(text)))).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
