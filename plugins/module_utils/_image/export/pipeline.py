# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data brought out of clouds: into a file here, or into each cloud's object store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..._core.errors import InputError
from ..._core.scatter import Limits
from ..._facts.records import image_record
from ..._glance.client import find_image, glance_for
from ..._object_store.large_object import CLEANUP_TIMEOUT
from ..._run.gather import Result, Target, connect, each
from ..fingerprint import stored_digests
from .request import Export, ExportRequest
from .to_file import FileExport
from .to_object import ObjectExport

if TYPE_CHECKING:
    from ..._cloud.connection import Connection

GRACE = 2 * CLEANUP_TIMEOUT + 5.0


def export_images(target: Target, request: ExportRequest, *, check_mode: bool) -> list[Result[Export]]:
    """Export at every selected Location, or in check mode only say what would be done; results sorted by Location.

    Raises InputError when nothing was tried because the options or the selection cannot be used.
    """
    connections, results = connect(target)
    selected = len(connections) + len(results)
    if request.path is not None and selected != 1:
        raise InputError(
            f"locations: {selected} Locations are selected, and a path takes the image of one",
            hint="Name one Location, or export to a container.",
        )
    limits = Limits(target.concurrency, 2 * request.timeout + request.transfer_timeout, GRACE)

    def work(connection: Connection) -> Export:
        with connection.within(request.timeout, "timeout"):
            image = find_image(glance_for(connection), request.image)
            request.check(stored_digests(image))
        export = FileExport if request.path is not None else ObjectExport
        done = export(connection, image, request).run(check_mode=check_mode)
        return replace(done, image=image_record(image, connection.location))

    results += [Result.of(outcome) for outcome in each(connections, work, limits)]
    return sorted(results, key=lambda result: result.location.sort_key)
