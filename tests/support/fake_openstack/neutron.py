# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in Neutron v2.0: networks, subnets, routers, ports, security groups, floating IPs, quotas, tags."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.gate import Knobs, Reply, json_reply
from tests.support.fake_openstack.resources import NOTHING, Collection, Field, Item, ResourceService, flag, number, text
from tests.support.fake_openstack.service import Call, Refusal, Route, TokenCheck

LISTING = Field((list,), ())
INTERFACE = "network:router_interface"
TAGGED = ("networks", "subnets", "ports", "routers", "security-groups", "floatingips")
QUOTA = {"network": 100, "subnet": 100, "port": 500, "router": 10, "security_group": 10}
PROTOCOLS = {"icmp": "1", "tcp": "6", "udp": "17", "gre": "47"}
"""Names that are shown as they were written, although a rule with the number is the same."""
RULE = {
    "security_group_id": text(None, required=True),
    "direction": text(None, required=True),
    "ethertype": text("IPv4"),
    "protocol": Field((str, int, NOTHING)),
    "port_range_min": number(),
    "port_range_max": number(),
    "remote_ip_prefix": text(None),
    "remote_group_id": text(None),
    "description": text(),
}


def _subnet(item: Item) -> Item:
    network = ipaddress.ip_network(item["cidr"], strict=False)
    return {
        "gateway_ip": str(network.network_address + 1),
        "allocation_pools": [{"start": str(network.network_address + 2), "end": str(network.broadcast_address - 1)}],
    }


def _port(item: Item) -> Item:
    return {"status": "DOWN", "mac_address": f"fa:16:3e:{item['id'][0:2]}:{item['id'][2:4]}:{item['id'][4:6]}"}


COLLECTIONS = (
    Collection(
        "networks",
        "network",
        "networks",
        {
            "name": text(),
            "description": text(),
            "admin_state_up": flag(default=True),
            "shared": flag(default=False),
            "router:external": flag(default=False),
            "mtu": number(1450),
        },
        made=lambda _item: {"status": "ACTIVE", "subnets": [], "tags": []},
        public=lambda item: item["shared"] or item["router:external"],
    ),
    Collection(
        "subnets",
        "subnet",
        "subnets",
        {
            "name": text(),
            "description": text(),
            "network_id": text(None, required=True, fixed=True),
            "cidr": text(None, required=True, fixed=True),
            "ip_version": number(None, required=True, fixed=True),
            "gateway_ip": text(None),
            "enable_dhcp": flag(default=True),
            "dns_nameservers": LISTING,
            "allocation_pools": Field((list, NOTHING)),
            "host_routes": LISTING,
        },
        made=lambda item: {"tags": [], **_subnet(item)},
    ),
    Collection(
        "routers",
        "router",
        "routers",
        {
            "name": text(),
            "description": text(),
            "admin_state_up": flag(default=True),
            "external_gateway_info": Field((dict, NOTHING)),
            "routes": LISTING,
        },
        made=lambda _item: {"status": "ACTIVE", "tags": []},
    ),
    Collection(
        "ports",
        "port",
        "ports",
        {
            "name": text(),
            "description": text(),
            "network_id": text(None, required=True, fixed=True),
            "admin_state_up": flag(default=True),
            "fixed_ips": LISTING,
            "security_groups": LISTING,
            "device_id": text(),
            "device_owner": text(),
            "mac_address": text(None),
            "allowed_address_pairs": LISTING,
            "extra_dhcp_opts": LISTING,
        },
        made=lambda item: {"tags": [], **_port(item)},
    ),
    Collection(
        "security-groups",
        "security_group",
        "security_groups",
        {"name": text(), "description": text(), "stateful": flag(default=True)},
        made=lambda _item: {"tags": [], "security_group_rules": []},
    ),
    Collection("security-group-rules", "security_group_rule", "security_group_rules", RULE, update=None),
    Collection(
        "floatingips",
        "floatingip",
        "floatingips",
        {
            "floating_network_id": text(None, required=True, fixed=True),
            "floating_ip_address": text(None, fixed=True),
            "port_id": text(None),
            "fixed_ip_address": text(None),
            "description": text(),
        },
        made=lambda _item: {"status": "DOWN", "tags": [], "created_at": "2026-03-14T09:26:53Z"},
    ),
)


class Neutron(ResourceService):
    """The network service of one region. Administrators see everything."""

    kind = "network"
    ROOT = "/v2.0"
    COLLECTIONS = COLLECTIONS
    admins_list_all = True

    def __init__(self, place: tuple[str, str], tokens: TokenCheck, knobs: Knobs, counters: Counters) -> None:
        super().__init__(place, tokens, knobs, counters)
        self.quotas: dict[str, dict[str, int]] = {}

    def more_routes(self) -> Sequence[Route]:
        """Return what Neutron answers beside its collections."""
        return [
            *(Route("PUT", f"/v2.0/{path}/{{id}}/tags", self._tag) for path in TAGGED),
            Route("PUT", "/v2.0/routers/{id}/add_router_interface", self._attach),
            Route("PUT", "/v2.0/routers/{id}/remove_router_interface", self._detach),
            Route("GET", "/v2.0/quotas/{id}/default", self._default_quota),
            Route("GET", "/v2.0/quotas/{id}/details.json", self._quota_details),
            Route("GET", "/v2.0/quotas/{id}", self._quota),
            Route("PUT", "/v2.0/quotas/{id}", self._set_quota),
            Route("DELETE", "/v2.0/quotas/{id}", self._reset_quota),
        ]

    def refuse(self, _call: Call, refusal: Refusal) -> Reply:
        """Return an error as Neutron shapes it."""
        error = {"type": "HTTPBadRequest", "message": refusal.message, "detail": ""}
        return json_reply({"NeutronError": error}, refusal.status, refusal.headers)

    def presented(self, collection: Collection, item: Item) -> Item:
        """Return an item, with its rules, and its project under both names."""
        shown = {name: list(value) if isinstance(value, tuple) else value for name, value in item.items()}
        if collection.key == "security_group":
            rules = self.items["security-group-rules"].values()
            shown["security_group_rules"] = [
                self.presented(self.collections["security-group-rules"], rule)
                for rule in rules
                if rule["security_group_id"] == item["id"]
            ]
        return shown | {"tenant_id": item["project_id"]}

    def before_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse what refers to nothing, and what is there already."""
        self._refers(call, item)
        if (item.get("shared") or item.get("router:external")) and not call.me.is_admin:
            raise Refusal(403, "rule:create_network:shared is disallowed by policy")
        if collection.key == "security_group_rule":
            self._complete_rule(item)
            had = [self._rule(other) for other in self.items["security-group-rules"].values()]
            if self._rule(item) in had:
                raise Refusal(409, "Security group rule already exists. Rule id is x.")
        if collection.key == "subnet":
            item["cidr"] = str(ipaddress.ip_network(item["cidr"], strict=False))
        if collection.key in ("port", "router"):
            self._complete(item)
        if item.get("routes"):
            raise Refusal(400, "Attribute 'routes' not allowed in POST")
        if collection.key == "floatingip":
            self._check_floating(item)
            self._associate(item, item["floating_network_id"])
            item["floating_ip_address"] = item["floating_ip_address"] or f"203.0.113.{len(self.items['floatingips'])}"

    def after_create(self, collection: Collection, call: Call, item: Item) -> None:
        """Give a new security group the rules that each has."""
        if collection.key == "security_group":
            for version in ("IPv4", "IPv6"):
                rule = {"security_group_id": item["id"], "direction": "egress", "ethertype": version}
                self.add("security-group-rules", call.me.project_id, **rule)

    def before_change(self, collection: Collection, call: Call, item: Item, sent: Item) -> None:
        """Complete what is sent in part."""
        self._refers(call, sent)
        if collection.key in ("port", "router"):
            self._complete(sent | {"network_id": item.get("network_id"), "id": item["id"]})
        if collection.key == "floatingip":
            self._associate(sent, item["floating_network_id"])
        if "extra_dhcp_opts" in sent:  # what is left out stays, and what has no value goes
            options = {each["opt_name"]: each for each in [*item["extra_dhcp_opts"], *sent["extra_dhcp_opts"]]}
            sent["extra_dhcp_opts"] = [each for each in options.values() if each["opt_value"] is not None]

    def before_delete(self, collection: Collection, call: Call, item: Item) -> None:
        """Refuse to remove what is in use."""
        ports = self.items["ports"].values()
        if collection.key == "network":
            if any(port["network_id"] == item["id"] for port in ports):
                raise Refusal(409, f"Unable to complete operation on network {item['id']}. One or more ports in use.")
            for subnet in [each for each in self.items["subnets"].values() if each["network_id"] == item["id"]]:
                del self.items["subnets"][subnet["id"]]
        if collection.key == "router" and any(port["device_id"] == item["id"] for port in ports):
            raise Refusal(409, f"Router {item['id']} still has ports")
        if collection.key == "security_group":
            rules = self.items["security-group-rules"]
            for rule in [each for each in rules.values() if each["security_group_id"] == item["id"]]:
                del rules[rule["id"]]
        del call

    def _refers(self, call: Call, item: Mapping[str, Any]) -> None:
        for name, path in (
            ("network_id", "networks"), ("floating_network_id", "networks"), ("security_group_id", "security-groups"),
        ):  # fmt: skip
            if item.get(name) is not None:
                found = self.items[path].get(item[name])
                if found is None or not (call.me.is_admin or self.visible(self.collections[path], call, found)):
                    raise Refusal(404, f"{name} {item[name]} could not be found")

    def _associate(self, sent: Item, outside: str) -> None:
        """Lead a floating IP of an external network to an address of its port, the only one unless one is given."""
        if "port_id" not in sent and sent.get("fixed_ip_address"):
            raise Refusal(400, "fixed_ip_address cannot be specified without a port_id")
        if sent.get("port_id"):
            port = self.items["ports"].get(sent["port_id"])
            if port is None:
                raise Refusal(404, f"Port {sent['port_id']} could not be found.")
            subnets = {fixed["ip_address"]: fixed["subnet_id"] for fixed in port["fixed_ips"]}
            address = sent.get("fixed_ip_address") or self._only_address(port)
            if address not in subnets:
                raise Refusal(400, f"Port {port['id']} does not have fixed ip {address}.")
            self._check_route(port["id"], subnets[address], outside)
            sent["fixed_ip_address"] = address
        elif "port_id" in sent:
            sent["fixed_ip_address"] = None

    @staticmethod
    def _only_address(port: Item) -> str:
        addresses: list[str] = [fixed["ip_address"] for fixed in port["fixed_ips"] if "." in fixed["ip_address"]]
        if not addresses:
            raise Refusal(400, f"Cannot add floating IP to port {port['id']} that has no fixed IPv4 addresses")
        if len(addresses) > 1:
            raise Refusal(400, f"Port {port['id']} has multiple fixed IPv4 addresses.")
        return addresses[0]

    def _check_route(self, port_id: str, subnet_id: str, outside: str) -> None:
        """Refuse what no router leads to; tests may have addresses of a subnet that is not there."""
        routers = [
            router["id"]
            for router in self.items["routers"].values()
            if (router["external_gateway_info"] or {}).get("network_id") == outside
        ]
        interfaces = [port for router_id in routers for port in self._interfaces(router_id)]
        led = {fixed["subnet_id"] for port in interfaces for fixed in port["fixed_ips"]}
        if subnet_id in self.items["subnets"] and subnet_id not in led:
            raise Refusal(
                404,
                f"External network {outside} is not reachable from subnet {subnet_id}.  Therefore, cannot associate "
                f"Port {port_id} with a Floating IP.",
            )

    def _check_floating(self, item: Mapping[str, Any]) -> None:
        if not self.items["networks"][item["floating_network_id"]]["router:external"]:
            raise Refusal(400, f"Network {item['floating_network_id']} is not a valid external network")
        port = self.items["ports"].get(str(item["port_id"])) if item["port_id"] else None
        if item["port_id"] and (port is None or not port["fixed_ips"]):
            raise Refusal(404, f"Port {item['port_id']} could not be found.")

    def _complete(self, item: Item) -> None:
        """Do what Neutron does to addresses and gateways that are given in part."""
        if item.get("fixed_ips"):
            others = [port["fixed_ips"] for port in self.items["ports"].values() if port["id"] != item.get("id")]
            taken = {fixed["ip_address"] for several in others for fixed in several}
            item["fixed_ips"] = [self._address(fixed, taken) for fixed in item["fixed_ips"]]
        gateway = item.get("external_gateway_info")
        if gateway:
            network = self.items["networks"].get(str(gateway.get("network_id")))
            if network is None or not network["router:external"]:
                raise Refusal(404, f"Network {gateway.get('network_id')} could not be found.")
            gateway.setdefault("enable_snat", True)
            gateway.setdefault("external_fixed_ips", [{"subnet_id": "x", "ip_address": "203.0.113.2"}])

    def _address(self, fixed: Any, taken: set[str]) -> Item:
        if not isinstance(fixed, dict) or not fixed.keys() <= {"subnet_id", "ip_address"}:
            raise Refusal(400, f"Invalid input for fixed_ips. Reason: {fixed!r}")
        subnet = self.items["subnets"].get(str(fixed.get("subnet_id")))
        if subnet is None:
            raise Refusal(404, f"Subnet {fixed.get('subnet_id')} could not be found.")
        if fixed.get("ip_address") in taken:
            raise Refusal(409, f"IP address {fixed['ip_address']} already allocated in subnet {subnet['id']}.")
        first = ipaddress.ip_network(subnet["cidr"]).network_address + 77
        free = next(address for address in map(str, (first + number for number in range(99))) if address not in taken)
        return {"ip_address": free, **fixed}

    @staticmethod
    def _complete_rule(item: Item) -> None:
        if item["direction"] not in ("ingress", "egress") or item["ethertype"] not in ("IPv4", "IPv6"):
            raise Refusal(400, f"Invalid input for direction or ethertype: {item}")
        if item["protocol"] is not None:
            item["protocol"] = str(item["protocol"]).lower()
        if item["protocol"] in ("any", "0", "-1"):
            item["protocol"] = None
        if (item["port_range_min"], item["port_range_max"]) == (1, 65535):
            item["port_range_min"] = item["port_range_max"] = None
        if item["remote_ip_prefix"]:
            item["remote_ip_prefix"] = str(ipaddress.ip_network(item["remote_ip_prefix"], strict=False))
            if f"IPv{ipaddress.ip_network(item['remote_ip_prefix']).version}" != item["ethertype"]:
                raise Refusal(400, "Conflicting value ethertype for CIDR")

    @staticmethod
    def _rule(item: Item) -> tuple[Any, ...]:
        protocol = PROTOCOLS.get(item["protocol"], item["protocol"])
        return (protocol, *(item[name] for name in RULE if name not in ("description", "protocol")))

    async def _tag(self, call: Call) -> Reply:
        path = call.request.path.split("/")[2]
        body = await call.json()
        if body.keys() != {"tags"} or not all(isinstance(tag, str) for tag in body["tags"]):
            raise Refusal(400, "Invalid input for tags")
        self.one(self.collections[path], call, writes=True)["tags"] = sorted(set(body["tags"]))
        return json_reply({"tags": sorted(set(body["tags"]))})

    async def _attach(self, call: Call) -> Reply:
        router, sent = self.one(self.collections["routers"], call, writes=True), await call.json()
        if sent.keys() == {"port_id"}:
            self.items["ports"][sent["port_id"]].update(device_id=router["id"], device_owner=INTERFACE)
            return json_reply({"id": router["id"], **sent})
        subnet_id = sent["subnet_id"]
        subnet = self.items["subnets"].get(subnet_id)
        if subnet is None:
            raise Refusal(404, f"Subnet {subnet_id} could not be found.")
        if any(subnet_id in str(port["fixed_ips"]) for port in self._interfaces(router["id"])):
            raise Refusal(400, f"Router already has a port on subnet {subnet_id}")
        fixed = [{"subnet_id": subnet_id, "ip_address": subnet["gateway_ip"]}]
        port = {
            "network_id": subnet["network_id"],
            "fixed_ips": fixed,
            "device_id": router["id"],
            "device_owner": INTERFACE,
        }
        self.add("ports", router["project_id"], **port)
        return json_reply({"id": router["id"], "subnet_id": subnet_id})

    async def _detach(self, call: Call) -> Reply:
        router, subnet_id = self.one(self.collections["routers"], call, writes=True), (await call.json())["subnet_id"]
        for port in self._interfaces(router["id"]):
            if subnet_id in str(port["fixed_ips"]):
                addresses = ipaddress.ip_network(self.items["subnets"][subnet_id]["cidr"])
                if any(ipaddress.ip_address(route["nexthop"]) in addresses for route in router["routes"]):
                    raise Refusal(409, "cannot be deleted, as it is required by one or more routes.")
                del self.items["ports"][port["id"]]
                return json_reply({"id": router["id"], "subnet_id": subnet_id})
        raise Refusal(404, f"Router {router['id']} has no interface on subnet {subnet_id}")

    def _interfaces(self, router_id: str) -> list[Item]:
        return [port for port in self.items["ports"].values() if port["device_id"] == router_id]

    async def _quota(self, call: Call) -> Reply:
        if not call.me.is_admin and call.part("id") != call.me.project_id:
            raise Refusal(403, "rule:get_quota is disallowed by policy")
        return json_reply({"quota": QUOTA | self.quotas.get(call.part("id"), {})})

    async def _quota_details(self, call: Call) -> Reply:
        await self._quota(call)  # refuses those of others
        project = call.part("id")
        limits = QUOTA | self.quotas.get(project, {})
        used = {
            key: sum(item.get("project_id") == project for item in self.items[f"{key}s"].values())
            for key in ("network", "subnet", "port", "router")
        }
        shown = {key: {"limit": limit, "used": used.get(key, 0), "reserved": 0} for key, limit in limits.items()}
        return json_reply({"quota": shown})

    async def _default_quota(self, _call: Call) -> Reply:
        return json_reply({"quota": QUOTA})

    async def _set_quota(self, call: Call) -> Reply:
        sent = (await call.json())["quota"]
        if not call.me.is_admin:
            raise Refusal(403, "rule:update_quota is disallowed by policy")
        if not sent.keys() <= QUOTA.keys() or not all(isinstance(value, int) for value in sent.values()):
            raise Refusal(400, f"Unrecognized attribute(s) in {sent}")
        self.quotas.setdefault(call.part("id"), {}).update(sent)
        return await self._quota(call)

    async def _reset_quota(self, call: Call) -> Reply:
        if not call.me.is_admin:
            raise Refusal(403, "rule:delete_quota is disallowed by policy")
        self.quotas.pop(call.part("id"), None)
        return Reply(204)


def network(neutron: Neutron, project_id: str, name: str, cidr: Any = None, **fields: Any) -> Item:
    """Put a network there, with a subnet of the same name if it is to have addresses."""
    made = neutron.add("networks", project_id, id=str(uuid.uuid4()), name=name, **fields)
    if cidr:
        neutron.add("subnets", project_id, name=name, network_id=made["id"], cidr=cidr, ip_version=4)
    return made


def route(neutron: Neutron, project_id: str, inside: Item, outside: Item) -> None:
    """Put a router there that leads from a network with a subnet to an external one."""
    router = neutron.add("routers", project_id, name="out", external_gateway_info={"network_id": outside["id"]})
    subnet = next(each for each in neutron.items["subnets"].values() if each["network_id"] == inside["id"])
    neutron.add(
        "ports",
        project_id,
        network_id=inside["id"],
        fixed_ips=[{"subnet_id": subnet["id"], "ip_address": subnet["gateway_ip"]}],
        device_id=router["id"],
        device_owner=INTERFACE,
    )
