#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image
short_description: Manage an image in every cloud
version_added: 1.0.0
description:
  - Ensures that an image is present in every selected Location. Uploads the image by the scheme that suits each Location, verifies the
    stored data, and sets the metadata. Also updates, deactivates and deletes images.
  - An image is identified by its name among the images that the project owns. An image with the same name and the same content is left
    alone, whatever the file is called and whichever tool uploaded it. An image with other content is replaced. The new image is complete,
    verified and published before the old one is removed.
  - A failed upload leaves nothing behind. During an upload, the name of the image ends in C(.uploading). The next run removes what a
    killed task left.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._image_metadata
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.images
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
      - If the project has several images of this name, the Location fails and lists them.
    type: str
    required: true
  state:
    description:
      - V(present) ensures that the image is active, with the content of O(path), O(url) or O(from) and the
        given metadata.
      - V(inactive) does the same and deactivates the image, so that only administrators can use its data.
      - V(absent) deletes all images of this name that the project owns. If one of them is protected, the Location fails, and keeps all.
    type: str
    choices: [present, inactive, absent]
    default: present
  path:
    description:
      - The image file, on the host that runs the task.
      - The format is detected from the content. A file compressed with gzip, xz, bzip2 or zstd is decompressed to O(temporary_directory);
        clouds get the decompressed image.
      - A file that is no disk image (an archive, a web page, a checksum list), that is shorter than its own header says, or that refers to
        other files (a qcow2 with a backing file, a vmdk with external extents) is rejected. A cloud would look for those other files on
        its own disks.
      - If O(container_format) is V(aki), V(ari), V(compressed), V(docker), V(ova) or V(ovf), or O(disk_format) is V(aki), V(ari) or
        V(ploop), the file is published as it is.
      - The digests of the file are remembered, so that an unchanged file is not read again. If the file changes while it is read or sent,
        the task or Location fails.
      - Without O(path), O(url) and O(from), only the metadata of an existing image is managed.
      - Mutually exclusive with O(url) and O(from).
    type: path
  url:
    description:
      - The image as an http or https URL, treated as the file at O(path) is. The module downloads it to O(temporary_directory), so that the
        image can be verified before any data is sent. A Location that offers V(web_download) still fetches the URL by itself, unless
        the image is compressed or the URL has a password or a signature, and the module compares what the cloud stored.
      - With O(checksum), the Locations are asked first, and the file is not downloaded if all of them have the image. Without, a file that
        was downloaded before is downloaded again unless the server confirms that it is unchanged, by a strong C(ETag) or a date.
      - In check mode the file is downloaded only if a Location has an image of this name that may be the same.
    type: str
  from:
    description:
      - An image or a server in another Location. The data passes through this machine only for Locations that no other region of the same
        cloud can serve.
      - A mapping of C(location) and C(image), or a Location alone, for its image called O(name). C(location) is a pattern that selects
        exactly one Location, or the C(location) of a returned record. C(image) is a name or an ID.
      - A mapping of C(location) and C(server) for a snapshot of a server, by its name or ID. The snapshot is taken, published, and removed.
        If its Location is selected, it becomes the image there. A server that boots from a volume is refused, because its snapshot has no
        data.
      - C(snapshot) says when. With V(once), which is the default, an image of this name that was made of the server is left alone, and
        Locations that lack it get the one that another selected Location has. With V(always), a snapshot is taken in each run, because
        the disk of a server changes all the time.
      - C(keep) says whether the snapshot stays at its Location if it does not become the image there, under the name of the image and its
        date. The default is V(false).
      - The copy has the custom properties, the tags, C(min_disk) and C(min_ram) of that image, by whichever scheme it is made. The options
        of this task win. Visibility, members and protection are not copied, and neither is what Nova writes on a snapshot of the server.
    type: raw
  checksum:
    description:
      - The expected digest of the file as it is published, which for a compressed image is that of the compressed file, as
        C(ALGORITHM:DIGEST). Algorithms are C(md5), C(sha256) and C(sha512).
      - C(ALGORITHM:URL) and C(ALGORITHM:PATH) name a checksum list as C(sha256sum), BSD or C(openssl) write it. The file name is the last
        segment of O(path) or O(url); if the list does not have it, that of the file to which O(url) redirects.
      - If it does not match, nothing is sent to any cloud.
    type: str
  temporary_directory:
    description:
      - Directory for downloaded, decompressed and converted files. The module uses a private directory in it, which is removed when the
        task ends. A decompressed image may take 90 % of the free space.
      - Defaults to the system's directory for temporary files.
    type: path
  disk_format:
    description:
      - Format of the image in the cloud. An image in another format is converted with C(qemu-img), once for each format.
      - If omitted, each Location gets the format that its vendor profile or C(image_format) in C(clouds.yaml) names, or else the image
        unconverted.
      - V(raw) and the other formats of plain bytes (V(ami), V(iso)) also allow a file that is a text.
    type: str
    choices: [aki, ami, ari, iso, ploop, qcow2, raw, vdi, vhd, vhdx, vmdk]
  scheme:
    description:
      - The upload scheme. If omitted, each Location uses the first scheme that it offers, and falls back to the next when a cloud refuses
        one.
      - V(glance_download) has the cloud copy the image from another region of the same cloud.
      - V(v1_put) sends the data to version 1 of the image API. That version is used where C(image_api_version) in C(clouds.yaml) or the
        vendor profile asks for it. It has no tags, no hidden and no deactivated images.
      - V(web_download) has the cloud fetch O(url). Without O(url), or if the image must be converted, the cloud fetches a temporary object
        in the Location's object store, by a URL signed for this upload. The temporary object is used only if the task asks for this scheme
        or the cloud refuses the direct schemes.
      - V(v2_put) sends the data straight into the image.
      - V(glance_direct) stages the data and has the cloud import it.
      - V(swift_task) uploads the data to the Location's object store and has a Glance task import it. It is the scheme of clouds with
        C(image_api_use_tasks), and the last one tried in all others.
    type: str
    choices: [v1_put, glance_download, web_download, v2_put, glance_direct, swift_task]
  relay:
    description:
      - Whether one region of a cloud serves the image to its other regions (V(glance_download)), so that the data leaves this machine once
        for each cloud.
      - V(auto) does so where the cloud supports it, and sends the data directly where it does not, where it fails, and where the rate
        of the first upload says that this ends sooner.
      - V(never) sends the data to every Location.
      - V(only) fails Locations that would need the data sent a second time.
    type: str
    choices: [auto, never, only]
    default: auto
  stores:
    description:
      - Stores of the Location that must hold the image. Copies in other stores are kept.
    type: list
    elements: str
    default: []
  all_stores:
    description:
      - Ensure that all stores of the Location hold the image.
    type: bool
    default: false
  on_change:
    description:
      - What to do with an existing image of this name whose content differs.
      - V(replace) deletes it after the new image has taken its place.
      - V(keep) renames it to its O(kept_name), or else to its name and creation date, and hides it unless O(keep_hidden=false).
      - V(fail) leaves it alone and fails the Location.
    type: str
    choices: [replace, keep, fail]
    default: replace
  kept_name:
    description:
      - The name that this image gets when a later task replaces it with O(on_change=keep), such as its name with its version. It is written
        on the image.
      - If another image has that name by then, or if omitted, it is renamed to its name and creation date.
    type: str
  kept_for:
    description:
      - The name of the image that this one is an older version of. O(keep_last) and O(keep_days) of that image then apply to this one too.
      - If there is no image called O(name), and the image called O(kept_for) still has this content and gets this name when it is replaced
        (O(kept_name)), nothing is done.
    type: str
  keep_last:
    description:
      - Number of kept images to retain with O(on_change=keep), in each run, also if the image itself is unchanged. The oldest ones are
        deleted. If omitted, all are retained. Protected ones are deleted, also with O(keep_days), only if O(protected) is set.
      - Their age is that of the property C(image_build_date) (YYYY-MM-DD), or else that of the image in the cloud.
    type: int
  keep_days:
    description:
      - Number of days to retain kept images with O(on_change=keep). Older ones are deleted, even if there are fewer than O(keep_last).
    type: int
  keep_names:
    description:
      - Names of kept images that O(keep_last) and O(keep_days) neither count nor delete.
    type: list
    elements: str
    default: []
  keep_hidden:
    description:
      - Whether to hide the kept image, with O(on_change=keep).
    type: bool
    default: true
  keep_deactivated:
    description:
      - Whether to deactivate the kept image, with O(on_change=keep).
    type: bool
    default: false
  members:
    description:
      - All projects that the image is shared with, by ID or name. The visibility of the image must allow members. If omitted, members are
        left alone, and an image that replaces another keeps the members of that one.
      - A name is looked up in Keystone and among the projects of the selected Locations. A name that none or several of these projects
        have is an error. The project of a Location needs no access to its own image, and is skipped.
      - A project sees the image in its lists once it has accepted it. The module accepts it for a project if a Location of that project
        is selected in the same region, with the credentials of that Location. Otherwise C(notes) reports the project.
    type: list
    elements: str
  overrides:
    description:
      - Options for some of the Locations only. Later entries win; properties are merged.
    type: list
    elements: dict
    default: []
    suboptions:
      locations:
        description:
          - Patterns or Locations as in O(locations), matched against the selected Locations. A pattern that matches none is not an error.
        type: raw
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
      visibility:
        description:
          - See O(visibility).
        type: str
        choices: [community, private, public, shared]
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
      - Seconds to send the data to one Location, for each attempt.
    type: float
    default: 3600.0
  import_timeout:
    description:
      - Seconds from the end of the transfer until the image must be active, and from the request for the snapshot of a server until it must
        be.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds without progress after which an upload counts as stalled. Progress is a chunk of data that the cloud accepts, the response
        after the last chunk, or a sign of change during an import. An import that fetches the data from elsewhere gets one more second for
        each 4 MiB of the image, and a hypervisor that takes a snapshot one for each 4 MiB of the root disk.
      - A download from O(url) or O(from) stalls after as many seconds without a byte. It is resumed.
      - A stalled scheme is abandoned and the next one that the Location offers is tried.
    type: float
    default: 120.0
requirements:
  - oslo.utils >= 7.4.0
  - qemu-img (to convert images)
  - zstandard (to decompress images with zstd)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image_info
  - module: oaktree.multicloud.image_export
  - module: oaktree.multicloud.image_upload
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

- name: Publish an image from the web, converted to VHD in one cloud, and keep the two previous versions
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

- name: Copy an image of the same name from where image_info found it
  oaktree.multicloud.image:
    name: golden
    from: "{{ found.images[0].location }}"
    locations: [gamma]

- name: Publish a server that has been prepared, in its own cloud and in another one
  oaktree.multicloud.image:
    name: golden
    from:
      location: alpha/north
      server: builder
    locations: [alpha, beta]

- name: Publish the state of a server every night, and keep the versions of the last week
  oaktree.multicloud.image:
    name: wiki-backup
    from:
      location: alpha/north
      server: wiki
      snapshot: always
    locations: [alpha/north, beta]
    on_change: keep
    keep_last: 7

- name: Publish an image to the Locations that a survey names, in which the size may be empty
  oaktree.multicloud.image:
    name: fedora-43
    path: images/fedora-43.qcow2
    locations: "{{ survey_locations }}"
    tags: "{{ survey_tags }}"
    min_disk: "{{ omit if survey_min_disk | default('') in ['', none] else survey_min_disk }}"

- name: Show what would change in every Location
  oaktree.multicloud.image:
    name: fedora-43
    path: images/fedora-43.qcow2
    locations: ["*"]
  check_mode: true
  diff: true

- name: Withdraw an old image from use, even if a cloud is down
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
  description: What was done, or in check mode would be done, in each Location that did not fail, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    action:
      description: One of created, replaced, updated, unchanged, deleted.
      type: str
      sample: created
    image:
      description:
        - The image as M(oaktree.multicloud.image_info) returns it; null if there is none.
        - In check mode, the existing image.
      type: dict
      sample: {id: 70a599e0-31e7-49b7-b260-868f441e862b, name: fedora-43, status: active, size: 496762880}
    scheme:
      description: The scheme of the successful upload; null without an upload, and in check mode.
      type: str
      sample: v2_put
    relay:
      description:
        - What decided whether the data was sent although another region of the cloud could have served it; null where that was not to
          be decided.
      type: dict
      contains:
        direct: {description: Whether the data was sent., type: bool, sample: true}
        regions: {description: How many regions waited for the image of the first., type: int, sample: 2}
        bytes_per_second: {description: The rate at which the first region was sent the data., type: int, sample: 121000000}
        direct_seconds: {description: What sending it to these regions takes at this rate., type: float, sample: 2.739}
        relay_seconds: {description: What it is assumed to take if the first region serves it., type: float, sample: 3.579}
    plan:
      description: The plan for this Location.
      type: dict
      contains:
        scheme: {description: The planned upload scheme; null without an upload., type: str, sample: v2_put}
        reason: {description: Why this scheme was chosen., type: str, sample: v2_put because the task asks for it}
        source_region: {description: The Location that serves the image to this one; null otherwise., type: dict, sample: null}
        copy_to: {description: Further stores to copy to., type: list, elements: str, sample: []}
        fallbacks: {description: "The schemes to fall back to, in order.", type: list, elements: str, sample: [glance_direct]}
        disk_format: {description: Format of the uploaded data., type: str, sample: qcow2}
        size: {description: Size of the uploaded data in bytes., type: int, sample: 496762880}
        clear:
          description: IDs of unfinished images that a killed task left. They are removed first.
          type: list
          elements: str
          sample: []
    notes:
      description: Deviations from the plan that did not make the Location fail.
      type: list
      elements: str
      sample: ["v2_put, attempt 1 of 3: Service Unavailable (HTTP 503)"]
failures:
  description: The Locations that failed. Nothing that the task created is left there, unless the error says so.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}
    error: {description: What happened., type: str, sample: not finished within import_timeout (3600 s)}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise import_timeout."}
"""

import json
from typing import TYPE_CHECKING, Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import KEPT_FOR, KEPT_NAME
from ansible_collections.oaktree.multicloud.plugins.module_utils._image import metadata
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired, Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.pipeline import (
    ensure_image,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import SCHEMES
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.server import (
    ServerOrigin,
    from_server,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.workspace import workspace
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    require,
    run_state,
    target_spec,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.options import as_patterns
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_data import (
        AnnouncedImage,
        ImageData,
    )
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
        "from": {"type": "raw"},
        "checksum": {"type": "str"},
        "temporary_directory": {"type": "path"},
        "disk_format": {"type": "str", "choices": DISK_FORMATS},
        "scheme": {"type": "str", "choices": _SCHEMES},
        "relay": {"type": "str", "choices": ["auto", "never", "only"], "default": "auto"},
        "stores": {"type": "list", "elements": "str", "default": []},
        "all_stores": {"type": "bool", "default": False},
        "on_change": {"type": "str", "choices": ["replace", "keep", "fail"], "default": "replace"},
        "kept_name": {"type": "str"},
        "kept_for": {"type": "str"},
        "keep_last": {"type": "int"},
        "keep_days": {"type": "int"},
        "keep_names": {"type": "list", "elements": "str", "default": []},
        "keep_hidden": {"type": "bool", "default": True},
        "keep_deactivated": {"type": "bool", "default": False},
        "members": {"type": "list", "elements": "str"},
        "overrides": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "mutually_exclusive": [["stores", "all_stores"]],
            "options": {
                "locations": {"type": "raw", "required": True},
                "disk_format": {"type": "str", "choices": DISK_FORMATS},
                "scheme": {"type": "str", "choices": _SCHEMES},
                "name": {"type": "str"},
                "visibility": metadata.OPTIONS["visibility"],
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
    *metadata.AS_THEY_ARE, "name", "state", "disk_format", "scheme", "relay", "all_stores", "on_change",
    "kept_for", "keep_last", "keep_days", "keep_hidden", "keep_deactivated",
)  # fmt: skip


def check(params: Mapping[str, Any]) -> None:
    """Raise InputError for values that a cloud would refuse, or misunderstand, once everything is uploaded."""
    for option in ("transfer_timeout", "import_timeout", "stall_timeout"):
        if params[option] <= 0:
            raise InputError(f"{option}: must be greater than zero, not {params[option]:g}")
    metadata.check_not_negative(params, "min_disk", "min_ram", "keep_last", "keep_days")
    if params["checksum"] and not (params["path"] or params["url"] or params["from"]):
        raise InputError("checksum: there is nothing to compare it with", hint="Give path, url or from.")
    for option in ("kept_name", "kept_for"):
        if params[option] is not None:
            metadata.check_name(params[option], option)
        if params[option] == params["name"]:
            raise InputError(f"{option}: is the name itself", hint="Give the name of another version, or omit it.")
    for part in (params, *params["overrides"]):
        if part["name"] is not None:
            metadata.check_name(part["name"])
        metadata.check_properties(part["properties"] or {})


def as_desired(params: Mapping[str, Any]) -> Desired:
    """The options as the pipeline takes them. Raises InputError."""
    check(params)
    return Desired(
        stores=tuple(params["stores"]),
        properties={**metadata.as_texts(params["properties"]), **_versions(params)},
        keep_names=tuple(params["keep_names"]),
        tags=metadata.unique(params["tags"]),
        members=metadata.unique(params["members"]),
        timeouts=Timeouts(*(params[f"{kind}timeout"] for kind in ("", "transfer_", "import_", "stall_"))),
        overrides=tuple(as_override(override) for override in params["overrides"]),
        **{option: params[option] for option in _AS_THEY_ARE},
    )


def _versions(params: Mapping[str, Any]) -> dict[str, str | None]:
    """The properties by which later runs know versions of an image."""
    said = {KEPT_NAME: params["kept_name"], KEPT_FOR: params["kept_for"]}
    return {key: value for key, value in said.items() if value is not None}


def as_override(params: Mapping[str, Any]) -> Override:
    options = {key: value for key, value in params.items() if key != "locations" and value is not None}
    if "properties" in options:
        options["properties"] = metadata.as_texts(options["properties"])
    if "stores" in options:
        options["stores"] = tuple(options["stores"])
    return Override(Selection.parse(params["locations"], "overrides[].locations"), options)


def as_copy_source(value: Any, name: str) -> tuple[list[str], str] | ServerOrigin:
    """The option ``from``: patterns that select one Location, and the image or the server there. Raises InputError.

    It is a mapping of both, or text that is such JSON, or a Location in any form, for its image of the same name.
    """
    form = (
        "Write from: {location: alpha/north, image: NAME} or {location: alpha/north, server: NAME}, or from: alpha/north "
        "for its image of the same name."
    )
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            raise InputError("from: the text begins as JSON, but is not valid JSON", hint=form) from None
    if isinstance(value, dict) and "cloud" not in value:
        if "server" in value:
            return as_server_origin(value, form)
        unknown = sorted(map(str, value.keys() - {"location", "image"}))
        if unknown or not value.get("location"):
            what = f"it has the key {unknown[0]}" if unknown else "it has no location"
            raise InputError(f"from: the mapping names no image in a Location: {what}", hint=form)
        return as_patterns("from", value["location"]), str(value.get("image") or name)
    return as_patterns("from", value), name


def as_server_origin(value: Mapping[str, Any], form: str) -> ServerOrigin:
    """The option ``from`` with a server. Raises InputError, with the ``form`` that it has."""
    unknown = sorted(map(str, value.keys() - {"location", "server", "snapshot", "keep"}))
    empty = next((key for key in ("location", "server") if not value.get(key)), None)
    if unknown or empty:
        what = f"it has the key {unknown[0]}" if unknown else f"it has no {empty}"
        raise InputError(f"from: the mapping names no server in a Location: {what}", hint=form)
    snapshot = str(value.get("snapshot") or "once")
    if snapshot not in ("once", "always"):
        raise InputError(f"from: snapshot is {snapshot!r}", hint="Set it to once or always.")
    try:
        keep = boolean(value.get("keep") or False)
    except TypeError as exc:
        raise InputError(f"from: keep is {value['keep']!r}", hint="Set it to true or false.") from exc
    patterns = as_patterns("from", value["location"])
    return ServerOrigin(patterns, str(value["server"]), always=snapshot == "always", keep=keep)


def find_image_data(
    params: Mapping[str, Any], target: Target, desired: Desired, directory: Path, *, check_mode: bool
) -> ImageData | AnnouncedImage | None:
    """The image's data, found, verified where it is here; None where only metadata matters. Raises `OaktreeError`."""
    if params["state"] == "absent":
        return None
    clocks = {option: params[option] for option in ("timeout", "transfer_timeout", "stall_timeout")}
    formats = {option: params[option] for option in ("checksum", "disk_format", "container_format")}
    options = locate.SourceOptions(directory, **formats, **clocks)
    if params["path"] is not None:
        return locate.from_path(params["path"], options, check_mode=check_mode)
    if params["url"] is not None:
        return locate.from_url(params["url"], options, check_mode=check_mode)
    if params["from"] is not None:
        origin = as_copy_source(params["from"], params["name"])
        if isinstance(origin, ServerOrigin):
            if params["checksum"]:
                raise InputError(
                    "checksum: a snapshot has no digest that anybody could know before", hint="Omit checksum."
                )
            return from_server(target, origin, desired, directory, check_mode=check_mode)
        patterns, image = origin
        return locate.from_location(target, patterns, image, options)
    return None


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    require(module, "oslo_utils", "oslo.utils")
    params = module.params
    target = Target.from_options(params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        desired = as_desired(params)
        with workspace(params["temporary_directory"]) as directory:
            image_data = find_image_data(params, target, desired, directory, check_mode=check_mode)
            return ensure_image(target, desired, image_data, check_mode=check_mode)

    run_state(module, f"image {params['name']!r}", act)


if __name__ == "__main__":
    main()
