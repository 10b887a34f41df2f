# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import (
    Capabilities,
    ImageCapabilities,
    ImageStore,
    ObjectStore,
    Quota,
    Vendor,
    capabilities,
    image_capabilities,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target, gather
from tests.support.fake_openstack import Answer, BlackHole, BreakAnswer, FakeOpenStack

INFO = {
    "swift": {"max_file_size": 5368709122},
    "slo": {"max_manifest_segments": 1000, "min_segment_size": 1},
    "tempurl": {"allowed_digests": ["sha256", "sha512"]},
}

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def cloud(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    clouds = fake_openstack()
    clouds["cloud1"]["r1"].glance.stores = ["fast", "slow"]
    return clouds


def survey(
    clouds: FakeOpenStack, work: Callable[[Connection], Any], timeout: float = 20.0, **entry: Any
) -> Result[Any]:
    config = {"clouds": {"cloud1": {**clouds["cloud1"].entry(), **entry}}}
    (result,) = gather(Target(clouds_config=config, timeout=clock.turned(timeout)), work)
    return result


def surveyed(clouds: FakeOpenStack, **entry: Any) -> Capabilities:
    result = survey(clouds, capabilities, **entry)
    assert isinstance(result.value, Capabilities)
    return result.value


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {"Content-Type": "application/json"}, json.dumps(body).encode())


def with_object_store(clouds: FakeOpenStack, info: Answer, prefix: str = "") -> Capabilities:
    """A survey where the object store is at the image service's address, as nothing else answers there."""
    region = clouds["cloud1"]["r1"]
    region.fault("GET", f"^{prefix}/info$", info)
    return surveyed(clouds, object_store_endpoint_override=f"{region.glance.url}{prefix}/v1/AUTH_1")


def test_import_methods_and_stores(cloud: FakeOpenStack) -> None:
    result = survey(cloud, image_capabilities)
    fast, slow = ImageStore("fast", default=True, description=None), ImageStore("slow", default=False, description=None)
    assert result.value == ImageCapabilities(("glance-direct", "web-download"), (fast, slow))


def test_negotiation_costs_two_requests(cloud: FakeOpenStack) -> None:
    survey(cloud, image_capabilities)
    assert cloud.counters.requests(path="/v2/info/import") == 1
    assert cloud.counters.requests(path="/v2/info/stores") == 1
    assert cloud.counters.requests(path="/v2/info/usage") == 0


def test_one_store_and_put_only(cloud: FakeOpenStack) -> None:
    glance = cloud["cloud1"]["r1"].glance
    glance.stores = ["only"]
    glance.import_methods = []
    assert survey(cloud, image_capabilities).value == ImageCapabilities((), ())


@pytest.mark.parametrize("status", [403, 404])
def test_a_glance_without_import_takes_put(cloud: FakeOpenStack, status: int) -> None:
    cloud["cloud1"]["r1"].fault("GET", "/info/", Answer(status))
    assert survey(cloud, image_capabilities).value == ImageCapabilities((), ())


def test_a_store_that_only_reads_is_none_to_upload_to(cloud: FakeOpenStack) -> None:
    stores = [{"id": "fast", "default": "true"}, {"id": "web", "read-only": "true"}]
    cloud["cloud1"]["r1"].fault("GET", "/info/stores", answer({"stores": stores}))
    assert [store.id for store in surveyed(cloud).stores] == ["fast"]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Answer(500), "server"),
        (Answer(503, {"Retry-After": "99"}), "throttled"),
        (BreakAnswer(), "server"),
        (answer({"import-methods": ["glance-direct"]}), "server"),
    ],
)
def test_a_busy_glance_is_not_taken_for_one_that_cannot_import(cloud: FakeOpenStack, trouble: Any, kind: str) -> None:
    cloud["cloud1"]["r1"].fault("GET", "/info/import", trouble)
    error = survey(cloud, image_capabilities, timeout=1.0).error
    assert isinstance(error, OaktreeError)
    assert error.kind == kind


def test_whole_survey(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault(
        "GET", "/v2/info/usage", answer({"usage": {"image_size_total": {"limit": 1000, "usage": 7}}})
    )
    cloud["cloud1"]["r1"].fault("GET", "/v2/tasks", answer({"tasks": []}))
    found = with_object_store(cloud, answer(INFO))
    url = f"{cloud['cloud1']['r1'].glance.url}/v1/AUTH_1"
    assert found.object_store == ObjectStore(
        url,
        max_file_size=5368709122,
        slo=True,
        slo_max_segments=1000,
        slo_min_segment_size=1,
        tempurl_digests=("sha256", "sha512"),
    )
    assert found.import_methods == ("glance-direct", "web-download")
    assert [store.id for store in found.stores] == ["fast", "slow"]
    assert found.image_versions[0] == "2.0"
    assert ("qcow2" in found.disk_formats, "bare" in found.container_formats) == (True, True)
    assert found.tasks is True
    assert found.quota == {"image_size_total": Quota(1000, 7)}
    assert found.missing == {}


def test_survey_is_plain_json(cloud: FakeOpenStack) -> None:
    found = json.loads(json.dumps(surveyed(cloud).to_dict()))
    assert found["stores"][0] == {"id": "fast", "default": True, "description": None}
    assert found["vendor"]["image_format"] is None


def test_parts_that_are_missing_say_why(cloud: FakeOpenStack) -> None:
    region = cloud["cloud1"]["r1"]
    region.fault("GET", "/v2/tasks", answer({"message": "You are not authorized"}, 403))
    region.fault("GET", "/v2/info/usage", Answer(500))
    found = surveyed(cloud)
    assert found.missing.keys() == {"tasks", "quota", "object_store"}
    assert "You are not authorized" in found.missing["tasks"]
    assert "object-store" in found.missing["object_store"]
    assert (found.tasks, found.quota, found.object_store) == (False, {}, None)
    assert found.import_methods == ("glance-direct", "web-download")


@pytest.mark.slow
@pytest.mark.parametrize("trouble", [BlackHole(), Answer(429, {"Retry-After": "9999"})])
def test_a_request_without_an_answer_is_a_part_that_is_missing(cloud: FakeOpenStack, trouble: Any) -> None:
    cloud["cloud1"]["r1"].fault("GET", "/v2/tasks", trouble)
    assert "tasks" in surveyed(cloud, api_timeout=1.0).missing


def test_reasons_are_the_same_in_every_run(cloud: FakeOpenStack) -> None:
    refusal = Answer(403, {"x-openstack-request-id": "req-0001"})
    cloud["cloud1"]["r1"].fault("GET", "/v2/tasks", refusal)
    assert "req-0001" not in surveyed(cloud).missing["tasks"]


def test_formats_are_those_of_the_schema(cloud: FakeOpenStack) -> None:
    schema = {"properties": {"disk_format": {"enum": [None, "raw", "x"]}, "container_format": {"enum": ["bare"]}}}
    cloud["cloud1"]["r1"].fault("GET", "/v2/schemas/image", answer(schema))
    found = surveyed(cloud)
    assert (found.disk_formats, found.container_formats) == (("raw", "x"), ("bare",))


@pytest.mark.parametrize("schema", [{}, {"properties": {"disk_format": {}}}, {"properties": []}])
def test_a_schema_that_makes_no_sense_is_missing(cloud: FakeOpenStack, schema: Any) -> None:
    cloud["cloud1"]["r1"].fault("GET", "/v2/schemas/image", answer(schema))
    found = surveyed(cloud)
    assert (found.disk_formats, found.container_formats) == ((), ())
    assert found.missing["disk_formats"].startswith("the answer to GET /schemas/image cannot be parsed: ")


def test_object_store_below_a_prefix(cloud: FakeOpenStack) -> None:
    found = with_object_store(cloud, answer({"swift": {}}), prefix="/swift")
    assert found.object_store is not None
    assert found.object_store.slo is False
    assert found.object_store.tempurl_digests == ()


def test_object_store_that_publishes_no_limits_has_those_of_swift(cloud: FakeOpenStack) -> None:
    found = with_object_store(cloud, Answer(404)).object_store
    assert found is not None
    assert (found.slo, found.slo_max_segments, found.max_file_size) == (True, 1000, 5 * 1024**3 + 2)
    assert found.tempurl_digests == ("sha256", "sha512")


def test_object_store_that_names_no_digests_takes_sha1(cloud: FakeOpenStack) -> None:
    found = with_object_store(cloud, answer({"swift": {}, "tempurl": {"methods": ["GET"]}}))
    assert found.object_store is not None
    assert found.object_store.tempurl_digests == ("sha1",)


def test_object_store_that_makes_no_sense_is_missing(cloud: FakeOpenStack) -> None:
    found = with_object_store(cloud, answer({"rgw": {}}))
    assert found.object_store is None
    assert "cannot be parsed" in found.missing["object_store"]


@pytest.mark.parametrize("quota", [{"limit": "1000", "usage": 7}, {"limit": 1000, "usage": None}, {"limit": True}, 7])
def test_a_quota_that_makes_no_sense_is_missing(cloud: FakeOpenStack, quota: object) -> None:
    cloud["cloud1"]["r1"].fault("GET", "/v2/info/usage", answer({"usage": {"image_size_total": quota}}))
    found = surveyed(cloud)
    assert found.quota == {}
    assert found.missing["quota"].startswith("the answer to GET /info/usage cannot be parsed: ")


def test_vendor_settings(cloud: FakeOpenStack) -> None:
    found = surveyed(cloud, image_format="vhd", image_api_use_tasks=True, image_api_version="2")
    assert found.vendor == Vendor("vhd", image_api_use_tasks=True, image_api_version="2")
    assert surveyed(cloud).vendor == Vendor(None, image_api_use_tasks=False, image_api_version=None)


def test_a_silent_glance_costs_the_location_its_time(cloud: FakeOpenStack) -> None:
    cloud["cloud1"]["r1"].fault("*", ".", BlackHole())
    result = survey(cloud, capabilities, timeout=0.5)
    assert result.error is not None
    assert result.error.kind == "timeout"
