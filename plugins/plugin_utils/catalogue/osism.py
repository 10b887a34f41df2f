# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of osism/openstack-image-manager -> a catalogue. Pure.

The meaning of each key is that of its ``openstack_image_manager/main.py`` and ``etc/schema.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import without_url_secrets
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import DIGESTS
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue import values
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.entries import IMAGE_KEYS, LATEST
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.values import Place

IGNORED = {
    "latest_checksum_url": "it is for the script that writes new versions into the file",
    "latest_url": "it is for the script that writes new versions into the file",
    "password": "it says people how to log in, and is written on no image",
    "shortname": "it is for the script that copies images to a mirror",
}
OF_VERSION_IGNORED = {"source": "nothing reads it"}
"""Keys that have no effect, and why: they have none on the images of openstack-image-manager either."""

_IMAGE_KEYS = frozenset({
    "enable", "format", "keep", "login", "meta", "min_disk", "min_ram", "multi", "name", "separator", "status", "tags",
    "versions", "visibility", *IGNORED,
})  # fmt: skip
_VERSION_KEYS = frozenset({
    "build_date", "checksum", "checksum_url", "checksums_url", "hidden", "id", "image_description", "meta",
    "mirror_url", "os_version", "url", "version", "visibility", *OF_VERSION_IGNORED,
})  # fmt: skip

_STATES = {"active": "present", "deactivated": "inactive"}
_VISIBILITIES = ("public", "private", "community", "shared")
_LAST = re.compile(r"last-([1-9][0-9]*)")


def catalogue_of(content: Any, file: str, *, tag: str = "", options: Any = None) -> list[dict[str, Any]]:
    """The catalogue of the images that a file defines and enables.

    ``content`` is what YAML made of the file. The images get the ``tag`` by which openstack-image-manager knows its
    own, none if it is empty. ``options`` are keys of a catalogue's images that win over what the file says; properties
    are merged. Raises InputError, which names the file, the image, the version and the key.
    """
    place = Place(file)
    wanted = values.mapping(options or {}, Place("options"), "the value")
    values.check_keys(wanted, IMAGE_KEYS - {"name", "versions"}, Place("options"))
    found = values.mapping(content, place, "the content")
    if "images" not in found:
        raise place.error("it has no list of images", "Give a file with the key images, as in etc/images of that tool.")
    images = [values.mapping(each, place, "an image") for each in values.sequence(found["images"], place, "images")]
    for image in images:
        if "name" not in image:
            raise place.error("an image has no name", "Give each image the key name.")
    enabled = [image for image in images if values.truth(image.get("enable", True), _of(image, place), "enable")]
    return [_with(wanted, _image(image, _of(image, place), tag)) for image in enabled]


def _of(image: Mapping[str, Any], place: Place) -> Place:
    return place.of_image(values.text(image["name"], place, "name"))


def _with(options: Mapping[str, Any], image: dict[str, Any]) -> dict[str, Any]:
    properties = {
        **image["properties"],
        **values.mapping(options.get("properties") or {}, Place("options"), "properties"),
    }
    return {**image, **options, "properties": properties}


def _image(keys: Mapping[str, Any], place: Place, tag: str) -> dict[str, Any]:
    values.check_keys(keys, _IMAGE_KEYS, place)
    for key in ("format", "login", "meta", "multi", "status", "versions", "visibility"):
        if key not in keys:
            raise place.error(f"{key} is missing", "openstack-image-manager requires it.")
    name, multi = str(keys["name"]), values.truth(keys["multi"], place, "multi")
    meta = values.mapping(keys["meta"], place, "meta")
    tags = [str(each) for each in values.sequence(keys.get("tags"), place, "tags")]
    tags += [tag] if tag else []
    tags += [f"os:{meta['os_distro']}"] if "os_distro" in meta else []
    login = values.text(keys["login"], place, "login")
    image = {
        "name": name,
        "alias": name if multi else "",
        "separator": keys.get("separator", " "),
        "state": _STATES[values.choice(keys["status"], _STATES, place, "status")],
        "disk_format": values.text(keys["format"], place, "format"),
        "visibility": values.choice(keys["visibility"], _VISIBILITIES, place, "visibility"),
        "min_disk": values.integer(keys.get("min_disk"), place, "min_disk"),
        "min_ram": values.integer(keys.get("min_ram"), place, "min_ram"),
        "tags": list(dict.fromkeys(tags)),
        "properties": {"image_description": name, "image_name": name, "image_original_user": login, **meta},
        "versions": [
            _version(each, place, multi=multi) for each in values.sequence(keys["versions"], place, "versions")
        ],
    }
    keep = values.truth(keys.get("keep", False), place, "keep")
    last = _LAST.fullmatch(str(meta.get("uuid_validity")))
    return {**image, "keep_last": int(last[1]) - 1} if last and multi and not keep else image


def _version(given: Any, place: Place, *, multi: bool) -> dict[str, Any]:
    keys, version, here = values.version_of(given, place, _VERSION_KEYS)
    if "id" in keys:
        raise here.error("id cannot be chosen", "Remove it: an upload that broke off is known by an ID of ours.")
    if "url" not in keys:
        raise here.error("url is missing", "openstack-image-manager requires it.")
    properties = {"image_source": _source(str(keys["url"]))}
    if "os_version" in keys or not multi:
        properties["os_version"] = version if not multi else values.text(keys["os_version"], here, "os_version")
    if "image_description" in keys:
        properties["image_description"] = values.text(keys["image_description"], here, "image_description")
    made: dict[str, Any] = {
        "version": version,
        "build_date": values.day(keys.get("build_date"), here, "build_date"),
        **_where(keys, here),
        "properties": {**properties, **values.mapping(keys.get("meta") or {}, here, "meta")},
    }
    checksum = _checksum(keys, here, version)
    made |= {"checksum": checksum} if checksum else {}
    made |= {"hidden": values.truth(keys["hidden"], here, "hidden")} if "hidden" in keys else {}
    if "visibility" in keys:
        made["visibility"] = values.choice(keys["visibility"], _VISIBILITIES, here, "visibility")
    return made


def _where(keys: Mapping[str, Any], place: Place) -> dict[str, str]:
    """The file or URL that the image comes from: that of the mirror, if there is one."""
    key = "mirror_url" if "mirror_url" in keys else "url"
    given = keys[key]
    if isinstance(given, str) and given.startswith("file:"):
        return {"path": given.removeprefix("file:").removeprefix("//")}
    return {"url": values.url(given, place, key)}


def _source(url: str) -> str:
    """What the image says of where it came from: no secret, and no directory of this machine."""
    return (
        f"file:{url.rsplit('/', 1)[-1].removeprefix('file:')}" if url.startswith("file:") else without_url_secrets(url)
    )


def _checksum(keys: Mapping[str, Any], place: Place, version: str) -> str | None:
    """The digest, or the list that has it. The definitions do not name the algorithm of a list: its URL does."""
    lists = [key for key in ("checksum_url", "checksums_url") if key in keys]
    if len(lists) > 1:
        raise place.error("it has checksum_url and checksums_url", "Give only one of them.")
    if version == LATEST and not lists:
        raise place.error("it has neither checksums_url nor checksum_url", "The version latest requires one of them.")
    if "checksum" in keys and version != LATEST:
        return values.checksum(keys["checksum"], place)
    if not lists:
        return None
    url = values.url(keys[lists[0]], place, lists[0])
    named = [algorithm for algorithm in DIGESTS if algorithm in url.rsplit("/", 1)[-1].lower().replace("-", "")]
    if len(named) != 1:
        raise place.error(
            f"{lists[0]} does not tell its algorithm", f"The name of the file must have one of {', '.join(DIGESTS)}."
        )
    return f"{named[0]}:{url}"


def files_in(names: Sequence[str]) -> list[str]:
    """Those of the names in a directory that are definitions, sorted."""
    return sorted(name for name in names if name.endswith((".yml", ".yaml")) and not name.startswith("."))
