# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are to be there: sent once, changed where they differ, verified, cleaned up."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import presence
from tests.support import upload_markers
from tests.support.fake_openstack import Answer, CorruptRequest
from tests.support.store_site import CONTAINER, DATA, NAME, PART, StoreSite, actions, store_md5

MARKER = "X-Object-Meta-Oaktree-Upload"
SMALL = "hello\n"


def test_what_is_there_is_not_sent_again(store: StoreSite) -> None:
    first = store.object()
    assert actions(first) == ["created", "created"]
    for cloud in store.clouds.clouds:
        assert store.bytes_of(cloud=cloud) == DATA
        assert store.objects(cloud)[NAME].segments is not None
    store.clouds.counters.reset()
    assert actions(store.object()) == ["unchanged", "unchanged"]
    assert store.received() < len(DATA)
    assert store.clouds.counters.requests(service="object-store") == 2
    assert [result["object"] for result in store.object()["results"]] == [
        result["object"] for result in first["results"]
    ]


@pytest.mark.parametrize("plain", [True, False])
def test_other_content_of_the_same_size_replaces_it(store: StoreSite, plain: bool) -> None:  # noqa: FBT001
    data = DATA[: PART - 1] if plain else DATA
    store.file.write_bytes(data)
    store.object(metadata={"old": 1}, content_type="text/old")
    before = set(store.objects())
    store.file.write_bytes(data[::-1])
    assert actions(store.object(metadata={"new": 2})) == ["replaced", "replaced"]
    assert store.bytes_of() == data[::-1]
    assert set(store.objects()) & before == {NAME}, "segments of the replaced object were left"
    shown = store.objects()[NAME].headers
    assert (shown["X-Object-Meta-New"], shown["Content-Type"]) == ("2", "text/plain")
    assert "X-Object-Meta-Old" not in shown


def test_an_object_has_no_marker_and_digests_as_openstacksdk_records_them(store: StoreSite) -> None:
    for content in (None, SMALL):
        store.object(**({"content": content} if content else {}))
        headers = store.objects()[NAME].headers
        assert MARKER not in headers
        assert {"X-Object-Meta-X-Sdk-Md5", "X-Object-Meta-X-Sdk-Sha256"} <= set(map(str.title, headers))


def test_an_upload_by_openstacksdk_is_recognised(store: StoreSite) -> None:
    """By what it records of a large object: its segments need not be looked at."""
    store.object(locations=["cloud1"])
    store.objects()[NAME].headers.clear()
    store.objects()[NAME].headers["X-Object-Meta-x-sdk-md5"] = store_md5(DATA)
    store.clouds.counters.reset()
    assert actions(store.object(locations=["cloud1"])) == ["unchanged"]
    assert store.clouds.counters.requests(service="object-store") == 1


def test_a_large_object_without_records_is_compared_by_its_segments(store: StoreSite) -> None:
    store.object(locations=["cloud1"])
    store.objects()[NAME].headers.clear()
    assert actions(store.object(locations=["cloud1"])) == ["unchanged"]
    store.file.write_bytes(DATA[:-1] + b"x")
    assert actions(store.object(locations=["cloud1"])) == ["replaced"]


def test_only_what_the_task_names_is_changed(store: StoreSite) -> None:
    store.object(content=SMALL, metadata={"a_b": 1, "flag": True, "gone": "x", "umlaut": "Zoë 日本"}, delete_after=3600)
    expiry = store.objects()[NAME].headers["X-Delete-At"]
    store.objects()[NAME].headers["Content-Encoding"] = "gzip"
    changed = store.object(
        state="present", metadata={"a_b": 2, "gone": None}, content_type="text/x", _ansible_diff=True
    )
    assert actions(changed) == ["updated", "updated"]
    headers = store.objects()[NAME].headers
    assert headers["Content-Type"] == "text/x"
    assert (headers["Content-Encoding"], headers["X-Delete-At"]) == ("gzip", expiry)
    metadata = changed["results"][0]["object"]["metadata"]
    assert {"a-b": "2", "flag": "true", "umlaut": "Zoë 日本"}.items() <= metadata.items()
    assert "gone" not in metadata
    before, after = (json.loads(changed["diff"][0][side]) for side in ("before", "after"))
    assert (before["metadata"]["a-b"], after["metadata"]["a-b"]) == ("1", "2")
    assert before.keys() == after.keys() == {"content_type", "metadata"}
    again = store.object(state="present", metadata={"A-B": "2", "gone": None}, content_type="text/x")
    assert actions(again) == ["unchanged", "unchanged"]


def test_an_expiry_that_changes_is_that_of_the_segments_too(store: StoreSite) -> None:
    moments = [datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours) for hours in (1, 2)]
    for moment in moments:
        done = store.object(delete_at=moment.isoformat(), locations=["cloud1"])
        assert done["results"][0]["object"]["delete_at"] == moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        expiries = {found.headers["X-Delete-At"] for found in store.objects().values()}
        assert expiries == {str(int(moment.timestamp()))}
    assert actions(store.object(delete_at=str(int(moments[1].timestamp())), locations=["cloud1"])) == ["unchanged"]
    assert actions(store.object(delete_after=60, locations=["cloud1"])) == ["unchanged"]
    store.object(content=SMALL, delete_after=60, locations=["cloud1"])
    assert int(store.objects()[NAME].headers["X-Delete-At"]) <= time.time() + 61


def test_check_mode_sends_nothing_and_says_what_would_be(store: StoreSite) -> None:
    planned = store.object(_ansible_check_mode=True, _ansible_diff=True)
    assert actions(planned) == ["created", "created"]
    assert planned["results"][0]["notes"] == [f"the container {CONTAINER} does not exist, so it is created"]
    assert (planned["results"][0]["object"], store.containers()) == (None, {})
    assert json.loads(planned["diff"][0]["after"])["content_length"] == len(DATA)
    store.object()
    planned = store.object(content=SMALL, _ansible_check_mode=True)
    assert actions(planned) == ["replaced", "replaced"]
    assert store.bytes_of() == DATA


def test_without_content_the_object_must_be_there(store: StoreSite) -> None:
    for message in ("no container c", f"no object {NAME} in the container c"):
        failures = store.object(state="present")["failures"]
        assert [failure["kind"] for failure in failures] == ["refused", "refused"]
        assert message in failures[0]["error"]
        store.run("container", name=CONTAINER)


def test_a_failure_leaves_the_object_as_it_was_and_nothing_else(store: StoreSite) -> None:
    store.object(content=SMALL)
    store.region.fault("PUT", r"segments/.*/00000003$", Answer(403))
    ended = store.object()
    assert [failure["kind"] for failure in ended["failures"]] == ["refused"]
    assert [result["location"]["cloud"] for result in ended["results"]] == ["cloud2"]
    assert store.bytes_of() == SMALL.encode()
    assert list(store.objects()) == [NAME]


def test_a_container_that_was_made_for_an_upload_that_fails_goes(store: StoreSite) -> None:
    store.region.fault("PUT", r"segments/.*/00000003$", CorruptRequest(0.5))
    assert [failure["kind"] for failure in store.object()["failures"]] == ["integrity"]
    assert store.containers() == {}


def leave_segments(store: StoreSite, marker: str) -> set[str]:
    """Leave what an upload that was killed has sent; returns the names."""
    store.object(locations=["cloud1"])
    objects = store.objects()
    del objects[NAME]
    objects.popitem()
    for found in objects.values():
        found.headers[MARKER] = marker
    store.clouds.counters.reset()
    return set(objects)


def test_an_upload_that_was_killed_is_continued(store: StoreSite) -> None:
    left = leave_segments(store, upload_markers.dead())
    assert actions(store.object(locations=["cloud1"])) == ["created"]
    assert store.bytes_of() == DATA
    assert left < set(store.objects())
    assert store.received() < 2 * PART


def test_what_a_killed_upload_of_other_content_left_goes(store: StoreSite) -> None:
    left = leave_segments(store, upload_markers.dead())
    assert actions(store.object(content=SMALL, locations=["cloud1"])) == ["created"]
    assert not left & set(store.objects())


def test_an_upload_that_goes_on_is_not_disturbed(store: StoreSite) -> None:
    left = leave_segments(store, upload_markers.elsewhere())
    (failure,) = store.object(locations=["cloud1"])["failures"]
    assert failure["kind"] == "conflict"
    assert "another task is sending the object" in failure["error"]
    assert set(store.objects()) == left


def test_a_marker_that_a_killed_run_left_is_removed(store: StoreSite) -> None:
    store.object(content=SMALL)
    store.objects()[NAME].headers[MARKER] = quote(upload_markers.dead(), safe="/")
    assert actions(store.object(content=SMALL)) == ["unchanged", "unchanged"]
    assert MARKER not in store.objects()[NAME].headers
    store.objects()[NAME].headers[MARKER] = quote(upload_markers.elsewhere(), safe="/")
    store.object(content=SMALL)
    assert MARKER in store.objects()[NAME].headers, "another run is about to finish"


def test_segments_of_others_stay(store: StoreSite) -> None:
    """An object that somebody made of existing objects is replaced: those may be used elsewhere."""
    store.object(locations=["cloud1"])
    for part in store.objects()[NAME].segments or []:
        name = part["path"].split("/", 2)[2]
        store.objects()[name.replace(NAME, "theirs")] = store.objects().pop(name)
        part["path"] = part["path"].replace(NAME, "theirs")
    replaced = store.object(content=SMALL, locations=["cloud1"])
    assert len(store.objects()) == 6
    assert "segments of the replaced object stay, for example" in replaced["results"][0]["notes"][0]


def test_a_signed_url_gets_the_object(store: StoreSite) -> None:
    store.object()
    signed = store.object(state="present", tempurl={"expires_in": 60})
    assert actions(signed) == ["unchanged", "unchanged"]
    for result in signed["results"]:
        assert requests.get(result["tempurl"], timeout=5).content == DATA
    planned = store.object(state="present", tempurl={"expires_in": 60}, _ansible_check_mode=True)
    assert planned["results"][0]["tempurl"] is None


def test_a_signed_url_puts_an_object_that_is_not_there(store: StoreSite) -> None:
    store.run("container", name=CONTAINER)
    signed = store.object(state="present", tempurl={"method": "PUT", "expires_in": 60}, locations=["cloud1"])
    assert signed["results"][0]["object"] is None
    assert requests.put(signed["results"][0]["tempurl"], data=DATA, timeout=5).status_code == 201
    assert store.bytes_of() == DATA


def test_a_url_that_cannot_be_signed_is_refused_before_anything_is_sent(store: StoreSite) -> None:
    store.run("container", name=CONTAINER)
    for cloud in store.clouds.clouds:
        store.containers(cloud)[CONTAINER].headers.pop("X-Container-Meta-Oaktree-Made")
    failures = store.object(tempurl={"expires_in": 60})["failures"]
    assert [failure["kind"] for failure in failures] == ["refused", "refused"]
    assert store.objects() == {}


def test_a_new_object_has_the_type_of_its_ending(store: StoreSite) -> None:
    for name, kind in (("a.html", "text/html"), ("a.tar.gz", presence.OCTETS), ("a", presence.OCTETS)):
        done = store.object(name=name, content=SMALL, locations=["cloud1"])
        assert done["results"][0]["object"]["content_type"] == kind


def test_an_empty_object(store: StoreSite) -> None:
    assert actions(store.object(content="")) == ["created", "created"]
    assert store.bytes_of() == b""
    assert actions(store.object(content="")) == ["unchanged", "unchanged"]
