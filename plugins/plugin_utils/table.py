# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of modules as a table that people read: the columns of each kind of record, and three formats."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import printable

_BESIDE = frozenset({"deprecations", "diff", "failures", "locations", "placement", "unconfigured_regions", "warnings"})
"""Lists in modules' results that are not what the module is for, if there is another one."""

_COLUMNS: tuple[tuple[frozenset[str], Mapping[str, str]], ...] = (
    (
        frozenset({"location", "error", "kind"}),
        {"location": "location", "kind": "kind", "error": "error", "hint": "hint"},
    ),
    (
        frozenset({"location", "status", "expected", "actual"}),
        {
            "type": "type",
            "name": "name",
            "location": "location",
            "status": "status",
            "attribute": "attribute",
            "expected": "expected",
            "actual": "actual",
            "reason": "reason",
        },
    ),
    (
        frozenset({"location", "server", "running", "current"}),
        {
            "location": "location",
            "server": "server",
            "image": "image",
            "status": "status",
            "running": "running",
            "current": "current",
            "reason": "reason",
        },
    ),
    (
        frozenset({"location", "action"}),
        {
            "location": "location",
            "action": "action",
            "name": "(image || server || resource || stack || object || container).name || name",
            "notes": "notes",
        },
    ),
    (
        frozenset({"location", "flavor", "addresses"}),
        {
            "location": "location",
            "name": "name",
            "status": "status",
            "flavor": "flavor.name",
            "address": "public_v4 || public_v6 || private_v4 || private_v6",
            "created": "created_at",
        },
    ),
    (
        frozenset({"location", "disk_format", "visibility"}),
        {
            "location": "location",
            "name": "name",
            "status": "status",
            "visibility": "visibility",
            "format": "disk_format",
            "size": "size",
            "hash": "hash_value || checksum",
        },
    ),
    (
        frozenset({"location", "container", "content_length"}),
        {
            "location": "location",
            "container": "container",
            "name": "name",
            "size": "content_length",
            "modified": "last_modified_at",
            "etag": "etag",
        },
    ),
    (
        frozenset({"location", "object_count", "bytes_used"}),
        {"location": "location", "name": "name", "objects": "object_count", "bytes": "bytes_used", "read": "read_ACL"},
    ),
    (
        frozenset({"location", "service_type", "url"}),
        {"location": "location", "service": "service_type", "version": "api_version", "url": "url"},
    ),
    (
        frozenset({"location", "service", "limit", "free"}),
        {
            "location": "location",
            "service": "service",
            "name": "name",
            "limit": "limit",
            "used": "used",
            "free": "free",
        },
    ),
    (
        frozenset({"location", "answers", "missing"}),
        {
            "location": "location",
            "answers": "answers",
            "user": "user.name",
            "roles": "roles",
            "services": "service_types",
            "missing": "missing && keys(missing)",
        },
    ),
    (
        frozenset({"location", "floating_ip_address"}),
        {
            "location": "location",
            "address": "floating_ip_address",
            "status": "status",
            "fixed": "fixed_ip_address",
            "id": "id",
        },
    ),
    (
        frozenset({"location", "cidr", "gateway_ip"}),
        {"location": "location", "name": "name", "cidr": "cidr", "gateway": "gateway_ip", "id": "id"},
    ),
    (
        frozenset({"location", "fixed_ips", "mac_address"}),
        {
            "location": "location",
            "name": "name",
            "status": "status",
            "address": "fixed_ips[].ip_address",
            "owner": "device_owner",
            "id": "id",
        },
    ),
    (
        frozenset({"location", "fingerprint", "public_key"}),
        {"location": "location", "name": "name", "type": "type", "fingerprint": "fingerprint"},
    ),
    (
        frozenset({"location", "records", "ttl"}),
        {
            "location": "location",
            "name": "name",
            "type": "type",
            "records": "records",
            "ttl": "ttl",
            "status": "status",
        },
    ),
    (
        frozenset({"location", "role", "scope"}),
        {
            "location": "location",
            "user": "user.name || user.id",
            "group": "group.name || group.id",
            "role": "role.name || role.id",
            "project": "scope.project.name || scope.project.id",
            "domain": "scope.domain.name || scope.domain.id",
        },
    ),
    (
        frozenset({"location", "vcpus", "ram", "disk"}),
        {"location": "location", "name": "name", "vcpus": "vcpus", "ram": "ram", "disk": "disk", "id": "id"},
    ),
    (
        frozenset({"location", "properties", "size", "status"}),
        {"location": "location", "name": "name", "status": "status", "size": "size", "id": "id"},
    ),
    (
        frozenset({"location", "properties", "id", "name", "status"}),
        {"location": "location", "name": "name", "status": "status", "id": "id"},
    ),
    (frozenset({"location", "properties", "id", "name"}), {"location": "location", "name": "name", "id": "id"}),
    (
        frozenset({"location", "count", "seconds"}),
        {"location": "location", "count": "count", "seconds": "seconds", "requests": "requests"},
    ),
)
"""The columns of a record that has these keys: header and JMESPath expression. The first that fits."""

NOTHING = "(nothing)"
"""What stands in place of rows where there are none. In CSV, which programs read, there is the header alone."""
_HASH_SHOWN = 12
"""Digits of a digest."""

_DIGEST = re.compile(r"((?:md5|sha256|sha512):)[0-9a-f]{32,128}|[0-9a-f]{40,128}")
"""With 32 digits and without the name of its algorithm it may as well be an ID, of which nobody wants a part."""
_LOCATION = {"name", "cloud", "region"}
_FORMULA = ("=", "+", "-", "@")
"""Characters with which a spreadsheet takes a cell for a formula."""


@dataclass(frozen=True)
class Column:
    """A header, and how a record's cell is found."""

    header: str
    find: Callable[[Any], Any]


def list_of(result: Mapping[str, Any]) -> str:
    """The key of a module's result that holds its records; empty where none does."""
    lists = [str(key) for key, value in result.items() if isinstance(value, list)]
    return next((key for key in lists if key not in _BESIDE), "locations" if "locations" in lists else "")


def rows_of(value: Any) -> list[Any]:
    """The records of a list, or of a module's result. Raises InputError for anything else."""
    if isinstance(value, Mapping):
        value = value.get(list_of(value), value)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InputError(
            "table: the input is neither a list of records nor the result of a module of this collection",
            hint="Give it for example result.servers, or result.failures.",
        )
    return list(value)


def columns_of(rows: Sequence[Any], wanted: Mapping[str, str] | Sequence[str] | str | None) -> list[Column]:
    """The columns: ``wanted`` as ``{header: expression}``, or one or more expressions that are their own headers.

    Without it those of the kind of record; for other mappings all keys of the first one, and none where there are no
    rows. Raises InputError for an expression that JMESPath cannot parse.
    """
    if wanted is None:
        return [_column(header, expression) for header, expression in _usual(rows).items()]
    if isinstance(wanted, Mapping):
        return [_column(str(header), expression) for header, expression in wanted.items()]
    return [_column(expression, expression) for expression in ([wanted] if isinstance(wanted, str) else wanted)]


def _usual(rows: Sequence[Any]) -> Mapping[str, str]:
    if not rows:
        return {}  # of which kind nothing is, nobody knows
    first = next((row for row in rows if isinstance(row, Mapping)), None)
    if first is None:
        return {"value": "@"}
    for keys, columns in _COLUMNS:
        if keys <= first.keys():
            return columns
    return {str(key): json.dumps(str(key)) for key in first}


def _column(header: str, expression: str) -> Column:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled = jmespath.compile(expression)
    except (JMESPathError, TypeError, AttributeError) as exc:
        raise InputError(
            f"columns: {expression!r} is not a JMESPath expression: {exc}",
            hint="Name a key, such as name or flavor.ram. A key that has other characters than letters, "
            "digits and _ stands in double quotes.",
        ) from exc

    def find(row: Any) -> Any:
        try:
            return compiled.search(row)
        except JMESPathError as exc:
            raise InputError(
                f"columns: {expression!r} does not fit a record: {exc}",
                hint="Where a value may be null, write a default, as in length(tags || `[]`).",
            ) from exc

    return Column(header, find)


def as_text(columns: Sequence[Column], rows: Sequence[Any]) -> list[str]:
    """Lines with aligned columns: headers in capitals, numbers to the right, digests cut to their beginning.

    Without rows it says so.
    """
    if not rows:
        return [*filter(None, ["  ".join(_fit(column.header.upper()) for column in columns)]), NOTHING]
    table = [[_fit(column.header.upper()) for column in columns]]
    table += [[_fit(_short(column.find(row))) for column in columns] for row in rows]
    right = [all(_is_number(column.find(row)) for row in rows) for column in columns]
    widths = [max(_width(line[index]) for line in table) for index in range(len(columns))]
    return ["  ".join(map(_padded, line, widths, right)).rstrip() for line in table]


def as_markdown(columns: Sequence[Column], rows: Sequence[Any]) -> str:
    """A table of GitHub's Markdown, in which names are text: neither HTML nor Markdown in them has an effect.

    Without rows its first cell says so.
    """
    if not columns:
        return f"{NOTHING}\n"
    right = [bool(rows) and all(_is_number(column.find(row)) for row in rows) for column in columns]
    lines = [[markdown_text(column.header) for column in columns], ["---:" if number else "---" for number in right]]
    lines += [[markdown_text(_cell(column.find(row))) for column in columns] for row in rows]
    lines += [] if rows else [[NOTHING, *[""] * (len(columns) - 1)]]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_csv(columns: Sequence[Column], rows: Sequence[Any]) -> str:
    """Comma-separated values as RFC 4180 has them; no text is taken for a formula by a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out)
    if columns:
        writer.writerow([_no_formula(column.header) for column in columns])
    for row in rows:
        found = [column.find(row) for column in columns]
        writer.writerow([value if _is_number(value) else _no_formula(_cell(value)) for value in found])
    return out.getvalue()


FORMATS: Mapping[str, Callable[[Sequence[Column], Sequence[Any]], list[str] | str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "csv": as_csv,
}


def merged(columns: Sequence[Column], rows: Sequence[Any], header: str) -> tuple[list[Column], list[dict[str, Any]]]:
    """A row for all rows that are alike but for one column, of which it lists what they have; sorted by the others.

    Raises InputError if no column has this header.
    """
    if all(column.header != header for column in columns):
        raise InputError(
            f"merge: {header!r} is none of the columns", hint=f"Name one of: {', '.join(c.header for c in columns)}."
        )
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        cells = {column.header: column.find(row) for column in columns}
        value = cells.pop(header)
        group = found.setdefault(tuple(map(_cell, cells.values())), {**cells, header: []})
        if value not in group[header]:
            group[header].append(value)
    return (
        [Column(column.header, itemgetter(column.header)) for column in columns],
        [group for _cells, group in sorted(found.items(), key=itemgetter(0))],
    )


def table(
    value: Any, columns: Mapping[str, str] | Sequence[str] | None, form: str, merge: str | None = None
) -> list[str] | str:
    """The records of a list, or of a module's result, in one of the `FORMATS`.

    With ``merge``, the header of a column, rows are `merged`. In text, columns that nobody asked for and that are empty
    in every record are left out. Raises InputError as `rows_of`, `columns_of` and `merged` do, and for another format.
    """
    if form not in FORMATS:
        raise InputError(f"format: {form!r} is none of {', '.join(FORMATS)}")
    rows = rows_of(value)
    found = columns_of(rows, columns)
    if columns is None and form == "text":
        found = [column for column in found if any(_cell(column.find(row)) for row in rows)] or found
    if merge is not None and found:
        found, rows = merged(found, rows, merge)
    return FORMATS[form](found, rows)


def _cell(value: Any) -> str:
    """A value as people write it."""
    if value is None or value == {}:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return str(value["name"]) if value.keys() >= _LOCATION else json.dumps(value, sort_keys=True)
    if isinstance(value, (list, tuple)):
        return ", ".join(_cell(item) for item in value)
    return str(value)


def _short(value: Any) -> str:
    text = _cell(value)
    digest = _DIGEST.fullmatch(text)
    return text[: len(digest[1] or "") + _HASH_SHOWN] if digest else text


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _fit(text: str) -> str:
    return " ".join(printable(text).split())


def _width(text: str) -> int:
    """Columns on a terminal: East Asian characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _padded(text: str, width: int, right: bool) -> str:  # noqa: FBT001 - for map
    space = " " * (width - _width(text))
    return space + text if right else text + space


def markdown_text(text: str) -> str:
    """The text for Markdown, on one line: neither HTML nor Markdown in it has an effect."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", html.escape(_fit(text), quote=False))


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith((*_FORMULA, "\t", "\r")) else text
