# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual environment that has the services, made from PyPI."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from .errors import CloudsError
from .files import make_private
from .layout import Layout

CONSTRAINTS = Path(__file__).with_name("constraints.txt")

# Paste and Swift want pkg_resources, which newer setuptools do not have: it is pinned with the rest.
PACKAGES = (
    *("keystone", "glance", "swift", "openstack-placement", "nova", "neutron", "openstack-heat", "cinder"),
    *("designate", "barbican", "cheroot", "setuptools"),
)

# These two have no wheel; they are pure Python and need no compiler.
_SOURCE_ONLY = "ovs,simplegeneric"


def versions() -> str:
    """A name for the set of versions that the constraints pin."""
    return hashlib.sha256(CONSTRAINTS.read_bytes()).hexdigest()[:16]


def installed(layout: Layout) -> bool:
    """Whether the environment has all packages in the pinned versions."""
    stamp = _stamp(layout)
    return stamp.exists() and stamp.read_text() == versions()


def install(layout: Layout) -> None:
    """Make the environment, or bring one that exists to the pinned versions; CloudsError when that fails."""
    log = layout.log("install")
    make_private(log.parent)
    pip = (str(layout.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    pinned = ("--constraint", str(CONSTRAINTS))
    built = ("--build-constraint", str(CONSTRAINTS), "--only-binary=:all:", f"--no-binary={_SOURCE_ONLY}")
    commands: list[tuple[str, ...]] = []
    # Not the interpreter: an interrupted run leaves one without pip.
    if not (layout.venv / "bin" / "pip").exists():
        commands.append((sys.executable, "-m", "venv", str(layout.venv)))
    # The resolver of an old pip takes three times as long.
    commands.append((*pip, *pinned, "--upgrade", "pip"))
    commands.append((*pip, *pinned, *built, *PACKAGES))
    with log.open("wb") as output:
        for command in commands:
            if subprocess.run(command, stdout=output, stderr=output, check=False).returncode:
                raise CloudsError(
                    f"the services could not be installed: {' '.join(command)}\n{log.read_text()[-2000:]}\nlog: {log}"
                )
    _stamp(layout).write_text(versions())


def _stamp(layout: Layout) -> Path:
    return layout.venv / "local-clouds-versions"
