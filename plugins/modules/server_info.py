#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: server_info
short_description: List the servers of all your clouds
version_added: 1.0.0
description:
  - Lists the servers of every selected Location in parallel and merges them into one list, sorted by Location, then name.
  - Sends one request for each page of each Location, and none for single servers. Pages have the largest size that the cloud allows.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.servers
options:
  name:
    description:
      - Return only servers with exactly this name.
    type: str
  id:
    description:
      - Return only the server with this ID. Locations that do not have it contribute nothing.
      - Mutually exclusive with O(name) and O(filters).
    type: str
  filters:
    description:
      - Query parameters of Nova's server list, passed through to every Location, such as V(status), V(flavor), V(image), V(ip) or
        V(changes-since). The cloud decides what a filter does, and whether ordinary users may use it.
      - The values are text, numbers, booleans, or lists of such. Metadata is no filter of Nova's; use O(query) for it.
    type: dict
  fields:
    description:
      - The keys of RV(servers) to keep, in addition to C(location), which every record keeps. If omitted, all keys are kept; with an empty
        list, only the location.
      - All other keys are dropped at once, which saves most of the time and memory when there are many servers. O(query) sees only the keys
        that are kept; O(name) and the order of the list do not depend on them.
      - Unknown keys are rejected with a list of the valid ones.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over the merged list. Its result, which must be a list, is returned instead.
    type: str
  all_projects:
    description:
      - List the servers of all projects of a cloud. Most clouds allow this to administrators only.
    type: bool
    default: false
  details:
    description:
      - Whether to request all details. If V(false), only ID, name and location are returned, which is faster when there are many servers.
        All other keys are null, or mappings of which nothing is known.
      - With O(all_projects=true) and without details, the project of the location is not known.
    type: bool
    default: true
requirements:
  - jmespath (for O(query))
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - plugin: oaktree.multicloud.servers
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: List all servers of all clouds
  oaktree.multicloud.server_info:
  register: everywhere

- name: List names and regions of the active web servers in two clouds
  oaktree.multicloud.server_info:
    locations: [alpha, beta/east]
    filters:
      status: ACTIVE
    query: "[?contains(name, 'web')].{name: name, cloud: location.cloud, region: location.region}"
  register: web

- name: Find a server in any cloud, even if some clouds are down
  oaktree.multicloud.server_info:
    name: web-01
    on_failure: warn
  register: found

- name: List the project of every server of one cloud, as its administrator
  oaktree.multicloud.server_info:
    locations: [alpha-admin]
    all_projects: true
    fields: [project_id]
  register: owned

- name: Count the servers of each project
  ansible.builtin.debug:
    msg: "{{ item[0] }}: {{ item[1] | length }}"
  loop: "{{ owned.servers | groupby('project_id') }}"
  loop_control:
    label: "{{ item[0] }}"

- name: List the servers in the Location of the one that was found
  oaktree.multicloud.server_info:
    locations: "{{ found.servers[0].location }}"

- name: List thousands of servers with only the keys that are needed
  oaktree.multicloud.server_info:
    fields: [id, name, status, tags]
  register: slim
"""

RETURN = r"""
servers:
  description:
    - The servers of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Keys are openstacksdk's attribute names. Every key that O(fields) keeps is always present, and null if the cloud does not report
      it.
  returned: always
  type: list
  elements: dict
  sample:
    - name: web-01
      status: ACTIVE
      location:
        name: alpha/north/demo
        cloud: alpha
        region: north
        zone: nova
        project: {id: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1, name: demo, domain_id: default, domain_name: Default}
  contains:
    access_ipv4: {description: IPv4 address that the owner set for access., type: str, sample: ""}
    access_ipv6: {description: IPv6 address that the owner set for access., type: str, sample: ""}
    addresses:
      description: Addresses by network name, as Nova returns them.
      type: dict
      sample: {private: [{addr: 10.0.0.3, version: 4, "OS-EXT-IPS:type": fixed, "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:c0:ff:ee"}]}
    attached_volumes: {description: Attached volumes., type: list, elements: dict, sample: [{id: 0b5d, delete_on_termination: false}]}
    availability_zone: {description: Availability zone., type: str, sample: nova}
    compute_host: {description: Hypervisor host; administrators only., type: str, sample: compute-north}
    created_at: {description: Time of creation (UTC)., type: str, sample: "2026-11-20T10:00:00Z"}
    description: {description: Description., type: str, sample: web server}
    disk_config: {description: C(AUTO) or C(MANUAL)., type: str, sample: MANUAL}
    fault: {description: Why the server is in status ERROR., type: dict, sample: {code: 500, message: No valid host was found.}}
    flavor:
      description: The flavor; RAM and swap in MiB, disks in GiB. Clouds older than microversion 2.47 report the ID only.
      type: dict
      sample: {id: null, name: m1.small, vcpus: 1, ram: 2048, disk: 20, ephemeral: 0, swap: 0, extra_specs: {}}
    has_config_drive: {description: Whether the server has a config drive., type: bool, sample: false}
    host_id: {description: Opaque ID of the host for this project., type: str, sample: 0e4d}
    host_status: {description: Status of the host; administrators only., type: str, sample: UP}
    hostname: {description: Hostname in the metadata., type: str, sample: web-01}
    hypervisor_hostname: {description: Name of the hypervisor; administrators only., type: str, sample: node-1}
    id: {description: ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    image: {description: The image with its ID; null for a server that boots from a volume., type: dict, sample: {id: 70a599e0}}
    instance_name: {description: Name at the hypervisor; administrators only., type: str, sample: instance-00000001}
    is_locked: {description: Whether the server is locked., type: bool, sample: false}
    kernel_id: {description: Kernel image; administrators only., type: str, sample: ""}
    key_name: {description: Name of the key pair., type: str, sample: ops}
    launch_index: {description: Index within a multi-create; administrators only., type: int, sample: 0}
    launched_at: {description: Time of the launch (UTC)., type: str, sample: "2026-11-20T10:00:05.000000"}
    location:
      description: Cloud, region, zone and project, and the C(name) that selects exactly this Location.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: nova}
    locked_reason: {description: Why the server is locked., type: str, sample: audit}
    metadata: {description: Metadata., type: dict, sample: {role: web}}
    name: {description: Name., type: str, sample: web-01}
    power_state: {description: "Power state: 0 pending, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended.", type: int, sample: 1}
    private_v4: {description: First private IPv4 address., type: str, sample: 10.0.0.3}
    private_v6: {description: First private IPv6 address., type: str, sample: "fd00::3"}
    progress: {description: Progress of a build in percent., type: int, sample: 0}
    project_id: {description: Project that owns the server., type: str, sample: 5bd0c0a5f2f14d4ea0d9b1f0b5d9d8f1}
    properties: {description: Further keys that the cloud returned., type: dict, sample: {}}
    public_v4: {description: First floating or otherwise public IPv4 address., type: str, sample: 203.0.113.7}
    public_v6: {description: First public IPv6 address., type: str, sample: "2001:db8::7"}
    ramdisk_id: {description: Ramdisk image; administrators only., type: str, sample: ""}
    reservation_id: {description: Reservation; administrators only., type: str, sample: r-1}
    root_device_name: {description: Root device; administrators only., type: str, sample: /dev/vda}
    security_groups: {description: Security groups by name., type: list, elements: dict, sample: [{name: default}]}
    server_groups: {description: IDs of the server groups., type: list, elements: str, sample: []}
    status: {description: Status., type: str, sample: ACTIVE}
    tags: {description: Tags., type: list, elements: str, sample: [blue]}
    task_state: {description: What the cloud is doing with the server., type: str, sample: spawning}
    terminated_at: {description: Time of the termination (UTC)., type: str, sample: "2026-11-20T11:00:00.000000"}
    trusted_image_certificates: {description: IDs of trusted certificates., type: list, elements: str, sample: []}
    updated_at: {description: Time of the last update (UTC)., type: str, sample: "2026-11-20T10:00:06Z"}
    user_id: {description: User who created the server., type: str, sample: 9f1c}
    vm_state: {description: State of the virtual machine., type: str, sample: active}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location:
      description: The Location. Its C(name) is the pattern that selects exactly it.
      type: dict
      sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}
    count: {description: Number of servers that the Location contributed., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
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

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.filters import as_parameters
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import ServerQuery, list_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    fail,
    make_module,
    run_info,
    target_spec,
)

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "id": {"type": "str"},
        "filters": {"type": "dict"},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
        "all_projects": {"type": "bool", "default": False},
        "details": {"type": "bool", "default": True},
    },
    mutually_exclusive=[["id", "name"], ["id", "filters"]],
)


def main() -> None:
    module = make_module(target_spec(writes=False, timeout=60.0).merge(SPEC))
    params = module.params
    try:
        filters = as_parameters(params["filters"] or {})
    except InputError as error:
        fail(module, error)
    query = ServerQuery(
        name=params["name"],
        id=params["id"],
        filters=filters,
        all_projects=params["all_projects"],
        details=params["details"],
        fields=params["fields"],
    )
    run_info(module, "servers", lambda connection: list_servers(connection, query), SERVER_FIELDS)


if __name__ == "__main__":
    main()
