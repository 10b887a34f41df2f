# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault in every step of every kind of scheme, in memory: one right image or nothing, and no attempt too many.

The same product runs end to end against stand-ins (tests/robustness) and real services (tests/integration), of which
each fault and each scheme comes once, or all with FULL=1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Cancellation, Deadline, clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    AuthError,
    ConfigError,
    ConflictError,
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import IMPORT_LOCK, Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import attempt as attempt_module
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.attempt import Attempt
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import UploadPlan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.relay import RelayBoard
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.transfer import Transfer
from tests.support.image_contexts import case
from tests.support.image_samples import DATA, OTHER, image, source

ERRORS: list[type[OaktreeError]] = [
    AuthError,
    ConfigError,
    ConflictError,
    DeadlineError,
    InputError,
    IntegrityError,
    OaktreeError,
    QuotaError,
    RefusedError,
    ServerError,
    ThrottledError,
    UnreachableError,
]
UNSURE = (AuthError, DeadlineError, ServerError, ThrottledError, UnreachableError)
"""What may be answered, or befall the answer, although the work was done."""

REPEATED = (AuthError, IntegrityError, ServerError, ThrottledError, UnreachableError)
"""After these the whole upload is attempted again."""
ASKED = (DeadlineError, ServerError, UnreachableError)
"""After these the cloud is asked whether it has the data all the same."""
SAT_OUT = (DeadlineError, ServerError, ThrottledError, UnreachableError)
"""These do not matter while the cloud imports."""


@dataclass
class Fault:
    """An error in a step, before or after the step's work, so many times."""

    step: str
    error: type[OaktreeError]
    after: bool = False
    times: float = math.inf

    def strikes(self, step: str) -> bool:
        struck = step == self.step and self.times > 0
        self.times -= struck
        return struck


class Cloud(Glance):
    """A Glance in memory, in each step of whose work faults may strike."""

    def __init__(self, connection: Connection, *faults: Fault) -> None:
        super().__init__(connection)
        self.faults = list(faults)
        self.images: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.content = DATA
        """What is stored of whatever is sent."""
        self.status = "active"
        """What becomes of an image that has its data."""
        self.attempts = 0

    def do(self, step: str, work: Callable[[], Any]) -> Any:
        self.connection.deadline.remaining()
        fault = next((fault for fault in self.faults if fault.strikes(step)), None)
        if fault and not fault.after:
            raise fault.error(f"in {step}")
        done = work()
        if fault:
            raise fault.error(f"after {step}")
        return done

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        def make() -> dict[str, Any]:
            image_id = str(fields["id"])
            if image_id in {*self.images, *self.deleted}:
                raise ConflictError("the id is taken")
            self.images[image_id] = {**image(data=None), **fields}
            return self.images[image_id]

        made: dict[str, Any] = self.do("create", make)
        return made

    def store(self, image_id: str) -> None:
        stored = {key: image(data=self.content)[key] for key in ("size", "checksum", "os_hash_algo", "os_hash_value")}
        self.images[image_id] |= {"status": self.status, **stored}

    def get(self, image_id: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.do("look", lambda: self.images.get(image_id))
        return found

    def import_task(self, _image_id: str) -> tuple[str, str]:
        return "", ""

    def delete(self, image_id: str) -> bool:
        def remove() -> bool:
            self.deleted.add(image_id)
            return self.images.pop(image_id, None) is not None

        return bool(self.do("delete", remove))


class Put:
    """Sends the data to a record that it makes, as v1_put and v2_put do."""

    NAME = "put"
    SUMMARY = ""
    NEEDS_TASKS = False
    FETCHES = False
    SERVER_SIDE = False
    STEPS: ClassVar[tuple[str, ...]] = ("create", "data")

    def __init__(self, *, detour: bool = False) -> None:
        self._detour = detour

    def refusal(self, _context: Any) -> str | None:
        return None

    def reason(self, _context: Any) -> str:
        return ""

    def is_detour(self, _context: Any) -> bool:
        return self._detour

    def send(self, attempt: Attempt) -> None:
        cloud: Any = attempt.glance
        cloud.attempts += 1
        image_id = attempt.create(source())
        cloud.do("data", lambda: cloud.store(image_id))


class Staged(Put):
    """Sends the data, then has them imported: glance_direct."""

    NAME = "staged"
    STEPS = ("create", "data", "import")

    def send(self, attempt: Attempt) -> None:
        cloud: Any = attempt.glance
        cloud.attempts += 1
        image_id = attempt.create(source())
        cloud.do("data", lambda: None)
        attempt.importing = True
        cloud.do("import", lambda: cloud.store(image_id))


class Fetched(Put):
    """Has the cloud fetch the data: web_download, glance_download."""

    NAME = "fetched"
    FETCHES = True
    STEPS = ("create", "import")

    def send(self, attempt: Attempt) -> None:
        cloud: Any = attempt.glance
        cloud.attempts += 1
        image_id = attempt.create(source())
        attempt.importing = True
        cloud.do("import", lambda: cloud.store(image_id))


class Served(Fetched):
    """Has the cloud fetch the data from another region."""

    NAME = "served"
    SERVER_SIDE = True


class Task(Put):
    """Has a task make the record too, from an object that goes afterwards: swift_task."""

    NAME = "task"
    STEPS = ("import",)

    def send(self, attempt: Attempt) -> None:
        cloud: Any = attempt.glance
        cloud.attempts += 1
        cloud.objects = 1
        attempt.temporary.append(lambda: self._remove(cloud))
        attempt.expected = source()
        made = f"made-{cloud.attempts}"

        def run() -> None:
            cloud.images[made] = image(data=None, id=made)
            cloud.store(made)

        try:
            cloud.do("import", run)
        except OaktreeError:
            attempt.image_id = made if made in cloud.images else None
            raise
        attempt.outcome = lambda: setattr(attempt, "image_id", made)

    def _remove(self, cloud: Any) -> str:
        cloud.objects = 0
        return ""


KINDS: list[Put] = [Put(), Staged(), Fetched(), Served(), Task()]


@pytest.fixture(autouse=True)
def _leaping_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else waits here: a pause is over at once, and its time has passed."""
    now = 0.0

    def wait(event: Any, seconds: float) -> bool:
        nonlocal now
        now += seconds
        return bool(event.is_set())

    monkeypatch.setattr(clock, "monotonic", lambda: now)
    monkeypatch.setattr(clock, "wait", wait)


@pytest.fixture
def connection() -> Connection:
    auth = {"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}
    (region,) = Clouds(clouds_config={"clouds": {"a": {"auth": auth, "region_name": "r1"}}}).regions("a")
    made = Connection(region)
    made.deadline = Deadline(10_000)
    return made


@pytest.fixture
def transfer(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Transfer, Any]]:
    """Return a transfer by these schemes to a cloud with these faults, and the cloud."""

    def make(*schemes: Put, faults: Any = (), **wanted: Any) -> tuple[Transfer, Any]:
        cloud = Cloud(connection, *faults)
        monkeypatch.setattr(attempt_module, "glance_for", lambda _connection: cloud)
        timeouts = Timeouts(timeout=100.0, transfer_timeout=300.0, import_timeout=300.0, stall_timeout=50.0)
        there = Location("alpha", "south") if any(scheme.SERVER_SIDE for scheme in schemes) else None
        context = case("north", wanted={"timeouts": timeouts, **wanted}, source_region=there)
        board = RelayBoard()
        board.keep(Location("alpha", "south"), image())
        plan = UploadPlan(schemes, "", "raw", len(DATA))
        data: Any = None
        return Transfer(connection, context, plan, data, board), cloud

    return make


def faults_of(kind: Put) -> Iterator[Fault]:
    """All that may happen, once and for ever; a cloud that knows all IDs already is one that nobody can have."""
    for step, error, times in itertools.product((*kind.STEPS, "look"), ERRORS, (1, math.inf)):
        if (step, error, times) != ("create", ConflictError, math.inf):
            yield Fault(step, error, times=times)
        if step != "look" and error in UNSURE:
            yield Fault(step, error, after=True, times=times)


RUNS = [
    pytest.param(kind, fault, id=f"{kind.NAME}: {fault.step}, {fault.error.kind}, {fault.times}, {fault.after}")
    for kind in KINDS
    for fault in faults_of(kind)
]


def expected(kind: Put, fault: Fault) -> tuple[bool, int]:
    """Whether the run ends with an image, and after how many attempts."""
    once = fault.times == 1
    if fault.after and fault.step == kind.STEPS[-1] and fault.error in ASKED:
        return True, 1  # the cloud has it
    if fault.step == "look" and fault.error in SAT_OUT:
        return once, 1 if once or fault.error is DeadlineError else 3
    if fault.step == "create" and fault.error is ConflictError:
        return True, 1  # by another ID
    if fault.error in REPEATED:
        return once, 2 if once else 3
    return False, 1


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "fault"), RUNS)
def test_one_right_image_or_nothing(transfer: Callable[..., tuple[Transfer, Any]], kind: Put, fault: Fault) -> None:
    strikes = Fault(fault.step, fault.error, fault.after, fault.times)
    run, cloud = transfer(kind, faults=[strikes])
    ends_well, attempts = expected(kind, fault)
    if ends_well:
        made = run.run()
        assert (list(cloud.images), made["status"], made["size"]) == ([made["id"]], "active", len(DATA))
        assert len([note for note in run.notes if ", attempt " in note]) == attempts - 1
        assert any("the answer to the upload was lost" in note for note in run.notes) == (fault.after and attempts == 1)
    else:
        with pytest.raises(OaktreeError) as caught:
            run.run()
        assert caught.value.__class__ is fault.error
        assert caught.value.hint
        assert cloud.images == {}
        unknown = fault.step == "create" and fault.error in (DeadlineError, UnreachableError) and not fault.after
        assert any("may come yet" in residue for residue in caught.value.residue) == unknown
    assert cloud.attempts == attempts
    assert getattr(cloud, "objects", 0) == 0


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.NAME)
def test_damaged_data_are_never_published(transfer: Callable[..., tuple[Transfer, Any]], kind: Put) -> None:
    run, cloud = transfer(kind)
    cloud.content = OTHER
    with pytest.raises(IntegrityError):
        run.run()
    assert (cloud.attempts, cloud.images) == (3, {})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.NAME)
@pytest.mark.parametrize(
    ("status", "error", "attempts", "message"),
    [
        ("killed", ServerError, 3, "the image is killed"),
        ("deleted", ServerError, 3, "the image is deleted"),
        ("saving", DeadlineError, 1, "stall_timeout"),
        ("importing", DeadlineError, 1, "stall_timeout"),
    ],
)
def test_an_image_that_never_becomes_active(
    transfer: Callable[..., tuple[Transfer, Any]],
    kind: Put,
    status: str,
    error: type[OaktreeError],
    attempts: int,
    message: str,
) -> None:
    run, cloud = transfer(kind)
    cloud.status = status
    with pytest.raises(error, match=message):
        run.run()
    assert (cloud.attempts, cloud.images) == (attempts, {})


def test_an_image_that_is_queued_again_was_not_kept(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    for kind, error in ((Put(), ServerError), (Staged(), DeadlineError)):
        run, cloud = transfer(kind)
        cloud.status = "queued"
        with pytest.raises(error):
            run.run()
        assert cloud.images == {}


@pytest.mark.parametrize("error", [ConflictError, ServerError, ThrottledError, UnreachableError])
def test_a_half_made_image_is_deleted_in_the_end(
    transfer: Callable[..., tuple[Transfer, Any]], error: type[OaktreeError]
) -> None:
    """Glance refuses while an import goes on."""
    run, cloud = transfer(Put(), faults=[Fault("data", QuotaError), Fault("delete", error, times=20)])
    with pytest.raises(QuotaError) as caught:
        run.run()
    assert (cloud.images, caught.value.residue) == ({}, [])


@pytest.mark.parametrize("error", [AuthError, RefusedError, ServerError, UnreachableError])
def test_what_cannot_be_deleted_is_named(
    transfer: Callable[..., tuple[Transfer, Any]], error: type[OaktreeError]
) -> None:
    run, cloud = transfer(Put(), faults=[Fault("data", QuotaError), Fault("delete", error)])
    with pytest.raises(QuotaError) as caught:
        run.run()
    (left,) = cloud.images
    assert f"the incomplete image {left} could not be removed" in caught.value.residue[0]


def test_an_interrupted_upload_is_removed_and_not_attempted_again(
    transfer: Callable[..., tuple[Transfer, Any]], connection: Connection
) -> None:
    cancelled = Cancellation()
    connection.deadline = Deadline(100, cancelled=cancelled)
    run, cloud = transfer(Staged(), faults=[Fault("import", UnreachableError)])

    def interrupt(image_id: str) -> dict[str, Any] | None:
        cancelled.set()
        return Cloud.get(cloud, image_id)

    cloud.get = interrupt
    with pytest.raises(DeadlineError, match="interrupted"):
        run.run()
    assert (cloud.attempts, cloud.images) == (1, {})


def test_no_attempt_after_the_deadline(transfer: Callable[..., tuple[Transfer, Any]], connection: Connection) -> None:
    connection.deadline = Deadline(1.5)  # enough for two attempts by the first scheme and one by the second
    run, cloud = transfer(Put(), Staged(), faults=[Fault("data", ServerError)])
    with pytest.raises(ServerError):
        run.run()
    assert (cloud.attempts, cloud.images) == (3, {})


def test_no_other_scheme_after_the_deadline(
    transfer: Callable[..., tuple[Transfer, Any]], connection: Connection
) -> None:
    class Slow(Put):
        def send(self, attempt: Attempt) -> None:
            attempt.create(source())
            attempt.connection.deadline.cancelled.wait(20)
            raise RefusedError("slow")

    connection.deadline = Deadline(20)
    run, cloud = transfer(Slow(), Put())
    with pytest.raises(RefusedError, match="slow"):
        run.run()
    assert (cloud.attempts, cloud.images) == (0, {})


def test_the_import_has_a_timeout_of_its_own(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    run, cloud = transfer(Staged(), timeouts=Timeouts(100.0, 300.0, 20.0, 500.0))
    cloud.status = "importing"
    with pytest.raises(DeadlineError, match="import_timeout"):
        run.run()
    assert cloud.images == {}


def test_an_image_is_not_active_while_the_import_holds_it(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    """Glance saves the whole record once more."""
    run, cloud = transfer(Staged())
    get, looks = cloud.get, itertools.count()

    def locked(image_id: str) -> dict[str, Any] | None:
        shown: dict[str, Any] | None = get(image_id)
        return {**shown, IMPORT_LOCK: "task"} if shown and next(looks) < 3 else shown

    cloud.get = locked
    assert IMPORT_LOCK not in run.run()
    assert next(looks) == 4


@pytest.mark.parametrize(("fact", "attempts"), [("exhausted", 1), ("refused", 3)])
def test_what_an_attempt_knows_of_its_failure(
    transfer: Callable[..., tuple[Transfer, Any]], fact: str, attempts: int
) -> None:
    """That another attempt, or another scheme, cannot help either."""

    class Knowing(Put):
        def send(self, attempt: Attempt) -> None:
            setattr(attempt, fact, True)
            super().send(attempt)

    run, cloud = transfer(Knowing(), Fetched(), faults=[Fault("data", ServerError)])
    if fact == "refused":
        with pytest.raises(ServerError):
            run.run()
        assert cloud.attempts == attempts
    else:
        assert run.run()["status"] == "active"
        assert cloud.attempts == attempts + 1


def test_what_earlier_attempts_left_is_named_in_the_end(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    faults = [Fault("data", ServerError, times=1), Fault("delete", AuthError), Fault("create", QuotaError)]
    run, cloud = transfer(Put(), faults=faults)
    faults[2].times = 0

    def now_full(image_id: str) -> bool:
        faults[2].times = math.inf
        return Cloud.delete(cloud, image_id)

    cloud.delete = now_full
    with pytest.raises(QuotaError) as caught:
        run.run()
    (left,) = cloud.images
    assert f"the incomplete image {left} could not be removed" in caught.value.residue[0]


DIRECT, DETOUR = Put(), Task(detour=True)


@pytest.mark.parametrize("first", [DIRECT, Fetched()], ids=lambda kind: kind.NAME)
@pytest.mark.parametrize("second", [Staged(), DETOUR], ids=lambda kind: kind.NAME)
@pytest.mark.parametrize("error", ERRORS)
def test_who_falls_back_on_what(
    transfer: Callable[..., tuple[Transfer, Any]], first: Put, second: Put, error: type[OaktreeError]
) -> None:
    """Another scheme is not tried with an image that is refused, nor a detour where the direct scheme merely failed."""
    times = 3 if error in REPEATED else 1  # all attempts of the first scheme
    run, cloud = transfer(first, second, faults=[Fault(first.STEPS[-1], error, times=times)])
    if first.FETCHES:
        falls_back = error not in (ConfigError, InputError, QuotaError)
    elif second is DETOUR:
        falls_back = error is RefusedError
    else:
        falls_back = error in (DeadlineError, RefusedError, ServerError)
    if falls_back:
        assert run.run()["status"] == "active"
        assert run.scheme is second
        assert any(note.startswith(f"{first.NAME} failed, {second.NAME} instead: ") for note in run.notes)
    else:
        with pytest.raises(error):
            run.run()
        assert run.scheme is first
        assert cloud.images == {}


@pytest.mark.parametrize(("status", "falls_back"), [(None, True), (403, True), (404, True), (415, True), (400, False)])
def test_only_a_scheme_that_is_closed_gives_way_to_another(
    transfer: Callable[..., tuple[Transfer, Any]], status: int | None, *, falls_back: bool
) -> None:
    class ClosedError(RefusedError):
        def __init__(self, message: str) -> None:
            super().__init__(message, status=status)

    run, _cloud = transfer(Put(), Staged(), faults=[Fault("data", ClosedError, times=1)])
    if falls_back:
        assert run.run()["status"] == "active"
    else:
        with pytest.raises(RefusedError):
            run.run()


def test_a_verdict_on_the_content_ends_the_upload(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    class UnsafeError(RefusedError):
        def __init__(self, _message: str) -> None:
            super().__init__("Image failed safety checks: it has a backing file (HTTP 415)", status=415)

    run, cloud = transfer(Put(), Staged(), faults=[Fault("data", UnsafeError)])
    with pytest.raises(RefusedError, match=r"^Image failed safety checks"):
        run.run()
    assert (cloud.attempts, cloud.images) == (1, {})


def test_the_last_error_names_those_before_it(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    run, _cloud = transfer(Put(), Staged(), faults=[Fault("data", RefusedError)])
    with pytest.raises(RefusedError) as caught:
        run.run()
    assert caught.value.message == (
        "the Location does not take image data from this project: in data (before that, put: in data)"
    )


def test_a_region_that_is_served_waits_for_what_it_is_served(transfer: Callable[..., tuple[Transfer, Any]]) -> None:
    run, cloud = transfer(Served(), Put())
    run.relay_board = RelayBoard()
    run.relay_board.break_off(Location("alpha", "south"))
    assert run.run()["status"] == "active"
    assert (run.scheme.NAME, cloud.attempts) == ("put", 1)


def test_what_came_along_from_the_other_region_is_told_apart(
    transfer: Callable[..., tuple[Transfer, Any]],
) -> None:
    run, _cloud = transfer(Served(), properties={"hw": "a"})
    run.relay_board = RelayBoard()
    run.relay_board.keep(Location("alpha", "south"), image(hw="a", os="b", mine="c"))
    assert run.brought_along(image(hw="a", os="b", mine="d")) == {"os"}
    other, _cloud = transfer(Put())
    assert other.brought_along(image(hw="a", os="b")) == set()
