# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Swift: a proxy and one account, container and object server, each object stored once."""

from __future__ import annotations

from tests.support.local_clouds.layout import LOOPBACK, SWIFT_SERVERS, Layout

from .common import authtoken
from .rendered import Rendered, Section, ini

DEVICE = "sdb1"
"""The name of the one disk in the rings, in truth a directory."""

CACHE_FILTER = "tests.support.local_clouds.runtime.cache:filter_factory"

_PIPELINE = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl ratelimit formpost "
    "crossdomain authtoken keystoneauth staticweb copy container-quotas account-quotas slo dlo versioned_writes "
    "symlink proxy-logging proxy-server"
)


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Swift."""
    etc, data = layout.etc(region, "swift"), layout.data(region) / "swift"
    ports = dict(zip(SWIFT_SERVERS, layout.server("swift", region).ports, strict=True))
    files = {layout.swift_conf: _shared(), etc / "proxy-server.conf": _proxy(layout, region, password, ports["proxy"])}
    for kind in SWIFT_SERVERS[1:]:
        files[etc / f"{kind}-server.conf"] = _storage(layout, region, kind, ports[kind])
    return Rendered(files, (data / DEVICE,))


def _shared() -> str:
    return ini(
        {
            "swift-hash": {"swift_hash_path_suffix": "local-clouds", "swift_hash_path_prefix": ""},
            "storage-policy:0": {"name": "gold", "default": "yes"},
        }
    )


def _default(layout: Layout, region: str, port: int) -> dict[str, object]:
    # There is no `user`: Swift would try to become it, which takes root.
    return {
        "bind_ip": LOOPBACK,
        "bind_port": port,
        "swift_dir": layout.etc(region, "swift"),
        "log_level": "WARNING",
    }


def _storage(layout: Layout, region: str, kind: str, port: int) -> str:
    data = layout.data(region) / "swift"
    return ini(
        {
            "DEFAULT": {
                **_default(layout, region, port),
                "devices": data,
                # The device is a directory, not a mounted disk.
                "mount_check": False,
                "disable_fallocate": True,
                "fallocate_reserve": 0,
            },
            "pipeline:main": {"pipeline": f"healthcheck recon {kind}-server"},
            f"app:{kind}-server": {"use": f"egg:swift#{kind}"},
            "filter:healthcheck": {"use": "egg:swift#healthcheck"},
            "filter:recon": {"use": "egg:swift#recon", "recon_cache_path": data / "recon"},
        }
    )


def _proxy(layout: Layout, region: str, password: str, port: int) -> str:
    sections: dict[str, Section] = {
        "DEFAULT": _default(layout, region, port),
        "pipeline:main": {"pipeline": _PIPELINE},
        "app:proxy-server": {
            "use": "egg:swift#proxy",
            "account_autocreate": True,
            "allow_account_management": True,
        },
    }
    options = _filter_options(layout, region, password)
    for name in dict.fromkeys(_PIPELINE.split()[:-1]):
        use = {} if "paste.filter_factory" in options.get(name, {}) else {"use": f"egg:swift#{name.replace('-', '_')}"}
        sections[f"filter:{name}"] = {**use, **options.get(name, {})}
    return ini(sections)


def _filter_options(layout: Layout, region: str, password: str) -> dict[str, Section]:
    """What the middlewares are told beyond their names."""
    return {
        "cache": {"paste.filter_factory": CACHE_FILTER},
        "proxy-logging": {"access_log_level": "DEBUG"},
        "tempurl": {"allowed_digests": "sha1 sha256 sha512"},
        "versioned_writes": {"allow_versioned_writes": True, "allow_object_versioning": True},
        "authtoken": {
            "paste.filter_factory": "keystonemiddleware.auth_token:filter_factory",
            **authtoken(layout, region, "swift", password),
            "delay_auth_decision": True,
            "include_service_catalog": False,
        },
        "keystoneauth": {
            "operator_roles": "admin, member",
            "reseller_prefix": "AUTH",
            "reseller_admin_role": "ResellerAdmin",
        },
    }
