# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def requirements(name: str) -> dict[str, Requirement]:
    lines = (line.split(" #")[0].strip() for line in (ROOT / name).read_text().splitlines())
    parsed = (Requirement(line) for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(requirement.name): requirement for requirement in parsed}


def test_an_execution_environment_gets_what_users_install() -> None:
    wanted = requirements("requirements.txt")
    assert requirements("meta/ee-requirements.txt") == {name: wanted[name] for name in wanted if name != "ansible-core"}


def test_development_uses_versions_that_users_may_have() -> None:
    locked = requirements("requirements-dev.txt")
    for name, requirement in requirements("requirements.txt").items():
        (pin,) = locked[name].specifier
        assert requirement.specifier.contains(pin.version), requirement
