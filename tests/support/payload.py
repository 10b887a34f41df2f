# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible sends for a task: one program with an archive of every file that the module may import."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

COLLECTION = "ansible_collections/oaktree/multicloud/"
_ARCHIVE = re.compile(r"zip_data='([A-Za-z0-9+/=]+)'")

_COUNT = """
import atexit, json, os, sys
compiled = []
def watch(event, arguments):
    if event == "compile" and isinstance(arguments[1], str):
        compiled.append(arguments[1])
sys.addaudithook(watch)
report = lambda: json.dump({"compiled": compiled, "imported": list(sys.modules)}, open(os.environ["SEEN"], "w"))
atexit.register(report)
"""


@dataclass(frozen=True)
class Seen:
    """What one run compiled, by the names of files in the archive, and what it imported, by the names of modules."""

    result: dict[str, Any]
    compiled: list[str]
    imported: set[str]


@dataclass(frozen=True)
class Payload:
    """The program that Ansible has written for a task on this machine."""

    program: Path

    @classmethod
    def of(cls, module: str, arguments: Mapping[str, Any], directory: Path) -> Payload:
        """Have Ansible run the task and keep the program, below the directory."""
        command = [str(Path(sys.executable).with_name("ansible")), "localhost", "-i", "localhost,", "-c", "local"]
        command += [
            "-e",
            f"ansible_python_interpreter={sys.executable}",
            "-m",
            module,
            "-a",
            json.dumps(arguments) if arguments else "",
        ]
        env = os.environ | {"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_REMOTE_TEMP": str(directory)}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        (program,) = directory.glob("*/AnsiballZ_*.py")
        return cls(program)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """The files of this collection in the archive, and the bytes of each before compression."""
        found = _ARCHIVE.search(self.program.read_text())
        if not found:
            raise RuntimeError("the program has no archive")
        with zipfile.ZipFile(io.BytesIO(base64.b64decode(found[1]))) as archive:
            return {
                one.filename.removeprefix(COLLECTION): one.file_size
                for one in archive.infolist()
                if one.filename.startswith(COLLECTION)
            }

    def run(self) -> Seen:
        """Run it once more, as Ansible does, and see what that takes."""
        site, seen = self.program.parent / "site", self.program.with_suffix(".seen")
        site.mkdir(exist_ok=True)
        (site / "sitecustomize.py").write_text(_COUNT)
        env = os.environ | {"PYTHONPATH": str(site), "SEEN": str(seen)}
        done = subprocess.run([sys.executable, self.program], check=False, capture_output=True, text=True, env=env)
        if done.returncode != 0:
            raise RuntimeError(done.stdout + done.stderr)
        report = json.loads(seen.read_text())
        compiled = [name.partition(".zip/")[2] for name in report["compiled"] if ".zip/" in name]
        return Seen(json.loads(done.stdout), compiled, set(report["imported"]))
