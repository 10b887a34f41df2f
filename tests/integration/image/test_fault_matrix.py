# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same faults for every scheme: one right image or nothing, and the next run on the healthy cloud ends right.

Each fault strikes one scheme, and each scheme meets some; with FULL=1 each fault strikes all schemes.
FAULT_TABLE=PATH adds what happened to the page of Markdown that test_faults writes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.integration.image.lab import Lab, Proxy, by_region
from tests.integration.image.test_faults import CREATE, DELETE, IMPORT, QUOTA, SLOW_DOWN
from tests.integration.image.web import WebServer
from tests.support.fake_openstack import Answer, BlackHole, BreakAnswer, CorruptRequest, CutRequest, LoseAnswer
from tests.support.fault_matrix import RIGHT, Cells, check_end, write_fault_page
from tests.support.sampling import sample

pytestmark = [pytest.mark.clouds, pytest.mark.usefixtures("quick")]

FILE, STAGE = ("PUT", r"/file$"), ("PUT", r"/stage$")
SHOW = ("GET", r"/images/[0-9a-f-]{36}$")
HASTE: Mapping[str, Any] = {"stall_timeout": 0.7, "api_timeout": 0.7, "import_timeout": 20}


@dataclass(frozen=True)
class Bench:
    """A scheme at work in one region: where faults strike."""

    scheme: str
    region: str
    strikes: tuple[str, str]
    """The request that brings the data, or has the cloud fetch them."""
    before: tuple[str, ...] = ()
    """Regions that serve the image."""
    options: Mapping[str, Any] = field(default_factory=dict)


BENCHES = [
    Bench("v2_put", "north", FILE),
    Bench("glance_direct", "north", STAGE),
    Bench("web_download", "east", IMPORT),
    Bench("glance_download", "north", IMPORT, ("south",)),
    Bench("copy_image", "north", IMPORT, options={"all_stores": True}),
]
BY_SCHEME = {bench.scheme: bench for bench in BENCHES}

Inject = Callable[[Proxy, Bench, WebServer], object]


def once(action: Any) -> Inject:
    return lambda proxy, bench, _web: proxy.fault(*bench.strikes, action, times=1)


def always(action: Any) -> Inject:
    return lambda proxy, bench, _web: proxy.fault(*bench.strikes, action)


def cut(proxy: Proxy, bench: Bench, web: WebServer) -> None:
    """On the way of the data where it passes the proxy or the web server, else on that of the request."""
    if bench.scheme == "web_download":
        web.published.cut = 1
    else:
        proxy.fault(*bench.strikes, CutRequest(0.5), times=1)


def cut_and_stuck(proxy: Proxy, bench: Bench, web: WebServer) -> None:
    cut(proxy, bench, web)
    proxy.fault(*DELETE, Answer(500), times=2)


def broken_json(proxy: Proxy, bench: Bench, _web: WebServer) -> None:
    proxy.fault(*(SHOW if bench.scheme == "copy_image" else CREATE), BreakAnswer(), times=1)


def corrupt(proxy: Proxy, bench: Bench, web: WebServer) -> None:
    """Wrong bytes are stored; of a region's copy only the digest that the cloud tells is made wrong."""
    if bench.scheme == "web_download":
        web.published.spoil = 9
    elif bench.scheme == "glance_download":
        proxy.pretend = lambda answer: {**answer, **({"os_hash_value": "0" * 128} if answer.get("checksum") else {})}
    else:
        proxy.fault(*bench.strikes, CorruptRequest(0.5))


def stuck_queued(proxy: Proxy, bench: Bench, _web: WebServer) -> None:
    """The cloud says yes, and does nothing."""
    proxy.fault(*bench.strikes, Answer(202 if bench.strikes == IMPORT else 204, after="body"))


def stuck_importing(proxy: Proxy, bench: Bench, _web: WebServer) -> None:
    """The image shows the same status for ever."""
    frozen: dict[str, Any] = {"updated_at": "2026-01-01T00:00:00Z", "os_glance_import_task": "1"}
    if bench.scheme == "copy_image":
        frozen |= {"stores": "fast", "os_glance_importing_to_stores": "slow"}
    else:
        frozen |= {"status": "saving" if bench.scheme == "v2_put" else "importing"}
    proxy.pretend = lambda answer: {"tasks": []} if "tasks" in answer else {**answer, **frozen}


@dataclass(frozen=True)
class Fault:
    """What happens, and how the run ends: the same for all schemes but for those named."""

    name: str
    inject: Inject
    end: str = RIGHT
    ends: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    none: Mapping[str, str] = field(default_factory=dict)
    """Schemes that cannot meet the fault, and why."""


FAULTS = [
    Fault("401 on the body", once(Answer(401))),
    Fault("401 at its end", once(Answer(401, after="body"))),
    Fault("one 503", once(Answer(503))),
    Fault("429 with Retry-After", once(Answer(429, SLOW_DOWN))),
    Fault("413 with Retry-After", once(Answer(413, SLOW_DOWN, after="body"))),
    Fault("cut at 50 %", cut),
    Fault("cut and DELETE fails", cut_and_stuck),
    Fault("lost answer", once(LoseAnswer())),
    Fault("broken JSON", broken_json),
    Fault(
        "corrupt storage",
        corrupt,
        "integrity",
        none={"copy_image": "Glance makes no digest of a store's copy, so nobody outside can see it"},
    ),
    Fault("stuck queued", stuck_queued, "timeout", {"v2_put": "server", "glance_direct": "conflict"}, HASTE),
    Fault("stuck importing", stuck_importing, "timeout", options=HASTE),
    Fault("never answers", always(BlackHole()), "timeout", options=HASTE),
    Fault("quota", always(Answer(403, body=QUOTA.encode())), "quota"),
]

RUNS = [
    pytest.param(fault, bench, id=f"{bench.scheme}: {fault.name}")
    for fault, bench in sample(FAULTS, BENCHES, lambda fault, bench: bench.scheme not in fault.none)
]

HEAD = """
## Every scheme

The same faults strike the request that brings the data, or that has the cloud fetch or copy them: by `v2_put`,
`glance_direct`, `glance_download` and `copy_image` in north, by `web_download` in east. The scheme is asked for, so
that nothing falls back. A cell says what is there when the run ends, and the kind of its failure; the next run, without
the fault, then ended with one right image.

| fault | {columns} |
|---|{rules}|
"""


@pytest.fixture(scope="module")
def matrix() -> Iterator[Cells]:
    none = {fault.name: fault.none for fault in FAULTS}
    schemes = [bench.scheme for bench in BENCHES]
    cells: Cells = {}
    yield cells
    write_fault_page(HEAD, list(none), schemes, cells, lambda fault, scheme: none[fault][scheme])


@pytest.mark.parametrize(("fault", "bench"), RUNS)
def test_fault(lab: Lab, web: WebServer, name: str, file: Path, matrix: Cells, fault: Fault, bench: Bench) -> None:
    site, data = lab.sites[bench.region], file.read_bytes()
    options: dict[str, Any] = {"name": name, **bench.options}
    options |= {"url": web.publish("/image.raw", data)} if bench.scheme == "web_download" else {"path": str(file)}
    if bench.before:
        lab.run(*bench.before, **options)
    scheme = "v2_put" if bench.scheme == "copy_image" else bench.scheme
    regions = (bench.region, *bench.before)
    options["overrides"] = [{"locations": [f"*/{bench.region}"], "scheme": scheme}]
    fault.inject(site.proxy, bench, web)
    first = lab.run(*regions, **{**options, **fault.options})
    end = fault.ends.get(bench.scheme, fault.end)
    result, failure = (by_region(first[key]).get(bench.region) for key in ("results", "failures"))
    said = check_end(end, result, failure, scheme, [image["status"] for image in site.images(name)])

    lab.heal()
    web.heal()
    second = by_region(lab.run(*regions, **options)["results"])[bench.region]
    assert second["action"] == ("unchanged" if end == RIGHT else "created")
    (image,) = site.images(name)
    assert (image["name"], image["status"]) == (name, "active")
    assert site.sha512(image["id"]) == hashlib.sha512(data).hexdigest()
    if bench.scheme == "copy_image":
        assert set(image["stores"].split(",")) == {"fast", "slow"}
    matrix[fault.name, bench.scheme] = said


def test_quota_that_the_cloud_tells_of_is_respected_before_anything_is_sent(lab: Lab, name: str, file: Path) -> None:
    site = lab.sites["south"]
    usage = (
        b'{"usage": {"image_size_total": {"limit": 100, "usage": 98}, "image_count_total": {"limit": 9, "usage": 1}}}'
    )
    site.proxy.fault("GET", r"/info/usage$", Answer(200, {"Content-Type": "application/json"}, usage))
    (failure,) = lab.run("south", name=name, path=str(file))["failures"]
    assert failure["kind"] == "quota"
    assert "image_size_total is 100, of which 98 are used" in failure["error"]
    assert site.writes() == 0


@pytest.mark.parametrize("answer", [Answer(403), Answer(404), Answer(500), Answer(200, body=b"{}"), BreakAnswer()])
def test_quota_that_the_cloud_does_not_tell_stops_nobody(lab: Lab, name: str, file: Path, answer: Any) -> None:
    lab.sites["south"].proxy.fault("GET", r"/info/usage$", answer)
    assert lab.run("south", name=name, path=str(file))["failures"] == []


@pytest.mark.parametrize(
    ("scheme", "fault", "fallback"),
    [
        ("web_download", Answer(400), "v2_put"),
        ("web_download", Answer(202), "v2_put"),
        ("glance_download", Answer(409), "v2_put"),
        ("glance_download", BlackHole(), "v2_put"),
        ("v2_put", BlackHole(), "glance_direct"),
    ],
)
def test_scheme_that_fails_or_stalls_falls_back_and_says_so(
    lab: Lab, name: str, file: Path, scheme: str, fault: Any, fallback: str
) -> None:
    bench = BY_SCHEME[scheme]
    site = lab.sites[bench.region]
    site.proxy.fault(*bench.strikes, fault)
    options: dict[str, Any] = {"name": name, "path": str(file), **HASTE}
    with WebServer() as web:
        if scheme == "web_download":
            options["url"] = web.publish("/image.raw", file.read_bytes())
            del options["path"]
        output = lab.run(bench.region, *bench.before, **options)
    result = by_region(output["results"])[bench.region]
    assert (result["plan"]["scheme"], result["scheme"]) == (scheme, fallback)
    assert any(f"{scheme} failed, {fallback} instead" in note for note in result["notes"])
    (image,) = site.images(name)
    assert site.sha512(image["id"]) == hashlib.sha512(file.read_bytes()).hexdigest()


def test_cloud_that_is_silent_for_a_while_during_an_import_is_waited_for(lab: Lab, name: str, file: Path) -> None:
    """Answers that fail while the import goes on do not cost the image."""
    proxy = lab.sites["north"].proxy
    proxy.fault(*SHOW, Answer(503), times=7)
    (result,) = lab.run("north", name=name, path=str(file), scheme="glance_direct")["results"]
    assert (result["action"], result["notes"]) == ("created", [])
    assert proxy.counters.requests(method="PUT") == 1
