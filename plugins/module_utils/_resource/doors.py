# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules for one type of resource: their options, and the attributes that these are. A name stands for an ID."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from .._core.errors import InputError, OaktreeError
from .._run.gather import Result, Target
from .._run.module import ArgumentSpec, check_positive, fail, make_module, run_info, run_state, target_spec
from .find import Query
from .kinds import kind_of
from .listing import Listing, check_listing, list_resources

if TYPE_CHECKING:
    from .._run.ensure import Change
    from .._run.masking import MaskingModule
    from .wanted import Wanted

STATE_SPEC = ArgumentSpec(options={"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}})
"""The option of every module for one type: doc fragment ``state``."""
NAMED_SPEC = ArgumentSpec(
    options={
        "name": {"type": "str"},
        "id": {"type": "raw"},
        "replace": {"type": "bool", "default": False},
    },
)
"""Those of types with names and IDs: doc fragment ``named``."""
WAIT_SPEC = ArgumentSpec(
    options={
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 300.0},
    },
)
"""Those of types that take a while to be ready: doc fragment ``wait``."""
FIND_SPEC = ArgumentSpec(
    options={"name": {"type": "str"}, "id": {"type": "raw"}},
    mutually_exclusive=[["id", "name"], ["id", "filters"]],
)
"""The options of every module that lists a type with names and IDs: doc fragment ``find``."""
LIST_SPEC = ArgumentSpec(
    options={
        "filters": {"type": "dict"},
        "fields": {"type": "list", "elements": "str"},
        "query": {"type": "str"},
        "all_projects": {"type": "bool", "default": False},
    },
)
"""The options of every module that lists one type: doc fragment ``list``."""
_COMMON = (*STATE_SPEC.options, *NAMED_SPEC.options, *WAIT_SPEC.options)


@dataclass(frozen=True)
class Option:
    """An option of a module for one type, and what it is of the resource.

    ``attribute`` is the attribute, or the keys that lead to a value within one, with dots between them; empty for the
    option's own name. ``wanted`` is a field of `Wanted` in its place. ``type``, ``elements``, ``choices``,
    ``required``, ``default`` and ``options`` are those of the argument spec.
    """

    type: str = "str"
    attribute: str = ""
    wanted: str = ""
    elements: str | None = None
    choices: tuple[str, ...] = ()
    required: bool = False
    default: str | None = None
    secret: bool = False
    refers: bool = False
    """Whether it names another resource, or several."""
    refers_to: str = ""
    """The type of what it names, where the attribute does not tell."""
    nullable: bool = False
    """Whether an empty text stands for null, which the service takes for no value."""
    options: Mapping[str, Option] = field(default_factory=dict)
    described: Mapping[str, Option] = field(default_factory=dict)
    """The options of a mapping in place of a reference, which the first of them then is."""

    @property
    def spec(self) -> dict[str, Any]:
        """As the argument spec has it."""
        said = {
            "type": self.type,
            "elements": self.elements,
            "choices": list(self.choices),
            "required": self.required,
            "default": self.default,
            "no_log": self.secret,
            "options": {name: option.spec for name, option in self.options.items()},
        }
        return {key: value for key, value in said.items() if value}

    def value(self, value: Any) -> Any:
        """The value of the attribute, with a reference where the user gives a bare name."""
        if self.nullable and value == "":
            return None
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if self.options and isinstance(value, Mapping):
            return values_of(self.options, value)
        if not self.refers:
            return value
        return self._referred(dict(value) if isinstance(value, Mapping) else {"name": value})

    def _referred(self, value: dict[str, Any]) -> Any:
        if value.keys() == {"id"}:
            return value["id"]
        if self.described and next(iter(self.described)) in value:
            unknown = {name: given for name, given in value.items() if name not in self.described}
            return {**values_of(self.described, value), **unknown}
        return {**value, "type": self.refers_to} if self.refers_to else value


def reference(attribute: str, refers_to: str = "", *, required: bool = False, nullable: bool = False) -> Option:
    """An option that names a resource in place of its ID."""
    return Option("raw", attribute, refers=True, refers_to=refers_to, required=required, nullable=nullable)


def references(attribute: str, refers_to: str = "", described: Mapping[str, Option] | None = None) -> Option:
    """An option that names resources in place of their IDs, or describes more of each by a mapping."""
    return Option("list", attribute, elements="raw", refers=True, refers_to=refers_to, described=described or {})


def values_of(options: Mapping[str, Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of those options that are given."""
    values: dict[str, Any] = {}
    for name, option in options.items():
        if given.get(name) is not None:
            *outer, last = (option.attribute or name).split(".")
            value = option.value(given[name])
            if outer and value is None:  # without it, there is nothing of what it is within
                values[outer[0]] = {}
                continue
            within = values
            for key in outer:
                within = within.setdefault(key, {})
            within[last] = value
    return values


@dataclass(frozen=True)
class Door:
    """A module that brings resources of one type to a state. ``noun`` is the key of the record in its results."""

    type: str
    noun: str
    options: Mapping[str, Option]
    named: bool = True
    """Whether its resources have names and IDs."""
    waits: bool = False
    """Whether they take a while to be ready."""

    @property
    def spec(self) -> ArgumentSpec:
        """The options beside those that every module has."""
        own = ArgumentSpec(options={name: option.spec for name, option in self.options.items()})
        spec = STATE_SPEC.merge(NAMED_SPEC) if self.named else STATE_SPEC
        return (spec.merge(WAIT_SPEC) if self.waits else spec).merge(own)

    def wanted(self, params: Mapping[str, Any]) -> Wanted:
        """What the user wants, checked. Raises InputError, which names the option."""
        from .wanted import Wanted, check_wanted  # what only lists does not compile it

        attributes = {name: option for name, option in self.options.items() if not option.wanted}
        fields = {
            option.wanted: option.value(params[name])
            for name, option in self.options.items()
            if option.wanted and params[name] is not None
        }
        common = {name: params[name] for name in _COMMON if name in params}
        wanted = Wanted(
            kind=kind_of(self.type),
            attributes=values_of({name: each for name, each in attributes.items() if not each.secret}, params),
            secrets=values_of({name: each for name, each in attributes.items() if each.secret}, params),
            **{**common, **fields},
        )
        if "wait_timeout" in params:
            check_positive(params, "wait_timeout")
        try:
            check_wanted(wanted)
        except InputError as error:
            said = error.message.removeprefix("attributes: ")
            raise InputError(_about_option(said, self.options), hint=error.hint) from None
        return wanted


def _about_option(said: str, options: Mapping[str, Option]) -> str:
    """A message about an attribute as one about the option that it came from; any other message as it is."""
    for name, option in options.items():
        attribute = option.attribute.partition(".")[0]
        if attribute and said.startswith(f"{attribute} "):
            return f"{name}{said[len(attribute) :]}"
    return said


@dataclass(frozen=True)
class ListDoor:
    """A module that lists resources of one type. ``plural`` is the key of the list.

    ``options`` are what stands in the path of the type, or query parameters that name other resources.
    """

    type: str
    plural: str
    options: Mapping[str, Option] = field(default_factory=dict)
    named: bool = True
    """Whether its resources have names and IDs."""

    @property
    def spec(self) -> ArgumentSpec:
        """The options beside those that every module has."""
        own = ArgumentSpec(options={name: option.spec for name, option in self.options.items()})
        return (LIST_SPEC.merge(FIND_SPEC) if self.named else LIST_SPEC).merge(own)

    def listing(self, params: Mapping[str, Any]) -> Listing:
        """What to list, checked. Raises InputError, which names the option."""
        kind = kind_of(self.type)
        values = values_of(self.options, params)
        parents = {name: value for name, value in values.items() if name in kind.parents}
        query = Query(
            name=params.get("name"),
            id=params.get("id"),
            parents=parents,
            filters={**(params["filters"] or {}), **{name: values[name] for name in values.keys() - parents}},
            all_projects=params["all_projects"],
        )
        listing = Listing(kind, query, params["fields"])
        try:
            check_listing(listing)
        except InputError as error:
            _option, _colon, said = error.message.partition(": ")
            given = {name: option for name, option in self.options.items() if params.get(name) is not None}
            about = _about_option(said, given)
            raise InputError(error.message if about == said else about, hint=error.hint) from None
        return listing


class HasSubject(Protocol):
    """What is wanted, of one thing or of several."""

    @property
    def subject(self) -> str:
        """How messages call it."""


def run_door(door: Door) -> NoReturn:
    """Be the module that brings resources of one type to a state."""
    run_resource(make_module(target_spec(writes=True, timeout=300.0).merge(door.spec)), door.wanted, door.noun)


def run_resource(
    module: MaskingModule,
    wanted_of: Callable[[Mapping[str, Any]], HasSubject],
    noun: str,
    ensure: Callable[..., list[Result[Change]]] | None = None,
) -> NoReturn:
    """End the module with what was done to have the wanted resource, as ``noun``, in each Location.

    ``ensure`` does so; by default `ensure_resource`.
    """
    from .apply import ensure_resource  # what only lists does not compile it

    bring: Callable[..., list[Result[Change]]] = ensure or ensure_resource
    target = Target.from_options(module.params)
    try:
        wanted = wanted_of(module.params)
    except OaktreeError as error:
        fail(module, error)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        return [_named(result, noun) for result in bring(target, wanted, check_mode=check_mode)]

    run_state(module, wanted.subject, act)


def _named(result: Result[Change], noun: str) -> Result[Change]:
    change = result.value
    if change is None:
        return result
    if change.parts is None:
        return replace(result, value=_under(noun, change))
    return replace(result, value=replace(change, parts=tuple(_under(noun, part) for part in change.parts)))


def _under(noun: str, change: Change) -> Change:
    return replace(change, output={noun: change.output["resource"]})


def run_list_door(door: ListDoor) -> NoReturn:
    """Be the module that lists resources of one type."""
    run_listing(make_module(target_spec(writes=False, timeout=60.0).merge(door.spec)), door.listing, door.plural)


def run_listing(module: MaskingModule, listing_of: Callable[[Mapping[str, Any]], Listing], plural: str) -> NoReturn:
    """End the module with the merged list of the resources that are meant, as ``plural``."""
    try:
        listing = listing_of(module.params)
    except OaktreeError as error:
        fail(module, error)
    run_info(
        module,
        plural,
        lambda connection: list_resources(connection, listing),
        listing.kind.fields(),
        offers=True,
        per_identity=listing.kind.service == "identity",
    )
