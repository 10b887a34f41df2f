# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Nova lists servers as Nova does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import openstack
import pytest
import requests

from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.wait import until

Client = Callable[..., requests.Session]


def names(session: requests.Session, url: str, **query: str) -> list[str]:
    answer = session.get(f"{url}/v2.1/servers/detail", params=query)
    assert answer.status_code == 200, answer.text
    return [server["name"] for server in answer.json()["servers"]]


def test_openstacksdk_lists_the_servers(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> None:
    clouds = fake_openstack(clouds=2, regions=2, servers=3)
    path = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    config = openstack.config.OpenStackConfig(config_files=[str(path)], load_envvars=False)
    connection = openstack.connection.Connection(config=config.get_one("cloud2", region_name="r2"))
    assert [server.name for server in connection.compute.servers()] == [
        "batch-cloud2-r2-0002",
        "db-cloud2-r2-0001",
        "web-cloud2-r2-0000",
    ]
    assert clouds.counters.requests(cloud="cloud2", region="r2", path="/v2.1/servers/detail") == 1
    assert clouds.counters.requests(cloud="cloud1") == 0


def test_pages_follow_their_links(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    cloud = fake_openstack(servers=5)["cloud1"]
    session = client(cloud)
    url = f"{cloud['r1'].nova.url}/v2.1/servers?limit=2"
    sizes = []
    while url:
        page = session.get(url).json()
        sizes.append(len(page["servers"]))
        url = page.get("servers_links", [{"href": ""}])[0]["href"]
    assert sizes == [2, 2, 1]
    cloud["r1"].nova.page = 5
    assert "servers_links" in session.get(f"{cloud['r1'].nova.url}/v2.1/servers?limit=1000").json()


def test_filters(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    region = fake_openstack()["cloud1"]["r1"]
    for name, status in (("web-1", "ACTIVE"), ("web-2", "SHUTOFF"), ("db-1", "ACTIVE")):
        region.add_server(name, status=status)
    region.add_server("other", project="demo2")
    session, url = client(region._cloud), region.nova.url
    assert names(session, url) == ["db-1", "web-2", "web-1"]
    assert names(session, url, name="^web") == ["web-2", "web-1"]
    assert names(session, url, status="active") == ["db-1", "web-1"]
    assert names(session, url, status="nonsense") == []
    assert names(session, url, host="compute-1") == ["db-1", "web-2", "web-1"]


def test_all_tenants_is_for_administrators(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    cloud = fake_openstack()["cloud1"]
    cloud["r1"].add_server("ours")
    cloud["r1"].add_server("theirs", project="demo2")
    url = cloud["r1"].nova.url
    refused = client(cloud).get(f"{url}/v2.1/servers/detail?all_tenants=1")
    assert refused.status_code == 403
    assert refused.json()["forbidden"]["message"].startswith("Policy doesn't allow")
    assert names(client(cloud, "admin"), url) == []
    assert names(client(cloud, "admin"), url, all_tenants="1") == ["theirs", "ours"]


@pytest.mark.parametrize(
    ("asked", "status", "got"),
    [
        (None, 200, "compute 2.1"),
        ("compute 2.47", 200, "compute 2.47"),
        ("compute latest", 200, "compute 2.96"),
        ("volume 3.50", 200, "compute 2.1"),
        ("compute 2.999", 406, "compute 2.1"),
        ("compute two", 400, "compute 2.1"),
    ],
)
def test_microversions(
    fake_openstack: Callable[..., FakeOpenStack], client: Client, asked: str | None, status: int, got: str
) -> None:
    cloud = fake_openstack(servers=1)["cloud1"]
    headers = {"OpenStack-API-Version": asked} if asked else {}
    answer = client(cloud).get(f"{cloud['r1'].nova.url}/v2.1/servers/detail", headers=headers)
    assert answer.status_code == status
    assert answer.headers["OpenStack-API-Version"] == got


def test_the_microversion_decides_the_fields(fake_openstack: Callable[..., FakeOpenStack], client: Client) -> None:
    cloud = fake_openstack(servers=1)["cloud1"]
    session, url = client(cloud), f"{cloud['r1'].nova.url}/v2.1/servers/detail"

    def server(version: str) -> dict[str, object]:
        answer = session.get(url, headers={"X-OpenStack-Nova-API-Version": version})
        found: dict[str, object] = answer.json()["servers"][0]
        return found

    assert set(server("2.1")["flavor"]) == {"id", "links"}  # type: ignore[call-overload]
    assert server("2.47")["flavor"]["original_name"] == "m1.large"  # type: ignore[index]
    assert "locked_reason" in server("2.73")
    assert "locked_reason" not in server("2.72")
    assert "OS-EXT-SRV-ATTR:host" not in server("2.96")
    assert 1800 < len(json.dumps(server("2.96"))) < 5000


@pytest.mark.parametrize("query", ["limit=-1", "limit=many", "marker=nobody", "name=(", "all_tenants=perhaps"])
def test_bad_queries_are_refused(fake_openstack: Callable[..., FakeOpenStack], client: Client, query: str) -> None:
    cloud = fake_openstack(servers=1)["cloud1"]
    answer = client(cloud).get(f"{cloud['r1'].nova.url}/v2.1/servers?{query}")
    assert answer.status_code == 400
    assert answer.json()["badRequest"]["code"] == 400


def test_newer_versions_are_stricter_about_queries(
    fake_openstack: Callable[..., FakeOpenStack], client: Client
) -> None:
    cloud = fake_openstack(servers=1)["cloud1"]
    session, url = client(cloud), f"{cloud['r1'].nova.url}/v2.1/servers"
    newer = {"OpenStack-API-Version": "compute 2.75"}
    for query in ("status=nonsense", "frobnicate=1"):
        assert session.get(f"{url}?{query}").status_code == 200
        assert session.get(f"{url}?{query}", headers=newer).status_code == 400
    assert session.get(f"{url}?status=deleted").status_code == 403


def test_nothing_without_a_token_but_discovery(fake_openstack: Callable[..., FakeOpenStack]) -> None:
    url = fake_openstack()["cloud1"]["r1"].nova.url
    assert requests.get(f"{url}/v2.1/servers", timeout=5).status_code == 401
    assert requests.get(f"{url}/v2.1/", timeout=5).json()["version"]["version"] == "2.96"
    assert requests.get(url, timeout=5).json()["versions"][0]["min_version"] == "2.1"


def test_a_snapshot_is_an_image_with_what_its_server_was_booted_from(
    fake_openstack: Callable[..., FakeOpenStack], client: Client
) -> None:
    """As a real Nova answers."""
    region = fake_openstack()["cloud1"]["r1"]
    base = add_image(region.glance, b"base", name="base")
    base.properties["os_distro"] = "debian"
    server = region.add_server("web", image_id=base.id, disk=b"disk")
    region.nova.snapshots.seconds = 0.2
    session, url = client(region._cloud), f"{region.nova.url}/v2.1/servers/{server.id}"
    taken = {"createImage": {"name": "snapshot", "metadata": {"a.b": "c"}}}
    answer = session.post(f"{url}/action", json=taken, headers={"OpenStack-API-Version": "compute 2.45"})
    assert (answer.status_code, set(answer.json())) == (202, {"image_id"})
    image = session.get(f"{region.glance.url}/v2/images/{answer.json()['image_id']}").json()
    shown = {key: image[key] for key in ("name", "status", "size", "visibility", "os_distro", "a.b", "instance_uuid")}
    assert shown == {
        "name": "snapshot",
        "status": "queued",
        "size": None,
        "visibility": "private",
        "os_distro": "debian",
        "a.b": "c",
        "instance_uuid": server.id,
    }
    assert session.get(url).json()["server"]["OS-EXT-STS:task_state"] == "image_pending_upload"
    assert session.post(f"{url}/action", json=taken).status_code == 409
    until(lambda: region.glance.images[image["id"]].status == "active")
    until(lambda: server.task_state is None)
    old = session.post(f"{url}/action", json=taken)
    assert (old.status_code, old.content) == (202, b"")
    assert old.headers["Location"].startswith(f"{region.glance.url}/images/")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"createImage": {}}, 400, "field/attribute name"),
        ({"createImage": {"name": " x"}}, 400, "field/attribute name"),
        ({"createImage": {"name": "x" * 256}}, 400, "field/attribute name"),
        ({"createImage": {"name": "x", "metadata": {"a/b": "c"}}}, 400, "field/attribute metadata"),
        ({"createImage": {"name": "x", "metadata": {"a": "c" * 256}}}, 400, "field/attribute a"),
        ({"createImage": {"name": "x", "metadata": {"a": 1}}}, 400, "field/attribute a"),
        ({"createImage": {"name": "x", "force": True}}, 400, "'force' was unexpected"),
        ({"createBackup": {}}, 400, "There is no such action"),
        ({"createImage": {"name": "x"}}, 409, "while it is in vm_state error"),
    ],
)
def test_snapshots_that_are_refused(
    fake_openstack: Callable[..., FakeOpenStack], client: Client, body: dict[str, object], status: int, message: str
) -> None:
    region = fake_openstack()["cloud1"]["r1"]
    server = region.add_server("web", status="ERROR")
    answer = client(region._cloud).post(f"{region.nova.url}/v2.1/servers/{server.id}/action", json=body)
    assert answer.status_code == status
    assert message in answer.text
    assert region.glance.images == {}
