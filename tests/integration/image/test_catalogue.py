# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Public definitions of images in two real clouds: published, left alone, renewed, and the oldest version retired."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.entries import entries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.osism import catalogue_of
from tests.integration.image.lab import Lab
from tests.integration.image.web import WebServer
from tests.support.osism_definitions import DEBIAN, renewed, served_from

pytestmark = pytest.mark.clouds

OPTIONS = {"visibility": "private", "disk_format": "raw", "keep_last": 1, "keep_deactivated": True}
"""Only administrators publish for all; what the web server has is no qcow2."""


def publish(lab: Lab, web: WebServer, name: str, day: str) -> list[list[tuple[str, str, str]]]:
    """Publish the version of this day; returns for each entry the regions, what was done there, and the ID."""
    data = b"\1" + day.encode() * 20000
    path = f"/{day}-debian-13.qcow2"
    base = web.publish(path, data).removesuffix(path)
    text = renewed(served_from(DEBIAN.read_text(), base, data), "20260124", day).replace("Debian ", f"{name} ")
    images = [image for image in yaml.safe_load(text)["images"] if image["name"] == f"{name} 13"]
    made = entries(catalogue_of({"images": images}, "debian.yml", options=OPTIONS), "2026-11-26")
    done = [lab.run("north", "east", **entry) for entry in made]
    assert [run["failures"] for run in done] == [[] for _run in done]
    return [
        [(result["location"]["region"], result["action"], result["image"]["id"]) for result in run["results"]]
        for run in done
    ]


def there(lab: Lab, name: str) -> list[dict[str, tuple[Any, ...]]]:
    """The images of each region by name: ID, whether hidden, status."""
    return [
        {one["name"]: (one["id"], one["os_hidden"], one["status"]) for one in lab.sites[region].images(name)}
        for region in ("north", "east")
    ]


def test_versions_of_public_definitions(lab: Lab, web: WebServer, name: str) -> None:
    (first,) = publish(lab, web, name, "20260124")
    assert [(region, action) for region, action, _id in first] == [("north", "created"), ("east", "created")]
    (again,) = publish(lab, web, name, "20260124")
    assert again == [(region, "unchanged", image) for region, _action, image in first]
    (second,) = publish(lab, web, name, "20260225")
    assert [action for _region, action, _id in second] == ["replaced", "replaced"]
    for images, (*_was, old), (*_is, new) in zip(there(lab, name), first, second, strict=True):
        assert images == {f"{name} 13": (new, False, "active"), f"{name} 13 (20260124)": (old, True, "deactivated")}
    digest = hashlib.sha512(b"\1" + b"20260225" * 20000).hexdigest()
    assert lab.sites["east"].sha512(second[1][2]) == digest
    (third,) = publish(lab, web, name, "20260326")
    for images, (*_was, old), (*_is, new) in zip(there(lab, name), second, third, strict=True):
        assert images == {f"{name} 13": (new, False, "active"), f"{name} 13 (20260225)": (old, True, "deactivated")}
    (unchanged,) = publish(lab, web, name, "20260326")
    assert [action for _region, action, _id in unchanged] == ["unchanged", "unchanged"]
