# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks by which what this collection has made is known again: of servers, and of floating IPs made for them.

A server's mark is in its metadata, and is another one each time: when the answer to a request is lost, it tells the
server of that request from another of the name. It stays, so that a server that a killed run has left before it was
ever launched is known as a leftover.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "oaktree.boot"
"""The key in a server's metadata."""


def new_mark() -> str:
    """A mark that no other server has."""
    return os.urandom(8).hex()


def mark_of(item: Mapping[str, Any]) -> str | None:
    """The mark of a server as Nova shows it; None for one that this collection has not made."""
    metadata = item.get("metadata")
    return metadata.get(KEY) if isinstance(metadata, dict) else None


def is_leftover(item: Mapping[str, Any]) -> bool:
    """Whether a server of ours has failed before it was ever launched: nobody can have used it."""
    return bool(mark_of(item) and item.get("status") == "ERROR" and not item.get("OS-SRV-USG:launched_at"))


def floating_ip_mark(server_id: str) -> str:
    """The description of a floating IP that was made for a server, and goes with it."""
    return f"oaktree.multicloud: made for server {server_id}"
