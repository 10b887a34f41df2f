# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A way to do a thing, and how ways are run: the common part of all benchmarks."""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.clouds import ROOT

COLLECTION = Path("ansible_collections", "oaktree", "multicloud")
BIN = Path(sysconfig.get_path("scripts"))
EMPTY_TASK = "empty task (ping)"

Command = Sequence[str]


@dataclass(frozen=True)
class Way:
    """A command to compare.

    `count` tells of how many things its output speaks; without it, it is not meant to get any. Three more names are
    those of other ways: `nothing`, whose time is to be subtracted, `limit`, which cannot be beaten, and `one`, which
    does the same for one Location only, or less, or otherwise. The commands `before` and `after` it are not measured.
    """

    name: str
    command: Command
    count: Callable[[str], int] | None
    nothing: str | None = None
    limit: str | None = None
    one: str | None = None
    before: Sequence[Command] = ()
    after: Sequence[Command] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    rounds: int | None = None
    """How often to run it at most; None for as often as all."""


def environment(directory: Path, clouds_yaml: Path) -> dict[str, str]:
    """Return the environment of one run: the collection of this checkout, and caches in a directory of its own."""
    collections = directory / "collections"
    link = collections / COLLECTION
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(ROOT)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ANSIBLE_"))}
    return inherited | {
        "OS_CLIENT_CONFIG_FILE": str(clouds_yaml),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(directory / "cache"),
        "XDG_RUNTIME_DIR": str(directory / "runtime"),
    }


def task(module: str, arguments: Mapping[str, Any], *options: str) -> list[str]:
    """Return the ad-hoc command that runs a module on this machine and prints its result."""
    place = ["localhost", "-i", "localhost,", "-c", "local", "-e", f"ansible_python_interpreter={sys.executable}"]
    return [str(BIN / "ansible"), *place, "-m", module, "-a", json.dumps(arguments) if arguments else "", *options]


def playbook(path: Path, tasks: Sequence[Mapping[str, Any]], programs: Path = BIN, hosts: int = 1) -> list[str]:
    """Write a playbook with these tasks for this machine, or so many hosts that are it, and return its command."""
    variables = {"ansible_python_interpreter": str(programs / "python")}
    play = {"hosts": "all", "connection": "local", "gather_facts": False, "vars": variables, "tasks": list(tasks)}
    path.write_text(json.dumps([play]))
    names = "".join(f"host{number}," for number in range(1, hosts + 1))
    return [str(programs / "ansible-playbook"), "-i", names, "--forks", str(hosts), str(path)]


def client(name: str, *arguments: str) -> list[str]:
    """Return the command that runs one of the clients of this package."""
    return [sys.executable, "-W", "ignore", "-m", f"tests.bench.clients.{name}", *arguments]


def result(output: str) -> dict[str, Any]:
    """Return the result that an ad-hoc command has printed."""
    found, _end = json.JSONDecoder().raw_decode(output[output.index("{") :])
    return dict(found)
