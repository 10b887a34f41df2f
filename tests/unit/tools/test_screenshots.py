# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM
from tests.tools.screenshots import IMAGES, LARGEST, PICTURES, take

ROOT = Path(__file__).parents[3]


def width_of(picture: bytes) -> int:
    """Pixels of a WebP in the extended format (RFC 9649, section 2.7)."""
    assert (picture[:4], picture[8:16]) == (b"RIFF", b"WEBPVP8X")
    return int.from_bytes(picture[24:27], "little") + 1


def test_the_documentation_shows_all_pictures_and_they_are_small() -> None:
    pages = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/report.md"))
    for name, (width, _dark) in PICTURES.items():
        picture = (IMAGES / name).read_bytes()
        assert width_of(picture) == width
        assert len(picture) < LARGEST
        assert f"images/{name}" in pages, name
    assert {path.name for path in IMAGES.iterdir()} == set(PICTURES)


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)")
def test_they_can_be_taken_again(tmp_path: Path) -> None:
    take(tmp_path)
    assert {path.name: width_of(path.read_bytes()) for path in tmp_path.iterdir()} == {
        name: width for name, (width, _dark) in PICTURES.items()
    }
