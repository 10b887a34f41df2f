# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start the loaders of the services and wait until their servers serve."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .config.neutron import MECHANISM_DRIVER
from .errors import CloudsError
from .files import make_private, write_private
from .layout import HIGHEST_PORT_BASE, LOOPBACK, LOWEST_PORT_BASE, PORTS_SPANNED, REPOSITORY, Layout, Server
from .processes import OWNER_VARIABLE, Records, who_listens

START_LIMIT = 300.0
"""Seconds that all servers together may take; on two idle cores they take 27, or 40 with all services."""

_TAIL_LINES = 15
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Launch:
    """Loaders that were started, by service."""

    layout: Layout
    loaders: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, servers: Iterable[Server]) -> None:
        """Start a loader for each service, all at once: they take turns on the processors anyway."""
        places: dict[str, list[str]] = {}
        for server in servers:
            places.setdefault(server.service, []).append(server.place)
            Records(self.layout.records).forget(server.name)
            _keep_last(self.layout.log(server.name))
        for service, names in places.items():
            log = self.layout.log(_loader_name(service))
            make_private(log.parent)
            with log.open("wb") as output:
                self.loaders[service] = subprocess.Popen(
                    [str(self.layout.python), "-P", "-m", "tests.support.local_clouds.runtime", service, *names],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env=_environment(self.layout),
                    cwd=self.layout.root,
                    start_new_session=True,
                )

    def wait(self, servers: Iterable[Server]) -> None:
        """Until these servers serve; CloudsError as soon as one of them cannot."""
        deadline = time.monotonic() + START_LIMIT
        records = Records(self.layout.records)
        waiting = list(servers)
        while waiting := [server for server in waiting if not records.serving(server.name)]:
            for server in waiting:
                loader = self.loaders[server.service]
                # The loader has to be asked first: it makes the record before it ends.
                ended = loader.poll()
                if ended:
                    raise self._failure(server, _loader_name(server.service), "its loader failed")
                if ended == 0 and not records.running(server.name):
                    raise self._failure(server, server.name, "it ended")
                if time.monotonic() > deadline:
                    raise self._failure(server, server.name, f"it was not ready after {START_LIMIT:.0f} s")
            time.sleep(0.1)

    def _failure(self, server: Server, log_name: str, reason: str) -> CloudsError:
        log = self.layout.log(log_name)
        text = log.read_text(errors="replace") if log.exists() else ""
        tail = "\n".join(f"    {line[:300]}" for line in text.splitlines()[-_TAIL_LINES:]) or "    (nothing)"
        return CloudsError(f"{server.name} could not be started: {reason}. The end of its log {log}:\n{tail}")


def check_port_base(layout: Layout, ephemeral: range) -> None:
    """CloudsError when the kernel may give our ports to outgoing connections, any time before our servers bind them.

    Where it may give away nearly every port, no other choice is better, and none is refused.
    """
    ours = range(layout.port_base, layout.port_base + PORTS_SPANNED)
    below, above = ephemeral.start - PORTS_SPANNED, ephemeral.stop
    choices = [
        f"from {lowest} to {highest}"
        for lowest, highest in ((LOWEST_PORT_BASE, below), (above, HIGHEST_PORT_BASE))
        if lowest <= highest
    ]
    if choices and ours.start < ephemeral.stop and ephemeral.start < ours.stop:
        raise CloudsError(
            f"the ports {ours.start} to {ours.stop - 1} overlap those from which the kernel chooses for outgoing "
            f"connections, {ephemeral.start} to {ephemeral.stop - 1}, so that any of them may be taken at any time; "
            f"set OAKTREE_CLOUDS_PORT to a number {' or '.join(choices)}"
        )


def check_ports(servers: Iterable[Server]) -> None:
    """CloudsError that names server, port and its owner when one of their ports is taken."""
    for server in servers:
        for port in server.ports:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((LOOPBACK, port))
                except OSError as error:
                    raise CloudsError(
                        f"port {port} on {LOOPBACK}, which {server.name} needs, is taken by "
                        f"{who_listens(port) or 'another process'} ({error.strerror}); "
                        "end that, or choose other ports with OAKTREE_CLOUDS_PORT"
                    ) from error


def write_helpers(layout: Layout) -> None:
    """Write what the services find on their search paths: our Neutron driver's announcement and the qemu-img."""
    announcement = layout.plugins / "oaktree_local_clouds-1.0.dist-info"
    write_private(announcement / "METADATA", "Metadata-Version: 2.1\nName: oaktree-local-clouds\nVersion: 1.0\n")
    write_private(
        announcement / "entry_points.txt",
        f"[neutron.ml2.mechanism_drivers]\n{MECHANISM_DRIVER} = {__package__}.runtime.ml2:LoopbackMechanismDriver\n",
    )
    stand_in = Path(__file__).with_name("runtime") / "qemu_img.py"
    command = shlex.join((str(layout.python), "-I", str(stand_in)))
    write_private(layout.commands / "qemu-img", f'#!/bin/sh\nexec {command} "$@"\n', mode=0o700)


def _environment(layout: Layout) -> dict[str, str]:
    """The whole environment of the services: nothing of the user's reaches them but the search path for commands."""
    for directory in ("cache", "tmp"):
        make_private(layout.root / directory)
    return {
        **layout.to_environment(),
        OWNER_VARIABLE: str(layout.root),
        # os-brick runs grep when it is imported. Our qemu-img is the last resort.
        "PATH": os.pathsep.join((os.environ.get("PATH", ""), _SYSTEM_PATH, str(layout.commands))),
        "PYTHONPATH": os.pathsep.join((str(layout.plugins), str(REPOSITORY))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
        "LC_ALL": "C.UTF-8",
        "HOME": str(layout.root),
        "XDG_CACHE_HOME": str(layout.root / "cache"),
        "TMPDIR": str(layout.root / "tmp"),
        # Neutron sets its title; without this, that would destroy the environment by which we know our processes.
        "SPT_NOENV": "1",
        # glibc makes eight arenas a processor for as many threads as we have; two cost far less memory.
        "MALLOC_ARENA_MAX": "2",
    }


def _loader_name(service: str) -> str:
    return f"loader-{service}"


def _keep_last(log: Path) -> None:
    """Let a server begin a new log and keep the one of its last life."""
    if log.exists():
        log.replace(log.with_suffix(".log.old"))
