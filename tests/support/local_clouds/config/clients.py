# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clouds.yaml that users of the local clouds read."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.local_clouds.layout import Cloud, Layout

_ENTRIES = (("", "demo", "demo"), ("-demo2", "demo", "demo2"), ("-admin", "admin", "admin"))
"""Suffix of the entry's name, user, project."""

_ENTRY = """\
  {name}:
    auth:
      auth_url: {auth_url}
      username: {user}
      password: "{password}"
      project_name: {project}
      user_domain_name: Default
      project_domain_name: Default
    identity_api_version: "3"
    regions:
"""


def clouds_yaml(layout: Layout, clouds: Iterable[Cloud], password: str) -> str:
    """One entry for each cloud and kind of user, with the regions listed as operators write them."""
    text = "# Written by `python -m tests.support.local_clouds up`.\nclouds:\n"
    for cloud in clouds:
        for suffix, user, project in _ENTRIES:
            text += _ENTRY.format(
                name=f"{cloud.name}{suffix}",
                auth_url=layout.keystone_url(cloud.name),
                user=user,
                password=password,
                project=project,
            )
            text += "".join(f"      - {region.name}\n" for region in cloud.regions)
    return text
