# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data brought out of clouds: into a file here, or into each cloud's object store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._gather import Result, Target, connect, each
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.client import glance_for
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export_file import FileExport
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export_object import ObjectExport
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export_request import Export, Request
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.find import find_image
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.identity import stored_digests
from ansible_collections.oaktree.multicloud.plugins.module_utils._records import image_record
from ansible_collections.oaktree.multicloud.plugins.module_utils._scatter import Limits
from ansible_collections.oaktree.multicloud.plugins.module_utils._swift.large import CLEANUP_TIMEOUT

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection

GRACE = 2 * CLEANUP_TIMEOUT + 5.0


def export_images(target: Target, request: Request, *, check_mode: bool) -> list[Result[Export]]:
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
