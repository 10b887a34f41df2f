# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Locations as the planning of images knows them, for tables."""

from __future__ import annotations

from typing import Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import (
    ImageCapabilities,
    ImageStore,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import OaktreeError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.context import PlanContext
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey
from tests.support.image_samples import OTHER, image, source

STORES = (ImageStore("fast", default=True, description=None), ImageStore("slow", default=False, description=None))
PUT_ONLY = ImageCapabilities((), ())
IMPORTS = ImageCapabilities(("glance-direct", "glance-download", "copy-image"), STORES)
WEB = ImageCapabilities(("web-download",), ())
SAME, OLD = image(1), image(2, OTHER)


def case(region: str, offers: ImageCapabilities | None = PUT_ONLY, *images: dict[str, Any], **more: Any) -> PlanContext:
    """A Location of the cloud alpha; options of the user's under ``wanted``."""
    wanted = Desired(**{"name": "thing", "state": "present", **more.pop("wanted", {})})
    location = Location(more.pop("cloud", "alpha"), region, project=Project(more.pop("project", "p"), None, None, None))
    found = Survey(images=images, offers=offers, **more.pop("survey", {}))
    facts = {"keystone": "https://keystone", "disk_format": "raw", "origin": source(), **more}
    return PlanContext(location, wanted, found, **facts)


def plannable(one: PlanContext) -> bool:
    try:
        make_plan(one)
    except OaktreeError:
        return False
    return True
