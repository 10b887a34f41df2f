# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put pip into the virtual environment that runs this, from what Python itself brings and the package index.

Stands in for the script of this name that ansible-test downloads, and takes its arguments: those of `pip install`, and
`--no-setuptools` and `--no-wheel`, which have no meaning here.
"""

from __future__ import annotations

import subprocess
import sys


def main(arguments: list[str]) -> int:
    """Install pip, then what the arguments ask for; returns pip's exit code."""
    # In a process of its own: ensurepip switches the configuration of pip off in the process that it runs in.
    subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
    wanted = [argument for argument in arguments if argument not in ("--no-setuptools", "--no-wheel")]
    return subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
