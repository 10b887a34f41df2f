# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from an archive: what is compiled how often, and that nothing else differs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.zip_import import compile_once

USE = """
import collections, linecache, sys, zipimport
compiled = collections.Counter()
def watch(event, arguments):
    if event == "compile" and ".zip" in str(arguments[1]):
        compiled[arguments[1]] += 1
sys.addaudithook(watch)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.zip_import import compile_once
sys.path.insert(0, sys.argv[1])
import first
if sys.argv[2] == "once":
    assert compile_once(first.__spec__.loader)
import package.second
print(*(compiled[module.__file__] for module in (first, package, package.second)))
for module in (first, package, package.second):
    print(module.__file__, module.__spec__.origin, module.__cached__, getattr(module, "__path__", None))
print(linecache.getline(package.second.__file__, 1, vars(package.second)), end="")
try:
    import package.third
except ImportError as error:
    print(repr(error))
try:
    package.__spec__.loader.get_filename("fourth")
except zipimport.ZipImportError as error:
    print(repr(error))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "modules.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in ("first.py", "package/__init__.py", "package/second.py"):
            file.writestr(name, f"value = {name!r}\n")
    return path


def printed(archive: Path, how: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", USE, archive, how], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_each_file_is_compiled_once_and_all_else_is_as_it_was(archive: Path) -> None:
    before, after = printed(archive, "twice"), printed(archive, "once")
    assert before[0] == "2 2 2", "Python has learned it: zip_import is not needed any more"
    assert after[0] == "2 1 1"
    assert after[1:] == before[1:]
    assert before[4] == "value = 'package/second.py'"


def test_nothing_changes_for_what_is_loaded_from_files() -> None:
    code = (
        "import zipimport; before = zipimport.zipimporter.get_filename\n"
        f"import {compile_once.__module__.rpartition('.')[0]} as core\n"
        "print(core.IN_ARCHIVE, zipimport.zipimporter.get_filename is before)"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "True"]
