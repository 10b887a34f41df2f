# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue and the entries that it makes."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.modules.image import SPEC
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue import entries as of
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.entries import entries

TODAY = "2026-11-26"


def version(number: int, **options: Any) -> dict[str, Any]:
    url = f"https://h.example/{number}.qcow2"
    return {"version": str(number), "url": url, "build_date": f"2026-{number:02}-26", **options}


def image(*versions: dict[str, Any], **options: Any) -> dict[str, Any]:
    return {"name": "debian", "versions": list(versions or (version(9), version(10), version(11))), **options}


def made(*images: dict[str, Any], today: str = TODAY) -> list[dict[str, Any]]:
    return entries(list(images), today)


def test_the_newest_version_has_the_alias_and_the_others_are_kept_for_it() -> None:
    newest, *older = made(image(disk_format="qcow2"))
    assert newest == {
        "name": "debian",
        "url": "https://h.example/11.qcow2",
        "disk_format": "qcow2",
        "properties": {"internal_version": "11", "image_build_date": "2026-11-26"},
        "on_change": "keep",
        "kept_name": "debian (11)",
        "keep_names": ["debian (10)", "debian (9)"],
        "keep_hidden": True,
        "keep_deactivated": False,
    }
    assert older == [
        {
            "name": f"debian ({number})",
            "url": f"https://h.example/{number}.qcow2",
            "disk_format": "qcow2",
            "properties": {"internal_version": str(number), "image_build_date": f"2026-{number:02}-26"},
            "state": "present",
            "hidden": True,
            "kept_for": "debian",
        }
        for number in (10, 9)
    ]


@pytest.mark.parametrize(
    ("options", "names", "retention"),
    [
        pytest.param({}, ["debian", "debian (10)", "debian (9)"], {}, id="all"),
        pytest.param(
            {"keep_last": 3}, ["debian", "debian (10)", "debian (9)"], {"keep_last": 1}, id="more-than-listed"
        ),
        pytest.param({"keep_last": "1"}, ["debian", "debian (10)"], {"keep_last": 0}, id="by-number"),
        pytest.param({"keep_last": 0}, ["debian"], {"keep_last": 0}, id="no-older-ones"),
        pytest.param({"keep_days": 31}, ["debian", "debian (10)"], {"keep_days": 31}, id="by-age"),
        pytest.param({"keep_days": 30}, ["debian"], {"keep_days": 30}, id="a-day-less"),
        pytest.param(
            {"keep_days": 31, "keep_last": 2},
            ["debian", "debian (10)"],
            {"keep_days": 31, "keep_last": 1},
            id="by-both",
        ),
        pytest.param({"keep_last": ""}, ["debian", "debian (10)", "debian (9)"], {}, id="empty-survey"),
    ],
)
def test_retention(options: dict[str, Any], names: list[str], retention: dict[str, int]) -> None:
    found = made(image(**options))
    assert [entry["name"] for entry in found] == names
    assert {key: found[0][key] for key in ("keep_last", "keep_days") if key in found[0]} == retention
    assert found[0].get("keep_names", []) == names[1:]


def test_a_version_without_a_date_does_not_grow_old() -> None:
    found = made(image(version(11), version(10, build_date=None), keep_days=0))
    assert [entry["name"] for entry in found] == ["debian", "debian (10)"]
    assert "image_build_date" not in found[1]["properties"]


def test_without_an_alias_each_version_has_a_name_of_its_own() -> None:
    found = made(image(alias="", keep_last=1, locations=["alpha"]))
    assert [(entry["name"], entry.get("state"), entry.get("hidden")) for entry in found] == [
        ("debian 11", None, None),
        ("debian 10", "present", False),
        ("debian 9", "absent", None),
    ]
    assert [entry["locations"] for entry in found] == [["alpha"]] * 3
    assert not {"on_change", "kept_name", "kept_for", "keep_names"} & {key for entry in found for key in entry}


def test_alias_and_separator() -> None:
    found = made(image(alias="debian-latest", separator="-"))
    assert [entry["name"] for entry in found] == ["debian-latest", "debian-(10)", "debian-(9)"]
    assert (found[0]["kept_name"], found[1]["kept_for"]) == ("debian-(11)", "debian-latest")
    assert made(image(separator=""))[1]["name"] == "debian(10)"


@pytest.mark.parametrize(
    ("options", "newest", "older"),
    [
        pytest.param({"keep_hidden": "no"}, (None, None), ("present", False), id="visible"),
        pytest.param({"keep_deactivated": True}, (None, None), ("inactive", True), id="deactivated"),
        pytest.param({"state": "inactive"}, ("inactive", None), ("inactive", True), id="all-deactivated"),
        pytest.param({"hidden": True, "keep_hidden": False}, (None, True), ("present", True), id="all-hidden"),
        pytest.param({"hidden": False}, (None, False), ("present", True), id="newest-shown"),
    ],
)
def test_what_becomes_of_older_ones(options: dict[str, Any], newest: tuple[Any, Any], older: tuple[str, bool]) -> None:
    found = [(entry.get("state"), entry.get("hidden")) for entry in made(image(**options))]
    assert found == [newest, older, older]


def test_options_of_a_version_win_and_overrides_are_added() -> None:
    of_all = {
        "properties": {"a": "1", "b": "1"},
        "visibility": "public",
        "overrides": [{"locations": "x", "name": "n"}],
    }
    own = {
        "properties": {"b": "2", "until": date(2030, 1, 1)},
        "visibility": "private",
        "hidden": False,
        "overrides": [{"locations": "y", "visibility": "community"}],
        "checksum": "md5:" + "a" * 32,
    }
    newest, older = made(image(version(11), version(10, **own), **of_all))
    assert newest["properties"] | {"a": "1", "b": "1"} == newest["properties"]
    assert older["properties"] == {
        "internal_version": "10", "image_build_date": "2026-10-26", "a": "1", "b": "2", "until": "2030-01-01"
    }  # fmt: skip
    assert (older["visibility"], older["hidden"], older["checksum"]) == ("private", False, own["checksum"])
    assert [override["locations"] for override in older["overrides"]] == ["x", "y"]


def test_a_version_latest_has_no_name_of_its_own() -> None:
    (newest,) = made(image({"version": "latest", "path": "/images/disk.raw"}))
    assert "kept_name" not in newest
    assert newest["path"] == "/images/disk.raw"


def test_two_images_of_one_name_in_places_of_their_own() -> None:
    alpha, beta = image(locations=["alpha"]), image(locations=["beta"], disk_format="raw")
    assert [entry["name"] for entry in made(alpha, beta)] == ["debian", "debian (10)", "debian (9)"] * 2


@pytest.mark.parametrize(
    ("catalogue", "said"),
    [
        pytest.param("debian", "catalogue: the catalogue is a text", id="no-list"),
        pytest.param(["debian"], "catalogue: an image is a text", id="no-mapping"),
        pytest.param([{}], "catalogue: an image has no name", id="no-name"),
        pytest.param([image(name="a\nb")], "catalogue: name has characters", id="name-of-two-lines"),
        pytest.param([{"name": "a"}], "catalogue, image 'a': it has no versions", id="no-versions"),
        pytest.param([image(versions="11")], "catalogue, image 'debian': versions is a text", id="versions-are-text"),
        pytest.param(
            [image({"url": "https://h.example"})], "image 'debian': a version has no version", id="no-version"
        ),
        pytest.param([image(version(1), version(1))], "image 'debian', version '1': it is listed twice", id="twice"),
        pytest.param([image({"version": 1}, version(1))], "version '1': it needs url or path, and not", id="no-file"),
        pytest.param([image(version(1, path="x"))], "version '1': it needs url or path, and not both", id="two-files"),
        pytest.param([image(version(1, path="x", url=None))], "version '1': it needs url or path", id="null-url"),
        pytest.param(
            [image(version(1, checksum="sha512:…"))], "version '1': checksum has no sha512 digest", id="checksum"
        ),
        pytest.param([image(version(1, from_="x"))], "version '1': 'from_' is no key of this", id="version-key"),
        pytest.param([image(keep_lsat=2)], "image 'debian': 'keep_lsat' is no key of this", id="image-key"),
        pytest.param([image(keep_last=-2)], "image 'debian': keep_last is -2", id="negative"),
        pytest.param(
            [image(state="absent")], "image 'debian': state is 'absent' (input). Write present or", id="absent"
        ),
        pytest.param([image(separator=5.5)], "image 'debian': separator is the number 5.5", id="separator"),
        pytest.param([image(properties=["a"])], "image 'debian': properties is a list", id="properties"),
        pytest.param([image(overrides={})], "image 'debian': overrides is a mapping", id="overrides"),
        pytest.param([image(), image()], "image 'debian': it is listed twice", id="image-twice"),
        pytest.param(
            [image(), image(name="other", alias="debian")], "image 'other': 'debian' is a name of 'debian'", id="alias"
        ),
        pytest.param([image(), image(locations=["alpha"])], "image 'debian': it is listed twice", id="one-everywhere"),
    ],
)
def test_refused(catalogue: Any, said: str) -> None:
    with pytest.raises(InputError) as raised:
        entries(catalogue, TODAY)
    assert said in raised.value.summary


def test_a_date_that_is_none() -> None:
    with pytest.raises(InputError, match="date: the value is 'today'"):
        made(today="today")


def test_no_catalogue_makes_no_entries() -> None:
    assert made() == entries(None, TODAY) == []


def test_options_of_the_module_are_known() -> None:
    """A new option of the module is taken by a catalogue, or said here not to be for it."""
    given_by_the_catalogue = {"name", "on_change", "kept_name", "kept_for", "keep_names", *of.KEEPING}
    assert {*of.OF_IMAGES, *of.OF_VERSIONS, *given_by_the_catalogue, "from"} == {*SPEC.options, "locations"}
