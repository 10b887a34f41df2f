#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: rest
short_description: Send a request to the API of any service in several clouds
version_added: 1.0.0
description:
  - Sends one request to the REST API of a service in every selected Location, in parallel, for whatever no other module covers.
  - The request goes through the session of each Location, with its token, its rate limits, its timeouts and retries. No token is needed
    in the task, and none is returned.
  - If an answer is lost, only GET, HEAD and DELETE requests are sent again, which may be repeated. If a service is busy (429), requests
    of all methods are.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.rest
options:
  locations:
    description:
      - The Locations to send the request to, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a cloud
        alone means all its regions, and V(!pattern) excludes Locations that other patterns select.
      - A pattern that matches nothing is an error that lists what exists. A Location may also be given as the C(location) of any returned
        record. May be a list, text with commas or line breaks, or JSON text, as in V(alpha, beta/east).
      - Required unless O(method) is V(GET) or V(HEAD), so that an omitted option never changes every cloud. With those, if omitted, all
        Locations, or those of the cloud that the environment variable E(OS_CLOUD) names. With O(clouds_config), the variable is ignored.
    type: raw
  service_type:
    description:
      - The service type, such as V(compute), V(image), V(network) or V(object-store). Aliases are accepted; V(volumev3) means
        V(block-storage).
    type: str
    required: true
  interface:
    description:
      - Which of the service's endpoints to use. If omitted, the one that C(clouds.yaml) names, or else the public one.
    type: str
    choices: [public, internal, admin]
  method:
    description:
      - The HTTP method.
    type: str
    choices: [GET, HEAD, POST, PUT, PATCH, DELETE]
    default: GET
  path:
    description:
      - The path below the C(url) that M(oaktree.multicloud.rest_info) returns, such as V(/servers/detail). It may have a query. V(/) is
        the URL itself.
      - May also be a whole URL that begins with that of the service in the Location, as the links in answers do.
      - The request never leaves the endpoint. A path with V(..), and a URL that is not below the endpoint, are rejected.
      - Names with other characters than letters and digits need the filter C(urlencode); a slash within a name is C(%2F).
    type: str
    required: true
  params:
    description:
      - The query of the URL. The values are text, numbers, booleans, which are written as C(true) and C(false), or lists of such. Null
        is left out.
    type: dict
  headers:
    description:
      - Headers of the request. C(Accept) and the C(Content-Type) of O(body) have defaults.
      - What the session of the Location decides is rejected, C(X-Auth-Token) and C(Host) among others. For microversions there is
        O(microversion).
      - The values of headers whose names mean a secret, such as C(X-Subject-Token), are masked wherever Ansible shows them.
    type: dict
  body:
    description:
      - The body. A mapping or a list is sent as JSON; text is sent as it is, as C(text/plain) unless O(headers) has C(Content-Type).
    type: raw
  secrets:
    description:
      - Parts of the body that are never shown. They are merged into O(body), which must be a mapping then, at any depth.
    type: dict
    default: {}
  microversion:
    description:
      - The microversion to ask for, such as V(2.96), in quotes. A service that does not support it refuses the request.
      - V(latest) is the newest one that the service of each Location has; with a service without microversions, none. Finding it takes
        up to two requests, once in a while for all tasks.
      - If omitted, the request names none, and the service uses its oldest.
    type: str
  pages:
    description:
      - The key of a list in the answer, such as V(servers), of which all pages are read. RV(results[].body) has this key alone, with
        the items of all pages.
      - Only with O(method=GET). If omitted, the answer is returned as it is, even if it says that there is more.
    type: str
  status:
    description:
      - The HTTP statuses to accept. Any other one is a failure of the Location, with the words of the service. The answer of an accepted
        status from 400 on is returned, too.
      - If empty, all from 200 to 299 are accepted. V(401) never is.
    type: list
    elements: int
    default: []
attributes:
  check_mode:
    support: partial
    details:
      - V(GET) and V(HEAD) are sent. Other requests are not, as RV(results[].sent) says, and are not reported as a change, because only
        the service knows what they would do. Whether the Location has the service is checked.
  diff_mode:
    support: none
    details:
      - Only the service knows what a request changes.
  idempotent:
    support: partial
    details:
      - With O(method=GET) and O(method=HEAD). Every other request is sent, and reported as a change, each time.
notes:
  - The body of an answer is returned as the service writes it, and may be a secret by itself, such as the C(adminPass) of a new server. Set
    C(no_log=true) on such a task.
  - An answer that is neither JSON nor text, such as an image, is a failure of kind C(refused), and is not read.
requirements:
  - os-service-types (comes with openstacksdk)
seealso:
  - module: oaktree.multicloud.rest_info
  - module: oaktree.multicloud.resource
  - module: oaktree.multicloud.resource_info
  - plugin: oaktree.multicloud.rest
    plugin_type: lookup
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Read the limits of the project in every Location
  oaktree.multicloud.rest:
    service_type: compute
    path: /limits
  register: limits

- name: List all flavors with their extra specs, whatever the size of a page
  oaktree.multicloud.rest:
    service_type: compute
    path: /flavors/detail
    microversion: latest
    pages: flavors
    locations: [alpha]

- name: Create a key pair in each region of two clouds
  oaktree.multicloud.rest:
    service_type: compute
    method: POST
    path: /os-keypairs
    body:
      keypair:
        name: deploy
        public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE5gX2k6s8mFZcEXAMPLEEXAMPLEEXAMPLEEXAMPL deploy@example.org
    locations: [alpha, beta]

- name: Delete it, wherever it is
  oaktree.multicloud.rest:
    service_type: compute
    method: DELETE
    path: /os-keypairs/deploy
    status: [202, 204, 404]
    locations: [alpha, beta]

- name: Store a secret in the key manager
  oaktree.multicloud.rest:
    service_type: key-manager
    method: POST
    path: /secrets
    body:
      name: db
      payload_content_type: text/plain
    secrets:
      payload: "{{ db_password }}"
    locations: [alpha/north]

- name: Set the metadata of a container
  oaktree.multicloud.rest:
    service_type: object-store
    method: POST
    path: /backups
    headers:
      X-Container-Meta-Owner: ops
    locations: [beta/east]
"""

RETURN = r"""
results:
  description: The answer of each Location, sorted by Location. Those that failed are in RV(failures).
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: Cloud, region and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    sent: {description: "Whether the request was sent; false in check mode, unless it only reads.", type: bool, sample: true}
    url: {description: The URL of the request without its query., type: str, sample: "https://compute.north.example.org/v2.1/limits"}
    microversion: {description: The microversion that was asked for; null if none was., type: str, sample: "2.96"}
    status: {description: "The HTTP status; null if nothing was sent. With O(pages), that of the first page.", type: int, sample: 200}
    headers:
      description:
        - The headers of the answer, with names in lower case; with O(pages), those of the first page. Values that are secret, such as that of
          C(x-subject-token), are masked.
      type: dict
      sample: {content-type: application/json, x-openstack-request-id: req-7a2f}
    body:
      description: The body; JSON is parsed, other text is as the service writes it. Null if there is none.
      type: raw
      sample: {limits: {rate: [], absolute: {maxTotalInstances: 10}}}
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
    error: {description: What happened., type: str, sample: not finished within timeout (60 s)}
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise timeout."}
"""

from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.request import (
    METHODS,
    RestRequest,
    check_locations,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.send import send
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    make_module,
    run_requests,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "service_type": {"type": "str", "required": True},
        "interface": {"type": "str", "choices": ["public", "internal", "admin"]},
        "method": {"type": "str", "choices": list(METHODS), "default": "GET"},
        "path": {"type": "str", "required": True},
        "params": {"type": "dict"},
        "headers": {"type": "dict", "no_log": True},
        "body": {"type": "raw"},
        "secrets": {"type": "dict", "no_log": True, "default": {}},
        "microversion": {"type": "str"},
        "pages": {"type": "str"},
        "status": {"type": "list", "elements": "int", "default": []},
    },
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    try:
        request = RestRequest.from_options(module.params)
        check_locations(request, module.params["locations"])
    except OaktreeError as error:
        fail(module, error)
    target = Target.from_options(module.params)

    def act(check_mode: bool) -> list[Result[dict[str, Any]]]:  # noqa: FBT001
        return gather(target, lambda connection: send(connection, request, check_mode=check_mode))

    run_requests(module, act, reads=request.reads)


if __name__ == "__main__":
    main()
