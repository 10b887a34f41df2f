# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which data that others send can get to a Location, and which one is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._core.errors import RefusedError
from ..publish.schemes import glance_direct, v2_put, web_download

if TYPE_CHECKING:
    from ..._cloud.capabilities import Capabilities

SWIFT = "swift"
SCHEMES = (v2_put.NAME, glance_direct.NAME, SWIFT)


def negotiate(found: Capabilities, desired: str | None) -> tuple[str, str]:
    """The scheme and one sentence why. Raises RefusedError where the one that is desired is not possible."""
    refusals = {scheme: refusal(found, scheme) for scheme in SCHEMES}
    if desired:
        if refusals[desired]:
            possible = ", ".join(scheme for scheme in SCHEMES if not refusals[scheme])
            raise RefusedError(
                f"scheme {desired} is not possible here: {refusals[desired]}",
                hint=f"Possible are: {possible or 'none'}.",
            )
        return desired, f"{desired} because the task asks for it"
    if refusals[v2_put.NAME]:
        raise RefusedError(f"no upload by hand is possible here: {refusals[v2_put.NAME]}", hint="Use the module image.")
    if not refusals[SWIFT]:
        return SWIFT, f"{SWIFT} because signed URLs need no credentials where the data is sent from"
    return v2_put.NAME, f"{v2_put.NAME} because {refusals[SWIFT]}"


def refusal(found: Capabilities, scheme: str) -> str | None:
    """Why the Location cannot be served by the scheme; None when it can."""
    if (found.vendor.image_api_version or "2").startswith("1"):
        return "version 1 of the image API is configured, which cannot be told what to expect"
    if scheme == glance_direct.NAME and glance_direct.METHOD not in found.import_methods:
        return f"the import method {glance_direct.METHOD} is not offered"
    return _swift_refusal(found) if scheme == SWIFT else None


def _swift_refusal(found: Capabilities) -> str | None:
    if found.object_store is None:
        return f"there is no object store: {found.missing.get('object_store')}"
    if not found.object_store.tempurl_digests:
        return "the object store has no signed URLs"
    if web_download.METHOD not in found.import_methods and not found.tasks:
        return f"neither the import method {web_download.METHOD} nor tasks are open to bring the object in"
    return None
