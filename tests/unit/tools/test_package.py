# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.tools import package


@pytest.mark.parametrize(
    ("added", "objections"),
    [
        ({}, []),
        ({"tests/unit/test_x.py": ""}, ["tests is not for users"]),
        ({"Makefile": ""}, ["Makefile is not for users"]),
        ({"docs/a.md": "[b](b.md#c), [readme](../README.md)", "docs/b.md": "# c"}, []),
        ({"docs/a.md": "[d](d.md), [tests](../tests)"}, ["docs/a.md", "docs/a.md"]),
        ({"docs/a.md": "[host](https://example.org/x.md), [here](#here)"}, []),
    ],
)
def test_an_artefact_has_what_users_need_and_no_more(
    added: dict[str, str], objections: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "artefact.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in {"README.md": "# x", "plugins/modules/x.py": "", **added}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    found = package.objections_to_contents(path)
    assert [objection.startswith(start) for objection, start in zip(found, objections, strict=True)] == [True] * len(
        objections
    )
