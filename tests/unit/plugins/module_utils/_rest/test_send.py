# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests of the user's over real HTTP: what is sent, what is sent again, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.request import RestRequest
from ansible_collections.oaktree.multicloud.plugins.module_utils._rest.send import send
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result
from tests.support.fake_images import add_image
from tests.support.fake_openstack import Action, Answer, DistortAnswer, FakeOpenStack, LoseAnswer
from tests.support.run_core import ask_one
from tests.support.web import Web, whole

Clouds = Callable[..., FakeOpenStack]
DEFAULTS: dict[str, Any] = {
    "service_type": "compute",
    "interface": None,
    "params": None,
    "headers": None,
    "microversion": None,
    "pages": None,
    "status": [],
}
JSON = "application/json"

pytestmark = pytest.mark.usefixtures("fast_clock")


def result_of(clouds: FakeOpenStack | dict[str, Any], path: str, *, check_mode: bool = False, **options: Any) -> Any:
    request = RestRequest.from_options({**DEFAULTS, "path": path, **options})
    return ask_one(clouds, lambda connection: send(connection, request, check_mode=check_mode))


def sent(clouds: FakeOpenStack | dict[str, Any], path: str, **options: Any) -> dict[str, Any]:
    result = result_of(clouds, path, **options)
    assert result.error is None, result.error
    found: dict[str, Any] = result.value
    return found


def refused(clouds: FakeOpenStack | dict[str, Any], path: str, **options: Any) -> OaktreeError:
    result: Result[dict[str, Any]] = result_of(clouds, path, **options)
    assert result.error is not None, result.value
    return result.error


def at_web(clouds: FakeOpenStack, web: Web, service: str = "compute") -> dict[str, Any]:
    """The entry of a cloud whose Nova, or another service, is the web server."""
    url = web.url.rpartition("/")[0]
    return {"cloud1": {**clouds["cloud1"].entry(), f"{service}_endpoint_override": f"{url}/v2.1"}}


# What is sent


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_request_as_it_was_meant(fake_openstack: Clouds, web: Web, method: str) -> None:
    web.answers = [whole(b'{"a": 1}', Content_Type=JSON)]
    body = {} if method == "GET" else {"body": {"x": {"y": 1}}, "secrets": {"x": {"z": "h1dden-z"}}}
    given = {"X-Meta": "Zürich", "accept": "application/json;q=1"}
    clouds = fake_openstack()
    found = sent(at_web(clouds, web), "/things?a=b", params={"c": [1, True]}, method=method, headers=given, **body)
    assert found["body"] == {"a": 1}
    assert web.paths == ["/v2.1/things?a=b&c=1&c=true"]
    ((used, content),) = web.requests
    assert (used, content) == (method, b'{"x": {"y": 1, "z": "h1dden-z"}}' if body else b"")
    headers = {name.lower(): value for name, value in web.headers[0].items()}
    assert headers["x-meta"].encode("latin-1").decode() == "Zürich"
    assert headers["accept"] == "application/json;q=1"
    assert clouds["cloud1"].keystone.identify(headers["x-auth-token"]) is not None
    assert "openstack-api-version" not in headers


def test_a_link_of_an_answer_is_followed_with_the_token(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    (server,) = sent(clouds, "/servers")["body"]["servers"]
    link = next(link["href"] for link in server["links"] if link["rel"] == "self")
    assert sent(clouds, link)["body"]["server"]["id"] == server["id"]
    error = refused(clouds, link.replace("/v2.1/", "/v3/"))
    assert (error.kind, "is not below" in error.message) == ("input", True)


def test_nothing_is_sent_to_another_origin(fake_openstack: Clouds, web: Web) -> None:
    web.answers = [whole(b"{}", Content_Type=JSON)]
    assert refused(fake_openstack(), web.url).kind == "input"
    assert web.paths == []


def test_a_redirect_to_another_origin_gets_no_token(fake_openstack: Clouds, web: Web) -> None:
    clouds = fake_openstack()
    web.answers = [whole(b"{}", Content_Type=JSON)]
    clouds["cloud1"]["r1"].fault("GET", "/things", Answer(302, {"Location": web.url}))
    assert "is redirected to" in refused(clouds, "/things").message
    assert web.paths == []


def test_an_alias_of_a_service_type_and_a_service_that_is_not_there(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(more=("block-storage",))
    assert sent(clouds, "/types", service_type="volumev3")["body"] == {"volume_types": []}
    error = refused(clouds, "/zones", service_type="dns")
    assert (error.kind, "'dns'" in error.message, "compute" in error.hint) == ("refused", True, True)


# Check mode


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_check_mode_sends_nothing_that_may_change_anything(fake_openstack: Clouds, method: str) -> None:
    clouds = fake_openstack()
    found = sent(clouds, "/servers", method=method, check_mode=True)
    url = f"{clouds['cloud1']['r1'].nova.url}/v2.1/servers"
    empty: dict[str, Any] = {"status": None, "headers": {}, "body": None, "microversion": None}
    assert found == {"sent": False, "url": url, **empty}
    assert clouds.counters.requests(service="compute") == 0
    assert refused(clouds, "/zones", service_type="dns", method=method, check_mode=True).kind == "refused"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_check_mode_reads(fake_openstack: Clouds, method: str) -> None:
    assert sent(fake_openstack(object_store=True), "", service_type="object-store", method=method, check_mode=True)[
        "sent"
    ]


# Microversions


def test_microversions(fake_openstack: Clouds) -> None:
    clouds = fake_openstack(servers=1)
    oldest = sent(clouds, "/servers/detail")
    assert (oldest["microversion"], oldest["headers"]["openstack-api-version"]) == (None, "compute 2.1")
    assert "description" not in oldest["body"]["servers"][0]
    exact = sent(clouds, "/servers/detail", microversion="2.79")
    assert (exact["microversion"], exact["headers"]["openstack-api-version"]) == ("2.79", "compute 2.79")
    latest = sent(clouds, "/servers/detail", microversion="latest")
    assert (latest["microversion"], latest["headers"]["openstack-api-version"]) == ("2.96", "compute 2.96")


@pytest.mark.parametrize(
    ("service_type", "name"),
    [
        ("container-infra", "container-infra"),
        ("container", "container"),
        ("infra-optim", "infra-optim"),
        ("volumev3", "volume"),
        ("sharev2", "shared-file-system"),
        ("baremetal", "baremetal"),
    ],
)
def test_a_microversion_is_asked_for_by_the_name_that_the_service_knows(
    fake_openstack: Clouds, web: Web, service_type: str, name: str
) -> None:
    """Magnum, Zun and Watcher answer 406 to their official names."""
    web.answers = [whole(b"{}", Content_Type=JSON)]
    entry = at_web(fake_openstack(), web, service_type.replace("-", "_"))
    sent(entry, "/things", service_type=service_type, microversion="1.7")
    assert web.headers[-1]["OpenStack-API-Version"] == f"{name} 1.7"


def test_a_microversion_that_the_service_does_not_have(fake_openstack: Clouds) -> None:
    error = refused(fake_openstack(), "/servers", microversion="2.999")
    assert (error.kind, error.status) == ("refused", 406)


def test_the_newest_of_a_service_without_microversions_is_none(fake_openstack: Clouds) -> None:
    assert sent(fake_openstack(), "/images", service_type="image", microversion="latest")["microversion"] is None


# Pages


@pytest.mark.parametrize("query", ["?limit=2", ""])
def test_pages_are_joined(fake_openstack: Clouds, query: str) -> None:
    clouds = fake_openstack(servers=5)
    clouds["cloud1"]["r1"].nova.page = 2
    found = sent(clouds, f"/servers{query}", pages="servers")
    assert found["body"].keys() == {"servers"}
    assert len({server["id"] for server in found["body"]["servers"]}) == 5
    assert found["status"] == 200
    assert clouds.counters.requests(path="/v2.1/servers") == 3
    assert len(sent(clouds, "/servers?limit=2")["body"]["servers"]) == 2


def test_pages_of_what_is_no_list(fake_openstack: Clouds) -> None:
    error = refused(fake_openstack(), "/servers", pages="things")
    assert (error.kind, error.message) == (
        "server",
        "the answer to GET /v2.1/servers cannot be parsed: it has no list 'things'",
    )


# Statuses


def test_what_is_not_accepted_fails_in_the_services_words(fake_openstack: Clouds) -> None:
    error = refused(fake_openstack(), "/servers/none")
    assert (error.kind, error.status) == ("refused", 404)
    assert error.message.startswith("Instance none could not be found. (HTTP 404)")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "refused"), (403, "refused"), (409, "conflict"), (429, "throttled"), (500, "server"), (503, "server")],
)
def test_kinds_of_failures(fake_openstack: Clouds, status: int, kind: str) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault(
        "POST", "/things", Answer(status, {"Content-Type": JSON}, b'{"x": {"message": "Words"}}')
    )
    error = refused(clouds, "/things", method="POST")
    assert (error.kind, error.message.startswith(f"Words (HTTP {status})")) == (kind, True)


def test_an_error_that_is_accepted_is_an_answer(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    found = sent(clouds, "/servers/none", status=[200, 404])
    assert found["status"] == 404
    assert found["body"]["itemNotFound"]["message"] == "Instance none could not be found."
    assert clouds.counters.requests(service="compute") == 1


def test_a_success_that_is_not_accepted(fake_openstack: Clouds) -> None:
    error = refused(fake_openstack(), "/servers", status=[404])
    assert error.message == "the answer to GET /v2.1/servers is OK (HTTP 200), which is not accepted"
    assert (error.kind, error.hint) == ("refused", "If this is what you expect, add 200 to status.")


@pytest.mark.parametrize(("status", "accepted"), [(300, []), (304, []), (204, [200])])
def test_others_below_400(fake_openstack: Clouds, status: int, accepted: list[int]) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/things", Answer(status))
    assert refused(clouds, "/things", status=accepted).status == status
    assert sent(clouds, "/things", status=[status])["body"] is None


# What is sent again


@pytest.mark.slow
@pytest.mark.parametrize(("method", "times"), [("GET", 3), ("DELETE", 3), ("POST", 1), ("PATCH", 1), ("PUT", 1)])
@pytest.mark.parametrize("trouble", [LoseAnswer(), Answer(502), Answer(503, {"Retry-After": "1"}, after="work")])
def test_only_what_may_be_repeated_is(fake_openstack: Clouds, method: str, times: int, trouble: Action) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault(method, "/servers/x", trouble, times=2)
    assert refused(clouds, "/servers/x", method=method).status == (
        404 if times > 1 else getattr(trouble, "status", None)
    )
    assert clouds.counters.requests(service="compute", method=method) == times


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_who_was_turned_away_comes_back(fake_openstack: Clouds, method: str) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    region.fault(method, "/things", Answer(429, {"Retry-After": "1"}), times=1)
    region.fault(method, "/things", Answer(202))
    assert sent(clouds, "/things", method=method)["status"] == 202


def test_a_token_that_was_revoked_is_replaced(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    assert sent(clouds, "/servers")["status"] == 200
    clouds["cloud1"].revoke_tokens()
    body = {"keypair": {"name": "k", "public_key": "ssh"}}
    assert sent(clouds, "/os-keypairs", method="POST", body=body)["status"] == 200


# Answers


def test_secret_headers_are_masked(fake_openstack: Clouds) -> None:
    given = {
        "X-Subject-Token": "gAAAA-another",
        "Set-Cookie": "session=1",
        "X-Account-Meta-Temp-Url-Key": "k",
        "X-Account-Meta-Temp-Url-Key-2": "k",
        "Location": "http://x/v1/a?temp_url_sig=abcd&temp_url_expires=1",
        "X-Meta": "Zürich",
        "Etag": "1",
    }
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/things", DistortAnswer(lambda _answer: Answer(200, given)))
    headers = sent(clouds, "/things")["headers"]
    assert {name: headers[name.lower()] for name in given} == {
        **dict.fromkeys(("X-Subject-Token", "Set-Cookie"), "..."),
        **dict.fromkeys(("X-Account-Meta-Temp-Url-Key", "X-Account-Meta-Temp-Url-Key-2"), "..."),
        "Location": "http://x/v1/a?temp_url_sig=...&temp_url_expires=1",
        "X-Meta": "Zürich",
        "Etag": "1",
    }


@pytest.mark.parametrize("pages", [None, "things"])
@pytest.mark.parametrize("escaped", [False, True])
def test_the_token_is_in_no_answer(fake_openstack: Clouds, web: Web, pages: str | None, *, escaped: bool) -> None:
    def echo(handler: Any) -> None:
        token = handler.headers["X-Auth-Token"]
        written = "".join(f"\\u{ord(character):04x}" for character in token) if escaped else token
        body = f'{{"things": ["{written}", "\\u00e9", 1.50]}}'.encode()
        whole(body, Content_Type=JSON, X_Echo=token)(handler)

    web.answers = [echo]
    found = sent(at_web(fake_openstack(), web), "/things", pages=pages)
    assert (found["body"], found["headers"]["x-echo"]) == ({"things": ["...", "é", 1.5]}, "...")


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        ("application/json", b'[{"a": null}]', [{"a": None}]),
        ("application/vnd.x+json; charset=utf-8", b"5", 5),
        ("text/plain", b'{"a": 1}', '{"a": 1}'),
        ("application/xml", "é".encode(), "é"),
        ("application/json", b"", None),
        ("application/octet-stream", b"", None),
    ],
)
def test_bodies(fake_openstack: Clouds, content_type: str, body: bytes, expected: Any) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/things", Answer(200, {"Content-Type": content_type}, body))
    assert sent(clouds, "/things")["body"] == expected


def test_a_body_that_is_not_what_it_says(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].fault("GET", "/json", Answer(200, {"Content-Type": JSON}, b"{"))
    clouds["cloud1"]["r1"].fault("GET", "/text", Answer(200, {"Content-Type": "text/plain"}, b"\xff\xfe"))
    assert refused(clouds, "/json").message.startswith("the answer to GET /v2.1/json cannot be parsed")
    assert refused(clouds, "/text").message == "the answer to GET /v2.1/text is not text (text/plain)"


def test_what_is_binary_is_not_read(fake_openstack: Clouds) -> None:
    clouds = fake_openstack()
    region = clouds["cloud1"]["r1"]
    owner = clouds["cloud1"].keystone.project_id("demo")
    image = add_image(region.glance, b"\x00" * 5000, owner=owner, name="x")
    error = refused(clouds, f"/images/{image.id}/file", service_type="image")
    assert error.message == f"the answer to GET /v2/images/{image.id}/file is not text (application/octet-stream)"
    assert (error.kind, "image_export" in error.hint) == ("refused", True)
    assert clouds.counters.requests(path="/v2/images/{image_id}/file") == 1
