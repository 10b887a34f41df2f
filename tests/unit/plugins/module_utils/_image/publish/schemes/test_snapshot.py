# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot of a server as the image of its own Location; what becomes of its record is in test_server.py."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import Quota
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import snapshot
from tests.support.image_contexts import PUT_ONLY, case

HERE = {"id": "1", "disk_format": "raw", "container_format": "bare"}


@pytest.mark.parametrize(
    ("there", "wanted", "possible"),
    [
        (HERE, {}, True),
        (None, {}, False),
        ({**HERE, "disk_format": "qcow2"}, {}, False),
        (HERE, {"container_format": "ova"}, False),
        (HERE, {"state": "inactive"}, False),
        (HERE, {"scheme": "v2_put"}, False),
    ],
)
def test_where_it_is_possible_it_is_chosen(
    there: dict[str, Any] | None, wanted: dict[str, Any], *, possible: bool
) -> None:
    context = case("a", PUT_ONLY, wanted=wanted, snapshot=there)
    assert (snapshot.refusal(context) is None) == possible
    upload = make_plan(context).upload
    assert upload
    assert (upload.schemes[0] is snapshot) == possible
    assert (snapshot in upload.schemes) == possible
    assert (upload.reason == "snapshot because the server is here") == possible


def test_it_counts_among_the_images_already() -> None:
    full = {"quota": {"image_count_total": Quota(5, 5)}}
    assert make_plan(case("a", PUT_ONLY, snapshot=HERE, survey=full)).upload
