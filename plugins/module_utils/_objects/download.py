# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An object downloaded to a file on this machine: verified, and put in place in one step."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._cloud.resuming import WHOLE, ResumingStream
from .._core.errors import ConflictError, InputError, IntegrityError, RefusedError
from .._core.retry import with_retries
from .._local.file_names import file_at, longest_name, shortened
from .._local.partial_file import (
    Partial,
    PartialName,
    kept,
    open_partial,
    partial_files,
    put_in_place,
    remove_partial_files,
)
from .._object_store.client import Swift
from .._object_store.content import File
from .content import stored_content
from .records import shown_object
from .wanted import ObjectChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from .._cloud.connection import Connection
    from .content import StoredContent
    from .wanted import ObjectTimeouts, WantedObject

PLACEHOLDER = "{location}"
"""What stands in ``dest`` for the name of the Location."""

UNVERIFIED = "the store reports no digest of the content: only its size is verified"


class ObjectDownload:
    """One object of one Location that is to be in a file."""

    def __init__(self, connection: Connection, wanted: WantedObject, dest: str, timeouts: ObjectTimeouts) -> None:
        self._connection = connection
        self._swift = Swift(connection)
        self._wanted = wanted
        self._dest = Destination(dest, str(connection.region.location), wanted.name)
        self._timeouts = timeouts
        self._headers: Mapping[str, str] = {}
        self._tidy = False

    @property
    def work_remains(self) -> bool:
        """Whether partial files that earlier runs left beside an unchanged file are still to be removed."""
        return self._tidy

    def survey(self) -> ObjectChange:
        """What is to be done: one request, and one for the parts of a large object. Raises `OaktreeError`.

        A file of the object's size is read, to be compared.
        """
        container, name = self._wanted.container, self._wanted.name
        headers = self._swift.object_headers(container, name)
        if headers is None:
            raise RefusedError(
                f"there is no object {name} in the container {container}", hint="Check the names.", status=404
            )
        self._headers = headers
        record = shown_object(container, name, headers, self._connection.location)
        path = self._dest.planned()
        after = {"dest": str(path), "content_length": record["content_length"], "etag": record["etag"]}
        try:
            size = path.stat().st_size
        except OSError:
            return ObjectChange("created", record, {}, after, dest=str(path))
        stored = self._stored()
        if stored.is_verifiable and self._is_same(stored, path):
            self._tidy = bool(partial_files(path, self._partial_name()))
            return ObjectChange("unchanged", record, dest=str(path))
        return ObjectChange("replaced", record, {"dest": str(path), "content_length": size}, after, dest=str(path))

    def run(self, planned: ObjectChange) -> ObjectChange:
        """Write the object's content to the file, or only remove what earlier runs left. Raises `OaktreeError`.

        A failure leaves the file as it was, and only the partial file, from which a later run resumes.
        """
        if planned.action == "unchanged":
            remove_partial_files(self._dest.planned(), self._partial_name())
            return planned
        with self._connection.within(self._timeouts.transfer_timeout, "transfer_timeout"):
            target = self._dest.prepared()
            stored = self._stored()
            stream = ResumingStream(self._connection, stored.size, self._ask)
            with open_partial(target, self._partial_name()) as partial, kept(partial, stream):
                self._download(partial, stream, stored)
                put_in_place("dest", partial.path, target)
        notes = () if stored.is_verifiable else (UNVERIFIED,)
        return replace(planned, dest=str(target), notes=notes)

    def _stored(self) -> StoredContent:
        container, name = self._wanted.container, self._wanted.name
        return stored_content(self._swift, container, name, self._headers, trust_records=False)

    def _download(self, partial: Partial, stream: ResumingStream, stored: StoredContent) -> None:
        """The content: complete and verified. Damaged data is downloaded once more."""

        def once() -> None:
            try:
                partial.fill(stream, self._connection.progress)
            except ConflictError:
                partial.clear()  # no run can go on with it
                raise
            self._connection.progress.enter("verifying")
            if not self._is_same(stored, partial.path):
                partial.clear()
                raise IntegrityError(
                    "the content that was received is not that of the object, by its size or its digest"
                )

        with_retries(once, WHOLE, self._connection.deadline)

    def _is_same(self, stored: StoredContent, path: Path) -> bool:
        content = File(path, path.stat().st_size, option="dest")
        return stored.is_content(content, self._connection.deadline.remaining)

    def _ask(self, headers: Mapping[str, str]) -> Response:
        """Ask for the object, as long as it is the one that was found.

        Without If-Match: of a large object, Ceph's gateway compares that with another etag than it shows.
        """
        container, name = self._wanted.container, self._wanted.name
        response = self._swift.data(container, name, headers, self._timeouts.stall_timeout)
        if response.headers.get("Etag") != self._headers["Etag"]:
            response.close()
            raise ConflictError(
                f"the object {container}/{name} changed while it was downloaded", hint="Run the task again."
            )
        return response

    def _partial_name(self) -> PartialName:
        url = self._swift.url(self._wanted.container, self._wanted.name)
        version: list[Any] = [self._headers.get(name) for name in ("Etag", "Content-Length", "Last-Modified")]
        return PartialName(
            hashlib.sha256(url.encode()).hexdigest()[:32],
            hashlib.sha256(repr(version).encode()).hexdigest()[:16],
            "dest",
            "downloads this object",
        )


class Destination:
    """Where the file of one Location goes: ``dest``, with the name of the Location for its `PLACEHOLDER`."""

    def __init__(self, dest: str, location: str, name: str) -> None:
        """Raises InputError where the name of the Location cannot be part of a path."""
        self._path = dest.replace(PLACEHOLDER, location)
        self._is_made = PLACEHOLDER in dest
        self._base = os.path.dirname(dest.partition(PLACEHOLDER)[0]) or "."  # noqa: PTH120 - a trailing slash counts
        self._parent = os.path.dirname(self._path) or "."  # noqa: PTH120
        self._name = name.rpartition("/")[2]
        if self._is_made and {".", ".."} & set(location.split("/")):
            raise InputError(
                f"dest: the Location {location!r} cannot be part of a path", hint=f"Omit {PLACEHOLDER}, and select one."
            )

    def planned(self) -> Path:
        """The file. Raises InputError where none can be; directories named after the Location may not exist yet."""
        if self._is_made and not Path(self._base).is_dir():
            raise InputError(f"dest: there is no directory {self._base}", hint="Create it first.")
        if self._is_made and not Path(self._parent).is_dir():
            directory = Path(os.path.realpath(self._parent))
            return directory / (Path(self._path).name if not self._path.endswith("/") else self._name_in(directory))
        return file_at("dest", self._path, self._name_in)

    def prepared(self) -> Path:
        """The file, and the directories that are named after the Location made. Raises InputError."""
        if self._is_made:
            try:
                Path(self._parent).mkdir(parents=True, exist_ok=True)
            except OSError as exc:
                raise InputError(f"dest: the directory {self._parent} cannot be made: {exc.strerror}") from exc
        return file_at("dest", self._path, self._name_in)

    def _name_in(self, directory: Path) -> str:
        if not self._name:
            raise InputError("dest: is a directory, and the name of the object ends with a slash", hint="Name a file.")
        return shortened(self._name.replace("\0", "_"), longest_name(directory))
