# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stacks on real Heat: what is sent, what is seen of it later, and what is left after failures."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from openstack.connection import Connection

from tests.support.fake_openstack import FaultProxy
from tests.support.run_module import ModuleRun, run_module

pytestmark = pytest.mark.clouds

VERSION = {"heat_template_version": "2018-08-31"}
NESTED = "heat_template_version: 2018-08-31\nresources:\n  t:\n    type: OS::Heat::TestResource\n    properties:\n"
TEMPLATE: dict[str, Any] = {
    **VERSION,
    "parameters": {
        "image": {"type": "string", "constraints": [{"custom_constraint": "glance.image"}]},
        "length": {"type": "number", "default": 4},
        "names": {"type": "comma_delimited_list", "default": []},
        "more": {"type": "json", "default": {}},
        "on": {"type": "boolean", "default": False},
        "fail": {"type": "boolean", "default": False},
        "password": {"type": "string", "hidden": True},
        "fixed": {"type": "string", "default": "a", "immutable": True},
    },
    "resources": {
        "word": {"type": "OS::Heat::RandomString", "properties": {"length": {"get_param": "length"}}},
        "secret": {"type": "OS::Heat::Value", "properties": {"value": {"get_param": "password"}}},
        "group": {
            "type": "OS::Heat::ResourceGroup",
            "properties": {"count": 1, "resource_def": {"type": "lib/nested.yaml", "properties": {"x": "y"}}},
        },
        "failing": {"type": "OS::Heat::TestResource", "properties": {"fail": {"get_param": "fail"}}},
    },
    "outputs": {"word": {"value": {"get_attr": ["word", "value"]}}, "image": {"value": {"get_param": "image"}}},
}
INNER = """\
heat_template_version: 2018-08-31
parameters: {x: {type: string}}
resources:
  v:
    type: OS::Heat::Value
    properties: {value: {list_join: ['', [{get_param: x}, {get_file: hello.txt}]]}}
"""
VALUES: dict[str, Any] = {
    "image": {"name": "base", "type": "image.image"},
    "length": 5,
    "names": ["a", "b"],
    "more": {"a": [1, {"b": None}]},
    "on": True,
}
WRITES = ("POST", "PUT", "PATCH", "DELETE")


@dataclass
class Lab:
    """A stack of its own name in beta, Heat there behind a proxy that counts; the template in a directory."""

    name: str
    clouds: dict[str, Any]
    proxy: FaultProxy
    connection: Connection
    directory: Path
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, **params: Any) -> ModuleRun:
        options = {"name": self.name, "locations": ["beta"], "clouds_config": {"clouds": self.clouds}, **self.options}
        if params.get("state") == "absent":
            options = {key: options[key] for key in ("name", "locations", "clouds_config")}
        given = {**options, **params}
        return run_module("stack", **{key: value for key, value in given.items() if value is not None})

    def write(self, **changes: Any) -> None:
        """Write the template and its files."""
        (self.directory / "lib").mkdir(exist_ok=True)
        (self.directory / "app.yaml").write_text(yaml.safe_dump({**TEMPLATE, **changes}))
        (self.directory / "lib/nested.yaml").write_text(INNER)
        (self.directory / "lib/hello.txt").write_text("hello\n")

    def written(self) -> list[tuple[str, str]]:
        """Return what was asked of Heat that may change anything, and forget all that was asked."""
        asked = [(key["method"], key["path"]) for key in self.proxy.counters.as_dict()["requests"]]
        self.proxy.counters.reset()
        return [(method, path) for method, path in asked if method in WRITES]

    def found(self) -> list[str]:
        """The states of the stacks of the name."""
        return [stack.status for stack in self.connection.orchestration.stacks(name=self.name)]


@pytest.fixture
def lab(clouds_yaml: Path, tmp_path: Path) -> Iterator[Lab]:
    clouds = yaml.safe_load(clouds_yaml.read_text())["clouds"]
    chosen = {name: clouds[name] for name in ("alpha", "beta")}
    connection = openstack.connect("beta")
    endpoint = str(connection.orchestration.get_endpoint())
    root, _version, project = endpoint.partition("/v1/")
    with FaultProxy(root) as proxy:
        chosen["beta"] = {**chosen["beta"], "orchestration_endpoint_override": f"{proxy.url}/v1/{project}"}
        made = Lab(f"lab-{secrets.token_hex(4)}", chosen, proxy, connection, tmp_path)
        made.options = {
            "template": str(tmp_path / "app.yaml"),
            "parameters": VALUES,
            "secrets": {"password": "geheim-1"},
            "environments": [{"parameter_defaults": {"unused": "x"}}],
        }
        made.write()
        yield made
        assert made.run(locations=["*"], state="absent").ok
        assert made.found() == []


def actions(done: ModuleRun) -> list[str]:
    assert done.ok, done["msg"]
    return [result["action"] for result in done["results"]]


def changed(done: ModuleRun) -> list[tuple[str, str]]:
    return [(each["name"], each["action"]) for each in done["results"][0]["resources"]]


def test_the_life_of_a_stack(lab: Lab) -> None:
    everything = [("failing", "created"), ("group", "created"), ("secret", "created"), ("word", "created")]
    planned = lab.run(_ansible_check_mode=True, _ansible_diff=True)
    assert (actions(planned), changed(planned)) == (["created"], everything)
    assert [path.rpartition("/")[2] for _method, path in lab.written()] == ["preview"]
    made = lab.run()
    assert (actions(made), changed(made)) == (["created"], everything)
    outputs = made["results"][0]["outputs"]
    assert (len(outputs["word"]), outputs["image"]) == (
        5,
        lab.connection.image.find_image("base", ignore_missing=False).id,
    )
    lab.written()
    again = lab.run()
    assert (actions(again), again["results"][0]["outputs"]) == (["unchanged"], outputs)
    assert lab.written() == []
    # What Heat hides.
    other = {"secrets": {"password": "anders-2"}}
    planned = lab.run(_ansible_check_mode=True, **other)
    assert (actions(planned), {method for method, _path in lab.written()}) == (["updated"], {"PUT"})
    assert ("secret", "updated") in changed(planned)
    assert actions(lab.run()) == ["unchanged"]
    assert lab.written() == []
    done = lab.run(**other)
    assert actions(done) == ["updated"]
    assert ("secret", "updated") in changed(done)
    lab.options |= other
    # What only outputs tell.
    lab.write(outputs={**TEMPLATE["outputs"], "length": {"value": {"get_param": "length"}}})
    assert actions(lab.run(_ansible_check_mode=True)) == ["updated"]
    done = lab.run()
    assert (actions(done), done["results"][0]["outputs"]["length"]) == (["updated"], 5)
    # What another tool changes, which leaves the tags alone.
    stack = lab.connection.orchestration.find_stack(lab.name, ignore_missing=False)
    path = f"/stacks/{lab.name}/{stack.id}"
    answer = lab.connection.orchestration.patch(path, json={"parameters": {"length": 7}})
    assert answer.status_code == 202
    done = lab.run()  # which waits for the end of that first
    assert (actions(done), len(done["results"][0]["outputs"]["word"])) == (["updated"], 5)
    lab.written()
    assert actions(lab.run()) == ["unchanged"]
    assert lab.written() == []
    failure = lab.run(parameters={**VALUES, "fixed": "b"})["failures"][0]
    assert (failure["kind"], "replace: true" in failure["hint"]) == ("conflict", True)
    planned = lab.run(state="absent", _ansible_check_mode=True)
    assert (actions(planned), len(changed(planned))) == (["deleted"], 4)
    assert actions(lab.run(state="absent")) == ["deleted"]
    assert actions(lab.run(state="absent")) == ["unchanged"]


def test_everywhere_with_one_that_fails_and_one_that_is_dead(lab: Lab) -> None:
    lab.clouds["dead"] = {**lab.clouds["alpha"], "regions": [], "region_name": "north"}
    lab.clouds["dead"]["auth"] = {**lab.clouds["alpha"]["auth"], "auth_url": "http://127.0.0.1:9/v3"}
    done = lab.run(
        locations=["alpha", "beta", "dead"],
        overrides=[{"locations": ["beta"], "parameters": {"fail": True}}],
        on_failure="warn",
        timeout=60.0,
    )
    assert actions(done) == ["created", "created"]
    failed = {failure["location"]["cloud"]: failure for failure in done["failures"]}
    assert failed.keys() == {"beta", "dead"}
    assert "CREATE_FAILED: failing: ValueError: " in failed["beta"]["error"]
    assert failed["dead"]["kind"] == "unreachable"
    assert lab.found() == []
    del lab.clouds["dead"]


def test_failures_within_stacks(lab: Lab) -> None:
    def nested(fail: bool) -> dict[str, Any]:  # noqa: FBT001
        text = f"{NESTED}      fail: {str(fail).lower()}\n      value: {secrets.token_hex(2)}\n"
        return {
            "template": None,
            "template_body": {**VERSION, "resources": {"n": {"type": "n.yaml"}}},
            "files": {"n.yaml": {"content": text}},
            "parameters": {},
            "secrets": {},
        }

    failure = lab.run(keep_failed=True, **nested(fail=True))["failures"][0]
    assert "could not be created: CREATE_FAILED: n.t: ValueError: " in failure["error"]
    assert lab.found() == ["CREATE_FAILED"]
    assert actions(lab.run(**nested(fail=False))) == ["updated"]
    failure = lab.run(rollback=True, **nested(fail=True))["failures"][0]
    assert "could not be updated: ROLLBACK_COMPLETE: n.t: ValueError: " in failure["error"]


def test_administrators_leave_the_stacks_of_other_projects_alone(lab: Lab, clouds_yaml: Path) -> None:
    """Heat lists them for administrators, unasked."""
    small = {"template": None, "template_body": {**VERSION, "resources": {}}, "parameters": {}, "secrets": {}}
    assert actions(lab.run(**small)) == ["created"]
    admin = {"clouds_config": None, "clouds_yaml": str(clouds_yaml), "locations": ["beta-admin"]}
    assert actions(lab.run(state="absent", **admin)) == ["unchanged"]
    options = {"name": lab.name, "locations": ["beta-admin"], "fields": ["id"]}
    assert run_module("stack_info", **options)["stacks"] == []
    assert len(run_module("stack_info", all_projects=True, **options)["stacks"]) == 1
    assert lab.found() == ["CREATE_COMPLETE"]
