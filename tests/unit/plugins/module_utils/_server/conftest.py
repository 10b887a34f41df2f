# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region with all that servers are built of, which the tests here share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.fake_openstack import FakeOpenStack, Region


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    from tests.support.server_clouds import furnished_clouds  # not at the top: pytest-ansible loads collections later

    return furnished_clouds(fake_openstack)


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def project(clouds: FakeOpenStack) -> str:
    """The ID of the project of the user demo."""
    return clouds["cloud1"].keystone.project_id("demo")
