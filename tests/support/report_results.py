# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of server_info, drift_info and quota_info, as a report takes them, with a dead cloud and hostile names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DAY = "2026-11-26"
HOSTILE = (
    "<script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "</style></title><b>",
    "{{ 7*7 }}",
    "safe\u202egnp.exe",
    "=HYPERLINK(A1)",
    "| **[x](javascript:y)** `z`",
    "x" * 2000,
)
"""Names that would run, break the page, be a template, reorder a line, be a formula, be Markdown, or push all aside."""
DEAD = {"name": "gamma/west", "cloud": "gamma", "region": "west", "zone": None, "project": None}


def location(cloud: str, region: str | None) -> dict[str, Any]:
    """A Location of the project demo."""
    return {"name": f"{cloud}/{region or '-'}/demo", "cloud": cloud, "region": region, "zone": None}


NORTH, EAST, PLAIN = location("alpha", "north"), location("beta", "east"), location("delta", None)


def failure(error: str = "no answer") -> dict[str, Any]:
    """The failure of the dead cloud."""
    return {"location": DEAD, "error": error, "kind": "timeout", "hint": "Check that the cloud answers."}


def visits(*locations: dict[str, Any]) -> list[dict[str, Any]]:
    """The statistics of Locations, whose timings are never the same."""
    return [{"location": where, "count": 1, "seconds": 0.5 + len(where), "requests": 2} for where in locations]


def server(where: dict[str, Any], **keys: Any) -> dict[str, Any]:
    """A server with the keys that the role asks for."""
    usual = {"status": "ACTIVE", "flavor": {"name": "m1.small"}, "created_at": "2026-11-20T23:59:59Z"}
    return {"location": where, **usual, **keys}


def drift(name: str | None, where: dict[str, Any], status: str, **keys: Any) -> dict[str, Any]:
    """A row of drift_info about a flavor."""
    usual = {"attribute": None, "expected": None, "actual": None, "reference": None, "reason": None}
    return {"type": "compute.flavor", "name": name, "location": where, "status": status, **usual, **keys}


def quota(where: dict[str, Any], name: str, limit: int | None, used: int | None) -> dict[str, Any]:
    """A record of quota_info."""
    free = None if limit is None or used is None else limit - used
    return {"location": where, "service": "compute", "name": name, "limit": limit, "used": used, "free": free}


def results(
    servers: Sequence[Any] = (), rows: Sequence[Any] = (), quotas: Sequence[Any] = (), failures: Sequence[Any] = ()
) -> dict[str, Any]:
    """What three modules return about alpha and beta, and about gamma if it has failed."""
    tried = [NORTH, EAST, *(said["location"] for said in failures[:1])]
    lists = {"servers": servers, "drift": rows, "quotas": quotas}
    return {
        name: {name: list(found), "locations": visits(*tried), "failures": list(failures), "changed": False}
        for name, found in lists.items()
    }


def hostile() -> dict[str, Any]:
    """Results in which every text of a cloud is hostile."""
    return results(
        servers=[server(NORTH, status=name, flavor={"name": name}, created_at=name) for name in HOSTILE],
        rows=[
            *(drift(name, EAST, "missing") for name in HOSTILE),
            *(drift("m", EAST, "differs", attribute=name, expected=name, actual=[name]) for name in HOSTILE),
        ],
        quotas=[quota(location(name, name), name, 10, 9) for name in HOSTILE],
        failures=[{"location": DEAD, "error": name, "kind": "server", "hint": name} for name in HOSTILE],
    )
