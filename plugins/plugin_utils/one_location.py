# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on exactly one Location, for plugins whose option ``location`` selects it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ansible.errors import AnsibleError

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import (
    Target,
    failure_messages,
    gather,
    regions,
)

Value = TypeVar("Value")


def at_one_location(
    options: Mapping[str, Any], work: Callable[[Connection], Value], error_class: type[AnsibleError]
) -> Value:
    """What ``work`` returns on the Location that checked options select.

    Raises InputError for options that select none or several, and an error of Ansible's class if the Location fails.
    """
    target = Target.from_options({**options, "locations": options["location"]})
    if target.option == "locations":
        target = replace(target, option="location")
    _check_one_location(target)
    results = gather(target, work)
    if messages := failure_messages(results):
        raise error_class(messages[0])
    return next(result.value for result in results if result.value is not None)


def _check_one_location(target: Target) -> None:
    chosen, failed = regions(target)
    found = [*(region.location for region in chosen), *(result.location for result in failed)]
    if len(found) != 1:
        raise InputError(
            f"{target.option}: {', '.join(target.locations)!r} selects {len(found)} Locations",
            hint=f"Name one of {', '.join(map(str, found))}.",
        )
