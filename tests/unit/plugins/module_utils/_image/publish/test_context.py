# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a Location when its plan is made: stores and quota."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import Quota
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import QuotaError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.context import MIB
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from tests.support.image_contexts import IMPORTS, PUT_ONLY, SAME, case, plannable
from tests.support.image_samples import OTHER, image, source


@pytest.mark.parametrize(
    ("options", "stores", "copied"),
    [
        ({}, "fast", ()),
        ({"stores": ("fast",)}, "fast", ()),
        ({"stores": ("slow",)}, "fast", ("slow",)),
        ({"all_stores": True}, "fast", ("slow",)),
        ({"all_stores": True}, "slow,fast", ()),
        ({"stores": ("fast",)}, "fast,slow", ()),
    ],
)
def test_stores_of_an_image_that_is_there(options: dict[str, Any], stores: str, copied: tuple[str, ...]) -> None:
    plan = make_plan(case("a", IMPORTS, image(stores=stores), wanted=options))
    assert (plan.copy_to, plan.action) == (copied, "updated" if copied else "unchanged")


def test_stores_of_a_deactivated_image_are_unknown() -> None:
    there = image(status="deactivated")
    assert make_plan(case("a", IMPORTS, there, wanted={"state": "inactive", "all_stores": True})).action == "unchanged"


def quota(**limits: tuple[int, int]) -> dict[str, Any]:
    return {"quota": {name: Quota(*limit) for name, limit in limits.items()}}


LARGE = source(data=bytes(3 * MIB))
LEFT = {"leftovers": ({**image(8, None), "size": 2 * MIB},)}


@pytest.mark.parametrize(
    ("survey", "fits"),
    [
        ({}, True),
        (quota(image_size_total=(10, 7)), True),
        (quota(image_size_total=(10, 8)), False),
        (quota(image_size_total=(-1, 8)), True),
        ({**quota(image_size_total=(10, 9)), **LEFT}, True),
        (quota(image_count_total=(5, 4)), True),
        (quota(image_count_total=(5, 5)), False),
        ({**quota(image_count_total=(5, 5)), **LEFT}, True),
        (quota(image_stage_total=(0, 0)), True),
    ],
)
def test_quota(survey: dict[str, Any], *, fits: bool) -> None:
    one = case("a", origin=LARGE, survey=survey)
    if fits:
        assert make_plan(one).action == "created"
        return
    with pytest.raises(QuotaError, match="does not fit") as caught:
        make_plan(one)
    assert caught.value.hint


@pytest.mark.parametrize(("options", "fits"), [({}, True), ({"on_change": "keep"}, False)])
def test_bytes_of_what_goes_are_free(options: dict[str, Any], *, fits: bool) -> None:
    there = {**image(data=OTHER), "size": 3 * MIB}
    one = case("a", PUT_ONLY, there, origin=LARGE, wanted=options, survey=quota(image_size_total=(4, 3)))
    assert plannable(one) is fits


def test_quota_is_nobodys_affair_without_an_upload() -> None:
    assert make_plan(case("a", IMPORTS, SAME, survey=quota(image_count_total=(1, 1)))).action == "unchanged"
