# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.browser import CHROMIUM, Browser, chromium

pytestmark = pytest.mark.slow

HEAD = "<!doctype html><meta name=viewport content='width=device-width'>"
POLICY = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<p style='width:1500px'>wide", "cut: "),
        ("<p>one<p style='position:absolute;top:15px'>other", "overlap: "),
        ("<p>one<svg width=40 height=40 style='position:absolute;top:0;left:0'></svg>", "overlap: "),
        ("<table style='table-layout:fixed;width:40px'><td>unbreakable<td>", "outside its box: unbreakable"),
    ],
)
def test_what_is_broken_is_found(browser: Browser, page: Path, body: str, fault: str, width: int) -> None:
    page.write_text(HEAD + body, encoding="utf-8")
    with browser.show(page, width) as shown:
        assert shown.value("innerWidth") == width or fault == "cut: "
        assert any(found.startswith(fault) for found in shown.faults())


def test_a_page_without_faults_has_none(browser: Browser, page: Path) -> None:
    page.write_text(f"{HEAD}<p>one<p>other", encoding="utf-8")
    with browser.show(page, 390) as shown:
        assert (shown.faults(), shown.complaints, shown.requests) == ([], [], [page.as_uri()])


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("<script>throw Error('loud')</script>", "loud"),
        ("<script>console.error('loud')</script>", "loud"),
        (f"{POLICY}<script>document.title = 'run'</script>", "Content Security Policy"),
        (f"{POLICY}<p style='color:red'>", "Content Security Policy"),
        (f"{POLICY}<img src=x.png>", "Content Security Policy"),
    ],
)
def test_what_the_console_shows_is_kept(browser: Browser, page: Path, body: str, complaint: str) -> None:
    page.write_text(HEAD + body, encoding="utf-8")
    with browser.show(page, 390) as shown:
        assert complaint in "".join(shown.complaints)


def test_what_is_loaded_is_kept(browser: Browser, page: Path) -> None:
    page.write_text(f"{HEAD}<img src=x.png>", encoding="utf-8")
    with browser.show(page, 390) as shown:
        assert shown.requests == [page.as_uri(), page.with_name("x.png").as_uri()]


def test_a_picture_has_the_whole_page(browser: Browser, page: Path) -> None:
    page.write_text(f"{HEAD}<body style='margin:0'><div style='height:3000px'>", encoding="utf-8")
    with browser.show(page, 390) as shown:
        picture = shown.picture("png")
    assert picture.startswith(b"\x89PNG")
    assert [int.from_bytes(picture[at : at + 4]) for at in (16, 20)] == [390, 3000]
