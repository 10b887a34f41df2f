# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template, its environments, and the files that they refer to, as Heat is sent them.

Files are found as Heat's own clients find them: ``get_file``, a ``type`` that is the name of a template, and the
resource registry of an environment, again in what is found. Unlike there, a file must be below the directory of the
template or of an environment, or be named by the user: a template that somebody else wrote would otherwise send the
cloud whatever it names. Files keep names relative to the template, so that every machine sends the same. URLs are not
fetched: what they lead to may change between two runs.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECTIONS = ("event_sinks", "parameter_defaults", "parameters", "resource_registry")
"""The sections of an environment. Heat alone can merge by ``parameter_merge_strategies``: it is refused."""

_TEMPLATES = (".yaml", ".template")
"""How the name of a type ends that is a template."""
_VERSIONS = ("heat_template_version", "HeatTemplateFormatVersion", "AWSTemplateFormatVersion")
_NOT_TYPES = ("base_url", "hooks", "restricted_actions")
"""Keys of a resource registry that are no types."""


@dataclass(frozen=True)
class Sources:
    """What a stack is made of, but for the parameters of the task; plain JSON."""

    template: Mapping[str, Any]
    environment: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    logged: frozenset[str] = frozenset()
    """The parameters in environments that are no files: Ansible logs options."""

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The parameters that the template, or one within it, has Heat hide."""
        nested = (_parsed(text) for text in self.files.values())
        return frozenset(name for template in (self.template, *nested) for name in _hidden(template))


def load(
    template: str | None, body: Any, environments: Sequence[Any] = (), files: Mapping[str, Any] | None = None
) -> Sources:
    """Read the template of a path, or the text or mapping ``body``, and all that belongs to it.

    ``environments`` are paths or mappings; of two that say the same, the later one wins. ``files`` says where files are
    that are not found, by the name in the template: a path, or ``{content: TEXT}``. Raises InputError.
    """
    path = None if template is None else Path(template)
    found = _Files(path.parent if path else None, files or {})
    text = _read("template", path) if path else body
    root = _mapping("template" if path else "template_body", text)
    if not any(version in root for version in _VERSIONS):
        raise InputError(
            f"{'template' if path else 'template_body'}: it is no template of Heat",
            hint="A template begins with heat_template_version.",
        )
    root = found.linked(root, path.parent if path else None, str(path or "template_body"))
    environment: dict[str, Any] = {}
    logged: set[str] = set()
    for number, given in enumerate(environments, 1):
        one = found.environment(given, f"environments, number {number}")
        if not isinstance(given, str):
            logged.update(*(one.get(section) or {} for section in ("parameters", "parameter_defaults")))
        _merge(environment, one)
    for name in files or {}:
        found.add_given(name)
    return Sources(_plain(root), _plain(environment), found.contents, frozenset(logged))


class _Files:
    """The files that were found; ``contents`` by the name that Heat is given."""

    def __init__(self, base: Path | None, given: Mapping[str, Any]) -> None:
        self.contents: dict[str, str] = {}
        self._base = base
        self._given = given
        self._roots = [base.resolve()] if base else []

    def linked(self, node: Any, directory: Path | None, where: str) -> Any:
        """A template, or a part of it, with the names that Heat is given; the files are added."""
        if isinstance(node, list):
            return [self.linked(item, directory, where) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._refer(value, directory, where)
            if isinstance(value, str) and (key == "get_file" or (key == "type" and value.endswith(_TEMPLATES)))
            else self.linked(value, directory, where)
            for key, value in node.items()
        }

    def environment(self, given: Any, where: str) -> dict[str, Any]:
        """An environment, with the files of its resource registry added."""
        directory, data = self._base, given
        if isinstance(given, str):
            path = Path(given)
            where, directory, data = f"environment {given}", path.parent, _read("environments", path)
            self._roots.append(directory.resolve())
        environment = {key: value for key, value in _mapping(where, data, empty=True).items() if value is not None}
        unknown = sorted(map(str, environment.keys() - set(SECTIONS) - {"encrypted_param_names"}))
        if unknown:
            raise InputError(
                f"{where}: {unknown[0]} is not a section that can be used", hint=f"Sections are {', '.join(SECTIONS)}."
            )
        environment.pop("encrypted_param_names", None)  # Heat shows it, and keeps its own
        registry = environment.get("resource_registry")
        if isinstance(registry, dict):
            environment["resource_registry"] = self._registry(registry, directory, where)
        return environment

    def _registry(self, registry: Mapping[str, Any], directory: Path | None, where: str) -> dict[str, Any]:
        if "base_url" in registry:
            raise InputError(f"{where}: base_url cannot be used", hint="Write the paths of the templates out.")
        return {
            key: self._registry(value, directory, where)
            if isinstance(value, dict)
            else self._refer(value, directory, where)
            if key not in _NOT_TYPES and isinstance(value, str) and (value.endswith(_TEMPLATES) or "://" in value)
            else value
            for key, value in registry.items()
        }

    def add_given(self, name: str) -> None:
        """Add a file that the user names, whether or not anything refers to it."""
        if name in self.contents:
            return
        value = self._given[name]
        if isinstance(value, dict) and value.keys() == {"content"} and isinstance(value["content"], str):
            self._add(name, value["content"], None)
        elif isinstance(value, str):
            self._add(name, _read("files", Path(value)), Path(value).parent)
        else:
            raise InputError(f"files: {name} must be a path or {{content: TEXT}}")

    def _refer(self, name: str, directory: Path | None, where: str) -> str:
        """The name that Heat is given for a file, which is added."""
        if name in self._given:
            self.add_given(name)
            return name
        if "://" in name:
            raise InputError(
                f"{where}: {name} is a URL, and what it leads to is not fetched",
                hint="Download the file, and name it by its path, or in files.",
            )
        hint = f"Give it in files, as in {{{name}: PATH}}."
        if directory is None:
            raise InputError(f"{where}: it refers to the file {name}, without a directory to find it in", hint=hint)
        path = directory / name
        if not any(path.resolve().is_relative_to(root) for root in self._roots):
            raise InputError(
                f"{where}: it refers to {name}, which is not below the directory of the template or of an environment",
                hint=hint,
            )
        key = Path(os.path.relpath(os.path.normpath(path), self._base or directory)).as_posix()
        if key not in self.contents:
            self._add(key, _read(where, path), path.parent)
        return key

    def _add(self, key: str, text: str, directory: Path | None) -> None:
        self.contents[key] = text  # before what it refers to, which may be itself
        parsed = _parsed(text)
        if parsed:
            linked = self.linked(parsed, directory, key)
            if linked != parsed:
                self.contents[key] = json.dumps(_plain(linked))


def _read(option: str, path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"{option}: there is no file {path}")
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{option}: {path} cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{option}: {path} is not UTF-8, and Heat takes texts only") from exc


@lru_cache(maxsize=1)
def _loader() -> Any:
    """A safe loader of YAML that leaves dates as they are written, as Heat's does."""
    import yaml

    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # which one is known at run time
        pass

    Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: loader.construct_scalar(node))
    return Loader


def _mapping(what: str, data: Any, *, empty: bool = False) -> dict[str, Any]:
    """The mapping that a text in YAML or JSON says, or that is given. Raises InputError."""
    import yaml

    if isinstance(data, str):
        try:
            data = yaml.load(data, Loader=_loader())  # noqa: S506 - it is a safe one
        except (RecursionError, ValueError, yaml.YAMLError) as exc:
            where = getattr(exc, "problem_mark", None)
            line = f" at line {where.line + 1}" if where else ""
            raise InputError(f"{what}: the text is not valid YAML{line}") from exc
    if data is None and empty:
        return {}
    if not isinstance(data, dict):
        raise InputError(f"{what}: must be a mapping, not {type(data).__name__}")
    return data


def _parsed(text: str) -> dict[str, Any]:
    """The template that a file is; nothing if it is something else."""
    if not any(version in text for version in _VERSIONS):
        return {}
    try:
        found = _mapping("", text)
    except InputError:
        return {}
    return found if any(version in found for version in _VERSIONS) else {}


def _hidden(template: Mapping[str, Any]) -> list[str]:
    declared = template.get("parameters") or template.get("Parameters")
    return [
        str(name)
        for name, schema in (declared.items() if isinstance(declared, dict) else ())
        if isinstance(schema, dict) and str(schema.get("hidden", schema.get("NoEcho"))).lower() == "true"
    ]


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Mappings are merged at any depth, as Heat's clients do; anything else is replaced."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _plain(data: Any) -> Any:
    """As JSON has it: Heat shows nothing else."""
    try:
        return json.loads(json.dumps(data))
    except (TypeError, ValueError) as exc:
        raise InputError(f"template: cannot be written as JSON: {exc}") from exc
