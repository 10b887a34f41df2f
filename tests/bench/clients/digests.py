# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of whoever has to know a file's digests: all of them at once, each by a reading of its own.

`digests.py NAME FILE CLOUD/REGION...` sends nothing, and prints how many regions there are.
"""

from __future__ import annotations

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DIGESTS = ("md5", "sha256", "sha512")


def digest(path: Path, name: str) -> str:
    """Return one digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, name).hexdigest()


def compute(file: str) -> list[str]:
    """Return all digests of a file."""
    with ThreadPoolExecutor(len(DIGESTS)) as pool:
        return list(pool.map(lambda name: digest(Path(file), name), DIGESTS))


if __name__ == "__main__":
    compute(sys.argv[2])
    print(len(sys.argv[3:]))
