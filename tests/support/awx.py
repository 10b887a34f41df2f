# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX without AWX: what playbooks/awx/setup.yml creates, and jobs and inventory updates run as AWX runs them.

Objects are created through modules with the names and options of awx.awx. What is done with them follows the sources of
AWX 24.6: awx/main/fields.py (credential types), awx/main/models/credential.py (injectors), awx/api/views (surveys),
awx/main/tasks/jobs.py and awx/main/utils/safe_yaml.py (jobs). ansible-runner is the real one; there are no containers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from ansible_runner.interface import run
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

ROOT = Path(__file__).parents[2]

_NOTIFICATIONS = (
    "notification_templates_started:list notification_templates_success:list notification_templates_error:list"
)
OPTIONS = {
    "credential_type": "name new_name description kind inputs:dict injectors:dict state",
    "credential": """
        name new_name copy_from description organization credential_type inputs:dict update_secrets:bool user team state
    """,
    "execution_environment": "name new_name image description organization credential state pull",
    "inventory": """
        name new_name copy_from description organization variables:dict kind host_filter instance_groups:list state
        prevent_instance_group_fallback:bool input_inventories:list
    """,
    "inventory_source": f"""
        name new_name description inventory source source_path source_vars:dict enabled_var enabled_value host_filter
        limit credential execution_environment custom_virtualenv organization overwrite:bool overwrite_vars:bool
        timeout:int verbosity:int update_on_launch:bool update_cache_timeout:int source_project scm_branch state
        {_NOTIFICATIONS}
    """,
    "job_template": f"""
        name new_name copy_from description organization job_type inventory project playbook credential
        vault_credential credentials:list execution_environment custom_virtualenv instance_groups:list forks:int limit
        verbosity:int extra_vars:dict job_tags force_handlers:bool skip_tags start_at_task timeout:int
        use_fact_cache:bool host_config_key ask_diff_mode_on_launch:bool ask_variables_on_launch:bool
        ask_limit_on_launch:bool ask_tags_on_launch:bool ask_skip_tags_on_launch:bool ask_job_type_on_launch:bool
        ask_verbosity_on_launch:bool ask_inventory_on_launch:bool ask_credential_on_launch:bool
        ask_execution_environment_on_launch:bool ask_forks_on_launch:bool ask_instance_groups_on_launch:bool
        ask_job_slice_count_on_launch:bool ask_labels_on_launch:bool ask_timeout_on_launch:bool survey_enabled:bool
        survey_spec:dict become_enabled:bool diff_mode:bool allow_simultaneous:bool scm_branch
        ask_scm_branch_on_launch:bool job_slice_count:int webhook_service webhook_credential labels:list
        prevent_instance_group_fallback:bool state {_NOTIFICATIONS}
    """,
    "project": f"""
        name new_name copy_from description scm_type scm_url local_path scm_branch scm_refspec credential scm_clean:bool
        scm_delete_on_update:bool scm_track_submodules:bool scm_update_on_launch:bool scm_update_cache_timeout:int
        allow_override:bool timeout:int default_environment custom_virtualenv organization state wait:bool
        update_project:bool interval:float signature_validation_credential {_NOTIFICATIONS}
    """,
}
"""The options of the modules of awx.awx 24.6 and their types, text where none is named; without the connection's."""
REQUIRED = {"credential": ("credential_type",), "inventory": ("organization",), "inventory_source": ("inventory",)}
"""Required options besides the name."""

ACTION = """
import json
from ansible.plugins.action import ActionBase

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        _result, arguments = self.validate_argument_spec(argument_spec=json.loads({spec!r}))
        with open({calls!r}, "a") as file:
            file.write(json.dumps([{name!r}, arguments]) + "\\n")
        return {{"changed": True, "invocation": {{"module_args": arguments}}}}
"""
"""A module of awx.awx: it checks its options, records them, and returns them as modules do, without masking any."""

ANSWERS = {"text": str, "textarea": str, "integer": int, "multiplechoice": str, "multiselect": list}
"""The types of questions and of the answers that AWX passes on."""
PLAYBOOK = re.compile(r"^\s*?-?\s*?(hosts|(ansible\.builtin\.)?(include|import_playbook)):", re.MULTILINE)
"""What AWX takes for a playbook."""
BLOCKED = ("ANSIBLE_", "PATH", "PYTHONPATH", "VIRTUAL_ENV")
"""Environment variables that no credential may set."""


@dataclass(frozen=True)
class Run:
    """A job or an inventory update: how it ended, what it showed, and where it left files."""

    status: str
    events: list[dict[str, Any]]
    artifacts: Path

    @property
    def shown(self) -> str:
        """What the page of the job shows."""
        return "\n".join(event["stdout"] for event in self.events)

    @property
    def hosts(self) -> set[str]:
        """The hosts on which tasks ran."""
        return {one["event_data"]["host"] for one in self.events if one["event"] == "runner_on_start"}

    def under(self, task: str) -> list[dict[str, Any]]:
        """The events that are shown under the one task of this name."""
        starts = [one for one in self.events if one["event"] == "playbook_on_task_start"]
        (start,) = (one["uuid"] for one in starts if one["event_data"]["task"] == task)
        return [one for one in self.events if one.get("parent_uuid") == start]

    def result(self, task: str) -> dict[str, Any]:
        """The result of the one task of this name, which ran on one host."""
        (found,) = (one["event_data"]["res"] for one in self.under(task) if "res" in one.get("event_data", {}))
        assert isinstance(found, dict)
        return found


def unsafe_yaml(values: Mapping[str, Any], trusted: Mapping[str, Any]) -> str:
    """Extra variables as AWX writes them: all texts are marked as no templates but those of the job template."""

    class Dumper(yaml.SafeDumper):
        def represent_data(self, data: Any) -> Any:
            return self.represent_scalar("!unsafe", data) if isinstance(data, str) else super().represent_data(data)

    return "".join(
        yaml.dump({name: value}, Dumper=yaml.SafeDumper if trusted.get(name) == value else Dumper)
        for name, value in values.items()
    )


def checked_type(credential_type: Mapping[str, Any]) -> Mapping[str, Any]:
    """The credential type, as far as AWX would save it; AssertionError or an error of Jinja otherwise."""
    inputs, injectors = credential_type["inputs"], credential_type["injectors"]
    known = {"id", "label", "type", "multiline", "secret", "help_text"}
    names = [one["id"] for one in inputs["fields"]]
    assert all({"id", "label"} <= one.keys() <= known for one in inputs["fields"])
    assert set(inputs["required"]) <= set(names)
    assert set(injectors) <= {"file", "env"}, "extra_vars do not reach inventory updates"
    assert all(re.fullmatch(r"template\.[a-zA-Z_]\w*", name) for name in injectors["file"])
    assert not any(name.startswith(BLOCKED) for name in injectors["env"])
    files = {name.split(".")[1]: "FILE" for name in injectors["file"]}
    space = {**dict.fromkeys(names, "EXAMPLE"), "tower": SimpleNamespace(filename=SimpleNamespace(**files))}
    for template in (*injectors["file"].values(), *injectors["env"].values()):
        ImmutableSandboxedEnvironment(undefined=StrictUndefined).from_string(template).render(space)
    return credential_type


def inject(credential_type: Mapping[str, Any], inputs: Mapping[str, str], directory: Path) -> dict[str, str]:
    """Write the files of a credential into this directory; return the variables of the environment."""
    names = SimpleNamespace()
    space: dict[str, Any] = {name: value for name, value in inputs.items() if value}
    space["tower"] = SimpleNamespace(filename=names)
    jinja = ImmutableSandboxedEnvironment()
    for label, template in credential_type["injectors"]["file"].items():
        descriptor, path = tempfile.mkstemp(dir=directory)
        with os.fdopen(descriptor, "w") as file:
            file.write(jinja.from_string(template).render(**space))
        Path(path).chmod(0o600)
        setattr(names, label.split(".")[1], path)
    return {
        name: jinja.from_string(template).render(**space)
        for name, template in credential_type["injectors"]["env"].items()
    }


def answered(survey: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that a survey makes of answers; AssertionError where AWX would refuse one or the survey."""
    assert set(survey) == {"name", "description", "spec"}
    found: dict[str, Any] = {}
    for question in survey["spec"]:
        assert {"type", "question_name", "variable", "required"} <= question.keys()
        name, type_, default = question["variable"], ANSWERS[question["type"]], question.get("default", "")
        if question["type"] == "multiselect":
            default = default.splitlines()
        value = answers.get(name, default)
        assert isinstance(value, type_) or not question["required"], f"{name} is to be answered"
        if "choices" in question:
            assert {*([value] if isinstance(value, str) else value)} <= {*question["choices"]}, name
        found[name] = value
    assert set(answers) <= set(found), "there is no such question"
    assert len(found) == len(survey["spec"])
    return found


@dataclass
class Controller:
    """Objects by module and name, the inventories that updates have filled, and jobs."""

    directory: Path
    project: Path = ROOT
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    inventories: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: int = 0

    def set_up(self, **variables: str) -> str:
        """Run the playbook that creates the objects, with these extra variables; returns what it prints."""
        calls = self.directory / "calls.json"
        plugins = self.directory / "collections" / "ansible_collections" / "awx" / "awx" / "plugins"
        for name, options in OPTIONS.items():
            required = ("name", *REQUIRED.get(name, ()))
            pairs = (option.partition(":") for option in options.split())
            spec = {option: {"type": kind or "str", "required": option in required} for option, _colon, kind in pairs}
            for folder, content in (
                ("modules", ""),
                ("action", ACTION.format(spec=json.dumps(spec), calls=str(calls), name=name)),
            ):
                (plugins / folder).mkdir(parents=True, exist_ok=True)
                (plugins / folder / f"{name}.py").write_text(content)
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "-vvvv", "oaktree.multicloud.awx.setup"]
        command += ["-e", json.dumps(variables)]
        paths = [str(self.directory / "collections"), os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")]
        env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": ":".join(path for path in paths if path)}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, cwd=self.directory)
        assert done.returncode == 0, done.stdout + done.stderr
        for line in calls.read_text().splitlines():
            module, options = json.loads(line)
            self.objects[module, options["name"]] = {key: one for key, one in options.items() if one is not None}
        return done.stdout + done.stderr

    def update(self, inventory: str) -> Run:
        """Update an inventory from its source. What it had stays if that fails."""
        source = self.objects["inventory_source", inventory]
        private, env = self._prepare([source["credential"]])
        env |= {name: str(value) for name, value in source["source_vars"].items()}
        env |= {
            "INVENTORY_UPDATE_ID": str(self.runs),
            "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
            "ANSIBLE_INVENTORY_EXPORT": "True",
            "ANSIBLE_VERBOSE_TO_STDERR": "True",
            "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
        }
        path = private / "project" / source["source_path"]
        output = private / "artifacts" / str(self.runs) / "output.json"
        (private / "args").write_text(
            f"ansible-inventory --list --export -i {path} --output {output} --playbook-dir {path.parent}"
        )
        run = self._run(private, env)
        if run.status == "successful":
            self.inventories[inventory] = json.loads(output.read_text())
        return run

    def launch(self, template: str, **answers: Any) -> Run:
        """Launch a job template with answers to its survey."""
        job = self.objects["job_template", template]
        assert PLAYBOOK.search((self.project / job["playbook"]).read_text())
        private, env = self._prepare(job["credentials"])
        env |= {"JOB_ID": str(self.runs), "ANSIBLE_FORCE_COLOR": "True", "MAX_EVENT_RES": "700000"}
        trusted = job.get("extra_vars", {})
        variables = {**trusted, **answered(job["survey_spec"], answers), "awx_job_id": self.runs}
        (private / "env" / "extravars").write_text(unsafe_yaml(variables, trusted))
        (private / "env" / "cmdline").write_text("-u root")
        data = {**self.inventories.get(job["inventory"], {})}
        data["_meta"] = {"hostvars": data.get("_meta", {}).get("hostvars", {})}
        script = private / "inventory" / "hosts"
        script.write_text(f"#! /usr/bin/env python3\n# -*- coding: utf-8 -*-\nprint({json.dumps(data)!r})\n")
        script.chmod(0o700)
        facts = "jsonfile" if job["use_fact_cache"] else ""
        return self._run(private, env, playbook=job["playbook"], inventory=str(script), fact_cache_type=facts)

    def _prepare(self, credentials: list[str]) -> tuple[Path, dict[str, str]]:
        """The directory of a new run, and its environment."""
        self.runs += 1
        private = self.directory / f"awx_{self.runs}"
        for name in ("inventory", "env"):
            (private / name).mkdir(parents=True)
        (private / "project").symlink_to(self.project)
        env = {"AWX_PRIVATE_DATA_DIR": str(private), "ANSIBLE_HOST_KEY_CHECKING": "False"}
        for name in credentials:
            credential = self.objects["credential", name]
            credential_type = self.objects["credential_type", credential["credential_type"]]
            env |= inject(checked_type(credential_type), credential["inputs"], private / "env")
        return private, env

    def _run(self, private: Path, env: dict[str, str], **options: Any) -> Run:
        settings = {"suppress_ansible_output": True, "suppress_output_file": True}
        (private / "env" / "settings").write_text(json.dumps(settings))
        done = run(
            private_data_dir=str(private),
            ident=str(self.runs),
            envvars={**env, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            suppress_env_files=True,
            quiet=True,
            **options,
        )
        return Run(done.status, list(done.events), private / "artifacts" / str(self.runs))
