# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run `ansible-test sanity` on a clean copy of the collection, with the Python that runs this.

ansible-test makes a virtual environment for each of its tests and keeps them in the user's home, and it downloads
the script that puts pip into them. Here both live in .cache/home, which is otherwise the user's home (the settings of
pip and git count), and the script is tests/tools/get_pip.py, which needs nothing but a package index.
Arguments are handed on to ansible-test, so that `--test pylint` or a path narrows the run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_test._internal.host_configs import NativePythonConfig
from ansible_test._internal.python_requirements import get_venv_packages

from tests.tools.tree import CHECKOUT, refresh

PYTHON_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def _prepare_home(home: Path) -> None:
    """Make `home` look like the user's, with a directory .ansible of its own that holds our script."""
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for entry in Path.home().iterdir():
        link = home / entry.name
        if not link.exists():
            link.unlink(missing_ok=True)
            link.symlink_to(entry)
    pip_version = get_venv_packages(NativePythonConfig(version=PYTHON_VERSION, path=sys.executable))["pip"]
    shutil.copyfile(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{pip_version.replace('.', '_')}.py")


def main(arguments: list[str]) -> int:
    """Run the tests and return ansible-test's exit code."""
    home = CHECKOUT / ".cache" / "home"
    _prepare_home(home)
    ansible_test = Path(sys.executable).with_name("ansible-test")
    options = ["--python", PYTHON_VERSION, "--python-interpreter", sys.executable, "--color", "no"]
    command = [str(ansible_test), "sanity", *options, *arguments]
    environment = {**os.environ, "HOME": str(home)}
    return subprocess.run(command, cwd=refresh("sanity"), env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
