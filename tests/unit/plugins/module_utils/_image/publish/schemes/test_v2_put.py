# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image API v2, one PUT."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import v2_put
from tests.support.image_contexts import IMPORTS, PUT_ONLY, case
from tests.support.image_site import Site, digest


@pytest.mark.parametrize(
    ("survey", "options", "refusal"),
    [
        ({}, {}, None),
        ({"version": "1"}, {}, "the image API is v1"),
        ({"use_tasks": True}, {}, "image_api_use_tasks: this Location imports images by tasks"),
        ({"use_tasks": True}, {"scheme": "v2_put"}, None),
    ],
)
def test_refusal(survey: dict[str, object], options: dict[str, object], refusal: str | None) -> None:
    assert v2_put.refusal(case("a", PUT_ONLY, survey=survey, wanted=options)) == refusal


def test_it_is_no_detour() -> None:
    assert not v2_put.is_detour(case("a"))


def test_one_request_with_the_bytes(site: Callable[..., Site]) -> None:
    made = site("v2")
    made.region.glance.stores = ["fast", "slow"]
    assert made.act(scheme="v2_put", stores=["slow"]) == ["created"]
    assert made.clouds.counters.requests(method="PUT", path="/v2/images/{image_id}/file") == 1
    (image,) = made.region.glance.images.values()
    assert (image.checksum, image.stores) == (digest(made.file.read_bytes()), ["slow"])
    assert v2_put.reason(case("a", IMPORTS)).startswith("v2_put because")
