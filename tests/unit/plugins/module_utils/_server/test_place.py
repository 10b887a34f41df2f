# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is placed where, what stays where it is, and what is said of each Location."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._server import candidate as candidate_module
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.mark import KEY
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.place import check_place
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.placement import PlaceOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._server.wanted import WantedServer
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.nova_servers import Server
from tests.support.placement_site import PlacementSite
from tests.support.run_module import ModuleRun

pytestmark = pytest.mark.usefixtures("fast_clock")

ONE: dict[str, Any] = {"count": None}
TWO: dict[str, Any] = {"count": 2}
FULL = "quota: instances 1 of 1 used"


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> PlacementSite:
    return PlacementSite(fake_openstack(regions=3, more=("network",)), tmp_path)


def rows(run: ModuleRun) -> list[tuple[str, list[str], str | None, str]]:
    return [(row["status"], row["servers"], row["kind"], row["reason"]) for row in run["placement"]]


def built(site: PlacementSite, region: str, name: str, **fields: Any) -> Server:
    """A server as the module has made it, or as a killed run has left it."""
    made = site.run(count=None, name=name, locations=[f"cloud1/{region}"])
    assert made.ok, made.result
    server = next(one for one in site.region(region).nova.servers if one.name == name)
    for field, value in fields.items():
        assert hasattr(server, field), field
        setattr(server, field, value)
    return server


@pytest.mark.parametrize(
    ("wanted", "options", "message"),
    [
        (WantedServer("web", state="absent"), PlaceOptions(), "place: is for state: present, not absent"),
        (WantedServer("web"), PlaceOptions(per_location=0), "place.per_location: must be at least 1, not 0"),
        (
            WantedServer("web", availability_zone="a"),
            PlaceOptions(zones="spread"),
            "place.zones: spread contradicts availability_zone",
        ),
    ],
)
def test_options_that_contradict(wanted: WantedServer, options: PlaceOptions, message: str) -> None:
    with pytest.raises(InputError) as caught:
        check_place(wanted, options)
    assert caught.value.message == message


def test_the_options_are_checked_before_anything_is_asked(site: PlacementSite) -> None:
    run = site.run(place={"per_location": 0})
    assert (run.ok, run["kind"]) == (False, "input")
    assert site.clouds.counters.requests() == 0


def test_one(site: PlacementSite) -> None:
    site.allow(r1=1, r2=3)
    site.region("r1").add_server("other")
    made = site.run(**ONE)
    assert site.where(made) == {"web": "r2"}
    assert rows(made) == [
        ("refused", [], "quota", FULL),
        ("chosen", ["web"], None, "instances 0 of 3 used"),
        ("passed_over", [], None, ""),
    ]
    (result,) = made["results"]
    assert (result["action"], result["server"]["name"], result["notes"]) == ("created", "web", [])
    assert made["failures"] == []


def test_the_progress_names_what_is_built_and_tells_the_last_look_from_the_first(
    site: PlacementSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str]] = []

    def noted(_self: Progress, phase: str, total: int = 0, detail: str = "") -> None:
        assert total == 0
        said.append((phase, detail))

    monkeypatch.setattr(Progress, "enter", noted)
    site.run(**TWO, locations=["cloud1/r1"])
    assert list(dict.fromkeys(said)) == [
        ("surveying", ""), ("building", "web-1, web-2"), ("verifying", ""), ("done", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(("choice", "action"), [("fail", None), ("place", "created")])
def test_one_that_may_be_in_a_cell_that_is_down(site: PlacementSite, choice: str, action: str | None) -> None:
    """A list by name lacks it."""
    nova = site.region("r1").nova
    nova.servers.append(replace(site.region("r2").add_server("web"), cell="cell2", id="9a1e"))
    site.region("r2").nova.servers.clear()
    nova.down = {"cell2"}
    made = site.run(**ONE, place={"when_unknown": choice})
    assert rows(made)[0][0] == "unknown"
    assert [result["action"] for result in made["results"]] == ([action] if action else [])
    if not action:
        (failure,) = made["failures"]
        assert failure["error"] == "Nova cannot reach the cell of 1 server, and 'web' may be among them"


def test_found_again_by_one_list_each(site: PlacementSite) -> None:
    site.run(**TWO)
    site.clouds.counters.reset()
    again = site.run(**TWO)
    assert (again.ok, again["changed"]) == (True, False)
    assert (
        site.clouds.counters.requests(service="compute")
        == 3
        == site.clouds.counters.requests(cloud="cloud1", path="/v2.1/servers/detail")
    )


def test_what_exists_is_changed_where_it_is(site: PlacementSite) -> None:
    built(site, "r2", "web-1")
    run = site.run(**TWO, metadata={"role": "web"}, description="x", _ansible_diff=True)
    assert [(one["name"], one["location"]["region"], one["action"]) for one in run["results"]] == [
        ("web-2", "r1", "created"),
        ("web-1", "r2", "updated"),
    ]
    assert [diff["after_header"].partition(": ")[2] for diff in run["diff"]] == ["server 'web-2'", "server 'web-1'"]


def test_what_cannot_be_changed_fails_although_all_exist(site: PlacementSite) -> None:
    built(site, "r2", "web")
    run = site.run(**ONE, key_name="another")
    assert (run.ok, [failure["kind"] for failure in run["failures"]]) == (False, ["conflict"])
    assert site.counts() == [0, 1, 0]


@pytest.mark.parametrize("regions", [("r1", "r3"), ("r2", "r2")])
def test_two_of_a_name(site: PlacementSite, regions: tuple[str, str]) -> None:
    """Nothing is placed, for the same mistake might be made again."""
    for region in regions:
        site.region(region).add_server("web-1")
    run = site.run(**TWO)
    assert not run.ok
    assert sum(site.counts()) == 2
    assert {failure["kind"] for failure in run["failures"]} == {"conflict"}
    assert {failure["location"]["region"] for failure in run["failures"]} == set(regions)
    assert run["msg"].startswith("Not placed: web-2 (1 of 2 servers). ")
    assert "2 servers are named 'web-1': cloud1/r" in run["msg"]
    assert {row["location"]["region"] for row in run["placement"] if row["servers"] == ["web-1"]} == set(regions)


def test_two_machines_at_once(site: PlacementSite) -> None:
    """The other one has placed the server in another region, after this one has looked there."""

    def meanwhile(_server: Server) -> None:
        site.region("r2").add_server("web")

    site.region("r1").nova.builds.fails = meanwhile
    run = site.run(**ONE)
    assert (run.ok, site.counts()) == (False, [1, 1, 0])
    assert {(failure["location"]["region"], failure["kind"]) for failure in run["failures"]} == {
        ("r1", "conflict"),
        ("r2", "conflict"),
    }


def test_a_location_that_cannot_be_asked(site: PlacementSite) -> None:
    site.region("r2").fault("GET", "/servers/detail", Answer(403))
    failed = site.run(**TWO)
    assert (failed.ok, failed["results"], site.counts()) == (False, [], [0, 0, 0])
    assert [(failure["location"]["region"], failure["kind"]) for failure in failed["failures"]] == [("r2", "refused")]
    assert "when_unknown: place" in failed["failures"][0]["hint"]
    assert [row[0] for row in rows(failed)] == ["passed_over", "unknown", "passed_over"]
    placed = site.run(**TWO, place={"when_unknown": "place"})
    assert placed.ok, placed.result
    assert (site.counts(), [row[0] for row in rows(placed)]) == ([2, 0, 0], ["chosen", "unknown", "passed_over"])
    found = site.run(**TWO)
    assert (found.ok, found["changed"], found["failures"]) == (True, False, [])


def test_a_cloud_that_cannot_be_configured(site: PlacementSite, tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text(path.read_text() + "  broken: {auth: {auth_url: 'ftp://x'}}\n")
    failed = site.run(**TWO)
    assert (failed.ok, site.counts()) == (False, [0, 0, 0])
    assert [(failure["location"]["cloud"], failure["kind"]) for failure in failed["failures"]] == [("broken", "config")]
    assert "when_unknown: place" in failed["failures"][0]["hint"]
    placed = site.run(**TWO, place={"when_unknown": "place"})
    assert (placed.ok, rows(placed)[0][:3]) == (True, ("unknown", [], "config"))


def test_two_entries_for_one_project(site: PlacementSite, tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    entries = yaml.safe_load(path.read_text())["clouds"]
    path.write_text(yaml.safe_dump({"clouds": {**entries, "again": entries["cloud1"]}}))
    made, found = site.run(**TWO, locations=["cloud1", "again"]), site.run(**TWO, locations=["cloud1", "again"])
    assert (made.ok, found.ok, found["changed"]) == (True, True, False)
    assert {result["location"]["cloud"] for result in made["results"]} == {"cloud1"}
    assert {result["location"]["cloud"] for result in found["results"]} == {"again"}
    assert site.counts() == [2, 0, 0]


def test_what_exists_is_changed_although_another_location_cannot_be_asked(site: PlacementSite) -> None:
    built(site, "r1", "web-1")
    site.region("r2").fault("GET", "/servers/detail", Answer(403))
    run = site.run(**TWO, metadata={"role": "web"})
    assert (run.ok, [one["action"] for one in run["results"]]) == (False, ["updated"])
    assert run["msg"].startswith("Not placed: web-2 (1 of 2 servers). 1 of 3 Locations failed: cloud1/r2/demo: ")


def test_no_room(site: PlacementSite) -> None:
    """What fits is placed, and the failure has each Location's reason."""
    site.allow(r1=1, r2=0, r3=5)
    run = site.run(count=4, place={"per_location": 2})
    assert not run.ok
    assert site.counts() == [1, 0, 2]
    assert [(failure["kind"], failure["error"]) for failure in run["failures"]] == [
        ("quota", FULL),
        ("quota", "quota: instances 0 of 0 used"),
        ("quota", "place.per_location: it has 2 of 2 servers"),
    ]
    assert run["msg"].startswith("Not placed: web-4 (1 of 4 servers). 3 of 3 Locations failed: ")
    warned = site.run(count=4, place={"per_location": 3}, on_failure="warn")
    assert (warned.ok, warned["failures"], site.counts()) == (True, [], [1, 0, 3])


def test_warned_of(site: PlacementSite) -> None:
    site.allow(r1=1, r2=1)
    site.region("r3").fault("GET", "/servers/detail", Answer(403))
    run = site.run(count=3, place={"when_unknown": "place"}, on_failure="warn")
    assert (run.ok, len(run["failures"]), site.counts()) == (False, 3, [1, 1, 0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("state", "counts", "actions"),
    [
        ({"status": "ERROR", "launched": False, "fault": "No valid host was found. "}, [2, 0, 0], {"created"}),
        ({"status": "ACTIVE", "task_state": "deleting", "then": "DELETED"}, [2, 0, 0], {"created"}),
        ({"status": "BUILD", "then": "ACTIVE"}, [1, 1, 0], {"created", "unchanged"}),
    ],
    ids=["failed", "deleting", "building"],
)
def test_what_an_interrupted_run_left(
    site: PlacementSite, state: dict[str, Any], counts: list[int], actions: set[str]
) -> None:
    left = built(site, "r2", "web-1", **state)
    assert KEY in left.metadata
    run = site.run(**TWO)
    assert run.ok, run.result
    assert {one["action"] for one in run["results"]} == actions
    assert site.counts() == counts
    site.assert_complete(**TWO)


def test_what_an_interrupted_run_left_fails_after_all(site: PlacementSite) -> None:
    built(site, "r1", "web-1", status="BUILD", then="ACTIVE")
    site.region("r1").nova.builds.fails = lambda _server: "No valid host was found. "
    run = site.run(**TWO)
    assert run.ok, run.result
    assert (site.counts(), rows(run)[0][:3]) == ([0, 2, 0], ("refused", [], "server"))


def test_what_another_run_is_building_stays(site: PlacementSite) -> None:
    """That run may be on another machine, and wait for longer."""
    region = site.region("r1")
    built(site, "r1", "web-1", status="BUILD", launched=False, then=None)
    built(site, "r1", "web-2", status="ERROR", launched=False)
    run = site.run(**TWO, wait_timeout=10.0)
    assert [(failure["location"]["region"], failure["kind"]) for failure in run["failures"]] == [("r1", "timeout")]
    assert "wait_timeout" in run["failures"][0]["error"]
    assert "server 'web-1' is still in the status BUILD" in run["failures"][0]["error"]
    assert [(server.name, server.status) for server in region.nova.servers] == [("web-1", "BUILD")]
    assert run["msg"].startswith("Not placed: web-2 (1 of 2 servers). ")
    assert site.counts() == [1, 0, 0]


def test_what_an_interrupted_run_left_cannot_be_watched(site: PlacementSite) -> None:
    """It may fail after all."""
    built(site, "r2", "web", status="BUILD", then="ACTIVE")
    site.region("r2").fault("GET", "/servers/detail", Answer(403), first=2)
    run = site.run(**ONE)
    assert (run.ok, [failure["kind"] for failure in run["failures"]]) == (False, ["refused"])
    assert site.counts() == [0, 1, 0]


def test_what_was_planned_and_not_done_is_no_result(site: PlacementSite, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_arguments: object) -> None:
        raise ServerError("lost")

    built(site, "r2", "web")
    monkeypatch.setattr(candidate_module, "apply_step", lost)
    run = site.run(**ONE, metadata={"role": "web"})
    assert (run.ok, run["results"], [failure["error"] for failure in run["failures"]]) == (False, [], ["lost"])


def test_the_option_lists_the_order(site: PlacementSite) -> None:
    run = site.run(**ONE, locations=["cloud1/r3", "*"])
    assert site.where(run) == {"web": "r3"}
    assert [row["location"]["region"] for row in run["placement"]] == ["r1", "r2", "r3"]


def test_zones(site: PlacementSite) -> None:
    site.region("r1").nova.limits.zones = {"a": True, "b": False, "c": True}
    built(site, "r1", "web-2", zone="c")
    run = site.run(count=4, place={"zones": "spread"})
    assert run.ok, run.result
    zones = {one.name: one.zone for one in site.region("r1").nova.servers}
    assert zones == {"web-1": "a", "web-2": "c", "web-3": "a", "web-4": "c"}
    site.assert_complete(count=4, place={"zones": "spread"})


def test_check_mode_sends_nothing_that_changes(site: PlacementSite) -> None:
    site.allow(r1=1)
    built(site, "r1", "web-1", status="ERROR", launched=False)
    site.clouds.counters.reset()
    run = site.run(**TWO, place={"order": "spread"}, _ansible_check_mode=True)
    assert [(one["name"], one["action"], one["server"]) for one in run["results"]] == [
        ("web-1", "created", None),
        ("web-2", "created", None),
    ]
    assert all(
        site.clouds.counters.requests(service="compute", method=method) == 0 for method in ("POST", "DELETE", "PUT")
    )


def test_check_mode_without_the_image(site: PlacementSite) -> None:
    """An earlier task may be about to create it."""
    run = site.run(**ONE, image="new", _ansible_check_mode=True)
    assert run.ok, run.result
    (result,) = run["results"]
    assert result["notes"] == ["there is no image 'new' here: it has to be created first"]
    assert not site.run(**ONE, image="new").ok
