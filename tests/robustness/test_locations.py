# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image in many Locations: as one task, and in shards over forks and slices."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.image_formats import qcow2

CLOUDS, REGIONS = 20, 2
LIMIT = 300
PLAY = """
- hosts: "{hosts}"
  gather_facts: false
  connection: local
  tasks:
    - oaktree.multicloud.image:
        name: {name}
        path: disk.qcow2
        locations: "{locations}"
        on_failure: warn
        relay: never
      register: done
    - ansible.builtin.copy:
        content: "{{{{ done | to_json }}}}"
        dest: "results/{{{{ inventory_hostname }}}}.json"
        mode: "0600"
"""


class Site:
    """Stand-in clouds, a directory with an image and sources, and runs of ansible-playbook in it."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.directory = directory
        clouds.clouds_yaml(directory / "clouds.yaml")
        (directory / "disk.qcow2").write_bytes(qcow2())
        source = {"plugin": "oaktree.multicloud.locations", "size": 10, "by": "shard"}
        (directory / "locations.yml").write_text(yaml.safe_dump(source))

    @property
    def names(self) -> list[str]:
        """Return the names of all Locations."""
        return [f"cloud{cloud}/r{region}/demo" for cloud in range(1, CLOUDS + 1) for region in range(1, REGIONS + 1)]

    def start(self, name: str, hosts: str, locations: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a play that publishes the image under this name."""
        (self.directory / "results").mkdir(exist_ok=True)
        play = self.directory / f"{name}.yml"
        play.write_text(PLAY.format(name=name, hosts=hosts, locations=locations))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), str(play), *arguments]
        environment = {**os.environ, "OS_CLIENT_CONFIG_FILE": str(self.directory / "clouds.yaml")}
        return subprocess.Popen(
            command, cwd=self.directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def results(self) -> tuple[list[tuple[Any, ...]], list[tuple[str, str]]]:
        """Return what became of each Location in all results, and the failures; the results are removed."""
        found: list[tuple[Any, ...]] = []
        failures: list[tuple[str, str]] = []
        for path in (self.directory / "results").iterdir():
            done = json.loads(path.read_text())
            found += [(one["location"]["name"], one["action"], one["scheme"]) for one in done["results"]]
            failures += [(one["location"]["name"], one["kind"]) for one in done["failures"]]
            path.unlink()
        return sorted(found), sorted(failures)

    def images(self, name: str) -> dict[str, list[tuple[str, str | None]]]:
        """Return status and hash of the images of this name in each Location."""
        return {
            f"{cloud.name}/{region.name}/demo": [
                (image.status, image.os_hash_value)
                for image in region.glance.images.values()
                if image.fields["name"] == name
            ]
            for cloud in self.clouds.clouds.values()
            for region in cloud.regions.values()
        }


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> Site:
    return Site(fake_openstack(clouds=CLOUDS, regions=REGIONS), tmp_path)


def finish(*runs: subprocess.Popen[str]) -> list[str]:
    """Wait for plays, which must succeed, and return what they print."""
    printed = [run.communicate(timeout=LIMIT)[0] for run in runs]
    assert [run.returncode for run in runs] == [0] * len(runs), printed
    return printed


def test_shards_over_forks_and_slices_do_what_one_task_does(site: Site) -> None:
    dead = "cloud7/r2/demo"
    site.clouds["cloud7"]["r2"].fault("POST", "/images$", Answer(403))
    finish(site.start("whole", "localhost", "*"))
    whole = site.results()
    assert [name for name, _action, _scheme in whole[0]] == sorted({*site.names} - {dead})
    assert whole[1] == [(dead, "refused")]

    shards = ("locations", "{{ locations }}", "-i", "locations.yml")
    slices = [f"locations[{slice_}]" for slice_ in ("0:1", "2:")]
    finish(*(site.start("slices", *shards, "--forks", "2", "--limit", limit) for limit in slices))
    assert site.results() == whole

    for name in ("whole", "slices"):
        images = site.images(name)
        assert sorted(images) == sorted(site.names)
        assert {where for where, found in images.items() if len(found) != 1} == {dead}
    assert site.images("whole") == site.images("slices")
