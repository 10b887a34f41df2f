# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between Ansible's options and libraries that want plain Python types."""

from __future__ import annotations

import importlib.util
from typing import Any

from ansible.errors import AnsibleError
from ansible.module_utils.basic import missing_required_lib

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import MOST


def plain(value: Any) -> Any:
    """The value as exact dict, list and str; other values as they are.

    Ansible tags the values of options, and renders and decrypts what containers hold only when it is taken out;
    libraries trip over the one and miss the other.
    """
    if isinstance(value, dict):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, str):
        return str(value)
    return value


def check_positive(options: dict[str, Any]) -> dict[str, Any]:
    """The options; raises InputError for one of those that count something and is not greater than zero."""
    for name in ("timeout", "api_timeout", "concurrency", "rate_limit", "request_concurrency"):
        value = options[name]
        if value is not None and not 0 < value < MOST:
            raise InputError(f"{name}: must be greater than zero and less than {MOST:g}, not {value:g}")
    return options


def require_libraries() -> None:
    """Raise AnsibleError with a clear message unless what every plugin needs can be imported."""
    for library, package in (("openstack", "openstacksdk"), ("keystoneauth1", "keystoneauth1")):
        if importlib.util.find_spec(library) is None:
            raise AnsibleError(missing_required_lib(package))
