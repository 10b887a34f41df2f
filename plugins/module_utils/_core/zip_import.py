# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports from the archive in which Ansible sends a module: each file is compiled once.

The archive has no bytecode, so Python compiles every file that a task imports. zipimport does it twice, once to tell
the file's name and once to run it, which is a fifth of what a list costs beyond an empty task.
"""

from __future__ import annotations

import os
from zipimport import zipimporter


def compile_once(loader: object) -> bool:
    """Let zipimport tell a file's name by the archive's list of files, if this ``loader`` is a zipimporter.

    It is one in the process of a module only, which belongs to this collection; returns whether it is. Plugins share
    the process of ansible-playbook with others and are loaded from files: there nothing changes.
    """
    if not isinstance(loader, zipimporter):
        return False
    zipimporter.get_filename = _file_name  # type: ignore[method-assign]
    return True


def _file_name(self: zipimporter, fullname: str) -> str:
    """What `zipimporter.get_filename` returns for a source file; raises ZipImportError for a module that is missing."""
    end = f"{os.sep}__init__.py" if self.is_package(fullname) else ".py"
    return f"{self.archive}{os.sep}{self.prefix}{fullname.rpartition('.')[2]}{end}"
