# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload by hand as the image pipeline sees it: what its publication takes, or that the image is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.case import Case
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.plan import make_plan

if TYPE_CHECKING:
    from ansible_collections.oaktree.multicloud.plugins.module_utils._connection import Connection
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.by_hand.look import Sight
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.plan import Plan
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import Identity
    from ansible_collections.oaktree.multicloud.plugins.module_utils._image.wanted import Wanted


def publication_plan(connection: Connection, wanted: Wanted, sight: Sight, content: Identity) -> Plan:
    """The plan of the image pipeline; its ``upload`` is None where the image is published with this content.

    Raises what `make_plan` raises. How the data gets there is not its affair here, so it is not asked about schemes.
    """
    keystone = str(connection.region.config.get_auth_args().get("auth_url"))
    free = replace(wanted, scheme=None)
    return make_plan(Case(connection.location, free, sight.survey, keystone, content.disk_format, content))
