# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to one service over real HTTP: what is retried, broken answers, endpoints, pages and paths."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from keystoneauth1.access import AccessInfoV3
from keystoneauth1.access.service_catalog import ServiceCatalog
from keystoneauth1.exceptions import CatalogException

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import pagination
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.catalog import catalog_entry
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds as Config
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.service import (
    find_version,
    segment,
    service_at,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    FakeOpenStack,
    FaultProxy,
    LoseAnswer,
    TrickleAnswer,
    nova,
)
from tests.support.run_core import ask, ask_one, entries, kinds
from tests.support.web import Web, whole

Clouds = Callable[..., FakeOpenStack]
JSON = {"Content-Type": "application/json"}
SERVERS = "/servers"
IMAGES = "/images"

pytestmark = pytest.mark.usefixtures("fast_clock")


def servers(connection: Connection) -> int:
    return len(service_at(connection, "compute").json("GET", SERVERS)["servers"])


def images(connection: Connection) -> int:
    return len(service_at(connection, "image").json("GET", IMAGES)["images"])


def count(clouds: FakeOpenStack, **wanted: str) -> int:
    return clouds.counters.requests(**wanted)


# Retries


PERHAPS_DONE = Answer(503, {"Retry-After": "0"}, after="work")
FAILED: list[tuple[Action, str]] = [
    (Answer(503), "server"),
    (Answer(500), "server"),
    (LoseAnswer(), "unreachable"),
    (BreakAnswer(0.5, cut=True), "unreachable"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("action", "kind"), FAILED)
def test_a_read_is_tried_again(fake_openstack: Clouds, action: Action, kind: str) -> None:
    clouds = fake_openstack(servers=1)
    region = clouds["cloud1"]["r1"]
    region.fault("GET", SERVERS, action, times=2)
    result = ask_one(clouds, servers)
    assert (result.value, count(clouds, service="compute")) == (1, 3)
    assert result.requests == count(clouds)
    clouds.counters.reset()
    region.fault("GET", SERVERS, action)
    assert kinds([ask_one(clouds, servers, timeout=1)]) == {"cloud1/r1/demo": kind}
    if action == Answer(503):  # until the deadline
        assert count(clouds, service="compute") > 3
    else:
        assert count(clouds, service="compute") == 3


@pytest.mark.parametrize(("action", "kind"), [*FAILED, (PERHAPS_DONE, "throttled")])
def test_a_write_is_not_tried_again(fake_openstack: Clouds, action: Action, kind: str) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("POST", IMAGES, action, times=1)
    result = ask_one(
        clouds, lambda connection: service_at(connection, "image").json("POST", IMAGES, json={"name": "x"})
    )
    assert kinds([result]) == {"cloud1/r1/demo": kind}
    assert count(clouds, method="POST", service="image") == 1


def test_a_caller_with_a_body_of_its_own_retries_itself(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", IMAGES, Answer(429, {"Retry-After": "0"}), times=1)
    result = ask_one(clouds, lambda connection: service_at(connection, "image").request("GET", IMAGES, retry=False))
    assert kinds([result]) == {"cloud1/r1/demo": "throttled"}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409])
def test_a_refusal_is_not_tried_again(fake_openstack: Clouds, status: int) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(status))
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "conflict" if status == 409 else "refused"}
    assert count(clouds, service="compute") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b'{"errors": [5]}',
        b'{"errors": [["a"]]}',
        b'{"error": {"message": {"a": 1}, "details": []}}',
        b"[" * 100_000,
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b'{"error": NaN}',
        b'"\\ud800"',
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.parametrize("status", [404, 409])
def test_an_error_in_an_odd_shape_is_one_of_its_status(fake_openstack: Clouds, status: int, body: bytes) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(status, JSON, body))
    assert kinds([ask_one(clouds, servers)]) == {"cloud1/r1/demo": "conflict" if status == 409 else "refused"}


def test_a_host_that_gets_no_token_cannot_reject_it(fake_openstack: Clouds, web: Web) -> None:
    clouds = fake_openstack()
    web.answers = [whole(b"who?", 401)]
    assert ask_one(clouds, images).error is None
    result = ask_one(clouds, lambda connection: service_at(connection, "image").request("GET", web.url))
    assert (kinds([result]), len(web.headers)) == ({"cloud1/r1/demo": "auth"}, 1)
    assert "X-Auth-Token" not in web.headers[0]
    assert ask_one(clouds, images).error is None
    assert clouds.counters.tokens == 1


# Deadlines and broken answers, of a service whose URL the catalog gives with its version and of one without


@pytest.mark.slow
@pytest.mark.parametrize("work", [servers, images])
@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (BlackHole(), "timeout"),
        (TrickleAnswer(20), "timeout"),
        (None, "unreachable"),
        (Answer(503), "server"),
        (LoseAnswer(), "unreachable"),
        (BreakAnswer(0.5), "server"),
        (BreakAnswer(0.5, cut=True), "unreachable"),
        (Answer(200, JSON, b"null"), "server"),
        (Answer(200, JSON, b"[]"), "server"),
        (Answer(200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"), "server"),
    ],
)
def test_a_region_in_trouble_fails_in_time_and_alone(
    fake_openstack: Clouds, fast_clock: Clock, work: Callable[[Connection], int], action: Action | None, kind: str
) -> None:
    clouds = fake_openstack(regions=3, servers=1)
    if action is None:
        clouds["cloud1"]["r2"].refuse_connections()
    else:
        clouds["cloud1"]["r2"].fault("*", "", action)
    start = time.monotonic()
    results = ask(clouds, work, timeout=2.0)
    assert time.monotonic() - start < 10.0
    assert kinds(results) == {"cloud1/r1/demo": None, "cloud1/r2/demo": kind, "cloud1/r3/demo": None}
    assert fast_clock.real(max(results[0].seconds, results[2].seconds)) < 1.9
    error = results[1].error
    assert error is not None
    assert error.hint
    assert "object at 0x" not in error.message


# Endpoints


def test_discovery_only_where_the_catalog_has_no_version(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()

    def work(connection: Connection) -> tuple[str, str]:
        for _time in range(2):
            servers(connection)
            images(connection)
        return service_at(connection, "compute").endpoint, service_at(connection, "image").endpoint

    region = clouds["cloud1"]["r1"]
    assert ask_one(clouds, work).value == (f"{region.nova.url}/v2.1", f"{region.glance.url}/v2")
    assert count(clouds, service="compute") == 2
    assert count(clouds, service="image") == 3


@pytest.mark.parametrize("path", ["", "/v2", "/v2/", "/v1"])
def test_an_endpoint_that_clouds_yaml_names(
    fake_openstack: Clouds, fault_proxy: Callable[..., FaultProxy], path: str
) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    proxy = fault_proxy(region.glance.url)
    config = entries(clouds)
    config["cloud1"]["image_endpoint_override"] = f"{proxy.url}{path}"
    assert ask_one(config, images).value == 0
    assert proxy.counters.requests() == (1 if path.startswith("/v2") else 2)


CATALOG = [
    {
        "type": kind,
        "name": name,
        "endpoints": [
            {"interface": interface, "region": region, "url": f"https://{kind}/{region}/{interface}"}
            for region in ("r1", "r2")
            for interface in ("public", "internal", "admin")
        ],
    }
    for kind, name in {
        "volumev2": "old",
        "volumev3": "new",
        "block-store": "other",
        "workflowv2": "w",
        "own": "",
    }.items()
]


SETTINGS = [{}, {"interface": "internal"}, {"region_name": "r2"}, {"volume_service_name": "old"}]


@pytest.mark.parametrize("service_type", ["block-storage", "volumev3", "volumev2", "volume", "workflow", "own", "none"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_the_endpoint_is_the_one_that_keystoneauth_finds(service_type: str, setting: dict[str, str]) -> None:
    auth = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}
    (region,) = Config(clouds_config={"clouds": {"a": {"auth": auth, "region_name": "r1", **setting}}}).regions("a")
    connection = Connection(region)
    access = AccessInfoV3({"token": {"catalog": CATALOG, "expires_at": "2099-01-01T00:00:00Z"}}, "token")
    region.auth.plugin.auth_ref = connection.access = access
    service = service_at(connection, service_type)
    answers: list[str | None] = []
    for announced in (service._announced, lambda: service.adapter.get_endpoint(skip_discovery=True)):
        try:
            answers.append(announced())
        except CatalogException as exc:
            answers.append(str(exc))
    assert answers[0] == answers[1]


def image_service(
    *, url: str | None = None, auth_url: str = "https://keystone/v3", region: str = "r1", **settings: str
) -> frozenset[str]:
    """The names of the image service by such an entry; ``url`` is that of an endpoint override."""
    auth = {"auth_url": auth_url, "username": "u", "password": "p", "project_name": "x"}
    entry = {"auth": auth, "region_name": region, **({"image_endpoint_override": url} if url else {}), **settings}
    (found,) = Config(clouds_config={"clouds": {"a": entry}}).regions("a")
    connection = Connection(found)
    endpoints = [
        {"interface": interface, "region": place, "url": f"https://{interface}.{place}:9292/v2/p"}
        for place in ("r1", "r2")
        for interface in ("public", "internal")
    ]
    catalog = [{"type": "image", "name": "glance", "endpoints": endpoints}]
    project = {"id": "p", "name": "x", "domain": {"id": "d", "name": "d"}}
    token = {"catalog": catalog, "project": project, "expires_at": "2099-01-01T00:00:00Z"}
    connection.access = AccessInfoV3({"token": token}, "token")
    return service_at(connection, "image", "1" if settings.get("image_api_version") == "1" else None).names


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"interface": "internal"}, True),
        ({"auth_url": "https://KEYSTONE:443"}, True),
        ({"auth_url": "https://internal/v3"}, True),
        ({"auth_url": "https://internal/v3", "interface": "internal"}, False),
        ({"region": "r2"}, False),
        ({"region": "r2", "image_region_name": "r1"}, True),
        ({"region": "r2", "url": "https://Public.r1:9292/v2/"}, True),
        ({"url": "https://public.r1:9292/v2.0"}, True),
        ({"url": "https://public.r1:9292/v1", "image_api_version": "1"}, True),
        ({"url": "https://public.r2:9292/v2"}, False),
        ({"url": "https://public.r1:9292/edge/v2"}, False),
    ],
)
def test_a_service_is_one_by_its_endpoint_or_its_entry_in_the_catalog(
    monkeypatch: pytest.MonkeyPatch, other: dict[str, str], *, same: bool
) -> None:
    monkeypatch.setattr(Connection, "authenticate", lambda _connection: None)
    assert bool(image_service() & image_service(**other)) is same


def test_a_cloud_of_many_regions_costs_each_of_them_no_more_than_one_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []

    def normalize(catalog: ServiceCatalog) -> list[dict[str, Any]]:
        copied.extend(one["url"] for service in catalog.catalog for one in service["endpoints"])
        return whole_catalog(catalog)

    whole_catalog = ServiceCatalog.normalize_catalog
    monkeypatch.setattr(ServiceCatalog, "normalize_catalog", normalize)
    regions = [{"interface": "public", "region": f"r{number}", "url": f"https://r{number}"} for number in range(50)]
    access = AccessInfoV3({"token": {"catalog": [{"type": "compute", "endpoints": regions}]}}, "token")
    auth = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}
    (region,) = Config(clouds_config={"clouds": {"a": {"auth": auth, "region_name": "r7"}}}).regions("a")
    connection = Connection(region)
    region.auth.plugin.auth_ref = connection.access = access
    assert service_at(connection, "compute")._announced() == "https://r7"
    assert copied == ["https://r7"]


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://v2.images.example.com", None),
        ("https://v2.images.example.com/v2", "https://v2.images.example.com"),
        ("https://host/x/v1/v2.1/r2/compute/v2.1", "https://host/x/v1/v2.1/r2/compute"),
        ("https://host/x/v1/v2.1", "https://host/x/v1"),
        ("https://host:8080/swift/v1/AUTH_v1", "https://host:8080/swift"),
        ("https://host/volumes/", None),
    ],
)
def test_the_version_of_a_url_is_the_last_one_of_its_path(url: str, root: str | None) -> None:
    version = find_version(url)
    assert (url[: version.start()] if version else None) == root


VERSIONS = {
    "block-storage": "/v3/",
    "baremetal": "/v1/",
    "dns": "/v2",
    "key-manager": "/v1/",
    "load-balancer": "/v2",
    "orchestration": "/v1/",
    "shared-file-system": "/v2/",
}


@pytest.mark.parametrize("service_type", VERSIONS)
@pytest.mark.parametrize("named", ["", "/v9"])
def test_a_service_whose_url_names_another_version_or_none(
    fake_openstack: Clouds, web: Web, service_type: str, named: str
) -> None:
    """Discovery does not say where the project stands in it."""
    root, path = web.url.rpartition("/")[0], VERSIONS[service_type]
    link = {"rel": "self", "href": f"{root}{path}"}
    version = {"id": path.strip("/"), "status": "CURRENT", "links": [link]}
    web.answers = [whole(json.dumps({"versions": [version]}).encode(), 300)]

    def work(connection: Connection) -> tuple[str, str | None]:
        at(connection, service_type, f"{root}{named}")
        return service_at(connection, service_type).endpoint, connection.location.project.id

    found = ask_one(fake_openstack(), work).value
    assert found
    endpoint, project = found
    after = f"/{project}" if service_type in ("block-storage", "orchestration", "shared-file-system") else ""
    assert endpoint == f"{root}{path.rstrip('/')}{after}"


@pytest.mark.parametrize(
    ("service_type", "named", "used"),
    [
        ("network", "", "/v2.0"),
        ("network", "/v2.0", "/v2.0"),
        ("placement", "/placement", "/placement"),
        ("object-store", "/v1/AUTH_p", "/v1/AUTH_p"),
        ("volumev3", "/v3/p", "/v3/p"),
        ("sharev2", "/v2", "/v2"),
        ("own-thing", "/v7", "/v7"),
    ],
)
def test_a_service_whose_url_is_known(
    fake_openstack: Clouds, web: Web, service_type: str, named: str, used: str
) -> None:
    root = web.url.rpartition("/")[0]

    def work(connection: Connection) -> str:
        at(connection, service_type, f"{root}{named}")
        return service_at(connection, service_type).endpoint

    assert ask_one(fake_openstack(), work).value == f"{root}{used}"
    assert web.paths == []


def test_a_service_that_the_catalog_does_not_have(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    result = ask_one(clouds, lambda connection: service_at(connection, "object-store").endpoint)
    assert result.error is not None
    assert result.error.kind == "refused"
    assert "object-store" in result.error.message
    assert count(clouds, service="image") + count(clouds, service="compute") == 0


def test_a_service_without_the_version_we_speak(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    versions = {"versions": [{"id": "v1.1", "status": "CURRENT", "links": [{"rel": "self", "href": "/v1/"}]}]}
    clouds["cloud1"]["r1"].fault("GET", "^/$", Answer(300, JSON, json.dumps(versions).encode()))
    result = ask_one(clouds, images)
    assert result.error is not None
    assert result.error.kind == "refused"
    assert result.error.message == "the image service offers no version 2"


# Pages


def listed(connection: Connection, service_type: str = "compute", **params: Any) -> list[Any]:
    pages = service_at(connection, service_type).pages("/servers", "servers", params)
    return [item for page in pages for item in page]


@pytest.mark.parametrize(
    "body",
    [
        {"servers": [{"id": "same"}], "servers_links": [{"rel": "next", "href": "/servers?marker=same"}]},
        {"servers": {}},
        {"servers": None},
        {},
    ],
)
def test_pages_that_lead_nowhere(fake_openstack: Clouds, body: dict[str, Any]) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(200, JSON, json.dumps(body).encode()))
    assert kinds([ask_one(clouds, listed)]) == {"cloud1/r1/demo": "server"}
    assert count(clouds, service="compute") <= 2


@pytest.mark.parametrize("coalesced", [False, True])
def test_pages_are_followed_by_the_query_of_their_links(fake_openstack: Clouds, *, coalesced: bool) -> None:
    """The link's host and path are those that only the cloud knows."""
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    last = json.dumps({"servers": ["c"]}).encode()
    first = json.dumps({"servers": ["a", "b"]}).encode()
    region.fault("GET", r"/servers\?(?=.*status=ACTIVE)(?=.*marker=b)", Answer(200, JSON, last))
    link = '<http://10.0.0.1/inner?marker=b>; rel="next"'
    region.fault("GET", r"/servers\?status=ACTIVE$", Answer(200, {**JSON, "Link": link}, first))

    def work(connection: Connection) -> list[Any]:
        pages = service_at(connection, "compute").pages(SERVERS, "servers", {"status": "ACTIVE"}, coalesced=coalesced)
        return [item for page in pages for item in page]

    assert ask_one(clouds, work).value == ["a", "b", "c"]
    assert count(clouds, service="compute") == 2


def at(connection: Connection, service_type: str, url: str, region: str = "r1") -> None:
    """Let the catalog name this URL for a service, and no other."""
    connection.authenticate()
    endpoints = [{"interface": "public", "region": region, "region_id": region, "url": url}]
    catalog = connection.access.service_catalog._catalog if connection.access else []
    catalog[:] = [{"type": service_type, "name": "", "endpoints": endpoints}]


@pytest.mark.parametrize(("service_type", "found"), [("identity", True), ("compute", False)])
def test_only_a_keystone_may_be_registered_in_another_region(
    fake_openstack: Clouds, service_type: str, *, found: bool
) -> None:
    """One serves all regions: what is asked of it must not seem to be nowhere."""

    def work(connection: Connection) -> tuple[bool, str]:
        at(connection, service_type, "https://service/v3", region="RegionOne")
        service = service_at(connection, service_type)
        return service.is_announced(), str(catalog_entry(service).url)

    result = ask_one(fake_openstack(), work)
    assert result.value == ((True, "https://service/v3") if found else None)
    assert (result.error and result.error.kind) == (None if found else "refused")


@pytest.mark.parametrize(
    ("service_type", "sent"),
    [
        ("compute", {}),
        ("dns", {"limit": "max"}),
        ("image", {"limit": "1000"}),
        ("key-manager", {"limit": "100"}),
        ("identity", {}),
    ],
)
def test_pages_are_as_large_as_the_service_allows(
    fake_openstack: Clouds, web: Web, service_type: str, sent: dict[str, str]
) -> None:
    """Unless the user says how large they are to be."""
    root = web.url.rpartition("/")[0]
    web.answers = [whole(b'{"servers": []}')]

    def work(connection: Connection) -> None:
        at(connection, service_type, f"{root}/v{service_at(connection, service_type).type.version}")
        listed(connection, service_type)
        listed(connection, service_type, limit="7")

    assert ask_one(fake_openstack(), work).error is None
    asked = [dict(parse_qsl(urlsplit(path).query)) for path in web.paths]
    assert asked == [sent, {"limit": "7"}]


def pages_of(*pages: tuple[int, list[Any], str]) -> list[Any]:
    """Answers with these statuses, servers, and markers of the next page; empty for none."""
    answers = []
    for status, servers, marker in pages:
        links = [{"rel": "next", "href": f"/?marker={marker}"}] if marker else []
        answers.append(whole(json.dumps({"servers": servers, "servers_links": links}).encode(), status))
    return answers


A, B, C, D = ({"id": letter} for letter in "abcd")


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        pytest.param([(200, [A, B], "b"), (400, [], ""), (200, [A, C], "c"), (200, [D], "")], [A, B, C, D], id="400"),
        pytest.param([(200, [A, B], "b"), (404, [], ""), (200, [A, C, D], "")], [A, B, C, D], id="404"),
        pytest.param([(200, [A, B], "b"), (404, [], ""), (200, [], "")], [A, B], id="all are gone"),
        pytest.param([(400, [], "")], 400, id="the first page"),
        pytest.param([(200, [A], "a"), (409, [], "")], 409, id="refused for something else"),
        pytest.param([(200, ["a"], "a"), (400, [], "")], 400, id="nothing tells the items apart"),
        pytest.param([(200, [{"id": "a"}, {"name": "b"}], "a"), (400, [], "")], 400, id="nor some of them"),
        pytest.param([page for _number in range(5) for page in ((200, [A], "a"), (400, [], ""))], 400, id="each time"),
    ],
)
def test_a_list_whose_marker_is_deleted_begins_again(
    fake_openstack: Clouds, web: Web, pages: list[Any], expected: list[Any] | int
) -> None:
    """Between two pages, by somebody else. Nothing is listed twice, and what is listed is not forgotten."""
    root = web.url.rpartition("/")[0]
    web.answers = pages_of(*pages)

    def work(connection: Connection) -> list[Any]:
        at(connection, "compute", f"{root}/v2.1")
        return listed(connection, "compute", status="ACTIVE")

    result = ask_one(fake_openstack(), work)
    assert (result.value if result.error is None else result.error.status) == expected
    assert len(web.paths) == len(pages)
    for (status, *_rest), path in zip(pages, web.paths[1:], strict=False):
        assert ("marker=" in path) is (status == 200), "the list begins as it began before"
        assert "status=ACTIVE" in path


def test_a_list_without_end_ends(fake_openstack: Clouds, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pagination, "MOST_ANSWERS", 0.001)  # some 67 kB
    root = web.url.rpartition("/")[0]
    pages = ({"servers": ["a" * 10_000], "servers_links": [{"rel": "next", "href": f"/?marker={n}"}]} for n in range(9))
    web.answers = [whole(json.dumps(page).encode()) for page in pages]

    def work(connection: Connection) -> list[Any]:
        at(connection, "compute", f"{root}/v2.1")
        return listed(connection, "compute")

    error = ask_one(fake_openstack(), work).error
    assert error
    assert (error.kind, "together exceed" in error.message, len(web.paths)) == ("server", True, 7)


def test_shares_are_listed_by_offset(fake_openstack: Clouds, web: Web) -> None:
    """Manila's links have a marker, which it ignores."""
    root = web.url.rpartition("/")[0]
    link = [{"rel": "next", "href": "/shares?marker=b"}]
    bodies: list[Any] = [{"servers": ["a", "b"], "servers_links": link}, {"servers": ["c"]}, {"servers": []}]
    web.answers = [whole(json.dumps(body).encode()) for body in bodies]

    def work(connection: Connection) -> list[Any]:
        at(connection, "sharev2", f"{root}/v2/p")
        return listed(connection, "shared-file-system")

    assert ask_one(fake_openstack(), work).value == ["a", "b", "c"]
    assert [urlsplit(path).query for path in web.paths] == ["", "offset=2", "offset=3"]


def test_a_list_that_ignores_the_offset_is_whole(fake_openstack: Clouds, web: Web) -> None:
    """Manila has no pages of share types, availability zones or services."""
    root = web.url.rpartition("/")[0]
    pages = [[{"id": "a", "updated_at": number}, {"id": "b"}] for number in range(3)]
    web.answers = [whole(json.dumps({"servers": page}).encode()) for page in pages]

    def work(connection: Connection) -> list[Any]:
        at(connection, "sharev2", f"{root}/v2/p")
        return listed(connection, "shared-file-system")

    assert ask_one(fake_openstack(), work).value == pages[0]
    assert [urlsplit(path).query for path in web.paths] == ["", "offset=2"]


# Microversions


LINK = {"rel": "self", "href": "/v1/"}
OLD_IRONIC = {"versions": [{"id": "v1", "status": "CURRENT", "links": [LINK], "min_version": "1.1", "version": "1.72"}]}


def test_microversions_are_negotiated_with_any_service(fake_openstack: Clouds, web: Web) -> None:
    root = web.url.rpartition("/")[0]
    clouds = fake_openstack()
    web.answers = [whole(b"{}", 406), whole(json.dumps(OLD_IRONIC).encode()), whole(b'{"nodes": []}')]

    def work(connection: Connection) -> Any:
        at(connection, "baremetal", f"{root}/v1")
        ironic = service_at(connection, "baremetal")
        return ironic.negotiated(lambda version: ironic.json("GET", "/nodes", microversion=version), "1.109")

    for _time in range(2):
        assert ask_one(clouds, work).value == {"nodes": []}
    sent = [headers.get("X-OpenStack-Ironic-API-Version") for headers in web.headers]
    assert sent == ["1.109", None, "1.72", "1.72"]


@pytest.mark.parametrize(
    ("service_type", "wanted", "used"),
    [
        ("compute", None, "2.79"),
        ("compute", "2.61", "2.61"),
        ("sharev2", None, "2.60"),
        ("network", None, None),
        ("volumev3", "3.59", "3.59"),
    ],
)
def test_the_microversion_that_is_asked_for(
    fake_openstack: Clouds, service_type: str, wanted: str | None, used: str | None
) -> None:
    def work(connection: Connection) -> str | None:
        service = service_at(connection, service_type)
        at(connection, service_type, f"http://127.0.0.1:9/v{service.type.version or '2.0'}")
        return service.negotiated(lambda version: version, wanted)

    assert ask_one(fake_openstack(), work).value == used


DOCUMENT = r"^/(v2\.1/?)?$"


def newest(connection: Connection) -> str | None:
    return service_at(connection, "compute").newest_microversion()


@pytest.mark.parametrize("action", [Answer(500), Answer(503), LoseAnswer()])
def test_a_version_document_that_fails_for_a_moment_is_asked_for_again(fake_openstack: Clouds, action: Action) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", DOCUMENT, action, times=2)
    assert ask_one(clouds, newest).value == "2.96"


@pytest.mark.parametrize(
    ("action", "kind"),
    [(Answer(500), "server"), (LoseAnswer(), "unreachable"), (Answer(429, {"Retry-After": "9999"}), "throttled")],
)
def test_a_version_document_that_fails_is_not_one_without_microversions(
    fake_openstack: Clouds, action: Action, kind: str
) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", DOCUMENT, action)
    assert kinds([ask_one(clouds, newest)]) == {"cloud1/r1/demo": kind}


@pytest.mark.parametrize(
    "action", [Answer(401), Answer(403), Answer(404), Answer(200, JSON, b"[]"), Answer(200, JSON, b'{"resources": []}')]
)
def test_a_service_may_show_no_version_document(fake_openstack: Clouds, action: Action) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", DOCUMENT, action)
    result = ask_one(clouds, newest)
    assert (result.error, result.value) == (None, None)


@pytest.mark.parametrize(("status", "before"), [(500, None), (404, "2.1")])
def test_what_an_older_service_has_is_remembered_only_if_it_said_so(
    fake_openstack: Clouds, monkeypatch: pytest.MonkeyPatch, status: int, before: str | None
) -> None:
    monkeypatch.setattr(nova, "MAX_VERSION", (2, 72))
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]

    def work(connection: Connection) -> Any:
        compute = service_at(connection, "compute")
        answer = compute.negotiated(lambda version: compute.request("GET", SERVERS, microversion=version))
        return answer.headers["OpenStack-API-Version"].removeprefix("compute ")

    region.fault("GET", DOCUMENT, Answer(status))
    result = ask_one(clouds, work)
    assert (result.value, result.error is None) == (before, before is not None)
    region.clear_faults()
    assert ask_one(clouds, work).value == "2.72"
    clouds.counters.reset()
    assert ask_one(clouds, work).value == "2.72"
    assert count(clouds) == 1


def test_a_refusal_of_another_kind_is_not_a_matter_of_the_microversion(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", SERVERS, Answer(400))

    def work(connection: Connection) -> Any:
        nova = service_at(connection, "compute")
        return nova.negotiated(lambda version: nova.json("GET", SERVERS, microversion=version))

    assert kinds([ask_one(clouds, work)]) == {"cloud1/r1/demo": "refused"}
    assert count(clouds, service="compute") == 1


# Paths


@pytest.mark.parametrize("path", ["/images/..", "/images/../x", "/./images", "/images/%2e%2e/x", "https://host/a/../b"])
def test_a_path_means_what_it_says(fake_openstack: Clouds, path: str) -> None:
    """HTTP libraries resolve dot segments: the request would be for something else."""
    clouds = fake_openstack()
    asked = ask_one(clouds, lambda connection: service_at(connection, "image").request("DELETE", path))
    assert isinstance(asked.error, InputError)
    assert clouds.counters.requests(method="DELETE") == 0


@pytest.mark.parametrize(("name", "expected"), [("a/b", "a%2Fb"), ("x?y#z", "x%3Fy%23z"), (7, "7"), ("..", "..")])
def test_a_name_is_one_segment(name: object, expected: str) -> None:
    assert segment(name) == expected


@pytest.mark.parametrize(
    "url", ["http://[/v2", "htps://a/v2", "http://a..b/v2", "x/v2", "http://a\x1b[2J/v2", "http:///v2"]
)
def test_an_endpoint_that_is_no_url(fake_openstack: Clouds, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"]["image_endpoint_override"] = url
    error = ask_one(config, images).error
    assert error is not None
    assert (error.kind, "is not an https or http URL" in error.message) == ("config", True)
    assert "endpoint override" in error.hint
    region = clouds["cloud1"]["r1"]
    monkeypatch.setattr(type(region.glance), "url", url)
    error = ask_one(clouds, images, token_cache=False).error
    assert error is not None
    assert (error.kind, "the catalog" in error.message) == ("server", True)
    assert clouds.counters.requests(service="image") == 0
