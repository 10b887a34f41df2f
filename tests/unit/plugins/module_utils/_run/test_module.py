# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between AnsibleModule and the core; the modules' own tests show the rest."""

from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import check_fields, check_positive
from ansible_collections.oaktree.multicloud.plugins.modules import server_info
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_module import start_module


def test_fields_that_no_record_has_are_an_error() -> None:
    check_fields(["id", "name"], SERVER_FIELDS)
    with pytest.raises(InputError, match=r"^fields: 'flavour', 'nmae' is not known$") as raised:
        check_fields(["nmae", "id", "flavour"], SERVER_FIELDS)
    assert raised.value.hint == f"Known are {', '.join(sorted(SERVER_FIELDS))}."


def test_numbers_that_are_given_must_be_positive() -> None:
    options = {"a": 1, "b": None, "c": 0, "d": -1}
    check_positive(options, "a", "b")
    with pytest.raises(InputError, match=r"^c: must be greater than zero and less than 1e\+09, not 0$"):
        check_positive(options, "a", "c", "d")


REPORT_AT_EXIT = """
import atexit, sys
NAMES = ("openstack.config", "openstack.connection")
atexit.register(lambda: print(*(name in sys.modules for name in NAMES), file=sys.stderr))
"""


def test_a_module_imports_the_configuration_of_openstacksdk_and_none_of_its_services(two_clouds: FakeOpenStack) -> None:
    process = start_module(server_info, REPORT_AT_EXIT, locations=["cloud1"])
    out, err = process.communicate(timeout=60)
    assert (err.split(), process.returncode) == (["True", "False"], 0), out
    assert two_clouds.counters.requests(service="compute") == 2
