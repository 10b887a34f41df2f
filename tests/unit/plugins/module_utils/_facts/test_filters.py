# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.filters import as_parameters


def test_values_are_sent_as_services_read_them() -> None:
    filters = {"protected": True, "os_hidden": False, "size_min": 5, "name": "a", "tag": ["x", True], "status": None}
    assert as_parameters(filters) == {
        "protected": "true",
        "os_hidden": "false",
        "size_min": 5,
        "name": "a",
        "tag": ["x", "true"],
        "status": None,
    }


@pytest.mark.parametrize("value", [{}, {"role": "web"}, [{"role": "web"}]])
def test_a_mapping_is_refused_because_only_its_keys_would_be_sent(value: Any) -> None:
    with pytest.raises(InputError, match="filters: metadata is a mapping"):
        as_parameters({"metadata": value})
