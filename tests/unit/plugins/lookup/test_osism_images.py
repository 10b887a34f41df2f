# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar

from tests.support.osism_definitions import DEBIAN


def look_up(*terms: str, **options: Any) -> list[dict[str, Any]]:
    loader = DataLoader()
    loader.set_basedir("/")
    plugin = lookup_loader.get("oaktree.multicloud.osism_images", loader=loader, templar=Templar(loader=loader))
    found: list[dict[str, Any]] = plugin.run(list(terms), variables={}, **options)
    return found


def test_files_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text(DEBIAN.read_text())
    (tmp_path / "a.yaml").write_text(DEBIAN.read_text().replace("Debian", "Other"))
    (tmp_path / "README.md").write_text("no YAML: {")
    names = [image["name"] for image in look_up(str(tmp_path))]
    assert names == ["Other 11", "Other 12", "Other 13", "Debian 11", "Debian 12", "Debian 13"]
    assert [image["name"] for image in look_up(str(tmp_path / "b.yml"))] == names[3:]


def test_no_file_is_no_image() -> None:
    assert look_up() == []


def test_tag_and_options() -> None:
    assert {tag for image in look_up(str(DEBIAN)) for tag in image["tags"]} == {"managed_by_osism", "os:debian"}
    found = look_up(str(DEBIAN), tag="", options={"visibility": "private"})
    assert {(image["visibility"], *image["tags"]) for image in found} == {("private", "os:debian")}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("images: [", "debian.yml: "),
        ("images: [{name: a, version: 1}]", "debian.yml, image 'a': 'version' is no key of this"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "debian.yml").write_text(content)
    with pytest.raises(AnsibleError, match=said):
        look_up(str(tmp_path / "debian.yml"))


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AnsibleError, match="there is no such file or directory"):
        look_up(str(tmp_path / "none.yml"))
    with pytest.raises(AnsibleError, match="the directory has no definitions"):
        look_up(str(tmp_path))
