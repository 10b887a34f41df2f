# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at pages of the built site in Chromium, as a desktop and a phone show them, light and dark.

The pictures are in .build/docs/pictures. A page fails that is wider than its window, has text that can hardly be read,
or loads anything from elsewhere.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.support.browser import CHROMIUM, chromium
from tests.tools.site import DIRECTORY, HTML

PAGES = ("index.html", "servers.html", "reference/server_module.html")
WIDTHS = (1280, 390)
_FAULTS = """(() => {
const faults = [], root = document.documentElement
if (root.scrollWidth > root.clientWidth) faults.push(`cut: ${root.scrollWidth} px in ${root.clientWidth}`)
const channels = colour => colour.match(/[\\d.]+/g).map(Number)
const light = colour => channels(colour).slice(0, 3)
  .map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0)
const behind = element => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor
    if ((channels(colour)[3] ?? 1) > 0.5) return colour
  }
  return "rgb(255, 255, 255)"
}
const walker = document.createTreeWalker(document.querySelector("article") ?? document.body, NodeFilter.SHOW_TEXT)
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement, text = walker.currentNode.data.trim()
  const range = document.createRange()
  range.selectNodeContents(walker.currentNode)
  if (!text || !range.getBoundingClientRect().width || element.closest(".headerlink, .ansibleOptionLink")) continue
  const [dark, bright] = [getComputedStyle(element).color, behind(element)].map(light).sort((one, other) => one - other)
  if ((bright + 0.05) / (dark + 0.05) < 3) faults.push("faint: " + text.slice(0, 60))
}
return faults
})()"""
"""A page that is cut, and text whose contrast is less than 3 (WCAG 2.2, 1.4.3, for large text)."""


def look(site: Path, pictures: Path, pages: Sequence[str] = PAGES) -> list[str]:
    """Take pictures of pages, and return what is wrong with them."""
    faults = []
    pictures.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory,
        chromium(Path(directory) / "profile") as browser,
    ):
        for page in pages:
            for width, dark in ((width, dark) for width in WIDTHS for dark in (False, True)):
                name = f"{Path(page).stem}-{width}{'-dark' if dark else ''}"
                with browser.show(site / page, width, dark=dark) as shown:
                    loaded = [url for url in shown.requests if not url.startswith(("file:", "data:"))]
                    found = [*shown.value(_FAULTS), *(f"loads {url}" for url in loaded), *shown.complaints]
                    (pictures / f"{name}.png").write_bytes(shown.picture("png"))
                faults += [f"{name}: {fault}" for fault in found]
    return faults


def main() -> int:
    """Look at the site, and print what is wrong with it; returns 1 if anything is."""
    if CHROMIUM is None:
        print("Chromium is not installed: the check of the site in a browser is skipped.", file=sys.stderr)
        return 0
    faults = look(HTML, DIRECTORY / "pictures")
    print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
