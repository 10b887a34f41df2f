# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of image files in docs/image.md says what is done with each.

IMAGE_TABLE=1 writes the table anew; that needs qemu-img, zip, zstd and the Python library zstandard.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from tests.support.image_files import CASES, Case

PAGE = Path(__file__).parents[2] / "docs/image.md"
HEAD = "| file | what is done with it |\n|---|---|\n"


def done_with(case: Case, directory: Path) -> str:
    """What is done with the file of a case, as the table says it."""
    path, workspace = directory / case.file, directory / "workspace"
    workspace.mkdir()
    case.make(path)
    try:
        found = locate.from_path(str(path), locate.SourceOptions(workspace, **case.options))  # type: ignore[arg-type]
    except InputError as error:
        why = error.message.replace(str(path), "").removeprefix("path: ").strip().replace("in  ", "in it ")
        why = f"it {why}" if why.startswith("is ") else why
        return f"refused: {re.sub(r'[0-9]{4,}', 'N', why)}. {error.hint}".replace("|", "\\|")
    disk_format = found.fingerprint.disk_format
    unpacked = found.source(disk_format, Deadline(30)).path.parent == workspace
    return f"{'decompressed, ' if unpacked else ''}published as `{disk_format}`"


def rows() -> dict[str, str]:
    """The table on the page."""
    lines = PAGE.read_text(encoding="utf-8").partition(HEAD)[2].partition("\n\n")[0].splitlines()
    return dict(re.fullmatch(r"\| (.+?) \| (.+) \|", line).groups() for line in lines)  # type: ignore[union-attr, misc]


@pytest.fixture(scope="module", autouse=True)
def _written(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.environ.get("IMAGE_TABLE"):
        made = [f"| {case.name} | {done_with(case, tmp_path_factory.mktemp('image'))} |" for case in CASES]
        before, head, after = PAGE.read_text(encoding="utf-8").partition(HEAD)
        rest = after.partition("\n\n")[2]
        PAGE.write_text(before + head + "\n".join(made) + "\n\n" + rest, encoding="utf-8")


def test_the_table_has_a_row_for_each_case() -> None:
    assert list(rows()) == [case.name for case in CASES]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_row_says_what_is_done(case: Case, tmp_path: Path) -> None:
    if case.library:
        pytest.importorskip(case.library)
    assert done_with(case, tmp_path) == rows()[case.name]
