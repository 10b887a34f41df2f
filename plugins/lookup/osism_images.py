# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: osism_images
short_description: Read image definitions of openstack-image-manager
version_added: 1.0.0
description:
  - Reads definitions of images as they are in C(etc/images) of L(openstack-image-manager, https://github.com/osism/openstack-image-manager), and
    returns them as a catalogue for the filter P(oaktree.multicloud.catalogue#filter).
  - If C(multi) is true, the newest version gets the name of the image, and older ones that name and their version. Otherwise, all versions
    get name and version.
  - The C(uuid_validity) C(last-N) of an image with C(multi) retains its N newest versions, unless C(keep) is true. All other images retain
    all. Images that are not enabled are left out.
  - C(latest_url), C(latest_checksum_url), C(password), C(shortname) and C(source) have no effect. C(id) and unknown keys are errors.
options:
  _terms:
    description:
      - Files, or directories whose C(.yml) and C(.yaml) files are read. Those that are not absolute are looked for where Ansible looks for
        files.
    type: list
    elements: str
    required: true
  tag:
    description:
      - The tag by which openstack-image-manager knows its own images. If empty, they get no such tag.
    type: str
    default: managed_by_osism
  options:
    description:
      - Keys of a catalogue's images that win over what the definitions say, such as C(visibility). Properties are merged.
    type: dict
    default: {}
extends_documentation_fragment:
  - oaktree.multicloud._guides.catalogue
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - plugin: oaktree.multicloud.catalogue
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Publish the images of two distributions
  ansible.builtin.include_role:
    name: oaktree.multicloud.images
  vars:
    images_locations: ["*"]
    images_osism_files: [etc/images/debian.yml, etc/images/ubuntu.yml]
    images_osism_options: {visibility: private}

- name: Show the definitions of a directory as a catalogue
  ansible.builtin.debug:
    msg: "{{ query('oaktree.multicloud.osism_images', 'etc/images') }}"

- name: Show what would be published, without a tag
  ansible.builtin.debug:
    msg: "{{ query('oaktree.multicloud.osism_images', 'etc/images', tag='') | oaktree.multicloud.catalogue(today) }}"
  vars:
    today: '2026-11-26'
"""

RETURN = r"""
_raw:
  description: The images, each with its versions. See the input of the filter P(oaktree.multicloud.catalogue#filter).
  type: list
  elements: dict
  sample:
    - name: Debian 13
      alias: Debian 13
      disk_format: qcow2
      keep_last: 2
      versions:
        - version: "20260124"
          url: "https://images.example.org/20260124-debian-13.qcow2"
"""

from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.osism import catalogue_of, files_in
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import plain


class LookupModule(LookupBase):
    """Ansible's interface to `plugin_utils.catalogue.osism`."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the images of all files, in their order."""
        with plugin_errors(AnsibleLookupError, self._display):
            self.set_options(var_options=variables, direct=kwargs)
            given = plain(self.get_options())
            return [
                image
                for term in plain(terms)
                for file in self._files(term, variables)
                for image in catalogue_of(self._content(file), str(file), tag=given["tag"], options=given["options"])
            ]

    def _files(self, term: str, variables: dict[str, Any] | None) -> list[Path]:
        found = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        if not found:
            raise InputError(
                f"{term}: there is no such file or directory", hint="Give a path on the host that runs Ansible."
            )
        path = Path(found)
        if not path.is_dir():
            return [path]
        names = files_in([each.name for each in path.iterdir()])
        if not names:
            raise InputError(f"{term}: the directory has no definitions", hint="They are files named *.yml or *.yaml.")
        return [path / name for name in names]

    def _content(self, file: Path) -> Any:
        try:
            return plain(self._loader.load_from_file(str(file), cache="none"))  # type: ignore[union-attr]
        except AnsibleError as error:
            raise InputError(f"{file}: {error.message}", hint="Correct the file.") from None
