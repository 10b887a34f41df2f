# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Keystone issues what Keystone issues and refuses what Keystone refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests

from tests.support.fake_openstack import FakeOpenStack


def test_a_token_says_who_where_and_what_there_is(
    fake_openstack: Callable[..., FakeOpenStack], authenticate: Callable[..., requests.Response]
) -> None:
    clouds = fake_openstack(regions=2)
    answer = authenticate(clouds["cloud1"])
    token = answer.json()["token"]
    assert answer.status_code == 201
    assert (token["user"]["name"], token["project"]["name"]) == ("demo", "demo")
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    regions = {(e["type"], p["region"]) for e in token["catalog"] for p in e["endpoints"] if p["interface"] == "public"}
    assert regions == {(kind, region) for kind in ("identity", "compute", "image") for region in ("r1", "r2")}
    assert clouds.counters.tokens == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"password": "wrong"}, 401),
        ({"name": "nobody"}, 401),
        ({"password": 7}, 400),
        ({"domain": {"id": "other"}}, 401),
        ({"domain": "default"}, 400),
    ],
)
def test_wrong_credentials_are_refused(
    fake_openstack: Callable[..., FakeOpenStack],
    authenticate: Callable[..., requests.Response],
    changes: dict[str, Any],
    status: int,
) -> None:
    clouds = fake_openstack()
    answer = authenticate(clouds["cloud1"], **changes)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == status
    assert clouds.counters.tokens == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"{}", 400),
        (b'{"auth": {"identity": {"methods": ["password"]}}}', 400),
        (b'{"auth": {"identity": {"methods": ["totp"], "totp": {}}}}', 401),
    ],
)
def test_malformed_requests_are_refused(fake_openstack: Callable[..., FakeOpenStack], body: bytes, status: int) -> None:
    url = f"{fake_openstack()['cloud1'].keystone.url}/v3/auth/tokens"
    assert requests.post(url, data=body, timeout=5).status_code == status


def test_an_application_credential_works_in_openstacksdk(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path
) -> None:
    clouds = fake_openstack(servers=2)
    path = clouds.clouds_yaml(tmp_path / "clouds.yaml", application_credential=True)
    config = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False)
    connection = openstack.connection.Connection(config=config.get_one("cloud1", region_name="r1"))
    assert len(list(connection.compute.servers())) == 2


def test_expired_and_revoked_tokens_are_refused(
    fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]
) -> None:
    cloud = fake_openstack()["cloud1"]
    url = f"{cloud['r1'].nova.url}/v2.1/servers"
    session = client(cloud)
    assert session.get(url).status_code == 200
    cloud.revoke_tokens()
    assert session.get(url).status_code == 401
    cloud.keystone.token_seconds = 0
    assert client(cloud).get(url).status_code == 401


def test_a_token_can_be_read_and_revoked(
    fake_openstack: Callable[..., FakeOpenStack], client: Callable[..., requests.Session]
) -> None:
    cloud = fake_openstack()["cloud1"]
    session = client(cloud)
    session.headers["X-Subject-Token"] = session.headers["X-Auth-Token"]
    url = f"{cloud.keystone.url}/v3/auth/tokens"
    assert session.get(url).json()["token"]["user"]["name"] == "demo"
    assert session.delete(url).status_code == 204
    assert session.get(url).status_code == 401


def test_discovery_lists_the_versions(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    url = fake_openstack()["cloud1"].keystone.url
    assert requests.get(url, timeout=5).status_code == 300
    assert requests.get(f"{url}/v3", timeout=5).json()["version"]["links"][0]["href"] == f"{url}/v3/"
