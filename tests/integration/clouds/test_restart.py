# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local clouds of their own, of one region with all services: what was made is there after `down` and `up`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack.connection import Connection

from tests.integration.clouds.test_stacks import SERVER_WITH_VOLUME
from tests.support.local_clouds.layout import OPTIONAL_SERVICES, PORTS_SPANNED, REPOSITORY, Layout
from tests.support.local_clouds.processes import owned
from tests.support.sampling import FULL
from tests.support.wait import until

pytestmark = [pytest.mark.clouds, pytest.mark.skipif(not FULL, reason="starts clouds of its own: with FULL=1")]

LIMIT = 300


@pytest.fixture
def own(clouds_yaml: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """Where the clouds of this test are, to which clients connect: beside others, with the same installed services."""
    root = clouds_yaml.resolve().parent
    base = json.loads((root / "made-for.json").read_text())["port base"] + PORTS_SPANNED
    venv = Path(os.environ.get("OAKTREE_CLOUDS_VENV") or root / "venv")
    layout = Layout(tmp_path / "clouds", venv, base)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(layout.clouds_yaml))
    yield layout
    run(layout, "down")


def run(layout: Layout, *arguments: str) -> None:
    """Run a command of the local clouds."""
    command = [sys.executable, "-m", "tests.support.local_clouds", *arguments]
    subprocess.run(command, check=True, cwd=REPOSITORY, env={**os.environ, **layout.to_environment()})


def start(layout: Layout) -> Connection:
    """Start one cloud with all services, and connect to it."""
    run(layout, "up", "--only", "beta", "--with", ",".join(OPTIONAL_SERVICES))
    return openstack.connect("beta", region_name="east")


def stop(layout: Layout) -> None:
    """Stop it, and see that nothing is left."""
    run(layout, "down")
    assert not owned(layout)


def complete(connection: Connection, stack_id: str, action: str) -> dict[str, Any]:
    """The outputs of a stack once an action is complete."""
    until(lambda: connection.orchestration.get_stack(stack_id).status == f"{action}_COMPLETE", LIMIT, pause=0.3)
    return {each["output_key"]: each["output_value"] for each in connection.orchestration.get_stack(stack_id).outputs}


def test_what_was_made_survives_a_restart_and_can_be_changed_and_deleted(own: Layout) -> None:
    before = start(own)
    stack = before.orchestration.create_stack(name="kept", template=SERVER_WITH_VOLUME)
    made = complete(before, stack.id, "CREATE")
    snapshot: Any = before.block_storage.create_snapshot(volume_id=made["volume"], force=True)
    zone = before.dns.create_zone(name="kept.test.", email="kept@example.com")
    until(lambda: before.dns.get_zone(zone.id).status == "ACTIVE", seconds=LIMIT, pause=0.3)
    until(lambda: before.block_storage.get_snapshot(snapshot.id).status == "available", seconds=LIMIT, pause=0.3)
    body = {"name": "kept", "payload": "open sesame", "payload_content_type": "text/plain"}
    secret = before.key_manager.post("/secrets", json=body).json()["secret_ref"]
    stop(own)

    after = start(own)
    [attachment] = after.block_storage.get_volume(made["volume"]).attachments
    assert attachment["server_id"] == made["server"]
    assert after.compute.get_server(made["server"]).status == "ACTIVE"
    assert after.session.get(f"{secret}/payload", headers={"Accept": "text/plain"}).text == "open sesame"
    after.orchestration.update_stack(stack.id, template=SERVER_WITH_VOLUME, parameters={"flavor": "m1.tiny"})
    assert complete(after, stack.id, "UPDATE") == made
    records = after.dns.create_recordset(zone, name="www.kept.test.", type="A", records=["192.0.2.1"])
    until(lambda: after.dns.get_recordset(records, zone).status == "ACTIVE", seconds=LIMIT, pause=0.3)

    after.block_storage.delete_snapshot(snapshot.id)
    until(lambda: not list(after.block_storage.snapshots()), seconds=LIMIT, pause=0.3)
    after.orchestration.delete_stack(stack.id)
    after.dns.delete_zone(zone)
    left = (after.orchestration.stacks, after.compute.servers, after.block_storage.volumes, after.dns.zones)
    until(lambda: not any(list(things()) for things in left), seconds=LIMIT, pause=0.3)
    assert after.session.delete(secret).status_code == 204
    stop(own)
