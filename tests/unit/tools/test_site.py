# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools import site

ROOT = Path(__file__).parents[3]
START = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
NAMES = site.pages()


@pytest.mark.parametrize(
    ("text", "file", "on_site"),
    [
        ("[a](image.md#costs)", "docs/report.md", "[a](image.md#costs)"),
        ("[a](docs/image.md)", "README.md", "[a](image.md)"),
        ("[a](../CONTRIBUTING.md#add-a-scheme)", "docs/image.md", "[a](contributing.md#add-a-scheme)"),
        ("[a](../README.md)", "docs/image.md", "[a](overview.md)"),
        (f"[a]({site.HOST}docs/image.md#costs)", "docs/report.md", "[a](image.md#costs)"),
        ("[a](LICENSE)", "README.md", f"[a]({site.HOST}LICENSE)"),
        ("[a](benchmarks.json)", "docs/benchmarks.md", f"[a]({site.HOST}docs/benchmarks.json)"),
        ("[docs/image.md](docs/image.md)", "README.md", "[](image.md)"),
        ("[inventory.md](inventory.md)", "docs/image.md", "[](inventory.md)"),
        ("[a](#costs) [b](https://example.org/x.md)", "docs/image.md", "[a](#costs) [b](https://example.org/x.md)"),
        ("```text\n[a](nothing.md)\n```", "docs/image.md", "```text\n[a](nothing.md)\n```"),
    ],
)
def test_links_lead_to_pages_of_the_site_or_to_the_host(text: str, file: str, on_site: str) -> None:
    assert site.for_site(text, file, NAMES) == on_site


@pytest.mark.parametrize("link", ["nothing.md", "../nothing", f"{site.HOST}docs/nothing.md"])
def test_a_broken_link_is_an_error(link: str) -> None:
    with pytest.raises(site.BrokenLinkError, match="there is no"):
        site.for_site(f"[a]({link})", "docs/image.md", NAMES)


def test_a_picture_is_linked_where_it_is_on_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs" / "images").mkdir(parents=True)
    (tmp_path / "docs" / "images" / "a.webp").touch()
    monkeypatch.setattr(site, "CHECKOUT", tmp_path)
    assert site.for_site("![a](images/a.webp)", "docs/image.md", NAMES) == "![a](images/a.webp)"
    assert site.for_site('<img src="docs/images/a.webp">', "README.md", NAMES) == '<img src="images/a.webp">'


@pytest.mark.parametrize("end", ["_", "__"])
def test_the_reference_links_guides_on_the_site(end: str) -> None:
    text = f"`Guide: Overview <{site.HOST}README.md>`{end}"
    assert site.with_guides(text, NAMES) == ":doc:`Guide: Overview </overview>`"


def test_the_start_page_lists_every_page_once() -> None:
    listed = re.findall(r"^- \[[^]]+\]\(([^)#]+)\)", START, re.MULTILINE)
    files = {(ROOT / "docs" / name).resolve().relative_to(ROOT).as_posix() for name in listed}
    assert len(listed) == len(files)
    assert files == NAMES.keys() - {"docs/README.md"}


def test_every_page_is_in_a_menu() -> None:
    text = site.with_toctrees(site.for_site(START, "docs/README.md", NAMES))
    menus = re.findall(r"```\{toctree\}\n:hidden:\n:caption: (.+)\n\n((?:.+\n)+)```", text)
    assert [caption for caption, _entries in menus] == re.findall(r"^## (.+)", START, re.MULTILINE)
    entries = {entry for _caption, lines in menus for entry in re.findall(r"<(.+)>", lines)}
    assert entries == {*NAMES.values(), "reference/index", "reference/environment_variables", "genindex"} - {"index"}


def test_links_that_leave_the_site_are_listed_with_a_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a class="x" href="https://b.org/?a=1&amp;b">b</a> <a href="c.html">c</a>')
    (tmp_path / "b.html").write_text('<a href="https://b.org/?a=1&amp;b">b</a> <a href="https://a.org">a</a>')
    assert site.external_links(tmp_path) == [("https://a.org", "b.html"), ("https://b.org/?a=1&b", "a.html")]


def test_a_page_that_names_the_checkout_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("/home/me/checkout/docs")
    (tmp_path / "b.html").write_text("docs")
    assert site.pages_with("/home/me/checkout", tmp_path) == ["a.html"]
