# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from keystoneauth1.loading import get_plugin_loader
from openstack.config.loader import OpenStackConfig

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.sdk import make_config

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
