# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install the artefact as a user does who has nothing yet, and run the demonstration from it.

The environment in .build/installed has what the artefact's requirements.txt asks for, in the versions of
requirements-dev.txt, and nothing else; home and the directory of collections are empty. The demonstration is run by its
name, in a directory of its own, on the clouds of OS_CLIENT_CONFIG_FILE, and again, to see that nothing is left to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from tests.tools.package import build
from tests.tools.tree import BUILD, CHECKOUT

DIRECTORY = BUILD / "installed"
KEPT = ("OS_CLIENT_CONFIG_FILE", "LANG", "LC_ALL", "http_proxy", "https_proxy", "no_proxy")
"""Of the environment; the settings of pip are kept as well."""
REPORT = Path("oaktree-demo") / "report.html"


def _environment(directory: Path, settings: dict[str, str]) -> dict[str, str]:
    """The environment of the new user: commands of the environment first, then those of the system."""
    kept = {name: value for name, value in settings.items() if name in KEPT or name.startswith("PIP_")}
    return {
        **kept,
        "HOME": str(directory / "home"),
        "PATH": os.pathsep.join([str(directory / "venv" / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "ANSIBLE_COLLECTIONS_PATH": str(directory / "collections"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
    }


def install(artefact: Path, directory: Path) -> None:
    """Make the environment anew and install the artefact and what it needs."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "home").mkdir(parents=True)
    with tarfile.open(artefact) as archive:
        requirements = archive.extractfile("requirements.txt")
        assert requirements is not None
        (directory / "requirements.txt").write_bytes(requirements.read())
    subprocess.run([sys.executable, "-m", "venv", str(directory / "venv")], check=True)
    pip = ["-m", "pip", "install", "--quiet", "--requirement", str(directory / "requirements.txt")]
    pip += ["--constraint", str(CHECKOUT / "requirements-dev.txt")]
    subprocess.run([str(directory / "venv" / "bin" / "python"), *pip], check=True)
    galaxy = ["ansible-galaxy", "collection", "install", str(artefact), "--offline"]
    galaxy += ["--collections-path", str(directory / "collections")]
    run(galaxy, directory)


def run(command: list[str], directory: Path) -> str:
    """Run a command of the new user, show what it says and return it. Raises CalledProcessError if it fails."""
    environment = _environment(directory, dict(os.environ))
    program = str(directory / "venv" / "bin" / command[0])
    home = directory / "home"
    with subprocess.Popen(
        [program, *command[1:]],
        cwd=home,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        said = []
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return "".join(said)


def complaints(first: str, again: str) -> list[str]:
    """What two runs of the demonstration should not have said, and what the second one should have."""
    lines = [*first.splitlines(), *again.splitlines()]
    warnings = [line for line in lines if line.startswith(("[WARNING]", "[DEPRECATION WARNING]"))]
    idle = "Everything is there already: nothing to do" in again and " changed=0 " in again
    return warnings if idle else [*warnings, "The second run does not say that there is nothing to do."]


def main() -> int:
    """Install and run, twice; returns 1 if something fails or warns, or the second run changes anything."""
    demonstration = ["ansible-playbook", "oaktree.multicloud.demo"]
    try:
        install(build(BUILD / "artefact"), DIRECTORY)
        first = run([*demonstration, "-e", "demo_differ=true"], DIRECTORY)
        again = run(demonstration, DIRECTORY)
    except subprocess.CalledProcessError as exc:
        print(exc)
        return 1
    found = complaints(first, again)
    report = DIRECTORY / "home" / REPORT
    if not report.exists():
        found.append("The demonstration has written no report.")
    if found:
        print("\n".join(found))
        return 1
    print(f"{report} was written by the installed collection")
    return 0


if __name__ == "__main__":
    sys.exit(main())
