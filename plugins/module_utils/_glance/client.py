# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where the version of the image API is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .v1 import GlanceV1
from .v2 import Glance

if TYPE_CHECKING:
    from .._cloud.connection import Connection


def glance_for(connection: Connection) -> Glance:
    """Version 1 where clouds.yaml or the vendor's profile asks for it with ``image_api_version``, else version 2."""
    return GlanceV1(connection) if connection.region.settings.image_api == "1" else Glance(connection)
