# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of inventory plugins that may be templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import converted, plain

if TYPE_CHECKING:
    from collections.abc import Mapping


class TemplatedOptions(BaseInventoryPlugin):
    """An inventory plugin, some of whose options may be or contain templates."""

    TEMPLATED: ClassVar[tuple[str, ...]] = ("clouds_config", "clouds_yaml", "locations")
    """Which ones."""

    def set_options(
        self,
        task_keys: Mapping[str, Any] | None = None,
        var_options: Mapping[str, Any] | None = None,
        direct: Mapping[str, Any] | None = None,
    ) -> None:
        """Evaluate the options that may be templates before Ansible checks the types of all."""
        values = dict(direct or {})
        for name in self.TEMPLATED:
            if name in values:
                values[name] = self._templated(name, values[name])
        values = converted(values, self.option_definitions)
        super().set_options(task_keys=task_keys, var_options=var_options, direct=values)

    def _templated(self, name: str, value: Any) -> Any:
        """The option as plain JSON types, without tags and decrypted; its content never becomes part of a message."""
        self.templar.available_variables = self._vars or {}
        try:
            result = plain(self.templar.template(value))
        except AnsibleError as exc:
            raise AnsibleParserError(f"{name}: the template cannot be evaluated: {exc.message}") from None
        if self.option_definitions[name].get("type") == "dict" and not isinstance(result, dict):
            raise AnsibleParserError(f"{name}: must be a dictionary, not {type(result).__name__}.")
        return result
