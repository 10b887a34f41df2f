# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between AnsibleModule and the core; the modules' own tests show the rest."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import check_fields


def test_fields_that_no_record_has_are_an_error() -> None:
    check_fields(["id", "name"], SERVER_FIELDS)
    with pytest.raises(InputError, match=r"^fields: 'flavour', 'nmae' is not known$") as raised:
        check_fields(["nmae", "id", "flavour"], SERVER_FIELDS)
    assert raised.value.hint == f"Known are {', '.join(sorted(SERVER_FIELDS))}."
