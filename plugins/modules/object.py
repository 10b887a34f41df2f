#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: object
short_description: Upload, download and delete objects in the object stores of several clouds
version_added: 1.0.0
description:
  - Brings an object of the object store (Swift, or Ceph's object gateway with Swift's API) to a state in every selected Location, in
    parallel.
  - Content that is there already is neither sent nor fetched. Everything that is sent or fetched is verified by its MD5.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.objects
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the size, digest and headers of an object, and never its content.
  idempotent:
    support: full
options:
  container:
    description:
      - Name of the container. With O(src) or O(content) it is created if it does not exist, and removed if the upload then fails.
        M(oaktree.multicloud.container) creates one with other settings than the defaults.
    type: str
    required: true
  name:
    description:
      - Name of the object. It may have slashes.
    type: str
    required: true
  state:
    description:
      - V(present) uploads O(src) or O(content) where the object is missing or has other content, and changes O(content_type),
        O(metadata) and the expiry where they differ. Without content, the object must exist.
      - V(absent) deletes the object, the segments of a large one, and what killed uploads of it have left. The container stays.
      - V(downloaded) writes the object to the file O(dest), unless the file has the object's content.
    type: str
    choices: [present, absent, downloaded]
    default: present
  src:
    description:
      - The file to upload, on the host that runs the task. It is read for its digests, unless it is unchanged since an earlier task, and
        again where it is sent.
      - If it is larger than a segment (256 MiB, or what the store accepts), it is sent as segments in parallel, which the store verifies
        and assembles to one object. A task that was killed is continued by the next one for the same file.
    type: path
  content:
    description:
      - The content of the object as text.
      - Mutually exclusive with O(src).
    type: str
  dest:
    description:
      - The file to write, with O(state=downloaded). Symbolic links are followed. If it is a directory, or ends with a slash, the file has
        the last part of O(name) in it.
      - C({location}) stands for the name of the Location, as in C(backup/{location}/), which becomes V(backup/alpha/north/demo/). The
        directories that are named so are created. Required if several Locations are selected.
      - The content is written to a private partial file in the same directory, which replaces the destination in one step once it is
        complete and verified. A replaced file passes its mode and owner on to the new one; otherwise the umask of the task applies.
      - An interrupted download is resumed, by a later task too.
    type: path
  content_type:
    description:
      - The media type of the object. A new one has by default the type that the ending of O(name) suggests.
    type: str
  metadata:
    description:
      - Metadata of the object. Other metadata is left alone; a null value removes one. Names are lower case, with
        hyphens instead of underscores. Booleans are written as C(true) and C(false).
      - An object whose content is replaced has only the metadata, the content type and the expiry that the task gives it.
    type: dict
    default: {}
  delete_after:
    description:
      - Seconds after which the store deletes the object. An object that expires already keeps its time, unless its content is replaced.
      - Mutually exclusive with O(delete_at).
    type: int
  delete_at:
    description:
      - When the store deletes the object, in ISO 8601 with an offset, or in seconds since 1970.
    type: str
  tempurl:
    description:
      - Return a URL by which anybody may send one kind of request for the object until the URL expires, as RV(results[].tempurl).
      - The URL is a secret. Set C(no_log=true) on the task, or keep its output private.
      - It is signed with the key of the container or of the account. A container that this collection created is given a key if it has
        none.
    type: dict
    suboptions:
      method:
        description:
          - The method that the URL allows. With V(PUT), the object need not exist.
        type: str
        choices: [GET, HEAD, PUT]
        default: GET
      expires_in:
        description:
          - Seconds for which the URL works.
        type: int
        required: true
  transfer_timeout:
    description:
      - Seconds to transfer the content to or from one Location.
    type: float
    default: 3600.0
  stall_timeout:
    description:
      - Seconds without a byte after which a connection counts as broken.
    type: float
    default: 120.0
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.object_info
  - module: oaktree.multicloud.container
  - module: oaktree.multicloud.image_export
"""

EXAMPLES = r"""
- name: Keep a backup in the object store of every region of two clouds, for 30 days
  oaktree.multicloud.object:
    container: backups
    name: db/2026-11-26.dump
    src: /var/backups/db.dump
    metadata: {host: db1}
    delete_after: 2592000
    locations: [alpha, beta]

- name: Write a small object
  oaktree.multicloud.object:
    container: site
    name: robots.txt
    content: |
      User-agent: *
      Disallow:
    content_type: text/plain
    locations: [alpha/north]

- name: Download an object of every Location, to files such as restored/alpha/north/demo/db.dump
  oaktree.multicloud.object:
    container: backups
    name: db/2026-11-26.dump
    state: downloaded
    dest: "restored/{location}/db.dump"
    locations: [alpha, beta]

- name: Let somebody fetch an object for one hour
  oaktree.multicloud.object:
    container: backups
    name: db/2026-11-26.dump
    tempurl: {expires_in: 3600}
    locations: [alpha/north]
  no_log: true
  register: shared

- name: Delete it everywhere
  oaktree.multicloud.object:
    container: backups
    name: db/2026-11-26.dump
    state: absent
    locations: [alpha, beta]
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
    action: {description: "One of created, replaced, updated, unchanged, deleted.", type: str, sample: created}
    object:
      description:
        - The object, as M(oaktree.multicloud.object_info) returns it for its name; null if there is none. In check mode, and for one
          that would be deleted, the object as it is.
      type: dict
      sample: {name: db/2026-11-26.dump, container: backups, content_length: 4096, etag: 9b1d0b0ddc6d3a3c9f6e5b7a9a1d2c3e}
    dest: {description: "The path of the file, with O(state=downloaded).", type: str, sample: /home/me/restored/alpha/north/demo/db.dump}
    tempurl:
      description: The URL that O(tempurl) asks for; null in check mode. A secret.
      type: str
      sample: null
    notes:
      description: What else was done or left, such as a container that was created.
      type: list
      elements: str
      sample: []
failures:
  description: The Locations that failed. Nothing incomplete is left there, unless the error says so.
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import (
    check_container,
    check_object,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.content import ObjectSource
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.headers import (
    as_metadata,
    check_line,
    moment,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.pipeline import (
    ensure_absent,
    ensure_downloaded,
    ensure_present,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.wanted import (
    ObjectTimeouts,
    SignedUrl,
    WantedObject,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_positive,
    make_module,
    run_state,
    target_spec,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "container": {"type": "str", "required": True},
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent", "downloaded"], "default": "present"},
        "src": {"type": "path"},
        "content": {"type": "str"},
        "dest": {"type": "path"},
        "content_type": {"type": "str"},
        "metadata": {"type": "dict", "default": {}},
        "delete_after": {"type": "int"},
        "delete_at": {"type": "str"},
        "tempurl": {
            "type": "dict",
            "options": {
                "method": {"type": "str", "choices": ["GET", "HEAD", "PUT"], "default": "GET"},
                "expires_in": {"type": "int", "required": True},
            },
        },
        "transfer_timeout": {"type": "float", "default": 3600.0},
        "stall_timeout": {"type": "float", "default": 120.0},
    },
    mutually_exclusive=[["src", "content"], ["delete_after", "delete_at"]],
    required_if=[["state", "downloaded", ["dest"]]],
)

_FOR_PRESENT = ("src", "content", "content_type", "metadata", "delete_after", "delete_at", "tempurl")


def as_wanted(params: Mapping[str, Any]) -> WantedObject:
    """The options as they are applied; a file is read here. Raises InputError."""
    check_positive(params, "transfer_timeout", "stall_timeout", "delete_after")
    check_container("container", params["container"])
    check_object("name", params["name"])
    state, signed = params["state"], params["tempurl"]
    for option in _FOR_PRESENT if state != "present" else ():
        if params[option] not in (None, {}):
            raise InputError(f"{option}: is for state present, not {state}")
    if params["dest"] is not None and state != "downloaded":
        raise InputError(f"dest: is for state downloaded, not {state}")
    for option in ("src", "dest", "content_type"):
        if params[option] == "":
            raise InputError(f"{option}: must not be empty")
    if signed:
        check_positive(signed, "expires_in")
    delete_at = None if params["delete_at"] is None else moment("delete_at", params["delete_at"])
    if delete_at is not None and delete_at <= clock.time():
        raise InputError(f"delete_at: {params['delete_at']} has passed")
    return WantedObject(
        container=params["container"],
        name=params["name"],
        content_type=params["content_type"] and check_line("content_type", params["content_type"].strip()),
        metadata=as_metadata(params["metadata"]),
        delete_after=params["delete_after"],
        delete_at=delete_at,
        tempurl=SignedUrl(**signed) if signed else None,
        source=_source(params),
    )


def _source(params: Mapping[str, Any]) -> ObjectSource | None:
    if params["content"] is not None:
        return ObjectSource.of_text(params["content"])
    return ObjectSource.of_file("src", params["src"]) if params["src"] is not None else None


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    params = module.params
    target = Target.from_options(params)
    timeouts = ObjectTimeouts(params["timeout"], params["transfer_timeout"], params["stall_timeout"])

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        wanted = as_wanted(params)
        if params["state"] == "downloaded":
            return ensure_downloaded(target, wanted, params["dest"], timeouts, check_mode=check_mode)
        do = ensure_absent if params["state"] == "absent" else ensure_present
        return do(target, wanted, timeouts, check_mode=check_mode)

    run_state(module, f"object {params['container']}/{params['name']}", act)


if __name__ == "__main__":
    main()
