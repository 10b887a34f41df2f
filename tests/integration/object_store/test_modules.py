# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects and containers by the modules, on the real Swifts of two clouds, with a third cloud that is dead."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest
import requests
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import presence
from tests.integration.object_store.lab import MIB, clouds_yaml
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.clouds

LIVE = ["alpha/north", "beta/east"]
NAME = "folder/größe 1.bin"


class Stores:
    """One container's name at Locations of three clouds, of which the last is dead."""

    def __init__(self, directory: Path) -> None:
        config: dict[str, Any] = yaml.safe_load(clouds_yaml().read_text())
        clouds = {name: config["clouds"][name] for name in ("alpha", "beta")}
        dead = {**clouds["alpha"]["auth"], "auth_url": "http://127.0.0.1:9/v3"}
        clouds["dead"] = {"auth": dead, "region_name": "nowhere", "connect_retries": 0}
        self.config = directory / "clouds.yaml"
        self.config.write_text(yaml.safe_dump({"clouds": clouds}))
        self.container = f"m-{secrets.token_hex(6)}"
        self.file = directory / "file"

    def __call__(self, module: str, **options: Any) -> ModuleRun:
        """Run a module everywhere; the dead cloud must be the only one that fails."""
        given = {"locations": [*LIVE, "dead"], "clouds_yaml": str(self.config), "on_failure": "warn", **options}
        ended = run_module(module, **given)
        assert ended.ok, ended.result
        if "dead" in given["locations"]:
            assert [failure["location"]["cloud"] for failure in ended["failures"]] == ["dead"]
        return ended

    def object(self, **options: Any) -> list[dict[str, Any]]:
        """Run the module object, and return its results."""
        found: list[dict[str, Any]] = self("object", container=self.container, name=NAME, **options)["results"]
        return found

    def actions(self, **options: Any) -> list[str]:
        return [result["action"] for result in self.object(**options)]

    def listed(self, **options: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("object_info", container=self.container, **options)["objects"]
        return found


@pytest.fixture
def stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setattr(presence, "part_size", lambda _size, _limits: MIB)
    made = Stores(tmp_path)
    yield made
    made("container", name=made.container, state="absent", delete_with_content=True)
    assert made("container_info", prefix=made.container)["containers"] == []


@pytest.mark.parametrize("size", [3000, 3 * MIB + 5])
def test_a_file_to_two_clouds_and_back(stores: Stores, tmp_path: Path, size: int) -> None:
    stores.file.write_bytes(os.urandom(size))
    options = {"src": str(stores.file), "metadata": {"who": "Zoë 日本", "a_b": True}, "delete_after": 7200}
    created = stores.object(**options)
    assert [result["action"] for result in created] == ["created", "created"]
    assert all("is created" in result["notes"][0] for result in created)
    assert [result["object"]["metadata"]["who"] for result in created] == ["Zoë 日本"] * 2
    assert stores.actions(**options) == ["unchanged", "unchanged"]

    changed = {"metadata": {"who": None, "c": "1"}, "content_type": "text/x"}
    assert stores.actions(**changed) == ["updated", "updated"]
    assert stores.actions(**changed) == ["unchanged", "unchanged"]
    shown = stores.listed(name=NAME)
    listed = stores.listed()
    assert [record["content_length"] for record in shown] == [size, size]
    assert [record["metadata"].get("a-b") for record in shown] == ["true", "true"]
    assert [record["delete_at"] for record in shown] == [result["object"]["delete_at"] for result in created]
    kept = ("name", "etag", "content_length", "content_type", "last_modified_at", "is_static_large_object")
    assert [[record[key] for key in kept] for record in shown] == [[record[key] for key in kept] for record in listed]

    dest = f"{tmp_path}/{{location}}/"
    fetched = stores.object(state="downloaded", dest=dest)
    assert [result["action"] for result in fetched] == ["created", "created"]
    assert [Path(result["dest"]).read_bytes() for result in fetched] == [stores.file.read_bytes()] * 2
    assert stores.actions(state="downloaded", dest=dest) == ["unchanged", "unchanged"]
    signed = stores.object(tempurl={"expires_in": 60})
    assert [requests.get(result["tempurl"], timeout=30).content for result in signed] == [stores.file.read_bytes()] * 2

    stores.file.write_bytes(stores.file.read_bytes()[::-1])
    assert stores.actions(src=str(stores.file)) == ["replaced", "replaced"]
    assert len(stores.listed(segments=True)) == (2 if size < MIB else 10)
    assert stores.actions(state="absent") == ["deleted", "deleted"]
    assert stores.actions(state="absent") == ["unchanged", "unchanged"]
    assert stores.listed(segments=True) == []


def test_openstacksdk_and_the_module_recognise_each_others_uploads(stores: Stores) -> None:
    stores.file.write_bytes(os.urandom(2 * MIB + 5))
    sdk = openstack.connect("alpha", region_name="north").object_store
    here = {"src": str(stores.file), "locations": LIVE[:1]}
    assert stores.actions(**here) == ["created"]
    assert not sdk.is_object_stale(stores.container, NAME, str(stores.file))
    sdk.upload_object(stores.container, NAME, filename=str(stores.file), segment_size=MIB)
    assert len(stores.listed(segments=True, locations=LIVE[:1])) == 4, "openstacksdk sent it again"
    other = f"{NAME}.sdk"
    sdk.upload_object(stores.container, other, filename=str(stores.file), segment_size=MIB)
    again = stores("object", container=stores.container, name=other, **here)
    assert [result["action"] for result in again["results"]] == ["unchanged"]


def test_a_container_and_who_may_read_it(stores: Stores) -> None:
    options: dict[str, Any] = {
        "name": stores.container,
        "metadata": {"color": "rød", "quota_bytes": 10000},
        "read_acl": [".r:*", ".rlistings"],
        "storage_policy": "gold",
    }
    assert [result["action"] for result in stores("container", **options)["results"]] == ["created", "created"]
    assert [result["action"] for result in stores("container", **options)["results"]] == ["unchanged", "unchanged"]
    for result in stores.object(content="hello"):
        url = _url(result["location"], stores)
        assert requests.get(f"{url}/{NAME}", timeout=30).text == "hello"
        assert requests.get(url, timeout=30).text == f"{NAME}\n"
    private = stores("container", name=stores.container, read_acl=[], metadata={"color": None})
    for result in private["results"]:
        assert (result["container"]["read_ACL"], result["container"]["metadata"]) == (None, {"quota-bytes": "10000"})
        assert requests.get(_url(result["location"], stores), timeout=30).status_code == 401
    kept = run_module(
        "container",
        name=stores.container,
        state="absent",
        locations=LIVE,
        clouds_yaml=str(stores.config),
    )
    assert [failure["kind"] for failure in kept["failures"]] == ["conflict", "conflict"]


def _url(location: dict[str, Any], stores: Stores) -> str:
    found = run_module(
        "rest_info",
        service_type="object-store",
        locations=[location["name"]],
        clouds_yaml=str(stores.config),
        versions=False,
    )
    return f"{found['endpoints'][0]['url']}/{stores.container}"
