# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in OpenStack clouds for tests and benchmarks.

with FakeOpenStack(clouds=2, regions=2, servers=3) as clouds:
    clouds.clouds_yaml(tmp_path / "clouds.yaml")
    clouds["cloud1"]["r2"].fault("GET", r"/servers", Answer(503, {"Retry-After": "1"}), times=1)
    ...
    assert clouds.counters.tokens == 2
"""

from __future__ import annotations

from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.faults import (
    Action,
    Answer,
    BlackHole,
    BreakAnswer,
    CorruptRequest,
    CutRequest,
    DistortAnswer,
    EndlessAnswer,
    LoseAnswer,
    TrickleAnswer,
    edit_answer,
)
from tests.support.fake_openstack.proxy import FaultProxy
from tests.support.fake_openstack.server import Cloud, FakeOpenStack, Region

__all__ = [
    "Action",
    "Answer",
    "BlackHole",
    "BreakAnswer",
    "Cloud",
    "CorruptRequest",
    "Counters",
    "CutRequest",
    "DistortAnswer",
    "EndlessAnswer",
    "FakeOpenStack",
    "FaultProxy",
    "LoseAnswer",
    "Region",
    "TrickleAnswer",
    "edit_answer",
]
