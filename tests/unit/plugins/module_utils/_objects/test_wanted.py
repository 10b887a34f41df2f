# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users see of a change."""

from __future__ import annotations

from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.wanted import ObjectChange, ObjectTimeouts


def test_the_url_is_returned_and_nowhere_else() -> None:
    made = ObjectChange("updated", {"name": "o"}, {"a": 1}, {"a": 2}, ("note",), "https://secret", "/file")
    change = made.change
    assert change.output == {"object": {"name": "o"}, "dest": "/file", "tempurl": "https://secret"}
    assert (change.action, change.before, change.after, change.notes) == ("updated", {"a": 1}, {"a": 2}, ("note",))
    assert "secret" not in repr(made)


def test_the_work_may_take_both_timeouts() -> None:
    assert ObjectTimeouts(1.0, 20.0, 300.0).total == 21.0
