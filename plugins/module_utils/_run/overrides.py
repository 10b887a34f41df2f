# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that apply only at some Locations, of whichever noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .._core.location import Location, Selection


@dataclass(frozen=True)
class Override:
    """Options that apply only at the Locations of a selection."""

    selection: Selection
    options: Mapping[str, Any]


def overriding(overrides: Iterable[Override], location: Location) -> Iterator[dict[str, Any]]:
    """The options that apply at a Location in place of those of the task, in their order: later ones win."""
    return (dict(override.options) for override in overrides if override.selection.includes(location))
