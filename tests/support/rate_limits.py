# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of limits on requests share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from requests import Response

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.rate_limit import LimitKey
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import service_at
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError

KEY = LimitKey.of("https://keystone.example.org/v3", "r1", "compute")


def servers(connection: Connection) -> None:
    """Ask the compute service once."""
    service_at(connection, "compute").json("GET", "/servers")


def images(connection: Connection) -> None:
    """Ask the image service once, or twice."""
    service_at(connection, "image").json("GET", "/images")


def often(times: int) -> Callable[[Connection], None]:
    """Work that sends requests from threads of its own."""

    def work(connection: Connection) -> None:
        with ThreadPoolExecutor(times) as pool:
            list(pool.map(lambda _number: servers(connection), range(times)))

    return work


def ok() -> Response:
    """An answer that no service needs to give."""
    response = Response()
    response.status_code = 200
    return response


def directory() -> Path:
    """Where the limits of all processes are."""
    return Path(os.environ["XDG_CACHE_HOME"]) / "oaktree.multicloud" / "throttle"


def queue() -> dict[str, Any]:
    """The queue of the compute service as it stands in its file."""
    (found,) = [file for path in directory().glob("*.json") if " compute\n" in (file := path.read_text())]
    read: dict[str, Any] = json.loads(found.partition("\n")[0])
    return read


def error_of(result: Any) -> OaktreeError:
    """The error of a Result that must have one."""
    assert result.error is not None
    found: OaktreeError = result.error
    return found
