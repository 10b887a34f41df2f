# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that stores accept."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.names import (
    check_container,
    check_object,
)


@pytest.mark.parametrize("name", ["c", "...", "..a", "\u00fc" * 128, " "])
def test_names_that_are_accepted(name: str) -> None:
    check_container("name", name)
    check_object("name", f"{name}/{name}")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "c" * 257, "\u00fc" * 129])
def test_containers_that_cannot_be(name: str) -> None:
    with pytest.raises(InputError, match="option: "):
        check_container("option", name)


@pytest.mark.parametrize("name", ["", ".", "a/../b", "../a", "a/.", "x" * 1025])
def test_objects_that_cannot_be(name: str) -> None:
    with pytest.raises(InputError, match="option: "):
        check_object("option", name)
