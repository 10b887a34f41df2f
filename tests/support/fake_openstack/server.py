# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds: Keystone, Nova and Glance of several clouds and regions on loopback, in a thread of their own."""

from __future__ import annotations

import asyncio
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import yaml

from tests.support.fake_openstack import clouds_yaml
from tests.support.fake_openstack.background import LoopThread
from tests.support.fake_openstack.cinder import Cinder
from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.designate import Designate
from tests.support.fake_openstack.gate import Faulty, Knobs
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_v1 import GlanceV1
from tests.support.fake_openstack.heat import Heat
from tests.support.fake_openstack.keystone import Keystone, User
from tests.support.fake_openstack.neutron import Neutron
from tests.support.fake_openstack.nova import Nova
from tests.support.fake_openstack.nova_servers import Server, make_server
from tests.support.fake_openstack.octavia import Octavia
from tests.support.fake_openstack.radosgw import RadosGateway
from tests.support.fake_openstack.service import Service
from tests.support.fake_openstack.swift import Swift

USERS = (
    User("demo", "secret", ("member", "reader"), ("demo", "demo2"), "demo-credential", "demo-credential-secret"),
    User("admin", "secret", ("admin", "member", "reader"), ("admin", "demo"), "admin-credential", "admin-secret"),
)
ROLES = ("web", "db", "batch")

ImageApi = Literal["v2", "v1", "rackspace"]
"""What the image service of a cloud speaks: v2 as of today, v1 only, or v2 with data by tasks and Swift only."""


ObjectStore = Literal[False, True, "radosgw"]
"""None, Swift, or Ceph's object gateway."""


class _Knobbed(Faulty, ABC):
    """What a test can turn on a Keystone or a region."""

    def __init__(self, knobs: Knobs, thread: LoopThread) -> None:
        self._knobs = knobs
        self._thread = thread

    @property
    def latency(self) -> float:
        """Seconds that every request waits before its answer."""
        return self._knobs.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._knobs.latency = seconds

    @abstractmethod
    def services(self) -> list[Service]:
        """Return the services whose ports can be closed and opened here."""

    def refuse_connections(self, kind: str | None = None) -> None:
        """Close the ports of one kind of service (compute, image, identity), or of all."""
        for service in self.services():
            if kind in (None, service.kind):
                self._thread.run(service.refuse_connections())

    def accept_connections(self) -> None:
        """Open the ports again."""
        for service in self.services():
            self._thread.run(service.listen())


class Region(_Knobbed):
    """The Nova, Glance and Swift of one region; latency and faults are shared by all.

    `glance_v1` is the image service of a cloud that has version 1 only; `glance` is then not there for clients.
    """

    def __init__(self, cloud: Cloud, name: str, directory: Path, counters: Counters, thread: LoopThread) -> None:
        super().__init__(Knobs(), thread)
        self.name = name
        self._cloud = cloud
        place = (cloud.name, name)
        directory = directory / cloud.name / name
        self.glance = Glance(place, cloud.keystone, directory, self._knobs, counters)
        self.nova = Nova(place, cloud.keystone, self.glance, self._knobs, counters)
        self.glance_v1 = GlanceV1(place, cloud.keystone, directory / "v1", self._knobs, counters)
        store = RadosGateway if cloud.object_store == "radosgw" else Swift
        self.swift: Swift = store(place, cloud.keystone, directory, self._knobs, counters)
        self.neutron = Neutron(place, cloud.keystone, self._knobs, counters)
        self.designate = Designate(place, cloud.keystone, self._knobs, counters)
        self.octavia = Octavia(place, cloud.keystone, self._knobs, counters)
        self.cinder = Cinder(place, cloud.keystone, self._knobs, counters)
        self.heat = Heat(place, cloud.keystone, self._knobs, counters)
        self.nova.builds.neutron = self.neutron if "network" in cloud.more else None
        self.nova.builds.cinder = self.cinder if "block-storage" in cloud.more else None
        self.nova.builds.images = lambda: set(self.glance.images) | set(self.glance_v1.images)
        self.glance.task_api.objects = self.swift.store
        if cloud.image_api == "rackspace":
            self.glance.task_api.style = "rackspace"
            self.glance.takes_data = False
            self.glance.import_methods = []

    def add_server(self, name: str | None = None, project: str = "demo", **fields: Any) -> Server:
        """Add a server and return it; `fields` are those of Server, the others get values that look real."""
        number = len(self.nova.servers)
        place = f"{self._cloud.name}-{self.name}"
        name = name or f"{ROLES[number % 3]}-{place}-{number:04}"
        keystone = self._cloud.keystone
        server = make_server(place, number, name, keystone.project_id(project), keystone.user_id("demo"))
        for field, value in fields.items():
            if not hasattr(server, field):
                raise AttributeError(f"a server has no {field}")
            setattr(server, field, value)
        self.nova.servers.append(server)
        return server

    def url_of(self, kind: str) -> str:
        """Return the address of the service of a type."""
        return next(service.url for service in self.services() if service.kind == kind)

    def services(self) -> list[Service]:
        """Return Nova, the Glance of the cloud's kind, Swift where there is one, and what else there is."""
        glance = self.glance_v1 if self._cloud.image_api == "v1" else self.glance
        others = (self.neutron, self.designate, self.octavia, self.cinder, self.heat)
        more = [service for service in others if service.kind in self._cloud.more]
        return [self.nova, glance, *([self.swift] if self._cloud.object_store else []), *more]


@dataclass(frozen=True)
class Kind:
    """What a cloud is made of."""

    regions: tuple[str, ...]
    image_api: ImageApi
    object_store: ObjectStore
    more: tuple[str, ...]
    """The types of further services."""


class Cloud(_Knobbed):
    """A cloud; its latency and faults are those of its Keystone."""

    def __init__(self, name: str, kind: Kind, directory: Path, counters: Counters, thread: LoopThread) -> None:
        super().__init__(Knobs(), thread)
        self.name = name
        self.image_api = kind.image_api
        self.object_store = kind.object_store
        self.more = kind.more
        self.keystone = Keystone(name, USERS, self._catalog, self._knobs, counters)
        self.regions = {region: Region(self, region, directory, counters, thread) for region in kind.regions}
        for region in self.regions.values():
            region.glance.regions = {name: other.glance for name, other in self.regions.items()}

    def __getitem__(self, region: str) -> Region:
        return self.regions[region]

    def revoke_tokens(self) -> None:
        """Make every token issued so far invalid."""
        self.keystone.revoke_all()

    def rebuild(self) -> None:
        """Make its users and projects anew, with the same names and passwords but other ids; no token is valid."""
        self.keystone.rebuild()

    def entry(self, user: str = "demo", *, application_credential: bool = False) -> dict[str, Any]:
        """Return this cloud's entry for clouds.yaml."""
        who = next(known for known in USERS if known.name == user)
        auth_url = f"{self.keystone.url}/v3"
        entry = clouds_yaml.entry(auth_url, who, list(self.regions), application_credential=application_credential)
        return entry | clouds_yaml.VENDOR[self.image_api]

    def services(self) -> list[Service]:
        """Return Keystone; the others belong to regions."""
        return [self.keystone]

    def _catalog(self) -> Mapping[str, Mapping[str, str]]:
        regions = self.regions.items()
        images = {
            "v1": {name: f"{region.glance_v1.url}/v1" for name, region in regions},
            "v2": {name: region.glance.url for name, region in regions},
            "rackspace": {name: f"{region.glance.url}/v2" for name, region in regions},
        }
        catalog = {
            "identity": dict.fromkeys(self.regions, f"{self.keystone.url}/v3"),
            "compute": {name: f"{region.nova.url}/v2.1" for name, region in regions},
            "image": images[self.image_api],
        }
        objects = {name: f"{region.swift.url}{region.swift.prefix}/v1/AUTH_$(project_id)s" for name, region in regions}
        more = {kind: {name: region.url_of(kind) for name, region in regions} for kind in self.more}
        return catalog | ({"object-store": objects} if self.object_store else {}) | more


class FakeOpenStack:
    """Clouds `cloud1`, `cloud2`, ... with regions `r1`, `r2`, ..., or of the names that `clouds` gives to both.

    To be used as a context manager.

    `image_api` is what all of them speak, or one of each in the order of the clouds. Object stores come with
    `object_store`, which says of what kind, and with Rackspace's image API, which does not work without. `more` are the
    types of further services.
    """

    def __init__(
        self,
        clouds: int | Mapping[str, Sequence[str]] = 1,
        regions: int = 1,
        servers: int = 0,
        latency: float = 0.0,
        *,
        image_api: ImageApi | Sequence[ImageApi] = "v2",
        object_store: ObjectStore = False,
        more: Sequence[str] = (),
    ) -> None:
        self.counters = Counters()
        self._directory = tempfile.TemporaryDirectory(prefix="fake_openstack-")
        self._thread = LoopThread("stand-in clouds")
        names = tuple(f"r{number}" for number in range(1, regions + 1))
        named = {f"cloud{n}": names for n in range(1, clouds + 1)} if isinstance(clouds, int) else clouds
        root = Path(self._directory.name)
        apis = [image_api] * len(named) if isinstance(image_api, str) else image_api
        self.clouds = {}
        for (name, cloud_regions), api in zip(named.items(), apis, strict=True):
            kind = Kind(tuple(cloud_regions), api, object_store or api == "rackspace", tuple(more))
            self.clouds[name] = Cloud(name, kind, root, self.counters, self._thread)
        for cloud in self.clouds.values():
            cloud.latency = latency
            for region in cloud.regions.values():
                region.latency = latency
                for _number in range(servers):
                    region.add_server()

    def __getitem__(self, cloud: str) -> Cloud:
        return self.clouds[cloud]

    def __enter__(self) -> Self:
        self._thread.start()
        self._thread.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._stop())
        self._thread.stop()
        self._directory.cleanup()

    def clouds_yaml(self, path: Path, user: str = "demo", *, application_credential: bool = False) -> Path:
        """Write a clouds.yaml with an entry per cloud, and return its path."""
        entries = {
            name: cloud.entry(user, application_credential=application_credential)
            for name, cloud in self.clouds.items()
        }
        path.write_text(yaml.dump({"clouds": entries}, Dumper=yaml.CSafeDumper, sort_keys=False))
        path.chmod(0o600)
        return path

    def _services(self) -> list[Service]:
        clouds = list(self.clouds.values())
        places = [*clouds, *(region for cloud in clouds for region in cloud.regions.values())]
        return [service for place in places for service in place.services()]

    async def _start(self) -> None:
        await asyncio.gather(*(service.start() for service in self._services()))

    async def _stop(self) -> None:
        await asyncio.gather(*(service.stop() for service in self._services()))
