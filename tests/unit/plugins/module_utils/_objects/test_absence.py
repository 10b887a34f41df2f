# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are to be gone: with their segments, and with what killed uploads left."""

from __future__ import annotations

from multidict import CIMultiDict

from tests.support import upload_markers
from tests.support.fake_openstack import Answer
from tests.support.fake_openstack import swift_store as fake
from tests.support.store_site import CONTAINER, DATA, NAME, StoreSite, actions

MARKER = "X-Object-Meta-Oaktree-Upload"


def test_a_large_object_goes_with_its_segments_and_the_container_stays(store: StoreSite) -> None:
    store.object()
    planned = store.object(state="absent", _ansible_check_mode=True, _ansible_diff=True)
    assert actions(planned) == ["deleted", "deleted"]
    assert planned["results"][0]["object"]["name"] == NAME
    assert f'"content_length": {len(DATA)}' in planned["diff"][0]["before"]
    assert len(store.objects()) == 6
    assert actions(store.object(state="absent")) == ["deleted", "deleted"]
    assert store.objects() == {}
    assert actions(store.object(state="absent")) == ["unchanged", "unchanged"]


def test_where_the_store_does_not_delete_segments_they_are_deleted_by_name(store: StoreSite) -> None:
    store.object()
    fault = store.region.fault("DELETE", r"multipart-manifest=delete", Answer(501))
    assert actions(store.object(state="absent")) == ["deleted", "deleted"]
    assert (fault.struck, store.objects()) == (1, {})


def test_what_could_not_be_deleted_is_named_and_the_next_run_goes_on(store: StoreSite) -> None:
    store.object(locations=["cloud1"])
    store.region.fault("DELETE", r"multipart-manifest=delete", Answer(501))
    store.region.fault("DELETE", r"/0000000[13]$", Answer(403))
    (failure,) = store.object(state="absent", locations=["cloud1"])["failures"]
    assert failure["kind"] == "refused"
    assert "2 objects could not be deleted (c/folder/thing.txt.segments/" in failure["error"]
    assert NAME in store.objects()
    store.region.clear_faults()
    assert actions(store.object(state="absent", locations=["cloud1"])) == ["deleted"]
    assert store.objects() == {}


def test_the_segments_of_a_dynamic_large_object_are_those_in_its_folder(store: StoreSite) -> None:
    store.run("container", name=CONTAINER)
    for name in ("parts/1", "parts/2", "parts-of-another/1"):
        store.put(name, b"x")
    large = fake.Object(NAME, 2, "e" * 32, CIMultiDict({"X-Object-Manifest": f"{CONTAINER}/parts"}))
    store.objects()[NAME] = large
    assert actions(store.object(state="absent", locations=["cloud1"])) == ["deleted"]
    assert list(store.objects()) == ["parts-of-another/1"]


def test_what_a_killed_upload_left_goes_even_without_an_object(store: StoreSite) -> None:
    for marker, left in ((upload_markers.dead(), 0), (upload_markers.elsewhere(), 5)):
        store.object(locations=["cloud1"])
        del store.objects()[NAME]
        for found in store.objects().values():
            found.headers[MARKER] = marker
        assert actions(store.object(state="absent", locations=["cloud1"])) == ["unchanged"]
        assert len(store.objects()) == left
