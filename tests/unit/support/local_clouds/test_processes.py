# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address

import pytest

from tests.support.local_clouds.layout import Layout
from tests.support.local_clouds.processes import (
    OWNER_VARIABLE,
    Process,
    Records,
    listeners,
    owned,
    sockets_of,
    stop,
    who_listens,
)

SLEEP = "import time; time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
)

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start Python code as a process; the environment is given by name."""
    children: list[subprocess.Popen[bytes]] = []

    def begin(code: str = SLEEP, **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", code]
        children.append(subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.PIPE))
        return children[-1]

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def known(child: subprocess.Popen[bytes]) -> Process:
    process = Process.of(child.pid)
    assert process
    return process


def test_a_process_is_alive_until_it_ends(start: Start) -> None:
    child = start()
    process = known(child)
    assert process.alive()
    assert process.memory() > 0
    child.kill()
    child.wait()
    assert not process.alive()
    assert process.memory() == 0


def test_one_that_ended_but_was_not_reaped_is_not_alive(start: Start) -> None:
    child = start("")
    process = Process.of(child.pid)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process is None or not process.alive()
    assert Process.of(child.pid) is None


def test_a_reused_id_is_not_ours(start: Start, layout: Layout) -> None:
    child = start()
    process = known(child)
    records = Records(layout.records)
    records.started("nova-north", process)
    assert records.running("nova-north") == process
    earlier = replace(process, start=process.start - 1)
    records.started("nova-north", earlier)
    assert records.running("nova-north") is None
    assert owned(layout) == set()
    earlier.signal(signal.SIGKILL)
    time.sleep(0.1)
    assert child.poll() is None


def test_a_server_serves_only_when_the_running_process_said_so(start: Start, layout: Layout) -> None:
    records = Records(layout.records)
    assert records.serving("nova-north") is None
    process = known(start())
    records.started("nova-north", process)
    assert records.serving("nova-north") is None
    records.ready("nova-north", known(start()))
    assert records.serving("nova-north") is None
    records.ready("nova-north", process)
    assert records.serving("nova-north") == process
    assert records.names() == ["nova-north"]
    records.forget("nova-north")
    assert records.names() == []
    assert records.serving("nova-north") is None


def test_records_are_private(start: Start, layout: Layout) -> None:
    Records(layout.records).started("nova-north", known(start()))
    assert (layout.records / "nova-north.pid").stat().st_mode & 0o777 == 0o600
    assert layout.records.stat().st_mode & 0o777 == 0o700


def test_ours_are_found_by_mark_and_by_record(start: Start, layout: Layout) -> None:
    marked = start(**{OWNER_VARIABLE: str(layout.root)})
    others = start(**{OWNER_VARIABLE: f"{layout.root}2"})
    recorded = start()
    Records(layout.records).started("nova-north", known(recorded))
    # Until a child runs its own program it has this process's environment.
    until = time.monotonic() + 5
    while len(owned(layout)) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert owned(layout) == {known(marked), known(recorded)}
    assert known(others) not in owned(layout)


def test_stop_ends_ours_but_those_to_keep(start: Start, layout: Layout) -> None:
    records = Records(layout.records)
    kept, ended, foreign = start(), start(), start()
    records.started("kept", known(kept))
    records.started("ended", known(ended))
    assert stop(layout, keep=frozenset([known(kept)])) == 1
    assert ended.wait(5) == -signal.SIGTERM
    assert kept.poll() is None
    assert foreign.poll() is None


def test_stop_kills_what_does_not_listen(start: Start, layout: Layout) -> None:
    child = start(STUBBORN)
    assert child.stdout
    assert child.stdout.readline() == b"deaf\n"
    Records(layout.records).started("deaf", known(child))
    assert stop(layout, patience=0.2) == 1
    assert child.wait(5) == -signal.SIGKILL


def test_who_listens_on_a_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        me = Process.of(os.getpid())
        assert me
        found = [(address, inode) for address, number, inode in listeners() if number == port]
        assert found == [(ip_address("127.0.0.1"), str(os.fstat(server.fileno()).st_ino))]
        assert found[0][1] in sockets_of(me)
        assert f"process {os.getpid()} (" in (who_listens(port) or "")
    assert who_listens(port) is None


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="needs IPv6")
def test_addresses_of_ipv6_listeners() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        assert [address for address, number, _inode in listeners() if number == port] == [ip_address("::1")]
