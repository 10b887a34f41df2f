# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the report that docs/report.md and README.md show; needs Chromium.

To be run when the page looks different. The same report is shown each time.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.page import as_html
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import make_report
from tests.support.browser import chromium
from tests.support.report_results import DAY
from tests.support.report_story import story

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 200 << 10
"""Bytes of a picture: everybody who installs the collection gets them."""
PICTURES = {
    f"report-{width}{'-dark' if dark else ''}.webp": (width, dark) for width in (1280, 390) for dark in (False, True)
}


def take(images: Path) -> None:
    """Write the `PICTURES` to a directory."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        page = Path(directory) / "report.html"
        page.write_text(as_html(make_report(story(), DAY, "Our clouds")), encoding="utf-8")
        with chromium(Path(directory) / "profile") as browser:
            for name, (width, dark) in PICTURES.items():
                with browser.show(page, width, dark=dark) as shown:
                    picture = shown.picture()
                assert len(picture) < LARGEST, f"{name} has {len(picture)} bytes"
                (images / name).write_bytes(picture)


if __name__ == "__main__":
    take(IMAGES)
