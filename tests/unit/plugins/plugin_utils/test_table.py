# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import image_record, server_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.table import (
    FORMATS,
    as_csv,
    as_markdown,
    as_text,
    columns_of,
    rows_of,
    table,
)

HERE = Location("alpha", "north", project=Project("5bd0", "demo"))
SERVER = server_record(
    {
        "id": "s-1",
        "name": "web-1",
        "status": "ACTIVE",
        "created": "2026-11-20T10:00:00Z",
        "flavor": {"original_name": "m1.small", "ram": 2048},
        "addresses": {"net": [{"addr": "10.0.0.5"}]},
    },
    HERE,
)
IMAGE = image_record(
    {
        "id": "i-1",
        "name": "fedora",
        "status": "active",
        "visibility": "private",
        "disk_format": "qcow2",
        "size": 1048576,
        "os_hash_value": "6b813aa46bb90b4d" * 8,
    },
    HERE,
)


def text(rows: Any, columns: Any = None) -> list[str]:
    return as_text(columns_of(rows, columns), rows)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(
            [SERVER],
            [
                "LOCATION          NAME   STATUS  FLAVOR    ADDRESS   CREATED",
                "alpha/north/demo  web-1  ACTIVE  m1.small  10.0.0.5  2026-11-20T10:00:00Z",
            ],
            id="servers",
        ),
        pytest.param(
            [IMAGE],
            [
                "LOCATION          NAME    STATUS  VISIBILITY  FORMAT     SIZE  HASH",
                "alpha/north/demo  fedora  active  private     qcow2   1048576  6b813aa46bb9",
            ],
            id="images",
        ),
        pytest.param(
            [{"location": HERE.to_dict(), "error": "no answer", "kind": "timeout", "hint": "Wait."}],
            ["LOCATION          KIND     ERROR      HINT", "alpha/north/demo  timeout  no answer  Wait."],
            id="failures",
        ),
        pytest.param(
            [
                {
                    "location": Location("alpha", "north").to_dict(),
                    "action": "created",
                    "image": IMAGE,
                    "notes": ["a", "b"],
                }
            ],
            ["LOCATION     ACTION   NAME    NOTES", "alpha/north  created  fedora  a, b"],
            id="results",
        ),
        pytest.param(
            [{"location": Location("alpha").to_dict(), "count": 12, "seconds": 0.5, "requests": 2}],
            ["LOCATION  COUNT  SECONDS  REQUESTS", "alpha/-      12      0.5         2"],
            id="statistics",
        ),
        pytest.param(
            [
                {
                    "type": "compute.flavor",
                    "name": "m1",
                    "location": HERE.to_dict(),
                    "status": "differs",
                    "attribute": "ram",
                    "expected": 2048,
                    "actual": None,
                    "reference": {},
                    "reason": None,
                },
                {
                    "type": "compute.flavor",
                    "name": None,
                    "location": HERE.to_dict(),
                    "status": "unknown",
                    "attribute": None,
                    "expected": None,
                    "actual": None,
                    "reference": None,
                    "reason": "no answer",
                },
            ],
            [
                "TYPE            NAME  LOCATION          STATUS   ATTRIBUTE  EXPECTED  ACTUAL  REASON",
                "compute.flavor  m1    alpha/north/demo  differs  ram        2048",
                "compute.flavor        alpha/north/demo  unknown                               no answer",
            ],
            id="drift",
        ),
        pytest.param(
            [{"name": "x", "digest": f"sha512:{'6b813aa46bb90b4d' * 8}", "note": f"sha512:{'6b' * 4}"}],
            ["NAME  DIGEST               NOTE", "x     sha512:6b813aa46bb9  sha512:6b6b6b6b"],
            id="digests-with-their-algorithm",
        ),
        pytest.param(
            [{"location": HERE.to_dict(), "service_type": "compute", "url": "https://c/v2.1", "api_version": "2.1"}],
            ["LOCATION          SERVICE  VERSION  URL", "alpha/north/demo  compute  2.1      https://c/v2.1"],
            id="endpoints",
        ),
        pytest.param(
            [{"location": HERE.to_dict(), "container": "c", "name": "o", "content_length": 5, "etag": "e"}],
            [
                "LOCATION          CONTAINER  NAME  SIZE  MODIFIED  ETAG",
                "alpha/north/demo  c          o        5            e",
            ],
            id="objects",
        ),
        pytest.param(
            [{"location": HERE.to_dict(), "name": "c", "object_count": 2, "bytes_used": 9, "read_ACL": ".r:*"}],
            ["LOCATION          NAME  OBJECTS  BYTES  READ", "alpha/north/demo  c           2      9  .r:*"],
            id="containers",
        ),
        pytest.param([{"b c": 1, "a": True}], ["B C  A", "  1  yes"], id="any dictionaries"),
        pytest.param(["x", "y"], ["VALUE", "x", "y"], id="texts"),
        pytest.param([], ["(nothing)"], id="nothing"),
    ],
)
def test_the_columns_of_each_kind_of_record(rows: list[Any], expected: list[str]) -> None:
    assert text(rows) == expected


def record(**keys: Any) -> dict[str, Any]:
    return {"location": HERE.to_dict(), "id": "r-1", "name": "web", "properties": {}, **keys}


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        (
            record(floating_ip_address="203.0.113.9", fixed_ip_address="10.0.0.5", status="ACTIVE"),
            "ADDRESS STATUS FIXED ID",
        ),
        (record(cidr="10.0.0.0/24", gateway_ip="10.0.0.1"), "NAME CIDR GATEWAY ID"),
        (
            record(fixed_ips=[{"ip_address": "10.0.0.5"}], mac_address="x", status="DOWN", device_owner="compute:nova"),
            "NAME STATUS ADDRESS OWNER ID",
        ),
        (record(fingerprint="SHA256:x", public_key="ssh-ed25519 x", type="ssh"), "NAME TYPE FINGERPRINT"),
        (record(records=["192.0.2.80"], ttl=60, type="A", status="ACTIVE"), "NAME TYPE RECORDS TTL STATUS"),
        (record(role={"id": "r"}, scope={"project": {"id": "p"}}, user={"id": "u"}, group=None), "USER ROLE PROJECT"),
        (record(size=1, status="available", volume_type="ssd"), "NAME STATUS SIZE ID"),
        (
            {"location": HERE.to_dict(), "answers": True, "user": {"name": "eve"}, "roles": [], "missing": []},
            "ANSWERS USER",
        ),
        ({"location": HERE.to_dict(), "answers": None, "user": None, "missing": None}, ""),
    ],
)
def test_the_columns_that_have_something(rows: dict[str, Any], header: str) -> None:
    lines = table([rows], None, "text")
    assert lines[0].split() == ["LOCATION", *header.split()]
    assert len(lines) == 2


def test_an_id_is_whole_and_a_digest_is_cut() -> None:
    cells = {"project": "5bd0" * 8, "md5": f"md5:{'5bd0' * 8}", "sha1": "5bd0" * 10}
    assert text([cells])[1].split() == ["5bd0" * 8, "md5:5bd05bd05bd0", "5bd05bd05bd0"]


def test_columns_that_are_asked_for() -> None:
    assert text([SERVER], ["name", "flavor.ram"]) == ["NAME   FLAVOR.RAM", "web-1        2048"]
    assert text([SERVER], {"server": "name", "MiB": "flavor.ram"}) == ["SERVER   MIB", "web-1   2048"]
    assert text([SERVER], "name") == ["NAME", "web-1"]


@pytest.mark.parametrize("expression", ["name ||", "", None])
def test_an_expression_that_is_none(expression: Any) -> None:
    with pytest.raises(InputError, match=r"columns: .* is not a JMESPath expression"):
        columns_of([SERVER], [expression])


@pytest.mark.parametrize("form", FORMATS)
def test_an_expression_that_does_not_fit_a_record(form: str) -> None:
    with pytest.raises(InputError, match=r"^columns: 'length\(tags\)' does not fit a record: "):
        table([{"tags": ["a"]}, {"tags": None}], ["length(tags)"], form)
    assert table([{"tags": ["a"]}, {"tags": None}], ["length(tags || `[]`)"], form)  # as the hint has it


def test_east_asian_and_combining_characters_keep_columns_aligned() -> None:
    rows = [{"name": "東京", "n": "x"}, {"name": "ábc", "n": "y"}, {"name": "e\u0301", "n": "z"}]
    assert text(rows) == ["NAME  N", "東京  x", "ábc   y", "e\u0301     z"]


HOSTILE = 'a\x1b[31m|b\n<img src=x onerror="x()">[y](javascript:x)\u202e`'


def test_hostile_names_are_shown_as_text() -> None:
    lines = text([{"name": HOSTILE}])
    assert len(lines) == 2
    assert lines[1].isprintable()


def test_hostile_names_are_text_in_markdown() -> None:
    rows = [{"name": HOSTILE, "n": 1}]
    header, rule, line = as_markdown(columns_of(rows, None), rows).splitlines()
    assert (header, rule) == ("| name | n |", "| --- | ---: |")
    assert line.replace("\\|", "").count("|") == 3
    assert line.isprintable()
    assert "<" not in line
    assert "](" not in line
    assert "\\`" in line


ROWS = [
    {"name": "fedora", "size": 9, "location": "north"},
    {"name": "debian", "size": 2, "location": "north"},
    {"name": "fedora", "size": 9, "location": "east"},
    {"name": "fedora", "size": 9, "location": "east"},
    {"name": "debian", "size": None, "location": "east"},
]


def test_rows_that_are_alike_are_merged() -> None:
    assert table(ROWS, None, "text", "location") == [
        "NAME    SIZE  LOCATION",
        "debian        east",
        "debian  2     north",
        "fedora  9     north, east",
    ]
    assert table(ROWS, {"what": "name", "where": "location"}, "csv", "where") == (
        'what,where\r\ndebian,"north, east"\r\nfedora,"north, east"\r\n'
    )


def test_only_a_column_can_be_merged() -> None:
    with pytest.raises(InputError, match=r"^merge: 'where' is none of the columns") as caught:
        table(ROWS, None, "text", "where")
    assert caught.value.hint == "Name one of: name, size, location."


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_name_is_a_formula_in_csv(name: str) -> None:
    rows = [{"name": name, "n": -1.5}]
    read = list(csv.reader(io.StringIO(as_csv(columns_of(rows, None), rows))))
    assert read == [["name", "n"], [f"'{name}", "-1.5"]]


def test_csv_keeps_whole_values() -> None:
    rows = [{**IMAGE, "name": 'a,"b"\nc'}]
    read = list(csv.reader(io.StringIO(as_csv(columns_of(rows, ["name", "hash_value"]), rows))))
    assert read[1] == ['a,"b"\nc', "6b813aa46bb90b4d" * 8]


@pytest.mark.parametrize("key", ["servers", "images", "flavors", "results", "drift", "locations"])
def test_the_records_of_a_result(key: str) -> None:
    assert rows_of(
        {"changed": False, "failures": [], "diff": [{"after": ""}], "locations": "none", key: [{"a": 1}]}
    ) == [{"a": 1}]


def test_an_info_result_has_its_records_and_not_its_statistics() -> None:
    assert rows_of({"locations": [{"count": 1}], "servers": []}) == []


@pytest.mark.parametrize("value", ["text", 5, None, {"msg": "failed"}])
def test_an_input_without_records(value: Any) -> None:
    with pytest.raises(InputError, match="neither a list of records"):
        rows_of(value)


@pytest.mark.parametrize(
    ("columns", "form", "expected"),
    [
        (None, "text", ["(nothing)"]),
        (["name", "size"], "text", ["NAME  SIZE", "(nothing)"]),
        (None, "markdown", "(nothing)\n"),
        (["name", "size"], "markdown", "| name | size |\n| --- | --- |\n| (nothing) |  |\n"),
        (None, "csv", ""),
        (["name", "size"], "csv", "name,size\r\n"),
    ],
)
@pytest.mark.parametrize("value", [[], {"servers": [], "locations": [{"count": 0}]}], ids=["list", "result"])
@pytest.mark.parametrize("merge", [None, "name"])
def test_where_there_is_nothing_it_says_so(
    value: Any, columns: list[str] | None, form: str, expected: list[str] | str, merge: str | None
) -> None:
    assert table(value, columns, form, merge) == expected
