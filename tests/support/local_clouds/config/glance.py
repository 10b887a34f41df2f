# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Glance: what the regions differ in."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.local_clouds.layout import Layout, Region, place_named

from .common import LOGGING, authtoken, database
from .rendered import Rendered, Section, ini

# Glance keeps these for itself, beside the stores that users see.
_RESERVED_STORES = ("staging", "tasks")


def render(layout: Layout, region: str, password: str) -> Rendered:
    """The configuration of a region's Glance, by what the region offers."""
    place = place_named(region)
    if not isinstance(place, Region):
        raise KeyError(region)
    etc, data = layout.etc(region, "glance"), layout.data(region) / "glance"
    sections = _common(layout, place, password, etc, data)
    stores, directories = _named_stores(place, data) if place.stores else _single_store(data)
    for name, options in stores.items():
        sections[name] = {**sections.get(name, {}), **options}
    return Rendered(
        {etc / "glance-api.conf": ini(sections), etc / "policy.yaml": json.dumps(_policy(place))},
        (data / "work", *directories),
    )


def _common(layout: Layout, region: Region, password: str, etc: Path, data: Path) -> dict[str, Section]:
    methods = ",".join(f"'{method}'" for method in region.import_methods)
    return {
        "DEFAULT": {
            **LOGGING,
            "worker_self_reference_url": layout.url("glance", region.name),
            "enabled_import_methods": f"[{methods}]",
        },
        "database": database(layout, region.name, "glance"),
        "keystone_authtoken": authtoken(layout, region.name, "glance", password),
        "paste_deploy": {
            "flavor": "keystone",
            "config_file": layout.venv / "etc" / "glance" / "glance-api-paste.ini",
        },
        "oslo_policy": {"policy_file": etc / "policy.yaml"},
        # Tasks run with an interpreter of their own, and look for it at the wrong place unless told.
        "wsgi": {"task_pool_threads": 4, "python_interpreter": layout.python},
        "task": {"work_dir": data / "work", "task_executor": "taskflow"},
        "taskflow_executor": {"engine_mode": "serial"},
        # Loopback is refused as a source unless named here, and so are ports other than 80 and 443. The brackets are
        # part of the syntax: without them the values are taken for something else, and nothing is allowed.
        "import_filtering_opts": {"allowed_hosts": "[127.0.0.1,localhost]", "allowed_ports": "[]"},
    }


def _named_stores(region: Region, data: Path) -> tuple[dict[str, Section], list[Path]]:
    sections: dict[str, Section] = {
        "DEFAULT": {"enabled_backends": ",".join(f"{store}:file" for store in region.stores)},
        "glance_store": {"default_backend": region.stores[0]},
    }
    for store in region.stores:
        sections[store] = {"filesystem_store_datadir": data / store, "store_description": f"the {store} store"}
    for store in _RESERVED_STORES:
        sections[f"os_glance_{store}_store"] = {"filesystem_store_datadir": data / store}
    return sections, [data / store for store in (*region.stores, *_RESERVED_STORES)]


def _single_store(data: Path) -> tuple[dict[str, Section], list[Path]]:
    """Glance as it was before it could have several stores: /v2/info/stores answers 404."""
    sections: dict[str, Section] = {
        "DEFAULT": {"node_staging_uri": f"file://{data / 'staging'}"},
        "glance_store": {
            "stores": "file,http",
            "default_store": "file",
            "filesystem_store_datadir": data / "images",
        },
    }
    return sections, [data / "images", data / "staging"]


def _policy(region: Region) -> dict[str, str]:
    """What ordinary members may do here that is kept for administrators by default."""
    policy = {}
    if region.members_copy_images:
        policy["copy_image"] = ""
    if region.members_run_tasks:
        policy["tasks_api_access"] = "role:admin or role:member"
    return policy
