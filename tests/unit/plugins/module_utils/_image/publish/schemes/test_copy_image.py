# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of an image that exists, to the other stores of its Location."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import copy_image
from tests.support.image_site import Site


@pytest.fixture
def stores(site: Callable[..., Site]) -> Site:
    made = site("v2")
    made.region.glance.stores = ["fast", "slow"]
    return made


def test_it_is_no_upload_scheme() -> None:
    assert (copy_image.NAME, copy_image.METHOD) == ("copy_image", "copy-image")


def test_where_it_is_not_offered_the_image_is_removed_again(stores: Site) -> None:
    failure = stores.fail(all_stores=True, scheme="v2_put")
    assert failure["kind"] == "refused"
    assert "cannot be copied to slow: the import method copy-image is not offered" in failure["error"]
    assert failure["hint"] == "Name one store, or leave stores out."
    assert stores.region.glance.images == {}


def test_nothing_to_copy_asks_for_nothing(stores: Site) -> None:
    assert stores.act(stores=["fast"], scheme="v2_put") == ["created"]
    assert stores.clouds.counters.requests(path="/v2/images/{image_id}/import") == 0
