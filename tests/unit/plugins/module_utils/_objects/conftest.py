# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of objects and containers."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_openstack import FakeOpenStack

if TYPE_CHECKING:
    from tests.support.store_site import StoreSite


@pytest.fixture
def store(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StoreSite:
    """Two object stores where large objects are of small parts, and retries do not wait."""
    # Not at the top: pytest-ansible wants to load collections itself, after this file.
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
    from ansible_collections.oaktree.multicloud.plugins.module_utils._objects import presence
    from tests.support.store_site import PART, StoreSite

    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(presence, "part_size", lambda size, _limits: max(1, min(size, PART)))
    return StoreSite(fake_openstack(clouds=2, object_store=True), tmp_path)
