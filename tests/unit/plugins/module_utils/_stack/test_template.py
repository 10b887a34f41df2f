# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.template import load

VERSION = "heat_template_version: 2018-08-31\n"
INLINE = {"heat_template_version": "2018-08-31"}

Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Write files, by their paths in a directory, and return the directory."""

    def write(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / "here" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / "here"

    return write


def test_files_are_found_from_the_template_and_from_each_other(tree: Tree) -> None:
    root = tree(
        {
            "app.yaml": VERSION + "resources:\n  a: {type: lib/web.yaml}\n  b:\n    type: OS::Heat::ResourceGroup\n"
            "    properties: {resource_def: {type: lib/web.yaml}}\n"
            "  c: {type: X, properties: {data: {str_replace: {template: {get_file: init.sh}}}}}\n",
            "lib/web.yaml": VERSION + "resources:\n  s: {type: X, properties: {user_data: {get_file: init.sh}}}\n"
            "  d: {type: ../db.yaml}\n",
            "lib/init.sh": "inner",
            "init.sh": "outer",
            "db.yaml": VERSION + "# kept as it is written\n",
            "unused.yaml": VERSION,
        }
    )
    found = load(str(root / "app.yaml"), None)
    assert found.template["heat_template_version"] == "2018-08-31"
    assert sorted(found.files) == ["db.yaml", "init.sh", "lib/init.sh", "lib/web.yaml"]
    assert (found.files["init.sh"], found.files["lib/init.sh"]) == ("outer", "inner")
    assert found.files["db.yaml"] == VERSION + "# kept as it is written\n"
    inner = json.loads(found.files["lib/web.yaml"])["resources"]
    assert (inner["s"]["properties"]["user_data"], inner["d"]) == ({"get_file": "lib/init.sh"}, {"type": "db.yaml"})


def test_the_same_files_elsewhere_are_the_same(tree: Tree, tmp_path: Path) -> None:
    """Else a stack would be updated by each machine that keeps its files in a directory of its own."""
    root = tree({"app.yaml": VERSION + "resources: {a: {type: lib/b.yaml}}\n", "lib/b.yaml": VERSION})
    there = tmp_path / "there"
    root.rename(there)
    moved = load(str(there / "app.yaml"), None)
    there.rename(root)
    assert load(str(root / "app.yaml"), None) == moved


def test_a_template_within_itself_comes_to_an_end(tree: Tree) -> None:
    root = tree({"app.yaml": VERSION + "resources: {a: {type: app.yaml}}\n"})
    assert list(load(str(root / "app.yaml"), None).files) == ["app.yaml"]


def test_environments_are_merged_in_order(tree: Tree) -> None:
    root = tree(
        {
            "templates/app.yaml": VERSION,
            "templates/db.yaml": VERSION,
            "envs/prod.yaml": "parameters: {a: 1, j: {x: 1, y: 1}}\n"
            "resource_registry: {'My::DB': ../templates/db.yaml, 'My::Net': OS::Neutron::Net, 'My::Own': own.yaml}\n",
            "envs/own.yaml": VERSION,
        }
    )
    later = {"parameters": {"b": "2026-01-01", "j": {"y": 2}}, "parameter_defaults": None}
    found = load(str(root / "templates/app.yaml"), None, [str(root / "envs/prod.yaml"), later])
    assert found.environment == {
        "parameters": {"a": 1, "b": "2026-01-01", "j": {"x": 1, "y": 2}},
        "resource_registry": {"My::DB": "db.yaml", "My::Net": "OS::Neutron::Net", "My::Own": "../envs/own.yaml"},
    }
    assert sorted(found.files) == ["../envs/own.yaml", "db.yaml"]


def test_files_that_are_given(tree: Tree) -> None:
    root = tree({"b.yaml": VERSION + "resources: {x: {type: c.yaml}}\n", "c.yaml": VERSION})
    body = {**INLINE, "resources": {"a": {"type": "web.yaml"}, "b": {"get_file": "https://example.org/x"}}}
    given = {"web.yaml": str(root / "b.yaml"), "https://example.org/x": {"content": "x"}, "c.yaml": {"content": "c"}}
    found = load(None, body, (), given)
    assert found.files["https://example.org/x"] == "x"
    assert found.files["c.yaml"] == "c"
    assert "c.yaml" in found.files["web.yaml"]
    assert load(None, json.dumps(body), (), given) == found


def test_hidden_parameters_of_all_templates(tree: Tree) -> None:
    hidden = "parameters: {NAME: {type: string, hidden: true}, shown: {type: string}}\n"
    root = tree(
        {
            "app.yaml": VERSION + hidden.replace("NAME", "a") + "resources: {x: {type: in.yaml}}\n",
            "in.yaml": VERSION + hidden.replace("NAME", "b"),
        }
    )
    assert load(str(root / "app.yaml"), None).hidden == {"a", "b"}
    aws = {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": {"c": {"Type": "String", "NoEcho": "true"}}}
    assert load(None, aws).hidden == {"c"}


def _with(reference: Any) -> str:
    return VERSION + json.dumps({"resources": {"a": reference}})[1:-1] + "\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (_with({"type": "../secret.yaml"}), "it refers to ../secret.yaml, which is not below the directory"),
        (_with({"p": {"get_file": "../key"}}), "it refers to ../key, which is not below"),
        (_with({"p": {"get_file": "/etc/passwd"}}), "it refers to /etc/passwd, which is not below"),
        (_with({"p": {"get_file": "link"}}), "it refers to link, which is not below"),
        (_with({"p": {"get_file": "http://example.org/x"}}), "is a URL, and what it leads to is not fetched"),
        (_with({"type": "https://example.org/x.yaml"}), "is a URL"),
        (_with({"p": {"get_file": "file:///etc/passwd"}}), "is a URL"),
        (_with({"p": {"get_file": "none.sh"}}), "there is no file"),
        (_with({"p": {"get_file": "sub"}}), "there is no file"),
        (_with({"p": {"get_file": "binary"}}), "is not UTF-8"),
        ("a: [", "template: the text is not valid YAML at line"),
        ("- a", "template: must be a mapping, not list"),
        ("a: b", "template: it is no template of Heat"),
    ],
)
def test_what_is_refused(tree: Tree, tmp_path: Path, text: str, said: str) -> None:
    root = tree({"app.yaml": text, "sub/x": ""})
    (tmp_path / "key").write_text("private")
    (tmp_path / "secret.yaml").write_text(VERSION)
    (root / "link").symlink_to(tmp_path / "key")
    (root / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError) as caught:
        load(str(root / "app.yaml"), None)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"body": {**INLINE, "a": {"get_file": "x"}}}, "it refers to the file x, without a directory to find it in"),
        ({"template": "/no/such"}, "template: there is no file /no/such"),
        ({"environments": ["/no/such"]}, "environments: there is no file"),
        ({"environments": [{"resources": {}}]}, "environments, number 1: resources is not a section"),
        ({"environments": [[]]}, "environments, number 1: must be a mapping, not list"),
        ({"environments": [{"resource_registry": {"base_url": "x"}}]}, "base_url cannot be used"),
        ({"environments": [{"resource_registry": {"A": "http://x/y"}}]}, "is a URL"),
        ({"files": {"a": 1}}, "files: a must be a path or {content: TEXT}"),
        ({"files": {"a": "/no/such"}}, "files: there is no file"),
        ({"body": {**INLINE, "a": {1, 2}}}, "cannot be written as JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_of_other_options(options: dict[str, Any], said: str) -> None:
    given = {"template": None, "body": None if "template" in options else INLINE, **options}
    with pytest.raises(InputError) as caught:
        load(**given)
    assert said in caught.value.message
