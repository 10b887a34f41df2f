# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects in files: verified, resumed, private, put in place in one step, and nowhere else than they should be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from multidict import CIMultiDict

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import download
from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.download import Destination
from tests.support.fake_openstack import Answer, BreakAnswer
from tests.support.fake_openstack import swift_store as fake
from tests.support.run_module import ModuleRun
from tests.support.store_site import CONTAINER, DATA, NAME, StoreSite, actions, store_md5


@pytest.fixture
def out(tmp_path: Path) -> Path:
    made = tmp_path / "out"
    made.mkdir()
    return made


def fetch(store: StoreSite, dest: str, **options: object) -> ModuleRun:
    """Download from the first cloud."""
    return store.object(**{"state": "downloaded", "dest": dest, "locations": ["cloud1"], **options})


def damage(store: StoreSite, ending: str) -> None:
    """Have the store lose a bit of what ends so, without noticing."""
    for name, found in store.objects().items():
        if name.endswith(ending) and found.path:
            found.path.write_bytes(bytes([found.path.read_bytes()[0] ^ 1]) + found.path.read_bytes()[1:])


@pytest.mark.parametrize("plain", [True, False])
def test_what_is_there_is_not_fetched_again(store: StoreSite, out: Path, plain: bool) -> None:  # noqa: FBT001
    data = b"hello" if plain else DATA
    store.file.write_bytes(data)
    store.object()
    first = fetch(store, f"{out}/")
    assert actions(first) == ["created"]
    assert first["results"][0]["dest"] == str(out / "thing.txt")
    assert (out / "thing.txt").read_bytes() == data
    assert list(out.iterdir()) == [out / "thing.txt"]
    get = store.region.fault("GET", r"thing\.txt$", Answer(500))
    assert actions(fetch(store, f"{out}/")) == ["unchanged"]
    assert get.struck == 0
    store.region.clear_faults()
    (out / "thing.txt").write_bytes(data[::-1])
    assert actions(fetch(store, f"{out}/")) == ["replaced"]
    assert (out / "thing.txt").read_bytes() == data


def test_one_file_for_each_location(store: StoreSite, out: Path) -> None:
    store.object()
    several = store.object(state="downloaded", dest=f"{out}/file")
    assert (several.ok, several["kind"]) == (False, "input")
    assert "2 Locations are selected" in several["msg"]
    planned = store.object(state="downloaded", dest=f"{out}/{{location}}/file", _ansible_check_mode=True)
    assert list(out.iterdir()) == []
    done = store.object(state="downloaded", dest=f"{out}/{{location}}/file")
    files = [result["dest"] for result in done["results"]]
    assert files == [result["dest"] for result in planned["results"]]
    assert files == [f"{out}/{result['location']['name']}/file" for result in done["results"]]
    assert [Path(file).read_bytes() for file in files] == [DATA, DATA]
    assert actions(store.object(state="downloaded", dest=f"{out}/{{location}}/file")) == ["unchanged", "unchanged"]


def test_a_broken_download_is_resumed_within_a_run(store: StoreSite, out: Path) -> None:
    store.object()
    store.region.fault("GET", r"thing\.txt$", BreakAnswer(0.5, cut=True), times=1)
    assert actions(fetch(store, f"{out}/file")) == ["created"]
    assert (out / "file").read_bytes() == DATA


def test_a_download_that_failed_is_resumed_by_the_next_run(store: StoreSite, out: Path) -> None:
    store.object()
    (out / "file").write_text("before")
    store.region.fault("GET", r"thing\.txt$", BreakAnswer(0.5, cut=True), times=1)
    store.region.fault("GET", r"thing\.txt$", Answer(500))
    (failure,) = fetch(store, f"{out}/file")["failures"]
    assert (out / "file").read_text() == "before"
    (partial,) = (path for path in out.iterdir() if path.name.endswith(".part"))
    assert f"{partial.stat().st_size} of {len(DATA)} bytes are kept in {partial}" in failure["error"]
    assert partial.stat().st_mode & 0o777 == 0o600
    assert DATA.startswith(partial.read_bytes())
    store.region.clear_faults()
    damage(store, "00000000")  # which is not to be fetched again
    assert actions(fetch(store, f"{out}/file")) == ["replaced"]
    assert (out / "file").read_bytes() == DATA
    assert list(out.iterdir()) == [out / "file"]


def test_a_file_that_is_complete_keeps_no_partial_one(store: StoreSite, out: Path) -> None:
    store.object()
    store.region.fault("GET", r"thing\.txt$", BreakAnswer(0.5, cut=True), times=1)
    store.region.fault("GET", r"thing\.txt$", Answer(500))
    assert fetch(store, f"{out}/file")["failures"]
    (out / "file").write_bytes(DATA)
    assert len(list(out.iterdir())) == 2
    assert actions(fetch(store, f"{out}/file", _ansible_check_mode=True)) == ["unchanged"]
    assert len(list(out.iterdir())) == 2
    assert actions(fetch(store, f"{out}/file")) == ["unchanged"]
    assert list(out.iterdir()) == [out / "file"]


def test_damaged_data_is_fetched_once_more_and_never_put_in_place(store: StoreSite, out: Path) -> None:
    store.object(content="hello")
    damage(store, NAME)
    (failure,) = fetch(store, f"{out}/file")["failures"]
    assert failure["kind"] == "integrity"
    assert list(out.iterdir()) == []


def test_an_object_that_changes_meanwhile_is_no_mixture(store: StoreSite, out: Path) -> None:
    store.object()
    store.region.fault("GET", r"thing\.txt$", BreakAnswer(0.5, cut=True), times=1)
    changed = store.region.fault("GET", r"thing\.txt$", Answer(206, {"Etag": "another"}))
    (failure,) = fetch(store, f"{out}/file")["failures"]
    assert (failure["kind"], changed.struck) == ("conflict", 1)
    assert failure["error"] == "the object c/folder/thing.txt changed while it was downloaded"
    assert list(out.iterdir()) == []


def test_only_the_object_that_was_found_is_fetched(
    store: StoreSite, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another has written meanwhile is not kept."""
    store.object(content="hello")
    made = download.Destination.prepared

    def replaced(destination: Destination) -> Path:
        store.put(NAME, b"other")
        return made(destination)

    monkeypatch.setattr(download.Destination, "prepared", replaced)
    (failure,) = fetch(store, f"{out}/file")["failures"]
    assert failure["kind"] == "conflict"
    assert list(out.iterdir()) == []


def test_content_of_which_nothing_is_known_is_fetched_each_time_and_says_so(store: StoreSite, out: Path) -> None:
    """As of an object that was uploaded in parts by the S3 API of the same store."""
    store.run("container", name=CONTAINER)
    store.put(NAME, DATA)
    store.objects()[NAME].etag = f"{store_md5(DATA)}-5"
    for _time in range(2):
        done = fetch(store, f"{out}/file")
        assert done["results"][0]["notes"] == ["the store reports no digest of the content: only its size is verified"]
        assert actions(done)[0] != "unchanged"
    store.objects()[NAME].headers["X-Object-Meta-X-Sdk-Md5"] = store_md5(DATA)
    assert actions(fetch(store, f"{out}/file")) == ["unchanged"]
    store.objects()[NAME].headers["X-Object-Meta-X-Sdk-Md5"] = store_md5(b"else")
    assert [failure["kind"] for failure in fetch(store, f"{out}/file")["failures"]] == ["integrity"]


def test_an_empty_object(store: StoreSite, out: Path) -> None:
    store.object(content="")
    assert actions(fetch(store, f"{out}/file")) == ["created"]
    assert (out / "file").read_bytes() == b""
    assert actions(fetch(store, f"{out}/file")) == ["unchanged"]


def test_a_dynamic_large_object_is_verified_by_its_segments(store: StoreSite, out: Path) -> None:
    store.run("container", name=CONTAINER)
    for number in range(2):
        store.put(f"parts/{number}", DATA[number * 2300 : (number + 1) * 2300])
    headers = CIMultiDict({"X-Object-Manifest": f"{CONTAINER}/parts/"})
    store.objects()[NAME] = fake.Object(NAME, len(DATA), "e" * 32, headers)
    (out / "file").write_bytes(DATA)
    assert actions(fetch(store, f"{out}/file")) == ["unchanged"]


def test_what_is_not_there(store: StoreSite, out: Path) -> None:
    (failure,) = fetch(store, f"{out}/file")["failures"]
    assert failure["kind"] == "refused"
    store.object(content="x")
    for dest, message in ((f"{out}/nowhere/file", "no directory"), (f"{out}/nowhere/{{location}}", "no directory")):
        (failure,) = fetch(store, dest)["failures"]
        assert (failure["kind"], message in failure["error"]) == ("input", True)
    (out / "link").symlink_to(os.devnull)
    (failure,) = fetch(store, f"{out}/link")["failures"]
    assert "is not a file" in failure["error"]


@pytest.mark.parametrize("location", ["../north", "a/../../b", "./x"])
def test_no_name_of_a_location_leads_elsewhere(location: str) -> None:
    with pytest.raises(InputError, match="cannot be part of a path"):
        Destination("out/{location}/", location, "o")


def test_the_name_of_an_object_is_one_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    dest = f"{tmp_path}/out/"
    assert Destination(dest, "a/b", "x/y\0z").prepared() == tmp_path / "out" / "y_z"
    assert len(Destination(dest, "a/b", "x" * 900).prepared().name) <= 255
    with pytest.raises(InputError, match="ends with a slash"):
        Destination(dest, "a/b", "folder/").prepared()
    (tmp_path / "out" / "leaving").symlink_to("../elsewhere")
    with pytest.raises(InputError, match="is a link to a file in another directory"):
        Destination(dest, "a/b", "leaving").prepared()


def test_directories_are_made_below_what_the_user_has(tmp_path: Path) -> None:
    for dest in ("{location}/", "x-{location}.dump", "{location}"):
        assert str(tmp_path) in str(Destination(f"{tmp_path}/{dest}", "a/b", "o").prepared())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "x-a"]
