# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: types, and the attributes of each. Pure.

openstacksdk does not say which attributes users set. By default all are compared that are not known to be the cloud's
own: IDs, owners, times, states, and what a cloud chooses where nobody says it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError
from .._core.text import did_you_mean
from .._facts.records import IMAGE_FIELDS
from .._resource.kinds import Kind, check_readable, kind_of
from .._resource.parts import parts_of
from .._resource.references import target_of
from .._run.options import as_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

IMAGE = "image.image"
SERVER = "compute.server"
CONTENT = "content"
"""The attribute of images for what they contain."""

_IMAGE_DEFAULTS = (
    CONTENT, "container_format", "is_hidden", "is_protected", "min_disk", "min_ram", "properties", "status", "tags",
    "visibility",
)  # fmt: skip
_SERVER_DEFAULTS = (
    "description", "disk_config", "flavor", "has_config_drive", "image", "key_name", "metadata", "security_groups",
    "tags",
)  # fmt: skip

_NEVER = frozenset({"id", "location", "name"})
"""What says which resource it is, and where."""

_CLOUDS_OWN = frozenset({
    # owners and places
    "availability_zone", "availability_zone_hints", "availability_zones", "domain_id", "host", "hosts", "owner",
    "physical_network", "project_id", "provider_network_type", "provider_physical_network", "segmentation_id",
    "user_id",
    # states
    "action", "attachments", "available", "created", "data_plane_status", "federated", "generation", "ha_state",
    "health", "is_alive", "is_deleted", "is_disabled", "last_error", "message", "operating_status", "power_state",
    "progress", "provision_state", "provisioning_status", "replication_status", "reservation", "revision_number",
    "state", "status", "status_description", "status_reason", "task_state", "updated", "usage", "usages", "used",
    # what a cloud chooses where nobody says it
    "binding_profile", "binding_vif_details", "binding_vif_type", "device_owner", "dns_assignment", "fixed_ip_address",
    "fixed_ips", "ip_allocation", "mac_address", "mtu", "provider", "segments", "serial", "vip_address", "vip_port_id",
    # what follows from other attributes, or from how a resource was made
    "acl_ref", "check_limit", "cluster_name", "consumers", "consumes_quota", "content_types", "default_pool",
    "extended_replication_status", "fingerprint", "force", "health_monitor_id", "is_encrypted", "l7_policies",
    "links", "listener_ids", "listeners", "load_balancer_ids", "load_balancers", "loadbalancers", "member_ids",
    "members", "original_name", "pool_ids", "pools", "port_details", "qos_network_policy_id",
    "replication_driver_data", "resource_request", "role_links", "router_id", "schema", "shared_targets",
    "snapshot_id", "source_volume_id", "subnet_ids", "trunk_details", "volume_image_metadata",
})  # fmt: skip
"""Attributes of any type that are compared only where the user names them."""

_OF_TYPE: Mapping[str, frozenset[str]] = {
    "baremetal.node": frozenset({
        "boot_mode", "clean_step", "conductor", "deploy_step", "driver_internal_info", "fault", "instance_info",
        "instance_name", "is_console_enabled", "is_secure_boot", "port_groups", "ports", "raid_config", "service_step",
        "states", "target_power_state", "target_provision_state",
    }),
    "baremetal.port": frozenset({"internal_info"}),
    "baremetal.port_group": frozenset({"internal_info", "ports"}),
    "block_storage.backup": frozenset({
        "container", "data_timestamp", "fail_reason", "has_dependent_backups", "object_count", "volume_name",
    }),
    "block_storage.snapshot": frozenset({"is_forced"}),
    "block_storage.volume": frozenset({"migration_status", "volume_type_id"}),  # volume_type is its name
    "dns.zone": frozenset({"is_shared", "pool_id"}),
    "network.floating_ip": frozenset({"port_id", "subnet_id"}),
    "network.security_group": frozenset({"is_shared", "security_group_rules"}),  # which the part ``rules`` has
    "orchestration.stack": frozenset({"added", "capabilities", "deleted", "outputs", "replaced", "unchanged"}),
    "shared_file_system.share": frozenset({"access_rules_status", "share_type_name"}),
}  # fmt: skip
"""The same, of one type."""

_NO_LIMITS = frozenset({"check_limit", "force", "project_id", "reservation", "usage"})
"""What a quota has beside its limits."""

_ENDINGS = ("_at", "_id", "_ids", "_ref", "_refs", "uuid")
"""Of the names of times and of references, unless what they refer to has a name."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A type, and the attributes of it that are compared."""

    kind: Kind
    attributes: tuple[str, ...]
    explicit: bool = False
    """Whether the user has named the attributes."""

    @property
    def once(self) -> bool:
        """Whether each project has one of the type, so that it needs no name."""
        return self.kind.single or self.kind.alone

    @property
    def of_keystone(self) -> bool:
        """Whether Keystone holds the type, for all regions."""
        return self.kind.service == "identity"


def subjects(types: Sequence[str], attributes: Mapping[str, Any]) -> list[Subject]:
    """What is to be compared, by type. Raises InputError for types and attributes that cannot be compared."""
    kinds = {kind.name: kind for kind in map(kind_of, types)}
    if not kinds:
        raise InputError("types: must not be empty", hint="Name types, as in compute.flavor or image.image.")
    named = {kind_of(name).name: value for name, value in attributes.items()}
    others = sorted(named.keys() - kinds.keys())
    if others:
        raise InputError(
            f"attributes: {', '.join(others)} is not among types", hint="Add it to types, or omit it here."
        )
    return [_subject(kinds[name], named.get(name)) for name in sorted(kinds)]


def _subject(kind: Kind, named: Any) -> Subject:
    _check_comparable(kind)
    if named is None:
        return Subject(kind, tuple(default_attributes(kind)))
    names = as_texts(f"attributes: {kind.name}", named)
    known = known_attributes(kind)
    for name in names:
        if name not in known:
            raise InputError(
                f"attributes: {name!r} of {kind.name} cannot be compared{did_you_mean([name], known)}",
                hint=f"Known are {', '.join(sorted(known))}.",
            )
    return Subject(kind, tuple(sorted(set(names))), explicit=True)


def _check_comparable(kind: Kind) -> None:
    """Raise InputError for a type whose resources cannot be listed, or that nothing tells from each other."""
    if kind.name in (IMAGE, SERVER):
        return
    check_readable(kind)
    below = [name for name in kind.parents if name not in ("project", "project_id")]
    if below:
        raise InputError(
            f"types: {kind.name} cannot be compared: {', '.join(below)} stands in its path",
            hint="Omit it. resource_info lists it, with parents.",
        )
    if not ("l" in kind.can or kind.single or kind.alone):
        raise InputError(f"types: {kind.name} cannot be listed", hint="Omit it.")
    known = kind.name_attribute or kind.identity or kind.id_chosen or kind.single or kind.alone
    if kind.link or not known:
        raise InputError(f"types: nothing says which {kind.name} of two Locations are the same", hint="Omit it.")


def known_attributes(kind: Kind) -> frozenset[str]:
    """The attributes that can be compared: none that is a secret, and none that says which resource it is."""
    if kind.name == IMAGE:
        return (IMAGE_FIELDS | {CONTENT}) - _NEVER
    found = frozenset({*kind.fields(), *parts_of(kind)})
    return found - _NEVER - {kind.name_attribute, *kind.parents, *kind.identity}


def default_attributes(kind: Kind) -> list[str]:
    """The attributes that are compared unless the user names some, sorted; none of types that users cannot change."""
    if kind.name == IMAGE:
        return list(_IMAGE_DEFAULTS)
    if kind.name == SERVER:
        return list(_SERVER_DEFAULTS)
    if not ("c" in kind.can or kind.single):
        return []
    own = _NO_LIMITS if kind.single else _CLOUDS_OWN | _OF_TYPE.get(kind.name, frozenset()) | kind.write_only
    found = {name for name in known_attributes(kind) & kind.keys.keys() if name not in own and _is_said(kind, name)}
    return sorted({*found, *({"rules"} if kind.name == "network.security_group" else ())})


def _is_said(kind: Kind, attribute: str) -> bool:
    """Whether a value means the same at another Location: an ID does where what it refers to has a name."""
    return bool(target_of(kind, attribute)) or not attribute.endswith(_ENDINGS)
