# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Incomplete images are removed, also those whose creation was not answered."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import DeadlineError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.discard import discard
from tests.support.fake_openstack import Action, Answer, FakeOpenStack, LoseAnswer, Region
from tests.support.run_core import connect

ID = str(UUID(int=1))

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def region(clouds: FakeOpenStack) -> Region:
    return clouds["cloud1"]["r1"]


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return Glance(connect(clouds, timeout=1000.0, api_timeout=5.0))


@pytest.mark.parametrize("fault", [None, Answer(409), Answer(503), LoseAnswer()])
def test_an_image_goes_also_after_the_timeout_and_failures(
    region: Region, glance: Glance, fault: Action | None
) -> None:
    glance.create({"id": ID})
    if fault:
        region.fault("DELETE", "/images/", fault, times=2)
    with glance.connection.within(0.0001, "transfer_timeout"):
        with pytest.raises(DeadlineError):
            glance.connection.deadline.sleep(1)
        assert discard(glance, ID) == ""
    assert region.glance.images == {}


def test_what_cannot_be_removed_is_reported(region: Region, glance: Glance) -> None:
    glance.create({"id": ID})
    region.fault("DELETE", "/images/", Answer(403))
    assert f"the incomplete image {ID} could not be removed (" in discard(glance, ID)


def test_an_image_whose_creation_was_not_answered_may_come_yet(clouds: FakeOpenStack, glance: Glance) -> None:
    assert discard(glance, ID) == ""
    assert clouds.counters.requests(method="DELETE") == 1
    glance.unanswered.add(ID)
    assert discard(glance, ID) == f"the image {ID} may come yet: its creation was not answered"
