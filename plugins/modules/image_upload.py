#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: image_upload
short_description: Prepare and finalize an image upload performed by another host
version_added: 1.0.0
description:
  - Prepares an upload session in every selected Location, for image data stored on a host where Ansible cannot run. The result holds the
    exact HTTP requests to send. Any host can send them, with C(curl) or M(ansible.builtin.uri).
  - Then has the clouds import what was sent, verifies it, and publishes the image.
  - Where the Location has an object store with signed URLs, the host that sends the data needs no credentials.
  - Nothing is stored on the machine that runs the task. The image record in each Location holds what was prepared.
  - For a file that Ansible can read, M(oaktree.multicloud.image) does all of this in one task.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._image_metadata
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.upload_sessions
  - oaktree.multicloud._guides.images
attributes:
  check_mode:
    support: full
    details:
      - RV(results[].requests) is empty in check mode, because signing URLs may require setting a key.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  name:
    description:
      - Name of the image.
    type: str
    required: true
  state:
    description:
      - V(prepared) creates the image record and returns the requests. Until they expire, the same requests are returned again for the
        same content. For other content, or another O(scheme) or O(segment_size), the Location fails until the upload is finalized or
        aborted. An expired upload is replaced.
      - V(finalized) has the cloud import what was sent, verifies size and digests, and publishes the image with the given metadata in place
        of an older image of this name. If data is missing, the Location fails, lists what is missing, and keeps what was sent.
      - V(aborted) removes the record and everything that was sent. The URLs stop working. Published images are not changed.
    type: str
    choices: [prepared, finalized, aborted]
    required: true
  path:
    description:
      - The image file, if it is on the host that runs the task. Size, digests and format are read from it. The object store is given the MD5
        of each segment, for which the file is read once more.
      - A compressed file, and one that is no disk image, is rejected unless O(container_format) or O(disk_format) says that it is published
        as it is.
      - This module never sends the file.
      - Mutually exclusive with O(size).
    type: path
  size:
    description:
      - Size of the image in bytes. Required with O(state=prepared) unless O(path) is given.
    type: int
  checksum:
    description:
      - Expected digest of the image, as C(ALGORITHM:DIGEST). With O(path) also a checksum list, as C(ALGORITHM:URL) or
        C(ALGORITHM:PATH). Algorithms are C(md5), C(sha256) and C(sha512).
      - Required with O(state=prepared) and O(state=finalized) unless O(path) is given.
      - Clouds report C(md5) and mostly C(sha512) of what they store. With another algorithm, finalizing downloads the image once to verify it.
    type: str
  disk_format:
    description:
      - Format of the image. Required with O(state=prepared) unless O(path) is given.
      - The data is sent as it is, without conversion. A cloud may convert it on import.
    type: str
    choices: [aki, ami, ari, iso, ploop, qcow2, raw, vdi, vhd, vhdx, vmdk]
  scheme:
    description:
      - The upload scheme. If omitted, V(swift) where it is possible, else V(v2_put).
      - V(swift) sends segments to the object store, each by a URL signed for this purpose only, and has the cloud import the whole. It
        requires signed URLs, and the import method C(web-download) or tasks that are open to members.
      - V(v2_put) sends everything in one request directly to the image, with a token.
      - V(glance_direct) sends everything in one request to the staging area, with a token, and has the cloud import it.
    type: str
    choices: [v2_put, glance_direct, swift]
  segment_size:
    description:
      - Size of a segment with O(scheme=swift), such as V(512M). The limits of the object store may require another.
      - If omitted, 256 MiB.
    type: bytes
  expires_in:
    description:
      - Seconds until the requests expire. The object store keeps what was sent for another day.
    type: int
    default: 86400
  with_token:
    description:
      - Whether to include a token in the headers of requests that need one.
      - The token is a secret that authenticates the user until it expires. Set C(no_log=true) on this task and on all that use its
        result.
      - Without it RV(results[].requests[].missing_headers) lists what the sender must add, which M(oaktree.multicloud.rest_info) returns.
    type: bool
    default: false
  import_timeout:
    description:
      - With O(state=finalized), seconds to wait until the image is active.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds after which an import without any progress is abandoned.
    type: float
    default: 120.0
notes:
  - The metadata options are applied with O(state=finalized), and validated with O(state=prepared). The same options can be given with all
    states.
  - The URLs that are returned for O(scheme=swift) are secrets until they expire. Anyone who has one can write that segment. Set
    C(no_log=true) if others can read the logs.
requirements:
  - oslo.utils >= 7.4.0 (with O(path))
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.image
  - module: oaktree.multicloud.rest_info
"""

EXAMPLES = r"""
- name: Prepare the upload of a file on another host
  oaktree.multicloud.image_upload:
    name: fedora-43
    state: prepared
    size: 496762880
    checksum: sha512:{{ sha512 }}
    disk_format: qcow2
    locations: [alpha/north, beta]
  register: upload
  no_log: true

- name: Send what has not arrived yet from the host with the file, with secrets on stdin, unseen by other users
  ansible.builtin.shell:
    cmd: >-
      curl --fail --silent --show-error --config -
      --upload-file <(tail --bytes=+{{ item.offset + 1 }} fedora-43.qcow2 | head --bytes={{ item.length }})
    stdin: |
      url = "{{ item.url }}"
      {% for header in item.headers | dict2items %}
      header = "{{ header.key }}: {{ header.value }}"
      {% endfor %}
    executable: /bin/bash
  delegate_to: build-host
  loop: "{{ upload.results | map(attribute='requests') | flatten | rejectattr('arrived') }}"
  no_log: true

- name: Import, verify and publish it
  oaktree.multicloud.image_upload:
    name: fedora-43
    state: finalized
    checksum: sha512:{{ sha512 }}
    properties:
      os_distro: fedora
    min_disk: 5
    locations: [alpha/north, beta]

- name: Abort the upload
  oaktree.multicloud.image_upload:
    name: fedora-43
    state: aborted
    locations: [alpha/north, beta]
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, at each Location that did not fail, sorted by Location.
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
    image_id:
      description:
        - ID of the image record of the upload; null unless an upload is prepared.
        - The published image may have another ID.
      type: str
      sample: 70a599e0-31e7-49b7-b260-868f441e862b
    scheme: {description: The scheme of the upload., type: str, sample: swift}
    reason:
      description: Why this scheme was chosen; null for an upload that was prepared before.
      type: str
      sample: swift because signed URLs need no credentials where the data is sent from
    segment_size:
      description: Bytes of each segment except the last; with other schemes the size of the image.
      type: int
      sample: 268435456
    expires_at: {description: When the requests expire., type: str, sample: "2026-11-22T09:30:00Z"}
    requests:
      description:
        - Requests to send, each with C(length) bytes of the file from C(offset) on as its body.
        - Empty if the image is already published with this content, and for the other states.
      type: list
      elements: dict
      contains:
        method: {description: The HTTP method., type: str, sample: PUT}
        url:
          description: Where to send it. A secret if it is signed.
          type: str
          sample: https://swift.alpha.example/v1/AUTH_1/oaktree-session-1/image?temp_url_sig=...
        headers:
          description: Headers to send. The token among them is a secret.
          type: dict
          sample: {Content-Type: application/octet-stream}
        missing_headers:
          description: Headers that the sender must add.
          type: list
          elements: str
          sample: [X-Auth-Token]
        offset: {description: Offset of the body in the file., type: int, sample: 0}
        length: {description: Bytes of the body., type: int, sample: 268435456}
        arrived:
          description: Whether the data has arrived, so that it need not be sent again.
          type: bool
          sample: false
    finalize:
      description: Options to pass back with O(state=finalized), besides those of the connection and the metadata.
      type: dict
      sample: {name: fedora-43, state: finalized, locations: [alpha/north], checksum: "sha512:9f2c...", size: 496762880}
    image:
      description: With O(state=finalized), the published image as M(oaktree.multicloud.image_info) returns it.
      type: dict
      sample: {id: 70a599e0-31e7-49b7-b260-868f441e862b, name: fedora-43, status: active, size: 496762880}
    notes:
      description: What did not go as planned, yet did not make the Location fail.
      type: list
      elements: str
      sample: []
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}
    error:
      description: What happened.
      type: str
      sample: "not everything has arrived: segment 1 (offset 268435456, 228327424 bytes) is missing"
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: conflict
    hint: {description: What you can do about it., type: str, sample: Send them by the requests that state prepared returns.}
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image import metadata
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired, Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session import pipeline
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.prepare import RequestOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.schemes import SCHEMES
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
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

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

DISK_FORMATS = ["aki", "ami", "ari", "iso", "ploop", "qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk"]

SPEC = ArgumentSpec(
    options={
        **metadata.OPTIONS,
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["prepared", "finalized", "aborted"], "required": True},
        "path": {"type": "path"},
        "size": {"type": "int"},
        "checksum": {"type": "str"},
        "disk_format": {"type": "str", "choices": DISK_FORMATS},
        "scheme": {"type": "str", "choices": list(SCHEMES)},
        "segment_size": {"type": "bytes"},
        "expires_in": {"type": "int", "default": 86400},
        "with_token": {"type": "bool", "default": False},
        "import_timeout": {"type": "float", "default": 3600.0},
        "stall_timeout": {"type": "float", "default": 120.0},
    },
    mutually_exclusive=[["path", "size"]],
)


def check(params: Mapping[str, Any]) -> None:
    """Raise InputError for values that a cloud would reject or misunderstand only after everything is sent."""
    check_positive(params, "import_timeout", "stall_timeout", "expires_in")
    if params["segment_size"] is not None and params["segment_size"] < 1:
        raise InputError(f"segment_size: must be greater than zero, not {params['segment_size']}")
    metadata.check_not_negative(params, "min_disk", "min_ram")
    metadata.check_name(params["name"])
    metadata.check_properties(params["properties"])


def as_desired(params: Mapping[str, Any]) -> Desired:
    """The options as the image pipeline takes them. Raises InputError."""
    check(params)
    timeouts = {option: params[option] for option in ("timeout", "import_timeout", "stall_timeout")}
    return Desired(
        name=params["name"],
        state="present",
        properties=metadata.as_texts(params["properties"]),
        tags=metadata.unique(params["tags"]),
        timeouts=Timeouts(**timeouts),
        **{option: params[option] for option in metadata.AS_THEY_ARE},
    )


def as_content(params: Mapping[str, Any]) -> DeclaredContent:
    """What is uploaded. Raises `OaktreeError`."""
    if params["path"] is not None:
        handling = locate.handling_of(params["path"], params["disk_format"], params["container_format"])
        source = locate.open_local(params["path"], params["checksum"], params["timeout"], handling)
        return DeclaredContent.of_file(source, params["disk_format"])
    if params["checksum"] is None:
        raise InputError(f"state {params['state']} needs path or checksum", hint="They identify the content.")
    return DeclaredContent.of_checksum(params["checksum"], params["size"], params["disk_format"])


def run(target: Target, params: Mapping[str, Any], *, check_mode: bool) -> list[Result[Change]]:
    desired = as_desired(params)
    if params["state"] == "aborted":
        return pipeline.abort(target, desired, check_mode=check_mode)
    content = as_content(params)
    if params["state"] == "finalized":
        return pipeline.finalize(target, desired, content, check_mode=check_mode)
    content.fingerprint()  # which fails before any cloud is asked
    options = RequestOptions(params["scheme"], params["segment_size"], params["expires_in"], params["with_token"])
    return pipeline.prepare(target, desired, content, options, check_mode=check_mode)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    params = module.params
    if params["path"] is not None:
        require(module, "oslo_utils", "oslo.utils")
    target = Target.from_options(params)
    run_state(module, f"image {params['name']!r}", lambda check_mode: run(target, params, check_mode=check_mode))


if __name__ == "__main__":
    main()
