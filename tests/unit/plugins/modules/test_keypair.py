# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Key pairs: generated once, the same everywhere, and private keys that exist once."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_openstack import Answer, DistortAnswer, FakeOpenStack, LoseAnswer, Region
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

A, B = (f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "AB")


@pytest.fixture(autouse=True)
def clouds(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> FakeOpenStack:
    made = fake_openstack(clouds=2)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(made.clouds_yaml(tmp_path / "clouds.yaml")))
    return made


def run(*locations: str, **params: Any) -> ModuleRun:
    where = list(locations) or ["cloud1", "cloud2"]
    return run_module("keypair", locations=where, name="deploy", timeout=3000.0, **params)


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


def public_keys(done: ModuleRun) -> set[str]:
    return {result["keypair"]["public_key"] for result in done["results"]}


def test_it_is_generated_once_and_its_private_key_is_returned_once() -> None:
    assert actions(run(_ansible_check_mode=True)) == ["created", "created"]
    done = run()
    assert actions(done) == ["created", "created"]
    assert len(public_keys(done)) == 1
    private = [result["keypair"].get("private_key") for result in done["results"]]
    assert private[0].startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert private[1:] == [None]
    again = run()
    assert actions(again) == ["unchanged", "unchanged"]
    assert "PRIVATE KEY" not in again.printed
    assert actions(run(state="absent")) == ["deleted", "deleted"]
    assert actions(run(state="absent")) == ["unchanged", "unchanged"]


def test_a_file_has_the_private_key_and_says_later_what_the_key_is(tmp_path: Path) -> None:
    path = tmp_path / "deploy"
    done = run("cloud1", private_key_path=str(path))
    assert actions(done) == ["created"]
    assert "PRIVATE KEY" not in done.printed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    written = path.read_bytes()
    assert actions(run(private_key_path=str(path))) == ["unchanged", "created"]
    assert path.read_bytes() == written
    assert len(public_keys(run(private_key_path=str(path)))) == 1


def test_a_location_that_was_added_gets_the_key_of_the_others() -> None:
    assert actions(run("cloud1", public_key=f"{A} alice@example.org")) == ["created"]
    done = run()
    assert actions(done) == ["unchanged", "created"]
    assert {key.split()[1] for key in public_keys(done)} == {A.split()[1]}
    assert actions(run(public_key=f"{A} another comment\n")) == ["unchanged", "unchanged"]


def test_two_different_keys_are_a_conflict_unless_one_is_given() -> None:
    run("cloud1", public_key=A)
    run("cloud2", public_key=B)
    done = run()
    assert [failure["kind"] for failure in done["failures"]] == ["conflict", "conflict"]
    assert "is not the same everywhere" in done["failures"][0]["error"]
    assert [failure["kind"] for failure in run(public_key=A)["failures"]] == ["conflict"]
    assert actions(run(public_key=A, replace=True)) == ["unchanged", "replaced"]


def test_a_location_that_is_slow_may_have_the_key(clouds: FakeOpenStack) -> None:
    run("cloud1", public_key=A)
    clouds["cloud1"]["r1"].latency = 0.3
    done = run()
    assert actions(done) == ["unchanged", "created"]
    assert {key.split()[1] for key in public_keys(done)} == {A.split()[1]}


def test_a_location_that_fails_does_not_keep_others_from_a_new_key(clouds: FakeOpenStack) -> None:
    """If it has another one, the next run says so."""
    run("cloud1", public_key=A)
    fault = clouds["cloud1"]["r1"].fault("GET", "/os-keypairs", Answer(403))
    done = run()
    assert ([failure["kind"] for failure in done["failures"]], done["results"][0]["action"]) == (["refused"], "created")
    clouds["cloud1"]["r1"].lift(fault)
    assert [failure["kind"] for failure in run()["failures"]] == ["conflict", "conflict"]


def test_no_private_key_stays_that_nobody_has(clouds: FakeOpenStack, tmp_path: Path) -> None:
    clouds["cloud1"]["r1"].fault("POST", "/os-keypairs", Answer(403))
    clouds["cloud2"]["r1"].fault("GET", "/os-keypairs", Answer(500))  # never given one
    path = tmp_path / "deploy"
    assert run(private_key_path=str(path)).ok is False
    assert not path.exists()


def lose_creation(region: Region) -> None:
    """Lose the answer to the creation, and fail each look after it, of which there are three attempts."""
    lost, attempts = region.fault("POST", "/os-keypairs", LoseAnswer()), iter(range(3))

    def unless_lost(answer: Answer) -> Answer:
        return Answer(500) if lost.struck and next(attempts, None) is not None else answer

    region.fault("GET", "/os-keypairs", DistortAnswer(unless_lost))


def test_a_key_pair_whose_answer_was_lost_does_not_stay_either(clouds: FakeOpenStack, tmp_path: Path) -> None:
    """The next run would take its public key for everybody's."""
    regions = [clouds[cloud]["r1"] for cloud in ("cloud1", "cloud2")]
    for region in regions:
        lose_creation(region)
    assert run().ok is False
    assert [len(region.nova.resources.items["os-keypairs"]) for region in regions] == [0, 0]
    path = tmp_path / "deploy"
    for region in regions:
        region.clear_faults()
        lose_creation(region)
    assert run(private_key_path=str(path)).ok is False
    assert path.exists()
    for region in regions:
        region.clear_faults()
    assert actions(run(private_key_path=str(path))) == ["unchanged", "unchanged"]


def test_a_key_pair_whose_answer_was_lost_and_that_stays_is_reported(clouds: FakeOpenStack) -> None:
    region = clouds["cloud1"]["r1"]
    lose_creation(region)
    region.fault("DELETE", "/os-keypairs", Answer(403))
    (failure,) = run("cloud1")["failures"]
    assert "could not be removed" in failure["error"]
    assert "nobody has its private key, so delete it" in failure["error"]


def test_a_private_key_stays_whose_key_pair_was_created_without_an_answer(
    clouds: FakeOpenStack, tmp_path: Path
) -> None:
    """The next run would find a key pair whose private key nobody has."""
    nova, path = clouds["cloud1"]["r1"], tmp_path / "deploy"
    nova.fault("POST", "/os-keypairs", LoseAnswer(), times=1)
    assert run("cloud1")["results"][0]["keypair"]["private_key"]
    assert actions(run("cloud1", state="absent")) == ["deleted"]
    lost = nova.fault("POST", "/os-keypairs", LoseAnswer(), times=1)
    nova.fault("GET", "/os-keypairs", DistortAnswer(lambda answer: Answer(500) if lost.struck else answer))
    assert run("cloud1", private_key_path=str(path)).ok is False
    nova.clear_faults()
    assert path.exists()
    assert actions(run("cloud1", private_key_path=str(path))) == ["unchanged"]


@pytest.mark.parametrize(
    ("content", "said"), [("no key", "holds no private key"), (None, "cannot be read")], ids=["no key", "directory"]
)
def test_a_file_that_is_no_key(content: str | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "deploy"
    path.write_text(content) if content else path.mkdir()
    done = run(private_key_path=str(path))
    assert done["kind"] == "input"
    assert said in done["msg"]


def test_where_a_private_key_cannot_be_written_none_is_made(tmp_path: Path) -> None:
    done = run(private_key_path=str(tmp_path / "missing" / "deploy"))
    assert {failure["kind"] for failure in done["failures"]} == {"input"}
    assert actions(run(state="absent")) == ["unchanged", "unchanged"]


def test_a_certificate_is_not_generated() -> None:
    assert "Give it as public_key" in run(type="x509")["msg"]


def test_a_public_key_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(f"{A} me\n")
    assert actions(run(public_key_path=str(tmp_path / "key.pub"))) == ["created", "created"]
    assert actions(run(public_key=A)) == ["unchanged", "unchanged"]
    assert "public_key_path" in run(public_key_path=str(tmp_path / "none"))["msg"]
