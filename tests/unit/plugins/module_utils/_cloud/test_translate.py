# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exceptions and HTTP answers of others as errors of ours: kind, message and hint."""

from __future__ import annotations

import json
import ssl
from typing import Any

import pytest
import requests
import urllib3
from keystoneauth1 import exceptions as ksa
from openstack import exceptions as sdk

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.translate import (
    from_status,
    given_up,
    translate,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConfigError,
    DeadlineError,
    OaktreeError,
    QuotaError,
    ServerError,
    ThrottledError,
)

NOVA_QUOTA = {"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 4, but already used 20 of 20"}}


NOVA_POLICY = {"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:servers:detail"}}


NOVA_BAD = {"badRequest": {"code": 400, "message": "Invalid input for query parameters status."}}


NOVA_LIMIT = {"overLimit": {"code": 429, "message": "This request was rate-limited."}}


KEYSTONE = {"error": {"code": 401, "title": "Unauthorized", "message": "The request requires authentication."}}


GLANCE = {"message": "No image found<br /><br />\n\n", "code": "404 Not Found", "title": "Not Found"}


NEUTRON = {"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['port'].", "detail": ""}}


GLANCE_PAGE = (
    "<html>\n <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n"
    "  Image 7 is protected and cannot be deleted.<br /><br />\n\n\n\n </body>\n</html>"
)


GLANCE_FULL = "<html><head><title>413 x</title></head><body>Denying attempt: it exceeds the quota</body></html>"


SWIFT = "<html><h1>Request Entity Too Large</h1><p>The body of your request was too large.</p></html>"


SOON, NOW = {"Retry-After": "2"}, {"Retry-After": "0"}


def cinder(message: str) -> dict[str, Any]:
    """As Cinder and Manila say that a quota is exceeded, and that requests come too fast."""
    return {"overLimit": {"code": 413, "message": message, "retryAfter": "0"}}


def heat(kind: str, message: str) -> dict[str, Any]:
    explanation = "The server could not comply with the request since it is either malformed or otherwise incorrect."
    error = {"message": message, "traceback": None, "type": kind}
    return {"code": 400, "title": "Bad Request", "explanation": explanation, "error": error}


def neutron(kind: str, message: str) -> dict[str, Any]:
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "said"),
    [
        (400, NOVA_BAD, {}, "refused", "Invalid input for query parameters status."),
        (401, KEYSTONE, {}, "auth", "The request requires authentication."),
        (403, NOVA_POLICY, {}, "refused", "Policy doesn't allow"),
        (403, NOVA_QUOTA, {}, "quota", "Quota exceeded for cores"),
        (403, GLANCE_PAGE, {}, "refused", "Image 7 is protected and cannot be deleted."),
        (404, GLANCE, {}, "refused", "No image found"),
        (406, {"computeFault": {"message": "Version 2.79 is not supported"}}, {}, "refused", "Version 2.79"),
        (409, NEUTRON, {}, "quota", "Quota exceeded for resources"),
        (409, {"conflictingRequest": {"message": "in task_state"}}, {}, "conflict", "in task_state"),
        (413, GLANCE_FULL, {}, "quota", "exceeds the quota"),
        (413, SWIFT, {}, "quota", "too large"),
        (413, NOVA_LIMIT, SOON, "throttled", "rate-limited"),
        (413, NOVA_LIMIT, {}, "throttled", "rate-limited"),
        (403, {"forbidden": {"message": "rule:get_quota is disallowed by policy"}}, {}, "refused", "rule:get_quota"),
        (403, {"title": "Forbidden", "description": "Quota reached for project 7"}, {}, "quota", "Quota reached"),
        (403, {"faultcode": "Client", "faultstring": "Quota has been met for: VIPs"}, {}, "quota", "Quota has been"),
        (403, {"error": {"message": "You have reached the maximum stacks per project, 512"}}, {}, "quota", "stacks"),
        (
            400,
            {"code": 400, "errors": {"errors": [{"path": ["records", 0], "message": "'x' is not a 'MX' Record"}]}},
            {},
            "refused",
            "records.0: 'x' is not a 'MX' Record",
        ),
        (404, {"errors": [{"title": "Not Found", "detail": "No provider 7"}]}, {}, "refused", "No provider 7"),
        (429, NOVA_LIMIT, SOON, "throttled", "rate-limited"),
        (429, "", {}, "throttled", "as text"),
        (500, {"computeFault": {"message": "Unexpected API Error."}}, {}, "server", "Unexpected API Error."),
        (502, "<html><body><h1>502 Bad Gateway</h1></body></html>", {}, "server", "502 Bad Gateway"),
        (503, "", {}, "server", "as text"),
        (503, "", SOON, "throttled", "as text"),
        (507, "no space", {}, "quota", "no space"),
        (
            413,
            cinder("VolumeSizeExceedsAvailableQuota: Requested volume exceeds allowed gigabytes quota."),
            NOW,
            "quota",
            "gigabytes",
        ),
        (413, cinder("Maximum number of volumes allowed (10) exceeded for quota 'volumes'."), NOW, "quota", "volumes"),
        (413, cinder("This request was rate-limited."), NOW, "throttled", "rate-limited"),
        (413, cinder("Only 10 POST request(s) can be made to * every minute."), SOON, "throttled", "Only 10"),
        (413, cinder("Rate limit exceeded"), SOON, "throttled", "Rate limit"),
        (
            413,
            "<html><h1>Request Entity Too Large</h1><p>Upload exceeds quota.</p></html>",
            {},
            "quota",
            "exceeds quota",
        ),
        (413, {"message": "Resource image_count_total is over limit of 1"}, {}, "quota", "over limit"),
        (498, "Slow down", {}, "throttled", "Slow down"),
        (
            400,
            heat("RequestLimitExceeded", "Request limit exceeded: You have reached the maximum stacks"),
            {},
            "quota",
            "reached",
        ),
        (
            400,
            heat("StackValidationFailed", "Name exceeds the maximum length 255"),
            {},
            "refused",
            "exceeds the maximum",
        ),
        (403, heat("Forbidden", "You are not authorized to use OS::Nova::Server."), {}, "refused", "not authorized"),
        (
            409,
            neutron("RouterInUse", "The agent is unreachable; a separate limit holds"),
            {},
            "conflict",
            "unreachable",
        ),
        (
            403,
            neutron("PolicyNotAuthorized", "rule:create_port exceeds_quota is disallowed by policy"),
            {},
            "refused",
            "rule:",
        ),
        (503, neutron("RemoteRestError", "corporate limits: slow downloads"), {}, "server", "corporate"),
        (413, "corporate limits: slow downloads", {}, "quota", "corporate"),
        (500, {"message": "the source says: tlsv1 alert unknown ca"}, {}, "server", "unknown ca"),
        (501, "Not Implemented", {}, "refused", "Not Implemented"),
        (
            400,
            "<html><h1>400 Bad Request</h1>No required SSL certificate was sent</html>",
            {},
            "config",
            "client certificate",
        ),
    ],
)
def test_http_answers(status: int, body: object, headers: dict[str, str], kind: str, said: str) -> None:
    error = from_status(status, "as text", body if isinstance(body, str) else json.dumps(body), headers)
    assert error.kind == kind
    assert said in error.message
    assert "<" not in error.message
    assert error.hint
    if isinstance(error, ThrottledError):
        assert error.retry_after == (float(headers["Retry-After"]) if headers else None)
    if not isinstance(error, ConfigError):
        assert error.status == status


@pytest.mark.parametrize(
    "body", ["[]", "5", "null", '"text"', "{}", '{"error": []}', '{"message": 5}', '{"a": {"message": {}}}', "{", ""]
)
def test_bodies_of_no_known_shape_add_nothing_false(body: str) -> None:
    error = from_status(404, "Not Found (HTTP 404)", body, {})
    assert error.message in ("Not Found (HTTP 404)", "Not Found (HTTP 404): {")


def test_what_is_said_already_is_not_said_twice() -> None:
    body = json.dumps({"error": {"message": "No way."}})
    assert from_status(403, "No way. (HTTP 403)", body, {}).message == "No way. (HTTP 403)"


def test_the_words_of_the_service_come_first() -> None:
    text = "Unrecognized schema in response body. (HTTP 404) (Request-ID: req-7)"
    error = from_status(404, text, json.dumps({"itemNotFound": {"message": "Flavor 7 could not be found."}}), {})
    assert error.message == "Flavor 7 could not be found. (HTTP 404) (Request-ID: req-7)"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "values"),
        (403, "role"),
        (404, "does not exist"),
        (405, "does not offer"),
        (407, "proxy"),
        (412, "its message says why"),
        (413, "at once"),
        (414, "too long"),
        (422, "values"),
        (501, "does not offer"),
        (507, "no space left"),
    ],
)
def test_hints_fit_the_status(status: int, said: str) -> None:
    assert said in from_status(status, "no", "", {}).hint


def test_a_long_page_is_cut() -> None:
    message = from_status(500, "failed", "x" * 10_000, {}).message
    assert len(message) < 400
    assert message.endswith("...")


def chained(wrapped: Exception, *inner: Exception) -> Exception:
    """Return the exception with the others as its causes, the outermost first."""
    outer = wrapped
    for cause in inner:
        outer.__cause__ = cause
        outer = cause
    return wrapped


URL = "https://cloud.example.com:5000/v3"


REFUSED = chained(
    ksa.ConnectFailure(f"Unable to establish connection to {URL}: HTTPSConnectionPool(host='cloud'): Max retries"),
    requests.ConnectionError("<urllib3.connection.HTTPSConnection object at 0x7f0011223344>: failed"),
    ConnectionRefusedError(111, "Connection refused"),
)


CERTIFICATE = chained(
    ksa.SSLError(f"SSL exception connecting to {URL}: HTTPSConnectionPool(host='cloud'): Max retries"),
    requests.exceptions.SSLError("Max retries"),
    ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate"),
)


@pytest.mark.parametrize(
    ("exc", "kind", "said"),
    [
        (REFUSED, "unreachable", f"Unable to establish connection to {URL}: [Errno 111] Connection refused"),
        (CERTIFICATE, "unreachable", "certificate verify failed: self-signed certificate"),
        (ksa.ConnectFailure("cut"), "unreachable", "cut"),
        (ksa.UnknownConnectionError("short", requests.ConnectionError()), "unreachable", "short"),
        (ksa.ConnectTimeout("Request to https://x timed out"), "timeout", "Request to https://x timed out"),
        (ksa.EndpointNotFound("public endpoint for compute"), "refused", "no such endpoint here: public endpoint"),
        (ksa.EmptyCatalog("The service catalog is empty."), "refused", "The service catalog is empty."),
        (ksa.DiscoveryFailure("bad version data"), "server", "version discovery failed: bad version data"),
        (ksa.MissingAuthPlugin("none"), "config", "none"),
        (ksa.NoMatchingPlugin("v9"), "config", "The plugin v9 could not be found"),
        (ksa.InvalidResponse(requests.Response()), "server", "Invalid response from server."),
        (ksa.AuthorizationFailure("no token"), "auth", "no token"),
        (ksa.Unauthorized("who?"), "auth", "who? (HTTP 401)"),
        (ksa.NotFound("gone"), "refused", "gone (HTTP 404)"),
        (ksa.ServiceUnavailable("later"), "server", "later (HTTP 503)"),
        (requests.exceptions.ReadTimeout("slow"), "timeout", "slow"),
        (requests.exceptions.ConnectionError("cut"), "unreachable", "cut"),
        (requests.exceptions.JSONDecodeError("Expecting value", "", 0), "server", "cannot be parsed: Expecting value"),
        (json.JSONDecodeError("Expecting value", "", 0), "server", "cannot be parsed: Expecting value"),
        (sdk.ConfigException("Cloud x was not found."), "config", "Cloud x was not found."),
        (urllib3.exceptions.LocationParseError("http://["), "internal", "LocationParseError"),
        (KeyError("x"), "internal", "KeyError: 'x'"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_exceptions(exc: Exception, kind: str, said: str) -> None:
    error = translate(exc)
    assert error.kind == kind
    assert said in error.message
    assert "0x7f" not in error.message
    assert error.hint


@pytest.mark.parametrize(
    ("said", "kind", "hint"),
    [
        ("[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required", "config", "cert and key"),
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure", "config", "cert and key"),
        ("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca", "config", "cert and key"),
        ("[SSL: SSLV3_ALERT_CERTIFICATE_EXPIRED] sslv3 alert certificate expired", "config", "cert and key"),
        ("certificate verify failed: certificate has expired", "unreachable", "cacert and verify in the"),
        ("EOF occurred in violation of protocol", "unreachable", "whether the server requires a client certificate"),
    ],
)
def test_whose_certificate_is_not_good(said: str, kind: str, hint: str) -> None:
    error = translate(chained(ksa.SSLError(f"SSL exception connecting to {URL}: HTTPS"), ssl.SSLError(1, said)))
    assert (error.kind, said in error.message) == (kind, True)
    assert hint in error.hint


def test_certificates_have_a_hint_of_their_own() -> None:
    assert "cacert" in translate(CERTIFICATE).hint


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (ksa.ConnectTimeout("Request to https://x timed out"), "timeout"),
        (REFUSED, "unreachable"),
        (ksa.ServiceUnavailable("later"), "server"),
        (ksa.NotFound("nothing here"), "server"),
        (ksa.Unauthorized("who?"), "server"),
        (ksa.TooManyRequests("slow down"), "throttled"),
        (ksa.BadRequest("No required SSL certificate was sent"), "config"),
        (None, "server"),
    ],
)
def test_a_keystone_that_was_not_reached_is_not_one_without_versions(cause: Exception | None, kind: str) -> None:
    found = ksa.DiscoveryFailure("Could not find versioned identity endpoints")
    found.__context__ = cause
    error = translate(found)
    assert error.kind == kind
    if isinstance(cause, ksa.NotFound) or cause is None:
        assert "auth_url" in error.hint


def test_causes_in_a_circle() -> None:
    """``raise error from error``, and a second exception on top of it."""
    ours = DeadlineError("late")
    ours.__cause__ = ours
    theirs = ksa.ConnectFailure("Unable to establish connection to https://x/v3: refused")
    theirs.__context__ = ours
    assert translate(theirs).message == "Unable to establish connection to https://x/v3: late"


def test_ours_stay_as_they_are() -> None:
    error = DeadlineError("late", hint="hurry")
    assert translate(error) is error


def test_lines_are_joined_and_cut() -> None:
    assert translate(ksa.ConnectFailure("a\n  b\tc")).message == "a b c"
    assert len(translate(ksa.ConnectFailure("y" * 1000)).message) == 300


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("Quota exceeded for image_size_total", QuotaError),
        ("The size of data exceeds the limit", QuotaError),
        ("No route to host", ServerError),
        ("", ServerError),
    ],
)
def test_reason_of_the_cloud(reason: str, kind: type[OaktreeError]) -> None:
    error = given_up(f"it failed. {reason}", reason)
    assert error.kind == kind.kind
    assert error.message == f"it failed. {reason}".rstrip(". ")
