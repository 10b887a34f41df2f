# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location, Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override, overriding


def test_those_of_a_location_in_their_order() -> None:
    overrides = [Override(Selection.parse([pattern]), {"x": pattern}) for pattern in ("beta", "alpha", "*/east")]
    found = list(overriding(overrides, Location("beta", "east")))
    assert found == [{"x": "beta"}, {"x": "*/east"}]
    found[0]["x"] = "changed"
    assert overrides[0].options == {"x": "beta"}
