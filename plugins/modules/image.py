#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Have an image in every cloud
version_added: 0.1.0
description:
  - Uploads an image file to every selected Location, by the way that each offers, verifies what arrived, and sets its metadata.
  - An image is known by its name among the images that the project owns. The same content under the same name is left alone,
    whatever the file is called and however it got there; other content is replaced, the new image complete, verified and
    published before the old one goes.
  - An upload that fails leaves nothing behind. While it goes on, the image bears the name with C(.uploading) at its end.
    What a killed task left is removed by the next one.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._image_metadata
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - Returns the plan of each Location.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the image.
      - Where the project has several images of this name, the Location fails and lists them.
    type: str
    required: true
  state:
    description:
      - V(present) has the image active, with the content of O(path) and the metadata that is named.
      - V(inactive) is the same, and deactivates the image, so that only administrators can use its data.
      - V(absent) deletes all images of this name that the project owns. A protected one is not deleted.
    type: str
    choices: [present, inactive, absent]
    default: present
  path:
    description:
      - The image file, on the host that runs the task.
      - Its format is told by its content. A file that names other files (a qcow2 with a backing file, a vmdk with external
        extents) is refused, for a cloud would look for those on its own disks.
      - Its digests are remembered, so that a file that has not changed is not read again.
      - Without this, O(url) and O(from), only the metadata of an image that is there is looked after.
      - Mutually exclusive with O(url) and O(from).
    type: path
  url:
    description:
      - The image as an http or https URL. It is fetched to O(temporary_directory), so that it can be verified before any cloud is
        asked; a Location that offers it fetches the URL by itself all the same, and what it got is compared.
    type: str
  from:
    description:
      - An image at another Location. Its data passes through this machine only for Locations that cannot be handed it by another
        region of the same cloud.
    type: dict
    suboptions:
      location:
        description:
          - A pattern that selects exactly one Location.
        type: str
        required: true
      image:
        description:
          - Name or ID of the image there.
        type: str
        required: true
  checksum:
    description:
      - What the image must be, as C(ALGORITHM:DIGEST), or C(ALGORITHM:URL) of a file of checksums that lists its file name. Nothing is
        sent anywhere unless it is right. Algorithms are C(md5), C(sha256) and C(sha512).
    type: str
  temporary_directory:
    description:
      - Where downloaded and converted files are kept while the task runs, in a private directory that is removed at its end.
      - Without it the system's place for temporary files is used.
    type: path
  disk_format:
    description:
      - Format to have in the cloud; the image is converted with C(qemu-img), once for each format, where it has another.
      - Without it a Location gets what its vendor profile or C(image_format) in C(clouds.yaml) asks for, or the image as it is.
    type: str
    choices: [aki, ami, ari, iso, ploop, qcow2, raw, vdi, vhd, vhdx, vmdk]
  scheme:
    description:
      - The way to upload. Without it each Location is served by the first that it offers, and by the next when that is refused.
      - V(glance_download) has another region of the same cloud hand the image on.
      - V(v1_put) sends the data to an image API of version 1, which is spoken where C(image_api_version) in C(clouds.yaml) or the
        vendor's profile asks for it. Tags, hidden and deactivated images are not possible there.
      - V(web_download) has the cloud fetch O(url); without one, or where the image must be converted, a temporary object in the
        Location's object store, by a URL that is signed for this one use. The latter is done only where this scheme is asked for
        or the direct ways are refused.
      - V(v2_put) sends the data straight into the image.
      - V(glance_direct) stages the data and has the cloud import it.
      - V(swift_task) puts the data into the Location's object store and has a task import them. It is the way of clouds with
        C(image_api_use_tasks), and the last that is tried elsewhere.
    type: str
    choices: [v1_put, glance_download, web_download, v2_put, glance_direct, swift_task]
  relay:
    description:
      - Whether regions of one cloud hand the image on to each other (V(glance_download)), so that its bytes leave this machine once.
      - V(auto) does it where the cloud can, and sends directly where not or where it fails.
      - V(only) fails Locations that would have to be sent the bytes a second time.
    type: str
    choices: [auto, never, only]
    default: auto
  stores:
    description:
      - Stores of the Location that are to have the image; others that have it keep it.
    type: list
    elements: str
    default: []
  all_stores:
    description:
      - Have the image in all stores of the Location.
    type: bool
    default: false
  on_change:
    description:
      - What becomes of an image of this name with other content.
      - V(replace) deletes it once the new one has taken its place.
      - V(keep) renames it to its name and date of creation, and hides it.
      - V(fail) leaves it alone and fails the Location.
    type: str
    choices: [replace, keep, fail]
    default: replace
  keep_last:
    description:
      - With O(on_change=keep), how many images that were kept to have in the end. The oldest are deleted. Without it all stay.
    type: int
  keep_deactivated:
    description:
      - With O(on_change=keep), whether to deactivate the kept image.
    type: bool
    default: false
  members:
    description:
      - IDs of all projects that the image is shared with, which its visibility must allow. Without it they are left alone, and handed
        on to an image that replaces another.
    type: list
    elements: str
  overrides:
    description:
      - Options that hold at some Locations only. Later entries win; properties are merged.
    type: list
    elements: dict
    default: []
    suboptions:
      locations:
        description:
          - Patterns as in O(locations). They choose among the selected Locations; one that fits none is no error.
        type: list
        elements: str
        required: true
      disk_format:
        description:
          - See O(disk_format).
        type: str
        choices: [aki, ami, ari, iso, ploop, qcow2, raw, vdi, vhd, vhdx, vmdk]
      scheme:
        description:
          - See O(scheme).
        type: str
        choices: [v1_put, glance_download, web_download, v2_put, glance_direct, swift_task]
      name:
        description:
          - See O(name).
        type: str
      stores:
        description:
          - See O(stores).
        type: list
        elements: str
      all_stores:
        description:
          - See O(all_stores). Mutually exclusive with O(overrides[].stores).
        type: bool
      properties:
        description:
          - See O(properties).
        type: dict
  transfer_timeout:
    description:
      - Seconds to send the data to one Location, each time it is tried.
    type: float
    default: 3600.0
  import_timeout:
    description:
      - Seconds to wait until the image is active once the data is sent.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds in which a piece of the data must be taken, in which the answer must follow the last one, and in which an import
        must show a sign of change; an import that fetches the data from elsewhere gets a second more for each 4 MiB of the image.
      - A way that stalls is given up for the next that the Location offers.
    type: float
    default: 120.0
requirements:
  - oslo.utils >= 7.4.0
  - qemu-img (where an image has to be converted)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image_info
"""

EXAMPLES = r"""
- name: Publish an image in two clouds
  oaktree.multicloud.image:
    name: fedora-43
    path: images/fedora-43.qcow2
    locations: [alpha, beta/east]
    properties:
      hw_disk_bus: virtio
      os_distro: fedora
    min_disk: 5
    protected: true

- name: Publish an image from the web, as VHD where that is wanted, and keep the two before it
  oaktree.multicloud.image:
    name: debian-13
    url: https://images.example.org/debian-13.qcow2
    checksum: sha512:https://images.example.org/SHA512SUMS
    locations: ["*"]
    on_change: keep
    keep_last: 2
    overrides:
      - locations: [rackspace]
        disk_format: vhd

- name: Copy an image from one cloud to another, to all its stores
  oaktree.multicloud.image:
    name: golden
    from:
      location: alpha/north
      image: golden
    locations: [beta]
    all_stores: true

- name: See what would be done everywhere
  oaktree.multicloud.image:
    name: fedora-43
    path: images/fedora-43.qcow2
    locations: ["*"]
  check_mode: true
  diff: true

- name: Withdraw an old image from use, and go on when a cloud is down
  oaktree.multicloud.image:
    name: fedora-41
    state: inactive
    hidden: true
    locations: ["*", "!lab"]
    on_failure: warn

- name: Delete an image from one region
  oaktree.multicloud.image:
    name: fedora-40
    state: absent
    locations: [alpha/north]
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, at each Location that did not fail, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: alpha, region: north, zone: null}}
    action:
      description: One of created, replaced, updated, unchanged, deleted.
      type: str
      sample: created
    image:
      description:
        - The image as M(oaktree.multicloud.image_info) shows it; null where there is none.
        - In check mode, the image that is there now.
      type: dict
      sample: {id: 70a599e0-31e7-49b7-b260-868f441e862b, name: fedora-43, status: active, size: 496762880}
    scheme:
      description: The way in which the data got there; null without an upload, and in check mode.
      type: str
      sample: v2_put
    plan:
      description: How it was to be done.
      type: dict
      contains:
        scheme: {description: The way of the upload; null without one., type: str, sample: v2_put}
        reason: {description: Why this way., type: str, sample: v2_put because the task asks for it}
        source_region: {description: The Location that hands the image on., type: dict, sample: null}
        copy_to: {description: Further stores to copy to., type: list, elements: str, sample: []}
        fallbacks: {description: What would be tried next., type: list, elements: str, sample: [glance_direct]}
        disk_format: {description: Format of what is uploaded., type: str, sample: qcow2}
        size: {description: Bytes of what is uploaded., type: int, sample: 496762880}
        clear:
          description: IDs of unfinished images that a killed task had left, removed first.
          type: list
          elements: str
          sample: []
    notes:
      description: What did not go as planned, yet did not make the Location fail.
      type: list
      elements: str
      sample: ["v2_put, attempt 1 of 3: Service Unavailable (HTTP 503)"]
failures:
  description: The Locations that failed. Nothing that was made for the task is left there, unless the error says so.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: not finished within import_timeout (3600 s)}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise import_timeout."}
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._image import metadata
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired, Override, Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.pipeline import (
    ensure_image,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import SCHEMES
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.workspace import workspace
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    require,
    run_state,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_data import ImageData
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

DISK_FORMATS = ["aki", "ami", "ari", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk"]
_SCHEMES = [scheme.NAME for scheme in SCHEMES]

SPEC = ArgumentSpec(
    options={
        **metadata.OPTIONS,
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "inactive", "absent"], "default": "present"},
        "path": {"type": "path"},
        "url": {"type": "str"},
        "from": {
            "type": "dict",
            "options": {"location": {"type": "str", "required": True}, "image": {"type": "str", "required": True}},
        },
        "checksum": {"type": "str"},
        "temporary_directory": {"type": "path"},
        "disk_format": {"type": "str", "choices": DISK_FORMATS},
        "scheme": {"type": "str", "choices": _SCHEMES},
        "relay": {"type": "str", "choices": ["auto", "never", "only"], "default": "auto"},
        "stores": {"type": "list", "elements": "str", "default": []},
        "all_stores": {"type": "bool", "default": False},
        "on_change": {"type": "str", "choices": ["replace", "keep", "fail"], "default": "replace"},
        "keep_last": {"type": "int"},
        "keep_deactivated": {"type": "bool", "default": False},
        "members": {"type": "list", "elements": "str"},
        "overrides": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "mutually_exclusive": [["stores", "all_stores"]],
            "options": {
                "locations": {"type": "list", "elements": "str", "required": True},
                "disk_format": {"type": "str", "choices": DISK_FORMATS},
                "scheme": {"type": "str", "choices": _SCHEMES},
                "name": {"type": "str"},
                "stores": {"type": "list", "elements": "str"},
                "all_stores": {"type": "bool"},
                "properties": {"type": "dict"},
            },
        },
        "transfer_timeout": {"type": "float", "default": 3600.0},
        "import_timeout": {"type": "float", "default": 3600.0},
        "stall_timeout": {"type": "float", "default": 120.0},
    },
    mutually_exclusive=[["path", "url", "from"], ["stores", "all_stores"]],
)

_AS_THEY_ARE = (
    *metadata.AS_THEY_ARE, "name", "state", "disk_format", "scheme", "relay", "all_stores", "on_change", "keep_last",
    "keep_deactivated",
)  # fmt: skip


def check(params: Mapping[str, Any]) -> None:
    """Raise InputError for values that a cloud would refuse, or misunderstand, once everything is uploaded."""
    for option in ("transfer_timeout", "import_timeout", "stall_timeout"):
        if params[option] <= 0:
            raise InputError(f"{option}: must be greater than zero, not {params[option]:g}")
    metadata.check_not_negative(params, "min_disk", "min_ram", "keep_last")
    if params["checksum"] and not (params["path"] or params["url"] or params["from"]):
        raise InputError("checksum: there is nothing to compare it with", hint="Give path, url or from.")
    for part in (params, *params["overrides"]):
        if part["name"] is not None:
            metadata.check_name(part["name"])
        metadata.check_properties(part["properties"] or {})


def as_desired(params: Mapping[str, Any]) -> Desired:
    """The options as the pipeline takes them. Raises InputError."""
    check(params)
    return Desired(
        stores=tuple(params["stores"]),
        properties=metadata.as_texts(params["properties"]),
        tags=metadata.unique(params["tags"]),
        members=metadata.unique(params["members"]),
        clocks=Timeouts(*(params[f"{clock}timeout"] for clock in ("", "transfer_", "import_", "stall_"))),
        overrides=tuple(as_override(override) for override in params["overrides"]),
        **{option: params[option] for option in _AS_THEY_ARE},
    )


def as_override(params: Mapping[str, Any]) -> Override:
    options = {key: value for key, value in params.items() if key != "locations" and value is not None}
    if "properties" in options:
        options["properties"] = metadata.as_texts(options["properties"])
    if "stores" in options:
        options["stores"] = tuple(options["stores"])
    return Override(Selection.parse(params["locations"]), options)


def find_image_data(params: Mapping[str, Any], target: Target, directory: Path) -> ImageData | None:
    """The image's data, found, verified where it is here; None where only metadata matters. Raises `OaktreeError`."""
    checksum = params["checksum"]
    if params["state"] == "absent":
        return None
    if params["path"] is not None:
        return locate.from_path(params["path"], checksum, directory, params["timeout"])
    if params["url"] is not None:
        return locate.from_url(params["url"], checksum, directory, params["transfer_timeout"], params["stall_timeout"])
    if params["from"] is not None:
        return locate.from_location(target, params["from"]["location"], params["from"]["image"], checksum, directory)
    return None


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    require(module, "oslo_utils", "oslo.utils")
    params = module.params
    target = Target.from_options(params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        desired = as_desired(params)
        with workspace(params["temporary_directory"]) as directory:
            image_data = find_image_data(params, target, directory)
            return ensure_image(target, desired, image_data, check_mode=check_mode)

    run_state(module, act)


if __name__ == "__main__":
    main()
