# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the local clouds up, take them down, say how they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import config, seed, state, venv
from .config.clients import clouds_yaml
from .errors import CloudsError
from .files import write_private
from .launch import Launch, check_port_base, check_ports, write_helpers
from .layout import CLOUDS, DEFAULT_SERVICES, KEYSTONE, REGION_SERVICES, REQUIRES, Cloud, Layout, Server
from .populate import Populator
from .processes import Process, Records, ephemeral_ports, stop


@dataclass(frozen=True)
class Selection:
    """What to bring up."""

    clouds: tuple[Cloud, ...] = CLOUDS
    services: tuple[str, ...] = DEFAULT_SERVICES

    @classmethod
    def of(
        cls, only: str | None = None, without: Collection[str] = frozenset(), extra: Collection[str] = frozenset()
    ) -> Selection:
        """One cloud or all, with some services more or less; CloudsError when one that stays needs one that goes."""
        unknown = {*without, *extra} - set(REGION_SERVICES)
        if unknown:
            raise CloudsError(f"no such service: {', '.join(sorted(unknown))}; there are {', '.join(REGION_SERVICES)}")
        wanted = {*DEFAULT_SERVICES, *extra} - set(without)
        services = tuple(service for service in REGION_SERVICES if service in wanted)
        for service in services:
            missing = [needed for needed in REQUIRES.get(service, ()) if needed not in services]
            if missing:
                raise CloudsError(f"{service} needs {', '.join(missing)}: leave {service} out as well")
        return cls(tuple(cloud for cloud in CLOUDS if only in (None, cloud.name)), services)


@dataclass(frozen=True)
class Condition:
    """How a server is; memory in bytes."""

    server: Server
    process: Process | None
    serving: bool
    memory: int


def up(layout: Layout, selection: Selection, servers: int, say: Callable[[str], None]) -> None:
    """Bring up what is not up yet, and seed servers until there are that many.

    What runs is left alone; what an interrupted run left half-started is ended and started anew.
    """
    if servers and "nova" not in selection.services:
        raise CloudsError("servers need nova: do not leave it out")
    check_port_base(layout, ephemeral_ports())
    with state.locked(layout, say):
        if not venv.installed(layout):
            say(f"installing the services in {layout.venv}; the first time this takes a minute or two")
            venv.install(layout)
            say("the services are installed")
        state.claim(layout)
        password = state.password(layout)
        populator = Populator(layout, password, selection.services)
        _start(layout, selection, populator, say)
        running = [cloud for cloud in CLOUDS if Records(layout.records).serving(f"{KEYSTONE}-{cloud.name}")]
        write_private(layout.clouds_yaml, clouds_yaml(layout, running, password))
        if servers:
            seed.seed(layout, populator, selection.clouds, servers, say)


def _start(layout: Layout, selection: Selection, populator: Populator, say: Callable[[str], None]) -> None:
    """Start the servers that do not serve, and fill in what the clouds lack, as soon as each part can take it."""
    records = Records(layout.records)
    servers = tuple(layout.servers(selection.clouds, selection.services))
    missing = [server for server in servers if not records.serving(server.name)]
    launch = Launch(layout)
    if missing:
        say(f"starting {len(missing)} of {len(servers)} services")
        _end_half_started(layout)  # What an interrupted run left.
        check_ports(missing)
        write_helpers(layout)
        for server in missing:
            config.write(layout, server, populator.password)
        launch.start(missing)
    try:
        _await_and_fill(launch, missing, selection, populator)
    except CloudsError:
        _end_half_started(layout)
        raise
    say(f"all {len(servers)} services serve")


def _await_and_fill(launch: Launch, missing: list[Server], selection: Selection, populator: Populator) -> None:
    regions = [region for cloud in selection.clouds for region in cloud.regions]
    with ThreadPoolExecutor() as pool:
        launch.wait(server for server in missing if server.service == KEYSTONE)
        list(pool.map(populator.identity, selection.clouds))
        launch.wait(missing)
        list(pool.map(populator.content, regions))


def _end_half_started(layout: Layout) -> None:
    """End all but the servers that serve."""
    records = Records(layout.records)
    stop(layout, keep=frozenset(process for name in records.names() if (process := records.serving(name))))


def down(layout: Layout, say: Callable[[str], None]) -> None:
    """End every process; the data stay."""
    with state.locked(layout, say):
        _stop_all(layout, say)


def reset(layout: Layout, say: Callable[[str], None]) -> None:
    """End every process and delete everything but the virtual environment."""
    with state.locked(layout, say):
        _stop_all(layout, say)
        state.delete(layout)


def _stop_all(layout: Layout, say: Callable[[str], None]) -> None:
    began = time.monotonic()
    ended = stop(layout)
    records = Records(layout.records)
    for name in records.names():
        records.forget(name)
    say(f"{ended} processes ended in {time.monotonic() - began:.1f} s" if ended else "nothing was running")


def conditions(layout: Layout) -> list[Condition]:
    """How each server is that was started and not taken down."""
    records = Records(layout.records)
    names = set(records.names())
    found = []
    for server in layout.servers(CLOUDS, REGION_SERVICES):
        if server.name in names:
            process = records.running(server.name)
            serving = records.serving(server.name) is not None
            found.append(Condition(server, process, serving, process.memory() if process else 0))
    return found
