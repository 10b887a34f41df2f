# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An upload by hand as the image pipeline sees it: what its publication takes, or that the image is published."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..publish.context import PlanContext
from ..publish.plan import make_plan

if TYPE_CHECKING:
    from ..._cloud.connection import Connection
    from ..desired import Desired
    from ..fingerprint import Fingerprint
    from ..publish.plan import Plan
    from .survey import SessionSurvey


def publication_plan(connection: Connection, desired: Desired, sight: SessionSurvey, content: Fingerprint) -> Plan:
    """The plan of the image pipeline; its ``upload`` is None where the image is published with this content.

    Raises what `make_plan` raises. How the data gets there is not its affair here, so it is not asked about schemes.
    """
    keystone = connection.region.settings.auth_url
    free = replace(desired, scheme=None)
    return make_plan(PlanContext(connection.location, free, sight.survey, keystone, content.disk_format, content))
