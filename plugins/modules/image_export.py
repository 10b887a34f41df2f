#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_export
short_description: Bring images out of clouds
version_added: 0.1.0
description:
  - Brings the data of an image to a file on the host that runs the task, or to containers in the object stores of its Locations.
  - What arrives is compared with the size and the digests that the cloud tells of the image, and appears whole or not at all. What
    has the image's data already is left alone.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - Says what would be exported; where that is converted, or made by the cloud, its size and digests are not known before.
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
      - The file to have. Links are followed. A directory, or a path that ends with a slash, gets a file C(NAME.FORMAT).
      - O(locations) must select exactly one Location.
      - The data goes to a partial file beside it, and into place in one step once it is complete and verified. A file that is replaced
        hands on its mode and owner; a new one gets what the umask of the task says.
      - A download that breaks off is taken up where it stopped, also by a later task, where the cloud can send the rest. The partial
        file begins with a dot and ends with C(.part); it is all that a failure leaves, and a task for the same path and another image
        removes it.
      - An image that names other files (a qcow2 with a backing file) is refused.
      - One of O(path) and O(container) is required. They are mutually exclusive.
    type: path
  disk_format:
    description:
      - The format of the file. An image that has another is converted with C(qemu-img).
      - Without it the file is the image as it is.
      - Only with O(path).
    type: str
    choices: [qcow2, raw, vdi, vhd, vhdx, vmdk]
  container:
    description:
      - The container to have the image in, in the object store of each Location. It is made where there is none.
      - A cloud that exports images by itself (an C(export) task, as Rackspace had) is asked to. From any other the data passes
        through this host, without a copy of it being kept, in segments where it is large.
    type: str
  object:
    description:
      - The name of the object. Without it C(NAME.FORMAT), or what the cloud chooses that exports by itself; with it no cloud is
        asked to.
      - Only with O(container).
    type: str
  expires_in:
    description:
      - Seconds after which the object store removes what was exported. An object that is there keeps the time that it has.
      - Only with O(container).
    type: int
  tempurl:
    description:
      - Whether to return a URL by which anybody can fetch the object until it expires; O(expires_in) says when.
      - The URL is a secret. Use C(no_log) on the task, or keep its output to yourself.
      - It is signed with the key of the container, or of the account. A container that this collection made is given one.
    type: bool
    default: false
  checksum:
    description:
      - What the data of the image in the cloud must be, as C(ALGORITHM:DIGEST). Algorithms are C(md5), C(sha256) and C(sha512).
      - A cloud that exports by itself into another format cannot be checked by other digests than those that it tells of the image.
    type: str
  transfer_timeout:
    description:
      - Seconds to bring the data from one Location to its destination.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds without a byte after which a connection counts as broken.
    type: float
    default: 120.0
requirements:
  - oslo.utils >= 7.4.0
  - qemu-img (where an image has to be converted)
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image
  - module: oaktree.multicloud.image_info
"""

EXAMPLES = r"""
- name: Fetch an image as it is, to backup/golden.qcow2
  oaktree.multicloud.image_export:
    image: golden
    path: backup/
    locations: [alpha/north]

- name: Fetch an image as a raw disk, if it is the right one
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

- name: Give an image to somebody for a day
  oaktree.multicloud.image_export:
    image: golden
    container: handed-out
    tempurl: true
    expires_in: 86400
    locations: [beta/east]
  no_log: true
  register: handed_out

- name: Have another cloud fetch it
  oaktree.multicloud.image:
    name: golden
    url: "{{ handed_out.results[0].tempurl }}"
    locations: [alpha]
  no_log: true
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, at each Location that did not fail, sorted by Location.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: alpha, region: north, zone: null}}
    action: {description: "One of created, replaced, unchanged.", type: str, sample: created}
    image:
      description: The image, as M(oaktree.multicloud.image_info) shows it.
      type: dict
      sample: {id: 70a599e0-31e7-49b7-b260-868f441e862b, name: golden, status: active, size: 496762880}
    export_location: {description: The path of the file or the URL of the object., type: str, sample: /home/me/backup/golden.qcow2}
    export_format: {description: Its format., type: str, sample: qcow2}
    size: {description: Its size in bytes; null where that is not known before., type: int, sample: 496762880}
    checksum:
      description: Its digests; null for those that nobody has told or taken.
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
      description: How the data was brought out, one of download, stream, export_task; null where it was not.
      type: str
      sample: download
    notes:
      description: What did not go as planned, yet did not make the Location fail.
      type: list
      elements: str
      sample: []
failures:
  description: The Locations that failed. Nothing that was made for the task is left there, unless the error says so.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {cloud: beta, region: east, zone: null}}
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
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import Export, ExportRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Checksum
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    MOST,
    ArgumentSpec,
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

LONGEST_CONTAINER = 256
"""Bytes of a container's name that Swift takes."""

_FOR_CONTAINERS = ("object", "expires_in", "tempurl")


def as_request(params: Mapping[str, Any]) -> ExportRequest:
    """The options as the core takes them. Raises InputError."""
    for option in ("transfer_timeout", "stall_timeout", "expires_in"):
        value = params[option]
        if value is not None and not 0 < value < MOST:
            raise InputError(f"{option}: must be greater than zero and less than {MOST:g}, not {value:g}")
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
    if "/" in params["container"] or len(params["container"].encode()) > LONGEST_CONTAINER:
        raise InputError(f"container: must not have a slash in its name, and at most {LONGEST_CONTAINER} bytes")
    for option in ("container", "object"):
        if {".", ".."} & set((params[option] or "").split("/")):
            raise InputError(
                f"{option}: no part of the name between slashes may be '.' or '..', as in {params[option]!r}"
            )
    if params["tempurl"] and params["expires_in"] is None:
        raise InputError("tempurl: needs expires_in", hint="Say for how many seconds the URL is to work.")


def describe(done: Export) -> Change:
    after = done.copy.to_dict()
    output = {**after, "image": done.image, "tempurl": done.tempurl, "method": done.method}
    return Change(done.action, done.before, after, output, done.notes)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    require(module, "oslo_utils", "oslo.utils")
    target = Target.from_options(module.params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        results = export_images(target, as_request(module.params), check_mode=check_mode)
        return [result.map(describe) for result in results]

    run_state(module, act)


if __name__ == "__main__":
    main()
