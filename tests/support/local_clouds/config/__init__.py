# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of every service, one file each.

A service's ``render`` is pure: from a layout, a place and the password it makes the texts of the files. What is odd
about a setting is said beside it; where nothing is said, it is an ordinary one.
"""

from __future__ import annotations

from tests.support.local_clouds.files import make_private, write_private
from tests.support.local_clouds.layout import Layout, Server

from . import barbican, cinder, designate, glance, heat, keystone, neutron, nova, placement, swift
from .rendered import Rendered

_RENDER = {
    "keystone": keystone.render,
    "glance": glance.render,
    "placement": placement.render,
    "neutron": neutron.render,
    "nova": nova.render,
    "swift": swift.render,
    "heat": heat.render,
    "cinder": cinder.render,
    "designate": designate.render,
    "barbican": barbican.render,
}


def render(layout: Layout, server: Server, password: str) -> Rendered:
    """The configuration of one server."""
    return _RENDER[server.service](layout, server.place, password)


def write(layout: Layout, server: Server, password: str) -> None:
    """Write the configuration of one server, readable by the owner only."""
    rendered = render(layout, server, password)
    for directory in rendered.directories:
        make_private(directory)
    for path, text in rendered.files.items():
        write_private(path, text)
