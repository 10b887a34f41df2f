# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rest_info
short_description: Find the REST endpoint of a service in one Location
version_added: 1.0.0
description:
  - Returns the URL, API versions and headers of services in exactly one Location, for use in templates.
  - For many Locations at once, use the module M(oaktree.multicloud.rest_info), which returns the same records.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._guides.rest
options:
  _terms:
    description:
      - Service types, such as V(compute), V(image), V(network) or V(object-store). Aliases are accepted; V(volumev3) means
        V(block-storage).
    type: list
    elements: str
    required: true
  location:
    description:
      - A pattern C(cloud[/region[/project]]) that selects exactly one Location, or the C(location) of a returned record.
      - May be omitted if there is just one Location, or if the environment variable E(OS_CLOUD) names a cloud with one. With
        O(clouds_config), the variable is ignored.
    type: raw
  interface:
    description:
      - Which of the service's endpoints to use. If omitted, the one that C(clouds.yaml) names, or else the public one.
    type: str
    choices: [public, internal, admin]
  versions:
    description:
      - Whether to ask the service for its API versions, which costs one or two requests.
    type: bool
    default: true
  with_token:
    description:
      - Whether C(headers) of each record includes the token.
      - The token is a secret that authenticates the user until it expires. Set C(no_log=true) on every task that uses it.
    type: bool
    default: false
  timeout:
    description:
      - Seconds for all work on the Location.
    type: float
    default: 60.0
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.rest_info
  - plugin: oaktree.multicloud.rest
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show the URL of Nova
  ansible.builtin.debug:
    msg: "{{ lookup('oaktree.multicloud.rest_info', 'compute', location='alpha/north').url }}"

- name: List flavors
  ansible.builtin.uri:
    url: "{{ nova.url }}/flavors"
    headers: "{{ nova.headers }}"
  vars:
    nova: "{{ lookup('oaktree.multicloud.rest_info', 'compute', location='alpha/north', with_token=true) }}"
  no_log: true

- name: Find two services with credentials from a vault
  ansible.builtin.set_fact:
    found: "{{ query('oaktree.multicloud.rest_info', 'image', 'object-store', location='beta', clouds_config=vault) }}"
"""

RETURN = r"""
_raw:
  description:
    - A record for each service type, with the keys of the module's return value C(endpoints).
  type: list
  elements: dict
  sample:
    - service_type: compute
      url: "https://compute.north.example.org/v2.1"
      api_version: "2.1"
      headers: {Accept: application/json}
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import RestQuery, rest_record
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors, require_libraries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.one_location import at_one_location
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import (
    checked_options,
    converted,
    plain,
)


class LookupModule(LookupBase):
    """Ansible's interface to `_cloud.catalog.rest_record`."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the endpoint record of each service type."""
        require_libraries()
        with plugin_errors(AnsibleLookupError, self._display):
            self.set_options(var_options=variables, direct=converted(kwargs, self.option_definitions))
            return _endpoints(plain(terms), checked_options(self.get_options()))


def _endpoints(service_types: list[str], options: dict[str, Any]) -> list[dict[str, Any]]:
    queries = [
        RestQuery(service_type, options["interface"], options["versions"], options["with_token"])
        for service_type in service_types
    ]
    return at_one_location(
        options, lambda connection: [rest_record(connection, query) for query in queries], AnsibleLookupError
    )
