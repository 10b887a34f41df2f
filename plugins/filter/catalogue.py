# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: catalogue
short_description: Turn a catalogue of image versions into a list of images
version_added: 1.0.0
description:
  - Turns a catalogue, in which images have versions, into entries for C(images_list) of the role P(oaktree.multicloud.images#role).
  - The newest version is the one that comes last in natural order (C(9.2) before C(9.10)). It is published under the alias of the image, the
    others under the name of the image and their version, such as C(debian-13 (20260108)).
  - When a catalogue has a newer version, that takes the alias, and the image that had it is renamed to its name and version. It keeps its ID.
    Older versions are hidden, deactivated and deleted as the catalogue says.
  - Nothing is read and no cloud is asked. The same catalogue and the same day give the same entries.
positional: date
options:
  _input:
    description:
      - The images. Keys of each are C(name), C(alias), C(separator), C(versions), C(keep_last), C(keep_days), C(keep_hidden),
        C(keep_deactivated), and options of M(oaktree.multicloud.image) for all versions. An empty C(alias) publishes all versions under their
        names.
      - Keys of each version are C(version), C(url) or C(path), C(checksum), C(build_date), and C(disk_format), C(hidden), C(overrides),
        C(properties) and C(visibility) for this version.
    type: list
    elements: dict
    required: true
  date:
    description:
      - The day up to which the ages of versions are counted, such as V(2026-11-26).
    type: str
    required: true
extends_documentation_fragment:
  - oaktree.multicloud._guides.catalogue
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - plugin: oaktree.multicloud.osism_images
    plugin_type: lookup
  - module: oaktree.multicloud.image
"""

EXAMPLES = r"""
- name: Publish a catalogue
  ansible.builtin.include_role:
    name: oaktree.multicloud.images
  vars:
    images_locations: ["*"]
    images_catalogue:
      - name: debian-13
        keep_last: 2
        versions:
          - version: "20260124"
            build_date: 2026-01-24
            url: https://images.example.org/debian-13-20260124.qcow2
            checksum: sha512:https://images.example.org/SHA512SUMS

- name: Show what the role makes of a catalogue
  ansible.builtin.debug:
    msg: "{{ images_catalogue | oaktree.multicloud.catalogue(now(utc=true, fmt='%Y-%m-%d')) }}"

- name: List the names that a catalogue publishes
  ansible.builtin.debug:
    msg: "{{ images_catalogue | oaktree.multicloud.catalogue('2026-11-26') | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: Options of M(oaktree.multicloud.image) for each version.
  type: list
  elements: dict
  sample:
    - name: debian-13
      url: "https://images.example.org/debian-13-20260124.qcow2"
      properties: {internal_version: "20260124", image_build_date: "2026-01-24"}
      kept_name: debian-13 (20260124)
      on_change: keep
      keep_last: 2
"""

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue import entries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain


def catalogue(value: Any, date: Any) -> list[dict[str, Any]]:
    """Return the entries of the role's list; see the documentation above."""
    try:
        return entries.entries(plain(value), str(date))
    except InputError as error:
        raise AnsibleFilterError(error.summary) from None


class FilterModule:
    """Ansible's interface to `plugin_utils.catalogue`."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file by name."""
        return {"catalogue": catalogue}
