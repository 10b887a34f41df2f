# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many bytes of an image leave this machine for each region of the local clouds, and by which scheme it came."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from tests.bench.uploads import MIB, File
from tests.integration.image.lab import REGIONS, Lab, connect, through_proxies


def relay_table(directory: Path, mib: int) -> str:
    """Upload a file to all regions, with and without relay, through proxies that count; return a Markdown table."""
    file = File.make(directory / "relayed.raw", mib)
    lines = [f"| relay | region | scheme | MiB of {mib} that left this machine |", "| --- | --- | --- | ---: |"]
    with ExitStack() as stack:
        sites = {region: connect(region) for region in REGIONS}
        for site in sites.values():
            stack.enter_context(site.proxy)
        lab = Lab(sites, through_proxies(sites, directory / "clouds.yaml"), [])
        for relay in ("never", "only"):
            lines += _run(lab, file, relay)
    return "\n".join(lines)


def _run(lab: Lab, file: File, relay: str) -> list[str]:
    name = lab.new_name()
    lab.heal()
    try:
        output = lab.run(name=name, path=str(file.path), relay=relay)
        if output.get("failed"):
            raise RuntimeError(output["msg"])
        schemes = {result["location"]["region"]: result["scheme"] for result in output["results"]}
        sent = {region: site.proxy.counters.bytes_received / MIB for region, site in lab.sites.items()}
    finally:
        for site in lab.sites.values():
            site.remove(name)
    rows = [f"| {relay} | {region} | {schemes[region]} | {sent[region]:.1f} |" for region in sent]
    return [*rows, f"| {relay} | all | | {sum(sent.values()):.1f} |"]
