# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AnsibleModule of every module: no result has a secret of its options, whichever ansible-core runs it.

AnsibleModule of ansible-core 2.21 and older masks its results itself. That of 2.22 and newer tells the controller which
values are secret. The controller masks what it shows, but not what it registers, which may be written to a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ansible.module_utils.basic import AnsibleModule

try:
    from ansible.module_utils import secrets as controller  # type: ignore[attr-defined] # not in 2.21 and older
except ImportError:
    controller = None

from .._core.text import MASK, SECRET_HEADER, SECRET_KEY, secrets_of_urls, without_url_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WHOLE_MASK = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
"""What stands for a value that is secret as a whole."""


class MaskingModule(AnsibleModule):
    """Masks what is secret, and no more; Ansible masks all that is below a no_log option: names of regions, too.

    Of the values of ``clouds_config`` only the secrets are masked. All values of other such options are, but for
    ``headers``, of which those are whose names say so, and the passwords and signatures of URLs, whichever option has
    them.
    """

    clouds_config: Any = None
    """The option as it was given; Ansible sees that it is there, but no value of it."""

    def _load_params(self) -> None:
        super()._load_params()
        self.clouds_config = self.params.get("clouds_config")
        if self.clouds_config:
            self.params["clouds_config"] = {}
        self._hide_secrets_of_urls()  # options that are refused are shown before anything else is known of them

    def hide_secrets(self) -> None:
        """Mask the secrets of all options, of which ``clouds_config`` is a mapping now."""
        self.no_log_values = set()
        leaves = _leaves("", self.params["clouds_config"])
        self.hide(value for key, value in leaves if SECRET_KEY.search(key))
        others = (name for name, option in self.argument_spec.items() if option.get("no_log"))
        secret = [self.params[name] for name in others if name not in ("clouds_config", "headers")]
        secret += [override.get("secrets") for override in self.params.get("overrides") or ()]
        self.hide(value for _key, value in _leaves("", secret))
        headers = self.params.get("headers") or {}
        self.hide(str(value) for name, value in headers.items() if value and SECRET_HEADER.search(name))
        self._hide_secrets_of_urls()

    def _hide_secrets_of_urls(self) -> None:
        self.hide(secret for _key, text in _leaves("", self.params) for secret in secrets_of_urls(text))

    def hide(self, values: Iterable[str]) -> None:
        """Mask these values, too."""
        values = set(values)
        self.no_log_values.update(values)
        if controller:
            controller.register_secrets(values)

    def log(self, msg: str, log_args: Mapping[str, Any] | None = None) -> None:
        """Ansible logs all options before it is known which of them are secret."""
        shown = {name: without_url_secrets(str(value)) for name, value in (log_args or {}).items()}
        super().log(without_url_secrets(msg), shown)

    def warn(self, warning: str, **options: Any) -> None:
        super().warn(masked(warning, self.no_log_values), **options)

    def exit_json(self, **result: Any) -> NoReturn:
        super().exit_json(**self._masked(result))

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        super().fail_json(**self._masked({"msg": msg, **result}))

    def _masked(self, result: dict[str, Any]) -> dict[str, Any]:
        if not controller:
            return result
        # Ansible would add the invocation, and leaves it away where it is not wanted.
        whole: dict[str, Any] = masked({"invocation": {"module_args": self.params}, **result}, self.no_log_values)
        return whole


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """The value without the secrets, as AnsibleModule of ansible-core 2.21 and older masks a result."""
    return _masked(value, dict.fromkeys(sorted(secrets, key=lambda secret: (-len(secret), secret))))


def _masked(value: Any, secrets: dict[str, None]) -> Any:
    if isinstance(value, dict):
        return {key: _masked(inner, secrets) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner, secrets) for inner in value]
    if isinstance(value, str):
        if value in secrets:
            return WHOLE_MASK
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return WHOLE_MASK if any(secret in str(value) for secret in secrets) else value
    return value


def _leaves(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        secret = SECRET_KEY.search(key)
        return [leaf for name, inner in value.items() for leaf in _leaves(key if secret else str(name), inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(key, inner)]
    return [(key, str(value))] if value else []
