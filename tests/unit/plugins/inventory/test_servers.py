# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import collections
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants
from ansible._internal._templating._engine import TemplateEngine

from ansible_collections.oaktree.multicloud.plugins.inventory.servers import DOCUMENTATION
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud import answers
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.last_known import RETRY_AFTER
from tests.support.fake_openstack import Answer, BlackHole, BreakAnswer, FakeOpenStack, edit_answer
from tests.unit.plugins.inventory.conftest import Parse, Parsed

LIST = r"/servers/detail"


@pytest.fixture
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    """Two clouds of two regions with two servers each, found by the standard search."""
    running = fake_openstack(clouds=2, regions=2, servers=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(running.clouds_yaml(tmp_path / "clouds.yaml")))
    return running


def inline(clouds: FakeOpenStack) -> dict[str, Any]:
    return {"clouds": {name: cloud.entry() for name, cloud in clouds.clouds.items()}}


def test_every_server_is_a_host_with_nested_variables(clouds: FakeOpenStack, parse: Parse) -> None:
    found = parse({})
    assert found.warnings == []
    assert list(found.hosts) == [
        f"{role}-cloud{cloud}-r{region}-{number:04}"
        for cloud in (1, 2)
        for region in (1, 2)
        for role, number in (("db", 1), ("web", 0))
    ]
    variables = found.hosts["web-cloud1-r2-0000"]
    assert set(variables) == {"ansible_host", "inventory_dir", "inventory_file", "location", "openstack"}
    server = clouds["cloud1"]["r2"].nova.servers[0]
    assert variables["ansible_host"] == server.floating
    assert variables["openstack"]["id"] == server.id
    assert variables["location"]["region"] == "r2"
    assert variables["location"]["project"]["name"] == "demo"


def test_variables_are_slim_unless_verbose_vars_is_set(clouds: FakeOpenStack, parse: Parse) -> None:
    name = "web-cloud1-r2-0000"
    server = clouds["cloud1"]["r2"].nova.servers[0]
    slim, verbose = (parse({"verbose_vars": value}).hosts[name]["openstack"] for value in (False, True))
    assert slim == {
        "id": server.id,
        "name": name,
        "status": "ACTIVE",
        "created_at": "2026-01-01T00:00:00Z",
        "key_name": "ops",
        "metadata": server.metadata,
        "tags": ["staging"],
        "image": {"id": server.image_id},
        "flavor": {"id": None, "name": "m1.large", "vcpus": 4, "ram": 8192, "disk": 80},
        "public_v4": server.floating,
        "public_v6": None,
        "private_v4": server.fixed,
        "private_v6": server.fixed6,
    }
    assert verbose.keys() == SERVER_FIELDS
    assert verbose["addresses"]["private"][0]["addr"] == server.fixed


@pytest.mark.usefixtures("clouds")
def test_the_documentation_lists_the_slim_variables(parse: Parse) -> None:
    documented = yaml.safe_load(DOCUMENTATION)["options"]["verbose_vars"]["description"][1]
    openstack = parse({}).hosts["web-cloud1-r1-0000"]["openstack"]
    assert set(re.findall(r"C\((\w+)\)", documented)) == openstack.keys() | openstack["flavor"].keys()


def test_costs_one_list_for_each_location_and_one_token_for_each_cloud(clouds: FakeOpenStack, parse: Parse) -> None:
    parse({})
    assert clouds.counters.requests(service="compute") == 4
    assert clouds.counters.tokens == 2


def test_groups_by_location(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud1"]["r1"].nova.servers[0].zone = "az-2"
    found = parse({})
    assert found.members("zone_cloud1_r1_az_2") == ["web-cloud1-r1-0000"]
    assert sorted(found.members("region_cloud1_r1")) == ["db-cloud1-r1-0001", "web-cloud1-r1-0000"]
    assert len(found.members("cloud_cloud1")) == 4
    assert sorted(found.members("project_cloud2_demo")) == sorted(found.members("cloud_cloud2"))
    assert set(parse({"location_groups": False}).manager.groups) == {"all", "ungrouped"}


def test_locations_filters_names_and_addresses(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud1"]["r1"].nova.servers[0].status = "SHUTOFF"
    source = {
        "locations": ["cloud1/r1"],
        "filters": {"status": "ACTIVE"},
        "hostnames": ["id"],
        "addresses": ["fixed_v6"],
    }
    found = parse(source)
    server = clouds["cloud1"]["r1"].nova.servers[1]
    assert {name: variables["ansible_host"] for name, variables in found.hosts.items()} == {server.id: server.fixed6}


def test_servers_of_other_projects_on_request(clouds: FakeOpenStack, parse: Parse, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].add_server("foreign", project="demo2")
    admin = {"locations": ["cloud1/r1"], "clouds_yaml": str(clouds.clouds_yaml(tmp_path / "admin.yaml", user="admin"))}
    assert "foreign" not in parse(admin).hosts
    assert "foreign" in parse({**admin, "all_projects": True}).hosts


def test_servers_of_one_name_become_hosts_of_their_own(clouds: FakeOpenStack, parse: Parse) -> None:
    for cloud, region in (("cloud1", "r1"), ("cloud1", "r1"), ("cloud2", "r2")):
        clouds[cloud][region].add_server("same")
    first, second = clouds["cloud1"]["r1"].nova.servers[-2:]
    found = parse({})
    assert len(found.hosts) == 11
    assert {name for name in found.hosts if name.startswith("same")} == {
        f"same-{first.id[:8]}.r1.cloud1",
        f"same-{second.id[:8]}.r1.cloud1",
        "same.r2.cloud2",
    }


def test_a_server_seen_through_two_entries_is_one_host(clouds: FakeOpenStack, parse: Parse) -> None:
    entry = clouds["cloud1"].entry()
    found = parse({"clouds_config": {"clouds": {"first": entry, "second": entry}}})
    assert len(found.hosts) == 4
    assert {variables["location"]["cloud"] for variables in found.hosts.values()} == {"first"}
    assert clouds.counters.tokens == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["all", "ungrouped", "localhost", "127.0.0.1", "cloud_cloud1", "front", "static"])
def test_a_server_with_a_name_in_use_gets_the_long_one(
    clouds: FakeOpenStack, parse: Parse, tmp_path: Path, name: str
) -> None:
    clouds["cloud1"]["r1"].add_server(name)
    static = tmp_path / "static.yml"
    static.write_text(yaml.safe_dump({"static": {"hosts": {"elsewhere": None}}}))
    found = parse(static, {"groups": {"front": "true"}})
    assert f"{name}.r1.cloud1" in found.hosts
    assert name not in found.hosts
    assert len(found.members("front")) == 9
    assert found.warnings == []


@pytest.mark.usefixtures("clouds")
def test_a_host_that_a_static_source_names_gains_the_variables(parse: Parse, tmp_path: Path) -> None:
    static = tmp_path / "static.yml"
    static.write_text(yaml.safe_dump({"all": {"hosts": {"web-cloud1-r1-0000": {"rack": 7}}}}))
    variables = parse(static, {}).hosts["web-cloud1-r1-0000"]
    assert variables["rack"] == 7
    assert variables["location"]["cloud"] == "cloud1"


def test_two_sources_do_not_fold_two_servers_into_one_host(clouds: FakeOpenStack, parse: Parse, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].add_server("same")
    clouds["cloud2"]["r1"].add_server("same")
    found = parse({"locations": ["cloud1"]}, {"locations": ["*"]})
    assert len(found.hosts) == 10
    assert found.hosts["same"]["location"]["cloud"] == "cloud1"
    assert found.hosts["same.r1.cloud2"]["location"]["cloud"] == "cloud2"
    first, second = (tmp_path / f"{number}.oaktree.yml" for number in (0, 1))
    (warning,) = found.warnings
    assert warning == (
        f"Host names depend on the order of the sources {first} and {second}: same (or same.r1.cloud1). "
        "Set hostnames: [name.region.cloud] in both."
    )


@pytest.mark.parametrize("hostnames", [["name.region.cloud"], ["id"]])
def test_names_do_not_depend_on_the_order_of_sources_that_heed_the_warning(
    clouds: FakeOpenStack, parse: Parse, hostnames: list[str]
) -> None:
    clouds["cloud1"]["r1"].add_server("same")
    clouds["cloud2"]["r1"].add_server("same")
    sources = [{"locations": selected, "hostnames": hostnames} for selected in (["cloud1"], ["cloud2"], ["*/r1"])]
    found = parse(*sources)
    assert found.warnings == []
    assert sorted(found.hosts) == sorted(parse(*sources[::-1]).hosts)
    assert len(found.hosts) == 10


@pytest.mark.parametrize(
    ("preferences", "host", "setting"),
    [
        ((["name"], ["id"]), "web-cloud1-r1-0000 (or {id})", "name.region.cloud"),
        ((["id"], ["name"]), "{id} (or web-cloud1-r1-0000)", "name.region.cloud"),
        ((["name"], ["name.region.cloud"]), "web-cloud1-r1-0000 (or web-cloud1-r1-0000.r1.cloud1)", "id"),
    ],
)
def test_sources_that_call_one_server_by_two_names_are_told(
    clouds: FakeOpenStack, parse: Parse, preferences: tuple[list[str], list[str]], host: str, setting: str
) -> None:
    found = parse(*({"locations": ["cloud1/r1"], "hostnames": names} for names in preferences))
    (warning,) = found.warnings
    assert host.format(id=clouds["cloud1"]["r1"].nova.servers[0].id) in warning
    assert warning.endswith(f" Set hostnames: [{setting}] in both.")
    assert len(found.hosts) == 2


def test_a_cloud_does_not_take_over_the_hosts_of_another(clouds: FakeOpenStack, parse: Parse, tmp_path: Path) -> None:
    """It lists their IDs and names, with addresses of its own, in the same source or in another."""
    victim = clouds["cloud1"]["r1"].nova.servers[0]
    thief = clouds["cloud2"]["r1"].nova.servers[0]
    thief.id, thief.name = victim.id, victim.name
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    runs: list[list[dict[str, Any]]] = [[{}], [{"locations": "cloud1"}, {"locations": "cloud2"}], [cache], [cache]]
    for sources in runs:
        found = parse(*sources)
        assert len(found.hosts) == 8
        owners = {
            host["ansible_host"]: host["location"]["cloud"]
            for host in found.hosts.values()
            if host["openstack"]["id"] == victim.id
        }
        assert owners == {victim.floating: "cloud1", thief.floating: "cloud2"}


def test_one_keystone_by_two_urls_and_sources_is_one(clouds: FakeOpenStack, parse: Parse) -> None:
    entry = clouds["cloud1"].entry()
    other = {**entry, "auth": {**entry["auth"], "auth_url": f"{entry['auth']['auth_url'].rstrip('/')}/"}}
    config = {name: {"clouds_config": {"clouds": {name: one}}} for name, one in (("first", entry), ("second", other))}
    found = parse(*config.values())
    assert len(found.hosts) == 4
    assert found.warnings == []
    assert len(parse({"clouds_config": {"clouds": {"first": entry, "second": other}}}).hosts) == 4
    found = parse(*({**one, "hostnames": ["name.region.cloud"]} for one in config.values()))
    assert len(found.hosts) == 4
    assert "web-cloud1-r1-0000.r1.first (or web-cloud1-r1-0000.r1.second)" in found.warnings[0]
    assert found.warnings[0].endswith(" and 1 more. Set hostnames: [id] in both.")


@pytest.mark.usefixtures("clouds")
def test_constructed_variables_and_groups(parse: Parse) -> None:
    found = parse(
        {
            "compose": {"ansible_user": "openstack.metadata.login | default('debian')", "where": "location.region"},
            "groups": {"fronts": "'web' in openstack.name"},
            "keyed_groups": [{"key": "openstack.metadata.role", "prefix": "role"}, {"key": "where", "separator": ""}],
            "strict": True,
        }
    )
    assert found.warnings == []
    assert found.hosts["web-cloud1-r1-0000"]["ansible_user"] == "debian"
    assert found.members("fronts") == found.members("role_web")
    assert len(found.members("role_db")) == 4
    assert len(found.members("r1")) == 4


@pytest.mark.parametrize("verbose", [False, True])
def test_templates_see_the_whole_record(clouds: FakeOpenStack, parse: Parse, *, verbose: bool) -> None:
    found = parse(
        {
            "compose": {"mac": "openstack.addresses.private[0]['OS-EXT-IPS-MAC:mac_addr']"},
            "groups": {"running": "openstack.vm_state == 'active'"},
            "keyed_groups": [{"key": "openstack.flavor.extra_specs['hw:cpu_policy']", "prefix": "cpu"}],
            "strict": True,
            "verbose_vars": verbose,
        }
    )
    assert found.warnings == []
    server = clouds["cloud1"]["r1"].nova.servers[0]
    assert found.hosts[server.name]["mac"] == ":".join(["fa", "16", "3e", *(server.id[i : i + 2] for i in (0, 2, 4))])
    assert ("addresses" in found.hosts[server.name]["openstack"]) == verbose
    assert len(found.members("running")) == len(found.members("cpu_shared")) == 8


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({}, False),
        ({"verbose_vars": True, "hostnames": ["metadata.role", "name.region.cloud"]}, False),
        ({"compose": {"where": "location.region"}}, True),
        ({"groups": {"all_of_them": "true"}}, True),
        ({"keyed_groups": [{"key": "location.region"}]}, True),
    ],
)
def test_hosts_cost_no_template_run_unless_one_is_requested(
    clouds: FakeOpenStack, parse: Parse, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], *, asked: bool
) -> None:
    """Counts the calls of Ansible's own template engine and passes them through."""
    counted = collections.Counter[str]()
    for name in ("template", "evaluate_expression", "evaluate_conditional"):
        monkeypatch.setattr(TemplateEngine, name, counting(getattr(TemplateEngine, name), counted))
    hosts, totals = [], []
    for servers in (0, 5):
        for number in range(servers):
            clouds["cloud1"]["r1"].add_server(f"more-{number}")
        counted.clear()
        hosts.append(len(parse(options).hosts))
        totals.append(counted.total())
    assert hosts == [8, 13]
    assert totals[1] - totals[0] >= 5 if asked else totals[1] == totals[0]


def counting(method: Callable[..., Any], counted: collections.Counter[str]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        counted[method.__name__] += 1
        return method(*args, **kwargs)

    return call


def test_a_keyed_group_may_have_the_name_of_a_host(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud1"]["r1"].add_server("web")
    found = parse({"compose": {"role": "openstack.metadata.role"}, "keyed_groups": [{"key": "role", "separator": ""}]})
    assert found.hosts["web"]["role"] == "batch"
    assert len(found.members("web")) == 4


def test_data_from_a_cloud_is_never_a_template(clouds: FakeOpenStack, parse: Parse, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    evil = f"{{{{ lookup('pipe', 'touch {witness}') }}}}"
    clouds["cloud1"]["r1"].add_server(evil, metadata={"role": evil, "login": evil}, zone=evil)
    found = parse(
        {
            "hostnames": ["metadata.role", "name"],
            "compose": {"ansible_user": "openstack.metadata.login"},
            "keyed_groups": [{"key": "openstack.metadata.role"}],
        }
    )
    assert len(found.hosts) == 9
    assert evil in [variables.get("ansible_user") for variables in found.hosts.values()]
    assert not witness.exists()


@pytest.mark.usefixtures("clouds")
def test_strict_makes_a_template_that_fails_an_error(parse: Parse) -> None:
    broken = {"compose": {"x": "openstack.metadata.nothing"}}
    assert parse(broken).warnings == []
    assert any("nothing" in warning for warning in parse({**broken, "strict": True}).warnings)


@pytest.mark.parametrize(
    "template",
    [
        {"compose": {"x": "openstack.metadata.nothing"}},
        {"groups": {"mine": "openstack.metadata.nothing == 1"}},
        {"keyed_groups": [{"key": "openstack.status"}, {"key": "openstack.nothing", "parent_group": "static"}]},
    ],
    ids=lambda template: next(iter(template)),
)
def test_a_source_that_fails_adds_nothing(
    clouds: FakeOpenStack, parse: Parse, tmp_path: Path, template: dict[str, Any]
) -> None:
    server = clouds["cloud1"]["r1"].nova.servers[0]
    static = tmp_path / "static.yml"
    known = {"web-cloud1-r1-0000": {"openstack": {"id": server.id}}}
    static.write_text(yaml.safe_dump({"static": {"hosts": known}}))
    found = parse(static, {**template, "strict": True})
    assert any("nothing" in warning for warning in found.warnings)
    hosts = {
        name: {key: value for key, value in host.items() if key == "openstack"} for name, host in found.hosts.items()
    }
    assert hosts == known
    assert set(found.manager.groups) == {"all", "ungrouped", "static"}
    assert found.members("static") == list(known)
    assert found.manager.groups["static"].child_groups == []


def test_servers_of_a_cell_that_is_down_are_not_missed_in_silence(
    clouds: FakeOpenStack, parse: Parse, tmp_path: Path
) -> None:
    """Nova lists them with an ID and a status from microversion 2.69 on."""
    down = {"id": "9a1e", "status": "UNKNOWN", "tenant_id": "t", "created": "2026-01-01T00:00:00Z", "links": []}
    body = json.dumps({"servers": [down]}).encode()
    clouds["cloud1"]["r1"].fault("GET", LIST, Answer(200, {"Content-Type": "application/json"}, body), times=1)
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    found = parse(cache)
    assert found.warnings == [
        "cloud1/r1/demo: Nova cannot reach the cell of 1 server, whose addresses are therefore not known."
    ]
    assert len(found.hosts) == 6
    assert len(parse(cache).hosts) == 8


@pytest.mark.slow
def test_three_kinds_of_dead_locations_cost_only_their_own_hosts(
    clouds: FakeOpenStack, fast_clock: Clock, parse: Parse
) -> None:
    clouds["cloud1"]["r2"].fault("GET", LIST, BlackHole())
    clouds["cloud2"]["r1"].refuse_connections("compute")
    clouds["cloud2"]["r2"].fault("GET", LIST, BreakAnswer())
    start = time.monotonic()
    found = parse({"timeout": fast_clock.turned(1)})
    assert time.monotonic() - start < 6
    assert list(found.hosts) == ["db-cloud1-r1-0001", "web-cloud1-r1-0000"]
    assert len(found.warnings) == 3
    expected = [
        ("cloud1/r2/demo: ", "(timeout). ", "raise timeout"),
        ("cloud2/r1/demo: ", "(unreachable). ", "Check the endpoint"),
        ("cloud2/r2/demo: ", "(server). ", "try again later"),
    ]
    for warning, (location, kind, hint) in zip(found.warnings, expected, strict=True):
        assert warning.startswith(location)
        assert kind in warning
        assert hint in warning


def test_a_cloud_that_rejects_the_credentials_costs_only_its_own_hosts(clouds: FakeOpenStack, parse: Parse) -> None:
    config = inline(clouds)
    config["clouds"]["cloud1"]["auth"]["password"] = "wrong"
    found = parse({"clouds_config": config})
    assert len(found.hosts) == 4
    assert [warning.split(":")[0] for warning in found.warnings] == ["cloud1/r1/demo", "cloud1/r2/demo"]
    assert all("(auth)" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    "server",
    [
        {"id": "../x", "name": 5},
        {"id": "x", "addresses": {"net": [{"addr": 3232235777}]}},
        {"id": "x", "accessIPv4": 3232235777},
    ],
    ids=["id", "address", "access address"],
)
def test_invalid_servers_fail_only_their_own_location(
    clouds: FakeOpenStack, parse: Parse, server: dict[str, Any]
) -> None:
    body = json.dumps({"servers": [server]}).encode()
    clouds["cloud1"]["r1"].fault("GET", LIST, Answer(200, {"Content-Type": "application/json"}, body))
    found = parse({"addresses": ["access_v4", "public_v4", "fixed_v4"]})
    assert len(found.hosts) == 6
    assert ["cloud1/r1/demo: " in warning and "(server)" in warning for warning in found.warnings] == [True]


def test_a_failure_fails_the_source_on_request_after_all_were_tried(clouds: FakeOpenStack, parse: Parse) -> None:
    clouds["cloud1"]["r1"].fault("GET", LIST, Answer(403))
    found = parse({"on_failure": "fail"})
    assert found.hosts == {}
    assert any("1 of 4 Locations failed: cloud1/r1/demo: " in warning for warning in found.warnings)
    assert clouds.counters.requests(service="compute") == 4


@pytest.mark.usefixtures("fast_clock")
def test_a_source_of_which_every_location_failed_is_an_error(clouds: FakeOpenStack, parse: Parse) -> None:
    for cloud in clouds.clouds.values():
        cloud.refuse_connections()
    found = parse({})
    assert found.hosts == {}
    assert any("4 of 4 Locations failed" in warning for warning in found.warnings)


STALE = {"on_failure": "stale"}


def dead_servers(found: Parsed) -> set[str]:
    """The hosts of region r2 of cloud2."""
    return {name for name in found.hosts if "cloud2-r2" in name}


class TestStale:
    @pytest.mark.slow
    def test_hosts_of_a_location_that_fails_stay_and_are_marked(self, clouds: FakeOpenStack, parse: Parse) -> None:
        whole = parse(STALE)
        assert (whole.members("stale"), whole.warnings) == ([], [])
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        found = parse(STALE)
        assert list(found.hosts) == list(whole.hosts)
        assert set(found.members("stale")) == dead_servers(found) != set()
        for name, variables in found.hosts.items():
            marked = variables.pop("location_stale", None)
            assert (marked is not None) == (name in dead_servers(found))
            assert variables == whole.hosts[name]
            if marked:
                assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", marked["since"])
                assert "500" in marked["error"]
        (warning,) = found.warnings
        assert re.match(
            r"cloud2/r2/demo: .*\(server\)\. .* Its hosts are those of \d+ s ago\. It is asked again in", warning
        )

    def test_servers_of_a_cell_that_is_down_stay(self, clouds: FakeOpenStack, parse: Parse) -> None:
        """Nova lists them with an ID and a status, and the other servers of the Location as usual."""
        gone, stays = (server.name for server in clouds["cloud1"]["r1"].nova.servers)
        parse(STALE)

        def take_down(body: dict[str, Any]) -> dict[str, Any]:
            down = [{"id": one["id"], "status": "UNKNOWN"} if one["name"] == gone else one for one in body["servers"]]
            return {"servers": [*down, {"id": "9a1e", "status": "UNKNOWN"}]}

        clouds["cloud1"]["r1"].fault("GET", LIST, edit_answer(take_down))
        for _run in range(2):
            found = parse(STALE)
            assert found.members("stale") == [gone]
            assert found.hosts[gone]["ansible_host"]
            assert found.hosts[gone]["location_stale"]["error"] == "Nova cannot reach the cell of 2 servers"
            assert len(found.hosts) == 8
            (warning,) = found.warnings
            assert re.fullmatch(
                r"cloud1/r1/demo: Nova cannot reach the cell of 2 servers; as it was \d+ s ago: 1 host\.",
                warning,
            )
            assert "location_stale" not in found.hosts[stays]
        clouds["cloud1"]["r1"].clear_faults()
        assert (parse(STALE).members("stale"), parse(STALE).warnings) == ([], [])

    @pytest.mark.slow
    @pytest.mark.parametrize("first", ["fresh", "stale"])
    def test_what_another_source_has_just_listed_is_not_stale(
        self, clouds: FakeOpenStack, parse: Parse, first: str
    ) -> None:
        """Both sources list one Location, which fails for the second request; a server has a new address meanwhile."""
        one = {**STALE, "locations": ["cloud2/r2"]}
        other = {**one, "filters": {"status": "ACTIVE"}, "keyed_groups": [{"key": "openstack.status", "separator": ""}]}
        other["compose"] = {"where": "openstack.public_v4"}
        parse(one, other)
        server = clouds["cloud2"]["r2"].nova.servers[0]
        server.floating = "198.51.100.99"
        clouds["cloud2"]["r2"].fault("GET", rf"{LIST}\?.*status=ACTIVE", Answer(500))
        found = parse(*((one, other) if first == "fresh" else (other, one)))
        assert [len(found.hosts), len(found.warnings)] == [2, 1]
        assert found.members("stale") == []
        assert len(found.members("ACTIVE")) == 2
        assert found.hosts[server.name]["ansible_host"] == "198.51.100.99"
        assert found.hosts[server.name]["openstack"]["public_v4"] == "198.51.100.99"
        assert "location_stale" not in found.hosts[server.name]

    @pytest.mark.slow
    def test_a_location_that_failed_is_not_asked_again_at_once(self, clouds: FakeOpenStack, parse: Parse) -> None:
        parse(STALE)
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        first = parse(STALE)
        clouds["cloud2"]["r2"].clear_faults()
        clouds.counters.reset()
        second = parse(STALE)
        assert clouds.counters.requests(service="compute") == 3
        assert second.hosts == first.hosts
        assert len(second.warnings) == 1
        fresh = parse(STALE, fresh=True)
        assert (fresh.members("stale"), fresh.warnings) == ([], [])
        assert parse(STALE).warnings == []

    @pytest.mark.slow
    def test_a_location_is_asked_again_after_a_while(
        self, clouds: FakeOpenStack, parse: Parse, wrong_date: Callable[[float], None]
    ) -> None:
        parse(STALE)
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        parse(STALE)
        clouds["cloud2"]["r2"].clear_faults()
        wrong_date(RETRY_AFTER + 1)
        assert parse(STALE).members("stale") == []

    @pytest.mark.slow
    @pytest.mark.parametrize("ahead", [3700, -3600])
    def test_what_is_too_old_or_of_the_future_is_forgotten(
        self, clouds: FakeOpenStack, parse: Parse, wrong_date: Callable[[float], None], ahead: float
    ) -> None:
        options = {**STALE, "stale_for": 3600}
        parse(options)
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        wrong_date(ahead)
        found = parse(options)
        assert dead_servers(found) == set()
        assert len(found.warnings) == 1

    def test_credentials_that_are_rejected_keep_no_host(self, clouds: FakeOpenStack, parse: Parse) -> None:
        config = inline(clouds)
        parse({**STALE, "clouds_config": config})
        config["clouds"]["cloud1"]["auth"]["password"] = "wrong"
        found = parse({**STALE, "clouds_config": config})
        assert len(found.hosts) == 4
        assert found.members("stale") == []
        assert all("(auth)" in warning for warning in found.warnings)

    def test_a_new_password_keeps_the_memory(self, clouds: FakeOpenStack, parse: Parse) -> None:
        config = inline(clouds)
        parse({**STALE, "clouds_config": config})
        config["clouds"]["cloud1"]["auth"]["password"] = "new"
        clouds["cloud1"].refuse_connections()
        assert len(parse({**STALE, "clouds_config": config, "timeout": 1.0}).members("stale")) == 4

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "other",
        [{"filters": {"status": "ACTIVE"}}, {"all_projects": True}, {"verbose_vars": True}],
        ids=["filters", "projects", "fields"],
    )
    def test_another_query_has_no_memory(self, clouds: FakeOpenStack, parse: Parse, other: dict[str, Any]) -> None:
        parse(STALE)
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        assert dead_servers(parse({**STALE, **other})) == set()

    @pytest.mark.usefixtures("fast_clock")
    def test_fails_only_where_nothing_is_remembered_of_any(self, clouds: FakeOpenStack, parse: Parse) -> None:
        parse({**STALE, "locations": ["cloud1/r1"]})
        for cloud in clouds.clouds.values():
            cloud.refuse_connections()
            for name in ("r1", "r2"):
                cloud[name].refuse_connections()
        found = parse(STALE)
        assert len(found.hosts) == len(found.members("stale")) == 2
        nothing = parse({**STALE, "all_projects": True})
        assert nothing.hosts == {}
        assert any("4 of 4 Locations failed" in warning for warning in nothing.warnings)

    def test_a_server_that_another_entry_lists_is_not_stale(self, clouds: FakeOpenStack, parse: Parse) -> None:
        entries = {"first": clouds["cloud1"].entry(), "second": clouds["cloud1"].entry()}
        entries["first"]["compute_endpoint_override"] = entries["first"]["auth"]["auth_url"]
        source = {**STALE, "clouds_config": {"clouds": {**entries, "first": entries["second"]}}}
        parse(source)
        found = parse({**STALE, "clouds_config": {"clouds": entries}})
        assert len(found.warnings) == 2
        assert found.members("stale") == []
        assert {variables["location"]["cloud"] for variables in found.hosts.values()} == {"second"}

    @pytest.mark.slow
    def test_a_run_with_stale_hosts_is_not_cached(self, clouds: FakeOpenStack, parse: Parse, tmp_path: Path) -> None:
        cached = {**STALE, "cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path)}
        parse({**cached, "cache": False})
        clouds["cloud2"]["r2"].fault("GET", LIST, Answer(500))
        assert len(parse(cached).members("stale")) == 2
        clouds["cloud2"]["r2"].clear_faults()
        assert parse(cached, fresh=True).members("stale") == []
        clouds.counters.reset()
        assert len(parse(cached).hosts) == 8
        assert clouds.counters.requests() == 0

    def test_a_server_called_stale_is_no_group(self, clouds: FakeOpenStack, parse: Parse) -> None:
        clouds["cloud1"]["r1"].add_server("stale")
        assert "stale.r1.cloud1" in parse(STALE).hosts
        assert "stale" in parse({}).hosts

    @pytest.mark.usefixtures("clouds")
    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"stale_for": 0}, "stale_for: must be greater than zero"),
            ({"stale_for": 86400 * 31}, "at most 2.592e+06 (30 days)"),
            ({"token_cache": False}, "omit token_cache"),
        ],
    )
    def test_options_that_cannot_be_used(self, parse: Parse, options: dict[str, Any], words: str) -> None:
        found = parse({**STALE, **options})
        assert found.hosts == {}
        assert any(words in warning for warning in found.warnings)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "words"),
    [
        pytest.param({"locations": ["nowhere"]}, ["locations", "'nowhere'", "cloud1, cloud2"], id="unknown Location"),
        pytest.param({"locations": []}, ["locations", "nothing is selected"], id="no Location"),
        pytest.param({"clouds_yaml": "/nonexistent"}, ["clouds_yaml", "/nonexistent", "cannot be read"], id="no file"),
        pytest.param({"clouds_config": {}}, ["clouds_config", "no clouds"], id="no clouds"),
        pytest.param({"clouds_config": "pa55word"}, ["clouds_config: must be a mapping"], id="not a mapping"),
        pytest.param({"clouds_config": "clouds:\n  a: [pa55word"}, ["is not valid YAML at line 2"], id="no YAML"),
        pytest.param({"clouds_config": {"clouds": {}}, "clouds_yaml": "x"}, ["only one"], id="two sources of clouds"),
        pytest.param({"timeout": 0}, ["timeout", "greater than zero"], id="no time"),
        pytest.param({"concurrency": -1}, ["concurrency", "greater than zero"], id="no concurrency"),
        pytest.param({"rate_limit": 0}, ["rate_limit", "greater than zero"], id="no rate"),
        pytest.param({"request_concurrency": 0}, ["request_concurrency", "greater than zero"], id="no requests"),
        pytest.param({"hostnames": ["nmae"]}, ["hostnames", "'nmae'", "name.region.cloud"], id="unknown hostname"),
        pytest.param({"addresses": ["v4"]}, ["addresses", "'v4'", "network:NAME"], id="unknown address"),
        pytest.param({"on_failure": "maybe"}, ["on_failure", "maybe"], id="unknown policy"),
        pytest.param({"filters": {"metadata": {"role": "web"}}}, ["filters: metadata is a mapping"], id="a mapping"),
        pytest.param(
            {"location": ["cloud1"]}, ["location: the plugin has no such option; did you mean locations"], id="misspelt"
        ),
        pytest.param({"only_clouds": ["cloud1"]}, ["only_clouds", "Use locations."], id="another plugin's option"),
        pytest.param({"zzz": 1}, ["zzz", "Options are ", "keyed_groups"], id="no option"),
        pytest.param({"locations": "{{ missing }}"}, ["locations", "missing"], id="template that fails"),
    ],
)
def test_invalid_options_are_one_clear_error(
    clouds: FakeOpenStack, parse: Parse, source: dict[str, Any], words: list[str]
) -> None:
    found = parse(source)
    message = next(warning for warning in found.warnings if "oaktree" in warning or "auto" in warning)
    assert [word for word in words if word not in message] == []
    assert "pa55word" not in message
    assert found.hosts == {}
    assert clouds.counters.requests() == 0


def test_options_may_be_templates(clouds: FakeOpenStack, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    config = inline(clouds)
    for entry in config["clouds"].values():
        entry["auth"]["password"] = "{{ lookup('env', 'TEST_PASSWORD') }}"
    monkeypatch.setenv("TEST_PASSWORD", "secret")
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    source = {"clouds_config": config, "locations": "{{ ['cloud1'] }}", "filters": {"status": "{{ 'active' | upper }}"}}
    found = parse(source)
    assert found.warnings == []
    assert len(found.hosts) == 4
    whole = "{{ lookup('env', 'TEST_CONFIG') | from_yaml }}"
    monkeypatch.setenv("TEST_CONFIG", yaml.safe_dump(inline(clouds)))
    assert len(parse({"clouds_config": whole}).hosts) == 8


def test_options_may_be_text(clouds: FakeOpenStack, parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    monkeypatch.setenv("TEST_CONFIG", yaml.safe_dump(inline(clouds)))
    source = {
        "clouds_config": "{{ lookup('env', 'TEST_CONFIG') }}",
        "locations": "cloud1/r1, cloud2\n!cloud2/r2",
        "hostnames": '["metadata.nothing", "id"]',
        "addresses": "floating_v6\nfixed_v6",
    }
    found = parse(source)
    assert found.warnings == []
    servers = [server for cloud in ("cloud1", "cloud2") for server in clouds[cloud]["r1"].nova.servers]
    assert {name: host["ansible_host"] for name, host in found.hosts.items()} == {s.id: s.fixed6 for s in servers}


@pytest.mark.parametrize("form", ["mapping", "list", "name", "template"])
def test_the_location_of_a_host_selects_it(clouds: FakeOpenStack, parse: Parse, tmp_path: Path, form: str) -> None:
    config = inline(clouds)
    config["clouds"] = {"a/[1], !b": config["clouds"]["cloud1"], **config["clouds"]}
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump(config))
    location = parse({"locations": "a*/r2"}).hosts["web-cloud1-r2-0000"]["location"]
    assert location["name"] == "a%2F%5B1%5D%2C%20%21b/r2/demo"
    forms = {"mapping": location, "list": [location], "name": location["name"], "template": f"{{{{ {location} }}}}"}
    found = parse({"locations": forms[form]})
    assert found.warnings == []
    assert [host["location"]["name"] for host in found.hosts.values()] == [location["name"]] * 2


def test_the_environment_names_the_cloud(
    clouds: FakeOpenStack, parse: Parse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    monkeypatch.setenv("OS_CLOUD", "cloud2")
    assert {host["location"]["cloud"] for host in parse(cache).hosts.values()} == {"cloud2"}
    assert len(parse({"locations": "*"}).hosts) == 8
    assert len(parse({"clouds_config": inline(clouds)}).hosts) == 8
    monkeypatch.delenv("OS_CLOUD")
    assert len(parse(cache).hosts) == 8
    monkeypatch.setenv("OS_CLOUD", "cloud9")
    assert any("OS_CLOUD: 'cloud9' matches none" in warning for warning in parse({}).warnings)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ours"), [("a.oaktree.yml", True), ("multicloud.yaml", True), ("hosts.yml", False)])
@pytest.mark.parametrize("enabled", [["auto"], ["oaktree.multicloud.servers"], ["oaktree.multicloud.servers", "auto"]])
@pytest.mark.usefixtures("clouds")
def test_only_files_of_our_names_are_read_and_others_are_told(
    parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enabled: list[str], name: str, *, ours: bool
) -> None:
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", enabled)
    path = tmp_path / name
    path.write_text("plugin: oaktree.multicloud.servers\n")
    found = parse(path)
    assert bool(found.hosts) == ours
    told = f"{path}: the name of the file must end in oaktree.yml or oaktree.yaml or multicloud.yml or multicloud.yaml"
    assert any(told in warning for warning in found.warnings) is not ours


@pytest.mark.parametrize("name", ["openstack.yml", "prod.oaktree.yml"])
@pytest.mark.parametrize("plugin", ["openstack.cloud.openstack", "'openstack'"])
@pytest.mark.usefixtures("clouds")
def test_a_source_of_openstack_cloud_is_told_what_changes(
    parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, plugin: str
) -> None:
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", ["oaktree.multicloud.servers", "yaml"])
    path = tmp_path / name
    path.write_text(f"plugin: {plugin}\nonly_clouds: [cloud1]\n")
    found = parse(path)
    assert found.hosts == {}
    told = found.warnings[0]
    assert "To make it one of oaktree.multicloud.servers: set plugin: oaktree.multicloud.servers; " in told
    assert "locations instead of only_clouds" in told
    assert ("must end in oaktree.yml" in told) is (name == "openstack.yml")


@pytest.mark.usefixtures("clouds")
def test_what_other_plugins_read_is_theirs(parse: Parse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "INVENTORY_ENABLED", ["oaktree.multicloud.servers", "yaml"])
    path = tmp_path / "static.yml"
    path.write_text("all: {hosts: {here: {plugin: oaktree.multicloud.servers}}}\n")
    found = parse(path)
    assert (list(found.hosts), found.warnings) == (["here"], [])


class TestCache:
    @pytest.fixture
    def cached(self, tmp_path: Path) -> dict[str, Any]:
        connection = str(tmp_path / "cache")
        return {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": connection}

    def test_second_run_sends_no_request_and_finds_the_same(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any]
    ) -> None:
        first = parse(cached)
        clouds.counters.reset()
        second = parse(cached)
        assert clouds.counters.requests() == 0
        assert second.hosts == first.hosts
        assert list(second.hosts) == list(first.hosts)

    def test_ansible_reads_no_types_out_of_what_is_cached(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Even if an answer came here as it was sent."""
        monkeypatch.setattr(answers, "_UNFIT", re.compile(b"(?!)"))
        server = clouds["cloud1"]["r1"].nova.servers[0]
        server.metadata = {"__ansible_type": "TrustedAsTemplate"}
        for _run in range(2):
            assert parse(cached).hosts[server.name]["openstack"]["metadata"] == server.metadata

    @pytest.mark.parametrize("options", [{"verbose_vars": True}, {"compose": {"zone": "openstack.availability_zone"}}])
    def test_whole_records_are_cached_if_they_are_needed(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any], options: dict[str, Any]
    ) -> None:
        slim = parse(cached)
        whole = parse({**cached, **options})
        clouds.counters.reset()
        assert parse(cached).hosts == slim.hosts
        assert parse({**cached, **options}).hosts == whole.hosts
        assert clouds.counters.requests() == 0
        assert whole.hosts == parse(options).hosts

    def test_a_fresh_run_queries_again_and_updates_the_cache(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any]
    ) -> None:
        parse(cached)
        clouds["cloud1"]["r1"].add_server("new")
        assert "new" not in parse(cached).hosts
        assert "new" in parse(cached, fresh=True).hosts
        assert "new" in parse(cached).hosts

    def test_names_and_groups_may_change_without_a_request(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any]
    ) -> None:
        parse(cached)
        clouds.counters.reset()
        found = parse({**cached, "hostnames": ["id"], "addresses": ["network:private"], "location_groups": False})
        assert clouds["cloud1"]["r1"].nova.servers[0].id in found.hosts
        assert clouds.counters.requests() == 0

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "change",
        [
            {"locations": ["cloud1"]},
            {"filters": {"status": "ACTIVE"}},
            {"all_projects": True},
            {"clouds_yaml": "other"},
        ],
    )
    def test_what_changes_the_servers_does_not_use_the_cache(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any], tmp_path: Path, change: dict[str, Any]
    ) -> None:
        parse(cached)
        clouds.counters.reset()
        if "clouds_yaml" in change:
            change = {"clouds_yaml": str(clouds.clouds_yaml(tmp_path / "other.yaml"))}
        parse({**cached, **change})
        assert clouds.counters.requests() > 0

    def test_a_changed_configuration_does_not_use_the_cache(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any], tmp_path: Path
    ) -> None:
        assert len(parse(cached).hosts) == 8
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"only": clouds["cloud1"].entry()}}))
        assert len(parse(cached).hosts) == 4

    def test_a_run_in_which_a_location_failed_is_not_cached(
        self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any]
    ) -> None:
        region = clouds["cloud1"]["r1"]
        region.fault("GET", LIST, Answer(403))
        assert len(parse(cached).hosts) == 6
        region.clear_faults()
        assert len(parse(cached).hosts) == 8

    def test_holds_no_secret(self, clouds: FakeOpenStack, parse: Parse, cached: dict[str, Any]) -> None:
        config = inline(clouds)
        assert len(parse({**cached, "clouds_config": config}).hosts) == 8
        directory = Path(cached["cache_connection"])
        first = {file.name for file in directory.iterdir()}
        assert len(first) == 1
        assert "secret" not in "".join(file.read_text() for file in directory.iterdir())
        config["clouds"]["cloud1"]["auth"]["password"] = "changed"
        parse({**cached, "clouds_config": config})
        assert {file.name for file in directory.iterdir()} == first


@pytest.mark.usefixtures("clouds")
def test_missing_library_is_named(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "openstack" else object())
    assert any("openstacksdk" in warning for warning in parse({}).warnings)


# Tokens


def test_sources_share_tokens_and_warn_when_they_cannot(clouds: FakeOpenStack, parse: Parse) -> None:
    assert (parse({}, {"locations": ["cloud1"]}).warnings, clouds.counters.tokens) == ([], 2)
    assert (parse({"token_cache": False}).warnings, clouds.counters.tokens) == ([], 4)
    base = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud")
    base.chmod(0o777)
    found = parse({})
    assert len(found.hosts) == 8
    assert (len(found.warnings), clouds.counters.tokens) == (1, 6)
    assert f"{base} is ignored" in found.warnings[0]


def test_whatever_a_cloud_says_commands_no_terminal(clouds: FakeOpenStack, parse: Parse) -> None:
    """Ansible shows names of hosts and groups, and warnings, as they are."""
    hostile = "a\x1b[2J\u202eb\x07"
    region = clouds["cloud1"]["r1"]
    for server in region.nova.servers:
        server.name, server.metadata = hostile, {"role": hostile}
    body = json.dumps({"forbidden": {"message": f"{hostile} &#x27;no&#x27; <b>way</b>", "code": 403}}).encode()
    clouds["cloud2"]["r1"].fault("GET", LIST, Answer(403, {"Content-Type": "application/json"}, body))
    keyed = [{"key": "openstack.metadata.role | default('none')", "prefix": "role"}]
    found = parse({"keyed_groups": keyed})
    assert len(found.hosts) == 6
    assert all(text.isprintable() for text in (*found.hosts, *found.manager.groups, *found.warnings))
    assert any(r"a\x1b[2J\u202eb\x07 'no' way" in warning for warning in found.warnings)
    assert sum(variables["openstack"]["name"] == hostile for variables in found.hosts.values()) == 2
