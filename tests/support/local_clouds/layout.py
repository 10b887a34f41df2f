# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which clouds and regions exist, what they offer, and where each part of them lies: values alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .errors import CloudsError

LOOPBACK = "127.0.0.1"
REPOSITORY = Path(__file__).resolve().parents[3]
DEFAULT_PORT_BASE = 17000
PORTS_SPANNED = 1000
"""The port base and the 999 ports after it belong to one set of local clouds."""
LOWEST_PORT_BASE = 1024
HIGHEST_PORT_BASE = 65536 - PORTS_SPANNED

PROJECTS = ("demo", "demo2")

KEYSTONE = "keystone"
DEFAULT_SERVICES = ("nova", "cinder", "heat", "neutron", "glance", "swift", "placement")
"""What every region runs; those that take longest to start come first."""

OPTIONAL_SERVICES = ("designate", "barbican")
"""What a region runs on request."""

REGION_SERVICES = (*DEFAULT_SERVICES, *OPTIONAL_SERVICES)
"""All that a region can run."""

REQUIRES = {"nova": ("glance", "placement", "neutron")}
"""A service cannot run without these others. What Heat and Cinder need depends on what is asked of them."""

_PORT_OFFSETS = {
    "glance": 0,
    "nova": 10,
    "placement": 20,
    "neutron": 30,
    "swift": 40,
    "heat": 50,
    "cinder": 60,
    "designate": 70,
    "barbican": 80,
}
SWIFT_SERVERS = ("proxy", "object", "container", "account")
"""Swift's four servers listen on consecutive ports, the proxy on Swift's own."""

# These paths become part of ini files, SQLite URLs and search paths, each with special characters of its own.
_PLAIN_PATH = re.compile(r"[\w./+@=,-]+")


@dataclass(frozen=True)
class Region:
    """A region and what it offers for image upload, beside the plain PUT that all have."""

    name: str
    port_offset: int
    import_methods: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    """Named Glance stores; none means a single store of the old kind, which does not show in the API."""
    members_copy_images: bool = False
    members_run_tasks: bool = False


@dataclass(frozen=True)
class Cloud:
    """A Keystone and the regions in its catalog."""

    name: str
    port_offset: int
    regions: tuple[Region, ...]


CLOUDS = (
    Cloud(
        "alpha",
        0,
        (
            Region(
                "north",
                100,
                import_methods=("glance-direct", "web-download", "copy-image", "glance-download"),
                stores=("fast", "slow"),
                members_copy_images=True,
            ),
            Region("south", 200),
        ),
    ),
    Cloud(
        "beta", 500, (Region("east", 600, import_methods=("web-download",), stores=("main",), members_run_tasks=True),)
    ),
)
REGIONS = tuple(region for cloud in CLOUDS for region in cloud.regions)


def cloud_of(region: Region) -> Cloud:
    """The cloud that has this region."""
    return next(cloud for cloud in CLOUDS if region in cloud.regions)


def place_named(name: str) -> Cloud | Region:
    """The cloud or region of that name; names are unique over both. KeyError when there is none."""
    places: dict[str, Cloud | Region] = {cloud.name: cloud for cloud in CLOUDS}
    places |= {region.name: region for region in REGIONS}
    return places[name]


@dataclass(frozen=True)
class Server:
    """One process: a service at a place, which is a cloud for Keystone and a region for all others."""

    service: str
    place: str
    port: int

    @property
    def name(self) -> str:
        """Names its log and its records."""
        return f"{self.service}-{self.place}"

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port that the process listens on."""
        return tuple(range(self.port, self.port + len(SWIFT_SERVERS))) if self.service == "swift" else (self.port,)


@dataclass(frozen=True)
class Layout:
    """Paths and ports of one set of local clouds."""

    root: Path
    venv: Path
    port_base: int

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Layout:
        """The layout that $OAKTREE_CLOUDS_DIR, $OAKTREE_CLOUDS_VENV and $OAKTREE_CLOUDS_PORT ask for."""
        root = Path(environ.get("OAKTREE_CLOUDS_DIR") or REPOSITORY / ".clouds").resolve()
        venv = Path(environ.get("OAKTREE_CLOUDS_VENV") or root / "venv").resolve()
        for path in (root, venv):
            if not _PLAIN_PATH.fullmatch(str(path)):
                raise CloudsError(
                    f"the path {str(path)!r} has characters that the services' configuration cannot hold; "
                    "set OAKTREE_CLOUDS_DIR and OAKTREE_CLOUDS_VENV to paths of letters, digits and ./+@=,_-"
                )
        text = environ.get("OAKTREE_CLOUDS_PORT") or str(DEFAULT_PORT_BASE)
        if not text.isdecimal() or not LOWEST_PORT_BASE <= int(text) <= HIGHEST_PORT_BASE:
            raise CloudsError(
                f"OAKTREE_CLOUDS_PORT must be a number from {LOWEST_PORT_BASE} to {HIGHEST_PORT_BASE}, not {text!r}"
            )
        return cls(root, venv, int(text))

    def to_environment(self) -> dict[str, str]:
        """The variables from which from_environment() makes an equal layout."""
        return {
            "OAKTREE_CLOUDS_DIR": str(self.root),
            "OAKTREE_CLOUDS_VENV": str(self.venv),
            "OAKTREE_CLOUDS_PORT": str(self.port_base),
        }

    @property
    def python(self) -> Path:
        """The interpreter that has the services."""
        return self.venv / "bin" / "python"

    @property
    def clouds_yaml(self) -> Path:
        """What users point $OS_CLIENT_CONFIG_FILE at."""
        return self.root / "clouds.yaml"

    @property
    def password_file(self) -> Path:
        """Holds the one password of all users and services."""
        return self.root / "password"

    @property
    def swift_conf(self) -> Path:
        """Shared by all regions: Swift reads it when it is imported, which is before the regions part."""
        return self.root / "etc" / "swift.conf"

    @property
    def plugins(self) -> Path:
        """On the services' PYTHONPATH: announces our Neutron driver to Neutron."""
        return self.root / "plugins"

    @property
    def commands(self) -> Path:
        """On the services' PATH, last."""
        return self.root / "bin"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.root / "log"

    @property
    def records(self) -> Path:
        """What runs: see processes.py."""
        return self.root / "run"

    def etc(self, place: str, service: str) -> Path:
        """The directory of a server's configuration."""
        return self.root / "etc" / place / service

    def data(self, place: str) -> Path:
        """The databases of a place, and its files below one directory a service."""
        return self.root / "data" / place

    def database(self, place: str, name: str) -> Path:
        """A SQLite file."""
        return self.data(place) / f"{name}.db"

    def log(self, name: str) -> Path:
        """The log of a server, or of a loader."""
        return self.logs / f"{name}.log"

    def server(self, service: str, place: str) -> Server:
        """The process that serves there."""
        return Server(service, place, self.port_base + place_named(place).port_offset + _PORT_OFFSETS.get(service, 0))

    def url(self, service: str, place: str) -> str:
        """The root URL of a service, without a version."""
        return f"http://{LOOPBACK}:{self.server(service, place).port}"

    def keystone_url(self, cloud: str) -> str:
        """The `auth_url` of a cloud."""
        return f"{self.url(KEYSTONE, cloud)}/v3"

    def servers(self, clouds: Iterable[Cloud], services: Iterable[str]) -> Iterator[Server]:
        """Every process of these clouds with these region services: Keystones first, then service by service."""
        chosen = tuple(clouds)
        for cloud in chosen:
            yield self.server(KEYSTONE, cloud.name)
        for service in services:
            for cloud in chosen:
                for region in cloud.regions:
                    yield self.server(service, region.name)
