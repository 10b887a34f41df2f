# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random operations of one worker, each of which is checked against what the clouds really hold."""

from __future__ import annotations

import importlib
import json
import operator
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.soak.nouns import LONG, NOUNS, Images, Noun, Objects, Things, Variant, image_data, object_data
from tests.soak.site import Place, Site
from tests.soak.tally import Tally
from tests.soak.troubles import HOLES, Book, inject
from tests.soak.worker import PRELUDE, SPEED
from tests.soak.workers import Worker
from tests.support.kills import killed_after
from tests.support.run_module import start_module

KINDS = {
    "config", "auth", "unreachable", "timeout", "throttled", "quota", "refused", "conflict", "integrity", "server",
    "input",
}  # fmt: skip
"""How a Location may fail. Another kind, internal, says that the collection is wrong."""
CHANGED = {"created", "replaced", "updated", "deleted"}
PATIENCE = 5 * LONG / SPEED
"""Seconds in which the faults of others let a run end right that has none of its own.

A service that is busy is asked again until the deadline, so that a fault of another may last until then.
"""
SETTLING = 3.0
"""Seconds in which a cloud ends what it does for a client that has gone."""


@dataclass(frozen=True)
class Task:
    """One resource that is to be, or not to be, at some Locations."""

    noun: Noun
    name: str
    variant: Variant | None
    places: tuple[Place, ...]

    def __str__(self) -> str:
        wanted = f"{self.variant.content}, {self.variant.text}" if self.variant else "absent"
        return f"{self.noun.label} {self.name} ({wanted}) at {', '.join(map(str, self.places))}"


class Driver:
    """What one worker does. Its choices depend on the seed and its number only."""

    def __init__(self, site: Site, book: Book, tally: Tally, worker: Worker, number: int, seed: str) -> None:
        self._site, self._book, self._tally, self._worker, self._number = site, book, tally, worker, number
        self._chosen = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
        self._known: dict[tuple[str, str, Place], Things] = {}
        self._said = ""

    # Choices

    def step(self) -> None:
        """Do one operation."""
        steps: Mapping[Callable[[], None], float] = {
            self._change: 56,
            self._info: 14,
            self._check_mode: 8,
            self._export: 6,
            self._download: 5,
            self._locations: 2,
            self._killed: 4,
            self._interrupted: 2,
            self._race: 3,
        }
        (step,) = self._chosen.choices(list(steps), list(steps.values()))
        step()

    def _task(self, nouns: Sequence[Noun] = NOUNS, *, absent: float = 0.3, most: int = 14) -> Task:
        noun = self._chosen.choices(nouns, [4 if isinstance(one, Images) else 2 for one in nouns])[0]
        name = f"w{self._number}-{noun.label.replace(' ', '-')}-{self._chosen.choice('xy')}"
        variant = Variant(self._chosen.choice("abc"), self._chosen.choice(["one", "two"]))
        places = self._places(noun, most)
        return Task(noun, name, None if self._chosen.random() < absent else variant, places)

    def _places(self, noun: Noun, most: int) -> tuple[Place, ...]:
        possible = [place for place in self._site.places if noun.possible(self._site, place)]
        number = min(most, self._chosen.choices([1, 2, 4, 14], [60, 25, 12, 3])[0], len(possible))
        return tuple(sorted(self._chosen.sample(possible, number)))

    def _params(self, task: Task, **more: Any) -> dict[str, Any]:
        return {**self._common(task.places), **task.noun.options(self._site, task.name, task.variant), **more}

    def _common(self, places: Sequence[Place]) -> dict[str, Any]:
        common: dict[str, Any] = {"locations": [str(place) for place in places], "api_timeout": 6.0, "timeout": LONG}
        return common

    def _troubled(self, stack: ExitStack, places: Sequence[Place]) -> tuple[dict[str, float] | None, list[str]]:
        """Let something go wrong, or nothing; returns how the clock jumps, and what it all is."""
        names: list[str] = []
        jump = None
        if self._chosen.random() < 0.4:
            number = self._chosen.choices([1, 2, 3], [70, 20, 10])[0]
            struck = self._chosen.sample(places, min(number, len(places)))
            names = [inject(self._site, self._book, stack, place, self._chosen) for place in struck]
        if self._chosen.random() < 0.06:
            ahead = self._chosen.choice([-86_400.0 * 400, -3600.0, -60.0, 60.0, 7200.0, 86_400.0 * 400])
            jump = {"after": self._chosen.uniform(0, 0.1), "ahead": ahead, "speed": self._chosen.choice([10, 15, 30])}
            names.append(f"clock jumps by {ahead:g} s")
            self._book.injected["clock jumps"] += 1
            self._book.struck["clock jumps"] += 1
        return jump, names

    # Operations

    def _change(self) -> None:
        task = self._task()
        self._begin(f"{task.noun.label} {'present' if task.variant else 'absent'}", str(task))
        self._apply(task)

    def _apply(self, task: Task, *, troubled: bool = True) -> bool:
        """Run it and check what became of it; returns whether no Location has failed, or kept what was to go."""
        before = self._before(task, late=not troubled)
        strikes = self._strikes(task.places)
        with ExitStack() as stack:
            jump, names = self._troubled(stack, task.places) if troubled else (None, [])
            self._said += f" [{'; '.join(names)}]" if names else ""
            haste = {"api_timeout": 1.5} if set(names) & set(HOLES) else {}
            answer = self._worker.run(task.noun.module, self._params(task, **haste), jump)
            excused = set(task.places) if haste else self._excused(task.places, strikes)  # who is slow is cut off, too
        rows = self._rows(answer, task.places, excused | {place for place in before if _several(before[place])})
        wanted = task.noun.things(task.variant)
        for place, row in rows.items():
            self._check(task, place, row, before[place], wanted, late=not troubled, struck=place in excused)
        return bool(rows) and not any("error" in row or _tells_of_what_stays(row) for row in rows.values())

    def _info(self) -> None:
        task = self._task()
        noun = task.noun
        self._begin(f"{noun.label} info", str(task))
        there = self._before(task)
        strikes = self._strikes(task.places)
        params = {**self._common(task.places), **noun.info_options(task.name)}
        with ExitStack() as stack:
            jump, names = self._troubled(stack, task.places)
            self._said += f" [{'; '.join(names)}]" if names else ""
            answer = self._worker.run(f"{noun.module}_info", params, jump)
            excused = self._excused(task.places, strikes)
        result = self._result(answer)
        if result is None:
            return
        failed = self._failures(result, task.places, excused)
        for place in task.places:
            records = [record for record in result[noun.key] if record["location"]["name"] == place.location]
            told = sorted(noun.told(record) for record in records if not noun.is_going(record))
            # what the cloud does by itself may end meanwhile
            possible = (there[place], noun.there(self._site, place, task.name)) if place not in failed else ((),)
            shown = [sorted(noun.shown(thing) for thing in things if not _left(thing)) for things in possible]
            self._tally.result(f"failed: {failed[place]}" if place in failed else "listed")
            if told not in shown:
                self._complain(f"{place}: told {told}, there is {there[place]}")

    def _check_mode(self) -> None:
        task = self._task()
        self._begin(f"{task.noun.label} in check mode", str(task))
        before = self._before(task)
        strikes = self._strikes(task.places)
        with ExitStack() as stack:
            jump, names = self._troubled(stack, task.places)
            self._said += f" [{'; '.join(names)}]" if names else ""
            params = self._params(task, _ansible_check_mode=True, _ansible_diff=True)
            answer = self._worker.run(task.noun.module, params, jump)
            excused = self._excused(task.places, strikes)
        for place, row in self._rows(answer, task.places, excused).items():
            self._same(task, place, before[place])
            if "action" in row:
                self._idempotent(task, place, row["action"], before[place])

    def _export(self) -> None:
        task = self._task([noun for noun in NOUNS if isinstance(noun, Images)], absent=0, most=1)
        (place,) = task.places
        self._begin("image export", str(task))
        data = image_data(self._site, place, task.name)
        path = self._site.directory / "exports" / f"{task.name}.img"
        old = path.read_bytes() if path.exists() else None
        to_object = self._chosen.random() < 0.5 and self._site.image_api(place) != "rackspace"
        container = f"w{self._number}-exports"
        where = {"container": container, "object": task.name} if to_object else {"path": str(path)}
        if to_object:
            old = object_data(self._site, place, container, task.name)
        limits = {"transfer_timeout": LONG, "stall_timeout": LONG / 5}
        params = {**self._common([place]), "image": task.name, **where, **limits}
        several = _several(task.noun.there(self._site, place, task.name))
        row = self._transfer("image_export", params, place, possible=data is not None and not several)
        if to_object:
            new = object_data(self._site, place, container, task.name)
        else:
            new = path.read_bytes() if path.exists() else None
        self._arrived(row, old, new, data)

    def _download(self) -> None:
        task = self._task([noun for noun in NOUNS if isinstance(noun, Objects)], absent=0, most=1)
        (place,) = task.places
        self._begin("object download", str(task))
        there = self._before(task)[place]
        data = self._site.contents[there[0][1]] if there else None
        path = self._site.directory / "exports" / f"{task.name}.img"
        old = path.read_bytes() if path.exists() else None
        options = task.noun.options(self._site, task.name, None) | {"state": "downloaded", "dest": str(path)}
        row = self._transfer("object", {**self._common([place]), **options}, place, possible=data is not None)
        self._arrived(row, old, path.read_bytes() if path.exists() else None, data)

    def _transfer(self, module: str, params: dict[str, Any], place: Place, *, possible: bool) -> Mapping[str, Any]:
        """Run a module that copies something, which is possible only if there is something; returns its row."""
        strikes = self._strikes([place])
        with ExitStack() as stack:
            jump, names = self._troubled(stack, [place])
            self._said += f" [{'; '.join(names)}]" if names else ""
            answer = self._worker.run(module, params, jump)
            excused = {place} if not possible else self._excused([place], strikes)
        row = self._rows(answer, [place], excused).get(place, {})
        file = params.get("path") or params.get("dest")
        if file and "action" in row:
            kept = [path.name for path in self._copies() if path.name.startswith(f".{Path(file).name}.")]
            if kept:
                self._complain(f"{place}: {row['action']}, and {kept} is still there")
        if not possible and "action" in row:
            self._complain(f"{place}: {row['action']}, though there is nothing")
        return row

    def _arrived(self, row: Mapping[str, Any], old: bytes | None, new: bytes | None, data: bytes | None) -> None:
        """Check a copy: what it is of, or what it was before."""
        if "action" in row and new != data:
            self._complain("the copy is not what it is of")
        if "action" in row and (row["action"] == "unchanged") != (old == data):
            self._complain(f"the copy is said to be {row['action']}")
        if "action" not in row and new not in (old, data):
            self._complain("the copy is neither the old nor the new one")

    def _locations(self) -> None:
        self._begin("location info", "all")
        strikes = self._strikes(self._site.places)
        places = self._site.places
        with ExitStack() as stack:
            jump, names = self._troubled(stack, places)
            self._said += f" [{'; '.join(names)}]" if names else ""
            params = {**self._common(places), "probe": True}
            answer = self._worker.run("location_info", params, jump)
            excused = self._excused(places, strikes)
        result = self._result(answer)
        if result is None:
            return
        told = {record["location"]["name"]: record for record in result["locations"]}
        if sorted(told) != [place.location for place in places]:
            self._complain(f"told {sorted(told)}")
        for place in places:
            record = told.get(place.location, {})
            self._tally.result("listed")
            if not record.get("available", True) and place not in excused:
                self._complain(f"{place} is told to be down: {record}")

    def _killed(self) -> None:
        task = self._task(most=4)
        self._begin("killed, and again", str(task))
        before = self._before(task)
        prelude, after, number = PRELUDE, self._chosen.uniform(0.05, 0.9), self._chosen.randint(1, 30)
        if self._chosen.random() < 0.6:
            prelude, after = prelude + killed_after(number), 0
        with start_module(_module(task.noun.module), prelude, **self._params(task)) as process:
            if after:
                time.sleep(after)
                process.kill()
            process.communicate(60)
        self._said += f" [killed after {f'{after:.3f} s' if after else f'{number} answers'}: {process.returncode}]"
        time.sleep(0.1)
        wanted = task.noun.things(task.variant)
        for place in task.places:
            left = task.noun.there(self._site, place, task.name)
            self._said += f" {place}: left {left};"
            whole = tuple(thing for thing in left if not _left(thing) and "wrong" not in thing)
            if isinstance(task.noun, Images) and not set(whole) <= {*before[place], *wanted}:
                self._complain(f"{place}: after the kill there is {left}, before {before[place]}")
            self._known[task.noun.label, task.name, place] = left
        other = self._task([task.noun])
        self._recover(self._chosen.choice([task, replace(other, name=task.name, places=task.places)]))

    def _recover(self, task: Task) -> None:
        """Run it again until faults of others let it be, and check what is there then."""
        self._said += f" then {task.variant or 'absent'}"
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self._apply(task, troubled=False):
                return
            time.sleep(0.5)
        self._complain("does not recover")

    def _interrupted(self) -> None:
        task = self._task(most=4)
        self._begin("interrupted, and again", str(task))
        before = self._before(task)
        number = self._chosen.choice([signal.SIGTERM, signal.SIGINT])
        after = self._chosen.uniform(0.3, 0.9)
        strikes = self._strikes(task.places)
        with start_module(_module(task.noun.module), PRELUDE, **self._params(task)) as process:
            time.sleep(after)
            process.send_signal(number)
            out, err = process.communicate(2 * LONG / SPEED)
        self._said += f" [{number.name} after {after:.3f} s: {err[-500:]}]"
        excused = self._excused(task.places, strikes)
        result = json.loads(out) if out else {}
        # An interrupted module says at which Locations something is left.
        excused |= {place for place in task.places if f"{place.location}: " in result.get("msg", "")}
        if "results" not in result and "Interrupted" not in result.get("msg", "") and out:
            self._complain(f"it says {out}")
        if out:
            for place in task.places:
                self._whole(task, place, before[place], excused)
        else:
            for place in task.places:
                self._known[task.noun.label, task.name, place] = task.noun.there(self._site, place, task.name)
        self._recover(task)

    def _race(self) -> None:
        task = self._task(most=3)
        self._begin("race, and again", str(task))
        before = self._before(task)
        wanted = task.noun.things(task.variant)
        strikes = self._strikes(task.places)
        params = self._params(task)
        with ExitStack() as stack:
            runs = [stack.enter_context(start_module(_module(task.noun.module), PRELUDE, **params)) for _run in "123"]
            with ThreadPoolExecutor(len(runs)) as pool:
                ended = list(pool.map(lambda run: run.communicate(120), runs))
        excused = self._excused(task.places, strikes)
        told: set[Place] = set()
        for out, err in ended:
            answer = {"result": json.loads(out)} if out else {"broke": err}
            result = self._result(answer)
            for failure in (result or {}).get("failures", []):
                place = _place(failure)
                told |= {place} if _tells_of_the_rest(failure) else set()
                self._tally.result(f"failed: {failure['kind']}")
                if failure["kind"] not in KINDS or (failure["kind"] != "conflict" and place not in excused):
                    self._complain(f"{place}: {failure}")
            for row in (result or {}).get("results", []):
                self._tally.result(row["action"])
                told |= {_place(row)} if _tells_of_what_stays(row) else set()
        actions = [row["action"] for out, _err in ended if out for row in json.loads(out).get("results", [])]
        self._said += f" [{actions}]"
        for place in task.places:
            after = self._there(task, place, partial(operator.eq, wanted))
            failed = place in told or (place in excused and task.noun.may_be(before[place], wanted, after))
            if after != wanted and not failed:
                self._complain(f"{place}: after the race there is {after}")
            self._known[task.noun.label, task.name, place] = after
        self._recover(task)

    # Checks

    def _begin(self, kind: str, text: str) -> None:
        self._said = f"operation {self._tally.operation(kind)} of worker {self._number}: {kind}: {text}"

    def _complain(self, text: str) -> None:
        self._tally.complain(f"{self._said}\n      {text}")

    def _before(self, task: Task, *, late: bool = False) -> dict[Place, Things]:
        """What there is, which has to be what there was after the last operation on it; see `_check` for `late`."""
        for place in task.places:
            there = task.noun.there(self._site, place, task.name)
            known = there if late else self._known.get((task.noun.label, task.name, place), ())
            self._same(task, place, known)
        return {place: self._known[task.noun.label, task.name, place] for place in task.places}

    def _same(self, task: Task, place: Place, known: Things) -> None:
        there = self._there(task, place, lambda now: now == known)
        if there != known and not _changes_by_itself(known):
            self._complain(f"{place}: there is {there}, and it was {known}")
        self._known[task.noun.label, task.name, place] = there

    def _there(self, task: Task, place: Place, right: Callable[[Things], bool]) -> Things:
        """What there is, at the latest when the cloud has ended what it does by itself."""
        end = time.monotonic() + SETTLING
        while True:
            there = task.noun.there(self._site, place, task.name)
            if right(there) or time.monotonic() > end:
                return there
            time.sleep(0.02)

    def _strikes(self, places: Sequence[Place]) -> dict[Place, int]:
        return {place: self._book.strikes(place) for place in places}

    def _excused(self, places: Sequence[Place], before: Mapping[Place, int]) -> set[Place]:
        """The Locations that were struck meanwhile."""
        return {place for place in places if self._book.strikes(place) != before[place] or self._book.out(place)}

    def _result(self, answer: Mapping[str, Any]) -> dict[str, Any] | None:
        if "broke" in answer:
            self._complain(f"broke: {answer['broke']}")
            return None
        result: dict[str, Any] = answer["result"]
        if "failures" not in result:
            self._complain(f"a failure of no Location: {result}")
            return None
        return result

    def _failures(self, result: Mapping[str, Any], places: Sequence[Place], excused: set[Place]) -> dict[Place, str]:
        failed = {_place(failure): failure for failure in result["failures"]}
        for place, failure in failed.items():
            if place not in places or failure["kind"] not in KINDS or not failure["error"] or not failure["hint"]:
                self._complain(f"{place}: a failure that may not be: {failure}")
            elif place not in excused:
                self._complain(f"{place}: failed without a fault: {failure}")
        return {place: str(failure["kind"]) for place, failure in failed.items()}

    def _rows(
        self, answer: Mapping[str, Any], places: Sequence[Place], excused: set[Place]
    ) -> dict[Place, Mapping[str, Any]]:
        """The result or failure of each Location, of which each has exactly one."""
        result = self._result(answer)
        if result is None:
            return {}
        self._failures(result, places, excused)
        rows = [(_place(row), row) for row in [*result["results"], *result["failures"]]]
        if sorted(place for place, _row in rows) != sorted(places):
            self._complain(f"results of {[str(place) for place, _row in rows]}")
        return dict(rows)

    def _check(
        self,
        task: Task,
        place: Place,
        row: Mapping[str, Any],
        before: Things,
        wanted: Things,
        *,
        late: bool,
        struck: bool,
    ) -> None:
        """Check one row; `late` says that what a run before it has sent may have been done after `before` was seen.

        Where requests were `struck`, what an earlier upload left may not have been seen, and waits for the next run.
        """
        if "action" not in row:
            self._tally.result(f"failed: {row['kind']}")
            whole = tuple(thing for thing in before if not _left(thing))  # what an earlier upload left may be gone

            def may_be(now: Things) -> bool:
                return task.noun.may_be(before, wanted, now) or task.noun.may_be(whole, wanted, now)

            there = self._there(task, place, may_be)
            if not may_be(there) and not _tells_of_the_rest(row):
                self._complain(f"{place}: failed ({row['error']}): there is {there}, before {before}")
        else:
            self._tally.result(row["action"])
            there = self._there(task, place, lambda now: now == wanted)
            told = struck or _tells_of_what_stays(row)
            if (tuple(thing for thing in there if not _left(thing)) if told else there) != wanted:
                self._complain(f"{place}: {row['action']}: there is {there}, before {before}; {row.get('notes')}")
            if not (late and row["action"] == "unchanged"):
                self._idempotent(task, place, row["action"], before)
        self._known[task.noun.label, task.name, place] = there

    def _idempotent(self, task: Task, place: Place, action: str, before: Things) -> None:
        """What is right is left alone, and nothing else is, but that something may become right by itself.

        Where requests were struck, the cloud may make something late, which is then deleted.
        """
        right = before == task.noun.things(task.variant)
        if action == "deleted" and right and self._book.strikes(place):
            return
        if action not in {"unchanged", *CHANGED} or (
            (action == "unchanged") != right and not _changes_by_itself(before)
        ):
            self._complain(f"{place}: {action}, though there was {before}")

    def _whole(self, task: Task, place: Place, before: Things, excused: set[Place]) -> None:
        wanted = task.noun.things(task.variant)
        there = self._there(task, place, lambda now: task.noun.may_be(before, wanted, now))
        if not task.noun.may_be(before, wanted, there) and place not in excused:
            self._complain(f"{place}: there is {there}, before {before}")
        self._known[task.noun.label, task.name, place] = there

    # The end

    def clean(self) -> None:
        """Delete everything that this worker may have made, and the containers."""
        for noun in NOUNS:
            for letter in "xy":
                places = tuple(place for place in self._site.places if noun.possible(self._site, place))
                task = Task(noun, f"w{self._number}-{noun.label.replace(' ', '-')}-{letter}", None, places)
                self._begin("deletion at the end", str(task))
                self._recover(task)
        self._empty_exports()
        for path in self._copies():
            path.unlink()

    def _copies(self) -> list[Path]:
        """The files of this worker's exports and downloads, and the parts that wait for another run."""
        exports = self._site.directory / "exports"
        return [path for path in exports.iterdir() if path.name.removeprefix(".").startswith(f"w{self._number}-")]

    def _empty_exports(self) -> None:
        common = self._common(self._site.places)
        container = f"w{self._number}-exports"
        for letter in "xy":
            given = {"container": container, "name": f"w{self._number}-image-{letter}", "state": "absent"}
            self._worker.run("object", {**common, **given})
        for name in (container, f"w{self._number}-objects"):
            self._begin("deletion at the end", f"container {name}")
            result = self._result(self._worker.run("container", {**common, "name": name, "state": "absent"}))
            if result and result["failures"]:
                self._complain(f"containers stay: {result['failures']}")


def _changes_by_itself(things: Things) -> bool:
    return any("IN_PROGRESS" in thing or "BUILD" in thing for thing in things)


def _tells_of_the_rest(failure: Mapping[str, Any]) -> bool:
    """Whether a failure says that something may be there which is neither the old nor the new."""
    return any(words in failure["error"] for words in ("could not be removed", "is not known", "Heat goes on"))


def _tells_of_what_stays(row: Mapping[str, Any]) -> bool:
    """Whether a result says that what should have gone has not."""
    return "could not be removed" in str(row.get("notes"))


def _several(things: Things) -> bool:
    """Whether there are several of one name, as after a failure that said so: no task can tell which is meant."""
    return len([thing for thing in things if not _left(thing)]) > 1


def _left(thing: tuple[Any, ...]) -> bool:
    """Whether it is no resource of the name, but what an upload of it has left."""
    return thing[:1] == ("container",) or str(thing[0]).startswith(".")


def _place(row: Mapping[str, Any]) -> Place:
    cloud, region, _project = row["location"]["name"].split("/")
    return Place(cloud, region)


def _module(name: str) -> Any:
    return importlib.import_module(f"ansible_collections.oaktree.multicloud.plugins.modules.{name}")
