# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The types of resources: all can be parsed, and what is said by hand is about attributes that exist."""

from __future__ import annotations

import re

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource import kinds as table
from ansible_collections.oaktree.multicloud.plugins.module_utils._resource.kinds import (
    Ready,
    check_readable,
    kind_of,
    kinds,
)

PORT = kind_of("network.port")
ALL = kinds()


def test_the_types_of_thirteen_services() -> None:
    assert len({name.partition(".")[0] for name in ALL}) == 13
    assert len(ALL) == len(set(ALL)) > 240
    assert {"compute.flavor", "network.port", "block_storage.volume", "identity.project", "dns.zone"} <= set(ALL)


def test_one_type() -> None:
    assert (PORT.name, PORT.service, PORT.path, PORT.list_path) == ("network.port", "network", "/ports", "/ports")
    assert (PORT.key, PORT.list_key, PORT.create, PORT.update) == ("port", "ports", "POST", "PUT")
    assert set(PORT.can) == set("lfcud")
    assert (PORT.keys["is_admin_state_up"], PORT.types["is_admin_state_up"]) == ("admin_state_up", "bool")
    assert (PORT.keys["name"], PORT.query["is_admin_state_up"], PORT.by_name) == ("name", "admin_state_up", "name")
    assert (PORT.owned, set(PORT.immutable), PORT.updatable) == (True, {"network_id"}, None)


def test_one_of_each_oddity() -> None:
    assert kind_of("dns.recordset").parents == ("zone_id",)
    assert (kind_of("dns.zone").key, kind_of("dns.zone").create_key, kind_of("dns.zone").list_key) == (
        None, None, "zones",
    )  # fmt: skip
    assert kind_of("load_balancer.l7_rule").path == "/lbaas/l7policies/{l7_policy_id}/rules"
    assert (kind_of("compute.flavor").list_path, kind_of("compute.flavor").microversion) == ("/flavors/detail", "2.61")
    assert (kind_of("compute.keypair").id_key, kind_of("compute.keypair").item_key) == ("name", "keypair")
    assert (kind_of("baremetal.node").id_key, kind_of("baremetal.node").update) == ("uuid", "PATCH")
    assert kind_of("load_balancer.pool").ready == Ready(
        "provisioning_status", ("ACTIVE",), ("PENDING_DELETE", "DELETED")
    )
    assert kind_of("block_storage.type").ready is None
    assert kind_of("identity.project").owned is False
    assert kind_of("shared_file_system.share_replica").path == "/share-replicas"
    assert kind_of("orchestration.stack").create_key is None
    assert kind_of("compute.availability_zone").list_path == "/os-availability-zone"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("block-storage.volume", "block_storage.volume"),
        ("volumev3.volume", "block_storage.volume"),
        ("volume.volume", "block_storage.volume"),
        ("load-balancer.pool", "load_balancer.pool"),
        ("sharev2.share", "shared_file_system.share"),
        ("network.port", "network.port"),
    ],
)
def test_services_by_any_of_their_names(name: str, expected: str) -> None:
    assert kind_of(name).name == expected


@pytest.mark.parametrize(
    ("name", "said", "hint"),
    [
        ("network.prot", "did you mean network.port", "network.router"),
        ("compute.flavour", "did you mean compute.flavor", "compute.keypair"),
        ("network", "'network' is not known", "network.router"),
        ("port", "'port' is not known", "compute.TYPE"),
        ("", "'' is not known", "network.TYPE"),
        ("network.port path", "is not known", "network.port"),
    ],
)
def test_types_that_there_are_not(name: str, said: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        kind_of(name)
    assert said in raised.value.message
    assert hint in raised.value.hint


@pytest.mark.parametrize("name", ALL)
def test_every_type_is_complete(name: str) -> None:
    kind = kind_of(name)
    assert kind.path.startswith("/")
    assert not re.search(r"[%\s]", kind.path + kind.list_path)
    assert all(re.fullmatch(r"\w+", attribute) for attribute in kind.keys)
    if table.is_readable(kind):
        assert "l" not in kind.can or kind.list_key or kind.single
        assert kind.name_attribute in (None, *kind.keys)
    assert kind.types.keys() <= kind.keys.keys()
    assert set(kind.types.values()) <= {"int", "bool"}
    if kind.ready:
        assert kind.ready.attribute in kind.keys


PARTS = {("compute.flavor", "access"), ("network.security_group", "rules"), ("network.router", "interfaces")}


@pytest.mark.parametrize("name", table._BY_HAND)
def test_what_is_said_by_hand_is_about_what_exists(name: str) -> None:
    kind = kind_of(name)
    assert name in ALL
    named = {*kind.immutable, *(kind.updatable or ()), *kind.write_only, *kind.ordered, *kind.identity}
    known = {*kind.keys, *kind.parents, *(attribute for of, attribute in PARTS if of == name)}
    assert named - known == set()


@pytest.mark.parametrize("refused", [*table._READ_ELSEWHERE, *table._WRITE_ELSEWHERE])
def test_types_that_are_elsewhere_exist(refused: str) -> None:
    assert refused in ALL


@pytest.mark.parametrize("name", ["image.image", "compute.server", "object_store.container", "network.pool"])
def test_what_another_module_lists_is_refused_with_its_name(name: str) -> None:
    with pytest.raises(InputError) as raised:
        check_readable(kind_of(name))
    assert "oaktree.multicloud." in raised.value.hint or "load_balancer." in raised.value.hint


def test_what_can_only_be_made_is_not_listed() -> None:
    with pytest.raises(InputError, match="neither listed nor fetched"):
        check_readable(kind_of("compute.server_remote_console"))


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("identity.user", "password"),
        ("compute.keypair", "private_key"),
        ("key_manager.secret", "payload"),
        ("network.vpn_ipsec_site_connection", "psk"),
        ("dns.tsigkey", "secret"),
        ("identity.credential", "blob"),
        ("compute.server", "user_data"),
        ("compute.server", "admin_password"),
        ("block_storage.transfer", "auth_key"),
        ("identity.application_credential", "secret"),
        ("block_storage.attachment", "connection_info"),
        ("shared_file_system.share_access_rule", "access_key"),
        ("dns.zone_transfer_request", "key"),
        ("dns.zone_transfer_accept", "key"),
    ],
)
def test_secrets_are_no_fields(name: str, attribute: str) -> None:
    kind = kind_of(name)
    assert attribute in kind.secrets
    assert attribute not in kind.fields()
    assert {"id", "location", "properties"} <= kind.fields()
    assert "key" not in kind_of("load_balancer.l7_rule").secrets
