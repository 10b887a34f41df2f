# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Older versions of an image: what they are called, and which of them are deleted."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ..._glance.v2 import dated_name, name_when_kept

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..desired import Desired

BUILD_DATE = "image_build_date"
"""The property by which makers of images say when the content was made (SCS-0102, image metadata)."""


def next_name(image: Mapping[str, Any]) -> str:
    """The name that a replaced image gets: the one that it was given for this (`name_when_kept`), or name and date."""
    return name_when_kept(image) or dated_name(image["name"], image)


def expired(kept: Iterable[Mapping[str, Any]], desired: Desired, today: date) -> tuple[dict[str, Any], ...]:
    """Those of the kept images that are beyond ``keep_last`` or older than ``keep_days``, oldest first.

    The age of an image is that of its content (`BUILD_DATE`), or where that is not known, of the image in this cloud.
    One that is given twice counts once: it is in both lists if it is hidden between them, or the filter is ignored.
    """
    once = {str(image["id"]): dict(image) for image in kept}
    counted = sorted(
        (image for image in once.values() if image["name"] not in desired.keep_names),
        key=lambda image: (_made(image) or date.max, image.get("created_at") or "", str(image["id"])),
    )
    beyond = 0 if desired.keep_last is None else max(0, len(counted) - desired.keep_last)
    return tuple(
        image for number, image in enumerate(counted) if number < beyond or _too_old(image, desired.keep_days, today)
    )


def _too_old(image: Mapping[str, Any], days: int | None, today: date) -> bool:
    made = _made(image)
    return days is not None and made is not None and (today - made).days > days


def _made(image: Mapping[str, Any]) -> date | None:
    """None where neither the property nor the cloud says it: such an image counts as the newest."""
    for said in (image.get(BUILD_DATE), image.get("created_at")):
        try:
            return date.fromisoformat(str(said)[:10])
        except ValueError:
            continue
    return None
