# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image module on the real Glances of the local clouds: what users do, and how runs end that somebody ends."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import CHUNK
from tests.integration.image.lab import REGIONS, Lab, Site, by_region
from tests.support.fake_openstack import Answer, BlackHole
from tests.support.run_module import interrupt
from tests.support.wait import until

pytestmark = pytest.mark.clouds

MIB = 1 << 20


def actions(output: dict[str, Any]) -> list[str]:
    assert output["failures"] == []
    return [result["action"] for result in output["results"]]


def assert_one_right_image(lab: Lab, name: str, file: Path, **fields: Any) -> None:
    expected = {"name": name, "status": "active", **fields}
    for site in lab.sites.values():
        (image,) = site.images(name)
        image["tags"] = sorted(image["tags"])
        assert {key: image.get(key) for key in expected} == expected
        if image["status"] == "active":
            assert site.sha512(image["id"]) == hashlib.sha512(file.read_bytes()).hexdigest()


def writes(lab: Lab) -> int:
    return sum(site.writes() for site in lab.sites.values())


@contextmanager
def only_reads(lab: Lab) -> Iterator[None]:
    lab.heal()
    yield
    assert writes(lab) == 0


def test_the_life_of_an_image(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    first: dict[str, Any] = {
        "name": name,
        "path": str(file),
        "properties": {"hw_disk_bus": "virtio", "empty": "", "odd/key~": "1"},
        "tags": ["b", "a"],
        "min_disk": 1,
        "protected": True,
    }
    three = len(REGIONS)
    with only_reads(lab):
        planned = lab.run(**first, _ansible_check_mode=True)
        assert (actions(planned), planned["changed"]) == (["created"] * three, True)
        assert [result["image"] for result in planned["results"]] == [None] * three
    created = lab.run(**first)
    assert (actions(created), created["changed"]) == (["created"] * three, True)
    assert_one_right_image(lab, name, file, tags=["a", "b"], min_disk=1, protected=True, empty="", **{"odd/key~": "1"})
    with only_reads(lab):
        again = lab.run(**first)
        assert (actions(again), again["changed"]) == (["unchanged"] * three, False)
        assert again["results"][0]["image"] == created["results"][0]["image"]

    changed = {**first, "properties": {"hw_disk_bus": "scsi", "empty": None}, "tags": [], "min_ram": 64}
    with only_reads(lab):
        shown = lab.run(**changed, _ansible_check_mode=True, _ansible_diff=True)
        assert actions(shown) == ["updated"] * three
        assert '"hw_disk_bus": "virtio"' in shown["diff"][0]["before"]
        assert '"hw_disk_bus": "scsi"' in shown["diff"][0]["after"]
        assert [diff["before_header"] for diff in shown["diff"]] == [
            f"{place}: image {name!r}" for place in ("alpha/north/demo", "alpha/south/demo", "beta/east/demo")
        ]
    assert actions(lab.run(**changed)) == ["updated"] * three
    assert_one_right_image(lab, name, file, tags=[], min_ram=64, hw_disk_bus="scsi", empty=None, **{"odd/key~": "1"})

    replacing = {**changed, "path": str(other_file), "protected": False}
    with only_reads(lab):
        assert actions(lab.run(**replacing, _ansible_check_mode=True, _ansible_diff=True)) == ["replaced"] * three
    refused = lab.run(**{**replacing, "protected": None})
    assert {failure["kind"] for failure in refused["failures"]} == {"conflict"}
    assert actions(lab.run(**replacing)) == ["replaced"] * three
    assert_one_right_image(lab, name, other_file, protected=False)

    asleep = {"name": name, "state": "inactive", "hidden": True}
    assert actions(lab.run(**asleep)) == ["updated"] * three
    assert actions(lab.run(**asleep)) == ["unchanged"] * three
    assert_one_right_image(lab, name, other_file, status="deactivated", os_hidden=True)

    with only_reads(lab):
        assert actions(lab.run(name=name, state="absent", _ansible_check_mode=True)) == ["deleted"] * three
    assert actions(lab.run(name=name, state="absent")) == ["deleted"] * three
    with only_reads(lab):
        assert actions(lab.run(name=name, state="absent")) == ["unchanged"] * three
    assert not [image for site in lab.sites.values() for image in site.images(name)]


@pytest.mark.parametrize("odd", ['a,b "c" in:x', "back\\slash", "ümlaut 漢字", "100%&x=1", " blank ", "x" * 220])
def test_odd_names_are_found_again(lab: Lab, name: str, file: Path, odd: str) -> None:
    odd = f"{name}{odd}"
    for action in ("created", "unchanged"):
        assert actions(lab.run("north", "east", name=odd, path=str(file))) == [action] * 2
    assert actions(lab.run("north", "east", name=odd, state="absent")) == ["deleted"] * 2


def test_the_users_own_image_with_the_name_of_an_upload_is_not_touched(lab: Lab, name: str, file: Path) -> None:
    assert actions(lab.run("south", name=f"{name}.uploading", path=str(file))) == ["created"]
    assert actions(lab.run("south", name=name, path=str(file))) == ["created"]
    assert actions(lab.run("south", name=name, state="absent")) == ["deleted"]
    assert [image["name"] for image in lab.sites["south"].images(name)] == [f"{name}.uploading"]


def test_costs(lab: Lab, name: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(file, (0, 0))  # digests of a file that was written just now are not remembered
    read, plain = [], Path.open

    class Counted(io.FileIO):
        def readinto(self, buffer: Any) -> int:
            count = super().readinto(buffer) or 0
            read.append(count)
            return count

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(-1 if size is None else size) or b""
            read.append(len(data))
            return data

    def counted(path: Path, mode: str = "r", buffering: int = -1, **kwargs: Any) -> Any:
        if path != file:
            return plain(path, mode, buffering, **kwargs)
        raw = Counted(path)
        return raw if buffering == 0 else io.BufferedReader(raw)

    monkeypatch.setattr(Path, "open", counted)
    size = file.stat().st_size
    lab.run(name=name, path=str(file), relay="never")
    heads = sum(read) - (1 + len(REGIONS)) * size  # read once to hash it, and for each upload
    assert 0 <= heads - CHUNK < 64 << 10, "and its beginning, for its format"
    for site in lab.sites.values():
        assert site.proxy.counters.requests(method="PUT") == 1
        assert file.stat().st_size <= site.proxy.counters.bytes_received < file.stat().st_size + 4096
    lab.heal()
    read.clear()
    assert actions(lab.run(name=name, path=str(file))) == ["unchanged"] * len(REGIONS)
    assert read == []
    for site in lab.sites.values():
        assert site.proxy.counters.requests() == site.proxy.counters.requests(method="GET", path="/v2/images") == 2
        assert site.proxy.counters.bytes_received == 0


def test_replacement_never_leaves_users_without_the_image(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    lab.run(name=name, path=str(file))
    old = {region: site.active(name) for region, site in lab.sites.items()}
    seen: dict[str, list[list[str]]] = {region: [] for region in lab.sites}
    done = threading.Event()

    def watch(site: Site) -> None:
        while not done.is_set():
            seen[site.region].append(site.active(name))
            done.wait(0.02)

    watchers = [threading.Thread(target=watch, args=(site,)) for site in lab.sites.values()]
    for watcher in watchers:
        watcher.start()
    try:
        replaced = by_region(lab.run(name=name, path=str(other_file))["results"])
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()
    for region, site in lab.sites.items():
        assert min(len(ids) for ids in seen[region]) >= 1
        assert seen[region][0] == old[region]
        assert site.active(name) == [replaced[region]["image"]["id"]] != old[region]
    assert_one_right_image(lab, name, other_file)


def test_replaced_image_in_use_is_renamed_and_hidden(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    site = lab.sites["north"]
    lab.run("north", name=name, path=str(file))
    (old,) = site.active(name)
    site.proxy.fault("DELETE", rf"/images/{old}$", Answer(409))
    (result,) = lab.run("north", name=name, path=str(other_file))["results"]
    assert result["action"] == "replaced"
    assert [old in note for note in result["notes"]] == [True]
    assert site.active(name) == [result["image"]["id"]]
    kept = next(image for image in site.images(name) if image["id"] == old)
    assert (kept["name"], kept["os_hidden"]) == (f"{name}.replaced-{old[:8]}", True)
    lab.heal()
    assert actions(lab.run("north", name=name, path=str(other_file))) == ["unchanged"]


def test_run_killed_before_the_old_image_is_gone_is_taken_up(lab: Lab, name: str, file: Path, other_file: Path) -> None:
    lab.run(name=name, path=str(file))
    for site in lab.sites.values():
        site.proxy.fault("DELETE", r"/images/", BlackHole())
    with lab.start(*REGIONS, name=name, path=str(other_file)) as process:
        until(lambda: all(len(site.active(name)) == 2 for site in lab.sites.values()))
        process.kill()
    lab.heal()
    assert actions(lab.run(name=name, path=str(other_file))) == ["updated"] * len(REGIONS)
    assert_one_right_image(lab, name, other_file)
    assert actions(lab.run(name=name, path=str(other_file))) == ["unchanged"] * len(REGIONS)


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than fits into the sockets, so that an upload that is taken slowly is sent slowly."""
    path = tmp_path_factory.mktemp("files") / "large.raw"
    path.write_bytes(os.urandom(MIB) * 24)
    return path


def under_way(lab: Lab, name: str, regions: Sequence[str] = tuple(REGIONS)) -> bool:
    """Whether the image's data flows in all the regions."""
    sites = [lab.sites[region] for region in regions]
    records = [[image["status"] for image in site.images(name)] for site in sites]
    flows = all(site.proxy.counters.bytes_received > MIB for site in sites)
    return flows and all(statuses in (["saving"], ["uploading"]) for statuses in records)


@pytest.mark.parametrize(
    ("number", "relay", "sending"),
    [
        (signal.SIGTERM, "never", tuple(REGIONS)),
        (signal.SIGINT, "never", tuple(REGIONS)),
        (signal.SIGHUP, "auto", ("south", "east")),  # and north waits for south
    ],
)
def test_interrupted_upload_ends_at_once_and_leaves_nothing(
    lab: Lab, name: str, large_file: Path, number: signal.Signals, relay: str, sending: tuple[str, ...]
) -> None:
    for site in lab.sites.values():
        site.proxy.pace = 0.2
    with lab.start(*REGIONS, name=name, path=str(large_file), relay=relay) as process:
        until(lambda: under_way(lab, name, sending))
        assert interrupt(process, number).startswith("Interrupted.")
    assert [image["name"] for site in lab.sites.values() for image in site.images(name)] == []


@pytest.mark.parametrize("scheme", ["v2_put", "glance_direct"])
def test_killed_upload_is_cleared_away_by_the_next_run(lab: Lab, name: str, large_file: Path, scheme: str) -> None:
    regions = tuple(REGIONS) if scheme == "v2_put" else ("north",)
    for region in regions:
        lab.sites[region].proxy.pace = 0.2
    options = {"name": name, "path": str(large_file), "scheme": scheme}
    with lab.start(*regions, **options) as process:
        until(lambda: under_way(lab, name, regions))
        busy = lab.run(*regions, **options)
        assert [failure["kind"] for failure in busy["failures"]] == ["conflict"] * len(regions)
        process.kill()
    lab.heal()
    assert actions(lab.run(*regions, **options)) == ["created"] * len(regions)
    for region in regions:
        (image,) = lab.sites[region].images(name)
        assert (image["name"], image["size"]) == (name, large_file.stat().st_size)
    assert actions(lab.run(*regions, **options)) == ["unchanged"] * len(regions)


def test_no_secret_shows_however_much_is_asked(lab: Lab, name: str, file: Path, tmp_path: Path) -> None:
    lab.sites["south"].proxy.fault("PUT", r"/file$", Answer(401))
    lab.sites["east"].proxy.fault("POST", r"/images$", Answer(500))
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"oaktree.multicloud.image": None}]}]
    play[0]["tasks"] = [{"oaktree.multicloud.image": lab.options(tuple(REGIONS), {"name": name, "path": str(file)})}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvvv", "--diff", str(tmp_path / "play.yml")]
    env = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    output = done.stdout + done.stderr
    assert "2 of 3 Locations failed" in output
    assert not [secret for secret in lab.secrets if secret in output]
    assert not re.search(r"gAAAA[\w-]{20}", output)
