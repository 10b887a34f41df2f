# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write RETURN of the modules for one type of resource, from the table of types and the installed openstacksdk.

To be run when such a module is new or the table changes; a unit test fails until then.
"""

from __future__ import annotations

import importlib
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.doors import Door, ListDoor
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import Kind, kind_of
from tests.tools.make_kinds import classes, components

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "plugins" / "modules"
PACKAGE = "ansible_collections.oaktree.multicloud.plugins.modules"
BEGIN, END = 'RETURN = r"""', '"""'
WIDTH = 140
ID = "4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1"
TIME = "2026-03-14T09:26:53Z"
LOCATION = (
    "location: {description: The Location., type: dict, "
    "sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}"
)
FAILURES = f"""\
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    {LOCATION.replace("alpha/north", "beta/east").replace("alpha", "beta").replace("north", "east")}
    error: {{description: What happened., type: str, sample: not finished within timeout (60 s)}}
    kind:
      description: >-
        One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input,
        internal.
      type: str
      sample: timeout
    hint: {{description: What you can do about it., type: str, sample: "Check that the cloud answers."}}
"""
LOCATIONS = f"""\
locations:
  description: Statistics of each Location that was tried.
  returned: always
  type: list
  elements: dict
  contains:
    {LOCATION}
    offered:
      description:
        - Whether the Location offers such resources. V(false) where it does not have the service, or the service does
          not know the type; null where the Location failed.
      type: bool
      sample: true
    count: {{description: Number of resources that the Location contributed., type: int, sample: 12}}
    seconds: {{description: Duration in seconds., type: float, sample: 0.412}}
    requests: {{description: "Number of requests sent, token and discovery included.", type: int, sample: 2}}
"""
TYPES = {"str": "str", "int": "int", "bool": "bool", "float": "float", "list": "list", "dict": "dict"}
SAID = {
    "id": "The ID.",
    "name": "The name.",
    "properties": "What the service says that has no attribute of its own.",
    "description": "The text for people.",
    "project_id": "The ID of the project that owns it.",
    "tags": "The tags.",
}
"""What attributes of any type are, where openstacksdk does not say it well."""
SAMPLES: dict[str, Any] = {
    "action": "NONE",
    "allocation_pools": [{"start": "10.9.0.2", "end": "10.9.0.254"}],
    "allowed_address_pairs": [{"ip_address": "10.9.0.100", "mac_address": "fa:16:3e:0a:1b:2c"}],
    "attachments": [{"server_id": ID, "device": "/dev/vdb"}],
    "availability_zone": "nova",
    "binding_profile": {},
    "binding_vif_details": {"port_filter": True},
    "binding_vif_type": "ovs",
    "binding_vnic_type": "normal",
    "cidr": "10.9.0.0/24",
    "cluster_name": "ceph@rbd",
    "consumes_quota": True,
    "data_plane_status": "ACTIVE",
    "description": "managed by Ansible",
    "device_owner": "compute:nova",
    "device_profile": "gpu",
    "dns_assignment": [{"hostname": "web-1", "ip_address": "10.9.0.10", "fqdn": "web-1.example.org."}],
    "dns_domain": "example.org.",
    "dns_name": "web-1",
    "dns_nameservers": ["9.9.9.9"],
    "email": "admin@example.org",
    "extended_replication_status": "disabled",
    "external_gateway_info": {
        "network_id": ID,
        "enable_snat": True,
        "external_fixed_ips": [{"subnet_id": ID, "ip_address": "203.0.113.7"}],
    },
    "extra_dhcp_opts": [{"opt_name": "bootfile-name", "opt_value": "pxelinux.0", "ip_version": 4}],
    "extra_specs": {"hw:cpu_policy": "dedicated"},
    "federated": [{"idp_id": "example", "protocols": []}],
    "fingerprint": "SHA256:2mHl0mW3y1J4j1uV4W1dU2lq0fFz0d0T5Wm1o6Bz1sA",
    "fixed_ip_address": "10.9.0.10",
    "fixed_ips": [{"subnet_id": ID, "ip_address": "10.9.0.10"}],
    "floating_ip_address": "203.0.113.9",
    "gateway_ip": "10.9.0.1",
    "group": {"id": ID},
    "hardware_offload_type": "switchdev",
    "host": "node1@rbd#rbd",
    "host_routes": [{"destination": "10.20.0.0/16", "nexthop": "10.9.0.9"}],
    "ip_allocation": "immediate",
    "ip_version": 4,
    "ipv6_address_mode": "slaac",
    "ipv6_ra_mode": "slaac",
    "is_shared": False,
    "mac_address": "fa:16:3e:0a:1b:2c",
    "masters": ["192.0.2.53"],
    "metadata": {"role": "web"},
    "migration_status": "success",
    "name": "web",
    "numa_affinity_policy": "preferred",
    "options": {},
    "original_name": "m1.web",
    "policies": ["anti-affinity"],
    "policy": "anti-affinity",
    "port_details": {"name": "web-1", "network_id": ID, "status": "ACTIVE", "device_id": ID},
    "prefix_length": 24,
    "progress": "100%",
    "provider_network_type": "vlan",
    "provider_physical_network": "physnet1",
    "provider_segmentation_id": 101,
    "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoOZ4v1SrKJqcQ3xXKqHqGmGJ0jYp1dYJ5XQd1u5c8T",
    "pvlan_community": "",
    "pvlan_type": "",
    "ram": 4096,
    "records": ["192.0.2.80"],
    "replication_driver_data": "",
    "replication_status": "disabled",
    "resource_request": {},
    "role": {"id": ID, "name": "member"},
    "routes": [{"destination": "10.20.0.0/16", "nexthop": "10.9.0.254"}],
    "scope": {"project": {"id": ID, "name": "demo"}},
    "security_group_rules": [
        {"id": ID, "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22}
    ],
    "segments": [
        {
            "provider:network_type": "vlan",
            "provider:physical_network": "physnet1",
            "provider:segmentation_id": 101,
        }
    ],
    "service_types": ["network:dhcp"],
    "service_uuid": ID,
    "stateful": True,
    "status": "ACTIVE",
    "tags": ["web"],
    "trunk_details": {"trunk_id": ID, "sub_ports": []},
    "ttl": 3600,
    "type": "A",
    "user": {"id": ID, "name": "eve"},
    "volume_image_metadata": {"image_name": "fedora-43"},
    "volume_type": "ssd",
    "zone_name": "example.org.",
    "block_storage.snapshot.status": "available",
    "block_storage.volume.status": "available",
    "compute.keypair.id": "deploy",
    "compute.keypair.name": "deploy",
    "compute.keypair.type": "ssh",
    "dns.recordset.name": "www.example.org.",
    "dns.zone.name": "example.org.",
    "dns.zone.type": "PRIMARY",
    "identity.user.name": "eve",
}
"""Samples of texts, and of what a general one would not fit; of one type after its name."""


def doors() -> dict[str, Door | ListDoor]:
    """Return what each module for one type is, by the name of the module."""
    found = {}
    for path in sorted(MODULES.glob("*.py")):
        if re.search(r"^DOOR = ", path.read_text(encoding="utf-8"), re.MULTILINE):
            found[path.stem] = importlib.import_module(f"{PACKAGE}.{path.stem}").DOOR
    return found


def main() -> None:
    """Write RETURN of all of them."""
    for name, door in doors().items():
        path = MODULES / f"{name}.py"
        head, rest = path.read_text(encoding="utf-8").split(BEGIN, 1)
        path.write_text(f"{head}{BEGIN}{returns(door)}{rest[rest.index(END) :]}", encoding="utf-8")


def returns(door: Door | ListDoor) -> str:
    """Return the text of RETURN of a module."""
    if isinstance(door, Door):
        return f"\n{results(door)}{FAILURES}"
    return f"\n{records(door)}{LOCATIONS}{FAILURES}"


def results(door: Door) -> str:
    """Return what a module that changes resources returns of each Location."""
    kind = kind_of(door.type)
    info = f"oaktree.multicloud.{door.noun}_info"
    return f"""\
results:
  description: What was done, or in check mode would be done, in each Location that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    {LOCATION}
    action:
      description: One of V(created), V(updated), V(replaced), V(deleted) and V(unchanged).
      type: str
      sample: created
    {door.noun}:
      description: The record, as M({info}) returns it; null if there is none, or in check mode if it would be created.
      type: dict
      sample: {flow({"id": ID, "name": sample(kind.name, "name", "str")} if door.named else {"role_id": ID})}
    notes:
      description: What could not be compared, and what the cloud keeps otherwise than it was told.
      type: list
      elements: str
      sample: ["tags: the cloud has [a], although it was told [A]"]
"""


def records(door: ListDoor) -> str:
    """Return what a module that lists resources returns: every key of a record, typed."""
    kind = kind_of(door.type)
    lines = [
        f"{door.plural}:",
        "  description:",
        "    - Those of all Locations, sorted by Location, then name. With O(query), the result of the expression.",
        "    - Every key that O(fields) keeps is always present, and null if the cloud does not report it.",
        "  returned: always",
        "  type: list",
        "  elements: dict",
        "  contains:",
        f"    {LOCATION}",
    ]
    said, typed = described(kind)
    for name in sorted(kind.fields() - {"location"}):
        lines += entry(kind.name, name, said.get(name) or sentence(name), typed.get(name, "str"))
    return "\n".join(lines) + "\n"


def entry(kind: str, name: str, description: str, type_: str) -> list[str]:
    """Return the lines of one key of a record."""
    value = sample(kind, name, type_)
    shown = {"description": description, "type": type_}
    if type_ == "list":
        shown["elements"] = "dict" if value and isinstance(value[0], dict) else "str"
    line = f"    {name}: {flow({**shown, 'sample': value})}"
    if len(line) <= WIDTH:
        return [line]
    text = textwrap.wrap(
        flow(description), WIDTH, initial_indent="        - ", subsequent_indent="          ", break_on_hyphens=False
    )
    rest = [f"      {key}: {given}" for key, given in list(shown.items())[1:]]
    line = f"      sample: {flow(value)}"
    if len(line) > WIDTH:
        block = yaml.safe_dump(value, sort_keys=False)
        return [f"    {name}:", "      description:", *text, *rest, "      sample:", *indented(block, "        ")]
    return [f"    {name}:", "      description:", *text, *rest, line]


def indented(text: str, space: str) -> list[str]:
    """Return the lines of a text after some space."""
    return [f"{space}{line}" for line in text.splitlines()]


def flow(value: Any) -> str:
    """Return a value as YAML has it in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=100_000)
    return text.removesuffix("...\n").strip()


def sentence(name: str) -> str:
    """Return what a name says by itself."""
    words = name.replace("_", " ").replace(" id", " ID")
    return f"Whether it {words.removeprefix('is ')}." if name.startswith("is_") else f"The {words}."


def sample(kind: str, name: str, type_: str) -> Any:
    """Return a sample. Raises KeyError for a text of which no sample is known: give one in `SAMPLES`."""
    for known in (f"{kind}.{name}", name):
        if known in SAMPLES:
            return SAMPLES[known]
    if name.endswith(("_at", "_time")):
        return TIME
    if name == "id" or name.endswith("_id"):
        return ID
    if name.endswith("_ids"):
        return [ID]
    return {"bool": True, "int": 1, "float": 1.0, "list": [], "dict": {}}[type_]


def described(kind: Kind) -> tuple[dict[str, str], dict[str, str]]:
    """Return what openstacksdk says of the attributes of a type, and their types."""
    service, name = kind.name.split(".")
    package = importlib.import_module(f"openstack.{service}")
    folder = max(path for path in Path(str(package.__file__)).parent.glob("v[0-9]*") if path.is_dir())
    cls = classes(f"openstack.{service}.{folder.name}", folder)[name]
    said: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("openstack."):
            said.update(comments(inspect.getsource(base)))
    typed = {"properties": "dict"}
    for attribute, component in components(cls):
        typed[attribute] = TYPES.get(getattr(component.data_type, "__name__", ""), "str")
    typed.update(kind.types)
    for attribute in typed:
        if attribute in SAMPLES and not isinstance(SAMPLES[attribute], str):
            typed[attribute] = type(SAMPLES[attribute]).__name__
    return {**said, **SAID}, typed


def comments(source: str) -> dict[str, str]:
    """Return the documentation of the attributes of a class: the comments that begin with `#:` before them."""
    found = {}
    for match in re.finditer(r"((?:^ +#:.*\n)+) +(\w+) = ", source, re.MULTILINE):
        text = " ".join(line.strip().removeprefix("#:").strip() for line in match[1].splitlines())
        text = re.sub(r"\*Type:.*?\*", "", text).replace("``", "").strip()
        text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text)
        if text:
            found[match[2]] = text if text.endswith(".") else f"{text}."
    return found


if __name__ == "__main__":
    main()
