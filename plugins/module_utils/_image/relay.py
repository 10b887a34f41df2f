# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who hands the image on to whom, so that its bytes leave this machine once for each cloud."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import OaktreeError, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.oaktree.multicloud.plugins.module_utils._deadline import Deadline
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case
    from ansible_collections.oaktree.multicloud.plugins.module_utils._location import Location

METHOD = "glance-download"


@dataclass(frozen=True)
class Home:
    """An image that is to go to other Locations, active where it is."""

    location: Location
    keystone: str
    image: Mapping[str, Any]

    def feeds(self, case: Case) -> bool:
        """Whether the Location can fetch it from there as it is."""
        same_cloud = (case.keystone, case.location.project.id) == (self.keystone, self.location.project.id)
        elsewhere = case.location.region != self.location.region
        return same_cloud and elsewhere and case.disk_format == self.image["disk_format"]


def with_feeders(cases: Sequence[Case], able: Callable[[Case], bool], home: Home | None = None) -> list[Case]:
    """The cases, those that need an upload and could have it handed on with their feeder.

    A Location feeds others of the same Keystone, project and format. One that has the image already is best; of those
    that must be sent it anyhow, one that could not be fed itself. ``able`` tells of a case whether its Location can
    be brought to what is wanted without being fed. An image that comes from another Location, ``home``, is fetched from
    there.
    """
    groups: defaultdict[tuple[str, str | None, str], list[Case]] = defaultdict(list)
    for case in cases:
        groups[case.keystone, case.location.project.id, case.disk_format].append(case)
    chosen = {key: _feeder([case for case in group if able(case)]) for key, group in groups.items()}
    feeders = {id(case): chosen[key] for key, group in groups.items() for case in group}
    return [_fed_by(case, home.location if home and home.feeds(case) else feeders[id(case)]) for case in cases]


def _feeder(group: Sequence[Case]) -> Location | None:
    """None where no image will be active for others to fetch."""
    group = [case for case in group if case.wanted.state == "present"]
    ready = [case for case in group if case.origin and not case.needs_upload and _is_active(case.current)]
    sent = [case for case in group if case.needs_upload and case.wanted.relay != "never"]
    sent.sort(key=lambda case: case.offers_import(METHOD))
    return next((case.location for case in ready or sent), None)


def _is_active(image: Mapping[str, Any] | None) -> bool:
    return image is not None and image["status"] == "active"


def _fed_by(case: Case, feeder: Location | None) -> Case:
    if feeder in (None, case.location) or not case.needs_upload or case.wanted.relay == "never":
        return case
    return replace(case, feeder=feeder)


class Feeds:
    """The images that Locations hand on: promised when the plan is made, kept when they are active and verified."""

    def __init__(self) -> None:
        self._images: dict[Location, Future[Mapping[str, Any]]] = {}
        self._lock = Lock()

    def _promise(self, location: Location) -> Future[Mapping[str, Any]]:
        """The same for whoever comes first, the one who hands on or the one who waits."""
        with self._lock:
            return self._images.setdefault(location, Future())

    def keep(self, location: Location, image: Mapping[str, Any]) -> None:
        """Have the image handed on to those who wait; without effect where there is one already."""
        if not self._promise(location).done():
            self._promise(location).set_result(image)

    def break_off(self, location: Location) -> None:
        """Tell those who wait that nothing will come; without effect on a kept promise."""
        if not self._promise(location).done():
            self._promise(location).set_exception(ServerError(f"{location} has no image to hand on"))

    def wait(self, location: Location, deadline: Deadline) -> Mapping[str, Any]:
        """The image at the Location once it is there; raises `OaktreeError` when it will not be."""
        try:
            return self._promise(location).result(timeout=deadline.remaining())
        except FutureTimeoutError:
            raise deadline.expired() from None
        except OaktreeError as error:
            raise ServerError(error.message) from error
