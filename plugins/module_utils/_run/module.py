# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between AnsibleModule and the core: common options, the failure policy, results. Nothing below knows Ansible."""

from __future__ import annotations

import importlib.util
import json
import signal
import traceback
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ansible.module_utils.basic import missing_required_lib

from .._cloud.sdk import postpone_services
from .._core.errors import InputError, OaktreeError
from .._core.scatter import InterruptError
from .._core.text import shown, shown_lines
from .._local import private_files
from .gather import Result, Target, failure_messages, failure_summary, gather
from .masking import WHOLE_MASK, MaskingModule
from .options import as_clouds, convert

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from .._cloud.connection import Connection
    from .ensure import Change

Value = TypeVar("Value")

LIBRARIES = (("openstack", "openstacksdk"), ("keystoneauth1", "keystoneauth1"))
"""What every module and plugin imports, each with its name for pip."""
MOST = 1e9
"""More than any reasonable time or number, and less than what timeouts can hold."""
TARGET_NUMBERS = ("timeout", "api_timeout", "concurrency", "rate_limit", "request_concurrency")
"""The options of `target_spec` that must be positive."""


@dataclass(frozen=True)
class ArgumentSpec:
    """What an AnsibleModule is made of; specs merge."""

    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()

    def merge(self, other: ArgumentSpec) -> ArgumentSpec:
        return ArgumentSpec(
            {**self.options, **other.options},
            [*self.mutually_exclusive, *other.mutually_exclusive],
            [*self.required_if, *other.required_if],
        )


def target_spec(*, writes: bool, timeout: float) -> ArgumentSpec:
    """The options of every module: doc fragment ``target`` (reading) or ``target_required`` (writing)."""
    return ArgumentSpec(
        options={
            "locations": {"type": "raw", "required": True} if writes else {"type": "raw"},
            "clouds_yaml": {"type": "path"},
            "clouds_config": {"type": "raw", "no_log": True},
            "timeout": {"type": "float", "default": timeout},
            "api_timeout": {"type": "float"},
            "concurrency": {"type": "int", "default": 100},
            "token_cache": {"type": "bool", "default": True},
            "rate_limit": {"type": "float"},
            "request_concurrency": {"type": "int"},
            "on_failure": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
        },
        mutually_exclusive=[["clouds_yaml", "clouds_config"]],
    )


def make_module(spec: ArgumentSpec) -> MaskingModule:
    """The module of a spec; fails with a clear message if a library is missing or an option is not valid."""
    module = MaskingModule(
        argument_spec=dict(spec.options),
        mutually_exclusive=list(spec.mutually_exclusive),
        required_if=list(spec.required_if),
        supports_check_mode=True,
    )
    for library, package in LIBRARIES:
        require(module, library, package)
    postpone_services()
    try:
        if module.clouds_config is not None:
            module.params["clouds_config"] = as_clouds(module.clouds_config)
        module.hide_secrets()
        convert(module.params, spec.options)
        check_positive(module.params, *TARGET_NUMBERS)
    except InputError as error:
        fail(module, error)
    return module


def check_positive(options: Mapping[str, Any], *names: str) -> None:
    """Raise InputError for one of the named options that is given and not greater than zero and less than `MOST`."""
    for name in names:
        value = options[name]
        if value is not None and not 0 < value < MOST:
            raise InputError(f"{name}: must be greater than zero and less than {MOST:g}, not {value:g}")


def require(module: MaskingModule, library: str, package: str) -> None:
    """Fail with a clear message unless ``library`` can be imported; ``package`` is its name for pip."""
    if importlib.util.find_spec(library) is None:
        module.fail_json(msg=missing_required_lib(package))


def _hide_config(module: MaskingModule) -> None:
    """Keep ``clouds_config`` out of the options that Ansible shows beside a module's result."""
    if module.clouds_config:
        module.params["clouds_config"] = WHOLE_MASK


def run_info(
    module: MaskingModule,
    plural: str,
    work: Callable[[Connection], list[dict[str, Any]] | None],
    known_fields: Collection[str] = (),
    *,
    offers: bool = False,
    per_identity: bool = False,
) -> NoReturn:
    """End the module with the merged list of what ``work`` finds at each Location, as ``plural``.

    The option ``query``, where the module has one, is a JMESPath expression over that list. The option ``fields`` is up
    to ``work``; here it is only checked against those that are known. With ``offers``, ``locations`` say where ``work``
    has returned None, which means that the Location does not offer such. ``per_identity`` is that of Target.
    """
    if module.params.get("query"):
        require(module, "jmespath", "jmespath")
    try:
        check_fields(module.params.get("fields") or (), known_fields)
        search = _compile_query(module.params.get("query"))
        results = gather(replace(Target.from_options(module.params), per_identity=per_identity), work)
        records = [record for result in results for record in result.value or ()]
        found = search(records) if search else records
    except OaktreeError as error:
        fail(module, error)
    finish(module, results, {plural: found, "locations": [_visit(result, offers=offers) for result in results]})


def check_fields(fields: Iterable[str], known: Collection[str], option: str = "fields") -> None:
    """Raise InputError, which names the option, for a field that no record has."""
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise InputError(
            f"{option}: {', '.join(map(repr, unknown))} is not known", hint=f"Known are {', '.join(sorted(known))}."
        )


def _visit(result: Result[list[dict[str, Any]] | None], *, offers: bool) -> dict[str, Any]:
    return {
        "location": result.location.to_dict(),
        **({"offered": None if result.error else result.value is not None} if offers else {}),
        "count": len(result.value or ()),
        "seconds": round(result.seconds, 3),
        "requests": result.requests,
    }


def _compile_query(query: str | None) -> Callable[[list[dict[str, Any]]], list[Any]] | None:
    if not query:
        return None
    import jmespath
    from jmespath.exceptions import JMESPathError

    hint = "See https://jmespath.org; literals are written in backquotes or single quotes, as in name=='web'."
    try:
        compiled = jmespath.compile(query)
    except JMESPathError as exc:
        raise InputError(f"query: {exc}", hint=hint) from exc

    def search(records: list[dict[str, Any]]) -> list[Any]:
        try:
            found = compiled.search(records)
        except JMESPathError as exc:
            raise InputError(f"query: {exc}", hint=hint) from exc
        if not isinstance(found, list):
            raise InputError("query: the result is not a list", hint=f"Wrap the expression: [{query}]")
        return found

    return search


@dataclass
class Beside:
    """What a module's work adds to its result: more keys, and the beginning of a failure's message."""

    output: dict[str, Any] = field(default_factory=dict)
    lead: str = ""


def run_state(
    module: MaskingModule, subject: str, act: Callable[[bool], list[Result[Change]]], beside: Beside | None = None
) -> NoReturn:
    """End the module with what ``act`` did to bring each Location to a state: one result, or one for each thing.

    ``subject`` is what is changed, as ``image 'fedora'``. ``act`` is given whether this is check mode, which no other
    file reads. ``beside`` is read when it has ended.
    """
    beside = beside or Beside()
    results = _acted(module, act, _interrupted)
    done = [(result, change) for result in results if result.value is not None for change in result.value.each]
    output: dict[str, Any] = {
        "changed": any(change.changed for _result, change in done),
        "results": [
            {
                "location": result.location.to_dict(),
                "action": change.action,
                **change.output,
                "notes": [shown(note) for note in change.notes],
            }
            for result, change in done
        ],
    }
    if module._diff:  # noqa: SLF001 - how modules learn of --diff
        output["diff"] = [
            {
                "before_header": shown(f"{result.location}: {change.subject or subject}"),
                "after_header": shown(f"{result.location}: {change.subject or subject}"),
                "before": _text(change.before),
                "after": _text(change.after),
            }
            for result, change in done
        ]
    finish(module, results, {**output, **beside.output}, beside.lead)


def run_requests(
    module: MaskingModule, act: Callable[[bool], list[Result[dict[str, Any]]]], *, reads: bool
) -> NoReturn:
    """End the module with one result per Location of the request that ``act`` sends or, in check mode, may not send.

    The key ``sent`` of each value says whether it was sent. Unless it only ``reads``, a request that was sent counts as
    a change. ``act`` is as that of `run_state`.
    """
    results = _acted(module, act, lambda _interrupt: "Interrupted. What was sent before may have taken effect.")
    done = [(result, result.value) for result in results if result.value is not None]
    output = {
        "changed": not reads and any(value["sent"] for _result, value in done),
        "results": [{"location": result.location.to_dict(), **value} for result, value in done],
    }
    finish(module, results, output)


def _acted(
    module: MaskingModule, act: Callable[[bool], list[Result[Value]]], interrupted: Callable[[KeyboardInterrupt], str]
) -> list[Result[Value]]:
    """What ``act`` returns; ends the module where nothing could be tried, and where it is interrupted."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return act(module.check_mode)
    except OaktreeError as error:
        fail(module, error)
    except KeyboardInterrupt as interrupt:
        _hide_config(module)
        module.fail_json(msg=interrupted(interrupt))


def _interrupted(interrupt: KeyboardInterrupt) -> str:
    """What became of the work, as far as that is known: before anything has begun there is nothing to say."""
    outcomes = interrupt.outcomes if isinstance(interrupt, InterruptError) else ()
    left = [
        f"{outcome.item}: {'; '.join(outcome.error.residue)}"
        for outcome in outcomes
        if outcome.error and outcome.error.residue
    ]
    stays = "Interrupted. What was complete stays; what was incomplete has been removed"
    return f"{stays}, but for what the next run of this task removes: {' | '.join(left)}" if left else f"{stays}."


def _text(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def finish(module: MaskingModule, results: Sequence[Result[Any]], output: dict[str, Any], lead: str = "") -> NoReturn:
    """Apply the failure policy once, with all results in hand, and exit. A failure's message begins with ``lead``."""
    _hide_config(module)
    _say_warnings(module)
    failures = [result.failure for result in results if result.failure]
    output = {"changed": False, **output, "failures": failures}
    messages = failure_messages(results)
    if not messages:
        module.exit_json(**output)
    if module.params["on_failure"] == "warn" and len(failures) < len(results):
        for message in messages:
            module.warn(message)
        module.exit_json(**output)
    module.fail_json(msg=f"{lead}{failure_summary(results)}", **_defect(results), **output)


def _defect(results: Sequence[Result[Any]]) -> dict[str, str]:
    """The traceback of the first failure that indicates a bug in this collection, for the bug report."""
    for result in results:
        if result.error and result.error.kind == OaktreeError.kind:
            return {"exception": shown_lines("".join(traceback.format_exception(result.error)))}
    return {}


def fail(module: MaskingModule, error: OaktreeError) -> NoReturn:
    """End the module because of the user's input: nothing was tried anywhere."""
    _hide_config(module)
    _say_warnings(module)
    module.fail_json(msg=f"{error.message}. {error.hint}", kind=error.kind)


def _say_warnings(module: MaskingModule) -> None:
    for text in private_files.warnings():
        module.warn(text)
