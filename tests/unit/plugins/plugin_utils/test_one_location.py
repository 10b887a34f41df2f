# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on exactly one Location; the tests of the lookups show the rest."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.one_location import at_one_location
from tests.support.fake_openstack import Answer, FakeOpenStack

OPTIONS: dict[str, Any] = {
    "clouds_yaml": None,
    "clouds_config": None,
    "timeout": 30.0,
    "api_timeout": None,
    "concurrency": 100,
    "token_cache": True,
    "rate_limit": None,
    "request_concurrency": None,
}


@pytest.mark.usefixtures("two_clouds")
def test_the_value_of_the_one() -> None:
    options = {**OPTIONS, "location": ["cloud2/r1"]}
    assert at_one_location(options, str, AnsibleLookupError) == "cloud2/r1/demo"


@pytest.mark.parametrize("location", [["cloud1"], None])
def test_several_are_an_error_of_input(two_clouds: FakeOpenStack, location: list[str] | None) -> None:
    with pytest.raises(InputError, match=r"^location: .* selects [24] Locations"):
        at_one_location({**OPTIONS, "location": location}, str, AnsibleLookupError)
    assert two_clouds.counters.requests() == 0


def test_none_is_an_error_that_names_the_exclusion(two_clouds: FakeOpenStack) -> None:
    with pytest.raises(InputError, match=r"^location: nothing is selected, the exclusions cover all of it$"):
        at_one_location({**OPTIONS, "location": ["cloud1/r1", "!cloud1/r1"]}, str, AnsibleLookupError)
    assert two_clouds.counters.requests() == 0


def test_a_failure_is_an_error_of_ansible(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401))
    with pytest.raises(AnsibleLookupError, match=r"^cloud1/r1/demo: .*\(auth\)"):
        at_one_location({**OPTIONS, "location": ["cloud1/r1"]}, str, AnsibleLookupError)
