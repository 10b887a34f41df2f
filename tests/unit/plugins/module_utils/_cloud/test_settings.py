# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.settings import (
    configured_limit,
    configured_retries,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConfigError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.retry import Rule
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.request_queue import Limit
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import ask_one, entries

PASSWORD = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p"}
SCOPED = PASSWORD | {"project_name": "x", "project_id": "7"}
SERVICES = [
    "compute",
    "image",
    "volume",
    "volumev3",
    "block-storage",
    "block_storage",
    "identity",
    "own-thing",
    "own_2",
]
ENTRIES: dict[str, dict[str, Any]] = {
    "plain": {"auth": SCOPED},
    "region": {"auth": SCOPED, "region_name": "r"},
    "no project": {"auth": PASSWORD},
    "interfaces": {"auth": SCOPED, "interface": "internal"},
    "list of interfaces": {"auth": SCOPED, "interface": ["internal", "public"]},
    "old word for interfaces": {"auth": SCOPED, "endpoint_type": "admin"},
    "service type": {"auth": SCOPED, "volume_service_type": "volumev2"},
    "service name": {"auth": SCOPED, "compute_service_name": "nova"},
    "service interface": {"auth": SCOPED, "image_interface": "admin"},
    "service region": {"auth": SCOPED, "region_name": "r", "block_storage_region_name": "s"},
    "endpoint": {"auth": SCOPED, "compute_endpoint": "https://127.0.0.1/c"},
    "endpoint override": {"auth": SCOPED, "own_thing_endpoint_override": "https://127.0.0.1/o"},
    "alias": {"auth": SCOPED, "block-store-endpoint-override": "https://127.0.0.1/b"},
    "none": {"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1/n"}},
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
@pytest.mark.parametrize("service", SERVICES)
def test_the_answers_are_those_of_openstacksdk(service: str, entry: dict[str, Any]) -> None:
    (region,) = Clouds(clouds_config={"clouds": {"a": entry}}).regions("a")
    config = region.settings.config
    assert region.settings.service(service) == {
        "service_type": config.get_service_type(service),
        "service_name": config.get_service_name(service),
        "interface": config.get_interface(service),
        "region_name": config.get_region_name(service) or None,
        "endpoint_override": config.get_endpoint(service),
    }


@pytest.mark.parametrize(
    ("config", "service_type", "limit"),
    [
        ({}, "compute", Limit()),
        ({"rate_limit": 5}, "compute", Limit(5)),
        ({"rate_limit": "2.5", "concurrency": "3"}, "image", Limit(2.5, 3)),
        ({"rate_limit": 5, "compute_rate_limit": 2}, "compute", Limit(2)),
        ({"rate_limit": 5, "compute_rate_limit": 2}, "image", Limit(5)),
        ({"rate_limit": {"compute": 2}, "concurrency": {"image": 1}}, "compute", Limit(2)),
        ({"rate_limit": {"compute": 2}, "compute_rate_limit": 3}, "compute", Limit(3)),
        ({"object_store_concurrency": 4}, "object-store", Limit(None, 4)),
        ({"volumev3_rate_limit": 4}, "block-storage", Limit(4)),
        ({"block_storage_rate_limit": 4}, "volumev3", Limit(4)),
        ({"rate_limit": {"block-storage": 4}}, "volumev2", Limit(4)),
        ({"identity_concurrency": 1}, "identity", Limit(None, 1)),
        ({"rate_limit": None, "concurrency": None}, "compute", Limit()),
    ],
)
def test_what_clouds_yaml_says(config: dict[str, Any], service_type: str, limit: Limit) -> None:
    assert configured_limit(config, service_type) == limit


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *itertools.product(("rate_limit", "compute_rate_limit"), (0, -1, "x", float("inf"), [5])),
        ("rate_limit", {"compute": 0}),
        ("concurrency", 1.5),
        ("image_concurrency", 0),
        ("concurrency", {"image": "x"}),
    ],
)
def test_a_limit_that_is_none_is_a_failure_of_the_cloud(
    fake_openstack: Callable[..., FakeOpenStack], key: str, value: Any
) -> None:
    clouds = fake_openstack()
    config = entries(clouds)
    config["cloud1"][key] = value
    result = ask_one(config, Connection.close)
    assert result.error is not None
    assert result.error.kind == "config"
    assert f"{key} must be a " in result.error.message
    assert clouds.counters.requests() == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://k.example.com/v3", "https://K.example.com:443/v3/", True),
        ("https://k.example.com/v3", "https://k.example.com", True),
        ("http://k/identity/v3", "http://k:80/identity", True),
        ("https://k.example.com:5000/v3", "https://k.example.com/v3", False),
        ("https://k.example.com/v3", "http://k.example.com/v3", False),
        ("https://k/one/v3", "https://k/two/v3", False),
        ("https://k:4430/v3", "https://k/v3", False),
    ],
)
def test_a_keystone_is_known_by_its_url_however_it_is_written(one: str, other: str, *, same: bool) -> None:
    clouds = {
        name: {"auth": {**SCOPED, "auth_url": url}, "region_name": name} for name, url in (("a", one), ("b", other))
    }
    regions = [region for name in clouds for region in Clouds(clouds_config={"clouds": clouds}).regions(name)]
    assert (regions[0].settings.keystone == regions[1].settings.keystone) is same


def test_clouds_without_keystone_have_none_in_common() -> None:
    entry = {"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1/n"}}
    clouds = Clouds(clouds_config={"clouds": {"a": entry, "b": entry}})
    (one,), (other,) = (clouds.regions(name) for name in "ab")
    assert one.settings.keystone != other.settings.keystone


@pytest.mark.parametrize(
    ("config", "busy", "connect", "statuses"),
    [
        ({}, Rule(math.inf), None, (429, 503)),
        ({"status_code_retries": None}, Rule(math.inf), None, (429, 503)),
        ({"status_code_retries": 2, "status_code_retry_delay": "1.5"}, Rule(3, 1.5), None, (429, 503)),
        ({"status_code_retries": 2, "image_status_code_retries": 5}, Rule(3), None, (429, 503)),
        ({"compute_status_code_retries": "5", "status_code_retries": 2}, Rule(6), None, (429, 503)),
        ({"connect_retries": 2}, Rule(math.inf), Rule(3), (429, 503)),
        ({"connect_retry_delay": 2}, Rule(math.inf), Rule(3, 2.0), (429, 503)),
        ({"compute_connect_retries": 0, "connect_retry_delay": 2}, Rule(math.inf), Rule(1, 2.0), (429, 503)),
        ({"retriable_status_codes": "500, 503"}, Rule(math.inf), None, (500, 503)),
        ({"compute_retriable_status_codes": [504]}, Rule(math.inf), None, (504,)),
        ({"retriable_status_codes": []}, Rule(math.inf), None, ()),
    ],
)
def test_how_often_requests_are_repeated(
    config: dict[str, Any], busy: Rule, connect: Rule | None, statuses: tuple[int, ...]
) -> None:
    policy = configured_retries(config, "compute")
    assert (policy.busy, policy.connect, tuple(policy.statuses)) == (busy, connect, statuses)


@pytest.mark.parametrize("service", ["image", "baremetal", "baremetal-introspection"])
def test_openstacksdk_s_own_numbers_are_not_the_user_s(service: str) -> None:
    (region,) = Clouds(clouds_config={"clouds": {"a": {"auth": SCOPED}}}).regions("a")
    assert region.settings.retries(service).busy == Rule(math.inf)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"status_code_retries": "many"}, "status_code_retries must be a number, zero or more, not 'many'"),
        ({"image_connect_retries": -1}, "image_connect_retries must be a number"),
        ({"connect_retries": [1]}, "connect_retries must be a number"),
        ({"connect_retry_delay": "nan"}, "connect_retry_delay must be a number"),
        ({"status_code_retry_delay": 1e12}, "status_code_retry_delay must be a number"),
        ({"retriable_status_codes": "all"}, "retriable_status_codes must be a list of HTTP statuses, not 'all'"),
        ({"compute_retriable_status_codes": {"a": 1}}, "compute_retriable_status_codes must be a list"),
    ],
)
def test_a_number_of_retries_that_is_none_is_a_failure_of_the_cloud(entry: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        Clouds(clouds_config={"clouds": {"a": {"auth": SCOPED, **entry}}}).regions("a")


CREDENTIAL = {"auth_url": "https://127.0.0.1/v3", "application_credential_id": "7"}


@pytest.mark.parametrize(
    ("entry", "secret"),
    [
        ({"auth": SCOPED}, True),
        ({"auth_type": "v3applicationcredential", "auth": {**CREDENTIAL, "application_credential_secret": "s"}}, True),
        ({"auth_type": "v3token", "auth": {"auth_url": "https://127.0.0.1/v3", "token": "t"}}, True),
        ({"auth_type": "admin_token", "auth": {"endpoint": "https://127.0.0.1", "token": "t"}}, True),
        ({"auth_type": "none", "auth": {"endpoint": "https://127.0.0.1"}}, False),
    ],
)
def test_what_nobody_else_knows_is_recognised(entry: dict[str, Any], *, secret: bool) -> None:
    (region,) = Clouds(clouds_config={"clouds": {"a": {"region_name": "r", **entry}}}).regions("a")
    assert region.settings.has_secret is secret


def test_the_identity_outlives_a_new_password_and_holds_no_secret() -> None:
    def identity(**auth: str) -> str:
        entry = {"auth": {**SCOPED, **auth}, "region_name": "r"}
        (region,) = Clouds(clouds_config={"clouds": {"a": entry}}).regions("a")
        return region.settings.identity

    assert identity(password="hunter2") == identity(password="hunter3")
    assert "hunter2" not in identity(password="hunter2")
    assert identity(username="one") != identity(username="two")


def test_an_account_is_the_same_on_every_machine_and_no_other() -> None:
    """Where the certificates are is a matter of the machine."""

    def key(**changes: Any) -> str:
        auth = {**SCOPED, **changes.pop("auth", {})}
        entry = {"auth": auth, "region_name": "r", **changes}
        (region,) = Clouds(clouds_config={"clouds": {"c": entry}}).regions("c")
        return region.settings.account_key

    assert key(verify=False, region_name="other") == key()
    assert key(auth={"password": "other"}) != key()
    assert key(auth={"project_id": "8"}) != key()
