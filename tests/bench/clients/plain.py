# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit: as few requests as there can be, all at once, JSON parsed and no more."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.bench.clients.keystone import endpoints, token_request

LATEST_KNOWN = {"OpenStack-API-Version": "compute 2.96"}


async def count(clouds: dict[str, dict[str, Any]]) -> int:
    """Return how many servers all regions of the clouds of a clouds.yaml have."""
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        return sum(await asyncio.gather(*(_cloud(session, cloud) for cloud in clouds.values())))


async def _cloud(session: aiohttp.ClientSession, cloud: dict[str, Any]) -> int:
    auth = cloud["auth"]
    async with session.post(f"{auth['auth_url']}/auth/tokens", json=token_request(auth)) as answer:
        headers = {"X-Auth-Token": answer.headers["X-Subject-Token"], **LATEST_KNOWN}
        urls = endpoints((await answer.json())["token"]["catalog"], "compute").values()
    return sum(await asyncio.gather(*(_region(session, url, headers) for url in urls)))


async def _region(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with session.get(f"{url}/servers/detail", headers=headers) as answer:
        return len((await answer.json())["servers"])


if __name__ == "__main__":
    print(asyncio.run(count(yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"])))
