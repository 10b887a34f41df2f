# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.vault import PromptVaultSecret, VaultLib

from ansible_collections.oaktree.multicloud.plugins.module_utils._run.options import as_patterns
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.unit.plugins.inventory.conftest import Parse

LOCATIONS = {"plugin": "oaktree.multicloud.locations"}


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Three clouds of two regions, found by the standard search."""
    running = fake_openstack(clouds=3, regions=2, servers=1)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(running.clouds_yaml(tmp_path / "clouds.yaml")))
    return running


def test_shards_select_each_location_once_without_any_request(clouds: FakeOpenStack, parse: Parse) -> None:
    found = parse({**LOCATIONS, "size": 3})
    assert found.warnings == []
    names = [name for variables in found.hosts.values() for name in variables["locations"]]
    assert sorted(names) == [f"cloud{cloud}/r{region}/demo" for cloud in (1, 2, 3) for region in (1, 2)]
    assert set(found.hosts) <= {"shard-001", "shard-002"}
    assert sorted(found.members("locations")) == sorted(found.hosts)
    assert clouds.counters.requests() == 0


@pytest.mark.usefixtures("clouds")
def test_hosts_by_cloud_and_by_location(parse: Parse) -> None:
    found = parse({**LOCATIONS, "by": "cloud", "locations": ["*", "!cloud2/r2"]})
    assert {name: variables["locations"] for name, variables in found.hosts.items()} == {
        "cloud1": ["cloud1/r1/demo", "cloud1/r2/demo"],
        "cloud2": ["cloud2/r1/demo"],
        "cloud3": ["cloud3/r1/demo", "cloud3/r2/demo"],
    }
    assert [name for name, variables in found.hosts.items() if "location" in variables] == ["cloud2"]
    found = parse({**LOCATIONS, "by": "location"})
    assert found.members("locations_cloud1") == ["r1.cloud1", "r2.cloud1"]
    assert len(found.members("locations")) == 6
    for variables in found.hosts.values():
        assert as_patterns("locations", variables["location"]) == variables["locations"]


@pytest.mark.usefixtures("clouds")
def test_tasks_run_locally_by_the_python_that_runs_ansible(parse: Parse) -> None:
    for name, variables in parse(LOCATIONS).hosts.items():
        assert variables["ansible_connection"] == "local"
        assert variables["ansible_python_interpreter"] == "{{ ansible_playbook_python }}", name
        assert set(variables) == {
            "ansible_connection",
            "ansible_python_interpreter",
            "inventory_dir",
            "inventory_file",
            "locations",
        }


def test_a_probe_tells_what_each_location_can_do(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud2"]["r1"].fault("*", "", Answer(403))
    source = {
        **LOCATIONS,
        "by": "location",
        "probe": True,
        "groups": {"silent": "not capabilities[location.name].answers"},
        "strict": True,
    }
    found = parse(source)
    known = found.hosts["r1.cloud1"]["capabilities"]
    assert known.keys() == {"cloud1/r1/demo"}
    assert known["cloud1/r1/demo"].keys() == {"answers", "roles", "service_types", "image_upload"}
    assert known["cloud1/r1/demo"]["answers"] is True
    assert len(found.hosts) == 6
    assert parse(source).hosts == found.hosts
    assert json.dumps(known)


@pytest.mark.slow
def test_a_location_that_does_not_answer_a_probe_stays(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud2"].refuse_connections()
    source = {**LOCATIONS, "probe": True, "timeout": 2.0, "by": "cloud"}
    found = parse(source)
    answers = {name: known["answers"] for host in found.hosts.values() for name, known in host["capabilities"].items()}
    assert answers == {f"cloud{cloud}/r{region}/demo": cloud != 2 for cloud in (1, 2, 3) for region in (1, 2)}
    assert [warning.split(":")[0] for warning in found.warnings] == ["cloud2/r1/demo", "cloud2/r2/demo"]
    failed = parse({**source, "on_failure": "fail"})
    assert failed.hosts == {}
    assert any("2 of 6 Locations failed" in warning for warning in failed.warnings)


def test_a_cloud_that_cannot_be_configured_costs_only_its_own_hosts(clouds: FakeOpenStack, parse: Parse) -> None:
    entries = {name: cloud.entry() for name, cloud in clouds.clouds.items()}
    del entries["cloud1"]["auth"]["password"]
    source = {**LOCATIONS, "by": "cloud", "clouds_config": {"clouds": entries}}
    found = parse(source)
    assert list(found.hosts) == ["cloud2", "cloud3"]
    assert ["(config)" in warning for warning in found.warnings] == [True]
    assert parse({**source, "on_failure": "fail"}).hosts == {}
    assert parse({**source, "locations": ["cloud1"]}).hosts == {}


@pytest.mark.usefixtures("clouds")
def test_two_sources_with_one_name_for_different_shards_are_an_error(parse: Parse) -> None:
    first, second = ({**LOCATIONS, "locations": [cloud]} for cloud in ("cloud1", "cloud2"))
    found = parse(first, second)
    assert found.hosts["shard-001"]["locations"] == ["cloud1/r1/demo", "cloud1/r2/demo"]
    assert any("prefix: another source has a host shard-001" in warning for warning in found.warnings)
    found = parse(first, {**second, "prefix": "east-"})
    assert (list(found.hosts), found.warnings) == (["shard-001", "east-001"], [])
    assert parse(first, first).warnings == []


@pytest.mark.usefixtures("clouds")
def test_a_source_with_a_template_that_fails_adds_nothing(parse: Parse) -> None:
    """Hosts without their groups would match patterns that exclude a group."""
    whole = {**LOCATIONS, "by": "location"}
    broken = {**whole, "strict": True, "groups": {"frozen": "nothing.at_all"}}
    found = parse(broken)
    assert any("nothing" in warning for warning in found.warnings)
    assert (found.hosts, set(found.manager.groups)) == ({}, {"all", "ungrouped"})
    assert parse(whole, broken).hosts == parse(whole).hosts


@pytest.mark.usefixtures("clouds")
def test_servers_and_locations_share_no_group(parse: Parse) -> None:
    found = parse({}, {**LOCATIONS, "by": "location"})
    groups = {
        frozenset(group.name for group in found.manager.hosts[name].get_groups()) - {"all"}
        for name in ("r1.cloud1", "web-cloud1-r1-0000")
    }
    one, other = groups
    assert not one & other


@pytest.mark.slow
@pytest.mark.parametrize(("by", "name"), [("shard", "shard-001"), ("cloud", "cloud1"), ("location", "r1.cloud1")])
def test_a_server_does_not_become_a_host_that_stands_for_locations(
    clouds: FakeOpenStack, parse: Parse, by: str, name: str
) -> None:
    """Its tasks would run on the machine that runs Ansible."""
    clouds["cloud1"]["r1"].add_server(name)
    locations = {**LOCATIONS, "by": by}
    alone = parse(locations).hosts[name]
    found = parse(locations, {})
    assert found.hosts[name] == alone
    assert found.hosts[f"{name}.r1.cloud1"]["openstack"]["name"] == name
    assert "ansible_connection" not in found.hosts[f"{name}.r1.cloud1"]
    assert found.warnings == []
    assert any(f"prefix: another source has a host {name}" in warning for warning in parse({}, locations).warnings)


@pytest.mark.usefixtures("clouds")
@pytest.mark.parametrize("form", ["vaulted", "quoted key", "flow mapping"])
def test_a_source_may_be_written_in_any_way_that_ansible_reads(parse: Parse, tmp_path: Path, form: str) -> None:
    text = {
        "vaulted": "plugin: oaktree.multicloud.locations\n",
        "quoted key": '"plugin": oaktree.multicloud.locations\n',
        "flow mapping": "{plugin: oaktree.multicloud.locations}\n",
    }[form]
    secret = PromptVaultSecret(b"of the vault")
    source = tmp_path / "source.yml"
    source.write_bytes(VaultLib([("default", secret)]).encrypt(text) if form == "vaulted" else text.encode())
    found = parse(source, vault_secret=secret)
    assert (list(found.hosts), found.warnings) == (["shard-001"], [])


def test_what_other_plugins_read_is_theirs(parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", ["oaktree.multicloud.locations", "auto", "yaml", "ini"])
    for name, text in (("a.yml", "all: {hosts: {web: }}"), ("a.ini", "web\n"), ("a", "web\n")):
        source = tmp_path / name
        source.write_text(text)
        found = parse(source)
        assert (list(found.hosts), found.warnings) == (["web"], [])


@pytest.mark.usefixtures("clouds")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 0}, "size: must be greater than zero"),
        ({"by": "zone"}, "zone"),
        ({"locations": ["nowhere"]}, "'nowhere'"),
        ({"shards": 3}, "shards: the plugin has no such option"),
    ],
)
def test_options_that_cannot_be_used(parse: Parse, options: dict[str, Any], words: str) -> None:
    found = parse({**LOCATIONS, **options})
    assert found.hosts == {}
    assert any(words in warning for warning in found.warnings)
