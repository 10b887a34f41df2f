# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files for AWX fit each other, the playbooks, the page about them, and what AWX accepts."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from tests.support.awx import PLAYBOOK, ROOT, answered, checked_type, inject, unsafe_yaml

FILES = ROOT / "playbooks" / "awx"
PAGE = (ROOT / "docs" / "awx.md").read_text()
TYPE: dict[str, Any] = yaml.safe_load((FILES / "credential_type.yml").read_text())["credential_types"][0]
TEMPLATES: list[dict[str, Any]] = yaml.safe_load((FILES / "job_templates.yml").read_text())["awx_job_templates"]


def boxes(key: str) -> Any:
    """What the page says for the box that begins with this key."""
    (found,) = re.findall(rf"```yaml\n({key}:\n.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(found)


def test_the_page_has_the_two_parts_of_the_credential_type() -> None:
    assert {**boxes("fields"), **boxes("file")} == {**TYPE["inputs"], **TYPE["injectors"]}


def test_awx_accepts_the_credential_type() -> None:
    checked_type(TYPE)
    assert TYPE["natural_key"] == {"type": "credential_type", "name": TYPE["name"], "kind": TYPE["kind"]}


@pytest.mark.parametrize(
    ("inputs", "files", "bundle"),
    [
        ({"clouds": "clouds: {}\n"}, ["clouds: {}\n", "", ""], False),
        ({"clouds": "a: {{ 7 * 7 }}", "secure": "{% b %}", "ca": "PEM"}, ["a: {{ 7 * 7 }}", "{% b %}", "PEM"], True),
    ],
)
def test_inputs_become_private_files(tmp_path: Path, inputs: dict[str, str], files: list[str], *, bundle: bool) -> None:
    env = inject(TYPE, inputs, tmp_path)
    assert list(env) == ["OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE", "REQUESTS_CA_BUNDLE"]
    made = list(tmp_path.iterdir())
    assert sorted(path.read_text() for path in made) == sorted(files)
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert bool(env["REQUESTS_CA_BUNDLE"]) is bundle
    for (_name, path), text in zip(env.items(), files, strict=True):
        assert not path or Path(path).read_text() == text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template["name"])
def test_a_job_template_asks_for_what_its_playbook_knows(template: dict[str, Any]) -> None:
    playbook = (ROOT / template["playbook"]).read_text()
    assert PLAYBOOK.search(playbook)
    assert (FILES / f"{template['inventory']}.oaktree.yml").exists()
    names = [question["variable"] for question in template["survey"]]
    roles = "".join(path.read_text() for path in (ROOT / "roles").glob("*/tasks/main.yml"))
    used = playbook + roles * ("include_role" in playbook)
    assert [name for name in [*names, *template.get("extra_vars", {})] if not re.search(rf"\b{name}\b", used)] == []
    section = PAGE.split(f"\n| {template['name']} |")[1].splitlines()[0]
    assert [name for name in names if f"`{name}`" not in section] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template["name"])
def test_defaults_are_answers_that_ansible_can_read(template: dict[str, Any]) -> None:
    """ansible-core 2.19 and newer cannot read a single asterisk as AWX writes it."""
    survey = {"name": "", "description": "", "spec": template["survey"]}
    needed = {one["variable"]: "text" for one in template["survey"] if one["required"] and "default" not in one}
    variables = answered(survey, needed)
    read = DataLoader().load(unsafe_yaml(variables, {}))
    assert {name: str(value).lower() for name, value in read.items()} == {
        name: "none" if value == "" else str(value).lower() for name, value in variables.items()
    }
