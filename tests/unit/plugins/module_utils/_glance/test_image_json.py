# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as the image service shows them, and what is not taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.image_json import checked_image, size_of
from tests.support.image_samples import image


def test_an_image_is_as_it_is_shown() -> None:
    shown = image(os_distro="fedora", locations=[{"url": "x"}], os_glance_importing_to_stores="")
    assert checked_image(shown) == {"owner": None, "created_at": None, **shown}


FIELDS: dict[str, list[Any]] = {
    "id": [None, 7, "", "../x", ["id-1"]],
    "status": [None, 1, []],
    **{
        key: [["x"], 7] for key in ("name", "owner", "visibility", "disk_format", "checksum", "os_hash_value", "stores")
    },
    "size": ["7", -1, 7.5, True, []],
    **{key: ["0"] for key in ("min_disk", "min_ram", "protected", "os_hidden")},
    "tags": ["x", [None], {"x": "y"}],
    "updated_at": [1700000000],
    "owner_specified.oaktree.replaces": [["id-2"]],
}
ODD: list[Any] = [None, 7, "id-1", [], {}]
ODD += [{**image(), key: value} for key, odd in FIELDS.items() for value in odd]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_what_is_no_image_is_the_clouds_fault(odd: Any) -> None:
    with pytest.raises(ServerError, match="an image of the image service cannot be parsed"):
        checked_image(odd)


def test_the_size_of_a_complete_image() -> None:
    assert size_of(image()) == len(b"the file")
    with pytest.raises(ServerError, match="reports no size of the image id-1"):
        size_of(image(size=None))
