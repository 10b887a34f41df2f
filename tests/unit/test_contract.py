# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module promises: documentation, argument spec, attributes, examples, returns and action group agree."""

from __future__ import annotations

import copy
import functools
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.oaktree.multicloud.plugins.module_utils._run import module as runner

COLLECTION = "oaktree.multicloud"
ROOT = Path(__file__).parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
READ_OR_WRITE = {"rest"}
"""Modules of which an option says whether they change anything: they check themselves whether Locations are named, and
cannot know what would change."""
ATTRIBUTES = {"check_mode", "diff_mode", "idempotent", "action_group"}
RETURN_KEYS = {"description", "returned", "type", "elements", "sample", "contains", "choices"}
COMPARED = ("type", "required", "default", "choices", "elements")

Docs = tuple[dict[str, Any], str, dict[str, Any]]


class Made(Exception):  # noqa: N818 - no error: it carries what AnsibleModule was given out of main()
    def __init__(self, kwargs: dict[str, Any]) -> None:
        self.kwargs = kwargs


class Recorder:
    def __init__(self, **kwargs: Any) -> None:
        raise Made(kwargs)


@pytest.fixture(params=MODULES)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@functools.cache
def documentation(name: str) -> Docs:
    """DOCUMENTATION with its fragments merged in, EXAMPLES as text, RETURN."""
    path = ROOT / "plugins" / "modules" / f"{name}.py"
    doc, examples, returns, _metadata = get_docstring(str(path), fragment_loader, collection_name=COLLECTION)
    return doc, examples, returns


def made_of(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What main() makes its module of."""
    monkeypatch.setattr(runner, "MaskingModule", Recorder)
    found = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{name}")
    with pytest.raises(Made) as made:
        found.main()
    return made.value.kwargs


def specified(options: Mapping[str, Any]) -> dict[str, Any]:
    """An argument spec in the words of the documentation."""
    return {
        name: {key: option.get(key) for key in COMPARED}
        | {"type": option.get("type", "str"), "required": option.get("required", False)}
        | {"suboptions": specified(option.get("options") or {})}
        for name, option in options.items()
    }


def documented(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {key: option.get(key) for key in COMPARED}
        | {"required": option.get("required", False), "suboptions": documented(option.get("suboptions") or {})}
        for name, option in options.items()
    }


def returned(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every return value with its path, nested ones too."""
    for name, value in values.items():
        yield prefix + name, value
        yield from returned(value.get("contains") or {}, f"{prefix}{name}.")


def test_there_are_modules() -> None:
    assert "server_info" in MODULES


def test_options_are_documented_as_they_are(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    doc, _examples, _returns = documentation(module)
    assert documented(doc["options"]) == specified(made_of(module, monkeypatch)["argument_spec"])


def test_every_option_is_described(module: str) -> None:
    doc, _examples, _returns = documentation(module)
    assert [name for name, option in doc["options"].items() if not option.get("description")] == []


def test_module_has_check_mode(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_of(module, monkeypatch)["supports_check_mode"] is True


def test_exclusions_name_options(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = made_of(module, monkeypatch)
    assert {name for group in made["mutually_exclusive"] for name in group} <= made["argument_spec"].keys()


def test_options_that_hold_credentials_are_hidden(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_of(module, monkeypatch)["argument_spec"]["clouds_config"]["no_log"] is True


def test_modules_that_change_anything_require_locations(module: str) -> None:
    doc, _examples, _returns = documentation(module)
    reads = module.endswith("_info") or module in READ_OR_WRITE
    assert doc["options"]["locations"].get("required", False) is not reads


def test_attributes_are_declared(module: str) -> None:
    doc, _examples, _returns = documentation(module)
    attributes = doc["attributes"]
    assert attributes.keys() == ATTRIBUTES
    assert [name for name, attribute in attributes.items() if "support" not in attribute] == []
    assert attributes["check_mode"]["support"] == ("partial" if module in READ_OR_WRITE else "full")
    assert attributes["action_group"]["membership"] == [f"{COLLECTION}.multicloud"]


def test_examples_use_options_that_exist(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _doc, examples, _returns = documentation(module)
    action = f"{COLLECTION}.{module}"
    tasks = [task for task in yaml.safe_load(examples) if action in task]
    assert len(tasks) >= 3
    used = {option for task in tasks for option in task[action] or {}}
    assert used <= made_of(module, monkeypatch)["argument_spec"].keys()
    assert [task for task in yaml.safe_load(examples) if not task.get("name")] == []


def test_returns_are_typed(module: str) -> None:
    _doc, _examples, returns = documentation(module)
    assert "failures" in returns
    assert [name for name, value in returns.items() if not value.get("returned")] == []
    for path, value in returned(returns):
        assert value.keys() <= RETURN_KEYS, path
        assert value.get("description"), path
        assert value.get("type"), path
        assert "sample" in value or "contains" in value, path
        assert value["type"] != "list" or value.get("elements"), path


def test_action_group_holds_every_module() -> None:
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())
    assert sorted(runtime["action_groups"]["multicloud"]) == MODULES


def without_defaults(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of an argument spec or a role, as far as a role can have them: what it omits is the module's default."""
    return {
        name: {"type": option.get("type", "str"), "required": option.get("required", False)}
        | {key: option.get(key) for key in ("choices", "elements", "no_log")}
        | {"options": without_defaults(option.get("options") or {})}
        for name, option in options.items()
    }


CATALOGUE = ("images_catalogue", "images_osism_files", "images_osism_options", "images_osism_tag", "images_date")
"""Options of the role images that are no options of its module."""


def test_the_role_takes_every_option_of_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    module = without_defaults(made_of("image", monkeypatch)["argument_spec"])
    role = ROOT / "roles" / "images"
    documented_role = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]
    options = without_defaults(documented_role["options"])
    of_image = options.pop("images_list")["options"]
    for name in CATALOGUE:
        del options[name]
    of_all = {name.removeprefix("images_"): option for name, option in options.items()}
    assert of_image.keys() | of_all.keys() == module.keys()
    assert of_image == {name: {**module[name], "required": name == "name"} for name in of_image}
    compared = of_all.keys() - {"visibility"}  # empty where the cloud's default applies
    assert {name: of_all[name] for name in compared} == {name: module[name] for name in compared}
    *_before, task = yaml.safe_load((role / "tasks" / "main.yml").read_text())
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    given = {name: option["default"] for name, option in documented_role["options"].items() if "default" in option}
    assert defaults == {**given, "images_date": defaults["images_date"]}
    common = {name: f"images_{name}" for name in of_all.keys() - {"locations", "properties"}}
    assert task["vars"]["images_common"].keys() == common.keys()
    for name, value in task["vars"]["images_common"].items():
        assert common[name] in value, name


def test_the_role_report_passes_on_the_options_of_its_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    role = ROOT / "roles" / "report"
    documented_role = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]
    options = without_defaults(documented_role["options"])
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    given = {name: option["default"] for name, option in documented_role["options"].items() if "default" in option}
    assert defaults == {**given, "report_date": defaults["report_date"]}
    collect, *_writing = yaml.safe_load((role / "tasks" / "main.yml").read_text())
    common = collect["vars"]["report_common"]
    assert len({*collect["module_defaults"].values()}) == 1
    for task, name in zip(collect["block"], ("server_info", "drift_info", "quota_info"), strict=True):
        module = without_defaults(made_of(name, monkeypatch)["argument_spec"])
        assert "report_common" in collect["module_defaults"][f"{COLLECTION}.{name}"]
        passed = common | (task[f"{COLLECTION}.{name}"] or {})
        assert passed.keys() - {"fields"} == {key for key in passed if f"report_{key}" in str(passed[key])}
        alike = ("type", "choices", "elements", "no_log")
        for key in passed.keys() - {"fields"}:
            assert {part: options[f"report_{key}"][part] for part in alike} == {
                part: module[key][part] for part in alike
            }, key


def test_a_wrong_documentation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec: dict[str, Any] = made_of("server_info", monkeypatch)["argument_spec"]
    doc = copy.deepcopy(documentation("server_info")[0])
    doc["options"]["details"]["default"] = not spec["details"]["default"]
    assert documented(doc["options"]) != specified(spec)
