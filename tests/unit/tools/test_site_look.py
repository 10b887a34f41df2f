# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM
from tests.support.web import Web, whole
from tests.tools.site_look import WIDTHS, look

HEAD = "<!doctype html><meta name=viewport content='width=device-width'>"
ALL = {f"{width}{dark}" for width in WIDTHS for dark in ("", "-dark")}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian's package chromium)")


@pytest.mark.slow
def test_what_is_wrong_with_a_page_is_found_at_every_width_and_in_the_dark(tmp_path: Path, web: Web) -> None:
    web.answers = [whole(b"")]
    (tmp_path / "right.html").write_text(f"{HEAD}<article><p>Right <a href='#'>there</a></article>")
    (tmp_path / "wide.html").write_text(f"{HEAD}<article><p style='width:1500px'>wide</article>")
    (tmp_path / "faint.html").write_text(f"{HEAD}<article><p style='color:#777;background:#666'>faint</article>")
    (tmp_path / "loads.html").write_text(f"{HEAD}<article><img src='{web.url}'>")
    faults = look(tmp_path, tmp_path / "pictures", ["right.html", "wide.html", "faint.html", "loads.html"])
    assert set(faults) == {
        *(f"wide-{width}{dark}: cut: 1508 px in {width}" for width in WIDTHS for dark in ("", "-dark")),
        *(f"faint-{each}: faint: faint" for each in ALL),
        *(f"loads-{each}: loads {web.url}" for each in ALL),
    }
    pictures = {path.stem for path in (tmp_path / "pictures").glob("*.png") if path.read_bytes()[1:4] == b"PNG"}
    assert pictures == {f"{page}-{each}" for page in ("right", "wide", "faint", "loads") for each in ALL}
