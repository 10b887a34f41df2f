# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of files, remembered so that one that is unchanged is not read again."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..._local import private_files
from ..._local.file_state import Unchanged, file_name
from ..._object_store.content import state_of
from ..fingerprint import DIGESTS, Fingerprint
from .image_file import AS_IMAGE, UNKNOWN, Handling, ImageFile, begin_image_file, open_image_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._core.progress import Progress
    from .unpack import SourceFile

KIND = "digests"


@dataclass(frozen=True)
class Known(Fingerprint):
    """What reading a file has shown: the image that it holds, and of the file itself its compression and digests."""

    virtual_size: int
    packing: str = ""
    published: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, source: SourceFile) -> Known:
        image = source.image
        return cls(image.size, image.disk_format, image.digests, image.virtual_size, source.packing, source.published)

    @property
    def packed(self) -> Mapping[str, str]:
        """The digests of the file if it is compressed."""
        return self.published if self.packing else {}

    def file(self, path: Path, handling: Handling) -> ImageFile:
        """The image, in a file. Raises OSError."""
        detected = UNKNOWN if handling.opaque else ""
        return ImageFile(
            self.size, self.disk_format, self.digests, path, self.virtual_size, detected, state_of(path.stat())
        )


def remember(name: str, handling: Handling, known: Known) -> None:
    """Keep it under this name, for files that are handled in the same way."""
    private_files.write(KIND, _key(name, handling), asdict(known))


def recall(name: str, handling: Handling) -> Known | None:
    """What was kept under the name; None if there is none, or it is damaged."""
    kept = private_files.read(KIND, _key(name, handling))
    try:
        known = Known(**kept)
        return known if all(known.digests[name] and known.published[name] for name in DIGESTS) else None
    except (KeyError, TypeError):
        return None


def read_image_file(path: str, handling: Handling = AS_IMAGE, progress: Progress | None = None) -> ImageFile:
    """As `open_image_file`, but a file that was handled in the same way since it last changed is not read again."""
    recalled = _recalled(path, handling)
    if recalled:
        return recalled
    before = Unchanged(Path(path))
    read = open_image_file(path, handling=handling, progress=progress)
    _remember_if(before, handling, read, read.digests)
    return read


def begin_reading(path: str, handling: Handling = AS_IMAGE, progress: Progress | None = None) -> ImageFile:
    """As `read_image_file`, but the digests of a file that must be read may still be computed: see `PendingDigests`."""
    recalled = _recalled(path, handling)
    if recalled:
        return recalled
    before, looked_at = Unchanged(Path(path)), Future[ImageFile]()
    read = begin_image_file(
        path,
        handling=handling,
        progress=progress,
        when_known=lambda digests: _remember_if(before, handling, looked_at.result(), digests),
    )
    looked_at.set_result(read)
    return read


def _recalled(path: str, handling: Handling) -> ImageFile | None:
    file = Path(path)
    with suppress(OSError):
        known = recall(file_name(file), handling)
        if known and not known.packing:
            return known.file(file, handling)
    return None


def _remember_if(before: Unchanged, handling: Handling, read: ImageFile, digests: Mapping[str, str]) -> None:
    if before.still():
        facts = Known(read.size, read.disk_format, digests, read.virtual_size, "", digests)
        remember(before.name, handling, facts)


def _key(name: str, handling: Handling) -> str:
    return "\n".join([name, *(str(part) for part in asdict(handling).values())])
