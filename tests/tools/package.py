# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the artefact of the collection and let galaxy-importer judge it, as Ansible Galaxy does for a new version.

Both happen in .build/package, which holds the artefact afterwards. galaxy-importer ends well when it merely could not
read a part, and says so in its log; here an error or a warning in the log is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools.tree import BUILD, refresh

DIRECTORY = BUILD / "package"
BIN = Path(sys.executable).parent


def _build() -> Path:
    """Build the artefact from a clean copy and return its path."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    command = [str(BIN / "ansible-galaxy"), "collection", "build", str(refresh("package"))]
    command += ["--output-path", str(DIRECTORY)]
    subprocess.run(command, check=True)
    return next(DIRECTORY.glob("*.tar.gz"))


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
    artefact = _build()
    objections = _import(artefact)
    print("\n".join(["galaxy-importer objects:", *objections] if objections else [f"{artefact} passes"]))
    return 1 if objections else 0


if __name__ == "__main__":
    sys.exit(main())
