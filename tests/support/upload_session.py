# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upload sessions in a fake cloud: what they are made of for tables, their states, and the host that sends the data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SESSION, UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired, Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session import pipeline
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.content import DeclaredContent
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.prepare import RequestOptions
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.record import PreparedUpload
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.segments import container_prefix
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import open_image_file
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result, Target
from tests.support.fake_openstack import FakeOpenStack
from tests.support.fake_openstack.glance_images import Image
from tests.support.fake_openstack.swift_store import Container
from tests.support.image_samples import DATA
from tests.support.run_core import ask_one, entries

NOW = datetime.now(UTC).replace(microsecond=0)
LATER = NOW + timedelta(hours=1)
# With the fixture fast_clock these are seconds as well, but fifty times as short.
DESIRED = Desired("thing", "present", timeouts=Timeouts(1000.0, 1000.0, 1000.0, 250.0))
SEGMENT = 4
"""Bytes: `DATA` is two segments of it."""

Value = TypeVar("Value")


def digests(*names: str, data: bytes = DATA) -> dict[str, str]:
    """Return the digests by these algorithms, by all without names."""
    return {name: hashlib.new(name, data).hexdigest() for name in names or ("md5", "sha256", "sha512")}


def content(*names: str, data: bytes = DATA, size: int | None = len(DATA)) -> DeclaredContent:
    """What the user declares about the data: with no names its sha512."""
    return DeclaredContent(digests(*(names or ("sha512",)), data=data), size, "raw")


def upload(**changes: Any) -> PreparedUpload:
    """An upload of `DATA`."""
    fingerprint = Fingerprint(len(DATA), "raw", digests())
    prepared = PreparedUpload("id-1", "swift", fingerprint, SEGMENT, LATER, {"status": "queued"})
    return replace(prepared, **changes)


def send(request: Mapping[str, Any], data: bytes) -> int:
    """Send one request with nothing but what it says; returns the status of the answer."""
    body = data[request["offset"] : request["offset"] + request["length"]]
    with requests.Session() as session:
        session.trust_env = False
        return session.request(request["method"], request["url"], headers=request["headers"], data=body).status_code


class SessionSite:
    """A fake cloud with an object store, and sessions there."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.region = clouds["cloud1"]["r1"]
        self._file = directory / "image.raw"
        self._file.write_bytes(DATA)
        self._target = Target(clouds_config={"clouds": entries(clouds)}, timeout=1000.0)

    def ask(self, work: Callable[[Connection], Value]) -> Value:
        """What the work on a connection to the cloud returns; raises its error."""
        result = ask_one(self.clouds, work, timeout=20.0)
        if result.error:
            raise result.error
        return result.value  # type: ignore[return-value]

    @property
    def file(self) -> DeclaredContent:
        """`DATA` as a file on this machine."""
        return DeclaredContent.of_file(open_image_file(str(self._file)), None)

    def prepare(
        self, declared: DeclaredContent | None = None, *, check_mode: bool = False, **options: Any
    ) -> Result[Change]:
        """Prepare; ``options`` are those of the requests."""
        options = {"segment_size": SEGMENT, "with_token": True, **options}
        asked = RequestOptions(**options)
        (result,) = pipeline.prepare(self._target, DESIRED, declared or content(), asked, check_mode=check_mode)
        return result

    def finalize(
        self, declared: DeclaredContent | None = None, desired: Desired = DESIRED, *, check_mode: bool = False
    ) -> Result[Change]:
        """Finalize."""
        (result,) = pipeline.finalize(self._target, desired, declared or content(), check_mode=check_mode)
        return result

    def abort(self, *, check_mode: bool = False) -> Result[Change]:
        """Abort."""
        (result,) = pipeline.abort(self._target, DESIRED, check_mode=check_mode)
        return result

    def send(self, prepared: Result[Change], *numbers: int, data: bytes = DATA) -> list[int]:
        """Send these requests, all without numbers; returns the statuses of the answers."""
        every = done(prepared).output["requests"]
        return [send(request, data) for request in ([every[number] for number in numbers] or every)]

    @property
    def images(self) -> list[Image]:
        """Return all images of the cloud."""
        return list(self.region.glance.images.values())

    @property
    def containers(self) -> dict[str, Container]:
        """Those of sessions, by the part of the name that is the ID of the record."""
        prefix = container_prefix(DESIRED.name)
        return {
            name.removeprefix(prefix): container
            for account in self.region.swift.store.accounts.values()
            for name, container in account.containers.items()
        }

    def published(self) -> Image:
        """The one image that there must be, active and with nothing else beside it."""
        (image,) = self.images
        assert (image.fields["name"], image.status) == (DESIRED.name, "active")
        assert not {SESSION, UPLOAD} & image.properties.keys()
        assert self.containers == {}
        return image


def done(result: Result[Change]) -> Change:
    """What changed; raises the error of a Location that failed."""
    if result.error:
        raise result.error
    assert result.value
    return result.value
