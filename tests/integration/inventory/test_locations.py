# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clouds as hosts of one play, which publishes an image to all of them."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from openstack.connection import Connection

from tests.support.image_formats import qcow2
from tests.support.local_clouds.layout import REGIONS, cloud_of

pytestmark = pytest.mark.clouds

LIMIT = 180
LOCATIONS = [f"{cloud_of(region).name}/{region.name}" for region in REGIONS]
PLAY = """
- hosts: locations
  gather_facts: false
  tasks:
    - oaktree.multicloud.image:
        name: "{name}"
        path: disk.qcow2
        locations: "{{{{ locations }}}}"
      register: done
    - oaktree.multicloud.image_info:
        name: "{name}"
        locations: "{{{{ locations }}}}"
      register: found
    - ansible.builtin.assert:
        that:
          - done.results | map(attribute='location.name') | sort == locations | sort
          - found.images | map(attribute='location.name') | sort == locations | sort
"""


@pytest.fixture
def name(connections: dict[str, Connection]) -> Iterator[str]:
    """The name of an image, which is removed in all regions."""
    made = f"inv-{secrets.token_hex(4)}"
    yield made
    for connection in connections.values():
        for image in connection.image.images(name=made):
            connection.image.delete_image(image.id)


def test_a_play_publishes_an_image_in_all_shards(connections: dict[str, Connection], tmp_path: Path, name: str) -> None:
    source = {"plugin": "oaktree.multicloud.locations", "locations": LOCATIONS, "by": "shard", "size": 1}
    (tmp_path / "locations.yml").write_text(yaml.safe_dump(source))
    (tmp_path / "disk.qcow2").write_bytes(qcow2())
    (tmp_path / "play.yml").write_text(PLAY.format(name=name))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "locations.yml", "play.yml"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=LIMIT)
    assert run.returncode == 0, run.stdout + run.stderr
    hashes = {
        region: [image.hash_value for image in connection.image.images(name=name)]
        for region, connection in connections.items()
    }
    assert [len(found) for found in hashes.values()] == [1] * len(REGIONS)
    assert len({one for found in hashes.values() for one in found}) == 1
