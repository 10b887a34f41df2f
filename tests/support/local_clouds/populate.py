# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every cloud and region has from the beginning: projects, users, catalog, flavors, an image, networks.

All of it may be done again: what is there is left as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from . import stamps
from .config import heat
from .layout import KEYSTONE, PROJECTS, REGIONS, Cloud, Layout, Region, cloud_of
from .rest import Session

IMAGE = "base"
IMAGE_SIZE = 1 << 20

FLAVORS = (("m1.nano", 64, 1, 1), ("m1.tiny", 512, 1, 1), ("m1.small", 2048, 1, 20), ("m1.large", 8192, 4, 80))
"""Name, MiB of memory, processors, GiB of disk."""

_ENDPOINTS = {
    "glance": ("image", ""),
    "nova": ("compute", "/v2.1"),
    "placement": ("placement", ""),
    "neutron": ("network", ""),
    "swift": ("object-store", "/v1/AUTH_%(tenant_id)s"),
    "heat": ("orchestration", "/v1/%(tenant_id)s"),
    # The official type is block-storage. Heat looks for this older one only, the SDK and the client for both.
    "cinder": ("volumev3", "/v3/%(tenant_id)s"),
    "designate": ("dns", ""),
    "barbican": ("key-manager", ""),
}
"""Service: its type and the path of its endpoints."""


def network_name(project: str) -> str:
    """The name of a project's own network."""
    return f"private-{project}"


@dataclass(frozen=True)
class Populator:
    """Fills clouds and regions for some set of region services."""

    layout: Layout
    password: str
    services: Collection[str]

    def identity(self, cloud: Cloud) -> None:
        """Roles, service users, projects and the catalog."""
        stamp = stamps.identity(self.layout, cloud.name)
        if stamp.covers(self.services):
            return
        admin = self.session(cloud, "admin", "admin")
        self._users(admin)
        if "heat" in self.services:
            self._stack_domain(admin)
        self._catalog(admin, cloud)
        stamp.add(self.services)

    def content(self, region: Region) -> None:
        """The image, flavors and networks of a region."""
        stamp = stamps.content(self.layout, region.name)
        if stamp.covers(self.services):
            return
        admin = self.session(cloud_of(region), "admin", "admin")
        if "glance" in self.services:
            self._image(admin, region)
        if "nova" in self.services:
            self._flavors(admin, region)
        if "neutron" in self.services:
            self._networks(admin, region)
        stamp.add(self.services)

    def session(self, cloud: Cloud, user: str, project: str) -> Session:
        """A user's session at a cloud."""
        return Session(self.layout.keystone_url(cloud.name), user, project, self.password)

    def _users(self, admin: Session) -> None:
        url = admin.auth_url
        roles = {name: admin.ensure(url, "role", name) for name in ("admin", "member", "service", "ResellerAdmin")}

        def user(name: str) -> str:
            return admin.ensure(url, "user", name, domain_id="default", password=self.password)

        def project(name: str) -> str:
            return admin.ensure(url, "project", name, domain_id="default")

        def grant(user_id: str, project_id: str, role: str) -> None:
            admin.put(f"{url}/projects/{project_id}/users/{user_id}/roles/{roles[role]}")

        services = project("service")
        for name in self.services:
            service_user = user(name)
            grant(service_user, services, "admin")
            grant(service_user, services, "service")
        administrator, member = user("admin"), user("demo")
        for name in PROJECTS:
            project_id = project(name)
            grant(member, project_id, "member")
            grant(administrator, project_id, "admin")

    def _stack_domain(self, admin: Session) -> None:
        """What heat-keystone-setup-domain makes: a domain for the users that stacks make, and its administrator."""
        url = admin.auth_url
        # Heat gives this role to every user that a stack makes, and refuses to make one when it is missing.
        admin.ensure(url, "role", heat.STACK_USER_ROLE)
        domain = admin.ensure(url, "domain", heat.STACK_DOMAIN)
        user = admin.ensure(url, "user", heat.STACK_DOMAIN_ADMIN, domain_id=domain, password=self.password)
        role = admin.ensure(url, "role", "admin")
        admin.put(f"{url}/domains/{domain}/users/{user}/roles/{role}")

    def _catalog(self, admin: Session, cloud: Cloud) -> None:
        url = admin.auth_url
        types = {each["type"]: each["id"] for each in admin.get(f"{url}/services")["services"]}
        have = {
            (each["service_id"], each["region_id"], each["interface"])
            for each in admin.get(f"{url}/endpoints")["endpoints"]
        }
        regions = {each["id"] for each in admin.get(f"{url}/regions")["regions"]}
        for region in cloud.regions:
            if region.name not in regions:
                admin.post(f"{url}/regions", {"region": {"id": region.name}})
            endpoints = {"identity": (KEYSTONE, url)}
            for service in self.services:
                service_type, path = _ENDPOINTS[service]
                endpoints[service_type] = (service, self.layout.url(service, region.name) + path)
            for service_type, (service, where) in endpoints.items():
                if service_type not in types:
                    body = {"service": {"name": service, "type": service_type}}
                    types[service_type] = admin.post(f"{url}/services", body)["service"]["id"]
                for interface in ("public", "internal", "admin"):
                    key = (types[service_type], region.name, interface)
                    if key not in have:
                        values = dict(zip(("service_id", "region_id", "interface"), key, strict=True))
                        admin.post(f"{url}/endpoints", {"endpoint": {**values, "url": where}})

    def _image(self, admin: Session, region: Region) -> None:
        url = f"{self.layout.url('glance', region.name)}/v2/images"
        for image in admin.get(url, name=IMAGE)["images"]:
            if image["status"] == "active":
                return
            admin.delete(f"{url}/{image['id']}")  # Left by an interrupted run.
        properties = {
            "name": IMAGE,
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "public",
            "os_distro": "debian",
            "min_disk": 1,
        }
        image_id = admin.post(url, properties)["id"]
        # The same bytes everywhere, so that the image has the same hash everywhere.
        admin.put_data(f"{url}/{image_id}/file", hashlib.shake_256(IMAGE.encode()).digest(IMAGE_SIZE))

    def _flavors(self, admin: Session, region: Region) -> None:
        url = f"{self.layout.url('nova', region.name)}/v2.1/flavors"
        have = {flavor["name"] for flavor in admin.get(url)["flavors"]}
        for number, (name, ram, processors, disk) in enumerate(FLAVORS, 1):
            if name not in have:
                flavor = {"id": str(number), "name": name, "ram": ram, "vcpus": processors, "disk": disk}
                admin.post(url, {"flavor": flavor})

    def _networks(self, admin: Session, region: Region) -> None:
        """One external network, and for each project a network of its own with a router to it."""
        url = f"{self.layout.url('neutron', region.name)}/v2.0"
        index = REGIONS.index(region)
        provider = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
        public = admin.ensure(url, "network", "public", **{"router:external": True, **provider})
        subnet = {"ip_version": 4, "enable_dhcp": False}
        admin.ensure(url, "subnet", "public", network_id=public, cidr=f"172.{20 + index}.0.0/16", **subnet)
        for number, project in enumerate(PROJECTS):
            member = self.session(cloud_of(region), "demo", project)
            name, cidr = network_name(project), f"10.{10 * (1 + index) + number}.0.0/16"
            network = member.ensure(url, "network", name)
            private = member.ensure(url, "subnet", name, network_id=network, cidr=cidr, **subnet)
            router = member.ensure(url, "router", f"router-{project}", external_gateway_info={"network_id": public})
            ports = member.get(f"{url}/ports", device_id=router)["ports"]
            if not any(address["subnet_id"] == private for port in ports for address in port["fixed_ips"]):
                member.put(f"{url}/routers/{router}/add_router_interface", {"subnet_id": private})
