# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault on every way: the export is there, right to the byte, or nothing of it but a partial file.

EXPORT_FAULT_TABLE=PATH writes what happened as a Markdown table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export import to_object
from tests.integration.image_export.lab import MIB, ExportLab, Site, files
from tests.support.fake_openstack import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    LoseAnswer,
    TrickleAnswer,
)

pytestmark = pytest.mark.clouds

RIGHT = "right"
GET = ("GET", "/file$")
PUT = ("PUT", r"/image(\.segments/.*)?$")
MANIFEST = ("PUT", "multipart-manifest=put")
FINISH = ("POST", "/image$")
HASTE: Mapping[str, Any] = {"stall_timeout": 0.7, "api_timeout": 0.7}
Strike = Callable[[Site], object]


@dataclass(frozen=True)
class Case:
    """A fault, and how a run ends that meets it: RIGHT, or the kind of the failure; where it can strike."""

    name: str
    strike: Strike
    end: str = RIGHT
    ways: tuple[str, ...] = ("path", "object", "segments")
    options: Mapping[str, Any] = field(default_factory=dict)


def glance(action: Action, times: int | None = 1) -> Strike:
    return lambda site: site.glance.fault(*GET, action, times=times)


def swift(where: tuple[str, str], action: Action, times: int | None = 1) -> Strike:
    return lambda site: site.swift.fault(*where, action, times=times)


def turn(knob: str, value: object) -> Strike:
    return lambda site: setattr(site.glance, knob, value)


def stored(name: str, action: Action, times: int | None = 1, end: str = RIGHT, **options: Any) -> Case:
    return Case(name, swift(PUT, action, times), end, ("object", "segments"), options)


CASES = [
    Case("data: 401 once", glance(Answer(401))),
    Case("data: 401 always", glance(Answer(401), None), "auth"),
    Case("data: 503 once", glance(Answer(503))),
    Case("data: 503 always", glance(Answer(503), None), "server"),
    Case("data: 429 with Retry-After", glance(Answer(429, {"Retry-After": "1"}))),
    Case("data: 413 with Retry-After", glance(Answer(413, {"Retry-After": "0"}))),
    Case("data: 403", glance(Answer(403), None), "refused"),
    Case("data: cut at 50 %", glance(BreakAnswer(0.5, cut=True))),
    Case("data: cut at 50 %, again and again", glance(BreakAnswer(0.5, cut=True), 5)),
    Case("data: cut at the start, always", glance(BreakAnswer(0.0, cut=True), None), "unreachable"),
    Case("data: half, as if it were all", glance(BreakAnswer(0.5))),
    Case("data: answer lost", glance(LoseAnswer())),
    Case("data: one bit flipped", turn("corrupt", 1)),
    Case("data: one bit flipped, always", turn("corrupt", 99), "integrity"),
    Case("data: stalls in the middle", turn("stalls", 1), options=HASTE),
    Case("data: stalls, always", turn("stalls", 99), "timeout", options={**HASTE, "transfer_timeout": 2.5}),
    Case("data: never answers", glance(BlackHole(), None), "timeout", options=HASTE),
    Case("data: trickles", glance(TrickleAnswer(20_000), None), "timeout", options={"transfer_timeout": 1.5}),
    stored("object: 401 once", Answer(401)),
    stored("object: 401 always", Answer(401), None, "auth"),
    stored("object: 503 once", Answer(503)),
    stored("object: 503 though it was stored", Answer(503, after="work")),
    stored("object: 503 always", Answer(503), None, "server"),
    stored("object: 429 with Retry-After", Answer(429, {"Retry-After": "0"}, after="body")),
    stored("object: 403", Answer(403), None, "refused"),
    stored("object: quota, 413", Answer(413), None, "quota"),
    stored("object: cut at 50 %", CutRequest(0.5)),
    stored("object: cut at 50 %, always", CutRequest(0.5), None, "unreachable"),
    stored("object: answer lost", LoseAnswer()),
    stored("object: one bit flipped", CorruptRequest(0.5)),
    stored("object: one bit flipped, always", CorruptRequest(0.5), None, "integrity"),
    stored("object: never answers", BlackHole(), None, "timeout", **HASTE),
    Case("manifest: 503 once", swift(MANIFEST, Answer(503)), ways=("segments",)),
    Case("manifest: answer lost", swift(MANIFEST, LoseAnswer()), ways=("segments",)),
    Case("manifest: broken JSON", swift(MANIFEST, BreakAnswer(0.5)), ways=("segments",)),
    Case("manifest: 403", swift(MANIFEST, Answer(403), None), "refused", ("segments",)),
    Case("end: 503 once", swift(FINISH, Answer(503)), ways=("object", "segments")),
    Case("end: 403", swift(FINISH, Answer(403), None), "refused", ("object", "segments")),
]


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    if path := os.environ.get("EXPORT_FAULT_TABLE"):
        head = ["| fault | way | the run | left | the next run |", "|---|---|---|---|---|"]
        Path(path).write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("case", "way"), [pytest.param(case, way, id=f"{way}: {case.name}") for case in CASES for way in case.ways]
)
def test_fault(  # noqa: PLR0913, PLR0917 - pytest gives them by name
    lab: ExportLab,
    name: str,
    data: bytes,
    out: Path,
    container: str,
    monkeypatch: pytest.MonkeyPatch,
    table: list[str],
    case: Case,
    way: str,
) -> None:
    north = lab.sites["north"]
    if way == "segments":
        monkeypatch.setattr(to_object, "part_size", lambda _size, _limits: MIB)
    to = {"path": f"{out}/image"} if way == "path" else {"container": container, "object": "image"}
    case.strike(north)
    ended = lab.run(image=name, **to, **case.options)
    if case.end == RIGHT:
        assert [result["action"] for result in ended["results"]] == ["created"], ended["failures"]
        said = "right" + "".join(f"; {note}" for result in ended["results"] for note in result["notes"])
    else:
        (failure,) = ended["failures"]
        assert failure["kind"] == case.end, failure
        assert failure["hint"]
        said = f"{case.end}: {failure['error']}"
    left = what_is_left(north, out, container, way)
    if case.end != RIGHT:
        assert left in ([], None) or (way == "path" and [one[-5:] for one in left] == [".part"])
        assert (way == "path") == (left is not None)
    lab.heal()
    again = lab.done(image=name, **to)
    assert again["action"] == ("unchanged" if case.end == RIGHT else "created")
    assert (out / "image").read_bytes() == data if way == "path" else north.content(container, "image") == data
    expected = {"path": 1, "object": 1, "segments": 5}[way]
    assert len(what_is_left(north, out, container, way) or ()) == expected
    remains = "the export" if case.end == RIGHT else ("the partial file" if left else "nothing")
    table.append(f"| {case.name} | {way} | {said[:150].replace('|', '/')} | {remains} | {again['action']} |")


def what_is_left(site: Site, out: Path, container: str, way: str) -> list[str] | None:
    return files(out) if way == "path" else site.objects(container)
