# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What processes leave that are killed, and who notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import convert as convert_module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import workspace as module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import open_image_file
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.workspace import workspace
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.upload_marker import is_leftover
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import work_marker as markers
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.coalesce import RequestCoalescer
from tests.support.wait import until

RUN = f"""
import sys
from {module.__name__} import workspace
with workspace(sys.argv[1]) as directory:
    (directory / "file").write_text("half an image")
    print(directory, flush=True)
    input()
"""


def start(parent: Path) -> tuple[subprocess.Popen[str], Path]:
    command = [sys.executable, "-c", RUN, str(parent)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_only_what_dead_runs_left_goes(tmp_path: Path) -> None:
    living, kept = start(tmp_path)
    killed, left = start(tmp_path)
    killed.kill()
    killed.communicate()
    assert left.exists()
    with workspace(str(tmp_path)):
        assert not left.exists()
        assert (kept / "file").exists()
    living.communicate("\n")
    assert not kept.exists()


MARK = f"from {markers.__name__} import work_marker; print(work_marker(3600), flush=True); input()"


def test_other_process_counts_as_long_as_it_lives() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        image = {UPLOAD: process.stdout.readline().strip(), "updated_at": "2026-01-01T00:00:00Z"}
        assert not is_leftover(image)
        process.kill()
        process.wait()
    assert is_leftover(image)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make PID namespaces")
def test_a_process_of_another_container_counts_until_its_time_is_over(wrong_date: Callable[[float], None]) -> None:
    """It has the same host name, machine ID and boot, and a PID that means another process here."""
    unshare = ["unshare", "--pid", "--fork", "--mount-proc"]
    with subprocess.Popen(
        [*unshare, sys.executable, "-c", MARK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        image = {UPLOAD: process.stdout.readline().strip(), "updated_at": "2026-01-01T00:00:00Z"}
        if not image[UPLOAD]:
            pytest.skip("not allowed to make PID namespaces")
        assert not is_leftover(image)
        wrong_date(3600 + markers.CLOCK_MARGIN.total_seconds() - 60)
        assert not is_leftover(image)
        process.communicate("\n")
    wrong_date(3600 + markers.CLOCK_MARGIN.total_seconds() + 60)
    assert is_leftover(image)


def test_a_killed_process_no_longer_counts() -> None:
    code = (
        "import time\n"
        f"from {RequestCoalescer.__module__} import RequestCoalescer\n"
        "with RequestCoalescer():\n"
        "    print('there', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with (
        RequestCoalescer() as reads,
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout
        assert process.stdout.readline() == "there\n"
        assert not reads.alone()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert reads.alone()


@pytest.mark.parametrize("ends", ["killed", "exits"])
def test_qemu_img_has_limits_and_dies_with_us(tmp_path: Path, ends: str) -> None:
    """Also with a process that does not wait for the thread that converts."""
    disk, directory = tmp_path / "disk.raw", tmp_path / "workspace"
    disk.write_bytes(os.urandom(1 << 20))
    directory.mkdir()
    tool = tmp_path / "bin" / "qemu-img"
    tool.parent.mkdir()
    tool.write_text(f"#!/bin/sh\nulimit -v -t -n -c > {tmp_path}/limits\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    tool.chmod(0o755)
    code = (
        "from pathlib import Path\n"
        f"from {convert_module.__name__} import convert\n"
        f"from {open_image_file.__module__} import open_image_file\n"
        f"from {Deadline.__module__} import Deadline\n"
        "import sys, threading\n"
        f"work = open_image_file({str(disk)!r}), 'qcow2', Path({str(directory)!r}), Deadline(50)\n"
        "threading.Thread(target=convert, args=work, daemon=True).start()\n"
        "sys.stdin.readline()\n"
    )
    environment = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdin=subprocess.PIPE) as process:
        pid = tmp_path / "pid"
        until(lambda: process.poll() is not None or (pid.exists() and pid.read_text().endswith("\n")))
        if ends == "killed":
            process.kill()
        else:
            process.communicate(b"\n", timeout=20)
    limits = (tmp_path / "limits").read_text()
    child = int(pid.read_text())
    assert "unlimited" not in limits
    until(lambda: not Path(f"/proc/{child}/stat").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())
