# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers of work in progress in a cloud: who is at work, so that a later run recognises what a killed one left.

The marker names the process, and when its own timeouts end it. A run that can see whether the process is alive goes by
that. Others wait for that time: on other machines, in other containers, and of users that may not see the process.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import platform
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .._core.deadline import clock
from . import signs_of_life

if TYPE_CHECKING:
    from typing import Self

CLOCK_MARGIN = timedelta(minutes=15)
"""How much the clocks of the machines that work on one project may differ."""
_UNKNOWN = timedelta(days=1)
"""How long what has a marker that cannot be parsed must have been left alone to count as abandoned."""

_PID = re.compile(r"[0-9]{1,9}")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_EXACT_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class _Owner:
    """A process: on which machine, since which boot, in which PID namespace, and its start in ticks since boot.

    What is not known is ``-``. Machines may have one host name, and containers share also the boot. The name is a
    digest: whoever may read what is in the cloud, as a public container, reads the marker.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: str
    started: str

    @classmethod
    def this(cls) -> Self:
        pid = os.getpid()
        boot = signs_of_life.boot_id()[:8] or "-"
        return cls(host_digest()[:8], _machine(), boot, _pid_namespace(), str(pid), _started(pid) or "-")

    @property
    def text(self) -> str:
        return f"{self.host}/{self.machine}/{self.boot}/{self.namespace}/{self.pid}/{self.started}"

    def is_alive(self) -> bool | None:
        """Whether the process still runs; None where that cannot be told from here."""
        here = self.this()
        if (self.host, self.machine) != (here.host, here.machine):
            return None
        if self.boot != here.boot:
            return None if "-" in (here.machine, self.boot, here.boot) else False
        if self.namespace != here.namespace or not _PID.fullmatch(self.pid):
            return None
        started = _started(int(self.pid))
        return None if started == "-" != self.started else started == self.started


def host_digest() -> str:
    """The host name of this machine, as a digest in hexadecimal."""
    return _digest(platform.node())


def work_marker(seconds: float) -> str:
    """A new marker of this process's work, which takes at most so many seconds from now: ``owner/until``.

    A process's markers differ in the fractions of a second.
    """
    until = (clock.now() + timedelta(seconds=seconds)).replace(microsecond=next(_NUMBERS) % 1_000_000)
    return f"{_Owner.this().text}/{until.astimezone(UTC).strftime(_EXACT_TIME)}"


def is_own(marker: object) -> bool:
    """Whether this process has set the marker."""
    return str(marker).rpartition("/")[0] == _Owner.this().text


def is_abandoned(marker: str, updated_at: object) -> bool:
    """Whether nobody works any more on what has this marker.

    The process of the marker decides where its life can be told from here; else the moment in the marker, with a
    margin for the difference between clocks. With a marker that cannot be parsed it is abandoned if it did not change
    for a day, and in use if its cloud does not report when it changed: ``updated_at``, as ISO 8601 with an offset.
    """
    owner, until = _parsed(marker)
    if owner is None or until is None:
        changed = moment_of(updated_at)
        return changed is not None and clock.now() - changed > _UNKNOWN
    alive = owner.is_alive()
    return clock.now() - until > CLOCK_MARGIN if alive is None else not alive


def _parsed(marker: str) -> tuple[_Owner | None, datetime | None]:
    parts = marker.split("/")
    return (_Owner(*parts[:-1]), moment_of(parts[-1])) if len(parts) == 7 else (None, None)


def time_text(moment: datetime) -> str:
    """A moment as ISO 8601 in UTC, without fractions of a second."""
    return moment.astimezone(UTC).strftime(_TIME)


def moment_of(text: object) -> datetime | None:
    """The moment that a text says; None for what is no time with an offset."""
    try:
        moment = datetime.fromisoformat(str(text))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (OverflowError, ValueError):
        return None


@cache
def _machine() -> str:
    """8 digits that machines with the same host name do not share; containers may have none."""
    identity = _read("/etc/machine-id")
    return _digest(identity)[:8] if identity else "-"


def _digest(text: str) -> str:
    return hashlib.sha256(f"oaktree.multicloud/{text}".encode()).hexdigest()


def _pid_namespace() -> str:
    """See pid_namespaces(7). A number is given again only when no process of the namespace is alive."""
    try:
        return str(os.stat("/proc/self/ns/pid").st_ino)  # noqa: PTH116 - of the link's target
    except OSError:
        return "-"


def _started(pid: int) -> str | None:
    """When the process started, in ticks since boot; ``-`` where that is not shown; None if there is no such process.

    It is shown by /proc, and there for other users' processes only without its option hidepid (proc(5)).
    """
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) > 19:
        return fields[19]
    return "-" if _exists(pid) else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (OverflowError, ProcessLookupError):
        return False
    except OSError:
        return True
    return True


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
