# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection `openstack.cloud`, with the openstacksdk that it runs with, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

SDK = "openstacksdk==4.14.*"
"""With 4.15 and newer its inventory has no hosts, and its modules do not run."""
COMMUNITY = "ansible==12.*"
"""The package on PyPI that contains openstack.cloud 2.5; all else in it is left out."""
PART = "ansible_collections/openstack/cloud/"


@dataclass(frozen=True)
class Peer:
    """Where its programs are, and what they need in the environment."""

    programs: Path
    env: dict[str, str]


def install() -> Peer:
    """Return the peer, installed below the user's cache directory the first time. Raises PeerError."""
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "oaktree.multicloud-bench"
    programs, ready = root / "venv" / "bin", root / "ready"
    if not ready.exists():
        core = f"ansible-core=={version('ansible-core')}"
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", root / "venv"], check=True)
            _pip(programs, "install", core, SDK)
            _pip(programs, "download", "--no-deps", "--only-binary=:all:", "--dest", str(root), COMMUNITY)
            wheel = next(root.glob("ansible-*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(root, [name for name in archive.namelist() if name.startswith(PART)])
            wheel.unlink()
            ready.touch()
        except (OSError, StopIteration, subprocess.CalledProcessError, zipfile.BadZipFile) as error:
            raise PeerError(f"openstack.cloud cannot be installed from PyPI: {error}") from error
    return Peer(programs, {"ANSIBLE_COLLECTIONS_PATH": str(root)})


def _pip(programs: Path, *arguments: str) -> None:
    command = [str(programs / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr)


class PeerError(RuntimeError):
    """The peer cannot be measured."""
