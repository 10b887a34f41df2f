# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between AnsibleModule and the core: options, the failure policy, results; the modules' own tests show the rest."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from ansible.module_utils._internal import _traceback
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    ConflictError,
    DeadlineError,
    InputError,
    OaktreeError,
    ServerError,
    unexpected,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.scatter import InterruptError, Outcome
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.records import SERVER_FIELDS
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    Beside,
    check_fields,
    check_positive,
    make_module,
    run_requests,
    run_state,
    target_spec,
)
from tests.support.run_module import INVOCATION, told_secrets

Act = Callable[[bool], list[Result[Change]]]
SPEC = target_spec(writes=True, timeout=300.0)
HERE, THERE = Location("a", "r1"), Location("b", "r2")


@pytest.fixture(autouse=True)
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that a module has taken over, which stay those of the tests; not SIGUSR1, which Ansible takes."""
    taken: list[int] = []
    ours = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    monkeypatch.setattr(signal, "signal", lambda number, _handler: taken.extend({number}.intersection(ours)))
    return taken


def run(act: Act, **params: Any) -> dict[str, Any]:
    """Run a module that does this, and return what it printed and warned of, and whether its exit code says success."""
    return ending(lambda: run_state(make_module(SPEC), "thing 't'", act), **params)


def run_sending(act: Callable[[bool], list[Result[dict[str, Any]]]], *, reads: bool, **params: Any) -> dict[str, Any]:
    """As `run`, for a module that sends requests, with headers."""
    spec = SPEC.merge(ArgumentSpec({"headers": {"type": "dict"}}))
    return ending(lambda: run_requests(make_module(spec), act, reads=reads), **params)


def ending(module: Callable[[], object], **params: Any) -> dict[str, Any]:
    printed = StringIO()
    warned: list[str] = []
    with (
        patch.object(AnsibleModule, "warn", lambda _self, message: warned.append(message)),
        patch_module_args({"locations": ["*"], **INVOCATION, **params}),
        told_secrets(),
        redirect_stdout(printed),
        pytest.raises(SystemExit) as ended,
    ):
        module()
    found: dict[str, Any] = json.loads(printed.getvalue())
    return found | {"ok": ended.value.code == 0, "warnings": warned}


def result(location: Location, change: Change | None = None, error: OaktreeError | None = None) -> Result[Change]:
    return Result(location, 1.0, 2, change, error)


# Options


def test_specs_merge() -> None:
    one = ArgumentSpec({"a": {"type": "int"}, "b": {"type": "int"}}, [["a", "b"]], [["a", 1, ["b"]]])
    two = ArgumentSpec({"b": {"type": "str"}}, [["b", "c"]])
    merged = one.merge(two)
    assert merged.options == {"a": {"type": "int"}, "b": {"type": "str"}}
    assert list(merged.mutually_exclusive) == [["a", "b"], ["b", "c"]]
    assert list(merged.required_if) == [["a", 1, ["b"]]]


@pytest.mark.parametrize(("writes", "locations"), [(True, {"required": True}), (False, {})], ids=["writes", "reads"])
def test_what_changes_anything_needs_a_selection(locations: dict[str, Any], *, writes: bool) -> None:
    spec = target_spec(writes=writes, timeout=7.0).options
    assert spec["locations"] == {"type": "raw", **locations}
    assert spec["timeout"] == {"type": "float", "default": 7.0}


@pytest.mark.parametrize("option", ["timeout", "api_timeout", "concurrency", "rate_limit", "request_concurrency"])
@pytest.mark.parametrize("value", [0, -1, 10**9])
def test_numbers_that_are_out_of_range(option: str, value: int) -> None:
    ended = run(lambda _check_mode: [], **{option: value})
    assert (ended["ok"], ended["kind"]) == (False, "input")
    assert ended["msg"].startswith(f"{option}: must be greater than zero and less than 1e+09, not ")


CLOUDS = """
clouds:
  a:
    auth: {auth_url: "https://joe:in-a-url@keystone", username: joe, password: in-a-key}
    api_timeout: 17
    regions: [r1]
cache: {arguments: {url: ["redis://:in-a-list@redis"]}}
"""


@pytest.mark.parametrize("config", [CLOUDS, yaml.safe_load(CLOUDS)], ids=["text", "mapping"])
def test_only_the_secrets_of_clouds_are_masked(config: Any) -> None:
    shown = {"url": "in-a-url", "key": "in-a-key", "list": "in-a-list", "user": "joe", "region": "r1", "time": "17"}
    change = Change("created", output={"shown": shown})
    ended = run(lambda _check_mode: [result(HERE, change)], clouds_config=config)
    masked = dict.fromkeys(("url", "key", "list"), "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
    assert ended["results"][0]["shown"] == {**shown, **masked}
    assert ended["invocation"]["module_args"]["clouds_config"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


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


# Results


def test_results_and_changes() -> None:
    changes = [
        Change("created", {}, {"size": 4}, {"image": {"id": "i"}}, ("slow",)),
        Change("unchanged", {"size": 4}, {"size": 4}, {"image": None}),
    ]
    ended = run(lambda _check_mode: [result(HERE, changes[0]), result(THERE, changes[1])])
    assert (ended["ok"], ended["changed"], ended["failures"]) == (True, True, [])
    assert ended["results"] == [
        {"location": HERE.to_dict(), "action": "created", "image": {"id": "i"}, "notes": ["slow"]},
        {"location": THERE.to_dict(), "action": "unchanged", "image": None, "notes": []},
    ]
    assert "diff" not in ended
    assert not run(lambda _check_mode: [result(THERE, changes[1])])["changed"]


def test_differences_are_shown_when_asked_for() -> None:
    change = Change("updated", {"b": 1, "a": 2}, {"b": 3})
    ended = run(lambda _check_mode: [result(HERE, change)], _ansible_diff=True)
    assert ended["diff"] == [
        {
            "before_header": "a/r1: thing 't'",
            "after_header": "a/r1: thing 't'",
            "before": '{\n  "a": 2,\n  "b": 1\n}\n',
            "after": '{\n  "b": 3\n}\n',
        }
    ]


def test_each_thing_that_is_counted_has_a_result() -> None:
    parts = tuple(
        Change(action, {}, {"n": number}, {"name": f"t-{number}"}, subject=f"thing 't-{number}'")
        for number, action in enumerate(("created", "unchanged"), start=1)
    )
    counted = result(HERE, Change("unchanged", parts=parts), ConflictError("the third is there twice"))
    found = run(lambda _check: [counted], on_failure="fail", _ansible_diff=True)
    assert [(each["name"], each["action"], each["location"]["cloud"]) for each in found["results"]] == [
        ("t-1", "created", "a"),
        ("t-2", "unchanged", "a"),
    ]
    assert [entry["after_header"] for entry in found["diff"]] == ["a/r1: thing 't-1'", "a/r1: thing 't-2'"]
    assert (found["changed"], found["ok"]) == (True, False)
    assert [failure["error"] for failure in found["failures"]] == ["the third is there twice"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_work_is_told_of_check_mode(*, check_mode: bool) -> None:
    def act(checking: bool) -> list[Result[Change]]:  # noqa: FBT001
        return [result(HERE, Change("created", output={"seen": checking}))]

    ended = run(act, _ansible_check_mode=check_mode)
    assert ended["results"][0]["seen"] is check_mode


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("sent", [True, False])
def test_what_was_sent_has_changed_something_unless_it_reads(*, sent: bool, reads: bool) -> None:
    results: list[Result[dict[str, Any]]] = [Result(HERE, 1.0, 2, {"sent": False})]
    results.append(Result(THERE, 1.0, 2, {"sent": sent, "status": 200}))
    ended = run_sending(lambda _check_mode: results, reads=reads)
    assert ended["changed"] is (sent and not reads)
    assert ended["results"] == [
        {"location": HERE.to_dict(), "sent": False},
        {"location": THERE.to_dict(), "sent": sent, "status": 200},
    ]


def test_requests_are_told_of_check_mode_and_may_fail() -> None:
    def act(checking: bool) -> list[Result[dict[str, Any]]]:  # noqa: FBT001
        return [Result(HERE, 1.0, 2, {"sent": not checking}), Result(THERE, 1.0, 2, error=ServerError("it broke"))]

    ended = run_sending(act, reads=False, _ansible_check_mode=True)
    assert (ended["ok"], ended["changed"], [item["sent"] for item in ended["results"]]) == (False, False, [False])
    assert [failure["kind"] for failure in ended["failures"]] == ["server"]


def test_secret_headers_of_a_task_are_masked() -> None:
    headers = {"X-Subject-Token": "in-a-token", "x-account-meta-temp-url-key": "in-a-key", "X-Meta": "shown"}
    results = [Result(HERE, 1.0, 2, {"sent": True, "body": list(headers.values())})]
    ended = run_sending(lambda _check_mode: results, reads=True, headers=headers)
    masked = ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"] * 2
    assert ended["results"][0]["body"] == [*masked, "shown"]
    assert list(ended["invocation"]["module_args"]["headers"].values()) == [*masked, "shown"]


# Failures

DONE, BROKEN = result(HERE, Change("created")), result(THERE, error=ServerError("it broke", hint="Mend it."))
FAILURE = {"location": THERE.to_dict(), "error": "it broke", "kind": "server", "hint": "Mend it."}


def test_a_location_that_failed_fails_the_module_which_shows_the_others() -> None:
    ended = run(lambda _check_mode: [DONE, BROKEN])
    assert (ended["ok"], ended["changed"], len(ended["results"])) == (False, True, 1)
    assert ended["msg"] == "1 of 2 Locations failed: b/r2: it broke (server). Mend it."
    assert ended["failures"] == [FAILURE]
    assert "exception" not in ended


def test_what_work_says_beside_its_results() -> None:
    beside = Beside()

    def act(_check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        beside.output["rows"], beside.lead = [1], "Not placed: web. "
        return [result(HERE, Change("created")), result(THERE, error=ServerError("full"))]

    found = ending(lambda: run_state(make_module(SPEC), "thing 't'", act, beside))
    assert (found["ok"], found["rows"]) == (False, [1])
    assert found["msg"].startswith("Not placed: web. 1 of 2 Locations failed: b/r2: full")


def test_a_location_that_failed_may_be_a_warning() -> None:
    ended = run(lambda _check_mode: [DONE, BROKEN], on_failure="warn")
    assert (ended["ok"], ended["failures"]) == (True, [FAILURE])
    assert ended["warnings"] == ["b/r2: it broke (server). Mend it."]


HOSTILE = Location("a\x1b[2J", "\u202er")


def test_whatever_is_shown_commands_no_terminal() -> None:
    """Records are data, which Ansible shows as JSON."""
    broken = result(HOSTILE, error=ServerError("it \x1bbroke", hint="\x07Mend it."))
    change = Change("created", {}, {"name": "\x1b"}, {"image": {"name": "\x1b"}}, ("no\x07te",))
    ended = run(lambda _check_mode: [result(HOSTILE, change), broken], on_failure="warn", _ansible_diff=True)
    assert ended["warnings"] == [r"a%1B%5B2J/%E2%80%AEr: it \x1bbroke (server). \x07Mend it."]
    assert ended["results"][0]["notes"] == [r"no\x07te"]
    assert ended["results"][0]["image"] == {"name": "\x1b"}
    (diff,) = ended["diff"]
    assert (diff["before_header"], diff["after"]) == ("a%1B%5B2J/%E2%80%AEr: thing 't'", '{\n  "name": "\\u001b"\n}\n')
    failed = run(lambda _check_mode: [result(HOSTILE, change), broken])
    assert failed["msg"].isprintable()
    assert failed["failures"][0]["error"].isprintable()


def test_a_traceback_commands_no_terminal_and_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_traceback, "_is_traceback_enabled", lambda _event: True)
    bug = unexpected(ValueError("\x1b[2J at https://joe:pa55@host/"))
    ended = run(lambda _check_mode: [result(HERE, error=bug)])
    assert r"ValueError: \x1b[2J at https://host/" in ended["exception"]
    assert ended["exception"].count("\n") > 1


def test_all_locations_that_failed_are_more_than_a_warning() -> None:
    ended = run(lambda _check_mode: [BROKEN, BROKEN], on_failure="warn")
    assert (ended["ok"], ended["failures"]) == (False, [FAILURE, FAILURE])
    assert ended["msg"].startswith("2 of 2 Locations failed: ")


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_traceback, "_is_traceback_enabled", lambda _event: True)
    bug = OaktreeError("it broke")
    bug.__cause__ = KeyError("where")
    ended = run(lambda _check_mode: [result(HERE, error=bug)])
    assert "KeyError: 'where'" in ended["exception"]


def test_input_that_cannot_be_used() -> None:
    def act(_check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        raise InputError("name: is empty", hint="Choose one.")

    ended = run(act)
    assert (ended["ok"], ended["kind"], ended["msg"]) == (False, "input", "name: is empty. Choose one.")


# Interrupts


def outcome(item: str, *residue: str) -> Outcome[str, None]:
    error = DeadlineError("interrupted")
    for complaint in residue:
        error.add_residue(complaint)
    return Outcome(item, 1.0, error=error)


@pytest.mark.parametrize(
    ("interrupt", "ending"),
    [
        (KeyboardInterrupt(), "has been removed."),
        (InterruptError([outcome("a/r1")]), "has been removed."),
        (
            InterruptError([outcome("a/r1", "image 7 is left", "image 8 is left"), outcome("b/r2")]),
            "removes: a/r1: image 7 is left; image 8 is left",
        ),
        (
            InterruptError([outcome("a/r1", "image 7 is left"), outcome("b/r2", "an object is left")]),
            "removes: a/r1: image 7 is left | b/r2: an object is left",
        ),
    ],
)
def test_an_interrupt_says_what_is_left(signals: list[int], interrupt: KeyboardInterrupt, ending: str) -> None:
    def act(_check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        raise interrupt

    ended = run(act, clouds_config={"clouds": {"confidential": {}}})
    assert not ended["ok"]
    assert ended["msg"].startswith("Interrupted. ")
    assert ended["msg"].endswith(ending)
    assert "confidential" not in json.dumps(ended)
    assert signals == [signal.SIGTERM, signal.SIGHUP]


def test_an_interrupt_says_that_requests_may_have_taken_effect(signals: list[int]) -> None:
    def act(_check_mode: bool) -> list[Result[dict[str, Any]]]:  # noqa: FBT001
        raise KeyboardInterrupt

    ended = run_sending(act, reads=False)
    assert (ended["ok"], ended["msg"]) == (False, "Interrupted. What was sent before may have taken effect.")
    assert signals == [signal.SIGTERM, signal.SIGHUP]
