# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles of openstack.cloud's own tests do, with the modules of this collection, on real services.

A case bears the name of the role (``ci/roles`` of that collection). The page `docs/openstack-cloud.md` has them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.run_module import ModuleRun, run_module

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("clouds_yaml")]

ADMIN = ["beta-admin"]
NAME = "role"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMoOZ4v1SrKJqcQ3xXKqHqGmGJ0jYp1dYJ5XQd1u5c8T"


@dataclass(frozen=True)
class Thing:
    """A resource as a module of ours is told of it."""

    module: str
    options: dict[str, Any]

    def but(self, **changed: Any) -> Thing:
        """The same with other options, or other attributes of it."""
        if self.module == "resource" and "attributes" not in changed:
            own = {name: changed.pop(name) for name in [*changed] if name in ("replace", "secrets", "update_secrets")}
            changed = {"attributes": {**self.options.get("attributes", {}), **changed}, **own}
        return replace(self, options={**self.options, **changed})


@dataclass(frozen=True)
class Step:
    """One task: what it is to do, or how many records it is to find, or the status that is answered."""

    thing: Thing
    expected: str | int
    options: dict[str, Any] = field(default_factory=dict)


def thing(module: str, name: str | None = NAME, **options: Any) -> Thing:
    return Thing(module, {**({} if name is None else {"name": name}), **options})


def resource(type_: str, name: str | None = NAME, /, **attributes: Any) -> Thing:
    return thing("resource", name, type=type_, attributes=attributes)


def step(expected: str | int, module: str, **options: Any) -> Step:
    return Step(Thing(module, options), expected)


def made(it: Thing) -> list[Step]:
    return [Step(it, "created"), Step(it, "unchanged")]


def changed(it: Thing, action: str = "updated") -> list[Step]:
    return [Step(it, action), Step(it, "unchanged", {"replace": False} if "replace" in it.options else {})]


def gone(it: Thing) -> list[Step]:
    return [Step(it, "deleted", {"state": "absent"}), Step(it, "unchanged", {"state": "absent"})]


def life(it: Thing, *changes: dict[str, Any]) -> list[Step]:
    """Made, unchanged, changed by each of the changes in turn, and gone."""
    steps = made(it)
    for change in changes:
        it = it.but(**change)
        steps += changed(it, "replaced" if it.options.get("replace") else "updated")
    return [*steps, *gone(it)]


def within(*around: Thing, steps: list[Step]) -> list[Step]:
    """The steps while something else exists."""
    before = [Step(it, "created") for it in around]
    return [*before, *steps, *(Step(it, "deleted", {"state": "absent"}) for it in reversed(around))]


NET = thing("network")
SUBNET = thing("subnet", network=NAME, cidr="10.83.0.0/24", ip_version=4)
OUTER = thing("network", f"{NAME}-outer", is_router_external=True)
OUTER_SUBNET = thing("subnet", f"{NAME}-outer", network=f"{NAME}-outer", cidr="10.84.0.0/24", ip_version=4)
ROUTER = thing("router", external_network=f"{NAME}-outer", interfaces=[NAME])
PORT = thing("port", network=NAME, fixed_ips=[{"subnet": NAME, "ip_address": "10.83.0.10"}])
ADDRESS = thing("floating_ip", None, network=f"{NAME}-outer", floating_ip_address="10.84.0.150")
GROUP = thing("security_group")
DOMAIN = resource("identity.domain", description="x")
NO_DOMAIN = changed(DOMAIN.but(is_enabled=False))
MAPPING = resource(
    "identity.mapping",
    rules=[{"local": [{"group": {"domain": {"name": "d"}, "name": "g"}}], "remote": [{"type": "HTTP_OIDC_GROUPS"}]}],
)
PROVIDER = resource("identity.identity_provider", domain_id={"name": NAME}, description="x")
PROJECT = thing("project", description="x", domain="Default", is_enabled=True)
USER = thing("user", email="a@example.org", domain="Default", default_project="demo", password="s3cret-word")
ROLE = resource("identity.role", description="x")
RULES = [
    {"protocol": "udp", "ether_type": "IPv6", "port_range_min": 547, "port_range_max": 547},
    {"protocol": "tcp", "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "1.2.3.40/32"},
]
EGRESS = [{"direction": "egress", "ether_type": version} for version in ("IPv4", "IPv6")]
FLAVOR = thing("flavor", ram=1024, vcpus=1, disk=10)
HOSTS = resource("compute.aggregate", hosts=["compute-east"])
IMAGE = thing("image", path="role.raw", disk_format="raw", tags=["test"], properties={"cpu_arch": "x86_64"})
CONTAINER = thing("container")
OBJECT = thing("object", container=NAME, content="this is a test")


def template(length: int) -> dict[str, Any]:
    word = {"type": "OS::Heat::RandomString", "properties": {"length": length}}
    return {"heat_template_version": "2018-08-31", "resources": {"word": word}}


SERVER = thing("server", image="base", flavor="m1.nano", networks=[NAME])
STACK = thing("stack", template_body=template(8))
TRAIT = thing(
    "rest", None, service_type="placement", method="PUT", path="/traits/CUSTOM_ANSIBLE_TRAIT", microversion="1.6"
)
VOLUME = thing("volume", size=1)
VOLUME_TYPE = resource("block_storage.type", extra_specs={"x": "y"})
ZONE = thing("zone", f"{NAME}.example.org.", email="test@example.net", type="PRIMARY")
RECORD = thing("recordset", f"www.{NAME}.example.org.", zone=ZONE.options["name"], type="A", records=["192.0.2.1"])


def rule(**attributes: Any) -> Thing:
    about = {"security_group_id": {"name": NAME}, "direction": "ingress", **attributes}
    return resource("network.security_group_rule", None, **about)


ICMP = rule(protocol="icmp", remote_ip_prefix="0.0.0.0/0")
ANY = rule(protocol="any", remote_ip_prefix="5.6.7.8")

ROLES: dict[str, list[Step]] = {
    "address_scope": life(resource("network.address_scope", ip_version=4, is_shared=False), {"is_shared": True}),
    "application_credential": life(
        resource("identity.application_credential", user_id={"name": "admin"}, description="x").but(
            secrets={"secret": "s3cret-word"}
        ),
        {"description": "y", "replace": True},
    ),
    "auth": [step(1, "location_info", probe=True)],
    "catalog_service": [
        *life(resource("identity.service", type=NAME), {"description": "x", "is_enabled": False}),
        step(1, "resource_info", type="identity.service", name="nova"),
    ],
    "compute_flavor": [
        *life(FLAVOR.but(id="12345", is_public=True, ephemeral=10, swap=1)),
        *life(FLAVOR.but(is_public=False)),
        *life(
            FLAVOR.but(extra_specs={"os:secure_boot": "required"}),
            {"extra_specs": {"os:secure_boot": "disabled"}},
            {"extra_specs": {"os:secure_boot": None, "hw_video:ram_max_mb": 200}},
        ),
        step(1, "flavor_info", name="m1.nano"),
    ],
    "compute_flavor_access": life(FLAVOR.but(is_public=False), {"access": ["demo"]}, {"access": []}),
    "compute_service": [step(1, "resource_info", type="compute.service", filters={"binary": "nova-compute"})],
    "config": [step(1, "location_info")],
    "dns_zone": [
        *made(ZONE),
        step(1, "zone_info", name=ZONE.options["name"]),
        *changed(ZONE.but(description="x")),
        *gone(ZONE),
    ],
    "endpoint": within(
        resource("identity.service", type=NAME),
        steps=life(
            resource(
                "identity.endpoint",
                None,
                service_id={"name": NAME},
                interface="internal",
                region_id="east",
                url="http://127.0.0.1:9292",
            ),
            {"url": "http://127.0.0.1:9393"},
        ),
    ),
    "federation_mapping": life(
        MAPPING, {"rules": [{**MAPPING.options["attributes"]["rules"][0], "remote": [{"type": "HTTP_OIDC_ISS"}]}]}
    ),
    "floating_ip": within(
        OUTER,
        OUTER_SUBNET,
        NET,
        SUBNET,
        ROUTER,
        PORT,
        thing("port", f"{NAME}-2", network=NAME, fixed_ips=[{"subnet": NAME, "ip_address": "10.83.0.11"}]),
        steps=[
            *made(ADDRESS),
            Step(ADDRESS.but(port=NAME), "updated"),
            *changed(ADDRESS.but(port=f"{NAME}-2", fixed_address="10.83.0.11")),
            step(1, "floating_ip_info", port=f"{NAME}-2"),
            *changed(ADDRESS.but(port="")),
            Step(ADDRESS.but(reuse=True, floating_ip_address=None, port=NAME), "updated"),
            *gone(ADDRESS.but(floating_ip_address=None, port=NAME)),
            step(0, "floating_ip_info", network=f"{NAME}-outer"),
        ],
    ),
    "group_assignment": within(
        USER,
        resource("identity.group"),
        steps=life(resource("identity.user_group", None, user_id={"name": NAME}, group_id={"name": NAME})),
    ),
    "host_aggregate": [
        *life(HOSTS, {"metadata": {"ssd": "true"}}, {"hosts": []}, {"hosts": ["compute-east"]}),
        step(0, "resource_info", type="compute.aggregate", name=NAME),
    ],
    "identity_domain": [
        *made(DOMAIN),
        *changed(DOMAIN.but(description="y")),
        step(1, "resource_info", type="identity.domain", filters={"is_enabled": True}, name=NAME),
        *NO_DOMAIN,
        *gone(DOMAIN),
    ],
    "identity_group": [
        *life(resource("identity.group", description="x"), {"description": "y"}),
        *within(
            DOMAIN,
            steps=[
                *made(resource("identity.group", domain_id={"name": NAME})),
                step(1, "resource_info", type="identity.group", filters={"domain_id": {"name": NAME}}),
                *gone(resource("identity.group", domain_id={"name": NAME})),
                *NO_DOMAIN,
            ],
        ),
    ],
    "identity_role": [
        *made(ROLE),
        step(1, "resource_info", type="identity.role", name=NAME),
        *gone(ROLE),
    ],
    "identity_user": [
        *made(USER),
        *changed(USER.but(email="b@example.org")),
        Step(USER, "updated", {"email": "b@example.org", "password": "s3cret-words", "update_password": True}),
        step(1, "user_info", name=NAME),
        *gone(USER),
    ],
    "image": [
        *made(IMAGE),
        *changed(IMAGE.but(protected=True)),
        *changed(IMAGE.but(protected=False, visibility="shared")),
        Step(thing("image"), "updated", {"state": "inactive"}),
        Step(thing("image"), "unchanged", {"state": "inactive"}),
        *changed(IMAGE),
        *gone(thing("image")),
    ],
    "keypair": [
        *life(thing("keypair", public_key=KEY)),
        step("unchanged", "keypair", name=NAME, state="absent"),
        step(0, "keypair_info", name=NAME),
    ],
    "keystone_federation_protocol": within(
        DOMAIN,
        steps=[
            *within(
                PROVIDER,
                MAPPING,
                Thing("resource", {**MAPPING.options, "name": f"{NAME}-2"}),
                steps=life(
                    resource("identity.federation_protocol", idp_id=NAME, mapping_id=NAME), {"mapping_id": f"{NAME}-2"}
                ),
            ),
            *NO_DOMAIN,
        ],
    ),
    "keystone_idp": within(
        DOMAIN,
        steps=[
            *life(PROVIDER, {"remote_ids": ["a", "b"]}, {"is_enabled": True, "description": "y"}),
            *NO_DOMAIN,
        ],
    ),
    "network": [
        *made(NET.but(is_shared=True, is_router_external=False, mtu=1400, is_port_security_enabled=False)),
        step(1, "network_info", name=NAME, is_shared=True),
        step(0, "network_info", name=NAME, is_shared=False),
        Step(NET, "conflict", {"provider_physical_network": "cannot_be_updated"}),
        *changed(NET.but(mtu=1350, is_port_security_enabled=True)),
        *gone(NET),
    ],
    "network_segment": within(
        NET,
        steps=life(
            resource("network.segment", network_id={"name": NAME}, network_type="vxlan", segmentation_id=77),
            {"description": "x"},
        ),
    ),
    "neutron_rbac_policy": within(
        PROJECT,
        NET,
        steps=[
            *life(
                resource(
                    "network.rbac_policy",
                    None,
                    object_type="network",
                    object_id={"name": NAME, "type": "network.network"},
                    action="access_as_shared",
                    target_project_id={"name": NAME},
                )
            ),
            *life(
                resource(
                    "network.rbac_policy",
                    None,
                    object_type="network",
                    object_id={"name": NAME, "type": "network.network"},
                    action="access_as_shared",
                    target_project_id="*",
                )
            ),
        ],
    ),
    "object": within(
        CONTAINER,
        steps=[
            *made(OBJECT),
            *changed(OBJECT.but(content="this is another one"), "replaced"),
            *gone(thing("object", container=NAME)),
            *made(thing("object", container=NAME, src="role.raw")),
            *gone(thing("object", container=NAME)),
        ],
    ),
    "object_container": [
        *life(
            CONTAINER.but(read_acl=[".r:*", ".rlistings"]),
            {"metadata": {"foo": "bar"}},
            {"metadata": {"foo": "baz"}, "read_acl": []},
        )[:-2],
        Step(OBJECT, "created"),
        Step(CONTAINER, "conflict", {"state": "absent"}),
        *gone(CONTAINER.but(delete_with_content=True)),
    ],
    "object_containers_info": within(CONTAINER, steps=[step(1, "container_info", name=NAME)]),
    "port": within(
        NET,
        SUBNET,
        GROUP,
        steps=[
            *made(PORT),
            step(1, "port_info", name=NAME, network=NAME),
            *changed(PORT.but(security_groups=[NAME], device_owner="x")),
            *changed(
                PORT.but(
                    allowed_address_pairs=[{"ip_address": "10.83.0.99"}],
                    extra_dhcp_opts=[{"opt_name": "bootfile-name", "opt_value": "pxelinux.0"}],
                    binding_vnic_type="direct",
                )
            ),
            *gone(PORT),
        ],
    ),
    "port_forwarding": within(
        OUTER,
        OUTER_SUBNET,
        NET,
        SUBNET,
        ROUTER,
        PORT,
        ADDRESS,
        steps=life(
            resource(
                "network.port_forwarding",
                None,
                floatingip_id={"name": ADDRESS.options["floating_ip_address"]},
                internal_port_id={"name": NAME},
                internal_ip_address="10.83.0.10",
                internal_port=80,
                external_port=8080,
                protocol="tcp",
            ),
            {"internal_port": 8080},
        ),
    ),
    "project": [
        *life(PROJECT, {"description": "y", "tags": ["x"]}, {"is_enabled": False}),
        step(0, "project_info", name=NAME),
    ],
    "quota": within(
        PROJECT,
        steps=[
            step("updated", "quota", project=NAME, network={"networks": 7}),
            step("unchanged", "quota", project=NAME, network={"networks": 7}),
            step("updated", "quota", project=NAME, compute={"cores": 7}, block_storage={"volumes": 7}),
            step("updated", "quota", project=NAME, state="absent"),
            step("unchanged", "quota", project=NAME, state="absent"),
        ],
    ),
    "recordset": within(
        ZONE, steps=life(RECORD, {"records": ["192.0.2.2", "192.0.2.3"], "description": "new test recordset"})
    ),
    "resource": [
        Step(resource("network.security_group", description="x"), "created", {"_ansible_check_mode": True}),
        *made(resource("network.security_group", description="x")),
        Step(resource("network.security_group", description="y"), "updated", {"_ansible_check_mode": True}),
        *changed(resource("network.security_group", description="y")),
        *gone(resource("network.security_group")),
    ],
    "resources": [
        step(1, "resource_info", type="compute.flavor", name="m1.nano"),
        step(1, "resource_info", type="network.network", filters={"is_router_external": True}, name="public"),
    ],
    "role_assignment": within(
        PROJECT,
        USER,
        resource("identity.group"),
        ROLE,
        steps=[
            *life(thing("role_assignment", None, role=NAME, user=NAME, project=NAME)),
            *life(thing("role_assignment", None, role=NAME, group=NAME, domain="Default")),
        ],
    ),
    "router": within(
        NET,
        SUBNET,
        OUTER,
        OUTER_SUBNET,
        steps=[
            *made(thing("router")),
            Step(thing("router", interfaces=[NAME]), "updated"),
            *changed(thing("router", interfaces=[{"subnet": NAME, "ip_address": "10.83.0.9"}])),
            Step(thing("router", interfaces=[]), "updated"),
            *changed(ROUTER.but(external_fixed_ips=[{"subnet": f"{NAME}-outer", "ip_address": "10.84.0.7"}])),
            step(1, "port_info", router=NAME, network=NAME),
            *changed(ROUTER.but(external_network="")),
            *gone(ROUTER),
        ],
    ),
    "security_group": [
        *life(GROUP.but(description="x", stateful=False), {"stateful": True}),
        *life(
            GROUP.but(rules=[], directions=["ingress", "egress"]),
            {"rules": EGRESS},
            {"rules": RULES},
            {"rules": []},
            {"rules": [*EGRESS, *RULES]},
        ),
        step(1, "security_group_info", name="default"),
    ],
    "security_group_rule": within(
        GROUP,
        steps=[
            *made(ICMP),
            Step(ICMP.but(port_range_min=-1, port_range_max=-1), "unchanged"),
            *made(rule(protocol="tcp")),
            Step(rule(protocol="tcp", port_range_min=-1, port_range_max=-1), "unchanged"),
            *life(rule(protocol="tcp", port_range_min=8000, port_range_max=9000)),
            *life(rule(protocol="tcp", direction="egress", port_range_min=30000, port_range_max=30001)),
            step(2, "resource_info", type="network.security_group_rule", filters={"direction": "ingress",
                                                                                  "security_group_id": {"name": NAME}}),
            *gone(rule(protocol="tcp")),
            *made(ANY),
            Step(ANY.but(remote_ip_prefix="5.6.7.8/32"), "unchanged"),
            *gone(ANY),
        ],
    ),
    "server": within(
        NET, SUBNET, OUTER, OUTER_SUBNET, ROUTER, GROUP,
        steps=[
            *life(SERVER.but(metadata={"a": "1", "b": "2"}), {"security_groups": [NAME]}),
            *life(SERVER.but(floating_ip=f"{NAME}-outer")),
            *life(SERVER.but(boot_volume={"size": 1})),
        ],
    ),
    "server_action": within(
        NET, SUBNET,
        steps=[
            *made(SERVER),
            *(
                Step(SERVER, expected, {"state": state})
                for state in ("stopped", "started", "shelved", "started")
                for expected in ("updated", "unchanged")
            ),
            Step(SERVER, "updated", {"state": "rebooted"}),
            Step(SERVER, "updated", {"state": "rebuilt", "force": True}),
            *gone(SERVER),
        ],
    ),
    "server_metadata": within(
        NET,
        SUBNET,
        steps=life(SERVER, *({"metadata": keys} for keys in ({"a": "1", "b": "2"}, {"a": "3"}, {"a": None}))),
    ),
    "server_volume": within(NET, SUBNET, VOLUME, steps=life(SERVER, {"volumes": [NAME]})),
    "server_group": [
        *life(thing("server_group", policy="affinity"), {"policy": "anti-affinity", "replace": True}),
        step(0, "server_group_info", name=NAME),
    ],
    "stack": [
        *made(STACK),
        step(1, "stack_info", name=NAME),
        *changed(STACK.but(template_body=template(16))),
        *gone(thing("stack")),
    ],
    "subnet": within(
        NET,
        steps=[
            *life(
                SUBNET.but(dns_nameservers=["9.9.9.9"], host_routes=[], gateway_ip="10.83.0.3", is_dhcp_enabled=False),
                {"dns_nameservers": ["9.9.9.9", "1.1.1.1"], "gateway_ip": "", "is_dhcp_enabled": True},
                {"allocation_pools": [{"start": "10.83.0.10", "end": "10.83.0.20"}]},
            ),
            *within(
                resource("network.subnet_pool", prefixes=["10.85.0.0/16"]),
                steps=life(thing("subnet", network=NAME, ip_version=4, subnet_pool=NAME, prefix_length=24)),
            ),
        ],
    ),
    "subnet_pool": within(
        resource("network.address_scope", ip_version=4),
        steps=life(
            resource("network.subnet_pool", prefixes=["10.85.0.0/16"], address_scope_id={"name": NAME}),
            {"prefixes": ["10.85.0.0/16", "10.86.0.0/16"], "default_prefix_length": 24, "description": "x"},
        ),
    ),
    "trait": [
        Step(TRAIT, "201"),
        Step(TRAIT, "204"),
        Step(TRAIT, "204", {"method": "DELETE"}),
        Step(TRAIT, "404", {"method": "DELETE", "status": [204, 404]}),
    ],
    "trunk": within(
        NET, PORT.but(fixed_ips=[]), steps=life(resource("network.trunk", port_id={"name": NAME}), {"description": "x"})
    ),
    "volume": [
        *life(VOLUME, {"description": "x", "metadata": {"a": "b"}}, {"size": 2}, {"is_bootable": True}),
        *within(VOLUME, steps=life(thing("volume", f"{NAME}-2", source_volume=NAME, size=1))),
    ],
    "volume_service": [step(1, "resource_info", type="block_storage.service", filters={"binary": "cinder-volume"})],
    "volume_snapshot": within(VOLUME, steps=life(thing("volume_snapshot", volume=NAME), {"description": "x"})),
    "volume_type": life(VOLUME_TYPE, {"description": "x", "extra_specs": {"x": None, "z": "1"}}),
    "volume_type_access": life(VOLUME_TYPE.but(is_public=False), {"access": [{"name": "demo"}]}, {"access": []}),
}  # fmt: skip
EXTENSIONS = {"network_segment": "segment", "port_forwarding": "floating-ip-port-forwarding", "trunk": "trunk"}
"""Extensions of Neutron that roles need, which a cloud may run without."""


def run(step: Step) -> ModuleRun:
    return run_module(step.thing.module, **{"locations": ADMIN, **step.thing.options, **step.options})


def outcome(done: ModuleRun, expected: str | int) -> str | int:
    """What a task did, or how many records it found, or the status of an answer."""
    if isinstance(expected, int) and done.ok:
        return sum(int(found.get("count", 1)) for found in done["locations"])
    if done.result["failures"]:
        return str(done["failures"][0]["kind"])
    (result, *_more) = done["results"]
    return str(result.get("action") or result["status"])


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_does_can_be_done(role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("role.raw").write_bytes(b"\0" * 2**20)
    if role in EXTENSIONS:
        offered = run_module("resource_info", locations=ADMIN, type="network.extension")["resources"]
        if EXTENSIONS[role] not in {extension["alias"] for extension in offered}:
            pytest.skip(f"the local clouds run without {EXTENSIONS[role]}")
    of_dns = any(task.thing.module == "zone" for task in ROLES[role])
    if of_dns and not run_module("zone_info", locations=ADMIN)["locations"][0]["offered"]:
        pytest.skip("these clouds run without Designate")
    try:
        for number, task in enumerate(ROLES[role]):
            done = run(task)
            said = f"task {number} of {role}: {task.thing.module} {task.thing.options} {task.options}: {done.result}"
            assert outcome(done, task.expected) == task.expected, said
    except BaseException:
        for task in reversed(ROLES[role]):
            if task.expected == "created":
                if task.thing.options.get("type") == "identity.domain":
                    run(replace(task, thing=task.thing.but(is_enabled=False)))
                content = {"delete_with_content": True} if task.thing.module == "container" else {}
                run(replace(task, options={"state": "absent", **content}))
        raise
