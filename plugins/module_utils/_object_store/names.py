# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of containers and objects that a store accepts, checked before any is asked. Pure."""

from __future__ import annotations

from .._core.errors import InputError

LONGEST_CONTAINER = 256
"""Bytes of a container's name that Swift accepts."""
LONGEST_OBJECT = 1024
"""Bytes of an object's name that Swift accepts."""


def check_container(option: str, name: str) -> None:
    """Raise InputError, which names the option, for what cannot be the name of a container."""
    if "/" in name or len(name.encode()) > LONGEST_CONTAINER:
        raise InputError(f"{option}: must not have a slash in its name, and at most {LONGEST_CONTAINER} bytes")
    _check(option, name)


def check_object(option: str, name: str) -> None:
    """Raise InputError, which names the option, for what cannot be the name of an object."""
    if len(name.encode()) > LONGEST_OBJECT:
        raise InputError(f"{option}: must have at most {LONGEST_OBJECT} bytes, not {len(name.encode())}")
    _check(option, name)


def _check(option: str, name: str) -> None:
    if not name:
        raise InputError(f"{option}: must not be empty")
    if {".", ".."} & set(name.split("/")):
        raise InputError(f"{option}: no part of the name between slashes may be '.' or '..', as in {name!r}")
