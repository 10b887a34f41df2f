# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the artefact of the collection, look what is in it, and let galaxy-importer judge it, as Ansible Galaxy does.

All happens in .build/package, which holds the artefact afterwards. galaxy-importer ends well when it merely could not
read a part, and says so in its log; here an error or a warning in the log is a failure.
"""

from __future__ import annotations

import os
import posixpath
import re
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

from tests.tools.tree import BUILD, refresh

DIRECTORY = BUILD / "package"
BIN = Path(sys.executable).parent
FOR_USERS = {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def build(directory: Path) -> Path:
    """Build the artefact from a clean copy into this directory, which holds nothing else then, and return its path."""
    shutil.rmtree(directory, ignore_errors=True)
    command = [str(BIN / "ansible-galaxy"), "collection", "build", str(refresh(directory.name))]
    command += ["--output-path", str(directory)]
    subprocess.run(command, check=True)
    return next(directory.glob("*.tar.gz"))


def objections_to_contents(artefact: Path) -> list[str]:
    """Say what is in the artefact that users do not need, and which pages link to what is not in it."""
    with tarfile.open(artefact) as archive:
        names = set(archive.getnames())
        pages = {
            name: (archive.extractfile(name) or BytesIO()).read().decode() for name in names if name.endswith(".md")
        }
    objections = [f"{top} is not for users" for top in sorted({name.split("/")[0] for name in names} - FOR_USERS)]
    for page in sorted(pages):
        for target in LINK.findall(pages[page]):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
            if path not in names:
                objections.append(f"{page} links to {target}, which is not in the artefact")
    return objections


def _import(artefact: Path) -> list[str]:
    """Run galaxy-importer over the artefact and return what it objects to."""
    settings = Path(__file__).with_name("galaxy-importer.cfg")
    command = [sys.executable, "-m", "galaxy_importer.main", str(artefact)]
    environment = {**os.environ, "GALAXY_IMPORTER_CONFIG": str(settings)}
    finished = subprocess.run(
        command,
        cwd=DIRECTORY,
        env=environment,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    print(finished.stdout)
    objections = [line for line in finished.stdout.splitlines() if line.startswith(("ERROR", "WARNING"))]
    if finished.returncode:
        objections.append(f"galaxy-importer ended with exit code {finished.returncode}")
    return objections


def main() -> int:
    """Build and check; returns 1 if there is an objection."""
    artefact = build(DIRECTORY)
    objections = [*objections_to_contents(artefact), *_import(artefact)]
    print("\n".join(["Objections:", *objections] if objections else [f"{artefact} passes"]))
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
