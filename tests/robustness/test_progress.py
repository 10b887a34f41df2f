# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Progress is shown while a task works, where somebody is to see it, and never in the way of an interrupt."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import BlackHole, FakeOpenStack
from tests.support.run_module import PROMPT
from tests.support.sampling import FULL
from tests.support.wait import until

LATENCY = 0.5
"""Seconds before each answer: an upload takes longer than the display is quiet."""
INTERRUPTS = 20 if FULL else 3


def task(cloud: str, **keywords: Any) -> dict[str, Any]:
    options = {"name": "disk", "path": "{{ playbook_dir }}/disk.raw", "locations": [cloud]}
    return {"name": cloud, "oaktree.multicloud.image": options, **keywords}


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> FakeOpenStack:
    clouds = fake_openstack(clouds=4)
    clouds.clouds_yaml(tmp_path / "clouds.yaml")
    (tmp_path / "disk.raw").write_bytes(b"\0" * 4096)
    return clouds


@contextmanager
def play(
    directory: Path, tasks: list[dict[str, Any]], *hosts: str, **variables: Any
) -> Iterator[subprocess.Popen[str]]:
    """A run of ansible-playbook in a session of its own, on hosts that are all this machine."""
    variables_of_host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    local = dict.fromkeys(hosts or ["localhost"], variables_of_host)
    (directory / "hosts.json").write_text(json.dumps({"all": {"hosts": local}}))
    (directory / "play.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.json", "play.yml"]
    command += ["-e", json.dumps(variables)]
    env = {
        **os.environ,
        "ANSIBLE_NOCOLOR": "1",
        "OS_CLIENT_CONFIG_FILE": str(directory / "clouds.yaml"),
        "ANSIBLE_LOCAL_TEMP": str(directory / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(directory / "tmp"),
    }
    with subprocess.Popen(
        command,
        cwd=directory,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def shown(errors: str) -> list[str]:
    """What was shown of each Location, without figures and duplicates."""
    lines = [line.strip() for line in errors.splitlines() if re.search(r"cloud\d/r1/demo: ", line)]
    return list(dict.fromkeys(lines))


def processes_of(directory: Path) -> list[str]:
    """The command lines of all processes that the run started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            continue
        if str(directory / "tmp").encode() in environment and state != "Z":
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def assert_nothing_runs(directory: Path) -> None:
    """Fail, with the command lines, if processes of the run do not end."""
    try:
        until(lambda: processes_of(directory) == [])
    except AssertionError:
        pytest.fail(f"still running: {processes_of(directory)}")


def test_progress_is_shown_of_what_works_on_this_machine_in_the_open(clouds: FakeOpenStack, tmp_path: Path) -> None:
    for cloud in clouds.clouds.values():
        cloud["r1"].latency = LATENCY
    tasks = [
        task("cloud1"),
        task("cloud2", no_log=True),
        {**task("cloud3"), "async": 120, "poll": 1},
        task("cloud4", check_mode=True),
    ]
    with play(tmp_path, tasks, oaktree_progress=True) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, output
    lines = shown(errors)
    assert "cloud1/r1/demo: done" in lines
    assert [line for line in lines if "cloud1" not in line] == []
    assert "cloud1/r1" not in output
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nothing_is_shown_without_a_terminal(clouds: FakeOpenStack, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].latency = LATENCY
    with play(tmp_path, [task("cloud1")]) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, output
    assert shown(errors) == []


def test_every_host_is_named(clouds: FakeOpenStack, tmp_path: Path) -> None:
    for cloud in clouds.clouds.values():
        cloud["r1"].latency = LATENCY
    tasks = [task("{{ 'cloud1' if inventory_hostname == 'a' else 'cloud2' }}")]
    with play(tmp_path, tasks, "a", "b", oaktree_progress=True) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, output
    assert {"[a] cloud1/r1/demo: done", "[b] cloud2/r1/demo: done"} <= set(shown(errors))


def test_a_closed_pipe_ends_the_run(clouds: FakeOpenStack, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].latency = LATENCY
    with play(tmp_path, [task("cloud1")], oaktree_progress=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        process.stderr.read()
        process.wait(PROMPT)
    assert_nothing_runs(tmp_path)


@pytest.mark.parametrize("number", range(INTERRUPTS))
def test_an_interrupt_is_obeyed_and_leaves_nothing(clouds: FakeOpenStack, tmp_path: Path, number: int) -> None:
    """At moments of the display that differ: before its first line, and while it waits for the next one."""
    for name in ("cloud1", "cloud2"):
        clouds[name]["r1"].fault("PUT", r"/file$", BlackHole())
    tasks = [task("{{ 'cloud1' if inventory_hostname == 'a' else 'cloud2' }}")]
    with play(tmp_path, tasks, "a", "b", oaktree_progress=True) as process:
        glances = [clouds[name]["r1"].glance for name in ("cloud1", "cloud2")]
        until(lambda: all(glance.images for glance in glances))
        if number % 2:
            assert process.stderr is not None
            assert process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PROMPT)
    assert_nothing_runs(tmp_path)
    assert [glance.images for glance in glances] == [{}, {}]


def test_servers_are_a_table_where_ansible_is_run_at_a_terminal(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    fake_openstack(servers=3).clouds_yaml(tmp_path / "clouds.yaml")
    ansible = str(Path(sys.executable).with_name("ansible"))
    command = f"{ansible} localhost -m oaktree.multicloud.server_info -a locations=cloud1"
    env = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"), "ANSIBLE_NOCOLOR": "1"}
    at_terminal = subprocess.run(
        ["script", "-qec", command, "/dev/null"], env=env, check=True, capture_output=True, text=True
    ).stdout
    lines = [line for line in at_terminal.splitlines() if line.startswith("cloud1/r1/demo ")]
    assert len(lines) == 3
    assert '"servers"' not in at_terminal
    piped = subprocess.run(command.split(), env=env, check=True, capture_output=True, text=True).stdout
    assert len(json.loads(piped[piped.index("{") :])["servers"]) == 3
