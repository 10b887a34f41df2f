# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clean copies of the collection where Ansible's tools want it: in ansible_collections/oaktree/multicloud.

They hold what git would commit, changes that are not committed yet included, and nothing else.
As a command, runs its arguments in a copy for the first of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / ".build"
COPIES = BUILD / "copies"


def _files() -> list[Path]:
    """Name the files git knows or would add, relative to the checkout; deleted ones are left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True).stdout
    names = sorted(set(filter(None, listing.split("\0"))))
    return [Path(name) for name in names if (CHECKOUT / name).is_file()]


def refresh(purpose: str) -> Path:
    """Make the copy for a purpose anew and return its path.

    The copy is a git repository of its own, without commits: ansible-test asks git which files exist, and would
    otherwise find the checkout around the copy, which ignores it.
    """
    copy = COPIES / purpose / "ansible_collections" / "oaktree" / "multicloud"
    shutil.rmtree(copy, ignore_errors=True)
    for name in _files():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, target, follow_symlinks=False)
    subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
    return copy


def main(command: list[str]) -> int:
    """Run the command in a fresh copy and return its exit code."""
    return subprocess.run(command, cwd=refresh(command[0]), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
