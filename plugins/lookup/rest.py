# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: rest
short_description: Read from the API of any service in one Location
version_added: 1.0.0
description:
  - Sends GET requests to the REST API of a service in exactly one Location, and returns the bodies of the answers, for use in templates.
  - Templates may be evaluated more than once. For many Locations at once, and for other methods, use the module M(oaktree.multicloud.rest).
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._guides.rest
options:
  _terms:
    description:
      - Paths below the C(url) that P(oaktree.multicloud.rest_info#lookup) returns, such as V(/flavors/detail). A path may have a query.
      - May also be whole URLs that begin with that of the service, as the links in answers do. No request leaves the endpoint.
    type: list
    elements: str
    required: true
  service_type:
    description:
      - The service type, such as V(compute), V(image), V(network) or V(object-store). Aliases are accepted; V(volumev3) means
        V(block-storage).
    type: str
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
  params:
    description:
      - The query of the URLs. The values are text, numbers, booleans, or lists of such.
    type: dict
  headers:
    description:
      - Headers of the requests. What the session of the Location decides, such as C(X-Auth-Token), is rejected.
    type: dict
  microversion:
    description:
      - The microversion to ask for, such as V(2.96), in quotes, or V(latest). If omitted, the service uses its oldest.
    type: str
  pages:
    description:
      - The key of a list in the answer, such as V(servers), of which all pages are read. The result has this key alone.
    type: str
  status:
    description:
      - The HTTP statuses to accept. If empty, all from 200 to 299 are.
    type: list
    elements: int
    default: []
  timeout:
    description:
      - Seconds for all work on the Location.
    type: float
    default: 60.0
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.rest
  - plugin: oaktree.multicloud.rest_info
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Show how many servers the project may have
  ansible.builtin.debug:
    msg: "{{ limits.limits.absolute.maxTotalInstances }}"
  vars:
    limits: "{{ lookup('oaktree.multicloud.rest', '/limits', service_type='compute', location='alpha/north') }}"

- name: List the names of all networks
  ansible.builtin.debug:
    msg: "{{ found.networks | map(attribute='name') }}"
  vars:
    found: >-
      {{ lookup('oaktree.multicloud.rest', '/networks', service_type='network', pages='networks', location='beta') }}

- name: Read two schemas with credentials from a vault
  ansible.builtin.set_fact:
    schemas: "{{ query('oaktree.multicloud.rest', *paths, service_type='image', clouds_config=vault) }}"
  vars:
    paths: [/schemas/image, /schemas/task]
"""

RETURN = r"""
_raw:
  description:
    - The body of the answer to each request. JSON is parsed, other text is as the service writes it; null if there is none.
  type: list
  elements: raw
  sample:
    - limits: {absolute: {maxTotalInstances: 10}}
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.request import RestRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.send import send
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors, require_libraries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.one_location import at_one_location
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import (
    checked_options,
    converted,
    plain,
)


class LookupModule(LookupBase):
    """Ansible's interface to `_rest.send`, for what reads."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the body of the answer for each path."""
        require_libraries()
        with plugin_errors(AnsibleLookupError, self._display):
            self.set_options(var_options=variables, direct=converted(kwargs, self.option_definitions))
            options = checked_options(self.get_options())
            requests = [RestRequest.from_options({**options, "path": path}) for path in plain(terms)]
            return at_one_location(
                options,
                lambda connection: [send(connection, request, check_mode=False)["body"] for request in requests],
                AnsibleLookupError,
            )
