# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports at all Locations: bad input, which image is meant, and clouds that declare what is not true."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_images import Image
from tests.support.run_module import ModuleRun, run_module

DATA = os.urandom(300_000)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"path": None}, "there is no destination. Give path or container"),
    ({"path": ""}, "path: must not be empty"),
    ({"image": ""}, "image: must not be empty"),
    ({"object": "x"}, "object: is for an export to a container, not to a path"),
    ({"tempurl": True}, "tempurl: is for an export to a container"),
    ({"expires_in": 5}, "expires_in: is for an export to a container"),
    ({"path": None, "container": "c", "tempurl": True}, "tempurl: needs expires_in"),
    ({"path": None, "container": "c", "expires_in": 0}, "expires_in: must be greater than zero"),
    ({"path": None, "container": "c/d"}, "container: must not have a slash"),
    ({"path": None, "container": "c", "object": "../d/precious"}, "object: no part of the name between slashes may be"),
    ({"path": None, "container": "c", "object": "a/./b"}, "object: no part of the name between slashes may be"),
    ({"path": None, "container": ".."}, "container: no part of the name between slashes may be"),
    ({"path": None, "container": "c", "disk_format": "raw"}, "disk_format: is for an export to a path"),
    ({"transfer_timeout": 0}, "transfer_timeout: must be greater than zero"),
    ({"stall_timeout": -1}, "stall_timeout: must be greater than zero"),
    ({"checksum": "crc:1"}, "is not of the form ALGORITHM:DIGEST"),
    ({"checksum": "md5:"}, "is not of the form ALGORITHM:DIGEST"),
    ({"locations": ["nowhere"]}, "locations"),
]


@pytest.mark.parametrize(("bad", "message"), BAD, ids=[json.dumps(bad) for bad, _message in BAD])
def test_bad_input_is_one_clear_error(
    clouds: FakeOpenStack, export: Callable[..., ModuleRun], bad: dict[str, Any], message: str
) -> None:
    ended = export(**bad)
    assert not ended.ok
    assert message in ended["msg"]
    assert ended["kind"] == "input"
    assert clouds.counters.requests(service="image") == 0


def test_a_path_takes_one_location(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    clouds_yaml = fake_openstack(clouds=2).clouds_yaml(tmp_path / "clouds.yaml")
    ended = run_module(
        "image_export", image="thing", path=str(tmp_path / "x"), locations=["*"], clouds_yaml=str(clouds_yaml)
    )
    assert "2 Locations are selected, and a path takes the image of one" in ended["msg"]


def test_which_image(export: Callable[..., ModuleRun], glance: Glance, out: Path) -> None:
    (failure,) = export()["failures"]
    assert (failure["kind"], failure["error"]) == ("refused", "there is no image 'thing' here")
    one, other = add_image(glance, DATA), add_image(glance, DATA[::-1])
    (failure,) = export()["failures"]
    assert failure["kind"] == "input"
    assert failure["hint"] == f"Name one by ID: {', '.join(sorted([one.id, other.id]))}."
    assert export(image=other.id).ok
    assert (out / "image").read_bytes() == DATA[::-1]
    other.status = "queued"
    assert export().ok
    assert (out / "image").read_bytes() == DATA
    one.status = "deactivated"
    (failure,) = export(image=one.id)["failures"]
    assert (failure["kind"], failure["error"]) == ("conflict", f"the image {one.id!r} is deactivated")


HOSTILE: list[dict[str, Any]] = [
    {"disk_format": "raw/../../precious"},
    {"disk_format": "/precious"},
    {"disk_format": ["raw"]},
    {"disk_format": None},
    {"container_format": "bare/../x"},
    {"id": "../../precious"},
]


@pytest.mark.slow
@pytest.mark.parametrize("fields", HOSTILE, ids=repr)
@pytest.mark.parametrize("destination", ["path", "container"])
def test_words_of_a_cloud_are_no_paths(
    export: Callable[..., ModuleRun],
    glance: Glance,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    destination: str,
) -> None:
    """A disk_format that leads out of the directory has overwritten files of the machine that ran the task."""
    precious = out.parent / "precious"
    precious.write_text("precious")
    (out / "thing.raw").mkdir()
    add_image(glance, DATA)
    shown = Image.as_json
    monkeypatch.setattr(Image, "as_json", lambda image, **options: shown(image, **options) | fields)
    to = {"path": f"{out}/"} if destination == "path" else {"path": None, "container": "images"}
    (failure,) = export(**to)["failures"]
    assert failure["kind"] == "server"
    assert "the cloud declares" in failure["error"] or "cannot be parsed" in failure["error"]
    assert precious.read_text() == "precious"
    assert [path.name for path in out.iterdir()] == ["thing.raw"]


def test_no_object_store_here(export: Callable[..., ModuleRun], glance: Glance) -> None:
    add_image(glance, DATA)
    (failure,) = export(path=None, container="images")["failures"]
    assert failure["kind"] == "refused"
    assert "object-store" in failure["error"]
