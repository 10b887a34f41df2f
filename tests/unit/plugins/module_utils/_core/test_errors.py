# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree of errors: kinds, hints, and records for other processes."""

from __future__ import annotations

import json

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core import errors
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    OaktreeError,
    ServerError,
    record_of,
    restored,
    unexpected,
)

CLASSES = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, OaktreeError)]
KINDS = {
    *("config", "auth", "unreachable", "timeout", "throttled", "quota"),
    *("refused", "conflict", "integrity", "server", "input", "internal"),
}


def test_every_kind_has_one_class_and_a_hint_that_is_a_sentence() -> None:
    assert sorted(value.kind for value in CLASSES) == sorted(KINDS)
    hints = {value.default_hint for value in CLASSES}
    assert len(hints) == len(CLASSES)
    assert all(hint.endswith(".") for hint in hints)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_a_record_restores_the_error(kind: type[OaktreeError]) -> None:
    record = record_of(kind("it broke", hint="Mend it."))
    assert record == {"kind": kind.kind, "message": "it broke", "hint": "Mend it."}
    error = restored(json.loads(json.dumps(record)))
    assert error.__class__ is kind
    assert (error.message, error.hint) == ("it broke", "Mend it.")


def test_a_class_of_another_file_takes_no_kind_away() -> None:
    class _AnotherError(OaktreeError):
        """Some files have errors of their own, which never leave them."""

    assert restored(record_of(_AnotherError("it broke"))).__class__ is OaktreeError


@pytest.mark.parametrize(
    "record", [None, 5, [], {}, "text", {"kind": "server"}, {"kind": "other", "message": "", "hint": ""}]
)
def test_what_is_no_record_restores_nothing(record: object) -> None:
    assert restored(record) is None


def test_residue_is_added_once() -> None:
    error = ServerError("it broke")
    for complaint in ("", "image 7 could not be deleted", "image 7 could not be deleted", "nor image 8"):
        error.add_residue(complaint)
    assert error.residue == ["image 7 could not be deleted", "nor image 8"]
    assert error.message == "it broke; image 7 could not be deleted; nor image 8"


def test_what_nobody_foresaw_is_a_bug_of_this_collection() -> None:
    error = unexpected(KeyError("a\nb"))
    assert (error.kind, error.message) == ("internal", r"KeyError: 'a\nb'")
    assert unexpected(error) is error


def test_a_copy_and_a_bug_keep_their_cause() -> None:
    bug = KeyError("where")
    error = unexpected(bug)
    copy = error.copied()
    copy.add_residue("and an image is left")
    assert (error.__cause__, copy.__cause__) == (bug, bug)
    assert (error.residue, copy.residue) == ([], ["and an image is left"])


def test_whatever_is_added_to_an_error_can_be_shown() -> None:
    error = ServerError("it \x1b[2Jbroke", hint="Ask \u202eeno, at https://joe:pa55@host.")
    error.add_residue("image \x07 of https://joe:pa55@host")
    error.message += "\nand \x1b"
    assert error.message == r"it \x1b[2Jbroke; image \x07 of https://host and \x1b"
    assert error.residue == [r"image \x07 of https://host"]
    assert error.summary == rf"{error.message} (server). Ask \u202eeno, at https://host."
    assert error.copied().message == error.message
