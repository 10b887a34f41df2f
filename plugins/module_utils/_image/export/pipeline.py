# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data exported from clouds: into a file here, or into each cloud's object store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..._cloud.cleanup import CLEANUP_TIMEOUT
from ..._core.errors import InputError
from ..._facts.records import image_record
from ..._glance.client import check_has_data, find_image, glance_for
from ..._run.ensure import Change, Member, ensure
from ..fingerprint import stored_digests
from .to_file import FileExport
from .to_object import ObjectExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..._cloud.connection import Connection
    from ..._run.gather import Result, Target
    from .request import Export, ExportRequest

GRACE = 2 * CLEANUP_TIMEOUT + 5.0


@dataclass(frozen=True)
class ExportJob:
    """The export of one image, and what it will do."""

    export: FileExport | ObjectExport
    planned: Export
    image: Mapping[str, Any]
    timeout: float

    @property
    def change(self) -> Change:
        return self.planned.change(self.image)

    @property
    def needed(self) -> bool:
        return self.change.changed or self.planned.sign or self.planned.tidy


def export_images(target: Target, request: ExportRequest, *, check_mode: bool) -> list[Result[Change]]:
    """Export at every selected Location, or in check mode only report what would be done; see `ensure`.

    Raises InputError for a path unless exactly one Location is selected.
    """

    def survey(connection: Connection) -> ExportJob:
        image = find_image(glance_for(connection), request.image)
        check_has_data(image)
        request.check(stored_digests(image))
        make = FileExport if request.path is not None else ObjectExport
        export: FileExport | ObjectExport = make(connection, image, request)
        planned = export.survey()
        return ExportJob(export, planned, image_record(image, connection.location), request.total)

    def check(selected: int) -> None:
        if request.path is not None and selected != 1:
            raise InputError(
                f"locations: {selected} Locations are selected, and a path takes the image of one",
                hint="Name one Location, or export to a container.",
            )

    return ensure(target, survey, _plan, _apply, check_mode=check_mode, cleanup=GRACE, check_selection=check)


def _plan(members: Sequence[Member[ExportJob]]) -> list[tuple[Connection, ExportJob]]:
    return [(member.connection, member.survey) for member in members]


def _apply(_connection: Connection, job: ExportJob) -> Change:
    return job.export.run(job.planned).change(job.image)
