# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation's site in .build/docs/html: the guides, and antsibull-docs' reference.

The guides are written for the repository's host. Where a page of the site has what they link there, the site's copy links
that page; every other file of the repository is linked on the host. As a command with `links`, prints the links that leave
the site.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.tools.tree import BUILD, CHECKOUT

DIRECTORY = BUILD / "docs"
SOURCE = DIRECTORY / "source"
HTML = DIRECTORY / "html"
REFERENCE = "reference"
HOST = "https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/"
_NAMED = {
    "docs/README.md": "index",
    "README.md": "overview",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security-policy",
    "CHANGELOG.md": "changelog",
    "CODE_OF_CONDUCT.md": "code-of-conduct",
}
_FENCED = re.compile(r"^(```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<=\]\()([^)\s]+)(?=\))")
_GROUP = re.compile(r"^## (.+)\n\n((?:- .*\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[([^]]+)\]\(([\w-]+)\.md\)", re.MULTILINE)
_GUIDE_IN_REFERENCE = re.compile(rf"`([^`<]+) <{re.escape(HOST)}([^>#]+)>`__")
_PLUGIN_IN_TOCTREE = re.compile(r"^    (\w+)_(?:module|role|filter|inventory|lookup)$", re.MULTILINE)
_HREF = re.compile(r'<a [^>]*href="(https?://[^"]+)"')


class BrokenLinkError(Exception):
    """A link of a page leads to a file that does not exist."""


def pages() -> dict[str, str]:
    """The files that are pages of the site, relative to the checkout, and the name of each page."""
    guides = {f"docs/{path.name}": path.stem for path in sorted((CHECKOUT / "docs").glob("*.md"))}
    return guides | _NAMED


def for_site(text: str, file: str, names: dict[str, str]) -> str:
    """The Markdown of a page with links that lead somewhere on the site, or to the host; raises BrokenLinkError."""

    def target(link: re.Match[str]) -> str:
        path, mark, fragment = link[0].removeprefix(HOST).partition("#")
        if not path or "://" in path:
            return link[0]
        linked = path if link[0].startswith(HOST) else posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        if not (CHECKOUT / linked).exists():
            raise BrokenLinkError(f"{file}: there is no {link[0]}")
        return (f"{names[linked]}.md" if linked in names else HOST + linked) + mark + fragment

    parts = _FENCED.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(target, part) for part in parts)


def with_toctrees(text: str) -> str:
    """The start page with a toctree of each group of pages that it lists."""

    def toctree(group: re.Match[str]) -> str:
        caption = group[1]
        entries = [f"{title} <{name}>" for title, name in _ENTRY.findall(group[2])]
        if caption == "Reference":
            entries = [f"Modules, plugins and roles <{REFERENCE}/index>", f"Environment variables <{REFERENCE}/environment_variables>"]
        return "\n".join([group[0], "```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""])

    return _GROUP.sub(toctree, text)


def _lay_out_guides() -> None:
    names = pages()
    for file, name in names.items():
        text = for_site((CHECKOUT / file).read_text(encoding="utf-8"), file, names)
        (SOURCE / f"{name}.md").write_text(with_toctrees(text) if name == "index" else text, encoding="utf-8")


def _lay_out_reference() -> None:
    """Have antsibull-docs write the reference; it links guides, and is linked from menus, by their names on the site."""
    reference = SOURCE / REFERENCE
    reference.mkdir(mode=0o700)
    command = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy"]
    command += ["--fail-on-error", "--dest-dir", str(reference), "oaktree.multicloud"]
    subprocess.run(command, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    names = pages()
    for path in reference.glob("*.rst"):
        text = path.read_text(encoding="utf-8")
        text = _GUIDE_IN_REFERENCE.sub(lambda link: f":doc:`{link[1]} </{names[link[2]]}>`", text)
        path.write_text(_PLUGIN_IN_TOCTREE.sub(r"    \1 <\g<0>>", text).replace("<    ", "<"), encoding="utf-8")


def build() -> int:
    """Build the site from nothing; returns 1 if there was a warning."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    _lay_out_guides()
    _lay_out_reference()
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--nitpicky", "--jobs", "2"]
    command += ["--conf-dir", str(CHECKOUT / "docs" / "docsite"), "--doctree-dir", str(DIRECTORY / "doctrees")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run([*command, str(SOURCE), str(HTML)], check=False, cwd=CHECKOUT, env=environment).returncode


def external_links() -> Iterator[tuple[str, str]]:
    """Each link that leaves the site, with the first page that has it."""
    found: dict[str, str] = {}
    for path in sorted(HTML.rglob("*.html")):
        for url in _HREF.findall(path.read_text(encoding="utf-8")):
            found.setdefault(url, path.relative_to(HTML).as_posix())
    yield from sorted(found.items())


def main(arguments: list[str]) -> int:
    """Build, or print the links that leave the site."""
    if arguments == ["links"]:
        for url, page in external_links():
            print(f"{url}  ({page})")
        return 0
    code = build()
    if not code:
        print(f"The site is in {HTML.relative_to(CHECKOUT)}/index.html")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
