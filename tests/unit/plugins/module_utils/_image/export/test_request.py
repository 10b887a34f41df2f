# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an export is asked for, and what it reports."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import Copy, ExportRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Checksum


def test_without_a_checksum_any_image_will_do() -> None:
    ExportRequest("thing").check({"md5": "ab"})


def test_another_image_than_the_expected_one() -> None:
    request = ExportRequest("thing", checksum=Checksum("md5", "ab"))
    request.check({"md5": "ab"})
    request.check({"sha512": "unknown before the download"})
    with pytest.raises(IntegrityError, match="md5 mismatch: the image has cd, expected ab") as caught:
        request.check({"md5": "cd"})
    assert caught.value.hint.startswith("Another image has this name")


@pytest.mark.parametrize(
    ("digests", "checksum"),
    [
        ({}, {"md5": None, "sha512": None}),
        ({"md5": "1", "sha256": "2", "sha512": "3"}, {"md5": "1", "sha512": "3"}),
    ],
)
def test_reported_digests(digests: dict[str, str], checksum: dict[str, str | None]) -> None:
    assert Copy("/image", "raw", 8, digests, "2026-01-01T00:00:00Z").to_dict() == {
        "export_location": "/image",
        "export_format": "raw",
        "size": 8,
        "checksum": checksum,
        "expires_at": "2026-01-01T00:00:00Z",
    }
