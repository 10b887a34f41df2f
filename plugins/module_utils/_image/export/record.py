# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a copy of an image was made of, recorded so that a later run need not read the copy.

For a file in the user's cache, as long as the file is unchanged; for an object in its own metadata.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ..._local import private_files
from ..._local.file_state import file_state
from ..fingerprint import DIGESTS, same_image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_META = "X-Object-Meta-Oaktree-"
_SOURCE = f"{_META}Source-".lower()


@dataclass(frozen=True)
class CopyRecord:
    """A copy's format and digests, and of the image: ID, size in bytes, and the digests of its data."""

    format: str
    digests: Mapping[str, str] = field(repr=False)
    image_id: str
    image_size: int
    source: Mapping[str, str] = field(repr=False)

    def is_of(self, image: Mapping[str, Any]) -> bool:
        """Whether the copy was made of this image's data."""
        return same_image(image, self.image_id, self.image_size, self.source)

    def to_headers(self, length: str) -> dict[str, str]:
        """The metadata of an object that has this Content-Length."""
        return {
            f"{_META}Image": self.image_id,
            f"{_META}Size": str(self.image_size),
            f"{_META}Bytes": length,
            f"{_META}Format": self.format,
            **{f"{_META}{name}": value for name, value in self.digests.items()},
            **{f"{_META}Source-{name}": value for name, value in self.source.items()},
        }

    @classmethod
    def of_headers(cls, headers: Mapping[str, str]) -> CopyRecord | None:
        """None for an object without a record, or with that of another length: it was written by somebody else."""
        if not headers.get(f"{_META}Bytes") or headers[f"{_META}Bytes"] != headers.get("Content-Length"):
            return None
        digests = {name: value for name in DIGESTS if (value := headers.get(f"{_META}{name}"))}
        source = {
            name.lower().removeprefix(_SOURCE): value
            for name, value in headers.items()
            if value and name.lower().startswith(_SOURCE)
        }
        try:
            size = int(headers[f"{_META}Size"])
            return cls(headers[f"{_META}Format"], digests, headers[f"{_META}Image"], size, source)
        except (KeyError, ValueError):
            return None


def remember(path: Path, origin: str, record: CopyRecord) -> None:
    """Keep the record of a file as it is now; ``origin`` tells images of one ID in different clouds apart."""
    with suppress(OSError):
        known = {"state": file_state(path), "origin": origin, "record": asdict(record)}
        private_files.write("exports", str(path), known)


def recall(path: Path, origin: str) -> CopyRecord | None:
    """The record of the file; None if there is none, if it has another origin, or the file has changed since."""
    known = private_files.read("exports", str(path))
    try:
        same = known["state"] == file_state(path) and known["origin"] == origin
        return CopyRecord(**known["record"]) if same else None
    except (KeyError, OSError, TypeError):
        return None
