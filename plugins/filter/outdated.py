# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: outdated
short_description: Find the servers that run an outdated image
version_added: 1.0.0
description:
  - Returns a row for each server that does not run the newest active image of its image's name at its Location. Only images of the same
    owner count.
  - An image that M(oaktree.multicloud.image) has kept when it replaced it counts for the name that it had, if its C(properties) are there.
  - Images are compared by their digests. A server whose image has been published again with the same data is not outdated.
  - To find out whether the images themselves are the same everywhere, see M(oaktree.multicloud.drift_info).
positional: images
options:
  _input:
    description:
      - The servers, as the result of M(oaktree.multicloud.server_info) or its list.
      - With O(oaktree.multicloud.server_info#module:fields), keep C(id), C(name) and C(image).
    type: raw
    required: true
  images:
    description:
      - The images, as the result of M(oaktree.multicloud.image_info) or its list.
      - With O(oaktree.multicloud.image_info#module:fields), keep C(id), C(name), C(status), C(owner_id), C(created_at), C(hash_algo),
        C(hash_value), C(checksum) and C(properties).
    type: raw
    required: true
extends_documentation_fragment:
  - oaktree.multicloud._guides.tables
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.server_info
  - module: oaktree.multicloud.image_info
  - plugin: oaktree.multicloud.table
    plugin_type: filter
"""

EXAMPLES = r"""
- name: List the servers of all clouds
  oaktree.multicloud.server_info:
    fields: [id, name, image]
  register: servers

- name: List the images
  oaktree.multicloud.image_info:
  register: images

- name: Show which servers run an outdated image
  ansible.builtin.debug:
    msg: "{{ servers | oaktree.multicloud.outdated(images) | oaktree.multicloud.table }}"

- name: Fail if there are any, but for servers that boot from a volume
  ansible.builtin.assert:
    that: servers | oaktree.multicloud.outdated(images) | rejectattr('status', 'eq', 'unknown') | list == []
"""

RETURN = r"""
_value:
  description:
    - A row for each server that is outdated or of which this is not known, in the order of the servers.
    - V(outdated) - there is a newer image of the name.
    - V(missing) - the image is not among O(images). It is deleted, hidden, as one that is replaced may be, or no longer shared.
    - V(unknown) - the server boots from a volume, no images of its Location are given, or no digest tells whether the images differ.
  type: list
  elements: dict
  contains:
    location:
      description: The Location of the server.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: nova}
    server: {description: Name of the server., type: str, sample: web-1}
    id: {description: ID of the server., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    image: {description: Name of its image; null if it is not known., type: str, sample: debian-13}
    status: {description: "V(outdated), V(missing) or V(unknown).", type: str, sample: outdated}
    running: {description: Digest of the image that it runs; null if it is not known., type: str, sample: "sha512:8ef2be83e91d"}
    current: {description: Digest of the newest image of the name; null if it is not known., type: str, sample: "sha512:1d80b03a8f03"}
    reason: {description: "Why it is V(missing) or V(unknown), else null.", type: str, sample: null}
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils import outdated as servers_and_images
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain


def outdated(value: Any, images: Any) -> list[dict[str, Any]]:
    """Return the servers whose image is outdated; see the documentation above."""
    try:
        return servers_and_images.outdated(plain(value), plain(images))
    except InputError as error:
        raise AnsibleFilterError(error.summary) from None


class FilterModule:
    """Ansible's interface to `plugin_utils.outdated`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"outdated": outdated}
