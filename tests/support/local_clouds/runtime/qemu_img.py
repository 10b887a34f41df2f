# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for `qemu-img info --output=json PATH`, all that Glance's import task asks of it.

It knows raw and qcow2; a real qemu-img, when there is one, is found first.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

_QCOW2_MAGIC = b"QFI\xfb"
_QCOW2_HEADER = struct.Struct(">8xQIIQ")


def info(path: Path) -> dict[str, object]:
    """What qemu-img would say of a file."""
    size = path.stat().st_size
    said: dict[str, object] = {"filename": str(path), "format": "raw", "actual-size": size, "virtual-size": size}
    with path.open("rb") as file:
        head = file.read(_QCOW2_HEADER.size).ljust(_QCOW2_HEADER.size, b"\0")
        if head.startswith(_QCOW2_MAGIC):
            backing_offset, backing_size, _cluster_bits, virtual_size = _QCOW2_HEADER.unpack(head)
            said |= {"format": "qcow2", "virtual-size": virtual_size}
            if backing_offset:
                file.seek(backing_offset)
                said["backing-filename"] = file.read(backing_size).decode(errors="replace")
    return said


if __name__ == "__main__":
    print(json.dumps(info(Path(sys.argv[-1].removeprefix("file://")))))
