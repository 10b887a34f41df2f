# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each Location listed when it last answered, for ``on_failure: stale``.

Of each query in each Location there is a small file, the head, which says when it last answered and names the file of
its listing by the digest of that. So the listing is written only if it has changed, and a head never goes with a
listing that another process has written. A file that is missing or damaged means that nothing is remembered.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    InputError,
    OaktreeError,
    record_of,
    restored,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Region

KIND = "last-known"
PASSING = ("unreachable", "timeout", "throttled", "server")
"""The kinds of failure that say nothing about the servers: rejected credentials may mean that they are not ours now."""
RETRY_AFTER = 120.0
"""Seconds for which a Location that failed is not asked again."""
_MINUTE, _HOUR = 60.0, 3600.0


@dataclass(frozen=True)
class Stale:
    """Why a listing is an old one: when it was made (seconds since 1970), and what the Location fails with now."""

    listing: Any
    since: float
    error: OaktreeError
    failed: float
    """When that was."""

    def variable(self) -> dict[str, str]:
        """The host variable ``location_stale``."""
        since = datetime.fromtimestamp(self.since, UTC)
        return {"since": f"{since:%Y-%m-%dT%H:%M:%SZ}", "error": self.error.message}

    @property
    def age(self) -> str:
        """How long ago the listing was made, as people say it."""
        return _duration(clock.time() - self.since)

    def message(self) -> str:
        """What is warned of, without the name of the Location."""
        left = RETRY_AFTER - (clock.time() - self.failed)
        return (
            f"{self.error.summary} Its hosts are those of {self.age} ago. "
            f"It is asked again in {_duration(max(left, 0.0))}, or with --flush-cache."
        )


class LastKnown:
    """What was listed for one query. Threads may share it."""

    def __init__(self, options: Mapping[str, Any], fields: Collection[str] | None, *, ask_all: bool) -> None:
        """For the options of a source, and the fields of its records, or None for all of them.

        With ``ask_all`` no failure of a moment ago is taken for one of now. Raises InputError for options that
        contradict each other.
        """
        self._stale_for = options["stale_for"]
        if not 0 < self._stale_for <= private_files.MONTH:
            raise InputError(f"stale_for: must be greater than zero and at most {private_files.MONTH:g} (30 days)")
        if not options["token_cache"]:
            raise InputError(
                "on_failure: stale stores listings in private files, and token_cache: false allows none",
                hint="Use on_failure: warn, or omit token_cache.",
            )
        self._query = [options["filters"], options["all_projects"], sorted(SERVER_FIELDS if fields is None else fields)]
        self._ask_all = ask_all
        self._keys: dict[str, str] = {}

    def known_failure(self, region: Region) -> OaktreeError | None:
        """The error that the Location failed with a moment ago, if its last listing is still known."""
        key = self._key(region)
        failure = None if self._ask_all else self._failure(key)
        return failure[1] if failure and self._listing(key) else None

    def keep(self, region: Region, listing: Any) -> None:
        """Remember the listing of a Location that has just answered; plain JSON types."""
        key = self._key(region)
        data = json.dumps(listing, sort_keys=True, separators=(",", ":")).encode()
        digest, before = hashlib.sha256(data).hexdigest(), _head(key)
        is_same = before is not None and before["digest"] == digest
        if not (is_same and private_files.touch(KIND, _name(key, digest))):
            private_files.write_bytes(KIND, _name(key, digest), data)
        private_files.write(KIND, key, {"at": clock.time(), "digest": digest})
        private_files.delete(KIND, _failure_name(key))
        if before and not is_same:
            private_files.delete(KIND, _name(key, before["digest"]))

    def recall(self, location: str, error: OaktreeError) -> Stale | None:
        """The last listing of the Location of this name, which has failed; None where there is none for this failure.

        The failure is remembered if it is a new one.
        """
        key = self._keys.get(location)
        if key is None or error.kind not in PASSING:
            return None
        found = self._listing(key)
        if found is None:
            return None
        failure = None if self._ask_all else self._failure(key)
        failed = failure[0] if failure else clock.time()
        if not failure:
            private_files.write(KIND, _failure_name(key), {"at": failed, **record_of(error)})
        return Stale(*found, error, failed)

    def last(self, location: str, error: OaktreeError) -> Stale | None:
        """The last listing of the Location of this name, for what its answer of now lacks, by this error."""
        key = self._keys.get(location)
        found = None if key is None else self._listing(key)
        return Stale(*found, error, clock.time()) if found else None

    def _key(self, region: Region) -> str:
        """Of what is configured: who does not answer tells neither project nor user. It names files, by an HMAC."""
        location = region.location
        key = json.dumps([location.cloud, location.region, region.settings.identity, self._query], sort_keys=True)
        self._keys[location.name] = key
        return key

    def _listing(self, key: str) -> tuple[Any, float] | None:
        """What the Location listed last, and when, unless that is too old."""
        head = _head(key)
        if head is None or not 0 <= clock.time() - head["at"] <= self._stale_for:
            return None
        name = _name(key, head["digest"])
        data = private_files.read_bytes(KIND, name)
        if data is None:
            return None
        if hashlib.sha256(data).hexdigest() != head["digest"]:
            private_files.warn_of_damage(KIND, name)
            private_files.delete(KIND, name)
            return None
        return json.loads(data), head["at"]

    def _failure(self, key: str) -> tuple[float, OaktreeError] | None:
        """When and how the Location failed, if that was a moment ago."""
        record = private_files.read(KIND, _failure_name(key))
        error = restored(record)
        if error is None or not isinstance(record.get("at"), (int, float)):
            return None
        return (record["at"], error) if 0 <= clock.time() - record["at"] < RETRY_AFTER else None


def _head(key: str) -> dict[str, Any] | None:
    head = private_files.read(KIND, key)
    is_one = isinstance(head, dict) and isinstance(head.get("at"), (int, float)) and isinstance(head.get("digest"), str)
    return head if is_one else None


def _name(key: str, digest: str) -> str:
    return f"{key}#{digest}"


def _failure_name(key: str) -> str:
    return f"{key}#failure"


def _duration(seconds: float) -> str:
    """A duration as people say it, in one unit."""
    if seconds < 2 * _MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / _MINUTE:.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:.0f} h"
