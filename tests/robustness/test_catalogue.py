# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue published by the role images: check mode, again, newer versions, and what becomes of older ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import FakeOpenStack
from tests.support.image_formats import qcow2
from tests.support.images_role import RoleRun, run_images_role
from tests.support.osism_definitions import DEBIAN, renewed, served_from
from tests.support.web import Web, whole

PASSWORD = "correct-h0rse-battery"
FIRST, SECOND, THIRD = "20260124", "20260225", "20260326"
NAME = "Debian 13"


def data_of(day: str) -> bytes:
    return qcow2()[: -len(day)] + day.encode()


@dataclass
class Catalogue:
    """Two clouds and one that rejects the user, a web server, and the definitions of Debian 13 in a file."""

    clouds: FakeOpenStack
    web: Web
    directory: Path
    variables: dict[str, Any] = field(default_factory=dict)

    def define(self, day: str) -> None:
        """Have the definitions name the version of this day; images of other distributions are disabled."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            version = handler.path.rsplit("/", 1)[1].split("-")[0]
            whole(data_of(version))(handler)

        self.web.answers = [answer]
        base = self.web.url.rsplit("/", 1)[0].replace("http://", f"http://user:{PASSWORD}@")
        before, debian_13 = served_from(DEBIAN.read_text(), base, data_of(day)).split(f"  - name: {NAME}")
        text = f"{before.replace('enable: true', 'enable: false')}  - name: {NAME}{renewed(debian_13, FIRST, day)}"
        (self.directory / "debian.yml").write_text(text)

    def run(self, *options: str, **variables: Any) -> RoleRun:
        """Publish; the result names neither the password of the URLs nor that of the clouds."""
        done = run_images_role(self.directory, {**self.variables, **variables}, *options)
        assert PASSWORD not in done.output
        assert done.returncode == 0, done.output
        for run in done.results:
            assert [failure["location"]["cloud"] for failure in run["failures"]] == ["closed"]
            assert [result["location"]["cloud"] for result in run["results"]] == ["cloud1", "cloud2"]
        return done

    def actions(self, *options: str, **variables: Any) -> list[str]:
        """Run, and return what was done with each image, in both clouds alike."""
        found = [{action for _location, action in run} for run in self.run(*options, **variables).actions]
        return [action for (action,) in found]

    @property
    def images(self) -> dict[str, tuple[bool, str]]:
        """The images of both clouds, by name: whether they are hidden, and their status."""
        first, second = (
            {
                image.fields["name"]: (image.fields["os_hidden"], image.status)
                for image in cloud["r1"].glance.images.values()
            }
            for cloud in self.clouds.clouds.values()
        )
        assert first == second
        return first

    def ids(self) -> dict[str, str]:
        """The IDs of the images of the first cloud by name."""
        return {image.fields["name"]: image.id for image in self.clouds["cloud1"]["r1"].glance.images.values()}


@pytest.fixture
def catalogue(fake_openstack: Callable[..., FakeOpenStack], web: Web, tmp_path: Path) -> Catalogue:
    clouds = fake_openstack(clouds=2)
    entries = {name: cloud.entry() for name, cloud in clouds.clouds.items()}
    entries["closed"] = {**entries["cloud1"], "auth": {**entries["cloud1"]["auth"], "password": "wrong"}}
    variables = {
        "images_locations": ["*"],
        "images_clouds_config": {"clouds": entries},
        "images_on_failure": "warn",
        "images_osism_files": ["debian.yml"],
        "images_osism_options": {"visibility": "private", "scheme": "v2_put", "keep_last": 1},
    }
    return Catalogue(clouds, web, tmp_path, variables)


def test_definitions_of_openstack_image_manager(catalogue: Catalogue) -> None:
    catalogue.define(FIRST)
    assert catalogue.actions() == ["created"]
    assert catalogue.images == {NAME: (False, "active")}
    (image,) = catalogue.clouds["cloud1"]["r1"].glance.images.values()
    assert sorted(image.tags) == ["managed_by_osism", "os:debian"]
    assert (image.fields["min_disk"], image.fields["disk_format"]) == (8, "qcow2")
    assert {key: image.properties[key] for key in ("internal_version", "image_build_date", "os_version")} == {
        "internal_version": FIRST,
        "image_build_date": "2026-01-24",
        "os_version": "13",
    }
    requested = len(catalogue.web.paths)
    assert catalogue.actions() == ["unchanged"]
    assert len(catalogue.web.paths) == requested

    first = catalogue.ids()[NAME]
    catalogue.define(SECOND)
    assert catalogue.actions("--check") == ["replaced"]
    assert catalogue.actions() == ["replaced"]
    assert catalogue.images == {NAME: (False, "active"), f"{NAME} ({FIRST})": (True, "active")}
    assert catalogue.ids()[f"{NAME} ({FIRST})"] == first

    catalogue.define(THIRD)
    options = {**catalogue.variables["images_osism_options"], "keep_deactivated": True}
    assert catalogue.actions(images_osism_options=options) == ["replaced"]
    assert catalogue.images == {NAME: (False, "active"), f"{NAME} ({SECOND})": (True, "deactivated")}


def version(catalogue: Catalogue, day: str) -> dict[str, Any]:
    (catalogue.directory / f"{day}.raw").write_bytes(b"\x01" + day.encode())
    return {"version": day, "path": f"{catalogue.directory}/{day}.raw", "build_date": f"{day[:4]}-{day[4:6]}-{day[6:]}"}


def test_a_catalogue_of_ones_own(catalogue: Catalogue) -> None:
    first, second, third = (version(catalogue, day) for day in (FIRST, SECOND, THIRD))
    variables: dict[str, Any] = {"images_osism_files": [], "images_date": "2026-03-27"}

    def actions(*versions: dict[str, Any], check: bool = False, **options: Any) -> list[str]:
        image = {"name": "own", "disk_format": "raw", "visibility": "private", "versions": list(versions), **options}
        return catalogue.actions(*(["--check"] if check else []), images_catalogue=[image], **variables)

    assert actions(second, first, check=True) == ["created", "created"]
    assert catalogue.images == {}
    assert actions(second, first) == ["created", "created"]
    assert catalogue.images == {"own": (False, "active"), f"own ({FIRST})": (True, "active")}
    ids = catalogue.ids()
    # nothing is uploaded twice: what had the alias has the name of its version from now on, which check mode knows
    assert actions(first, second, third, check=True) == ["replaced", "unchanged", "unchanged"]
    assert actions(first, second, third) == ["replaced", "unchanged", "unchanged"]
    assert catalogue.ids()[f"own ({SECOND})"] == ids["own"]
    assert catalogue.ids()[f"own ({FIRST})"] == ids[f"own ({FIRST})"]
    assert actions(first, second, third) == ["unchanged"] * 3
    # visible again, and the oldest by its age
    days: dict[str, Any] = {"keep_days": 31, "keep_hidden": False}
    assert actions(first, second, third, **days) == ["updated", "updated"]
    assert catalogue.images == {"own": (False, "active"), f"own ({SECOND})": (False, "active")}


def test_what_is_wrong_in_a_file_is_said_before_anything_is_published(catalogue: Catalogue) -> None:
    catalogue.define(FIRST)
    file = catalogue.directory / "debian.yml"
    file.write_text(file.read_text().replace("sha512:", "sha384:"))
    done = run_images_role(catalogue.directory, catalogue.variables)
    assert done.returncode == 2
    assert f"debian.yml, image '{NAME}', version '{FIRST}': checksum names none of the algorithms" in done.output
    assert PASSWORD not in done.output
    assert catalogue.images == {}
