# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text from outside, made fit for messages: short, on one line, without secrets."""

from __future__ import annotations

import re

LONGEST = 300
"""Characters."""

_SIGNATURE = re.compile(r"(temp_url_sig=)[^&\s'\"<>]+")


def without_signatures(text: str) -> str:
    """The text with the signatures of URLs masked: clouds quote the URLs that they were given."""
    return _SIGNATURE.sub(r"\1...", text)


def one_line(text: str) -> str:
    """At most `LONGEST` characters on one line, without secrets. Glance's line breaks are HTML, even in JSON."""
    text = " ".join(without_signatures(text).replace("<br />", " ").split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
