# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records: the same keys, and the same values, whichever request has answered."""

from __future__ import annotations

from typing import Any

import pytest
from requests.structures import CaseInsensitiveDict

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import records

HERE = Location("a", "r")
LISTED = {
    "name": "o",
    "bytes": 3,
    "hash": "e",
    "content_type": "text/plain",
    "last_modified": "2026-11-26T10:00:05.123450",
}
SHOWN: Any = CaseInsensitiveDict(
    {
        "Content-Length": "3",
        "Etag": '"e"',
        "Content-Type": "text/plain",
        "Last-Modified": "Thu, 26 Nov 2026 10:00:06 GMT",
        "X-Object-Meta-A": "Zo\xc3\xab",
        "X-Delete-At": "1000",
    }
)


def shown_with(**headers: str) -> Any:
    return CaseInsensitiveDict({**SHOWN, **{name.replace("_", "-"): value for name, value in headers.items()}})


def test_an_object_listed_and_shown() -> None:
    listed = records.listed_object("c", LISTED, HERE)
    shown = records.shown_object("c", "o", SHOWN, HERE)
    assert listed.keys() == shown.keys() == records.OBJECT_FIELDS
    assert {key for key in listed if listed[key] != shown[key]} == {"metadata", "delete_at"}
    assert (shown["metadata"], shown["delete_at"]) == ({"a": "Zo\u00eb"}, "1970-01-01T00:16:40Z")
    assert (listed["metadata"], listed["delete_at"]) == (None, None)
    assert (shown["name"], shown["container"], shown["content_length"], shown["etag"]) == ("o", "c", 3, "e")
    assert shown["last_modified_at"] == "2026-11-26T10:00:06Z"
    assert shown["location"]["name"] == "a/r"


@pytest.mark.parametrize(("fraction", "second"), [(".000000", 5), ("", 5), (".5", 6), (".999999Z", 6)])
def test_moments_of_listings_are_those_of_headers(fraction: str, second: int) -> None:
    item = LISTED | {"last_modified": f"2026-11-26T10:00:05{fraction}"}
    assert records.listed_object("c", item, HERE)["last_modified_at"] == f"2026-11-26T10:00:0{second}Z"


def test_a_folder_has_a_name_only() -> None:
    record = records.listed_object("c", {"subdir": "a/"}, HERE)
    assert record.keys() == records.OBJECT_FIELDS
    assert {key for key, value in record.items() if value not in (None, {})} == {"id", "name", "container", "location"}


def test_large_objects_and_further_keys() -> None:
    record = records.listed_object("c", LISTED | {"slo_etag": '"x"', "version_id": "1"}, HERE)
    assert (record["is_static_large_object"], record["properties"]) == (True, {"version_id": "1"})
    assert record["etag"] == "x", "the hash in a listing is that of the manifest"
    shown = records.shown_object("c", "o", shown_with(X_Static_Large_Object="True", X_Object_Manifest="c/p"), HERE)
    assert (shown["is_static_large_object"], shown["object_manifest"]) == (True, "c/p")


def test_a_container_listed_and_shown() -> None:
    listed = records.listed_container({"name": "c", "count": 1, "bytes": 2, "last_modified": "x"}, HERE)
    headers = {
        "X-Container-Object-Count": "1",
        "X-Container-Bytes-Used": "2",
        "X-Container-Read": ".r:*",
        "X-Storage-Policy": "gold",
        "X-Container-Meta-Temp-Url-Key": "secret",
        "X-Container-Sync-Key": "secret",
    }
    shown = records.shown_container("c", headers, HERE)
    assert listed.keys() == shown.keys() == records.CONTAINER_FIELDS
    assert (shown["read_ACL"], shown["write_ACL"], shown["storage_policy"]) == (".r:*", None, "gold")
    assert (shown["object_count"], listed["object_count"], listed["bytes_used"]) == (1, 1, 2)
    assert listed["properties"] == {"last_modified": "x"}
    assert "secret" not in str(shown)


def test_what_makes_no_sense_is_an_error_of_the_cloud() -> None:
    for broken in (
        shown_with(Etag="", Content_Length=""),
        shown_with(Content_Length="many"),
        shown_with(Last_Modified="yesterday"),
    ):
        with pytest.raises(ServerError, match="cannot be parsed"):
            records.shown_object("c", "o", broken, HERE)
    with pytest.raises(ServerError, match="cannot be parsed"):
        records.shown_container("c", {"X-Container-Object-Count": "x"}, HERE)
