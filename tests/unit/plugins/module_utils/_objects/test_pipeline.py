# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object in every Location: each by itself, whatever becomes of the others."""

from __future__ import annotations

import pytest

from tests.support.fake_openstack import Answer
from tests.support.store_site import DATA, NAME, StoreSite, actions


def test_a_dead_cloud_costs_the_others_nothing(store: StoreSite) -> None:
    store.region.fault("*", ".*", Answer(403))
    ended = store.object(on_failure="warn")
    assert ended.ok
    assert [result["location"]["cloud"] for result in ended["results"]] == ["cloud2"]
    assert [failure["location"]["cloud"] for failure in ended["failures"]] == ["cloud1"]
    assert store.bytes_of(cloud="cloud2") == DATA


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_location_without_an_object_store(store: StoreSite, state: str) -> None:
    store.clouds["cloud1"].object_store = False
    ended = store.object(state=state, **({"content": "x"} if state == "present" else {}))
    if state == "present":
        assert [failure["kind"] for failure in ended["failures"]] == ["refused"]
        assert "object-store" in ended["failures"][0]["error"]
    else:
        assert actions(ended) == ["unchanged", "unchanged"]
        assert ended["results"][0]["notes"] == ["there is no object store here"]


def test_results_are_the_same_for_each_run(store: StoreSite) -> None:
    store.object()
    assert store.object().printed == store.object().printed
    assert NAME in store.object().printed
