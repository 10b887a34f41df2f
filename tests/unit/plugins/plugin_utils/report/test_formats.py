# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.formats import COLUMNS, FORMATS, report
from tests.support.report_results import (
    DAY,
    EAST,
    HOSTILE,
    NORTH,
    drift,
    failure,
    hostile,
    quota,
    results,
    server,
    visits,
)


def found() -> dict[str, Any]:
    return results(
        servers=[server(NORTH), server(EAST, status="ERROR")],
        rows=[drift("m1.small", EAST, "missing"), drift("m1.small", NORTH, "missing")],
        quotas=[quota(NORTH, "cores", 64, 16)],
        failures=[failure()],
    )


def test_json_has_all_figures() -> None:
    made = json.loads(report(found(), DAY, "json", "Ours"))
    assert (made["title"], made["date"]) == ("Ours", DAY)
    assert made["servers"]["by_status"] == [{"name": "ACTIVE", "count": 1}, {"name": "ERROR", "count": 1}]
    assert made["drift"][0]["findings"][0]["locations"] == ["beta/east/demo", "alpha/north/demo"]
    assert made["quotas"][0] == {
        "location": "alpha/north/demo",
        "service": "compute",
        "name": "cores",
        "limit": 64,
        "used": 16,
        "free": 48,
        "percent": 25.0,
    }
    assert made["failures"][0]["contents"] == ["servers", "drift", "quotas"]


def test_csv_has_a_row_for_each_figure() -> None:
    header, *rows = csv.reader(io.StringIO(report(found(), DAY, "csv", "Ours")))
    assert tuple(header) == COLUMNS
    assert rows[:4] == [
        ["locations", "", "", "alpha/north/demo", "1", "", "", "", ""],
        ["locations", "", "", "beta/east/demo", "1", "", "", "", ""],
        ["locations", "", "", "gamma/west", "", "", "", "", "failed"],
        ["servers", "cloud", "alpha", "", "1", "", "", "", ""],
    ]
    assert rows[-4:] == [
        ["drift", "compute.flavor", "m1.small", "beta/east/demo", "", "", "", "", "missing"],
        ["drift", "compute.flavor", "m1.small", "alpha/north/demo", "", "", "", "", "missing"],
        ["quotas", "compute", "cores", "alpha/north/demo", "", "64", "16", "48", ""],
        ["failures", "timeout", "servers, drift, quotas", "gamma/west", "", "", "", "", "no answer"],
    ]


def test_markdown_has_a_table_for_each_section() -> None:
    made = report(found(), DAY, "markdown", "Ours")
    assert [line for line in made.splitlines() if line.startswith("#")] == [
        "# Ours",
        "## Failures",
        "## Locations",
        "## Servers by cloud",
        "## Servers by region",
        "## Servers by flavor",
        "## Servers by status",
        "## Servers by age",
        "## Differences between Locations",
        "## Quotas",
    ]
    assert "## Servers by cloud\n\n| cloud | servers |\n| --- | ---: |\n| alpha | 1 |\n| beta | 1 |\n" in made
    assert "| compute.flavor | m1.small | missing | beta/east/demo, alpha/north/demo |\n" in made
    assert "| alpha/north/demo | compute | cores | 64 | 16 | 48 |\n" in made


@pytest.mark.parametrize("form", FORMATS)
def test_sections_that_were_not_collected_are_absent(form: str) -> None:
    made = report({"servers": found()["servers"]}, DAY, form, "Ours").lower()
    assert "m1.small" in made
    if form == "json":
        assert json.loads(made)["quotas"] is None
    else:
        assert "quotas" not in made
        assert "differ" not in made
        assert "drift" not in made.replace("servers, drift", "")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_input_gives_the_same_bytes_whatever_the_timings(form: str) -> None:
    later = found()
    for result in later.values():
        result["locations"] = [{**visit, "seconds": 9.9, "requests": 7} for visit in visits(NORTH, EAST)][::-1]
    assert report(later, DAY, form, "Ours") == report(found(), DAY, form, "Ours")


def test_hostile_names_are_no_formulas_in_csv() -> None:
    for row in csv.reader(io.StringIO(report(hostile(), DAY, "csv", "=1+1"))):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_hostile_names_are_text_in_markdown() -> None:
    made = report(hostile(), DAY, "markdown", "<b> **x**")
    assert made.startswith("# &lt;b&gt; \\*\\*x\\*\\*\n")
    assert "<" not in made
    assert "**[" not in made
    assert "\u202e" not in made
    assert "\\{\\{ 7\\*7 \\}\\}" in made


def test_hostile_names_are_whole_and_ascii_in_json() -> None:
    made = report(hostile(), DAY, "json", "Ours")
    assert made.isascii()
    assert {count["name"] for count in json.loads(made)["servers"]["by_status"]} == set(HOSTILE)


def test_another_format_is_refused() -> None:
    with pytest.raises(InputError, match="format: 'pdf' is none of html, json, csv, markdown"):
        report(found(), DAY, "pdf", "Ours")
