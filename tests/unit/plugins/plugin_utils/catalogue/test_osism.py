# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of openstack-image-manager as a catalogue."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.entries import entries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.osism import catalogue_of, files_in
from tests.support.osism_definitions import DEBIAN

DEFINITION = yaml.safe_load("""
name: Cirros
enable: true
shortname: cirros
format: qcow2
login: cirros
password: gocubsgo
min_disk: 1
min_ram: 64
status: active
visibility: public
multi: true
separator: "-"
latest_url: https://h.example/latest
latest_checksum_url: https://h.example/SHA256SUMS
meta:
  architecture: x86_64
  hw_disk_bus: null
  os_distro: cirros
  provided_until: 2030-01-01
  uuid_validity: last-3
tags: [b]
versions:
  - version: '0.6.2'
    url: https://user:hunter2hunter2@h.example/0.6.2.img
    checksum: sha256:07e44a73e54c94d988028515403c1ed762055e01b83a767edf3c2b387f78ce00
    build_date: 2023-05-30
    hidden: true
    visibility: community
    os_version: '0.6'
    image_description: Old
    source: private
    meta: {patchlevel: '1'}
  - version: '0.6.3'
    url: https://h.example/0.6.3.img.xz
    mirror_url: https://mirror.example/0.6.3.img
    checksum: sha256:7d6355852aeb6dbcd191bcda7cd74f1536cfe5cbf8a10495a7283a8396e4b75b
    build_date: 2024-09-26
""")


def defined(*versions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The definition above with other keys; those that are None are left out."""
    image = {**deepcopy(DEFINITION), **changes, **({"versions": list(versions)} if versions else {})}
    return {key: value for key, value in image.items() if value is not None}


def read(*images: Any, **options: Any) -> list[dict[str, Any]]:
    return catalogue_of({"images": list(images)}, "cirros.yml", **options)


def version(**keys: Any) -> dict[str, Any]:
    return {"version": "1", "url": "https://h.example/1.img", **keys}


def test_every_key_has_its_meaning() -> None:
    (image,) = read(defined(), tag="managed")
    versions = image.pop("versions")
    assert image == {
        "name": "Cirros",
        "alias": "Cirros",
        "separator": "-",
        "state": "present",
        "disk_format": "qcow2",
        "visibility": "public",
        "min_disk": 1,
        "min_ram": 64,
        "tags": ["b", "managed", "os:cirros"],
        "properties": {
            "image_description": "Cirros",
            "image_name": "Cirros",
            "image_original_user": "cirros",
            **DEFINITION["meta"],
        },
        "keep_last": 2,
    }
    old, new = versions
    assert (new["url"], new["properties"]) == (
        "https://mirror.example/0.6.3.img",
        {"image_source": "https://h.example/0.6.3.img.xz"},
    )
    assert (old["url"], old["hidden"], old["visibility"]) == (DEFINITION["versions"][0]["url"], True, "community")
    assert old["properties"] == {
        "image_source": "https://h.example/0.6.2.img",
        "os_version": "0.6",
        "image_description": "Old",
        "patchlevel": "1",
    }


def test_the_entries_are_called_as_that_tool_calls_them() -> None:
    newest, older = entries(read(defined()), "2026-11-26")
    assert (newest["name"], newest["kept_name"], older["name"]) == ("Cirros", "Cirros-(0.6.3)", "Cirros-(0.6.2)")
    assert newest["properties"]["internal_version"] == "0.6.3"
    assert newest["properties"]["image_build_date"] == "2024-09-26"
    assert (newest["properties"]["provided_until"], newest["properties"]["hw_disk_bus"]) == ("2030-01-01", None)
    alone = entries(read(defined(multi=False, separator=None)), "2026-11-26")
    assert [(entry["name"], entry["properties"]["os_version"]) for entry in alone] == [
        ("Cirros 0.6.3", "0.6.3"),
        ("Cirros 0.6.2", "0.6.2"),
    ]


def test_public_definitions_are_read_as_they_are() -> None:
    made = entries(catalogue_of(yaml.safe_load(DEBIAN.read_text()), DEBIAN.name), "2026-11-26")
    assert [(entry["name"], entry["kept_name"], entry["keep_last"]) for entry in made] == [
        ("Debian 11", "Debian 11 (20260108)", 2),
        ("Debian 12", "Debian 12 (20260124)", 2),
        ("Debian 13", "Debian 13 (20260124)", 2),
    ]
    assert {entry["url"].split("/")[2] for entry in made} == {"nbg1.your-objectstorage.com"}


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"meta": {"uuid_validity": "last-1"}}, 0),
        ({"meta": {"uuid_validity": "none"}}, None),
        ({"meta": {"uuid_validity": "forever"}}, None),
        ({"meta": {"uuid_validity": "2030-01-01"}}, None),
        ({"meta": {}}, None),
        ({"keep": True}, None),
        ({"multi": False}, None),
    ],
)
def test_how_many_are_kept(changes: dict[str, Any], kept: int | None) -> None:
    (image,) = read(defined(**changes))
    assert image.get("keep_last") == kept


def test_images_that_are_not_enabled_are_left_out() -> None:
    assert read({"name": "a", "enable": False}) == []
    assert [image["tags"] for image in read(defined(enable=None, tags=None))] == [["os:cirros"]]


def test_options_win() -> None:
    options = {"visibility": "private", "keep_last": None, "properties": {"os_distro": "mine"}}
    (image,) = read(defined(), options=options)
    assert (image["visibility"], image["keep_last"]) == ("private", None)
    assert image["properties"] == {**image["properties"], "os_distro": "mine", "architecture": "x86_64"}


@pytest.mark.parametrize(
    ("url", "path", "source"),
    [
        ("file:fixtures/fake.img", "fixtures/fake.img", "file:fake.img"),
        ("file:///srv/fake.img", "/srv/fake.img", "file:fake.img"),
        ("file:fake.img", "fake.img", "file:fake.img"),
    ],
)
def test_a_file_is_a_path_of_which_only_the_name_is_published(url: str, path: str, source: str) -> None:
    (image,) = read(defined(version(url=url)))
    (found,) = image["versions"]
    assert (found["path"], found["properties"]["image_source"]) == (path, source)
    assert "url" not in found


@pytest.mark.parametrize(
    ("keys", "checksum"),
    [
        ({"checksums_url": "https://h.example/SHA256SUMS"}, "sha256:https://h.example/SHA256SUMS"),
        ({"checksum_url": "https://h.example/disk.SHA-512"}, "sha512:https://h.example/disk.SHA-512"),
        ({"version": "latest", "checksums_url": "https://h.example/MD5SUMS"}, "md5:https://h.example/MD5SUMS"),
        ({"checksum": "md5:" + "a" * 32, "checksums_url": "https://h.example/MD5SUMS"}, "md5:" + "a" * 32),
        ({}, None),
    ],
)
def test_checksum(keys: dict[str, Any], checksum: str | None) -> None:
    (image,) = read(defined(version(**keys)))
    assert image["versions"][0].get("checksum") == checksum


BAD = "cirros.yml, image 'Cirros', version '1': "


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cirros.yml: the content is empty", id="empty"),
        pytest.param(["a"], "cirros.yml: the content is a list", id="list"),
        pytest.param({"image": []}, "cirros.yml: it has no list of images", id="no-images"),
        pytest.param({"images": ["a"]}, "cirros.yml: an image is a text", id="text"),
        pytest.param({"images": [{}]}, "cirros.yml: an image has no name", id="no-name"),
        pytest.param({"images": [defined(verions=[])]}, "image 'Cirros': 'verions' is no key of this", id="key"),
        pytest.param({"images": [defined(login=None)]}, "image 'Cirros': login is missing", id="missing"),
        pytest.param({"images": [defined(status="off")]}, "image 'Cirros': status is 'off'", id="status"),
        pytest.param({"images": [defined(visibility="all")]}, "image 'Cirros': visibility is 'all'", id="visibility"),
        pytest.param({"images": [defined(multi="many")]}, "image 'Cirros': multi is 'many'", id="multi"),
        pytest.param({"images": [defined(min_disk="big")]}, "image 'Cirros': min_disk is 'big'", id="min-disk"),
        pytest.param({"images": [defined(meta=["a"])]}, "image 'Cirros': meta is a list", id="meta"),
        pytest.param({"images": [defined({"url": "x"})]}, "image 'Cirros': a version has no version", id="no-version"),
        pytest.param({"images": [defined({"version": 9.1})]}, "image 'Cirros': version is the number 9.1", id="float"),
        pytest.param({"images": [defined({"version": "1"})]}, f"{BAD}url is missing", id="no-url"),
        pytest.param({"images": [defined(version(id="a"))]}, f"{BAD}id cannot be chosen", id="id"),
        pytest.param({"images": [defined(version(chksum="a"))]}, f"{BAD}'chksum' is no key of this", id="version-key"),
        pytest.param({"images": [defined(version(url="ftp://h/a"))]}, f"{BAD}url is no http or https", id="ftp"),
        pytest.param({"images": [defined(version(mirror_url="x"))]}, f"{BAD}mirror_url is no http", id="mirror"),
        pytest.param({"images": [defined(version(checksum="sha1:a"))]}, f"{BAD}checksum names none", id="checksum"),
        pytest.param({"images": [defined(version(build_date="old"))]}, f"{BAD}build_date is 'old'", id="date"),
        pytest.param({"images": [defined(version(visibility=""))]}, f"{BAD}visibility is ''", id="version-visibility"),
        pytest.param(
            {"images": [defined(version(checksum_url="https://h.example/sums"))]},
            f"{BAD}checksum_url does not tell its algorithm",
            id="algorithm",
        ),
        pytest.param(
            {"images": [defined(version(checksum_url="https://a", checksums_url="https://b"))]},
            f"{BAD}it has checksum_url and checksums_url",
            id="two-lists",
        ),
        pytest.param(
            {"images": [defined(version(version="latest"))]},
            "version 'latest': it has neither checksums_url nor checksum_url",
            id="latest",
        ),
    ],
)
def test_refused(content: Any, said: str) -> None:
    with pytest.raises(InputError) as raised:
        catalogue_of(content, "cirros.yml")
    assert said in raised.value.summary


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"visiblity": "private"}, "options: 'visiblity' is no key of this"),
        ({"name": "a"}, "options: 'name' is no key of this"),
        (["a"], "options: the value is a list"),
        ({"properties": "a"}, "options: properties is a text"),
    ],
)
def test_options_that_mean_nothing(options: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(defined(), options=options)


def test_definitions_in_a_directory() -> None:
    assert files_in(["b.yml", "a.yaml", "README.md", ".hidden.yml", "__init__.py"]) == ["a.yaml", "b.yml"]
