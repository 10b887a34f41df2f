# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that cannot be written, or read, by a process with other rights and limits."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files

FORKS = multiprocessing.get_context("fork")

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away and mount file systems")


UNSET = ("HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "TMPDIR")


def in_process(code: str, **environment: str) -> tuple[Any, list[str]]:
    """The value read back and the warnings, in a process of its own that has tried to store something."""
    program = (
        "import json, resource\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._local.file_lock import key_lock\n"
        "from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline\n"
        f"{code}\n"
        "for key in 'ab':\n"
        "    private_files.write('tokens', key, 'x' * 10000)\n"
        "with key_lock('tokens', 'a', Deadline(5)):\n"
        "    print(json.dumps([private_files.read('tokens', 'a'), private_files.warnings()]))\n"
    )
    env = {key: value for key, value in os.environ.items() if key not in UNSET}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env | environment, check=True, capture_output=True, text=True
    )
    assert done.stderr == ""
    value, warnings = json.loads(done.stdout)
    return value, warnings


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null"])
def test_a_home_that_does_not_exist(home: str, tmp_path: Path) -> None:
    for warnings in (1, 0):
        value, warned = in_process("", HOME=home, TMPDIR=str(tmp_path))
        assert value == "x" * 10000
        assert len(warned) == warnings
        assert [text for text in warned if home not in text] == []


WITHOUT_USER = "import os; os.setgroups([]); os.setgid(54321); os.setuid(54321)"


@as_root
def test_a_user_without_a_home_and_a_name() -> None:
    # Not in tmp_path: the directories above it are open to their owner only.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o1777)
        for number, environment in enumerate(({"TMPDIR": name}, {"XDG_CACHE_HOME": f"{name}/cache"})):
            value, warned = in_process(WITHOUT_USER, **environment)
            assert value == "x" * 10000
            assert len(warned) == 1 - number
            assert [text for text in warned if not text.endswith(": there is no home directory.")] == []


NAMED = """
import os
import openstack.exceptions, yaml
from openstack.config import loader, vendors
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.cache_key import options_digest
os.environ.pop("HOME", None)
os.setgroups([]); os.setgid(54321); os.setuid(54321)
options = dict.fromkeys(("locations", "filters", "all_projects", "clouds_config", "clouds_yaml"))
print(Clouds().names, len(options_digest(options, None)))
"""


@as_root
@pytest.mark.parametrize("variable", ["OS_CLIENT_CONFIG_FILE", "XDG_CONFIG_HOME"])
def test_clouds_are_found_without_a_home_and_a_name(variable: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "openstack"
        directory.mkdir()
        file = directory / "clouds.yaml"
        file.write_text("clouds: {first: {region_name: r1}}")
        for path in (Path(name), directory):
            path.chmod(0o755)
        environment = {variable: str(file if variable == "OS_CLIENT_CONFIG_FILE" else name)}
        done = subprocess.run(
            [sys.executable, "-c", NAMED],
            env={key: value for key, value in os.environ.items() if key not in UNSET} | environment,
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
        )
    assert (done.stdout.strip(), done.stderr) == ("['first'] 16", "")


@as_root
def test_a_cache_on_a_read_only_disk(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "tmp"
    (home / ".cache" / "oaktree.multicloud").mkdir(0o700, parents=True)
    other.mkdir()
    bind = ["mount", "--bind", str(home), str(home)]
    if subprocess.run(bind, check=False).returncode:
        pytest.skip("not allowed to mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(home)], check=True)
        found = [in_process("", HOME=str(home), TMPDIR=str(other)) for _time in range(2)]
    finally:
        subprocess.run(["umount", str(home)], check=True)
    assert [value for value, _warnings in found] == ["x" * 10000] * 2
    assert [len(warnings) for _value, warnings in found] == [1, 0]


def test_processes_that_begin_at_once_make_one_key_for_all_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(start: Any, results: Any) -> None:
        start.wait(30)
        results.put(str(private_files.path_of("tokens", "a", "json")))

    for number in range(10):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / str(number)))
        start, results = FORKS.Barrier(8), FORKS.SimpleQueue()
        processes = [FORKS.Process(target=name, args=(start, results)) for _process in range(8)]
        for process in processes:
            process.start()
        assert len({results.get() for _process in processes}) == 1
        for process in processes:
            process.join()
        assert [path.name for path in (tmp_path / str(number)).glob("*/keys/*")] == ["names"]


def test_a_file_size_limit(tmp_path: Path) -> None:
    value, warnings = in_process("resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))", XDG_CACHE_HOME=str(tmp_path))
    assert value is None
    assert warnings == [
        f"No further data is cached between tasks: cannot write to {tmp_path}/oaktree.multicloud: File too large."
    ]
    assert list((tmp_path / "oaktree.multicloud" / "tokens").iterdir()) == []


@as_root
def test_a_full_disk(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k,nr_inodes=100", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("not allowed to mount")
    try:
        (tmp_path / "big").write_bytes(b"x" * 30000)
        value, warnings = in_process("", XDG_CACHE_HOME=str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert value is None
    assert len(warnings) == 1
    assert "No space left on device" in warnings[0]


UNPRIVILEGED = """
import os, sys
import openstack.exceptions, yaml
from openstack.config import loader, vendors
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
loader.CONFIG_FILES = sys.argv[1:]
if os.getuid() == 0:
    os.setuid(65534)
try:
    print(Clouds().names)
except InputError as error:
    print(error.message)
"""


@pytest.mark.parametrize("hidden", ["directory", "file"])
def test_what_may_not_be_read(hidden: str) -> None:
    # Not in tmp_path: the directories above it are open to their owner only, and nobody else's to open.
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o755)
        first, second = directory / "a" / "clouds.yaml", directory / "b.yaml"
        first.parent.mkdir()
        for path, cloud in ((first, "first"), (second, "second")):
            path.write_text(f"clouds: {{{cloud}: {{region_name: r1}}}}")
        (first.parent if hidden == "directory" else first).chmod(0)
        command = [sys.executable, "-c", UNPRIVILEGED, str(first), str(second)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        first.parent.chmod(0o755)
    expected = "['second']" if hidden == "directory" else f"clouds.yaml: {first} cannot be read: Permission denied"
    assert (done.stdout.strip(), done.stderr) == (expected, "")
