# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as Ansible runs them, main() and all, in this process or in one of their own."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from types import ModuleType
from typing import Any
from unittest.mock import patch

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

START = """
import json, sys
from ansible.module_utils.testing import patch_module_args
from {module} import main
with patch_module_args(json.loads(sys.argv[1])):
    main()
"""

ModuleRunner = Callable[..., "ModuleRun"]


@dataclass(frozen=True)
class ModuleRun:
    """How a module ended: what it printed, whether its exit code says success, and what it warned of."""

    result: dict[str, Any]
    ok: bool
    warnings: list[str]

    def __getitem__(self, key: str) -> Any:
        return self.result[key]


def run_module(module_name: str, /, **params: Any) -> ModuleRun:
    """Run a module of this collection with the parameters."""
    module = importlib.import_module(f"ansible_collections.oaktree.multicloud.plugins.modules.{module_name}")
    warnings: list[str] = []
    printed = StringIO()
    with (
        patch.object(AnsibleModule, "warn", lambda _self, message: warnings.append(message)),
        patch_module_args(params),
        redirect_stdout(printed),
    ):
        try:
            module.main()
        except SystemExit as ended:
            return ModuleRun(json.loads(printed.getvalue()), ended.code == 0, warnings)
    raise AssertionError(f"{module_name} returned instead of exiting")


def interrupt(process: subprocess.Popen[str], number: signal.Signals, within: float) -> str:
    """Send the signal to a module of `start_module`, which is to end so many seconds after; return what it says."""
    began = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    seconds = time.monotonic() - began
    assert (err, process.returncode) == ("", 1)
    assert seconds < within, f"it took {seconds:.1f} s"
    return str(json.loads(out)["msg"])


def start_module(module: ModuleType, /, prelude: str = "", **params: Any) -> subprocess.Popen[str]:
    """Start a module of this collection in a process of its own, which runs the Python of ``prelude`` first."""
    code = prelude + START.format(module=module.__name__)
    command = [sys.executable, "-c", code, json.dumps(params)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
