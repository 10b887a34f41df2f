# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the object store's tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_openstack import FakeOpenStack

if TYPE_CHECKING:
    from tests.support.object_site import ObjectSite


@pytest.fixture
def objects(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectSite:
    """An object store where retries do not wait."""
    # Not at the top: pytest-ansible wants to load collections itself, after this file.
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
    from tests.support.object_site import ObjectSite

    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    return ObjectSite(fake_openstack(object_store=True), tmp_path)


@pytest.fixture
def gateway(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ObjectSite:
    """The same of Ceph's object gateway."""
    from ansible_collections.oaktree.multicloud.plugins.module_utils._core import retry
    from tests.support.object_site import ObjectSite

    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    return ObjectSite(fake_openstack(object_store="radosgw"), tmp_path)
