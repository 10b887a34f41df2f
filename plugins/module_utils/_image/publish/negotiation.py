# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which upload schemes are possible at a Location, which one is chosen, and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._core.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def negotiate(
    refusals: Mapping[str, str | None], requested: str | None, reason: Callable[[str], str]
) -> tuple[list[str], str]:
    """The names of the possible schemes, the chosen one first, and one sentence why it was chosen.

    ``refusals`` has, for each scheme in the order of preference, why it is not possible, or None where it is. If a
    scheme is ``requested``, only that is returned; else ``reason`` is called with the name of the chosen one. Raises
    RefusedError where the requested scheme is not possible, or none is.
    """
    possible = [name for name, refusal in refusals.items() if refusal is None]
    if requested:
        if requested not in possible:
            raise RefusedError(
                f"scheme {requested} is not possible here: {refusals[requested]}",
                hint=f"Possible schemes: {', '.join(possible) or 'none'}.",
            )
        return [requested], f"{requested} because the task asks for it"
    if not possible:
        reasons = "; ".join(f"{name}: {refusal}" for name, refusal in refusals.items())
        raise RefusedError(f"no upload scheme is possible: {reasons}")
    return possible, reason(possible[0])
