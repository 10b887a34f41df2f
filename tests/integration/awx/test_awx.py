# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job and an inventory update as AWX runs them, on real clouds. The rest is in tests/robustness/test_awx.py."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from openstack.connection import Connection

from tests.support.awx import Controller, Run
from tests.support.image_formats import qcow2
from tests.support.local_clouds.layout import CLOUDS, REGIONS, cloud_of
from tests.support.web import Web, whole

pytestmark = pytest.mark.clouds

LOCATIONS = [f"{cloud_of(region).name}/{region.name}/demo" for region in REGIONS]


@pytest.fixture
def name(connections: dict[str, Connection]) -> Iterator[str]:
    """The name of an image, which is removed in all regions."""
    made = f"awx-{secrets.token_hex(4)}"
    yield made
    for connection in connections.values():
        for image in connection.image.images(name=made):
            connection.image.update_image(image.id, is_protected=False)
            connection.image.delete_image(image.id)


@pytest.fixture
def passwords(clouds_yaml: Path, tmp_path: Path) -> list[str]:
    """The passwords of the clouds, which are in secure.yaml; the rest is in clouds.yaml."""
    clouds = yaml.safe_load(clouds_yaml.read_text())["clouds"]
    entries = {cloud.name: clouds[cloud.name] for cloud in CLOUDS}
    found = {name: entry["auth"].pop("password") for name, entry in entries.items()}
    hidden = {name: {"auth": {"password": password}} for name, password in found.items()}
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}))
    (tmp_path / "secure.yaml").write_text(yaml.safe_dump({"clouds": hidden}))
    return list(found.values())


def texts(run: Run) -> list[str]:
    """What AWX stores of a run."""
    assert run.status == "successful", run.shown
    return [path.read_text() for path in run.artifacts.rglob("*") if path.is_file()]


def test_a_survey_publishes_an_image_and_locations_become_hosts(
    connections: dict[str, Connection], passwords: list[str], name: str, web: Web, tmp_path: Path
) -> None:
    web.answers = [whole(qcow2())]
    controller = Controller(tmp_path)
    controller.set_up(
        awx_image="registry.example.com/ee",
        awx_clouds_file=str(tmp_path / "clouds.yaml"),
        awx_secure_file=str(tmp_path / "secure.yaml"),
    )
    kept = texts(controller.update("OpenStack servers"))
    where = "\n".join(f" {cloud.name}, " for cloud in CLOUDS)
    run = controller.launch("Publish an image", publish_name=name, publish_url=web.url, publish_locations=where)
    kept += texts(run)
    assert [one["location"]["name"] for one in run.result("Publish the image")["results"]] == LOCATIONS
    found = [image for connection in connections.values() for image in connection.image.images(name=name)]
    assert [image.status for image in found] == ["active"] * len(REGIONS)
    assert [password for password in passwords for text in kept if password in text] == []
