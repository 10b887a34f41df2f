# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of modules that list: ``ansible -m`` at a terminal shows a table in place of the records."""

from __future__ import annotations

import sys
from typing import Any

from ansible import constants, context
from ansible.utils.display import Display

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError

from .progress import action
from .table import list_of, table

AT_TERMINAL = sys.stdout.isatty()
"""Whether somebody reads the result. Only the main process knows, which imports this; its workers have no terminal."""

display = Display()


class ActionModule(action.ActionModule):
    """Runs the module of the same name, whose work does not take long."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the module, and return its result; where it is to be read at once, show the records as a table."""
        result = super().run(tmp, task_vars)
        return _shown(result) if is_read_at_once() and not self._task.no_log else result

    def _watcher(self, task_vars: dict[str, Any]) -> None:
        del task_vars


def is_read_at_once() -> bool:
    """Whether this is ``ansible -m`` at a terminal, without an option that says what to do with the result.

    A program that reads results, as ansible-runner does at a terminal of its own, has callback plugins loaded for them.
    """
    options = context.CLIARGS
    asked = any(options.get(option) for option in ("one_line", "tree", "verbosity", "seconds"))
    if asked or constants.config.get_config_value("DEFAULT_LOAD_CALLBACK_PLUGINS"):
        return False
    return AT_TERMINAL and bool(options.get("module_name"))


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    """Show the records of a result, and return the rest of it."""
    name = list_of(result)
    try:
        lines = table(result[name], None, "text") if result.get(name) else []
    except (ImportError, OaktreeError) as error:
        display.vvv(f"no table is shown: {error}")
        return result
    for line in lines:
        display.display(line)
    return {key: value for key, value in result.items() if key != "locations" and not (lines and key == name)}
