# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for an image's metadata; they mirror ``OPTIONS`` of ``_image.metadata``."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  container_format:
    description:
      - Container format of the image. With another one than V(bare) and V(ami) the file is published as it is.
      - If omitted, it is V(bare), or for a copy of an image that of the original. An image of another one is replaced only if the
        option is set, or if the image is a copy.
    type: str
    choices: [aki, ami, ari, bare, compressed, docker, ova, ovf]
  properties:
    description:
      - Custom properties, such as C(hw_disk_bus). Values are converted to strings, booleans to C(true) and C(false).
      - Other properties are left alone. A null value removes a property.
    type: dict
    default: {}
  tags:
    description:
      - All tags of the image. If omitted, existing tags are left alone.
    type: list
    elements: str
  min_disk:
    description:
      - Minimum disk size to boot the image, in GiB.
    type: int
  min_ram:
    description:
      - Minimum RAM to boot the image, in MiB.
    type: int
  visibility:
    description:
      - Who can see the image. Most clouds allow V(public) to administrators only.
      - A new image gets the cloud's default, mostly V(shared). An image that replaces another keeps the visibility of that one.
    type: str
    choices: [community, private, public, shared]
  hidden:
    description:
      - Whether lists omit the image unless hidden images are requested.
      - An image that replaces another is hidden if that one was, unless this option is given.
      - Clouds older than Rocky (image API 2.7) cannot hide images; there V(true) is refused.
    type: bool
  protected:
    description:
      - Whether the image is protected from deletion.
      - A protected image is replaced only if this option is given; it then applies to the new image.
    type: bool
"""
