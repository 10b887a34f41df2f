# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desired state of a stack: the options of the module, and those that differ between Locations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError
from .._core.text import keep_secret
from .._resource.kinds import kind_of
from .._resource.references import Resolver, check_references
from .._run.overrides import Override, overriding
from .template import Sources

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from .._cloud.connection import Connection
    from .._core.location import Location

STACK = "orchestration.stack"
"""The type of resource that a stack is."""

HEAT_MASK = "******"
"""What Heat answers in place of the value of a hidden parameter: nothing is known of such a value."""


@dataclass(frozen=True)
class Sent:
    """What Heat is sent, plain JSON; names that are ``masked`` have values that nobody is shown."""

    template: Mapping[str, Any]
    environment: Mapping[str, Any]
    """Without its parameters, which are among the others."""
    files: Mapping[str, str]
    parameters: Mapping[str, Any]
    hidden: frozenset[str]
    """The parameters that Heat does not show."""
    masked: frozenset[str]

    @property
    def body(self) -> dict[str, Any]:
        """The part of a request that says what the stack is."""
        return {
            "template": self.template,
            "environment": self.environment,
            "files": self.files,
            "parameters": self.parameters,
        }

    @property
    def content(self) -> dict[str, Any]:
        """What a digest tells apart. To Heat, numbers and booleans are the same as their texts."""
        return {**self.body, "parameters": texts_in(self.parameters)}

    @property
    def has_hidden(self) -> bool:
        """Whether there are values that cannot be compared with what Heat shows."""
        return bool(self.hidden & {*self.parameters, *(self.environment.get("parameter_defaults") or {})})


@dataclass(frozen=True)
class DesiredStack:
    """The user's options. ``sources`` is None where the stack is to be absent; seconds for ``wait_timeout``."""

    name: str
    state: str = "present"
    sources: Sources | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    """None leaves them as they are."""
    rollback: bool = False
    replace: bool = False
    keep_failed: bool = False
    wait: bool = True
    wait_timeout: float = 3600.0
    digest_key: str | None = None
    overrides: tuple[Override, ...] = ()

    def at(self, location: Location) -> DesiredStack:
        """The options that apply at this Location: later overrides win, parameters and secrets are merged."""
        desired = self
        for options in overriding(self.overrides, location):
            desired = replace(
                desired,
                parameters={**desired.parameters, **options.get("parameters", {})},
                secrets={**desired.secrets, **options.get("secrets", {})},
            )
        return desired

    def sent(self, connection: Connection) -> Sent:
        """What Heat is sent, with an ID in place of each reference; one request for each distinct one.

        Raises MissingError and ConflictError, see `Resolver.all`.
        """
        sources = self.sources or Sources({})
        environment = {key: value for key, value in sources.environment.items() if key != "parameters"}
        own = {name: value for name, value in self.parameters.items() if value is not None}
        parameters = {
            **(sources.environment.get("parameters") or {}),
            **Resolver(connection, kind_of(STACK)).all(own),
            **self.secrets,
        }
        masked = sources.hidden | self.secrets.keys()
        return Sent(sources.template, environment, sources.files, parameters, sources.hidden, masked)


def texts_in(value: Any) -> Any:
    """A value with texts in place of numbers and booleans, as Heat takes both."""
    if isinstance(value, dict):
        return {key: texts_in(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [texts_in(inner) for inner in value]
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_desired(desired: DesiredStack) -> None:
    """Raise InputError for options that no Location can be brought to; have secrets masked in messages from now on."""
    if not desired.name:
        raise InputError("name: must not be empty")
    for tag in desired.tags or ():
        if not tag or "," in tag or len(tag) > 80:
            raise InputError(f"tags: {tag!r} is not a tag: Heat takes 1 to 80 characters without commas")
    hidden = desired.sources.hidden if desired.sources else frozenset()
    parts = [("parameters", desired.parameters, desired.secrets)]
    parts += [
        ("overrides[].parameters", each.options.get("parameters", {}), each.options.get("secrets", {}))
        for each in desired.overrides
    ]
    for option, parameters, secrets in parts:
        check_references(kind_of(STACK), option, parameters)
        keep_secret(secrets)
        _check_logged(option, hidden & parameters.keys())
    _check_logged("environments", hidden & (desired.sources.logged if desired.sources else set()))


def _check_logged(option: str, names: Collection[str]) -> None:
    if names:
        raise InputError(
            f"{option}: {', '.join(sorted(names))} is hidden by the template, and would be logged here",
            hint="Put it under secrets.",
        )
