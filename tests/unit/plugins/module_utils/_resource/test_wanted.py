# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused before any Location is asked."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import MASK
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import is_changeable, kind_of, kinds
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.wanted import (
    Wanted,
    attributes_of,
    check_wanted,
)

NET = {"network_id": "n", "cidr": "10.0.0.0/24"}
MEMBER = {"pool_id": "p", "address": "10.0.0.1", "protocol_port": 80}
BY_NAME = {"name": "a"}
RULE = {"security_group_id": {"name": "web"}, "direction": "ingress"}
USER = {"role_id": "r", "user_id": "u"}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("network.subnet", {"name": "a", "attributes": NET}),
        ("network.subnet", {"name": "a", "attributes": {"properties": {"vendor:x": 1}}}),
        ("network.subnet", {"id": "x", "state": "absent"}),
        ("network.subnet", {"id": "x", "name": "a"}),
        ("network.security_group", {"name": "a", "attributes": {"rules": [{"remote_group_id": {"name": "a"}}]}}),
        ("network.security_group_rule", {"attributes": {"security_group_id": "x", "direction": "ingress"}}),
        ("network.quota", {"attributes": {"networks": 1}}),
        ("network.qos_dscp_marking_rule", {"attributes": {"qos_policy_id": "x", "dscp_mark": 10}}),
        ("compute.quota_set", {"attributes": {"cores": 1}}),
        ("compute.quota_set", {"attributes": {"cores": 1}, "id": {"name": "demo"}}),
        ("load_balancer.member", {"attributes": MEMBER}),
        ("identity.user", {"name": "a", "secrets": {"password": "x"}}),
        ("identity.region", {"id": "north"}),
        ("identity.role_assignment", {"attributes": {**USER, "project_id": {"name": "demo"}}}),
        ("identity.role_assignment", {"attributes": {"role_id": "r", "group_id": "g", "domain_id": "d"}}),
        ("identity.user_group", {"attributes": {"user_id": {"name": "eve"}, "group_id": {"name": "a"}}}),
        ("dns.recordset", {"name": "a.", "attributes": {"zone_id": "z", "type": "A"}}),
        ("baremetal.node", {"name": "a", "attributes": {"properties": {"cpus": 4}}}),
    ],
)
def test_what_can_be_had(name: str, options: dict[str, Any]) -> None:
    check_wanted(Wanted(kind_of(name), **options))


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("image.image", {"name": "a"}, "Use oaktree.multicloud.image."),
        ("compute.server", {"name": "a"}, "type: compute.server is not changed here"),
        ("orchestration.stack", {"name": "a"}, "type: orchestration.stack is not changed here"),
        ("network.agent", {"id": "a"}, "type: network.agent cannot be created"),
        ("compute.hypervisor", {"id": "a", "state": "absent"}, "cannot be deleted"),
        ("network.subnet", {"name": "a", "attributes": {"cird": "x"}}, "has no cird; did you mean cidr?"),
        ("network.subnet", {"name": "a", "attributes": {"name": "b"}}, "Give it as the option name."),
        ("network.subnet", {"name": "a", "attributes": {"id": "b"}}, "network.subnet has no id"),
        ("network.subnet", {"name": "a", "attributes": {"properties": 5}}, "properties must be a mapping"),
        ("network.subnet", {}, "name: network.subnet needs a name or an id"),
        ("network.subnet", {"name": ""}, "must not be empty"),
        ("network.subnet", {"id": ""}, "must not be empty"),
        ("network.subnet", {"name": "a", "attributes": {"network_id": {"name": "a", "type": "x.y"}}}, "is not known"),
        ("identity.user", {"name": "a", "attributes": {"password": "x"}}, "Put it under secrets"),
        ("identity.user", {"name": "a", "secrets": {"pasword": "x"}}, "did you mean password?"),
        ("identity.user", {"name": "a", "attributes": {"email": "x"}, "secrets": {"email": "y"}}, "both have email"),
        ("dns.recordset", {"name": "a.", "attributes": {"type": "A"}}, "attributes: dns.recordset needs zone_id"),
        ("dns.recordset", {"name": "a.", "attributes": {"zone_id": "z"}}, "needs an id or some of type"),
        ("dns.recordset", {"attributes": {"zone_id": "z", "type": "A"}}, "needs a name or an id"),
        ("load_balancer.member", {"attributes": {"pool_id": "p"}}, "some of address, protocol_port"),
        ("load_balancer.member", {"name": "a", "attributes": MEMBER}, "It is found by address, protocol_port."),
        ("network.floating_ip", {"attributes": {"floating_network_id": "x"}}, "needs a name or an id"),
        ("compute.quota_set", {"id": "p", "attributes": {"project_id": "q", "cores": 1}}, "both name the project"),
        ("identity.region", {"attributes": {"description": "x"}}, "identity.region needs an id"),
        ("identity.role_assignment", {"attributes": USER}, "role_id, user_id do not identify one"),
        ("identity.role_assignment", {"name": "a", "attributes": USER}, "has neither"),
        ("identity.role_assignment", {"attributes": {**USER, "project_id": "p", "domain_id": "d"}}, "Give one of:"),
        ("identity.role_assignment", {"attributes": {**USER, "project": "p"}}, "did you mean project_id?"),
        ("compute.flavor", {"name": "a", "attributes": {"extra_specs": ["x"]}}, "must be a mapping"),
        ("network.router", {"name": "a", "attributes": {"interfaces": "web"}}, "must be a list of subnets"),
        ("network.security_group", {"name": "a", "attributes": {"rules": [{"ports": 22}]}}, "must be a list of rules"),
        ("network.security_group", {"name": "a", "attributes": {"rules": [{"remote_ip_prefix": "x"}]}}, "of rules"),
        ("network.security_group", {"name": "a", "attributes": {"rules": {}}}, "must be a list of rules"),
        ("network.security_group", {"name": "a", "attributes": {"rules": ["x"]}}, "must be a list of rules"),
        ("network.network", {"name": "a", "attributes": {"tags": "x"}}, "tags of network.network must be a list"),
        ("network.network", {"name": "a", "attributes": {"tags": [{"name": "x"}]}}, "must be a list of texts"),
        ("compute.aggregate", {"name": "a", "attributes": {"hosts": [{"name": "x"}]}}, "the names of hosts"),
        ("network.router", {"name": "a", "attributes": {"interfaces": [{"subnet": "s"}]}}, "must be an ID"),
        ("network.router", {"name": "a", "attributes": {"interfaces": [{"subnet_id": "s", "x": 1}]}}, "must be a list"),
        ("network.security_group", {"name": "a", "attributes": {"rules": {"directions": ["in"]}}}, "a list of rules"),
        ("network.security_group", {"name": "a", "attributes": {"rules": {"rule": []}}}, "must be a list of rules"),
        ("network.router", {"name": "a", "attributes": {"routes": ["10.0.0.0/8"]}}, "must be a list of mappings"),
        ("network.subnet", {"name": "a", "attributes": {"properties": {"cidr": "x"}}}, "properties of"),
        ("identity.user", {"name": "a", "attributes": {"properties": {"password": "x"}}}, "under secrets what"),
        ("identity.user", {"name": "a", "secrets": {"properties": "x"}}, "properties must be a mapping"),
        ("network.port", {"name": "a", "attributes": {"device_id": {**BY_NAME, "type": "dns.recordset"}}}, "by name"),
        ("network.port", {"id": "a", "attributes": {"device_id": {**BY_NAME, "type": "network.rbac_policy"}}}, "name"),
        ("identity.endpoint", {"attributes": {"region_id": BY_NAME}}, "identity.region cannot be referred to by name"),
        ("network.subnet", {"name": "a", "attributes": {"network_id": {"nme": "a"}}}, "network_id must be an ID"),
        ("network.subnet", {"name": "a", "attributes": {"network_id": {"name": "a", "x": 1}}}, "must be an ID"),
        ("network.quota", {"id": {"nme": "demo"}, "attributes": {"networks": 1}}, "id must be an ID, or a reference"),
        ("network.quota", {"id": {}, "attributes": {"networks": 1}}, "id must be an ID, or a reference"),
        ("network.quota", {"id": ["p"], "attributes": {"networks": 1}}, "id must be an ID, or a reference"),
        ("network.subnet", {"name": "a", "attributes": {"network_id": {"name": ""}}}, "network_id refers to '', which"),
        ("network.port", {"name": "a", "attributes": {"security_group_ids": [{"name": None}]}}, "refers to None"),
        ("network.quota", {"id": {"name": ""}, "attributes": {"networks": 1}}, "id refers to '', which is not a name"),
        ("network.quota", {"id": {"name": "a", "type": "x.y"}, "attributes": {}}, "'x.y' is not known"),
        ("network.security_group_rule", {"attributes": {**RULE, "remote_ip_prefix": "10.0.0.0/33"}}, "valid rule"),
        ("network.security_group_rule", {"attributes": {**RULE, "port_range_min": "ssh"}}, "valid rule"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_anywhere(name: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as raised:
        check_wanted(Wanted(kind_of(name), **options))
    assert said in f"{raised.value.message}. {raised.value.hint}"


def test_secrets_are_never_shown() -> None:
    wanted = Wanted(kind_of("identity.user"), secrets={"password": "s3cret", "email": "e"})
    shown = wanted.shown({"password": "s3cret", "email": "e", "description": "d"})
    assert shown == {"password": MASK, "email": MASK, "description": "d"}
    assert wanted.values == {"password": "s3cret", "email": "e"}


def test_how_a_resource_is_called() -> None:
    assert Wanted(kind_of("network.port"), name="a").subject == "network.port 'a'"
    assert Wanted(kind_of("network.port"), id="b").subject == "network.port 'b'"
    assert Wanted(kind_of("network.quota")).subject == "network.quota"


@pytest.mark.parametrize("name", [name for name in kinds() if is_changeable(kind_of(name))])
def test_every_type_that_can_be_made_can_be_identified(name: str) -> None:
    kind = kind_of(name)
    assert kind.link or kind.single or kind.name_attribute or kind.identity or kind.parents or kind.id_chosen
    assert kind.name_attribute is None or kind.name_attribute in kind.keys
    assert attributes_of(kind)
