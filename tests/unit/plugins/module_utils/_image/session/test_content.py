# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user declares about the content, and whether that is something else's content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import open_image_file
from tests.support.image_samples import DATA, OTHER
from tests.support.upload_session import SEGMENT, SessionSite, content, digests, upload

CHECKSUMS = ["", "sha512", "sha512:", "sha1:" + 40 * "0", "md5:" + 31 * "0", "md5:" + 32 * "x", "md5:https://x/SUMS"]


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_a_checksum_that_is_none_is_an_error(checksum: str) -> None:
    with pytest.raises(InputError, match="checksum"):
        DeclaredContent.of_checksum(checksum, 1, "raw")


def test_a_checksum_is_accepted_in_any_case() -> None:
    declared = DeclaredContent.of_checksum(f"md5: {32 * 'A'}", 1, "raw")
    assert (declared.digests, declared.checksum) == ({"md5": 32 * "a"}, f"md5:{32 * 'a'}")


def test_a_size_of_nothing_is_an_error() -> None:
    with pytest.raises(InputError, match="size: must be greater than zero, not 0"):
        DeclaredContent.of_checksum(f"md5:{32 * '0'}", 0, "raw")


def test_the_strongest_digest_is_passed_back() -> None:
    assert content("md5", "sha512", "sha256").checksum.startswith("sha512:")


@pytest.mark.parametrize("size", [None, 1])
def test_data_on_another_host_must_be_described(size: int | None) -> None:
    with pytest.raises(InputError, match="all three are required"):
        DeclaredContent({"md5": "0"}, size, "raw" if size is None else None).fingerprint()
    assert content().fingerprint().digests == digests("sha512")


SAME: list[tuple[DeclaredContent, bool | None]] = [
    (content(), True),
    (content("md5"), True),
    (content(data=OTHER), False),
    (content(size=None), True),
    (content(size=1), False),
    (DeclaredContent({"sha1": "0"}, len(DATA), "raw"), None),
    (DeclaredContent({"sha1": "0"}, 1, "raw"), False),
]


@pytest.mark.parametrize(("declared", "same"), SAME)
def test_content_is_compared_by_size_and_the_digests_that_both_have(
    declared: DeclaredContent,
    same: bool | None,  # noqa: FBT001
) -> None:
    assert declared.is_same(upload().content) is same


def test_a_file_on_this_machine_says_everything_itself(site: SessionSite) -> None:
    assert site.file.fingerprint() == upload().content


def test_a_file_has_the_format_that_it_has(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(DATA)
    source = open_image_file(str(tmp_path / "file"))
    assert DeclaredContent.of_file(source, "iso").disk_format == "iso"
    with pytest.raises(InputError, match="the file is raw, not qcow2"):
        DeclaredContent.of_file(source, "qcow2")


def test_the_parts_of_a_file_are_hashed_once(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(DATA)
    declared = DeclaredContent.of_file(open_image_file(str(file)), None)
    sums = declared.part_sums(SEGMENT)
    halves = {(0, 4): DATA[:4], (4, 4): DATA[4:]}
    assert sums == {place: hashlib.md5(half).hexdigest() for place, half in halves.items()}  # noqa: S324
    file.unlink()
    assert declared.part_sums(SEGMENT) == sums
    with pytest.raises(InputError, match="can no longer be read"):
        declared.part_sums(SEGMENT + 1)
    assert content().part_sums(SEGMENT) == {}
