# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of upload sessions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_openstack import FakeOpenStack

if TYPE_CHECKING:
    from tests.support.upload_session import SessionSite


@pytest.fixture(autouse=True)
def _turned(fast_clock: object) -> None:
    """Turn the clock."""


@pytest.fixture
def site(fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path) -> SessionSite:
    """A fake cloud that offers every scheme."""
    # Not at the top: pytest-ansible wants to load collections itself, after this file.
    from tests.support.upload_session import SessionSite

    return SessionSite(fake_openstack(object_store=True), tmp_path)
