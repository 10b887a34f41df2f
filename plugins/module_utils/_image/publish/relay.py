# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which region serves the image to the others of its cloud, so that its bytes leave this machine once for each cloud.

Where they have it sooner if it is sent to each of them from here, that is done instead: see `RelayChoice`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..._core.deadline import clock
from ..._core.errors import OaktreeError, ServerError
from ..source.image_data import HomeImage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..._core.deadline import Deadline
    from ..._core.location import Location
    from ..._core.progress import Progress
    from .context import PlanContext

METHOD = "glance-download"
"""The import method by which a region fetches the image from another one."""

HANDING_SECONDS = 2.0
"""What an import takes whatever the size: until it begins, and until its end is noticed."""
HANDING_RATE = 100 << 20
"""Bytes per second, assumed for a region that fetches from another one: about a link of 1 Gbit/s."""

BUFFERED = 4 << 20
"""Bytes that count as sent although they may still be in buffers of this machine."""
LEAST_SECONDS = 0.25
"""How long data must have been sent before the rate so far is believed."""
POLL = 0.1


@dataclass(frozen=True)
class RelayChoice:
    """Whether the waiting regions are sent the image from here, and the figures that decided it.

    They are assumed to share the link over which the first region was sent the image.
    """

    size: int
    regions: int
    """How many wait."""
    bytes_per_second: float

    @property
    def direct_seconds(self) -> float:
        """What sending the image to all that wait takes."""
        return self.size * self.regions / self.bytes_per_second

    @property
    def relay_seconds(self) -> float:
        """What fetching takes them, once the first region has the image."""
        return HANDING_SECONDS + self.size / HANDING_RATE

    @property
    def direct(self) -> bool:
        return self.direct_seconds < self.relay_seconds

    def to_dict(self) -> dict[str, Any]:
        return {
            "direct": self.direct,
            "regions": self.regions,
            "bytes_per_second": round(self.bytes_per_second),
            "direct_seconds": round(self.direct_seconds, 3),
            "relay_seconds": round(self.relay_seconds, 3),
        }


def choose(size: int, regions: int, sent: int, seconds: float, *, complete: bool) -> RelayChoice | None:
    """The choice by the rate at which the first region was sent the image: ``sent`` bytes in ``seconds``.

    ``complete`` if that region has answered. None where the rate is not known yet.
    """
    if complete:
        return RelayChoice(size, regions, size / max(seconds, 0.001))
    arrived = sent - BUFFERED
    return RelayChoice(size, regions, arrived / seconds) if arrived > 0 and seconds >= LEAST_SECONDS else None


@dataclass
class _Sending:
    """Data on its way to one region."""

    size: int
    progress: Progress
    began: float
    took: float | None = None
    """Seconds, once the region has answered."""

    def choice(self, regions: int) -> RelayChoice | None:
        stage = self.progress.stage
        sent = stage.done if stage and stage.phase == "sending" else 0
        took = self.took
        seconds = clock.monotonic() - self.began if took is None else took
        return choose(self.size, regions, sent, seconds, complete=took is not None)


def _can_serve(home: HomeImage, context: PlanContext) -> bool:
    """Whether the Location can fetch the image from where it is, as it is."""
    same_cloud = (context.keystone, context.location.project.id) == (home.keystone, home.location.project.id)
    elsewhere = context.location.region != home.location.region
    return same_cloud and elsewhere and context.disk_format == home.image["disk_format"]


def with_source_regions(
    contexts: Sequence[PlanContext], able: Callable[[PlanContext], bool], home: HomeImage | None = None
) -> list[PlanContext]:
    """The contexts; those that need an upload and could get it from another region have that as their source region.

    A region can serve others of the same Keystone, project and format. One that has the image already is preferred,
    then one that must be sent the image anyhow, because it cannot import from another region. ``able`` tells whether a
    Location can get the image without a source region. An image that comes from another Location, ``home``, is fetched
    from there.
    """
    groups: defaultdict[tuple[str, str | None, str], list[PlanContext]] = defaultdict(list)
    for context in contexts:
        groups[context.keystone, context.location.project.id, context.disk_format].append(context)
    chosen = {key: _source_region([context for context in group if able(context)]) for key, group in groups.items()}
    source_regions = {id(context): chosen[key] for key, group in groups.items() for context in group}
    return [
        _served_by(context, home.location if home and _can_serve(home, context) else source_regions[id(context)])
        for context in contexts
    ]


def _source_region(group: Sequence[PlanContext]) -> Location | None:
    """None where no image will be active for others to fetch."""
    group = [context for context in group if context.desired.state == "present"]
    complete = [context for context in group if context.origin and not context.needs_upload]
    ready = [context for context in complete if _is_active(context.current)]
    sent = [context for context in group if context.needs_upload and context.desired.relay != "never"]
    sent.sort(key=lambda context: context.supports_import(METHOD))
    return next((context.location for context in ready or sent), None)


def _is_active(image: Mapping[str, Any] | None) -> bool:
    return image is not None and image["status"] == "active"


def _served_by(context: PlanContext, source_region: Location | None) -> PlanContext:
    elsewhere = source_region not in (None, context.location)
    if not elsewhere or context.takes_snapshot or not context.needs_upload or context.desired.relay == "never":
        return context
    return replace(context, source_region=source_region)


class RelayBoard:
    """The images that Locations serve: promised with the plan, available when they are active and verified."""

    def __init__(self) -> None:
        self._images: dict[Location, Future[Mapping[str, Any]]] = {}
        self._sendings: dict[Location, _Sending] = {}
        self._waiting: Counter[Location] = Counter()
        self._lock = Lock()

    def _promise(self, location: Location) -> Future[Mapping[str, Any]]:
        """The same whoever asks first, the Location that serves or one that waits."""
        with self._lock:
            return self._images.setdefault(location, Future())

    def keep(self, location: Location, image: Mapping[str, Any]) -> None:
        """Make the image available to those that wait; without effect where there is one already."""
        if not self._promise(location).done():
            self._promise(location).set_result(image)

    def break_off(self, location: Location) -> None:
        """Report to those that wait that there will be no image; without effect where there is one."""
        if not self._promise(location).done():
            self._promise(location).set_exception(
                ServerError(f"{location} did not complete its image, so it cannot serve as source region")
            )

    def expect(self, location: Location) -> None:
        """Count one more Location that will wait for the image at this one."""
        self._waiting[location] += 1

    def sending(self, location: Location, size: int, progress: Progress) -> None:
        """Data is being sent there from now on; ``progress`` tells how much."""
        self._sendings[location] = _Sending(size, progress, clock.monotonic())

    def sent(self, location: Location) -> None:
        """The Location has answered: the data that was being sent there, if any, is complete."""
        sending = self._sendings.get(location)
        if sending and sending.took is None:
            sending.took = clock.monotonic() - sending.began

    def choice(self, location: Location, deadline: Deadline) -> RelayChoice | None:
        """Wait for the image at the Location, or until it is clear that sending it from here ends sooner.

        None where nothing was sent there. Raises `OaktreeError` as `wait`.
        """
        promise = self._promise(location)
        while True:
            sending = self._sendings.get(location)
            choice = sending.choice(self._waiting[location]) if sending else None
            if (choice and choice.direct) or promise.done():
                break
            with suppress(FutureTimeoutError):
                promise.exception(timeout=deadline.timeout(POLL))
        if not (choice and choice.direct):
            self.wait(location, deadline)
        return choice

    def wait(self, location: Location, deadline: Deadline) -> Mapping[str, Any]:
        """The image at the Location once it is there; raises `OaktreeError` when it will not be."""
        try:
            return self._promise(location).result(timeout=deadline.timeout())
        except FutureTimeoutError:
            raise deadline.expired() from None
        except OaktreeError as error:
            raise ServerError(error.message) from error
