# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are ours, which of them serve, and how to end them all.

Every process of ours has $OAKTREE_CLOUDS_OWNER in its environment from its very start, so that one is found even before
it is recorded. A server has two records in the state directory besides: NAME.pid from when it was forked, by which it
is found when it wrote over its environment, and NAME.ready from when it serves. A record holds the process's start
time besides its id, so that a reused id is never taken for ours.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from .files import write_private
from .layout import Layout

OWNER_VARIABLE = "OAKTREE_CLOUDS_OWNER"
_PROC = Path("/proc")
_EPHEMERAL_PORTS = _PROC / "sys" / "net" / "ipv4" / "ip_local_port_range"
_TCP_LISTEN = "0A"


@dataclass(frozen=True)
class Process:
    """A process that cannot be mistaken for a later one with the same id."""

    pid: int
    start: int
    """Clock ticks from the boot of the machine to the start of the process."""

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now; None when there is none, or it ended and waits to be reaped."""
        try:
            # The second field is the command's name in parentheses and may hold anything, parentheses too.
            fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else cls(pid, int(fields[19]))

    def alive(self) -> bool:
        """Whether it still runs."""
        return Process.of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self.alive():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def memory(self) -> int:
        """Its proportional share of memory (PSS) in bytes; 0 when it has ended."""
        try:
            lines = (_PROC / str(self.pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


@dataclass(frozen=True)
class Records:
    """The records of servers in a state directory."""

    directory: Path

    def started(self, name: str, process: Process) -> None:
        """Note that this process is to become the server of that name."""
        self._write(f"{name}.pid", process)

    def ready(self, name: str, process: Process) -> None:
        """Note that the server answers from now on."""
        self._write(f"{name}.ready", process)

    def running(self, name: str) -> Process | None:
        """The live process of a server, ready or not."""
        return self._read(f"{name}.pid")

    def serving(self, name: str) -> Process | None:
        """The live process of a server that said it is ready."""
        process = self.running(name)
        return process if process and process == self._read(f"{name}.ready") else None

    def names(self) -> list[str]:
        """The servers that have a record, alive or not."""
        return sorted(path.stem for path in self.directory.glob("*.pid"))

    def forget(self, name: str) -> None:
        """Remove a server's records."""
        for suffix in ("pid", "ready"):
            (self.directory / f"{name}.{suffix}").unlink(missing_ok=True)

    def _write(self, file: str, process: Process) -> None:
        write_private(self.directory / file, json.dumps(asdict(process)))

    def _read(self, file: str) -> Process | None:
        try:
            process = Process(**json.loads((self.directory / file).read_text()))
        except FileNotFoundError:
            return None
        return process if process.alive() else None


def owned(layout: Layout) -> set[Process]:
    """Every live process that belongs to this state directory."""
    records = Records(layout.records)
    found = {process for name in records.names() if (process := records.running(name))}
    mark = f"{OWNER_VARIABLE}={layout.root}".encode()
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        # Other users' processes cannot be read, and any may end meanwhile.
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0") and (process := Process.of(int(entry.name))):
                found.add(process)
    return found


def stop(layout: Layout, keep: frozenset[Process] = frozenset(), patience: float = 8.0) -> int:
    """End every process of this state directory except those to keep; returns how many there were.

    They are asked to end, and killed when `patience` seconds did not suffice. New ones, forked while we look, are
    found as well. Returns when none is left.
    """
    seen: set[Process] = set()
    deadline = time.monotonic() + patience
    while left := owned(layout) - keep:
        late = time.monotonic() > deadline
        for process in left:
            if late or process not in seen:
                process.signal(signal.SIGKILL if late else signal.SIGTERM)
        seen |= left
        time.sleep(0.05)
    return len(seen)


def listeners() -> Iterator[tuple[IPv4Address | IPv6Address, int, str]]:
    """(address, port, inode) of every listening TCP socket of the machine."""
    for table in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _TCP_LISTEN:
                    address, _colon, port = fields[1].partition(":")
                    yield _address(address), int(port, 16), fields[9]


def _address(text: str) -> IPv4Address | IPv6Address:
    """What the kernel writes as words of four bytes, each in the machine's byte order."""
    raw = b"".join(int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8))
    return ip_address(raw)


def sockets_of(process: Process) -> set[str]:
    """The inodes of all sockets that a process has open; empty when it may not be looked at."""
    found = set()
    with suppress(OSError):
        for entry in (_PROC / str(process.pid) / "fd").iterdir():
            with suppress(OSError):
                target = str(entry.readlink())
                if target.startswith("socket:["):
                    found.add(target[8:-1])
    return found


def ephemeral_ports() -> range:
    """The ports that the kernel chooses from for outgoing connections."""
    first, last = map(int, _EPHEMERAL_PORTS.read_text().split())
    return range(first, last + 1)


def who_listens(port: int) -> str | None:
    """Words for the process that listens on a port; None when it is free."""
    inodes = {inode for _address, number, inode in listeners() if number == port}
    if not inodes:
        return None
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and (process := Process.of(int(entry.name))) and inodes & sockets_of(process):
            with suppress(OSError):
                command = (_PROC / entry.name / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                return f"process {process.pid} ({command.strip()[:80]})"
    return "a process of another user"
