# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from keystoneauth1.loading import get_plugin_loader
from openstack.config.loader import OpenStackConfig

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.sdk import make_config

HEAVY = "openstack.connection"
CONFIGURE = f"""
import sys
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.sdk import postpone_services
postpone_services()
auth = {{"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}}
(region,) = Clouds(clouds_config={{"clouds": {{"a": {{"auth": auth, "region_name": "r"}}}}}}).regions("a")
print("{HEAVY}" in sys.modules)
"""


def run(code: str) -> list[str]:
    """Run code in a fresh Python and return the lines that it printed."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_configuring_clouds_loads_none_of_the_services_code() -> None:
    assert run(CONFIGURE) == ["False"]


@pytest.mark.parametrize(
    "use",
    [
        "import openstack; openstack.connect",
        "from openstack import *; connect",
        "from openstack.connection import Connection",
        "import openstack.compute.v2.server; openstack.connection.Connection",
    ],
)
def test_who_needs_all_of_openstacksdk_gets_it_afterwards(use: str) -> None:
    assert run(f"{CONFIGURE}\n{use}\nprint('{HEAVY}' in sys.modules)") == ["False", "True"]


def test_what_openstacksdk_does_not_have_is_missing_as_ever() -> None:
    tries = """
import openstack
for attempt in ("openstack.nothing", "openstack.nothing"):
    try:
        eval(attempt)
    except AttributeError as error:
        print(error)
try:
    import openstack.nothing
except ModuleNotFoundError as error:
    print(error)
"""
    no_attribute = "module 'openstack' has no attribute 'nothing'"
    assert run(CONFIGURE + tries)[1:] == [no_attribute, no_attribute, "No module named 'openstack.nothing'"]


def test_openstacksdk_that_is_in_use_is_left_alone() -> None:
    code = "import openstack\nbefore = dict(vars(openstack))\n" + CONFIGURE
    assert run(f"{code}\nprint(vars(openstack).keys() - before.keys(), openstack.connect)")[1].startswith("set() <func")


CLOUD = (
    "clouds: {a: {auth: {auth_url: 'https://127.0.0.1/v3', username: ü}, regions: [r1, {name: r2, values: {x: 0}}]}}"
)


@pytest.mark.parametrize(
    ("name", "content"),
    {
        "clouds.yaml": CLOUD.encode(),
        "clouds.yml": b"clouds: {a: &a {profile: vexxhost, verify: no}, b: {<<: *a, since: 2026-01-01}}",
        "clouds.json": b'{"clouds": {"a": {"region_name": "r"}}}',
        "empty.yaml": b"",
        "damaged.yaml": b"clouds: {a: [",
        "latin.yaml": CLOUD.encode("latin-1"),
        "damaged.json": b"{",
    }.items(),
)
def test_files_are_read_as_openstacksdk_reads_them(tmp_path: Path, name: str, content: bytes) -> None:
    second = tmp_path / "second.yaml"
    second.write_text("clouds: {second: {region_name: r}}")
    file = tmp_path / name
    file.write_bytes(content)
    for files in ([tmp_path / "none.yaml", file, second], [file]):
        names = [str(path) for path in files]
        quick, slow = (
            make(config_files=names, secure_files=names, load_envvars=False) for make in (make_config, OpenStackConfig)
        )
        assert (quick.cloud_config, quick.config_filename) == (slow.cloud_config, slow.config_filename)


@pytest.mark.parametrize(
    "auth_type", ["password", "token", "v3password", "v3token", "v3applicationcredential", "v3totp", "none", None]
)
def test_auth_plugins_are_those_of_keystoneauth(auth_type: str | None) -> None:
    loader = make_config(load_yaml_config=False)._get_auth_loader({"auth_type": auth_type})
    assert type(loader) is type(get_plugin_loader(auth_type or "none"))


def test_configuring_clouds_does_not_search_all_that_is_installed() -> None:
    run(CONFIGURE)
    assert not Path(os.environ["XDG_CACHE_HOME"], "python-entrypoints").exists()
