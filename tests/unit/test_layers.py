# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The house: folders import only from folders above them, each source has its tests, and a name means one thing."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = ROOT / "plugins"
UTILS = PLUGINS / "module_utils"
PREFIX = "ansible_collections.oaktree.multicloud.plugins."

LAYERS = (
    "module_utils._core",
    "module_utils._local",
    "module_utils._cloud",
    "module_utils._run",
    "module_utils._glance",
    "module_utils._facts",
    "module_utils._rest",
    "module_utils._resource",
    "module_utils._server",
    "module_utils._stack",
    "module_utils._object_store",
    "module_utils._objects",
    "module_utils._image.desired",
    "module_utils._image.fingerprint",
    "module_utils._image.upload_marker",
    "module_utils._image.metadata",
    "module_utils._image.import_wait",
    "module_utils._image.discard",
    "module_utils._image.source",
    "module_utils._image.publish",
    "module_utils._image.export",
    "module_utils._image.session",
    "module_utils._location",
    "module_utils._drift",
    "plugin_utils",
    "doc_fragments",
    "modules",
    "inventory",
    "lookup",
    "filter",
    "action",
)
"""From the lowest to the highest. A layer imports from those before it and from itself, type-only imports included."""

SOURCES = sorted(path for path in PLUGINS.rglob("*.py") if path.name != "__init__.py")


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts).removesuffix(".__init__")


def layer_of(name: str) -> int | None:
    return next((i for i, layer in enumerate(LAYERS) if f"{name}.".startswith(f"{layer}.")), None)


def imports(path: Path) -> Iterator[str]:
    """The modules of this collection that a file imports, by their names below plugins."""
    package = name_of(path).split(".") if path.name == "__init__.py" else name_of(path).split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [node.module])])
            elif (node.module or "").startswith(PREFIX):
                base = str(node.module).removeprefix(PREFIX)
            else:
                continue
            names = [f"{base}.{alias.name}" for alias in node.names]
            yield from (
                name if (PLUGINS / name.replace(".", "/")).with_suffix(".py").exists() else base for name in names
            )


def test_every_source_is_in_one_layer() -> None:
    assert [name_of(path) for path in SOURCES if layer_of(name_of(path)) is None] == []
    assert [layer for layer in LAYERS if not any(name_of(path).startswith(layer) for path in SOURCES)] == []


def test_no_import_leads_upwards() -> None:
    upwards = [
        f"{name_of(path)} imports {name}"
        for path in PLUGINS.rglob("*.py")
        for name in imports(path)
        if (here := layer_of(name_of(path))) is not None and (there := layer_of(name)) is not None and there > here
    ]
    assert upwards == []


def test_no_two_files_import_each_other() -> None:
    """Not even for types, and not by way of others."""
    graph = {name_of(path): {name for name in imports(path) if name != name_of(path)} for path in SOURCES}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_imports_within_module_utils_are_relative() -> None:
    absolute = [name_of(path) for path in UTILS.rglob("*.py") if f"from {PREFIX}" in path.read_text(encoding="utf-8")]
    assert absolute == []


def test_a_class_name_means_one_thing() -> None:
    classes = defaultdict(list)
    for path in SOURCES:
        if UTILS in path.parents:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    classes[node.name].append(name_of(path))
    assert {name: files for name, files in classes.items() if len(files) > 1} == {}


@pytest.mark.parametrize(
    "path", [path for path in SOURCES if path.parent.name not in ("action", "doc_fragments")], ids=name_of
)
def test_every_source_has_its_tests(path: Path) -> None:
    """That a generated source is up to date is a test of what generates it; a module that is data has no code."""
    if path.name == "kinds_data.py":
        path = path.with_name("kinds.py")
    if "\nDOOR = " in path.read_text(encoding="utf-8"):
        path = UTILS / "_resource" / "doors.py"
    tests = ROOT / "tests" / "unit" / "plugins" / path.relative_to(PLUGINS).with_name(f"test_{path.name}")
    assert tests.is_file(), f"there is no {tests.relative_to(ROOT)}"


@pytest.mark.parametrize(
    "path", [*(PLUGINS / "modules").glob("*.py"), *UTILS.glob("*/__init__.py")], ids=lambda path: str(path.parent.name)
)
def test_what_checks_the_version_of_python_is_syntax_that_old_ones_know(path: Path) -> None:
    """A target of Ansible has Python 3.8 or newer, and cannot say that this is too old if it cannot parse it."""
    source = path.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert path.parent.name in ("modules", "_core") or "from .. import _core" in source
