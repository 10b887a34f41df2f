# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A soak from beginning to end: workers in parallel, and what is left when they have deleted everything."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.soak.driver import Driver
from tests.soak.nouns import image_data
from tests.soak.site import Place, Site, running_site
from tests.soak.tally import Held, Tally
from tests.soak.troubles import Book
from tests.soak.workers import Worker

MOST_WRONG = 40
"""Wrong results after which a soak ends."""


@dataclass
class Soaked:
    """What a soak was, and what it has found."""

    seed: str
    workers: int
    tally: Tally
    book: Book
    held: list[Held]
    cache_files: tuple[int | None, int]
    """After half of the operations, None if time was up before, and at the end."""
    seconds: float


def soak(operations: int, workers: int, seed: str, seconds: float | None = None) -> Soaked:
    """Do so many operations, or as many as there is time for; wrong results and leaks are in what it returns."""
    began = time.monotonic()
    end = began + seconds if seconds else None
    tally, book = Tally(), Book()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        site = stack.enter_context(running_site(directory, seed))
        crew = [stack.enter_context(Worker()) for _number in range(workers)]
        drivers = [Driver(site, book, tally, worker, number, seed) for number, worker in enumerate(crew)]
        middle: list[int] = []

        def work(driver: Driver) -> None:
            while (
                tally.total < operations and (end is None or time.monotonic() < end) and len(tally.wrong) < MOST_WRONG
            ):
                driver.step()
                if tally.total % 500 < workers:
                    site.clouds.counters.reset()
                if tally.total >= operations // 2 and not middle:
                    middle.append(site.cache_files())

        with _progress(tally, operations):
            for each in (work, Driver.clean):
                threads = [threading.Thread(target=each, args=(driver,)) for driver in drivers]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
        lives = [life for worker in crew for life in worker.lives]
        tally.leaks += [leak for life in lives for leak in life.leaks()]
        tally.leaks += left(site)
        files = (middle[0] if middle else None, site.cache_files())
        return Soaked(seed, workers, tally, book, lives, files, time.monotonic() - began)


def left(site: Site) -> list[str]:
    """What is there though everything has been deleted."""
    found = [f"temporary file {path.name}" for path in site.temporary.iterdir() if not _is_probe(path)]
    found += [f"exported file {path.name}" for path in (site.directory / "exports").iterdir()]
    for place in site.places:
        found += [f"{place}: {what}" for what in _left_at(site, place)]
    return found


def _is_probe(path: Path) -> bool:
    """Whether Python has made a file to see whether it can, as `tempfile` does, in a process that was killed then."""
    return len(path.name) == 8 and path.is_file() and path.read_bytes() in (b"", b"blat")


def _left_at(site: Site, place: Place) -> Iterator[str]:
    region = site.region(place)
    for image in region.glance.images.values():
        if image.fields["name"] != "base":
            yield f"image {image.fields['name']} ({image.status})"
    for old in region.glance_v1.images.values():
        yield f"image {old.name} ({old.status})"
    for name, container in region.swift.store.account(site.project(place)).containers.items():
        yield f"container {name} with {list(container.objects)}"
    for server in region.nova.servers:
        yield f"server {server.name} ({server.status})"
    for collection, furnished in (("networks", 2), ("subnets", 2), ("ports", 1), ("floatingips", 0)):
        items = region.neutron.items[collection].values()
        if len(items) > furnished:
            yield f"{collection}: {[item.get('name') or item['id'] for item in items]}"
    groups = [item["name"] for item in region.neutron.items["security-groups"].values()]
    yield from (f"security group {name}" for name in groups if name not in ("ssh", "default"))
    yield from (f"volume {item['name']}" for item in region.cinder.items["volumes"].values())
    yield from (f"stack {one.name} ({one.state})" for one in region.heat.stacks if one.state != "DELETE_COMPLETE")
    if image_data(site, place, "base") is None and site.image_api(place) != "v1":
        yield "the image that was there before has gone"


@contextmanager
def _progress(tally: Tally, operations: int) -> Iterator[None]:
    """Tell once in half a minute how far it is."""
    over = threading.Event()

    def tell() -> None:
        while not over.wait(30):
            print(f"{tally.total} of {operations} operations, {len(tally.wrong)} wrong", flush=True)

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
