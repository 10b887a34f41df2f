# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.page import LONGEST_TEXT, as_html
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import make_report
from tests.support.browser import CHROMIUM, Browser, chromium
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
    visits,
)
from tests.support.report_story import story

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
        "1 Location failed",
        "1 resource differs",
        "1 quota used to 90 % or more",
        "gamma/west servers, drift, quotas no answer (timeout) Check that the cloud answers.",
        "alpha/north 2 beta/east 1",
        "up to a week 3",
        "m1.large compute.flavor missing at beta/east/demo",
        "all compute.flavor unknown at alpha/north/demo",
        "alpha/north/demo compute cores 9 / 10 1 left",
        "1 of 2 quotas have a limit, and something is used of 1 of these.",
    ):
        assert said in made, said


def test_every_quota_of_which_anything_is_used_is_listed_and_counted() -> None:
    made = words(
        page(quotas=[quota(NORTH, "cores", 0, 5), quota(NORTH, "ram", 1638400, 512), quota(NORTH, "volumes", 0, 0)])
    )
    assert "1 quota used to 90 % or more" in made
    assert "alpha/north/demo compute cores 5 / 0 -5 left alpha/north/demo compute ram 512 / 1,638,400" in made
    assert "3 of 3 quotas have a limit, and something is used of 2 of these." in made


def test_it_says_that_there_is_nothing() -> None:
    made = words(page())
    assert "Servers None were found." in made
    assert "Differences between Locations None were found." in made
    assert "Nothing is used of any quota that has a limit." in made
    assert "Failures" not in made
    assert "alpha/north/demo 0 servers beta/east/demo 0 servers" in made


def test_nothing_is_not_said_of_what_nobody_could_ask() -> None:
    made = words(as_html(make_report(all_failed(), DAY, "Clouds")))
    assert made.count("Nothing is known, because every Location failed.") == 3
    assert "None were found." not in made
    assert "alpha/north/demo failed beta/east/demo failed" in made


def test_numbers_and_digests_are_fit_to_be_read() -> None:
    digests = {"expected": "0" * 128, "actual": "1" * 32}
    rows = [drift("m", EAST, "differs", attribute="hash_value", **digests)]
    made = words(page(servers=[server(NORTH)] * 1234, rows=rows, quotas=[quota(NORTH, "ram", 1638400, 1204224)]))
    for said in ("1,234 servers", "1,204,224 / 1,638,400 434,176 left", f"is {'1' * 12}…, expected {'0' * 12}…"):
        assert said in made, said


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
    assert "1 more is not shown." in words(
        page(rows=[drift(f"n{number:03}", NORTH, "missing") for number in range(201)])
    )


def test_bars_are_relative_to_the_largest_and_end_at_the_limit() -> None:
    made = page(servers=[server(NORTH)] * 4 + [server(EAST)], quotas=[quota(EAST, "cores", 2, 5)])
    assert re.findall(r'<rect width="([^"]+)"', made)[:2] == ["100.0", "25.0"]
    assert re.findall(r'<rect width="([^"]+)"', made)[-1] == "100"
    assert re.findall(r'<rect width="([^"]+)"', page(quotas=[quota(EAST, "cores", 0, 5)]))[-1] == "100"


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


def everywhere(*places: dict[str, Any], **found: Any) -> dict[str, Any]:
    """What a report is made of, of which these Locations were asked, whether they have anything or not."""
    made = results(**found)
    for result in made.values():
        result["locations"] = visits(*places)
    return made


def forty_locations() -> dict[str, Any]:
    places = [location(f"cloud-{number // 4:02}", f"region-{number % 4}") for number in range(40)]
    return everywhere(
        *places,
        servers=[
            server(where, flavor={"name": f"m{number}.large"})
            for where in places
            for number in range(int(where["cloud"][6:]))
        ],
        rows=[drift("m1.large", where, "missing") for where in places],
        quotas=[quota(where, "ram", 1638400, 40960 * number) for number, where in enumerate(places)],
        failures=[{**failure(), "location": where} for where in places[:5]],
    )


def long_names() -> dict[str, Any]:
    words_of = location("customer-production-europe", "a-region-whose-name-has-many-words-in-it-1a")
    one_word = location("y" * 120, "z" * 120)
    return everywhere(
        servers=[
            server(where, status=status, flavor={"name": flavor})
            for where in (words_of, one_word)
            for status in ("ACTIVE", "SHELVED_OFFLOADED")
            for flavor in ("m1.medium-with-dedicated-cpus-and-local-disk", "x" * 200)
        ],
        rows=[
            drift("never-ending-" * 20, words_of, "differs", attribute="a" * 90, expected="b " * 99, actual="c" * 200)
        ],
        quotas=[quota(one_word, "server_group_members_per_project", 10**12, 10**12 - 1)],
        failures=[failure(f"no route to https://{'host.' * 60}")],
    )


def all_failed() -> dict[str, Any]:
    return everywhere(NORTH, EAST, failures=[{**failure(), "location": where} for where in (NORTH, EAST)])


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    "story": story,
    "hostile": hostile,
    "forty Locations": forty_locations,
    "long names": long_names,
    "no servers": results,
    "all failed": all_failed,
    "one Location": lambda: everywhere(NORTH, servers=[server(NORTH)], quotas=[quota(NORTH, "cores", 20, 1)]),
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian's package chromium)")
    with chromium(tmp_path_factory.mktemp("browser") / "profile") as browser:
        yield browser


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_browser_shows_it_at_the_width_of_desktops_and_phones(case: str, browser: Browser, tmp_path: Path) -> None:
    """With its style, nothing cut or over something else, without a complaint, and without anything running."""
    path = tmp_path / "report.html"
    path.write_text(as_html(make_report(CASES[case](), DAY, "Ours")), encoding="utf-8")
    for width in (1280, 390):
        with browser.show(path, width) as shown:
            assert shown.faults() == []
            assert shown.complaints == []
            assert shown.requests == [path.as_uri()]
            assert shown.value("document.title") == f"Ours, {DAY}"
            assert shown.value("document.scripts.length + document.images.length") == 0
            assert shown.value("[innerWidth, getComputedStyle(document.body).maxWidth]") == [width, "1152px"]


def colors(browser: Browser, path: Path, *, dark: bool) -> list[int]:
    """How bright background and text are, from 0 to 765."""
    names = ("backgroundColor", "color")
    with browser.show(path, 390, dark=dark) as shown:
        found = [shown.value(f"getComputedStyle(document.body).{name}") for name in names]
    return [sum(map(int, re.findall(r"\d+", color))) for color in found]


@pytest.mark.slow
def test_it_follows_the_choice_of_light_or_dark(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page(servers=[server(NORTH)]), encoding="utf-8")
    light, black = colors(browser, path, dark=False)
    night, white = colors(browser, path, dark=True)
    assert min(light, white) > 600
    assert max(night, black) < 200
