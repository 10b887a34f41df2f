# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staged data, then an import."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import glance_direct
from tests.support.image_contexts import IMPORTS, PUT_ONLY, case
from tests.support.image_site import Site, digest


def test_refusal() -> None:
    assert glance_direct.refusal(case("a", IMPORTS)) is None
    assert glance_direct.refusal(case("a", PUT_ONLY)) == "the import method glance-direct is not offered"
    by_tasks = case("a", IMPORTS, survey={"use_tasks": True})
    assert glance_direct.refusal(by_tasks) == "image_api_use_tasks: this Location imports images by tasks"


def test_data_is_staged_then_imported(site: Callable[..., Site]) -> None:
    made = site("v2")
    assert made.act(scheme="glance_direct") == ["created"]
    requests = made.clouds.counters.requests
    assert requests(method="PUT", path="/v2/images/{image_id}/stage") == 1
    assert requests(method="POST", path="/v2/images/{image_id}/import") == 1
    assert requests(method="PUT", path="/v2/images/{image_id}/file") == 0
    (image,) = made.region.glance.images.values()
    assert image.checksum == digest(made.file.read_bytes())


def test_it_is_no_detour() -> None:
    assert not glance_direct.is_detour(case("a", IMPORTS))
