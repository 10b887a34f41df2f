# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.page import LONGEST_TEXT, as_html
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import make_report
from tests.support.report_results import (
    DAY,
    EAST,
    HOSTILE,
    NORTH,
    drift,
    failure,
    hostile,
    location,
    quota,
    results,
    server,
)

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "div", "svg", "rect"),
    *("h1", "h2", "p", "b", "bdi", "span", "table", "thead", "tbody", "tr", "th", "td"),
}
"""Everything that a page consists of."""
VOID = {"meta"}


class Page(HTMLParser):
    """The elements of a page, its attributes, and its text; fails where an element is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _value in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _value in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(title: str = "Clouds", **found: Any) -> str:
    return as_html(make_report(results(**found), DAY, title))


def words(text: str) -> str:
    return " ".join(" ".join(Page(text).texts).split())


def test_it_shows_the_figures() -> None:
    made = words(
        page(
            title="Ours",
            servers=[server(NORTH), server(NORTH), server(EAST)],
            rows=[drift("m1.large", EAST, "missing"), drift(None, NORTH, "unknown")],
            quotas=[quota(NORTH, "cores", 10, 9), quota(NORTH, "ram", None, 5)],
            failures=[failure()],
        )
    )
    for said in (
        "3 servers",
        "3 Locations",
        "1 Locations failed",
        "2 resources differ",
        "1 quotas used up to 90 % or more",
        "gamma/west servers, drift, quotas no answer (timeout) Check that the cloud answers.",
        "alpha/north 2 beta/east 1",
        "up to a week 3",
        "m1.large compute.flavor missing at beta/east/demo",
        "all compute.flavor unknown at alpha/north/demo",
        "alpha/north/demo compute cores 9 / 10 1 left",
        "1 of 2 quotas have a limit, and something is used of 1 of these.",
    ):
        assert said in made, said


def test_it_says_that_there_is_nothing() -> None:
    made = words(page())
    assert "Servers by cloud None." in made
    assert "Differences between Locations None were found." in made
    assert "Nothing is used of any quota that has a limit." in made
    assert "Failures" not in made


def test_what_is_too_much_is_counted() -> None:
    many = [location("alpha", f"r{number:03}") for number in range(30)]
    made = words(
        page(
            servers=[server(where) for where in many],
            rows=[drift("m", where, "missing") for where in many]
            + [drift(f"n{number:03}", NORTH, "missing") for number in range(250)],
        )
    )
    assert "alpha/r014 1 15 more are not shown." in made
    assert "alpha/r015 1" not in made
    assert "alpha/r009/demo and 20 more" in made
    assert "51 more are not shown." in made


def test_bars_are_relative_to_the_largest_and_end_at_the_limit() -> None:
    made = page(servers=[server(NORTH)] * 4 + [server(EAST)], quotas=[quota(EAST, "cores", 2, 5)])
    assert re.findall(r'<rect width="([^"]+)"', made)[:2] == ["100.0", "25.0"]
    assert re.findall(r'<rect width="([^"]+)"', made)[-1] == "100"


def test_hostile_names_are_text() -> None:
    made = as_html(make_report(hostile(), DAY, HOSTILE[0]))
    parsed = Page(made)
    assert parsed.elements <= ELEMENTS
    assert not {name for name in parsed.attributes if name.startswith("on")}
    said = "".join(parsed.texts)
    for name in HOSTILE:
        shown = name.replace("\u202e", "\\u202e")
        assert shown[:LONGEST_TEXT] in said, name
    assert "\u202e" not in made
    assert "x" * (LONGEST_TEXT + 1) not in said
    assert "x" * LONGEST_TEXT + "…" in said


def test_it_loads_nothing_and_its_policy_allows_its_own_style_alone() -> None:
    made = page(servers=[server(NORTH)], rows=[drift("m", EAST, "missing")], quotas=[quota(NORTH, "cores", 2, 1)])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', made)
    (style,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not {"style", "href", "src", "srcset", "xlink:href"} & Page(made).attributes
    assert "url(" not in style
    assert "@import" not in style
    assert "http:" not in made
    assert "https:" not in made


FRAME = """<!doctype html><title>begun</title>
<iframe style="border:0;width:{width}px;height:4000px" srcdoc="{page}"></iframe>
<script>document.querySelector("iframe").onload = event => {{
const inner = event.target.contentDocument, root = inner.documentElement, body = getComputedStyle(inner.body)
document.title = [document.title, inner.title, inner.scripts.length, inner.images.length,
root.scrollWidth <= {width}, body.maxWidth].join("|")
}}</script>"""
"""A page in a frame of a width that no window of a browser need have, and what is measured of it, in the title."""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium (Debian's package chromium)")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_shows_it_at_the_width_of_desktops_and_phones(width: int, tmp_path: Path) -> None:
    """With its style, without anything running, and without scrolling sideways."""
    frame, picture = tmp_path / "frame.html", tmp_path / f"report-{width}.png"
    made = as_html(make_report(hostile(), DAY, "Ours"))
    frame.write_text(FRAME.format(width=width, page=html.escape(made)), encoding="utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    command.append(f"--user-data-dir={tmp_path / 'profile'}")
    look = [f"--window-size={width + 16},4016", f"--screenshot={picture}", frame.as_uri()]
    subprocess.run([*command, *look], check=True, capture_output=True)
    measured = subprocess.run([*command, "--dump-dom", frame.as_uri()], check=True, capture_output=True, text=True)
    assert f"<title>begun|Ours, {DAY}|0|0|true|1152px</title>" in measured.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")
