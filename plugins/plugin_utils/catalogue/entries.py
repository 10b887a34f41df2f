# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue of images with their versions -> entries of ``images_list``. Pure: nothing is read or asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue import values
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.values import Place

CATALOGUE = "catalogue"
"""What messages call the file of a catalogue that is in a variable."""

VERSION = "internal_version"
BUILD_DATE = "image_build_date"
"""Properties of each version; the names are those of openstack-image-manager and of SCS-0102."""

KEEPING = ("keep_last", "keep_days", "keep_hidden", "keep_deactivated")
OF_IMAGES = (
    "all_stores", "container_format", "disk_format", "hidden", "import_timeout", "locations", "members", "min_disk",
    "min_ram", "overrides", "properties", "protected", "relay", "scheme", "stall_timeout", "state", "stores", "tags",
    "temporary_directory", "transfer_timeout", "visibility",
)  # fmt: skip
"""Options of the module that an image of the catalogue takes for all of its versions."""

OF_VERSIONS = ("checksum", "disk_format", "hidden", "overrides", "path", "properties", "url", "visibility")
"""Options of the module that a version takes for itself."""

IMAGE_KEYS = frozenset({"name", "alias", "separator", "versions", *KEEPING, *OF_IMAGES})
VERSION_KEYS = frozenset({"version", "build_date", *OF_VERSIONS})

LATEST = "latest"
"""A version that is another one whenever its maker says so."""


@dataclass(frozen=True)
class Version:
    """A version of an image. ``options`` are those of the module."""

    version: str
    build_date: date | None
    options: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class CatalogueImage:
    """An image, its versions from the newest, and which of the older ones stay. None stands for all."""

    name: str
    alias: str
    separator: str
    versions: tuple[Version, ...]
    keep_last: int | None
    keep_days: int | None
    keep_hidden: bool
    keep_deactivated: bool
    options: Mapping[str, Any]
    place: Place

    def name_of(self, version: Version) -> str:
        """What the version is called, unless it is the newest one and there is an alias."""
        shown = f"({version.version})" if self.alias else version.version
        return f"{self.name}{self.separator}{shown}"


def entries(catalogue: Any, today: str, file: str = CATALOGUE) -> list[dict[str, Any]]:
    """The entries of ``images_list`` that publish the catalogue and retire what is older than it says.

    ``today`` is the date up to which ages are counted, as ``2026-11-26``. Entries of one image follow one another, the
    newest version first. Raises InputError, which names the image, the version and the key.
    """
    place = Place(file)
    day = values.day(today, Place("date"), "the value")
    images = [read_image(each, place) for each in values.sequence(catalogue, place, "the catalogue")]
    made = [entry for image in images for entry in _entries(image, day or date.max)]
    _check_unique(images, day or date.max)
    return made


def read_image(given: Any, place: Place) -> CatalogueImage:
    """An image of a catalogue, checked. Raises InputError."""
    keys = values.mapping(given, place, "an image")
    if "name" not in keys:
        raise place.error("an image has no name", "Give each image the key name.")
    name = values.text(keys["name"], place, "name")
    here = place.of_image(name)
    values.check_keys(keys, IMAGE_KEYS, here)
    alias, separator = keys.get("alias", name), keys.get("separator", " ")
    if "state" in keys and keys["state"] not in ("present", "inactive"):
        raise here.error(
            f"state is {keys['state']!r}",
            "Write present or inactive. What is to go stands in images_list, with state: absent.",
        )
    return CatalogueImage(
        name=name,
        alias="" if alias == "" else values.text(name if alias is None else alias, here, "alias"),
        separator="" if separator == "" else values.text(separator, here, "separator"),
        versions=_versions(keys.get("versions"), here),
        keep_last=values.integer(keys.get("keep_last"), here, "keep_last"),
        keep_days=values.integer(keys.get("keep_days"), here, "keep_days"),
        keep_hidden=values.truth(keys.get("keep_hidden", bool(alias)), here, "keep_hidden"),
        keep_deactivated=values.truth(keys.get("keep_deactivated", False), here, "keep_deactivated"),
        options=_options(keys, OF_IMAGES, here),
        place=here,
    )


def _versions(given: Any, place: Place) -> tuple[Version, ...]:
    found: dict[str, Version] = {}
    for each in values.sequence(given, place, "versions"):
        keys, version, here = values.version_of(each, place, VERSION_KEYS)
        if version in found:
            raise here.error("it is listed twice", "Remove one of the two.")
        if ("url" in keys) is ("path" in keys):
            raise here.error("it needs url or path, and not both", "Say where the image file is.")
        if "url" in keys:
            values.url(keys["url"], here, "url")
        else:
            values.text(keys["path"], here, "path")
        if "checksum" in keys:
            values.checksum(keys["checksum"], here)
        build_date = values.day(keys.get("build_date"), here, "build_date")
        found[version] = Version(version, build_date, _options(keys, OF_VERSIONS, here))
    if not found:
        raise place.error("it has no versions", "List at least one under the key versions.")
    return tuple(found[version] for version in sorted(found, key=values.natural, reverse=True))


def _options(keys: Mapping[str, Any], known: Sequence[str], place: Place) -> dict[str, Any]:
    options = {key: keys[key] for key in known if keys.get(key) is not None}
    if "properties" in options:
        properties = values.mapping(options["properties"], place, "properties")
        options["properties"] = {
            key: value.isoformat() if isinstance(value, date) else value for key, value in properties.items()
        }
    if "overrides" in options:
        options["overrides"] = values.sequence(options["overrides"], place, "overrides")
    return options


def _entries(image: CatalogueImage, today: date) -> Iterator[dict[str, Any]]:
    newest, stay, go = _retained(image, today)
    yield _newest(image, newest, stay)
    state = "inactive" if image.keep_deactivated else image.options.get("state", "present")
    for version in stay:
        hidden = version.options.get("hidden", image.keep_hidden or image.options.get("hidden", False))
        older = {**_common(image, version), "name": image.name_of(version), "state": state, "hidden": hidden}
        yield {**older, "kept_for": image.alias} if image.alias else older
    for version in () if image.alias else go:
        where = {"locations": image.options["locations"]} if "locations" in image.options else {}
        yield {"name": image.name_of(version), "state": "absent", **where}


def _retained(image: CatalogueImage, today: date) -> tuple[Version, list[Version], list[Version]]:
    """The newest version, and of the others those that stay and those that go."""
    newest, *older = image.versions
    young = [
        version
        for version in older
        if image.keep_days is None or not version.build_date or (today - version.build_date).days <= image.keep_days
    ]
    stay = young if image.keep_last is None else young[: image.keep_last]
    return newest, stay, [version for version in older if version not in stay]


def _newest(image: CatalogueImage, newest: Version, stay: Sequence[Version]) -> dict[str, Any]:
    entry = {**_common(image, newest), "name": image.alias or image.name_of(newest)}
    if not image.alias:
        return entry
    entry |= {"on_change": "keep", "keep_hidden": image.keep_hidden, "keep_deactivated": image.keep_deactivated}
    if newest.version != LATEST:
        entry["kept_name"] = image.name_of(newest)
    if image.keep_days is not None:
        entry["keep_days"] = image.keep_days
    if image.keep_last is not None:
        entry["keep_last"] = image.keep_last - len(stay)
    if stay:
        entry["keep_names"] = [image.name_of(version) for version in stay]
    return entry


def _common(image: CatalogueImage, version: Version) -> dict[str, Any]:
    """The options of a version, in which its own ones count before those of the image."""
    built = {BUILD_DATE: version.build_date.isoformat()} if version.build_date else {}
    of_image, own = image.options.get("properties", {}), version.options.get("properties", {})
    made = {**image.options, **version.options, "properties": {VERSION: version.version, **built, **of_image, **own}}
    overrides = [*image.options.get("overrides", ()), *version.options.get("overrides", ())]
    return {**made, "overrides": overrides} if overrides else made


def _check_unique(images: Sequence[CatalogueImage], today: date) -> None:
    """Raise InputError where two images of a catalogue have a name in common, unless they say for which Locations."""
    owners: dict[str, list[CatalogueImage]] = defaultdict(list)
    for image in images:
        newest, stay, _go = _retained(image, today)
        for name in {image.alias or image.name_of(newest), *map(image.name_of, (newest, *stay))}:
            for other in owners[name]:
                apart = [each.options.get("locations") for each in (image, other)]
                if None in apart or apart[0] == apart[1]:
                    raise _both(image, other, name)
            owners[name].append(image)


def _both(image: CatalogueImage, other: CatalogueImage, name: str) -> InputError:
    alike = "it is listed twice" if image.name == other.name else f"{name!r} is a name of {other.name!r} as well"
    return image.place.error(alike, "Give one of them another name, or each its own locations.")
