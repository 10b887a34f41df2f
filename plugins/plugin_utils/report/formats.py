# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as a file: HTML, JSON, CSV or Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.page import as_html
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.report.sums import Report, make_report
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.table import (
    as_csv,
    as_markdown,
    columns_of,
    markdown_text,
)

COLUMNS = ("section", "group", "name", "location", "count", "limit", "used", "free", "detail")
"""Of the rows that `as_rows` makes, for all sections the same."""


def as_json(report: Report) -> str:
    """All figures as a JSON object with sorted keys, in ASCII: whatever a terminal obeys is escaped."""
    return json.dumps(asdict(report), indent=2, sort_keys=True) + "\n"


def as_rows(report: Report) -> Iterator[dict[str, Any]]:
    """The report as one list, a row for each figure, with the keys `COLUMNS` as far as they apply."""
    for place in report.locations:
        detail = "failed" if place.failed else ""
        yield {"section": "locations", "location": place.name, "count": place.servers, "detail": detail}
    for group, counts in report.servers.groups if report.servers else ():
        for count in counts:
            yield {"section": "servers", "group": group, "name": count.name, "count": count.count}
    for resource in report.drift or ():
        row = {"section": "drift", "group": resource.type, "name": resource.name}
        for finding in resource.findings:
            yield from ({**row, "location": name, "detail": finding.text} for name in finding.locations)
    for quota in report.quotas or ():
        yield {
            "section": "quotas",
            "group": quota.service,
            "name": quota.name,
            "location": quota.location,
            "limit": quota.limit,
            "used": quota.used,
            "free": quota.free,
        }
    for failure in report.failures:
        yield {
            "section": "failures",
            "group": failure.kind,
            "name": ", ".join(failure.contents),
            "location": failure.location,
            "detail": failure.error,
        }


def as_one_csv(report: Report) -> str:
    """The rows of `as_rows` for a spreadsheet, whose filters select a section."""
    rows = list(as_rows(report))
    return as_csv(columns_of(rows, COLUMNS), rows)


def as_sections(report: Report) -> str:
    """The report in Markdown: a table for each section, whose names are text."""
    parts = [f"# {markdown_text(report.title)}\n\n{report.date}\n"]
    if report.failures:
        failures = [asdict(failure) for failure in report.failures]
        columns = {"location": "location", "missing": "contents", "kind": "kind", "error": "error", "hint": "hint"}
        parts.append(_section("Failures", failures, columns))
    places = [
        {"location": place.name, "servers": place.servers, "failed": "failed" if place.failed else ""}
        for place in report.locations
    ]
    parts.append(_section("Locations", places, ("location", "servers", "failed")))
    for group, counts in report.servers.groups if report.servers else ():
        rows = [asdict(count) for count in counts]
        parts.append(_section(f"Servers by {group}", rows, {group: "name", "servers": "count"}))
    if report.drift is not None:
        found = [
            {"type": resource.type, "name": resource.name, "what": finding.text, "where": list(finding.locations)}
            for resource in report.drift
            for finding in resource.findings
        ]
        parts.append(_section("Differences between Locations", found, ("type", "name", "what", "where")))
    if report.quotas is not None:
        quotas = [asdict(quota) for quota in report.quotas]
        parts.append(_section("Quotas", quotas, ("location", "service", "name", "limit", "used", "free")))
    return "\n".join(parts)


def _section(heading: str, rows: Sequence[Any], columns: Mapping[str, str] | Sequence[str]) -> str:
    body = as_markdown(columns_of(rows, columns), rows) if rows else "None.\n"
    return f"## {heading}\n\n{body}"


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "html": as_html,
    "json": as_json,
    "csv": as_one_csv,
    "markdown": as_sections,
}


def report(found: Any, day: str, form: str, title: str) -> str:
    """The report of ``found`` in one of the `FORMATS`. Raises InputError as `make_report`, and for another format."""
    if form not in FORMATS:
        raise InputError(f"format: {form!r} is none of {', '.join(FORMATS)}")
    return FORMATS[form](make_report(found, day, title))
