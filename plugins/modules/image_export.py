#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Export images to files or object stores
version_added: 1.0.0
description:
  - Exports the data of an image to a file on the host that runs the task, or to a container in the object store of each Location.
  - The received data is compared with the size and the digests that the cloud reports for the image. The file or object appears complete
    or not at all. A file or object that already holds the image's data is left alone.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.images
attributes:
  check_mode:
    support: full
    details:
      - Returns what would be exported. The size and digests of a converted image, or of one that the cloud exports, are unknown then.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  image:
    description:
      - Name or ID of the image. It must be active.
      - A Location with several images of this name fails and lists their IDs.
    type: str
    required: true
  path:
    description:
      - The destination file. Symbolic links are followed. If it is a directory, or ends with a slash, the file is named C(NAME.FORMAT).
      - O(locations) must select exactly one Location.
      - The data is written to a partial file in the same directory, which replaces the destination in one step once it is complete and
        verified. A replaced file passes its mode and owner on to the new one; otherwise the umask of the task applies.
      - An interrupted download is resumed, by a later task too, if the cloud can send the rest. The name of the partial file begins with a
        dot and ends with C(.part). A failure leaves nothing else. A task for the same path and another image removes it.
      - An image that refers to other files (a qcow2 with a backing file) is rejected.
      - One of O(path) and O(container) is required. They are mutually exclusive.
    type: path
  disk_format:
    description:
      - Format of the file. An image in another format is converted with C(qemu-img).
      - If omitted, the image is not converted.
      - Only with O(path).
    type: str
    choices: [qcow2, raw, vdi, vhd, vhdx, vmdk]
  container:
    description:
      - The container for the exported image, in the object store of each Location. It is created if it does not exist.
      - A cloud that exports images by itself (by an C(export) task, as Rackspace did) is asked to do so. From any other cloud the data is
        streamed through this host, without being stored here, and in segments if it is large.
    type: str
  object:
    description:
      - Name of the object. If omitted, C(NAME.FORMAT), or the name that a cloud with exports of its own chooses. If given, no cloud is
        asked to export the image by itself.
      - Only with O(container).
    type: str
  expires_in:
    description:
      - Seconds after which the object store removes the exported object. An existing object keeps its expiry time.
      - Only with O(container).
    type: int
  tempurl:
    description:
      - Whether to return a URL by which anybody can fetch the object. Requires O(expires_in), after which the URL expires.
      - The URL is a secret. Set C(no_log=true) on the task, or keep its output private.
      - It is signed with the key of the container or of the account. A container that this collection created is given a key if it has
        none.
    type: bool
    default: false
  checksum:
    description:
      - The expected digest of the image data in the cloud, as C(ALGORITHM:DIGEST). Algorithms are C(md5), C(sha256) and C(sha512).
      - If a cloud exports by itself into another format, only digests that the cloud reports for the image can be checked.
    type: str
  transfer_timeout:
    description:
      - Seconds to transfer the data from one Location to its destination.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds without a byte after which a connection counts as broken.
    type: float
    default: 120.0
requirements:
  - oslo.utils >= 7.4.0
  - qemu-img (to convert images)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image
  - module: oaktree.multicloud.image_info
"""

EXAMPLES = r"""
- name: Export an image unconverted, to backup/golden.qcow2
  oaktree.multicloud.image_export:
    image: golden
    path: backup/
    locations: [alpha/north]

- name: Export an image as a raw disk, after checking its digest
  oaktree.multicloud.image_export:
    image: 70a599e0-31e7-49b7-b260-868f441e862b
    path: /var/lib/disks/golden.raw
    disk_format: raw
    checksum: sha512:35a3c9...
    locations: [alpha/north]

- name: Keep a copy of an image in the object store of every region
  oaktree.multicloud.image_export:
    image: golden
    container: images
    locations: ["*"]

- name: Share an image by a URL that is valid for one day
  oaktree.multicloud.image_export:
    image: golden
    container: shared
    tempurl: true
    expires_in: 86400
    locations: [beta/east]
  no_log: true
  register: shared

- name: Publish it in another cloud
  oaktree.multicloud.image:
    name: golden
    url: "{{ shared.results[0].tempurl }}"
    locations: [alpha]
  no_log: true
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
    action: {description: "One of created, replaced, unchanged.", type: str, sample: created}
    image:
      description: The image, as M(oaktree.multicloud.image_info) returns it.
      type: dict
      sample: {id: 70a599e0-31e7-49b7-b260-868f441e862b, name: golden, status: active, size: 496762880}
    export_location: {description: The path of the file or the URL of the object., type: str, sample: /home/me/backup/golden.qcow2}
    export_format: {description: Its format., type: str, sample: qcow2}
    size: {description: Its size in bytes; null if not known yet., type: int, sample: 496762880}
    checksum:
      description: Its digests; null for those that are not known.
      type: dict
      contains:
        md5: {description: MD5., type: str, sample: 9b1d0b0ddc6d3a3c9f6e5b7a9a1d2c3e}
        sha512: {description: SHA-512., type: str, sample: 35a3c9...}
    expires_at: {description: When the object store removes it; null for never., type: str, sample: "2026-11-22T10:00:00Z"}
    tempurl:
      description: A URL by which anybody can fetch it, until O(expires_in) seconds or RV(results[].expires_at) have passed. A secret.
      type: str
      sample: null
    method:
      description: How the data was exported, one of download, stream, export_task; null if it was not.
      type: str
      sample: download
    notes:
      description: Deviations from the plan that did not make the Location fail.
      type: list
      elements: str
      sample: []
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
    error: {description: What happened., type: str, sample: not finished within transfer_timeout (3600 s)}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise transfer_timeout."}
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.pipeline import export_images
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import ExportRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Checksum
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import (
    check_container,
    check_object,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_positive,
    make_module,
    require,
    run_state,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "image": {"type": "str", "required": True},
        "path": {"type": "path"},
        "disk_format": {"type": "str", "choices": ["qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk"]},
        "container": {"type": "str"},
        "object": {"type": "str"},
        "expires_in": {"type": "int"},
        "tempurl": {"type": "bool", "default": False},
        "checksum": {"type": "str"},
        "transfer_timeout": {"type": "float", "default": 3600.0},
        "stall_timeout": {"type": "float", "default": 120.0},
    },
    mutually_exclusive=[["path", "container"]],
)

_FOR_CONTAINERS = ("object", "expires_in", "tempurl")


def as_request(params: Mapping[str, Any]) -> ExportRequest:
    """The options as the core takes them. Raises InputError."""
    check_positive(params, "transfer_timeout", "stall_timeout", "expires_in")
    for option in ("image", "path", "container", "object"):
        if params[option] == "":
            raise InputError(f"{option}: must not be empty")
    if params["path"] is None and params["container"] is None:
        raise InputError("there is no destination", hint="Give path or container.")
    if params["path"] is not None and (given := [option for option in _FOR_CONTAINERS if params[option]]):
        raise InputError(f"{given[0]}: is for an export to a container, not to a path")
    if params["container"] is not None:
        _check_container(params)
    checksum = Checksum.parse(params["checksum"]) if params["checksum"] else None
    names = ("image", "path", "disk_format", "container", "object", "expires_in", "tempurl")
    clocks = ("timeout", "transfer_timeout", "stall_timeout")
    return ExportRequest(checksum=checksum, **{name: params[name] for name in (*names, *clocks)})


def _check_container(params: Mapping[str, Any]) -> None:
    if params["disk_format"] is not None:
        raise InputError("disk_format: is for an export to a path", hint="Export to a path, then upload the file.")
    check_container("container", params["container"])
    if params["object"] is not None:
        check_object("object", params["object"])
    if params["tempurl"] and params["expires_in"] is None:
        raise InputError("tempurl: needs expires_in", hint="Say for how many seconds the URL is to work.")


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    require(module, "oslo_utils", "oslo.utils")
    target = Target.from_options(module.params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        return export_images(target, as_request(module.params), check_mode=check_mode)

    run_state(module, f"export of image {module.params['image']!r}", act)


if __name__ == "__main__":
    main()
