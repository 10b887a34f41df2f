# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.sources import plugin_named_in


@pytest.mark.parametrize(
    ("name", "text", "plugin"),
    [
        ("a.yml", "# ours\nplugin: a.b.c\n", "a.b.c"),
        ("a.yaml", "by: shard\nplugin: 'a.b.c'\n", "a.b.c"),
        ("a.yml", "all:\n  hosts:\n    x: {plugin: a}\n", None),
        ("a.yml", "all:\n  plugin: a\n", None),
        ("a.ini", "plugin: a.b.c\n", None),
    ],
)
def test_the_plugin_that_a_file_names(tmp_path: Path, name: str, text: str, plugin: str | None) -> None:
    (tmp_path / name).write_text(text)
    assert plugin_named_in(str(tmp_path / name)) == plugin


def test_a_file_that_is_no_text_names_none(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xff\xfe\0plugin")
    assert plugin_named_in(str(tmp_path / "a.yml")) is None
