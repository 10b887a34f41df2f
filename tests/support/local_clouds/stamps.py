# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has been done in a state directory once and for all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .files import write_private
from .layout import Layout


@dataclass(frozen=True)
class Stamp:
    """The set of services for which some work is done, kept in a file."""

    path: Path

    def covers(self, services: Iterable[str]) -> bool:
        """Whether the work is done for all of these."""
        return set(services) <= self._services()

    def add(self, services: Iterable[str]) -> None:
        """The work is done for these, too."""
        write_private(self.path, json.dumps(sorted(self._services() | set(services))))

    def _services(self) -> set[str]:
        return set(json.loads(self.path.read_text())) if self.path.exists() else set()


def identity(layout: Layout, cloud: str) -> Stamp:
    """Projects, users and the catalog of a cloud's Keystone."""
    return Stamp(layout.data(cloud) / "identity.done")


def content(layout: Layout, region: str) -> Stamp:
    """Image, flavors and networks of a region."""
    return Stamp(layout.data(region) / "content.done")
