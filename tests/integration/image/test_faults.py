# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault by every scheme: one right image or nothing, and the next run on the healthy cloud ends right.

Each fault strikes one scheme, and both with FULL=1. FAULT_TABLE=PATH writes what happened as a page of Markdown,
docs/faults.md.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.image.lab import Lab, Proxy, Site, by_region
from tests.support.fake_openstack import Action, Answer, BlackHole, BreakAnswer, CorruptRequest, CutRequest, LoseAnswer
from tests.support.fault_matrix import RIGHT
from tests.support.sampling import sample

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("quick")]

CREATE = ("POST", r"/images$")
IMPORT = ("POST", r"/import$")
PUBLISH = ("PATCH", r"/images/[^/]+$")
DELETE = ("DELETE", r"/images/[^/]+$")
DATA = ("PUT", r"/(file|stage)$")
PUT, STAGED = "v2_put", "glance_direct"
SLOW_DOWN = {"Retry-After": "1"}
QUOTA = json.dumps({"message": "Quota exceeded for image_count_total", "code": "403 Forbidden", "title": "Forbidden"})


@dataclass(frozen=True)
class Case:
    """A fault, and how a run ends that meets it: RIGHT, or the kind of the failure."""

    name: str
    inject: Callable[[Proxy], object]
    end: str = RIGHT
    schemes: tuple[str, ...] = (PUT, STAGED)
    options: Mapping[str, Any] = field(default_factory=dict)


def strike(where: tuple[str, str], action: Action, times: int | None = 1) -> Callable[[Proxy], object]:
    return lambda proxy: proxy.fault(*where, action, times=times)


def halfway(status: int) -> Callable[[Proxy], object]:
    return lambda proxy: setattr(proxy, "halfway", status)


ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+|\(Request-ID: [^)]*\):? ?")
RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64,}")
BROKEN = re.compile(r"\[Errno \d+\] [A-Za-z ]+|Remote end closed connection without response")
"""How a connection ended depends on who noticed first."""
HEAD = """\
# Faults

How uploads end if a fault occurs, on real Glances behind a proxy that causes the fault: north and south of one
cloud, east of another. Afterwards there is one image with the right bytes, or nothing; the next run, without the fault,
ends with one right image. `active` means that the run ended with an active image; the note that the module returned
follows. This writes the page:
`FAULT_TABLE=docs/faults.md pytest tests/{integration/image/test_fault{s,_matrix},robustness/test_image_faults}.py`

Uploads that are killed (SIGKILL) at 20 random moments each, by every scheme, end with one right image and nothing else
in the next run: `KILLS=20 pytest -s tests/integration/image/test_kills.py tests/robustness/test_image_kills.py`.

| fault | scheme | where | how the run ends | what is there | the next run |
|---|---|---|---|---|---|
"""
HASTE: Mapping[str, Any] = {"stall_timeout": 0.7, "api_timeout": 0.7, "import_timeout": 1.0}

CASES = [
    Case("401 at 50 % of the body", halfway(401)),
    Case("401 always", strike(DATA, Answer(401), None), "auth"),
    Case("401 once to all else", strike(("*", r"/images/[^/]+(/import)?$"), Answer(401))),
    Case("503 at 50 % of the body", halfway(503)),
    Case("401 though the data was stored", strike(DATA, Answer(401, after="work"))),
    Case("502 though the data was stored", strike(DATA, Answer(502, after="work"))),
    Case("502 though the image was made", strike(CREATE, Answer(502, after="work"))),
    Case("503 always", strike(DATA, Answer(503), None), "server"),
    Case("429 with Retry-After, create", strike(CREATE, Answer(429, SLOW_DOWN))),
    Case("429 always", strike(DATA, Answer(429, SLOW_DOWN), None), "throttled"),
    Case("cut at 50 %, always", strike(DATA, CutRequest(0.5), None), "unreachable"),
    Case("answer lost, create", strike(CREATE, LoseAnswer())),
    Case("answer lost, import", strike(IMPORT, LoseAnswer()), schemes=(STAGED,)),
    Case("answer lost, publication", strike(PUBLISH, LoseAnswer()), options={"protected": True}),
    Case("answer broken, create", strike(CREATE, BreakAnswer())),
    Case("answer broken, publication", strike(PUBLISH, BreakAnswer()), options={"protected": True}),
    Case("publication refused", strike(PUBLISH, Answer(403)), "refused"),
    Case("one bit flipped", strike(DATA, CorruptRequest(0.5))),
    Case("one bit flipped, always", strike(DATA, CorruptRequest(0.5), None), "integrity"),
    Case("create never answers", strike(CREATE, BlackHole(), None), "timeout", options=HASTE),
    Case("import never answers", strike(IMPORT, BlackHole(), None), "timeout", (STAGED,), HASTE),
    Case("stuck in queued", strike(DATA, Answer(204, after="body"), None), "server", (PUT,)),
    Case("import without staged data", strike(DATA, Answer(204, after="body"), None), "conflict", (STAGED,)),
    Case("stuck before importing", strike(IMPORT, Answer(202), None), "timeout", (STAGED,), HASTE),
    Case("quota: 413, data", strike(DATA, Answer(413, after="body"), None), "quota"),
    Case("quota: 403, create", strike(CREATE, Answer(403, body=QUOTA.encode()), None), "quota"),
    Case("refused, data", strike(DATA, Answer(403, after="body"), None), "refused"),
]

REGIONS = {PUT: ("north", "south", "east"), STAGED: ("north",)}
RUNS = [
    pytest.param(case, scheme, REGIONS[scheme], id=f"{scheme}: {case.name}")
    for case, scheme in sample(CASES, (PUT, STAGED), lambda case, scheme: scheme in case.schemes)
]


@pytest.fixture(scope="module")
def table() -> Iterator[list[str]]:
    rows: list[str] = []
    yield rows
    if path := os.environ.get("FAULT_TABLE"):
        Path(path).write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")


@pytest.mark.parametrize(("case", "scheme", "regions"), RUNS)
def test_fault(
    lab: Lab, name: str, file: Path, table: list[str], case: Case, scheme: str, regions: tuple[str, ...]
) -> None:
    for region in regions:
        case.inject(lab.sites[region].proxy)
    options = {"name": name, "path": str(file), "scheme": scheme, **case.options}
    first = lab.run(*regions, **options)
    results, failures = by_region(first["results"]), by_region(first["failures"])
    if case.end == RIGHT:
        assert {region: results[region]["action"] for region in regions} == dict.fromkeys(regions, "created")
        ended = "; ".join(sorted({note for result in results.values() for note in result["notes"]})) or "no note"
    else:
        assert {region: failures[region]["kind"] for region in regions} == dict.fromkeys(regions, case.end)
        assert all(failure["hint"] for failure in failures.values())
        ended = "; ".join(sorted({failure["error"] for failure in failures.values()}))
    left = {region: lab.sites[region].images(name) for region in regions}
    for region in regions:
        assert [image["status"] for image in left[region]] == (["active"] if case.end == RIGHT else [])

    lab.heal()
    again = lab.run(*regions, **options)
    expected = "unchanged" if case.end == RIGHT else "created"
    assert [result["action"] for result in again["results"]] == [expected] * len(regions)
    for region in regions:
        assert_one_right_image(lab.sites[region], name, file)
    one = "one right image" if case.end == RIGHT else "nothing"
    said = f"{'active' if case.end == RIGHT else case.end}: {shortened(ended)}"
    table.append(f"| {case.name} | {scheme} | {', '.join(regions)} | {said} | {one} | {expected} |")


def shortened(text: str) -> str:
    """Fit for a cell of a table, and the same in every run."""
    text = BROKEN.sub("broken off", RANDOM.sub("...", ADDRESS.sub("", text)))
    text = "; ".join(dict.fromkeys(text.replace("|", "/").split("; ")))
    return text if len(text) <= 150 else f"{text[:147]}..."


def assert_one_right_image(site: Site, name: str, file: Path) -> None:
    (image,) = site.images(name)
    assert (image["name"], image["status"]) == (name, "active")
    assert not [key for key in image if key == "owner_specified.oaktree.upload"]
    assert site.sha512(image["id"]) == hashlib.sha512(file.read_bytes()).hexdigest()


def test_refused_put_falls_back_to_staging_and_says_so(lab: Lab, name: str, file: Path) -> None:
    for site in lab.sites.values():
        site.proxy.fault("PUT", r"/file$", Answer(403))
    ended = lab.run(name=name, path=str(file), relay="never")
    assert {region: failure["kind"] for region, failure in by_region(ended["failures"]).items()} == {"south": "refused"}
    for region, scheme in {"north": "glance_direct", "east": "web_download"}.items():
        result = by_region(ended["results"])[region]
        assert (result["action"], result["plan"]["scheme"], result["scheme"]) == ("created", PUT, scheme)
        assert f"v2_put failed, {scheme} instead" in result["notes"][0]
        assert_one_right_image(lab.sites[region], name, file)


def test_leftover_that_could_not_be_removed_goes_with_the_next_run(lab: Lab, name: str, file: Path) -> None:
    regions = tuple(lab.sites)
    for site in lab.sites.values():
        site.proxy.fault("PUT", r"/file$", CutRequest(0.5))
        site.proxy.fault("DELETE", r"/images/", Answer(403))
    with lab.start(*regions, name=name, path=str(file)) as process:
        ended = json.loads(process.communicate(timeout=60)[0])
    assert {failure["kind"] for failure in ended["failures"]} == {"unreachable"}
    for failure in ended["failures"]:
        assert "could not be removed" in failure["error"]
    for site in lab.sites.values():
        assert {image["name"] for image in site.images(name)} == {f"{name}.uploading"}
    lab.heal()
    again = lab.run(*regions, name=name, path=str(file))
    assert [result["action"] for result in again["results"]] == ["created"] * len(regions)
    assert all(result["plan"]["clear"] for result in again["results"])
    for site in lab.sites.values():
        assert_one_right_image(site, name, file)
