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
      - Container format of the image.
    type: str
    choices: [aki, ami, ari, bare, compressed, docker, ova, ovf]
    default: bare
  properties:
    description:
      - Custom properties, such as C(hw_disk_bus). Values become strings, booleans C(true) and C(false).
      - Properties that are not named are left alone; a value of null removes one.
    type: dict
    default: {}
  tags:
    description:
      - All tags of the image. Without it they are left alone.
    type: list
    elements: str
  min_disk:
    description:
      - Smallest disk that the image boots from, in GiB.
    type: int
  min_ram:
    description:
      - Smallest memory that the image boots with, in MiB.
    type: int
  visibility:
    description:
      - Who sees the image. Most clouds allow V(public) to administrators only.
      - A new image has the cloud's default, mostly V(shared); one that replaces another takes over what that one had.
    type: str
    choices: [community, private, public, shared]
  hidden:
    description:
      - Whether lists leave the image out unless they are asked for hidden ones.
      - An image that replaces another takes over what that one had.
    type: bool
  protected:
    description:
      - Whether the image is protected from deletion.
      - A protected image is replaced only when this option is given, for the new image.
    type: bool
"""
