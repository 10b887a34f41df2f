# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which types and attributes are compared, and what is refused before anything is tried."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._drift.subjects import (
    default_attributes,
    known_attributes,
    subjects,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import kind_of, kinds

DEFAULTS = {
    "compute.flavor": "description disk ephemeral extra_specs is_public ram rxtx_factor swap vcpus",
    "compute.keypair": "public_key type",
    "compute.availability_zone": "",
    "block_storage.type": "description extra_specs is_public",
    "dns.zone": "attributes description email masters ttl type",
    "identity.project": "description is_domain is_enabled options parent_id tags",
    "identity.user": "default_project_id description email is_enabled options",
    "network.network": "description dns_domain ipv4_address_scope_id ipv6_address_scope_id is_admin_state_up "
    "is_default is_port_security_enabled is_router_external is_shared is_vlan_qinq is_vlan_transparent pvlan "
    "qos_policy_id tags",
    "network.quota": "floating_ips health_monitors l7_policies listeners load_balancers networks pools ports "
    "rbac_policies router_routes routers security_group_rules security_groups subnet_pools subnets",
    "network.security_group": "description rules stateful tags",
    "network.security_group_rule": "description tags",
    "network.subnet": "allocation_pools cidr description dns_nameservers dns_publish_fixed_ip gateway_ip host_routes "
    "ip_version ipv6_address_mode ipv6_ra_mode is_dhcp_enabled network_id segment_id service_types subnet_pool_id tags",
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_what_users_set_is_compared(name: str) -> None:
    assert default_attributes(kind_of(name)) == DEFAULTS[name].split()


@pytest.mark.parametrize("name", kinds())
def test_no_secret_no_time_and_no_identity_is_compared(name: str) -> None:
    kind = kind_of(name)
    found = set(default_attributes(kind))
    assert not found & ({"id", "name", "location", "project_id", *kind.identity, *kind.parents} | kind.secrets)
    assert [attribute for attribute in found if attribute.endswith("_at")] == []
    assert found <= known_attributes(kind)
    assert not known_attributes(kind) & kind.secrets


def test_types_are_compared_once_and_by_any_name_of_their_service() -> None:
    found = subjects(["volumev3.volume", "compute.flavor", "compute.flavor"], {"compute.flavor": ["ram"]})
    assert [(one.kind.name, one.explicit) for one in found] == [
        ("block_storage.volume", False),
        ("compute.flavor", True),
    ]
    assert found[1].attributes == ("ram",)


def test_attributes_may_be_text() -> None:
    (found,) = subjects(["compute.flavor"], {"compute.flavor": "vcpus, ram"})
    assert found.attributes == ("ram", "vcpus")
    (found,) = subjects(["compute.flavor"], {"compute.flavor": None})
    assert not found.explicit


def test_parts_can_be_named() -> None:
    (found,) = subjects(["network.router"], {"network.router": ["interfaces", "routes", "interfaces"]})
    assert found.attributes == ("interfaces", "routes")


@pytest.mark.parametrize(
    ("types", "attributes", "said"),
    [
        ([], {}, "types: must not be empty"),
        (["compute.flavour"], {}, "'compute.flavour' is not known; did you mean compute.flavor"),
        (["dns.recordset"], {}, "types: dns.recordset cannot be compared: zone_id stands in its path"),
        (["object_store.container"], {}, "type: object_store.container is not listed here"),
        (["identity.role_assignment"], {}, "types: nothing says which identity.role_assignment of two Locations"),
        (["block_storage.capabilities"], {}, "types: block_storage.capabilities"),
        (["compute.flavor"], {"image.image": ["content"]}, "attributes: image.image is not among types"),
        (
            ["compute.flavor"],
            {"compute.flavor": ["rma"]},
            "'rma' of compute.flavor cannot be compared; did you mean",
        ),
        (["compute.flavor"], {"compute.flavor": ["id"]}, "'id' of compute.flavor cannot be compared"),
        (["compute.server"], {"compute.server": ["user_data"]}, "'user_data' of compute.server cannot be compared"),
        (["compute.flavor"], {"compute.flavor": {"ram": 1}}, "attributes: compute.flavor: dict is not a text"),
    ],
)
def test_what_cannot_be_compared(types: list[str], attributes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        subjects(types, attributes)
    assert said in raised.value.message
