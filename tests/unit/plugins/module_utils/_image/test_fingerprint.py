# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an image holds the bytes of a file, when it is found and after it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import IntegrityError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import same_content, verify
from tests.support.image_samples import DATA, OTHER, image, recorded, source

NO_SHA512: dict[str, Any] = {"os_hash_algo": None, "os_hash_value": None}
NO_DIGESTS: dict[str, Any] = {**NO_SHA512, "checksum": None}
TURNED = bytes(reversed(DATA))
"""Other bytes of the same size."""


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param(image(), True, id="same"),
        pytest.param(image(name="called otherwise"), True, id="same-other-name"),
        pytest.param(image(data=TURNED), False, id="other-of-same-size"),
        pytest.param(image(data=OTHER, **recorded()), False, id="record-does-not-make-other-bytes-right"),
        pytest.param(image(data=TURNED, **recorded()), False, id="nor-those-of-the-same-size"),
        pytest.param(image(data=b"", **recorded()), False, id="a-peer-left-it-empty"),
        pytest.param(image(data=b"", disk_format="qcow2", **recorded()), False, id="empty-with-another-format"),
        pytest.param(image(data=DATA[:4], **recorded()), False, id="a-peer-left-it-truncated"),
        pytest.param(image(data=None, **recorded()), False, id="queued"),
        pytest.param(image(**recorded(OTHER)), True, id="stale-record-right-bytes"),
        pytest.param(image(**NO_SHA512), True, id="md5-only"),
        pytest.param(image(data=TURNED, **NO_SHA512), False, id="other-md5-only"),
        pytest.param(image(os_hash_algo="blake2b", os_hash_value="1"), True, id="unknown-hash-leaves-md5"),
        pytest.param(image(data=TURNED, os_hash_algo="blake2b", os_hash_value="1"), False, id="and-md5-differs"),
        pytest.param(image(**NO_DIGESTS), False, id="no-digest-at-all"),
        pytest.param(image(**NO_DIGESTS, **recorded()), True, id="only-a-record"),
        pytest.param(image(**NO_DIGESTS, **recorded(OTHER)), False, id="only-the-record-of-other"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded()), True, id="the-cloud-converted-it"),
        pytest.param(image(data=OTHER, disk_format="qcow2", **recorded(OTHER)), False, id="converted-from-other"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), False, id="other-format-no-record"),
        pytest.param(image(disk_format="iso", **recorded()), False, id="same-bytes-under-another-format"),
    ],
)
def test_same_content(found: dict[str, Any], *, same: bool) -> None:
    assert same_content(found, source(), "raw") is same


@pytest.mark.parametrize(
    ("stored", "right"),
    [
        pytest.param(image(), True, id="right"),
        pytest.param(image(**NO_DIGESTS), True, id="nothing-to-compare-but-the-size"),
        pytest.param(image(data=b"", **recorded()), False, id="empty"),
        pytest.param(image(data=b"", disk_format="qcow2"), False, id="empty-after-a-conversion"),
        pytest.param(image(data=DATA[:4]), False, id="truncated"),
        pytest.param(image(data=TURNED), False, id="corrupt"),
        pytest.param(image(data=TURNED, **NO_SHA512), False, id="corrupt-by-md5"),
        pytest.param(image(checksum="0" * 32), False, id="digests-that-disagree"),
        pytest.param(image(data=OTHER, disk_format="qcow2"), True, id="converted"),
    ],
)
def test_verify(stored: dict[str, Any], *, right: bool) -> None:
    if right:
        verify(stored, source())
        return
    with pytest.raises(IntegrityError):
        verify(stored, source())
