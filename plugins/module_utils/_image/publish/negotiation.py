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

    ``refusals`` are all schemes in the order of preference, with why each is not possible; None where it is. A
    ``requested`` scheme is the only one returned. ``reason`` is asked of the chosen one otherwise. Raises RefusedError
    where the requested scheme is not possible, or none is.
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
