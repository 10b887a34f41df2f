# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/architecture.md shows the files that exist, all of them, and its signposts lead somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
BASES = (ROOT, ROOT / "plugins" / "module_utils", ROOT / "plugins" / "module_utils" / "_image")
CODE = re.compile(r"`([^`]+)`")


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def holds_code(path: Path) -> bool:
    """Whether there is more than a docstring and the import from __future__."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(isinstance(node, ast.Assign | ast.AnnAssign | ast.ClassDef | ast.FunctionDef) for node in body)


def drawn(tree: str) -> Iterator[str]:
    """The files of a tree that is drawn by indentation, two spaces for each folder, relative to its root's parent."""
    folders: list[str] = []
    for line in tree.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.split()[0]
        assert depth <= len(folders), line
        del folders[depth:]
        if name.endswith("/"):
            folders.append(name)
        else:
            yield "".join([*folders, name])


def places(text: str) -> list[Path]:
    """The files and folders that a text names; fails where one does not exist."""
    found = []
    for word in CODE.findall(text):
        if word[0] != "~" and ("/" in word or word.endswith((".py", ".md"))):
            path = next((base / word for base in BASES if (base / word).exists()), None)
            assert path is not None, f"there is no {word}"
            found.append(path)
    return found


def test_the_tree_names_every_file_and_no_other() -> None:
    named = list(drawn(section("The tree").split("```")[1]))
    assert len(named) == len(set(named))
    files = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "plugins").rglob("*.py")
        if path.name != "__init__.py" or holds_code(path)
    }
    assert {"not in the tree": sorted(files - set(named)), "not a file": sorted(set(named) - files)} == {
        "not in the tree": [],
        "not a file": [],
    }


def test_every_line_of_the_tree_says_what_a_file_holds() -> None:
    lines = section("The tree").split("```")[1].strip().splitlines()
    assert [line for line in lines if line.split()[0].endswith(".py") and len(line.split()) < 2] == []


def test_the_layers_are_drawn_in_their_order() -> None:
    drawn_upwards = re.findall(r"│ (_\w+)/", section("Layers"))[::-1]
    order = re.findall(r'"module_utils\.(_\w+)', (ROOT / "tests/unit/test_layers.py").read_text(encoding="utf-8"))
    folders = list(dict.fromkeys(name for name in order if (BASES[1] / name).is_dir()))
    assert drawn_upwards == folders


QUESTIONS = [line for line in section("Where to look").splitlines() if line.startswith("| ")][2:]


def test_the_questions_stand_first() -> None:
    assert re.findall(r"^## (.*)", PAGE, re.MULTILINE)[0] == "Where to look"
    assert len(QUESTIONS) >= 9


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row.split("|")[1].strip())
def test_a_question_leads_to_what_exists(row: str) -> None:
    """The files of an answer exist, and what it names stands in one of them."""
    answer = row.split("|")[2]
    paths = places(answer)
    assert paths
    files = [file for path in paths for file in ([path] if path.is_file() else path.glob("*.py"))]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    names = {word for word in CODE.findall(answer) if word.isidentifier()}
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


@pytest.mark.parametrize("title", ["A task, step by step", "The image pipeline", "Decisions"])
def test_files_that_the_text_names_exist(title: str) -> None:
    places(section(title))


def test_what_is_wrong_is_noticed() -> None:
    assert list(drawn("a/\n  b/  folder\n    c.py  file\n  d.py  file")) == ["a/b/c.py", "a/d.py"]
    with pytest.raises(AssertionError):
        places("`_core/nothing.py`")
