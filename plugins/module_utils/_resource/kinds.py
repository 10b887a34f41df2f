# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of resources: what openstacksdk says of each (`kinds_data`), and beside it what it does not say."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from .._cloud.service_types import official_type
from .._core.errors import InputError
from .._core.text import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = frozenset({
    "access_key", "admin_pass", "admin_password", "auth_key", "blob", "connection_info", "original_password",
    "passphrase", "password", "payload", "private_key", "psk", "secret", "user_data",
})  # fmt: skip
"""Attributes of any type whose values are never shown."""
_KEYS_OF_TRANSFERS = frozenset({"dns.zone_transfer_accept", "dns.zone_transfer_request"})
"""Types whose attribute ``key`` is a secret, too: whoever has it can take over the zone."""


@dataclass(frozen=True)
class Ready:
    """When a resource is ready: what an attribute says then, and when it is being deleted.

    Where that says something else of an error, such as ``error_restoring``, the resource will never be ready.
    """

    attribute: str
    good: tuple[str, ...]
    going: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Kind:
    """One type of resource. Paths have the names of attributes in braces."""

    name: str
    """``service.type``, in openstacksdk's words."""
    service: str
    """The official service type."""
    path: str
    can: str
    """Letters: list, fetch, create, update, delete; p for changes by JSON patch."""
    keys: Mapping[str, str]
    """What the service calls each attribute."""
    types: Mapping[str, str]
    """``int`` or ``bool``, of those attributes whose values are to be such although services may write a text."""
    parents: tuple[str, ...]
    """The attributes that stand in the path."""
    query: Mapping[str, str]
    """What the service calls each query parameter."""
    list_path: str
    id_key: str = "id"
    key: str | None = None
    """The envelope of one resource; None where it stands alone."""
    list_key: str = ""
    create: str = "POST"
    create_key: str | None = None
    update: str = "PUT"
    answer_key: str | None = None
    microversion: str | None = None
    # What openstacksdk does not say:
    ready: Ready | None = None
    changed_when_ready: bool = False
    """Whether the service refuses changes before, or spoils the resource by them."""
    name_attribute: str | None = "name"
    """None where it has no name: ``identity`` then tells it from others of its parent, if there can be others."""
    identity: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    """What it belongs to: one of the same name that belongs to another is another one, where this is given."""
    by_name: str | None = None
    """The query parameter for the name; ``^`` after it where that is a regular expression, ``:`` where it may begin
    with an operator."""
    list_query: Mapping[str, str] = field(default_factory=dict)
    pages_by: str | None = None
    """How pages follow where the service names none: see `Service.pages`."""
    item_key: str | None = None
    """The envelope that each item of a list has of its own."""
    owned: bool = False
    """Whether the list shows administrators those of all projects: what members would not see is then left out."""
    immutable: frozenset[str] = frozenset()
    updatable: frozenset[str] | None = None
    """What alone can be changed; None: all that is not immutable."""
    update_keys: Mapping[str, str] = field(default_factory=dict)
    """The keys of attributes that have another key in a change than everywhere else."""
    write_only: frozenset[str] = frozenset()
    """What the service does not show, so that nothing can be compared with it."""
    ordered: frozenset[str] = frozenset()
    """Lists whose order means something."""
    single: bool = False
    """Always there, one for each project or parent: changed and reset, never made."""
    alone: bool = False
    """Whether there is one at its path, without an ID."""
    id_chosen: bool = False
    """Whether the one who makes it may choose its ID."""
    defaults: str = ""
    """The path of the default values of a quota."""
    link: tuple[str, ...] = ()
    """The paths of a relation, which is all there is of it: asked for by HEAD, made by PUT, without a body."""

    @property
    def secrets(self) -> frozenset[str]:
        """The attributes whose values are never shown."""
        return (SECRETS | {"key"} if self.name in _KEYS_OF_TRANSFERS else SECRETS) & self.keys.keys()

    def fields(self) -> set[str]:
        """The keys of a record."""
        return {*self.keys, *self.parents, "location", "properties"} - self.secrets


_READY = {
    "block-storage": Ready(
        "status",
        ("available", "in-use", "awaiting-transfer", "backing-up", "maintenance", "reserved", "restoring", "uploading"),
        ("deleting",),
    ),
    "dns": Ready("status", ("ACTIVE",)),  # its action says what is pending
    "load-balancer": Ready("provisioning_status", ("ACTIVE",), ("PENDING_DELETE", "DELETED")),
    "shared-file-system": Ready(
        "status",
        (
            "available",
            "active",
            "awaiting_transfer",
            "backup_creating",
            "migrating",
            "extending_error",
            "shrinking_error",
        ),
        ("deleting",),
    ),
}
"""For the types of a service that have the attribute. What is complete is ready, although something is done with it
that may take hours, such as a backup or a migration.

Sources: Cinder's ``objects/fields.py`` and Manila's ``common/constants.py``.
"""

_OWNED = {"network", "load-balancer"}
"""Services that list the resources of all projects for administrators, unasked."""

_BY_HAND: Mapping[str, Mapping[str, Any]] = {
    "baremetal.volume_connector": {"identity": ("node_id", "type", "connector_id")},
    "baremetal.volume_target": {"identity": ("node_id", "boot_index")},
    "block_storage.attachment": {"pages_by": "id"},
    "block_storage.consistency_group": {"changed_when_ready": True},
    "block_storage.group": {"changed_when_ready": True},  # a new name makes one that is being created available
    "block_storage.group_snapshot": {"pages_by": "id"},
    "block_storage.group_type": {"list_query": {"is_public": "None"}},
    "block_storage.quota_set": {"single": True, "defaults": "/os-quota-sets/{project_id}/defaults"},
    "block_storage.snapshot": {"immutable": ("volume_id", "is_forced"), "within": ("volume_id",)},
    "block_storage.type": {"list_query": {"is_public": "None"}, "update_keys": {"is_public": "is_public"}},
    "block_storage.volume": {
        "changed_when_ready": True,  # it is extended only then
        "updatable": ("name", "description"),
        "write_only": ("scheduler_hints", "image_id"),
    },
    "compute.aggregate": {"updatable": ("name", "availability_zone", "metadata", "hosts")},
    "compute.availability_zone": {"list_path": "/os-availability-zone"},  # with details for administrators only
    "compute.flavor": {
        "list_query": {"is_public": "None"},  # the word; else administrators do not see private ones
        "updatable": ("description", "extra_specs", "access"),
        "id_chosen": True,
    },
    "compute.keypair": {"item_key": "keypair", "updatable": ()},
    "compute.quota_set": {"single": True, "defaults": "/os-quota-sets/{project_id}/defaults"},
    "compute.server": {"by_name": "name^"},
    "compute.server_group": {"updatable": (), "pages_by": "offset"},
    "dns.blacklist": {"name_attribute": "pattern"},
    "dns.quota": {"single": True},
    "dns.recordset": {"name_attribute": "name", "identity": ("name", "type"), "immutable": ("name", "type")},
    "dns.zone": {"immutable": ("name", "type")},
    "dns.zone_export": {"path": "/zones/tasks/exports", "list_path": "/zones/tasks/exports"},
    "dns.zone_share": {"identity": ("target_project_id",)},
    "identity.application_credential": {"updatable": ()},
    "identity.credential": {"identity": ("user_id", "type", "project_id")},
    "identity.endpoint": {"identity": ("service_id", "interface", "region_id")},
    "identity.project": {"immutable": ("domain_id", "parent_id", "is_domain")},
    "identity.region": {"name_attribute": None, "id_chosen": True},
    "identity.role": {"immutable": ("domain_id",)},
    "identity.trust": {"identity": ("trustor_user_id", "trustee_user_id", "project_id")},
    "identity.user": {"write_only": ("password",), "immutable": ("domain_id",)},
    "image.image": {"by_name": "name:"},
    "key_manager.container": {"updatable": ()},
    "key_manager.secret": {
        "updatable": (),
        "write_only": ("payload", "payload_content_type", "payload_content_encoding"),
    },
    "load_balancer.health_monitor": {"immutable": ("pool_id", "type"), "within": ("pool_id",)},
    "load_balancer.l7_policy": {"within": ("listener_id",)},
    "load_balancer.l7_rule": {"identity": ("type", "compare_type", "key", "rule_value", "invert")},
    "load_balancer.listener": {
        "immutable": ("load_balancer_id", "protocol", "protocol_port"),
        "within": ("load_balancer_id",),
    },
    "load_balancer.member": {
        "identity": ("address", "protocol_port"),
        "immutable": ("address", "protocol_port", "subnet_id"),
    },
    "load_balancer.pool": {
        "immutable": ("loadbalancer_id", "listener_id", "protocol"),
        "within": ("loadbalancer_id", "listener_id"),
    },
    "load_balancer.quota": {"single": True, "defaults": "/lbaas/quotas/defaults"},
    "network.address_group": {"immutable": ("addresses",)},
    "network.bgpvpn_network_association": {"identity": ("network_id",)},
    "network.bgpvpn_port_association": {"identity": ("port_id",)},
    "network.bgpvpn_router_association": {"identity": ("router_id",)},
    "network.default_security_group_rule": {
        "identity": (
            "direction", "ether_type", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix",
            "remote_group_id", "remote_address_group_id",
        ),
    },
    "network.floating_ip": {
        "name_attribute": "floating_ip_address",
        "immutable": ("floating_network_id", "floating_ip_address", "subnet_id"),
    },
    "network.l3_conntrack_helper": {"identity": ("protocol", "port", "helper")},
    "network.local_ip_association": {"identity": ("fixed_port_id",)},
    "network.metering_label_rule": {
        "identity": ("metering_label_id", "direction", "source_ip_prefix", "destination_ip_prefix"),
    },
    "network.network": {
        "ready": Ready("status", ("ACTIVE", "DOWN")),
        "immutable": (
            "availability_zone_hints", "is_vlan_transparent", "provider_network_type", "provider_physical_network",
        ),
    },
    "network.port": {"immutable": ("network_id",), "within": ("network_id",)},
    "network.port_forwarding": {"identity": ("protocol", "external_port")},
    "network.qos_bandwidth_limit_rule": {"identity": ("direction",)},
    "network.qos_dscp_marking_rule": {"identity": ()},
    "network.qos_minimum_bandwidth_rule": {"identity": ("direction",)},
    "network.qos_minimum_packet_rate_rule": {"identity": ("direction",)},
    "network.qos_packet_rate_limit_rule": {"identity": ("direction",)},
    "network.quota": {"single": True, "defaults": "/quotas/{project_id}/default"},
    "network.rbac_policy": {
        "identity": ("object_type", "object_id", "action", "target_project_id"),
        "immutable": ("object_type", "object_id", "action"),
    },
    "network.router": {"immutable": ("availability_zone_hints", "is_distributed", "is_ha")},
    "network.security_group_rule": {
        "identity": (
            "security_group_id", "direction", "ether_type", "protocol", "port_range_min", "port_range_max",
            "remote_ip_prefix", "remote_group_id", "remote_address_group_id",
        ),
    },
    "network.subnet": {
        "immutable": ("network_id", "cidr", "ip_version", "subnet_pool_id", "ipv6_address_mode", "ipv6_ra_mode"),
        "write_only": ("prefix_length", "use_default_subnet_pool"),
        "ordered": ("dns_nameservers",),
        "within": ("network_id",),
    },
    "network.trunk": {"immutable": ("port_id", "sub_ports")},
    "orchestration.software_config": {"updatable": ()},
    "orchestration.stack": {"owned": True},
    "placement.resource_class": {"updatable": ()},
    "shared_file_system.quota_set": {"single": True, "defaults": "/quota-sets/{project_id}/defaults"},
    "shared_file_system.resource_locks": {"identity": ("resource_id", "resource_action")},
    "shared_file_system.share_network_subnet": {"identity": ("neutron_net_id", "neutron_subnet_id")},
    "shared_file_system.share_transfer": {"list_key": "transfers"},
    "shared_file_system.share_type": {"list_query": {"is_public": "all"}},
}  # fmt: skip
_ALONE = frozenset({
    "block_storage.limits", "block_storage.summary", "compute.limits", "image.cache", "key_manager.quota",
    "load_balancer.listener_stats", "load_balancer.load_balancer_stats", "load_balancer.quota_default",
    "network.quota_default", "network.quota_details",
})  # fmt: skip
"""Types of which there is one at their path, although openstacksdk describes them as having an ID."""
_SETS = ("immutable", "updatable", "write_only", "ordered")

_LINKS: Mapping[str, tuple[str, ...]] = {
    "identity.role_assignment": (
        "/projects/{project_id}/users/{user_id}/roles/{role_id}",
        "/projects/{project_id}/groups/{group_id}/roles/{role_id}",
        "/domains/{domain_id}/users/{user_id}/roles/{role_id}",
        "/domains/{domain_id}/groups/{group_id}/roles/{role_id}",
    ),
    "identity.user_group": ("/groups/{group_id}/users/{user_id}",),
}

_REST = "Send the request of the service's API with oaktree.multicloud.rest."
_LOAD_BALANCERS = "The types of load balancers are those of load_balancer, as in load_balancer.pool."
_READ_ELSEWHERE: Mapping[str, str] = {
    "compute.image": "Use oaktree.multicloud.image_info.",
    "compute.server": "Use oaktree.multicloud.server_info.",
    "compute.server_ip": "Use oaktree.multicloud.server_info, whose records have the addresses.",
    "dns.limits": _REST,
    "image.image": "Use oaktree.multicloud.image_info.",
    "image.image_location": "Use oaktree.multicloud.image_info.",
    "image.info_import": "Use oaktree.multicloud.location_info with probe.",
    "image.info_store": "Use oaktree.multicloud.location_info with probe.",
    "image.metadef_property": _REST,
    **dict.fromkeys(
        ("network.load_balancer", "network.listener", "network.pool", "network.pool_member", "network.health_monitor"),
        _LOAD_BALANCERS,
    ),
    "object_store.account": _REST,
    "object_store.container": "Use oaktree.multicloud.container_info.",
    "object_store.info": "Use oaktree.multicloud.location_info with probe.",
    "object_store.object": "Use oaktree.multicloud.object_info.",
    **dict.fromkeys(
        ("orchestration.stack_environment", "orchestration.stack_files", "orchestration.stack_template"), _REST
    ),
    "network.validate_topology": _REST,
    "placement.allocation_candidate": _REST,
    "placement.resource_provider_allocation": _REST,
    "placement.resource_provider_inventory": _REST,
    "placement.trait": _REST,
    "placement.usage": _REST,
    "shared_file_system.limit": _REST,
}
"""Types whose lists are not lists of JSON objects, or that have a module of their own: where to turn."""

_WRITE_ELSEWHERE: Mapping[str, str] = {
    **_READ_ELSEWHERE,
    "compute.server": "Use oaktree.multicloud.server.",
    "image.image": "Use oaktree.multicloud.image.",
    "image.image_member": "Use oaktree.multicloud.image with visibility and shared_with.",
    "object_store.container": "Use oaktree.multicloud.container.",
    "object_store.object": "Use oaktree.multicloud.object.",
    "orchestration.stack": "Use oaktree.multicloud.stack.",
    **dict.fromkeys(
        (
            # changed by actions
            "block_storage.attachment", "compute.server_interface", "compute.server_share",
            "compute.volume_attachment", "orchestration.software_deployment",
            "shared_file_system.share_access_rule", "shared_file_system.share_replica", "dns.zone_export",
            "dns.zone_import", "dns.zone_transfer_request", "key_manager.order", "shared_file_system.share_transfer",
            "block_storage.transfer", "image.task", "image.cache",
            # requests of another shape
            "block_storage.default_type", "block_storage.type_encryption", "identity.domain_config",
            "identity.endpoint_group_project", "identity.limit", "identity.policy", "identity.registered_limit",
            "image.metadef_namespace", "image.metadef_object", "image.metadef_resource_type_association",
            "key_manager.container_acl", "key_manager.project_quota", "key_manager.secret_acl",
            "key_manager.secret_consumer", "network.port_binding", "network.security_groups_default_statefulness",
            "network.service_profile", "baremetal.chassis",
        ),
        _REST,
    ),
}  # fmt: skip


def kind_of(name: str) -> Kind:
    """The type ``service.type``; the service may also be called by an official type or an alias of one.

    Raises InputError for others, which names similar ones, and lists those of the service.
    """
    return _kind(str(name))


@cache
def _kind(name: str) -> Kind:
    service, _dot, short = name.partition(".")
    text, known = _block(name) if short else None, name
    if text is None:
        service = next((ours for ours, official in _services().items() if official == official_type(service)), service)
        known = f"{service}.{short}"
        text = _block(known)
    if text is None:
        raise _unknown(name, known)
    return _parsed(known, official_type(service.replace("_", "-")), text)


def kinds() -> list[str]:
    """The names of all types."""
    return re.findall(r"^(\S+) ", _table(), re.MULTILINE)


def _table() -> str:
    """The generated table, which takes longest to compile of all files: only a task that needs it does so."""
    from .kinds_data import TEXT

    return TEXT


def is_readable(kind: Kind) -> bool:
    """Whether a type can be listed or fetched as records."""
    return kind.name not in _READ_ELSEWHERE and bool({"l", "f"} & set(kind.can))


def check_readable(kind: Kind) -> None:
    """Raise InputError for a type that is not readable; the hint says where to turn."""
    if kind.name in _READ_ELSEWHERE:
        raise InputError(f"type: {kind.name} is not listed here", hint=_READ_ELSEWHERE[kind.name])
    if not is_readable(kind):
        raise InputError(f"type: {kind.name} can be neither listed nor fetched", hint=_REST)


def is_changeable(kind: Kind) -> bool:
    """Whether a resource of a type can be made; of those that each project has one of, whether it can be changed."""
    return kind.name not in _WRITE_ELSEWHERE and (bool(kind.link) or ("u" if kind.single else "c") in kind.can)


def check_changeable(kind: Kind, state: str) -> None:
    """Raise InputError for a type that cannot be brought to a state; the hint says where to turn."""
    if kind.name in _WRITE_ELSEWHERE:
        raise InputError(f"type: {kind.name} is not changed here", hint=_WRITE_ELSEWHERE[kind.name])
    if state == "present" and not is_changeable(kind):
        raise InputError(f"type: {kind.name} cannot be {'changed' if kind.single else 'created'}", hint=_REST)
    if state == "absent" and "d" not in kind.can and not kind.link:
        raise InputError(f"type: {kind.name} cannot be deleted", hint=_REST)


@cache
def _services() -> dict[str, str]:
    """The official type of each service, by openstacksdk's name."""
    ours = dict.fromkeys(name.partition(".")[0] for name in kinds())
    return {name: official_type(name.replace("_", "-")) for name in ours}


def _block(name: str) -> str | None:
    """What the table says of a type: its line and the indented ones after it."""
    table = _table()
    start = table.find(f"\n{name} ")
    if start < 0:
        return None
    start += len(name) + 1
    end = re.compile(r"\n(?! )").search(table, start)
    return table[start : end.start() if end else None]


def _unknown(given: str, name: str) -> InputError:
    names = kinds()
    of_service = [known for known in names if known.startswith(f"{name.partition('.')[0]}.")]
    meant = did_you_mean([name], names)
    known = of_service or [f"{service}.TYPE" for service in _services()]
    return InputError(f"type: {given!r} is not known{meant}", hint=f"Known are {', '.join(known)}.")


def _parsed(name: str, service: str, text: str) -> Kind:
    head, _title, rest = text.partition(" attributes:")
    attributes, _title, query = rest.partition(" query:")
    said = dict(word.split("=", 1) for word in head.split())
    keys: dict[str, str] = {}
    types: dict[str, str] = {}
    for word in attributes.split():
        word, _bar, type_ = word.partition("|")  # noqa: PLW2901 - what is left of it
        attribute, _equals, key = word.partition("=")
        keys[attribute] = key or attribute
        if type_:
            types[attribute] = type_
    parameters = {name: key or name for name, _equals, key in (word.partition("=") for word in query.split())}
    path, envelope, can = said["path"], said.get("key"), said["can"]
    ready = _READY.get(service)
    kind = Kind(
        name=name,
        service=service,
        path=path,
        can=can,
        keys=keys,
        types=types,
        parents=tuple(re.findall(r"{(\w+)}", path)),
        query=parameters,
        list_path=f"{path}/detail" if "detail" in said else path,
        id_key=said.get("id", "id"),
        key=envelope,
        list_key=said.get("keys", ""),
        create=said.get("create", "POST"),
        create_key=_envelope(said.get("create_key", envelope)),
        update=said.get("update", "PUT"),
        answer_key=said.get("answer_key", envelope),
        microversion=said.get("microversion"),
        ready=ready if ready and ready.attribute in keys else None,
        alone="f" in can and ("without_id" in said or name in _ALONE),
        by_name=parameters.get("name"),
        owned=service in _OWNED and "project_id" in keys,
        link=_LINKS.get(name, ()),
    )
    by_hand = dict(_BY_HAND.get(name, {}))
    if "identity" in by_hand:  # mostly in place of a name
        by_hand.setdefault("name_attribute", None)
    changes: dict[str, Any] = {key: frozenset(value) if key in _SETS else value for key, value in by_hand.items()}
    return replace(kind, **changes)


def _envelope(key: str | None) -> str | None:
    return None if key == "-" else key
