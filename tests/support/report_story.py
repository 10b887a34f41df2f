# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the clouds of one company may look like on a morning, for the pictures in the documentation."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

from tests.support.report_results import DAY, visits

PROJECTS = {
    "core/berlin": "web",
    "core/munich": "web",
    "europe/amsterdam": "web",
    "europe/paris": "web",
    "america/montreal": "web",
    "america/dallas": "web",
    "lab/RegionOne": "lab",
}
FLEET = {
    "core/berlin": {"c2.medium": 38, "m1.large": 12, "r3.xlarge": 6},
    "core/munich": {"c2.medium": 31, "m1.large": 9, "r3.xlarge": 6},
    "europe/amsterdam": {"c2.medium": 24, "m1.large": 8},
    "europe/paris": {"c2.medium": 18, "m1.large": 4},
    "america/montreal": {"c2.medium": 16, "m1.large": 6, "g1.gpu": 2},
    "lab/RegionOne": {"m1.small": 22, "m1.large": 3, "g1.gpu": 1},
}
"""Servers by region and flavor. Nothing is known of america/dallas."""
STATUSES = {7: "SHUTOFF", 61: "ERROR", 140: "VERIFY_RESIZE", 141: "ERROR", 150: "SHUTOFF", 190: "BUILD"}
"""Of the server with this number; all others are ACTIVE."""
QUOTAS: dict[str, dict[str, tuple[int | None, int]]] = {
    "core/berlin": {"cores": (400, 376), "ram": (1638400, 1204224), "instances": (100, 56), "volumes": (200, 187)},
    "core/munich": {"cores": (400, 262), "ram": (1638400, 958464), "instances": (100, 46), "volumes": (200, 121)},
    "europe/amsterdam": {"cores": (128, 112), "ram": (524288, 393216), "instances": (40, 32), "floatingip": (20, 20)},
    "europe/paris": {"cores": (128, 76), "ram": (524288, 262144), "instances": (40, 22), "floatingip": (20, 9)},
    "america/montreal": {"cores": (200, 120), "ram": (819200, 425984), "instances": (60, 24)},
    "lab/RegionOne": {"cores": (None, 61), "ram": (None, 124928), "instances": (None, 26)},
}
SERVICES = {"volumes": "block-storage", "floatingip": "network"}


def place(name: str) -> dict[str, Any]:
    """The Location of a region."""
    cloud, _slash, region = name.partition("/")
    return {"name": f"{name}/{PROJECTS[name]}", "cloud": cloud, "region": region, "zone": None}


def story() -> dict[str, Any]:
    """Seven regions, of which one does not answer, with an old image, a missing flavor, and quotas that are used up."""
    return {
        name: {name: list(found), "locations": visits(*map(place, PROJECTS)), "failures": [_failure()]}
        for name, found in (("servers", _servers()), ("drift", _drift()), ("quotas", _quotas()))
    }


def _servers() -> list[dict[str, Any]]:
    kinds = [(where, flavor) for where, flavors in FLEET.items() for flavor, n in flavors.items() for _one in range(n)]
    return [
        {
            "location": place(where),
            "flavor": {"name": flavor},
            "status": STATUSES.get(number, "ACTIVE"),
            "created_at": f"{date.fromisoformat(DAY) - timedelta(days=number * number % 419)}T09:26:53Z",
        }
        for number, (where, flavor) in enumerate(kinds)
    ]


def _drift() -> list[dict[str, Any]]:
    def row(type_: str, name: str | None, where: str, status: str, *what: Any, reason: str | None = None) -> Any:
        attribute, expected, actual = what or (None, None, None)
        differs = {"attribute": attribute, "expected": expected, "actual": actual, "reason": reason}
        return {"type": type_, "name": name, "location": place(where), "status": status, **differs}

    new, old = (f"sha512:{hashlib.sha512(day.encode()).hexdigest()}" for day in ("2026-11-17", "2026-08-04"))
    return [
        row("compute.flavor", "c2.medium", "europe/paris", "differs", "ram", 8192, 7680),
        row("compute.flavor", "g1.gpu", "europe/amsterdam", "missing"),
        row("compute.flavor", "g1.gpu", "europe/paris", "missing"),
        row("image.image", "debian-13", "america/montreal", "differs", "content", new, old),
        row("image.image", "debian-13", "lab/RegionOne", "differs", "content", new, old),
        row("image.image", "ubuntu-24.04", "lab/RegionOne", "differs", "min_disk", 10, 0),
        row("image.image", "windows-2025", "europe/paris", "missing"),
        row("image.image", None, "america/dallas", "unknown", reason="no answer within api_timeout (30 s)"),
    ]


def _quotas() -> list[dict[str, Any]]:
    return [
        {
            "location": place(where),
            "service": SERVICES.get(name, "compute"),
            "name": name,
            "limit": limit,
            "used": used,
            "free": None if limit is None else limit - used,
        }
        for where, quotas in QUOTAS.items()
        for name, (limit, used) in quotas.items()
    ]


def _failure() -> dict[str, Any]:
    return {
        "location": place("america/dallas"),
        "error": "authenticating: no answer within api_timeout (30 s) from https://dallas.america.example.com:5000/v3",
        "kind": "timeout",
        "hint": "Check that the cloud answers. Raise api_timeout if it is slow.",
    }
