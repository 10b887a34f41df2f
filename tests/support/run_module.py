# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as Ansible runs them, main() and all, in this process or in one of their own."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self
from unittest.mock import patch

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import PASS_VARS
from ansible.module_utils.testing import patch_module_args

try:
    from ansible.module_utils import secrets as controller  # type: ignore[attr-defined] # not in 2.21 and older
except ImportError:
    controller = None

CONTROLLER_MASKS = controller is not None
"""Whether modules tell the controller which values are secret: with ansible-core 2.22 and newer."""
INVOCATION = {"_ansible_inject_invocation": True} if "inject_invocation" in PASS_VARS else {}
"""The parameter by which ansible-core 2.21 and newer return what a module was given; older ones always do."""

START = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from {module} import main
with patch_module_args(json.loads(sys.argv[1])):
    main()
"""

WARM = multiprocessing.get_context("forkserver")
WARM.set_forkserver_preload(
    [
        f"ansible_collections.oaktree.multicloud.plugins.modules.{name}"
        for name in ("image", "image_export", "image_upload", "object", "resource", "server", "stack")
    ]
    + ["keystoneauth1.identity", "openstack.config.loader", "requests", "tests.support.run_module"]
)

PROMPT = 20.0
"""Seconds within which what is interrupted has to end; it takes two where the machine has nothing else to do.

Nothing that a test waits for ends it as soon by itself: one request gets a minute, and cleaning up half of that.
"""


@dataclass(frozen=True)
class ModuleRun:
    """How a module ended: what it printed, whether its exit code says success, and what it warned of."""

    result: dict[str, Any]
    ok: bool
    warnings: list[str]
    printed: str
    """The result as it was printed."""

    def __getitem__(self, key: str) -> Any:
        return self.result[key]


@contextmanager
def told_secrets() -> Iterator[set[str]]:
    """What a module has the controller of ansible-core 2.22 and newer mask, and would else print beside its result.

    This process, which runs many modules, is not to mask it from then on.
    """
    told: set[str] = set()
    with patch.object(controller, "register_secrets", told.update) if controller else nullcontext():
        yield told


def run_module(module_name: str, /, **params: Any) -> ModuleRun:
    """Run a module of this collection with the parameters."""
    module = importlib.import_module(f"ansible_collections.oaktree.multicloud.plugins.modules.{module_name}")
    warnings: list[str] = []
    printed = StringIO()
    with (
        patch.object(AnsibleModule, "warn", lambda _self, message: warnings.append(message)),
        patch_module_args({**INVOCATION, **params}),
        told_secrets(),
        redirect_stdout(printed),
    ):
        try:
            module.main()
        except SystemExit as ended:
            return ModuleRun(json.loads(printed.getvalue()), ended.code == 0, warnings, printed.getvalue())
    raise AssertionError(f"{module_name} returned instead of exiting")


def interrupt(process: Started | subprocess.Popen[str], number: signal.Signals) -> str:
    """Send the signal to a module of `start_module`, which is to end by that; return what it says.

    It has to end sooner than by any timeout of its requests or of its cleaning up, however busy the machine is.
    """
    process.send_signal(number)
    out, err = process.communicate(timeout=PROMPT)
    assert (err, process.returncode) == ("", 1)
    return str(json.loads(out)["msg"])


class Started:
    """A module that runs in a process of its own; to be used like a `subprocess.Popen`."""

    def __init__(self, module: ModuleType, prelude: str, params: dict[str, Any]) -> None:
        pipes = [WARM.Pipe(duplex=False) for _stream in ("stdout", "stderr")]
        self._files = [os.fdopen(os.dup(ours.fileno()), encoding="utf-8") for ours, _theirs in pipes]
        given = [theirs for _ours, theirs in pipes]
        arguments = (module.__name__, prelude, params, dict(os.environ), str(Path.cwd()), given)
        self._process = WARM.Process(target=_run, args=arguments)
        self._process.start()
        for pipe in pipes:
            for end in pipe:
                end.close()

    @property
    def returncode(self) -> int | None:
        """As that of Popen."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """As that of Popen."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """As that of Popen."""
        if self._process.pid and self._process.exitcode is None:
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """As that of Popen."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """As that of Popen, but that what does not end in time is killed, and raises TimeoutError."""
        with ThreadPoolExecutor(2) as pool:
            reading = [pool.submit(file.read) for file in self._files]
            self._process.join(timeout)
            late = self._process.exitcode is None
            if late:
                self.kill()
            out, err = (read.result() for read in reading)
        if late:
            raise TimeoutError(f"the module has not ended after {timeout} s: {out}{err}")
        self._process.join()
        return out, err

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.join()
        for file in self._files:
            file.close()


def start_module(module: ModuleType, /, prelude: str = "", **params: Any) -> Started:
    """Start a module of this collection in a process of its own, which runs the Python of ``prelude`` first.

    It is forked from a process that has imported what modules need, as it would for a second by itself.
    """
    return Started(module, prelude, params)


def start_cold_module(module: ModuleType, /, prelude: str = "", **params: Any) -> subprocess.Popen[str]:
    """As `start_module`, in a process that has imported nothing and ends as all do, with its exit handlers."""
    code = prelude + START.format(module=module.__name__)
    command = [sys.executable, "-c", code, json.dumps(params)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _run(name: str, prelude: str, params: dict[str, Any], env: dict[str, str], cwd: str, files: Any) -> None:
    """Be the process that runs a module."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, file in enumerate(files, start=1):
        os.dup2(file.fileno(), number)
        file.close()
    exec(prelude, {})  # noqa: S102 - the test's own
    with patch_module_args(params):
        importlib.import_module(name).main()
