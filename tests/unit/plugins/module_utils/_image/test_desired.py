# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options at one Location: which override holds where."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Project, Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired, Timeouts
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override


def at(cloud: str, *overrides: tuple[str, dict[str, Any]], **options: Any) -> Desired:
    parsed = tuple(Override(Selection.parse([pattern]), given) for pattern, given in overrides)
    desired = Desired("thing", "present", overrides=parsed, **options)
    return desired.at(Location(cloud, "r1", None, Project(None, "demo")))


def test_an_override_holds_at_its_locations_only() -> None:
    raw = ("alpha", {"disk_format": "raw", "name": "other"})
    assert (at("alpha", raw).disk_format, at("alpha", raw).name) == ("raw", "other")
    assert (at("beta", raw).disk_format, at("beta", raw).name) == (None, "thing")


def test_later_overrides_win_and_properties_are_merged() -> None:
    first = ("*", {"disk_format": "raw", "properties": {"a": "2", "b": "2"}})
    second = ("alpha/r1", {"disk_format": "qcow2", "properties": {"b": None}})
    desired = at("alpha", first, second, properties={"a": "1", "c": "1"})
    assert desired.disk_format == "qcow2"
    assert desired.properties == {"a": "2", "b": None, "c": "1"}
    assert at("beta", first, second).properties == {"a": "2", "b": "2"}


@pytest.mark.parametrize(
    ("options", "override", "request_"),
    [
        pytest.param({}, {}, {}, id="the-cloud-decides"),
        pytest.param({"stores": ("fast",)}, {}, {"stores": ["fast"]}, id="stores"),
        pytest.param({"all_stores": True}, {}, {"all_stores": True}, id="all"),
        pytest.param({"all_stores": True}, {"stores": ("fast",)}, {"stores": ["fast"]}, id="some-here"),
        pytest.param({"stores": ("fast",)}, {"all_stores": True}, {"all_stores": True}, id="all-here"),
        pytest.param({"stores": ("fast",)}, {"all_stores": False}, {"stores": ["fast"]}, id="not-all-here"),
        pytest.param({"stores": ("fast",)}, {"stores": ()}, {}, id="none-here"),
    ],
)
def test_stores(options: dict[str, Any], override: dict[str, Any], request_: dict[str, Any]) -> None:
    expected = {**request_, "all_stores_must_succeed": True} if request_ else {}
    assert at("alpha", ("*", override), **options).store_request == expected


def test_the_longest_time_that_a_location_takes() -> None:
    assert Timeouts(1.0, 20.0, 300.0, 4000.0).total == 321.0
