# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role images, run as users run it, and the role report where it is alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.support.fake_openstack import FakeOpenStack
from tests.support.images_role import run_images_role

PASSWORD = "correct-h0rse-battery"


def test_images_with_options_of_their_own(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    clouds = fake_openstack(clouds=2)
    for cloud in clouds.clouds.values():
        cloud.keystone.users = [replace(user, password=PASSWORD) for user in cloud.keystone.users]
    entries = {name: cloud.entry() for name, cloud in clouds.clouds.items()}
    for entry in entries.values():
        entry["auth"]["password"] = PASSWORD
    (tmp_path / "image.raw").write_bytes(b"\1" * 4096)
    (tmp_path / "changed.raw").write_bytes(b"\2" * 4096)
    digest = hashlib.sha512(b"\1" * 4096).hexdigest()
    images = [
        {
            "name": "one",
            "path": "{{ playbook_dir }}/image.raw",
            "checksum": f"sha512:{digest}",
            "disk_format": "raw",
            "scheme": "v2_put",
            "relay": "never",
            "tags": "b, a",
            "properties": {"own": "2"},
            "overrides": [{"locations": "cloud2", "name": "two"}],
            "transfer_timeout": 600,
        },
        {"name": "copy", "from": {"location": "cloud1", "image": "one"}, "locations": "cloud2\n!cloud1"},
        {"name": "one", "path": "{{ playbook_dir }}/changed.raw", "on_change": "keep", "locations": "cloud1"},
        {"name": "copy", "state": "absent"},
    ]
    variables = {
        "images_list": images,
        "images_locations": "cloud1, cloud2",
        "images_clouds_config": "{{ clouds_as_text }}",
        "images_properties": {"common": "1", "own": "1"},
        "images_visibility": "private",
        "clouds_as_text": yaml.safe_dump({"clouds": entries}),
    }
    done = run_images_role(tmp_path, variables)
    assert done.returncode == 0, done.output
    assert PASSWORD not in done.output
    assert done.actions == [
        [("cloud1/r1/demo", "created"), ("cloud2/r1/demo", "created")],
        [("cloud2/r1/demo", "created")],
        [("cloud1/r1/demo", "replaced")],
        [("cloud1/r1/demo", "unchanged"), ("cloud2/r1/demo", "deleted")],
    ]
    one, two = (result["image"] for result in done.results[0]["results"])
    assert [one["name"], two["name"], sorted(one["tags"])] == ["one", "two", ["a", "b"]]
    assert {key: one["properties"][key] for key in ("common", "own")} == {"common": "1", "own": "2"}
    assert len(clouds["cloud1"]["r1"].glance.images) == 2


def test_defaults_of_a_play_are_those_of_the_roles(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clouds = fake_openstack(clouds=2, servers=1)
    entries = {name: {"clouds": {name: cloud.entry()}} for name, cloud in clouds.clouds.items()}
    entries["cloud2"]["clouds"]["refused"] = clouds["cloud1"].entry()
    entries["cloud2"]["clouds"]["refused"]["auth"]["password"] = "wrong"
    for name, entry in entries.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(entry))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "cloud1.yaml"))
    (tmp_path / "image.raw").write_bytes(b"\1" * 512)
    defaults = {"clouds_yaml": str(tmp_path / "cloud2.yaml"), "on_failure": "warn", "timeout": 0.001}
    variables = {
        "images_list": [
            {"name": "golden", "path": "{{ playbook_dir }}/image.raw", "locations": "cloud2"},
            {"name": "golden", "state": "absent"},
        ],
        "images_locations": "*",
        "images_timeout": 300,
        "report_directory": "{{ playbook_dir }}",
        "report_contents": ["servers"],
        "report_timeout": 60,
        "report_formats": ["markdown"],
    }
    done = run_images_role(
        tmp_path,
        variables,
        module_defaults={"group/oaktree.multicloud.multicloud": defaults},
        roles=["oaktree.multicloud.images", "oaktree.multicloud.report"],
    )
    assert done.returncode == 0, done.output
    assert done.actions == [[("cloud2/r1/demo", "created")], [("cloud2/r1/demo", "deleted")]]
    assert [failure["location"]["cloud"] for failure in done.results[1]["failures"]] == ["refused"]
    report = (tmp_path / "report.md").read_text()
    assert "cloud2/r1/demo" in report
    assert "cloud1" not in report
