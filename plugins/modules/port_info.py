#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: port_info
short_description: List the ports of all your clouds
version_added: 1.0.0
description:
  - Lists the ports of every selected Location in parallel and merges them into one list, sorted by Location, then name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - oaktree.multicloud._doors.list
  - oaktree.multicloud._doors.find
  - oaktree.multicloud._attributes.info
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.resources
options:
  network:
    description:
      - Return only ports of the network with this name. Locations without such a network contribute nothing.
    type: raw
  server:
    description:
      - Return only ports of the server with this name.
    type: raw
  router:
    description:
      - Return only ports of the router with this name.
      - Mutually exclusive with O(server).
    type: raw
  device_owner:
    description:
      - Return only ports of this kind of thing, such as V(network:dhcp).
    type: str
  mac_address:
    description:
      - Return only the port with this MAC address.
    type: str
  status:
    description:
      - Return only ports of this status.
    type: str
    choices: [ACTIVE, DOWN, BUILD, ERROR]
seealso:
  - module: oaktree.multicloud.port
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: List the ports of one network, wherever there is a network of this name
  oaktree.multicloud.port_info:
    network: private
    fields: [name, fixed_ips]
  register: private

- name: List the ports of a server
  oaktree.multicloud.port_info:
    locations: [alpha]
    server: web-1
  register: found

- name: List the addresses of a router
  oaktree.multicloud.port_info:
    locations: [alpha, beta]
    router: web
    query: '[].fixed_ips[].ip_address'
  register: addresses
"""

RETURN = r"""
ports:
  description:
    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.
    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    allowed_address_pairs:
      description:
        - Allowed address pairs list. Dictionary key ip_address is required and key mac_address is optional.
      type: list
      elements: dict
      sample: [{ip_address: 10.9.0.100, mac_address: 'fa:16:3e:0a:1b:2c'}]
    binding_host_id:
      description:
        - The ID of the host where the port is allocated. In some cases, different implementations can run on different hosts.
      type: str
      sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1
    binding_profile:
      description:
        - A dictionary the enables the application running on the specified host to pass and receive vif port-specific information to the
          plug-in.
      type: dict
      sample: {}
    binding_vif_details:
      description:
        - 'Read-only. A dictionary that enables the application to pass information about functions that the Networking API provides. To
          enable or disable port filtering features such as security group and anti-MAC/IP spoofing, specify port_filter: True or
          port_filter: False.'
      type: dict
      sample: {port_filter: true}
    binding_vif_type: {description: Read-only. The vif type for the specified port., type: str, sample: ovs}
    binding_vnic_type:
      description:
        - The vnic type that is bound to the neutron port.  In POST and PUT operations, specify a value of normal (virtual nic), direct (pci
          passthrough), or macvtap (virtual interface with a tap-like software interface). These values support SR-IOV PCI passthrough
          networking. The ML2 plug-in supports the vnic_type.  In GET operations, the binding:vnic_type extended attribute is visible to
          only port owners and administrative users.
      type: str
      sample: normal
    created_at: {description: Timestamp when the port was created., type: str, sample: '2026-03-14T09:26:53Z'}
    data_plane_status: {description: Underlying data plane status of this port., type: str, sample: ACTIVE}
    description: {description: The text for people., type: str, sample: managed by Ansible}
    device_id: {description: Device ID of this port., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    device_owner: {description: 'Device owner of this port (e.g. network:dhcp).', type: str, sample: 'compute:nova'}
    device_profile: {description: The device profile., type: str, sample: gpu}
    dns_assignment:
      description:
        - DNS assignment for the port.
      type: list
      elements: dict
      sample: [{hostname: web-1, ip_address: 10.9.0.10, fqdn: web-1.example.org.}]
    dns_domain: {description: DNS domain assigned to the port., type: str, sample: example.org.}
    dns_name: {description: DNS name for the port., type: str, sample: web-1}
    extra_dhcp_opts:
      description:
        - Extra DHCP options.
      type: list
      elements: dict
      sample: [{opt_name: bootfile-name, opt_value: pxelinux.0, ip_version: 4}]
    fixed_ips:
      description:
        - IP addresses for the port. Includes the IP address and subnet ID.
      type: list
      elements: dict
      sample: [{subnet_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, ip_address: 10.9.0.10}]
    hardware_offload_type: {description: The hardware offload type., type: str, sample: switchdev}
    id: {description: The ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    ip_allocation: {description: The ip allocation., type: str, sample: immediate}
    is_admin_state_up: {description: 'The administrative state of the port, which is up True or down False.', type: bool, sample: true}
    is_port_security_enabled:
      description:
        - 'The port security status, which is enabled True or disabled False.  *Default: False*.'
      type: bool
      sample: true
    mac_address: {description: The MAC address of an allowed address pair., type: str, sample: 'fa:16:3e:0a:1b:2c'}
    name: {description: The name., type: str, sample: web}
    network_id: {description: The ID of the attached network., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    numa_affinity_policy: {description: The NUMA affinity policy defined for this port., type: str, sample: preferred}
    project_id: {description: The ID of the project that owns it., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    propagate_uplink_status: {description: Whether to propagate uplink status of the port., type: bool, sample: true}
    properties: {description: What the service says that has no attribute of its own., type: dict, sample: {}}
    pvlan_community: {description: The PVLAN community name. Only needed if pvlan_type is Community., type: str, sample: ''}
    pvlan_type: {description: 'The PVLAN type of the port. Can be Promiscuous, Isolated or Community.', type: str, sample: ''}
    qos_network_policy_id: {description: The qos network policy ID., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    qos_policy_id: {description: The ID of the QoS policy attached to the port., type: str, sample: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1}
    resource_request: {description: The resource request., type: dict, sample: {}}
    revision_number: {description: Revision number of the resource., type: int, sample: 1}
    security_group_ids:
      description:
        - The IDs of any attached security groups.
      type: list
      elements: str
      sample: [4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1]
    status: {description: The port status. Value is ACTIVE or DOWN., type: str, sample: ACTIVE}
    tags: {description: The tags., type: list, elements: str, sample: [web]}
    trunk_details:
      description:
        - Read-only. The trunk referring to this parent port and its subports. Present for trunk parent ports if trunk-details extension is
          loaded.
      type: dict
      sample: {trunk_id: 4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1, sub_ports: []}
    trusted:
      description:
        - Status of the trusted VIF setting, this value is added to the binding:profile field and passed to services which needs, it, like
          Nova.
      type: bool
      sample: true
    updated_at: {description: Timestamp when the port was last updated., type: str, sample: '2026-03-14T09:26:53Z'}
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    offered:
      description:
        - Whether the Location offers such resources. V(false) where it does not have the service, or the service does
          not know the type; null where the Location failed.
      type: bool
      sample: true
    count: {description: Number of resources that the Location contributed., type: int, sample: 12}
    seconds: {description: Duration in seconds., type: float, sample: 0.412}
    requests: {description: "Number of requests sent, token and discovery included.", type: int, sample: 2}
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    error: {description: What happened., type: str, sample: not finished within timeout (60 s)}
    kind:
      description: >-
        One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input,
        internal.
      type: str
      sample: timeout
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers."}
"""

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import (
    ListDoor,
    Option,
    reference,
    run_list_door,
)

DOOR = ListDoor(
    "network.port",
    "ports",
    {
        "network": reference("network_id"),
        "server": reference("device_id", "compute.server"),
        "router": reference("device_id", "network.router"),
        "device_owner": Option(),
        "mac_address": Option(),
        "status": Option(choices=("ACTIVE", "DOWN", "BUILD", "ERROR")),
    },
)


def main() -> None:
    run_list_door(DOOR)


if __name__ == "__main__":
    main()
