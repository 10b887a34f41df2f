# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the documentation's site in .build/docs/html: the guides, and antsibull-docs' reference.

The guides are written for the repository's host. Where the site has a page for a file that they link, the site's copy
of them links that page; every other file of the repository is linked on the host. As a command with `links`, prints the
links that leave the site.
"""

from __future__ import annotations

import html
import os
import posixpath
import re
import shutil
import subprocess
import sys
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
_REFERENCE_ENTRIES = (
    f"Modules, plugins and roles <{REFERENCE}/index>",
    f"Environment variables <{REFERENCE}/environment_variables>",
    "Index <genindex>",
)
_FENCED = re.compile(r"^(```.*?^```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"""(\]\(|\b(?:src|srcset)=")([^)\s"]+)(?=[)"])""")
_PICTURES = "docs/images/"
_FILE_AS_TEXT = re.compile(r"\[(?:docs/)?[\w-]+\.md\](?=\()")
_GROUP = re.compile(r"^## (.+)\n\n((?:- .*\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[([^]]+)\]\(([\w-]+)\.md\)", re.MULTILINE)
_GUIDE_IN_REFERENCE = re.compile(rf"`([^`<]+) <{re.escape(HOST)}([^>#]+)>`__?")
_PLUGIN_IN_TOCTREE = re.compile(r"^    ((\w+)_(?:module|role|filter|inventory|lookup))$", re.MULTILINE)
_CONTENTS = ".. contents::\n   :local:\n   :depth: 1\n"  # which the theme shows beside the page
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
        before, url = link.groups()
        path, mark, fragment = url.removeprefix(HOST).partition("#")
        if not path or ":" in path:
            return link[0]
        linked = path if url.startswith(HOST) else posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        if not (CHECKOUT / linked).exists():
            raise BrokenLinkError(f"{file}: there is no {url}")
        if linked.startswith(_PICTURES):
            return before + linked.removeprefix("docs/")
        return before + (f"{names[linked]}.md" if linked in names else HOST + linked) + mark + fragment

    # A link without text is shown with the title of its page.
    return "".join(
        part if part.startswith("```") else _LINK.sub(target, _FILE_AS_TEXT.sub("[]", part))
        for part in _FENCED.split(text)
    )


def with_toctrees(text: str) -> str:
    """The start page with a toctree of each group of pages that it lists."""

    def toctree(group: re.Match[str]) -> str:
        caption = group[1]
        entries = [f"{title} <{name}>" for title, name in _ENTRY.findall(group[2])]
        if caption == "Reference":
            entries = list(_REFERENCE_ENTRIES)
        return "\n".join([group[0], "```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```", ""])

    return _GROUP.sub(toctree, text)


def _lay_out_guides() -> None:
    for directory in (SOURCE, HTML):  # for pictures in Markdown, and in HTML, which Sphinx leaves as it is
        if (CHECKOUT / _PICTURES).exists():
            shutil.copytree(CHECKOUT / _PICTURES, directory / "images")
    names = pages()
    for file, name in names.items():
        text = for_site((CHECKOUT / file).read_text(encoding="utf-8"), file, names)
        (SOURCE / f"{name}.md").write_text(with_toctrees(text) if name == "index" else text, encoding="utf-8")


def with_guides(text: str, names: dict[str, str]) -> str:
    """A page of the reference whose links to guides lead to their pages on the site."""
    return _GUIDE_IN_REFERENCE.sub(lambda link: f":doc:`{link[1]} </{names[link[2]]}>`", text)


def _lay_out_reference() -> None:
    """Have antsibull-docs write the reference, which links the guides on the site, and has short names in menus."""
    reference = SOURCE / REFERENCE
    reference.mkdir(mode=0o700)
    command = ["antsibull-docs", "collection", "--use-current", "--squash-hierarchy"]
    command += ["--fail-on-error", "--dest-dir", str(reference), "oaktree.multicloud"]
    subprocess.run(command, check=True, cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    names = pages()
    for path in reference.glob("*.rst"):
        text = path.read_text(encoding="utf-8")
        text = with_guides(text, names)
        text = text.replace(_CONTENTS, "").replace("Oaktree.Multicloud\n", "oaktree.multicloud\n")
        text = _PLUGIN_IN_TOCTREE.sub(r"    \2 <\1>", text)
        path.write_text(text, encoding="utf-8")


def build() -> int:
    """Build the site from nothing; returns 1 if there was a warning."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    _lay_out_guides()
    _lay_out_reference()
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--nitpicky", "--jobs", "2"]
    command += ["--conf-dir", str(CHECKOUT / "docs" / "docsite"), "--doctree-dir", str(DIRECTORY / "doctrees")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(CHECKOUT), os.environ.get("PYTHONPATH", "")])}
    code = subprocess.run([*command, str(SOURCE), str(HTML)], check=False, cwd=CHECKOUT, env=environment).returncode
    leaks = pages_with(str(CHECKOUT))
    for page in leaks:
        print(f"{page} names the directory of this checkout", file=sys.stderr)
    return 1 if leaks else code


def pages_with(text: str, directory: Path = HTML) -> list[str]:
    """The files of the site that hold a text."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return [path.relative_to(directory).as_posix() for path in files if text.encode() in path.read_bytes()]


def external_links(directory: Path = HTML) -> list[tuple[str, str]]:
    """Each link that leaves the site, with the first page that has it."""
    found: dict[str, str] = {}
    for path in sorted(directory.rglob("*.html")):
        for url in _HREF.findall(path.read_text(encoding="utf-8")):
            found.setdefault(html.unescape(url), path.relative_to(directory).as_posix())
    return sorted(found.items())


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
