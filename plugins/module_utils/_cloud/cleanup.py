# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The removal of what failed work has created, whatever the exception is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .translate import translate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLEANUP_TIMEOUT = 30.0
"""Seconds for the removal of what is not complete, beyond any deadline that has expired."""


@contextmanager
def removing(*removals: Callable[[], str]) -> Iterator[None]:
    """Call the removals, in this order, where the work inside fails.

    Each returns nothing, or what it could not remove and why, which is added to the error. Raises the `OaktreeError`
    that `translate` makes of the exception.
    """
    try:
        yield
    except Exception as exc:  # noqa: BLE001 - a bug must leave nothing behind either
        error = translate(exc)
        for removal in removals:
            error.add_residue(residue_of(removal))
        raise error from error.__cause__


def residue_of(removal: Callable[[], str]) -> str:
    """What a removal returns; it must not fail, but where it does others still have their turn."""
    try:
        return removal()
    except Exception as exc:  # noqa: BLE001 - as above
        return f"cleaning up failed: {translate(exc).message}"
