# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConfigError,
    InputError,
    OaktreeError,
    RefusedError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.other_location import (
    connect_to_one,
    work_at,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from tests.support.fake_openstack import FakeOpenStack


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("*", "from: '\\*' selects 4 Locations"), ("cloud9", "from: 'cloud9' matches none of the configured clouds")],
)
def test_one_location_and_no_more(two_clouds: FakeOpenStack, pattern: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        connect_to_one(Target(), [pattern])
    assert two_clouds.counters.requests() == 0


def test_a_location_that_is_not_configured() -> None:
    config = {"clouds": {"alpha": {"auth": {"auth_url": "http://nowhere"}, "verify": "/nowhere", "profile": "none"}}}
    with pytest.raises(ConfigError) as caught:
        connect_to_one(Target(clouds_config=config), ["alpha"])
    assert caught.value.message.startswith("from: cloud 'alpha' cannot be configured")


def test_work_is_done_authenticated_and_its_errors_are_those_of_the_option(two_clouds: FakeOpenStack) -> None:
    def refuse(_connection: object) -> None:
        raise RefusedError("no")

    connection = connect_to_one(Target(), ["cloud2/r1"])
    assert work_at(connection, lambda there: there.location.project.name, 20.0) == "demo"
    with pytest.raises(OaktreeError) as caught:
        work_at(connection, refuse, 20.0)
    assert (caught.value.kind, caught.value.message) == ("refused", "from: no")
    assert two_clouds.counters.tokens == 1
