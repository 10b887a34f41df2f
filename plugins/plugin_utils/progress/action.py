# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of every module whose work takes long: runs the module, and shows its progress meanwhile."""

from __future__ import annotations

import sys
from typing import Any

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import printable
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.events import VARIABLE

from .watcher import Watcher

OPTION = "oaktree_progress"
"""The variable that turns the display on or off."""

AT_TERMINAL = sys.stderr.isatty()
"""Whether somebody watches. Only the main process knows, which imports this; its workers have no terminal."""

_LOCAL = ("local", "ansible.builtin.local")

display = Display()


class ActionModule(ActionBase):
    """Runs the module of the same name."""

    _supports_check_mode = True
    _supports_async = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module, and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        watcher = None if wrap_async else self._watcher(task_vars or {})
        environment = self._task.environment
        if watcher:
            self._task.environment = [*(environment or []), {VARIABLE: str(watcher.path)}]
        try:
            result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
        finally:
            self._task.environment = environment
            if watcher:
                watcher.stop()
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)  # noqa: SLF001 - as Ansible's own action plugins do
        return result

    def _watcher(self, task_vars: dict[str, Any]) -> Watcher | None:
        """None where the module runs on another machine, and where nobody is to see what it does."""
        hidden = self._task.no_log or self._task.check_mode
        if hidden or self._connection.transport not in _LOCAL:
            return None
        if not boolean(self._templar.template(task_vars.get(OPTION, AT_TERMINAL)), strict=False):
            return None
        host = task_vars.get("inventory_hostname", "localhost")
        prefix = "" if host == "localhost" else f"[{host}] "

        color = constants.config.get_config_value("COLOR_VERBOSE")

        def show(text: str) -> None:
            # On standard error: Ansible never ends if its standard output is closed while a worker displays.
            display.display(printable(f"  {prefix}{text}"), color=color, stderr=True)

        try:
            return Watcher(
                show,
                constants.DEFAULT_LOCAL_TMP,  # type: ignore[attr-defined] # set while Ansible starts
                others=bool(self._play_context.become),
            )
        except OSError as exc:
            display.vvv(f"progress is not shown: {exc}")
            return None
