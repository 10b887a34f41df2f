# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user wants of an object, and what is done about it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._run.ensure import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .content import ObjectSource


@dataclass(frozen=True)
class SignedUrl:
    """A signed URL that is asked for: a method, and how many seconds it is to work."""

    method: str
    expires_in: int


@dataclass(frozen=True)
class WantedObject:
    """An object as it is to be at every Location; what is None, or not named in ``metadata``, is left alone."""

    container: str
    name: str
    source: ObjectSource | None = None
    """Its content."""
    content_type: str | None = None
    metadata: Mapping[str, str | None] = field(default_factory=dict)
    """By names in small letters; None for what is to be removed."""
    delete_after: int | None = None
    """Seconds; for an object that has no expiry yet."""
    delete_at: int | None = None
    """Seconds since 1970."""
    tempurl: SignedUrl | None = None


@dataclass(frozen=True)
class ObjectTimeouts:
    """The options that bound the work, in seconds."""

    timeout: float = 300.0
    transfer_timeout: float = 3600.0
    stall_timeout: float = 120.0

    @property
    def total(self) -> float:
        """For the work after the survey."""
        return self.timeout + self.transfer_timeout


@dataclass(frozen=True)
class ObjectChange:
    """What is done, or in check mode would be done, with an object."""

    action: str
    """created, replaced, updated, unchanged or deleted."""
    record: Mapping[str, Any] | None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tempurl: str | None = field(default=None, repr=False)
    dest: str | None = None
    """The path of the file, for a download."""

    @property
    def change(self) -> Change:
        """As users see it."""
        output = {"object": self.record, "dest": self.dest, "tempurl": self.tempurl}
        return Change(self.action, self.before, self.after, output, self.notes)
