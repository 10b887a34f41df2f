# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of guides and of the reference, as they are written, and what is in them."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COLLECTION = "oaktree.multicloud"
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted((ROOT / "roles").glob("*/README.md"))
PLUGINS = [
    path
    for kind in ("modules", "inventory", "filter", "lookup")
    for path in sorted((ROOT / "plugins" / kind).glob("*.py"))
]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_EXAMPLES = re.compile(r'^EXAMPLES = r?"""\n(.*?)^"""', re.MULTILINE | re.DOTALL)
_LISTS_OF_TASKS = ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks", "handlers")


@dataclass(frozen=True)
class Example:
    """A fenced block of a page, or the EXAMPLES of a module or plugin."""

    file: Path
    line: int
    """Where its first line is."""
    language: str
    """As the fence says it; empty if it does not."""
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT).as_posix()}:{self.line}"

    def documents(self) -> list[Any]:
        """What the YAML holds, each time anew."""
        return copy.deepcopy(_parsed(self.text))


@functools.cache
def _parsed(text: str) -> list[Any]:
    return [document for document in yaml.load_all(text, yaml.CSafeLoader) if document is not None]


@dataclass(frozen=True)
class Task:
    """A task as it is written, the defaults of modules and groups of modules that apply to it, and its variables."""

    written: dict[str, Any]
    defaults: Mapping[str, Any]
    variables: Mapping[str, Any]

    def options(self, action: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
        """The options of a module, with those that are not given from the defaults."""
        group = self.defaults.get(f"group/{COLLECTION}.multicloud", {})
        return {**group, **self.defaults.get(action, {}), **(given or {})}


def examples_of(file: Path) -> list[Example]:
    """All examples of a page, a module or a plugin."""
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        found = _EXAMPLES.search(text)
        return [_example(file, text, found.start(1), "yaml", found[1])] if found else []
    return [
        _example(file, text, fence.start(3), fence[2], re.sub(rf"^{fence[1]}", "", fence[3], flags=re.MULTILINE))
        for fence in _FENCE.finditer(text)
    ]


def _example(file: Path, text: str, start: int, language: str, inner: str) -> Example:
    return Example(file, text.count("\n", 0, start) + 1, language, inner)


def all_examples() -> list[Example]:
    """Every example there is."""
    return [example for file in (*PAGES, *PLUGINS) for example in examples_of(file)]


def tasks_of(document: Any, around: Mapping[str, Any] | None = None) -> Iterator[Task]:
    """The tasks of a list of plays or tasks, also within blocks, in their order; ``around`` is what they are in."""
    for entry in document if isinstance(document, list) else []:
        known = {key: {**(around or {}).get(key, {}), **entry.get(key, {})} for key in ("module_defaults", "vars")}
        inner = [entry[name] for name in _LISTS_OF_TASKS if name in entry]
        if not inner and "hosts" not in entry:
            yield Task(entry, known["module_defaults"], known["vars"])
        for tasks in inner:
            yield from tasks_of(tasks, known)
