# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in Nova lets a project have: limits, how much of them is used, and availability zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.nova_resources import QUOTA, NovaResources
from tests.support.fake_openstack.nova_servers import Server, size_of
from tests.support.fake_openstack.service import Call, Refusal, Route

SHOWN = {
    "instances": ("maxTotalInstances", "totalInstancesUsed"),
    "cores": ("maxTotalCores", "totalCoresUsed"),
    "ram": ("maxTotalRAMSize", "totalRAMUsed"),
}
"""What the list of limits calls each of them, and how much of it is used."""


class NovaLimits:
    """The limits of each project; servers that failed count, too."""

    def __init__(self, resources: NovaResources, servers: Sequence[Server]) -> None:
        self.zones: dict[str, bool] = {"nova": True}
        """Whether each is available."""
        self.holds = 0
        """How often servers are asked for until one that is shown as deleted counts no more; -1 for ever."""
        self._held: list[tuple[Server, int]] = []
        self._quotas = resources.quotas
        self._servers = servers

    def routes(self) -> Sequence[Route]:
        """Return what Nova answers."""
        return [
            Route("GET", "/v2.1/limits", self._limits),
            Route("GET", "/v2.1/os-availability-zone", self._zones),
            Route("GET", "/v2.1/os-availability-zone/detail", self._zone_details),
        ]

    def available(self) -> list[str]:
        """Return the zones that are."""
        return [name for name, available in self.zones.items() if available]

    def hold(self, server: Server) -> None:
        """Go on counting a server: Nova shows it as deleted before it gives its quota back."""
        if self.holds:
            self._held.append((server, self.holds))

    def check(self, project_id: str, size: Mapping[str, Any]) -> None:
        """Refuse a server of this size that the project has no room for, in Nova's words."""
        quota, used, needed = self._quota(project_id), self._used(project_id), _needed(size)
        self._held = [(server, left - 1) for server, left in self._held if left != 1]
        over = [name for name in sorted(SHOWN) if 0 <= quota[name] < used[name] + needed[name]]
        if over:
            requested, had, allowed = (", ".join(str(part[name]) for name in over) for part in (needed, used, quota))
            names = ", ".join(over)
            raise Refusal(
                403, f"Quota exceeded for {names}: Requested {requested}, but already used {had} of {allowed} {names}"
            )

    def _quota(self, project_id: str) -> Mapping[str, int]:
        return QUOTA | self._quotas.get(project_id, {})

    def _used(self, project_id: str) -> dict[str, int]:
        counted = [*self._servers, *(server for server, _left in self._held)]
        needs = [_needed(size_of(server)) for server in counted if server.project_id == project_id]
        return {name: sum(need[name] for need in needs) for name in SHOWN}

    async def _limits(self, call: Call) -> Reply:
        project_id = call.me.project_id or ""
        quota, used = self._quota(project_id), self._used(project_id)
        absolute = {"maxTotalKeypairs": quota["key_pairs"], "maxServerGroups": 10, "totalServerGroupsUsed": 0}
        for name, (most, taken) in SHOWN.items():
            absolute |= {most: quota[name], taken: used[name]}
        return json_reply({"limits": {"rate": [], "absolute": absolute}})

    async def _zones(self, _call: Call) -> Reply:
        zones = [
            {"zoneName": name, "zoneState": {"available": available}, "hosts": None}
            for name, available in self.zones.items()
        ]
        return json_reply({"availabilityZoneInfo": zones})

    async def _zone_details(self, call: Call) -> Reply:
        if not call.me.is_admin:
            raise Refusal(403, "Policy doesn't allow os_compute_api:os-availability-zone:detail to be performed.")
        return await self._zones(call)


def _needed(size: Mapping[str, Any]) -> dict[str, int]:
    return {"instances": 1, "cores": size["vcpus"], "ram": size["ram"]}
