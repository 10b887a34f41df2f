# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work of the core on stand-in clouds, without Ansible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from tests.support.fake_openstack import FakeOpenStack

Value = TypeVar("Value")


def entries(clouds: FakeOpenStack, user: str = "demo") -> dict[str, Any]:
    """Return the entries of all clouds for clouds.yaml."""
    return {name: cloud.entry(user) for name, cloud in clouds.clouds.items()}


def connect(clouds: FakeOpenStack, timeout: float = 20.0, api_timeout: float | None = None) -> Connection:
    """Return an authenticated Connection to the first region of the first cloud, for what works on one."""
    found = Clouds(clouds_config={"clouds": entries(clouds)}, api_timeout=api_timeout)
    connection = Connection(found.regions(found.names[0])[0])
    connection.deadline = Deadline(timeout)
    connection.authenticate()
    return connection


def ask(
    clouds: FakeOpenStack | dict[str, Any], work: Callable[[Connection], Value], timeout: float = 3.0, **options: Any
) -> list[Result[Value]]:
    """Do the work at every Location of the clouds, or of such entries; `options` are those of Target.

    The `timeout` is in real seconds, however fast the collection's clock goes.
    """
    config = entries(clouds) if isinstance(clouds, FakeOpenStack) else clouds
    return gather(Target(clouds_config={"clouds": config}, timeout=clock.turned(timeout), **options), work)


def ask_one(
    clouds: FakeOpenStack | dict[str, Any], work: Callable[[Connection], Value], timeout: float = 3.0, **options: Any
) -> Result[Value]:
    """Do the work at the only Location there is."""
    (result,) = ask(clouds, work, timeout, **options)
    return result


def kinds(results: list[Result[Any]]) -> dict[str, str | None]:
    """Return how each Location ended: the kind of its error, or None."""
    return {str(result.location): result.error.kind if result.error else None for result in results}
