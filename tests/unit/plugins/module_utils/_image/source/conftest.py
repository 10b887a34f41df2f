# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server; its answers are the test's to give."""
    with Web().running() as web:
        yield web
