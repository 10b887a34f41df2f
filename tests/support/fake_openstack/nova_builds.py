# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in Nova does with servers that are asked for: it checks, builds, changes and deletes them.

What takes a while is done when the servers have been looked at often enough.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from tests.support.fake_openstack.cinder import Cinder
from tests.support.fake_openstack.gate import Reply, json_reply
from tests.support.fake_openstack.neutron import INTERFACE, Neutron
from tests.support.fake_openstack.nova_limits import NovaLimits
from tests.support.fake_openstack.nova_resources import NovaResources
from tests.support.fake_openstack.nova_servers import FLAVORS, Server, Version, size_of
from tests.support.fake_openstack.service import Call, Refusal, Route

Item = dict[str, Any]
SERVER_KEYS: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "flavorRef": (str,),
    "imageRef": (str,),
    "networks": (str, list),
    "metadata": (dict,),
    "key_name": (str,),
    "user_data": (str,),
    "config_drive": (bool,),
    "security_groups": (list,),
    "block_device_mapping_v2": (list,),
    "availability_zone": (str,),
    "description": (str,),
    "tags": (list,),
}
DEVICE_KEYS = {
    "boot_index", "uuid", "source_type", "destination_type", "volume_size", "volume_type", "delete_on_termination",
}  # fmt: skip
SINCE: dict[str, Version] = {"description": (2, 19), "tags": (2, 52)}
NO_HOST = "No valid host was found. "
MOST_USER_DATA = 65535
STARTS = {
    "os-start": ("SHUTOFF",), "unpause": ("PAUSED",), "resume": ("SUSPENDED",), "unrescue": ("RESCUE",),
    "unshelve": ("SHELVED", "SHELVED_OFFLOADED"),
}  # fmt: skip
ACTIONS = {
    *STARTS, "os-stop", "shelve", "reboot", "rebuild", "resize", "confirmResize", "addSecurityGroup",
    "removeSecurityGroup",
}  # fmt: skip


class NovaBuilds:
    """The servers that are not only listed."""

    def __init__(
        self,
        servers: list[Server],
        resources: NovaResources,
        limits: NovaLimits,
        negotiate: Callable[[Call], Version],
    ) -> None:
        self.servers = servers
        self.resources = resources
        self.limits = limits
        self.negotiate = negotiate
        self.neutron: Neutron | None = None
        """The network service, where there is one."""
        self.cinder: Cinder | None = None
        self.images: Callable[[], set[str]] = set
        """The IDs of the images that there are."""
        self.looks = 1
        """How often servers are looked at until what is being done to them is done; -1 for ever."""
        self.fails: Callable[[Server], str | None] = lambda _server: None
        """What the fault of a server that is built, or whose resize is confirmed, is to be, if any."""
        self.copies = 0
        """How often servers are looked at until images are copied to their volumes, and these shown; -1 for ever."""
        self.stays: Callable[[Server], str | None] = lambda _server: None
        """What the fault of a server is to be that Nova gives up deleting, if any."""
        self.attaches: Callable[[Item], bool] = lambda _volume: True
        """Whether a volume that is to be attached is."""
        self.deleted: list[Server] = []

    def routes(self) -> Sequence[Route]:
        """Return what Nova answers."""
        one = "/v2.1/servers/{server_id}"
        return [
            Route("POST", "/v2.1/servers", self._create),
            Route("PUT", one, self._rename),
            Route("DELETE", one, self._delete),
            Route("POST", f"{one}/metadata", self._set_metadata),
            Route("DELETE", f"{one}/metadata/{{key}}", self._remove_metadata),
            Route("PUT", f"{one}/tags", self._set_tags),
            Route("POST", f"{one}/os-interface", self._attach_interface),
            Route("POST", f"{one}/os-volume_attachments", self._attach_volume),
        ]

    def look(self) -> None:
        """Let time pass: somebody looks at the servers."""
        self.copies = max(self.copies - 1, min(self.copies, 0))
        for server in self.servers if self.copies == 0 else ():
            if server.filling:
                server.volumes, server.filling = [*(server.volumes or ()), *server.filling], []
        for server in list(self.servers):
            if server.then is None:
                continue
            server.looked += 1
            if 0 <= self.looks < server.looked:
                self._done(server)
        self._show_floating()

    def _done(self, server: Server) -> None:
        status, server.then, server.looked, server.task_state = server.then, None, 0, None
        _touch(server)
        if status == "DELETED":
            server.fault = self._why_it_stays(server)
            if server.fault:
                server.status = "ERROR"
            else:
                self._gone(server)
            return
        fault = self.fails(server) if server.status in ("BUILD", "VERIFY_RESIZE") else None
        if fault:
            server.status, server.fault = "ERROR", fault
            return
        server.launched = server.launched or status == "ACTIVE"
        server.status = status or "ACTIVE"

    def _why_it_stays(self, server: Server) -> str | None:
        """Why a server is not deleted: Neutron reads a port's floating IPs twice while it deletes the port."""
        if self.neutron and server.reached_by - self.neutron.items["floatingips"].keys():
            return "Unable to complete the operation: the port still has an associated floating IP."
        return self.stays(server)

    def _gone(self, server: Server) -> None:
        self.servers.remove(server)
        server.status = "DELETED"
        self.deleted.append(server)
        self.limits.hold(server)
        if self.neutron:
            for port in self._ports(server):
                if port["id"] in server.own_ports:
                    del self.neutron.items["ports"][port["id"]]
                    for floating in self._floating(port):
                        floating["port_id"] = None
                else:
                    port["device_id"] = ""
        volumes = self.cinder.items["volumes"] if self.cinder else {}
        for volume in server.volumes or ():
            item = volumes.get(volume["id"])
            if item and volume["delete_on_termination"]:
                del volumes[volume["id"]]
            elif item:
                item["status"] = "available"
        for volume in server.filling:
            volumes[volume["id"]]["status"] = "available"

    def _ports(self, server: Server) -> list[Item]:
        ports = self.neutron.items["ports"].values() if self.neutron else ()
        return [port for port in ports if port["device_id"] == server.id]

    def _floating(self, *ports: Item) -> list[Item]:
        """The floating IPs of ports."""
        made = self.neutron.items["floatingips"].values() if self.neutron else ()
        ids = [port["id"] for port in ports]
        return [floating for floating in made if floating["port_id"] in ids]

    def _show_floating(self) -> None:
        if not self.neutron:
            return
        owners = {port["id"]: port["device_id"] for port in self.neutron.items["ports"].values()}
        shown = {
            owners.get(floating["port_id"]): floating["floating_ip_address"]
            for floating in self.neutron.items["floatingips"].values()
            if floating["port_id"]
        }
        for server in self.servers:
            if server.built:
                server.floating = shown.get(server.id)

    # Creation

    async def _create(self, call: Call) -> Reply:
        version, body = self.negotiate(call), await call.json()
        if not isinstance(body, dict) or not {"server"} <= body.keys() <= {"server", "os:scheduler_hints"}:
            raise Refusal(400, f"Invalid input. Value: {body}")
        sent, hints = body["server"], body.get("os:scheduler_hints", {})
        self._check(sent, version)
        server = Server(
            id=str(uuid.uuid4()),
            name=sent["name"],
            number=1,
            project_id=str(call.me.project_id),
            user_id=call.me.user_id,
            status="BUILD",
            flavor=sent["flavorRef"],
            flavor_item=self._flavor(sent["flavorRef"]),
            image_id=sent.get("imageRef") or None,
            key_name=sent.get("key_name"),
            metadata=dict(sent.get("metadata", {})),
            tags=list(sent.get("tags", [])),
            created=datetime.now(UTC),
            built=True,
            then="ACTIVE",
            description=sent.get("description"),
            groups=[self._group(each) for each in self._groups_of_new(sent)],
            user_data=sent.get("user_data"),
            config_drive=sent.get("config_drive", False),
            launched=False,
            zone=sent.get("availability_zone", self.limits.available()[0]).partition(":")[0],
        )
        self.limits.check(server.project_id, size_of(server))
        networks = self._networks(call, sent)
        self._join_group(server, hints)
        server.volumes = self._volumes(sent, server)
        for network in networks:
            self._plug(server, network)
        _touch(server)
        self.servers.append(server)
        links = [{"rel": "self", "href": f"{call.base}/v2.1/servers/{server.id}"}]
        groups = [{"name": name} for name in server.groups or ()]
        shown = {"id": server.id, "links": links, "adminPass": "sEcrEt99", "security_groups": groups}
        return json_reply({"server": shown | {"OS-DCF:diskConfig": "MANUAL"}}, 202)

    @staticmethod
    def _groups_of_new(sent: Item) -> list[Any]:
        """Return the groups that a new server gets: none means the default, and existing ports keep theirs."""
        networks = sent.get("networks")
        if networks == "none":
            return []
        has_new_ports = not isinstance(networks, list) or any("uuid" in network for network in networks)
        return (sent.get("security_groups") if has_new_ports else None) or [{"name": "default"}]

    def _check(self, sent: Any, version: Version) -> None:
        """Refuse what the JSON schema refuses, in its words, which repeat the body."""
        if not isinstance(sent, dict):
            raise Refusal(400, f"Invalid input for field/attribute server. Value: {sent}.")
        known = {key: kinds for key, kinds in SERVER_KEYS.items() if version >= SINCE.get(key, (2, 1))}
        unknown = sorted(sent.keys() - known.keys())
        if unknown:
            raise Refusal(
                400,
                f"Invalid input for field/attribute server. Value: {sent}. Additional properties are not allowed "
                f"({unknown[0]!r} was unexpected)",
            )
        needed = ["name", "flavorRef", *(["networks"] if version >= (2, 37) else [])]
        for key in needed:
            if key not in sent:
                said = f"Invalid input for field/attribute server. Value: {sent}. {key!r} is a required property"
                raise Refusal(400, said)
        for key, value in sent.items():
            if not isinstance(value, known[key]):
                raise Refusal(400, f"Invalid input for field/attribute {key}. Value: {value}.")
        if not all(isinstance(value, str) for value in sent.get("metadata", {}).values()):
            raise Refusal(400, f"Invalid input for field/attribute metadata. Value: {sent['metadata']}.")
        self._check_values(sent)

    def _check_values(self, sent: Item) -> None:
        if "imageRef" in sent and sent["imageRef"] not in self.images():
            raise Refusal(400, "Can not find requested image")
        if "imageRef" not in sent and not any(
            device.get("boot_index") == 0 for device in sent.get("block_device_mapping_v2", [])
        ):
            raise Refusal(400, "Invalid imageRef provided.")
        if sent.get("availability_zone", self.limits.available()[0]).partition(":")[0] not in self.limits.available():
            raise Refusal(400, "The requested availability zone is not available")
        if "key_name" in sent and sent["key_name"] not in self.resources.items["os-keypairs"]:
            raise Refusal(400, "Invalid key_name provided.")
        user_data = sent.get("user_data", "")
        if len(user_data) > MOST_USER_DATA:
            raise Refusal(
                400, f"Invalid input for field/attribute user_data. Value: {user_data}. {user_data!r} is too long"
            )
        try:
            base64.b64decode(user_data, validate=True)
        except ValueError:
            raise Refusal(400, "Userdata content cannot be decoded") from None

    def _flavor(self, reference: str) -> Item | None:
        if reference in FLAVORS:
            return None
        for flavor in self.resources.items["flavors"].values():
            if flavor["id"] == reference:
                return flavor
        raise Refusal(400, f"Flavor {reference} could not be found.")

    def _group(self, sent: Any) -> str:
        groups = self.neutron.items["security-groups"].values() if self.neutron else ()
        name = sent.get("name") if isinstance(sent, dict) else None
        for group in groups:
            if name in (group["name"], group["id"]):
                return str(group["name"])
        if name == "default":
            return "default"
        raise Refusal(400, f"Unable to find security_group with name or id '{name}'")

    def _networks(self, call: Call, sent: Item) -> list[Item]:
        wanted = sent.get("networks", "auto")
        networks = self.neutron.items["networks"] if self.neutron else {}
        if wanted == "none":
            return []
        if wanted == "auto":
            own = [each for each in networks.values() if each["project_id"] == call.me.project_id]
            if len(own) > 1:
                raise Refusal(409, "Multiple possible networks found, use a Network ID to be more specific.")
            return [{"uuid": each["id"]} for each in own]
        if not isinstance(wanted, list):
            raise Refusal(400, f"Invalid input for field/attribute networks. Value: {wanted}.")
        for each in wanted:
            if not isinstance(each, dict) or not each.keys() <= {"uuid", "port", "fixed_ip"}:
                raise Refusal(400, f"Invalid input for field/attribute networks. Value: {wanted}.")
            self._check_network(each)
        return wanted

    def _check_network(self, wanted: Item) -> None:
        items = self.neutron.items if self.neutron else {"networks": {}, "ports": {}}
        if "uuid" in wanted and wanted["uuid"] not in items["networks"]:
            raise Refusal(400, f"Network {wanted['uuid']} could not be found.")
        if "port" in wanted:
            if wanted["port"] not in items["ports"]:
                raise Refusal(400, f"Port id {wanted['port']} could not be found.")
            if items["ports"][wanted["port"]]["device_id"]:
                raise Refusal(409, f"Port {wanted['port']} is still in use.")
        taken = [fixed["ip_address"] for port in items["ports"].values() for fixed in port["fixed_ips"]]
        if wanted.get("fixed_ip") in taken:
            raise Refusal(400, f"Fixed IP address {wanted['fixed_ip']} is already in use on instance x.")

    def _plug(self, server: Server, wanted: Item) -> None:
        if not self.neutron:
            return
        items = self.neutron.items
        if "port" in wanted:
            port = items["ports"][wanted["port"]]
            port["device_id"] = server.id
        else:
            subnet = next((each for each in items["subnets"].values() if each["network_id"] == wanted["uuid"]), None)
            number = sum(port["device_owner"] != INTERFACE for port in items["ports"].values())
            address = wanted.get("fixed_ip") or (f"{subnet['cidr'].rsplit('.', 1)[0]}.{100 + number}" if subnet else "")
            fixed = [{"subnet_id": subnet["id"], "ip_address": address}] if subnet else []
            port = self.neutron.add(
                "ports", server.project_id, network_id=wanted["uuid"], device_id=server.id, fixed_ips=fixed
            )
            server.own_ports.append(port["id"])
        name = items["networks"][port["network_id"]]["name"]
        for each in port["fixed_ips"]:
            server.addresses.setdefault(name, []).append(each["ip_address"])

    def _join_group(self, server: Server, hints: Item) -> None:
        if "group" not in hints:
            return
        group = self.resources.items["os-server-groups"].get(hints["group"])
        if group is None:
            raise Refusal(400, f"Instance group {hints['group']} could not be found.")
        group["members"].append(server.id)

    def _volumes(self, sent: Item, server: Server) -> list[Item]:
        found: list[Item] = []
        volumes = self.cinder.items["volumes"] if self.cinder else {}
        for device in sent.get("block_device_mapping_v2", []):
            if not device.keys() <= DEVICE_KEYS:
                raise Refusal(400, f"Invalid input for field/attribute block_device_mapping_v2. Value: {device}.")
            if device["destination_type"] != "volume":
                continue
            identity = device["uuid"]
            if device["source_type"] == "image":
                if not self.cinder:
                    raise Refusal(400, "Block Device Mapping is Invalid")
                made = self.cinder.add("volumes", server.project_id, size=device["volume_size"], name="")
                identity = made["id"]
            elif identity not in volumes:
                raise Refusal(400, f"Block Device Mapping is Invalid: failed to get volume {identity}.")
            volumes[identity]["status"] = "in-use"
            shown = server.filling if device["source_type"] == "image" and self.copies else found
            shown.append({"id": identity, "delete_on_termination": device["delete_on_termination"]})
        return found

    # Changes

    def _one(self, call: Call) -> Server:
        for server in self.servers:
            if server.id == call.part("server_id") and (call.me.is_admin or server.project_id == call.me.project_id):
                return server
        raise Refusal(404, f"Instance {call.part('server_id')} could not be found.")

    async def _rename(self, call: Call) -> Reply:
        server, sent = self._one(call), (await call.json())["server"]
        if not sent.keys() <= {"name", "description"}:
            raise Refusal(400, f"Additional properties are not allowed: {sent}")
        server.name, server.description = sent.get("name", server.name), sent.get("description", server.description)
        _touch(server)
        return json_reply({"server": {"id": server.id}})

    async def _delete(self, call: Call) -> Reply:
        server = self._one(call)
        if server.locked and not call.me.is_admin:
            raise Refusal(409, f"Instance {server.id} is locked")
        if server.task_state == "deleting":
            return Reply(204)
        server.task_state, server.then, server.looked = "deleting", "DELETED", 0
        server.reached_by = {each["id"] for each in self._floating(*self._ports(server))}
        _touch(server)
        if self.looks == 0:
            self._done(server)
        return Reply(204)

    async def _set_metadata(self, call: Call) -> Reply:
        server, sent = self._one(call), (await call.json())["metadata"]
        if not sent or not all(isinstance(value, str) for value in sent.values()):
            raise Refusal(400, f"Invalid input for field/attribute metadata. Value: {sent}")
        server.metadata |= sent
        return json_reply({"metadata": server.metadata})

    async def _remove_metadata(self, call: Call) -> Reply:
        server = self._one(call)
        if server.metadata.pop(call.part("key"), None) is None:
            raise Refusal(404, "Metadata item was not found")
        return Reply(204)

    async def _set_tags(self, call: Call) -> Reply:
        server, version = self._one(call), self.negotiate(call)
        if version < (2, 26):
            raise Refusal(404, "The resource could not be found.")
        _check_status(server, "ACTIVE", "PAUSED", "SUSPENDED", "SHUTOFF")
        server.tags = sorted(set((await call.json())["tags"]))
        return json_reply({"tags": server.tags})

    async def _attach_interface(self, call: Call) -> Reply:
        server, sent = self._one(call), (await call.json())["interfaceAttachment"]
        if not sent.keys() <= {"net_id", "port_id", "fixed_ips"} or {"net_id", "port_id"} <= sent.keys():
            raise Refusal(400, f"Invalid input for field/attribute interfaceAttachment. Value: {sent}")
        _check_status(server, "ACTIVE", "PAUSED", "SHUTOFF")
        wanted = {"port": sent["port_id"]} if "port_id" in sent else {"uuid": sent["net_id"]}
        if "fixed_ips" in sent:
            wanted["fixed_ip"] = sent["fixed_ips"][0]["ip_address"]
        self._check_network(wanted)
        self._plug(server, wanted)
        _touch(server)
        return json_reply({"interfaceAttachment": {"port_state": "DOWN"}})

    async def _attach_volume(self, call: Call) -> Reply:
        server, sent = self._one(call), (await call.json())["volumeAttachment"]
        volumes = self.cinder.items["volumes"] if self.cinder else {}
        if sent.keys() != {"volumeId"} or sent["volumeId"] not in volumes:
            raise Refusal(404, f"Volume {sent.get('volumeId')} could not be found.")
        self._reserve(server, volumes[sent["volumeId"]])
        server.volumes = [*(server.volumes or []), {"id": sent["volumeId"], "delete_on_termination": False}]
        return json_reply({"volumeAttachment": {"volumeId": sent["volumeId"], "serverId": server.id}})

    def _reserve(self, server: Server, volume: Item) -> None:
        """Begin to attach a volume; Cinder has it done when it has been looked at often enough."""

        def attach() -> None:
            if self.attaches(volume):
                volume.update(status="in-use", attachments=[{"server_id": server.id}])
                return
            volume["status"] = "available"
            server.volumes = [each for each in server.volumes or () if each["id"] != volume["id"]]

        assert self.cinder
        volume.update(status="reserved", looked=0)
        self.cinder.attaching[volume["id"]] = attach

    def knows(self, body: Item) -> bool:
        """Say whether a body asks for one of the actions that are done here."""
        return len(body) == 1 and set(body) <= ACTIONS

    def act(self, server: Server, body: Item) -> Reply:
        """Begin an action."""
        ((action, value),) = body.items()
        if action in ("addSecurityGroup", "removeSecurityGroup"):
            self._change_groups(server, action, self._group(value))
            return Reply(202)
        is_confirmed = server.then is not None and server.status == "VERIFY_RESIZE"
        if is_confirmed and action == "confirmResize":
            raise Refusal(400, "Instance has not been resized.")
        if server.then is not None and not is_confirmed:
            raise Refusal(409, f"Cannot {action!r} instance {server.id} while it is in task_state {server.task_state}")
        self._begin(server, action, value)
        return Reply(202)

    def _change_groups(self, server: Server, action: str, name: str) -> None:
        if action == "addSecurityGroup":
            server.groups = [*(server.groups or []), name]
        elif name in (server.groups or []):
            server.groups = [each for each in server.groups or [] if each != name]
        else:
            raise Refusal(404, f"Security group {name} is not associated with the instance {server.id}")

    def _begin(self, server: Server, action: str, value: Any) -> None:
        then = None
        if action in STARTS and server.status in STARTS[action] and value is None:
            then = "ACTIVE"
        elif action == "os-stop" and server.status in ("ACTIVE", "PAUSED") and value is None:
            then = "SHUTOFF"
        elif action == "shelve" and server.status in ("ACTIVE", "SHUTOFF") and value is None:
            then = "SHELVED_OFFLOADED"
        elif action == "reboot" and value in ({"type": "SOFT"}, {"type": "HARD"}) and server.status == "ACTIVE":
            then = "ACTIVE"
        elif action == "rebuild" and value.keys() <= {"imageRef", "user_data"}:
            if value["imageRef"] not in self.images():
                raise Refusal(400, "Cannot find image for rebuild")
            server.image_id = value["imageRef"]
            server.user_data = value.get("user_data", server.user_data)
            then = "ACTIVE"
        elif action == "resize" and value.keys() == {"flavorRef"} and server.status in ("ACTIVE", "SHUTOFF"):
            server.flavor, server.flavor_item = value["flavorRef"], self._flavor(value["flavorRef"])
            then = "VERIFY_RESIZE"
        elif action == "confirmResize" and server.status == "VERIFY_RESIZE" and value is None:
            then = "ACTIVE"
        if then is None:
            raise Refusal(
                409, f"Cannot {action!r} instance {server.id} while it is in vm_state {server.status.lower()}"
            )
        server.task_state = None if action == "confirmResize" else f"{action}ing"  # Nova sets none for that one
        server.then, server.looked = then, 0
        _touch(server)


def _check_status(server: Server, *allowed: str) -> None:
    if server.status not in allowed:
        raise Refusal(409, f"Cannot do that to instance {server.id} while it is in vm_state {server.status.lower()}")


def _touch(server: Server) -> None:
    server.changed = datetime.now(UTC)
