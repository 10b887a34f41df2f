# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of images as openstack-image-manager has them, and changes to them that tests need.

``osism/debian.yml.txt`` is ``etc/images/debian.yml`` of https://github.com/osism/openstack-image-manager, unchanged, at
commit 4170bad. Its licence is Apache-2.0, see ``osism/LICENSE``.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

DEBIAN = Path(__file__).parent / "osism" / "debian.yml.txt"

_MIRROR = re.compile(r"https://nbg1\.your-objectstorage\.com/osism/openstack-images/\S+")
_CHECKSUM = re.compile(r"sha512:[0-9a-f]{128}")


def served_from(text: str, base: str, data: bytes) -> str:
    """The definitions with the images of the mirror at ``base``, each of which has this data."""
    checksum = f"sha512:{hashlib.sha512(data).hexdigest()}"
    moved = _MIRROR.sub(lambda found: f"{base}/{found[0].rsplit('/', 1)[1]}", text)
    return _CHECKSUM.sub(checksum, moved)


def renewed(text: str, old: str, new: str) -> str:
    """The definitions with another version, as the script that updates them writes it: dates are YYYYMMDD."""
    return text.replace(old, new).replace(_dashed(old), _dashed(new))


def _dashed(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"
