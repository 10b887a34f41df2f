# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example of the guides and of the reference works, as far as stand-in clouds can tell.

Tasks of the collection's modules run in check mode, with what their templates make of what earlier tasks have
registered. Inventory sources list the stand-ins' servers. Other examples are checked by what reads them, and
NOT_CHECKED has the rest.
"""

from __future__ import annotations

import configparser
import functools
import hashlib
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.config.manager import ConfigManager
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play import Play
from ansible.plugins.loader import fragment_loader, inventory_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from tests.support import image_formats
from tests.support.examples import COLLECTION, PAGES, PLUGINS, ROOT, Example, Task, all_examples, examples_of, tasks_of
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.osism_definitions import DEBIAN
from tests.support.run_module import ModuleRun, run_module
from tests.support.server_clouds import MORE, add_server, furnished
from tests.support.web import Web, whole

CLOUDS = {
    "alpha": ["north", "south"],
    "beta": ["east"],
    "gamma": ["west"],
    "lab": ["edge-1"],
    "edge-west-1": ["one"],
    "rackspace": ["ord"],
}
GIVEN: dict[str, Any] = {
    "db_password": "secret",
    "done": {"results": [{"action": "created", "location": {"name": "alpha/north/demo"}}]},
    "found": {"images": [{"location": "alpha/north"}]},
    "images_catalogue": [{"name": "debian-13", "versions": [{"version": "1", "url": "https://images.example.org/1"}]}],
    "locations": ["alpha", "beta"],
    "playbook_dir": ".",
    "server": {"id": "4d8dbf9b-b4ba-4a8a-b5b4-7e9a1f3c4cf1", "location": "alpha/north"},
    "sha512": "0" * 128,
    "survey_locations": "alpha, beta/east",
    "survey_min_disk": "",
    "survey_overrides": "",
    "survey_protected": "",
    "survey_tags": "",
    "vault_database_password": "secret",
    "vault_eve": "secret",
}
"""What examples have from elsewhere: from surveys, vaults, inventories and the variables of a host."""

WRONG = {"config", "input", "internal"}
"""Kinds of failures that are the example's fault. What a cloud does not have, or refuses, is not what it is about."""

OTHER_COLLECTIONS = ("openstack.cloud.",)
"""Shown beside this collection, which does not depend on them."""

NOT_CHECKED = {
    ("CONTRIBUTING.md", "bugfixes"): "a fragment of the change log, which is linted where it is used",
    ("awx.md", "fields"): "for a form of AWX; tests/unit/test_awx.py reads it",
    ("awx.md", "file"): "for a form of AWX; tests/unit/test_awx.py reads it",
    ("resources.md", "attributes"): "values of several options, each as it may be in any task",
    ("servers.md", "placement"): "a part of a result",
}
"""Examples in YAML that are no tasks, plays, inventory sources or clouds.yaml: page and first key, and why."""

COMMANDS = {
    "ansible-builder": "builds from the network",
    "ansible-galaxy": "installs from the network",
    "ansible-playbook": "runs a file that only the reader has",
    "git": "fetches the repository",
    "openstack": "another client",
    "pip": "installs from the network",
    "podman": "needs a registry",
    **dict.fromkeys(("cd", "chmod", "eval", "export", "mkdir", "python", "python3", "source"), "of the system"),
}
"""Commands whose arguments are not checked, and why."""

EXAMPLES = all_examples()
ELIDED = re.compile(r"\b(sha512:)[0-9a-f]+\.\.\.")
WEB = "https://images.example.org"
IMAGE = image_formats.qcow2()
FILES = {".qcow2": IMAGE, ".yaml": b"heat_template_version: 2018-08-31\n"}
NOT_HERE = re.compile(r"has no (attribute|element)|\(refused\)")
"""What a template says of a result that check mode leaves out, and of what the stand-ins do not have."""


def in_yaml(wanted: Callable[[Any], bool]) -> list[Any]:
    """The documents of all examples that are wanted, as parameters."""
    return [
        pytest.param(document, id=f"{example}.{number}")
        for example in EXAMPLES
        if example.language == "yaml"
        for number, document in enumerate(example.documents())
        if wanted(document)
    ]


def is_source(document: Any) -> bool:
    """Whether it is an inventory source, or some options of one."""
    return isinstance(document, dict) and (
        "plugin" in document or document.keys() <= options_of("inventory", "servers")
    )


def is_ours(document: Any) -> bool:
    return is_source(document) and not document.get("plugin", "").startswith(OTHER_COLLECTIONS)


def has_plays(document: Any) -> bool:
    """Whether these are plays of roles, or of which only the beginning is shown."""
    return isinstance(document, list) and all("hosts" in play for play in document) and not any(tasks_of(document))


def is_static(document: Any) -> bool:
    """Whether it is a list of hosts."""
    return isinstance(document, dict) and document.keys() == {"all"}


@functools.cache
def options_of_role(name: str) -> dict[str, Any]:
    specs = yaml.safe_load((ROOT / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options: dict[str, Any] = specs["argument_specs"]["main"]["options"]
    return options


def role_of(document: Any) -> str | None:
    """The role whose variables these are."""
    roles = (path.name for path in (ROOT / "roles").iterdir())
    return next(
        (role for role in roles if isinstance(document, dict) and all(key.startswith(f"{role}_") for key in document)),
        None,
    )


def is_clouds(document: Any) -> bool:
    return isinstance(document, dict) and "clouds" in document


@functools.cache
def options_of(kind: str, name: str, type_: str | None = None) -> set[str]:
    """The options of a module or plugin, or those of a type."""
    path = ROOT / "plugins" / kind / f"{name}.py"
    doc, _examples, _returns, _metadata = get_docstring(str(path), fragment_loader, collection_name=COLLECTION)
    return {option for option, entry in doc["options"].items() if type_ in {None, entry.get("type")}}


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[FakeOpenStack]:
    """Clouds of the names that examples use, with what they suppose to be there."""
    with FakeOpenStack(CLOUDS, object_store=True, more=[*MORE, "dns", "orchestration"]) as made:
        furnished(made)
        for cloud in made.clouds.values():
            for region in cloud.regions.values():
                for name in ("golden", "fedora-41", "70a599e0-31e7-49b7-b260-868f441e862b"):
                    add_image(region.glance, IMAGE, name=name, disk_format="qcow2")
                for name in ("db", "web", "builder", "wiki", "worker-1", "worker-2", "worker-3"):
                    add_server(region, name)
        yield made


@pytest.fixture
def place(stand_ins: FakeOpenStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a task runs: a directory, and clouds.yaml with the names that examples use."""
    (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries(stand_ins)}))
    (tmp_path / "cloud-init.yaml").write_text("#cloud-config\n")
    (tmp_path / "etc" / "images").mkdir(parents=True)
    (tmp_path / "etc" / "images" / "debian.yml").write_bytes(DEBIAN.read_bytes())
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "clouds.yaml"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    return tmp_path


@pytest.fixture
def site(web: Web) -> str:
    """The web site that examples take images from: one image by every name, and a list of its digest."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sums = f"{hashlib.sha512(IMAGE).hexdigest()}  debian-13.qcow2\n".encode()
        whole(sums if handler.path.endswith("SUMS") else IMAGE)(handler)

    web.answers = [answer]
    return web.url.rpartition("/")[0]


def entries(stand_ins: FakeOpenStack) -> dict[str, Any]:
    admins = {f"{name}-admin": stand_ins[name].entry("admin") for name in ("alpha", "beta")}
    return {name: cloud.entry() for name, cloud in stand_ins.clouds.items()} | admins


def trusted(value: Any, site: str) -> Any:
    """A value whose texts Ansible evaluates, as those of playbooks; with what is elided, and URLs that answer."""
    if isinstance(value, str):
        return trust_as_template(ELIDED.sub(r"\g<1>" + "0" * 128, value).replace(WEB, site))
    if isinstance(value, Mapping):
        return {key: trusted(inner, site) for key, inner in value.items()}
    return [trusted(inner, site) for inner in value] if isinstance(value, list) else value


def templated(task: Task, variables: dict[str, Any], site: str) -> dict[str, Any]:
    """The task as Ansible would run it, for the first item if it has a loop."""
    variables = variables | trusted(task.variables, site)
    loader = DataLoader()
    loader.set_basedir(str(Path.cwd()))
    if "loop" in task.written:
        items = Templar(loader, variables=variables).template(trusted(task.written["loop"], site))
        if not items:
            return task.written
        variables["item"] = items[0]
    left_out = {"loop", "loop_control", "register", "vars"}
    rest = {key: value for key, value in task.written.items() if key not in left_out}
    done: dict[str, Any] = Templar(loader, variables=variables).template(trusted(rest, site))
    return done


def with_files(module: str, options: dict[str, Any], place: Path) -> dict[str, Any]:
    """The options, with files that exist, below the place, where they name some."""
    found = dict(options)
    for name in options_of("modules", module, "path") & options.keys():
        path = place / str(options[name]).lstrip("/")
        directory = path if str(options[name]).endswith("/") else path.parent
        if "{" not in str(directory):
            directory.mkdir(parents=True, exist_ok=True)
        if directory != path and name not in {"dest", "private_key_path"}:
            clouds = (place / "clouds.yaml").read_bytes()
            path.write_bytes(clouds if name == "clouds_yaml" else FILES.get(path.suffix, b"content"))
        found[name] = f"{path}/" if directory == path else str(path)
    for environment in options.get("environments", []):
        if isinstance(environment, str):
            (place / environment).parent.mkdir(parents=True, exist_ok=True)
            (place / environment).write_text("parameters: {}\n")
    return found


def rejected(action: str, options: dict[str, Any] | None, place: Path) -> tuple[ModuleRun, list[str]]:
    """What a module of the collection says in check mode, and what of that the options are to blame for."""
    module = action.removeprefix(f"{COLLECTION}.")
    ran = run_module(module, **with_files(module, options or {}, place), _ansible_check_mode=True)
    failures = ran.result.get("failures", [])
    if not ran.ok and not failures:
        return ran, [ran["msg"]]
    return ran, [f"{one['location']['name']}: {one['error']}" for one in failures if one["kind"] in WRONG]


def in_order(file: Path) -> list[tuple[Example, Task]]:
    """The tasks of a page, in their order."""
    return [
        (example, task)
        for example in examples_of(file)
        if example.language == "yaml"
        for document in example.documents()
        for task in tasks_of(document)
    ]


WITH_TASKS = [file for file in (*PAGES, *PLUGINS) if in_order(file)]


@pytest.mark.slow
@pytest.mark.parametrize("file", WITH_TASKS, ids=lambda file: str(file.relative_to(ROOT)))
def test_tasks(file: Path, stand_ins: FakeOpenStack, place: Path, site: str) -> None:
    """Each after the others of its page, with what they have registered."""
    variables = {**GIVEN, "vault": {"clouds": {"beta": stand_ins["beta"].entry()}}}
    for example, task in in_order(file):
        if any(key.startswith(OTHER_COLLECTIONS) for key in task.written):
            continue
        Play.load({"hosts": "localhost", "gather_facts": False, "tasks": [task.written]}, loader=DataLoader())
        try:
            done = templated(task, variables, site)
        except AnsibleError as error:
            assert NOT_HERE.search(str(error)), f"{example}: {error}"  # noqa: PT017 - what a template says
            continue
        if (role := task.written.get("ansible.builtin.include_role", {}).get("name", "")).startswith(COLLECTION):
            assert wrong_variables(role, task.variables) == [], f"{example}: {task.written}"
        for action in (key for key in task.written if key.startswith(f"{COLLECTION}.")):
            ran, wrong = rejected(action, task.options(action, done[action]), place)
            assert wrong == [], f"{example}: {task.written}"
            if "register" in task.written:
                variables[task.written["register"]] = ran.result


def wrong_variables(role: str, variables: Mapping[str, Any]) -> list[str]:
    """What a role does not take of its variables."""
    options = options_of_role(role.removeprefix(f"{COLLECTION}."))
    found: list[str] = ArgumentSpecValidator(options).validate(variables).error_messages
    return found


@pytest.mark.parametrize("document", in_yaml(has_plays))
def test_plays(document: list[dict[str, Any]]) -> None:
    for play in document:
        Play.load(play, loader=DataLoader())
        for role in play.get("roles", []):
            assert wrong_variables(role["role"], role.get("vars", {})) == []


@pytest.mark.parametrize("document", in_yaml(lambda document: role_of(document) is not None))
def test_variables_of_roles(document: dict[str, Any]) -> None:
    """Some of them, so that others may be missing."""
    role = role_of(document)
    assert role
    wrong = wrong_variables(role, document)
    assert [error for error in wrong if not error.startswith("missing required arguments")] == []


@pytest.mark.slow
@pytest.mark.parametrize("document", in_yaml(is_ours))
def test_inventory_sources(document: dict[str, Any], stand_ins: FakeOpenStack, place: Path) -> None:
    source = {"plugin": f"{COLLECTION}.servers", **document}
    kind = source["plugin"].removeprefix(f"{COLLECTION}.")
    assert source.keys() - options_of("inventory", kind) == set()
    if "clouds_config" in source:
        assert Clouds(clouds_config=source["clouds_config"]).names == ["alpha"]
        source["clouds_config"] = {"clouds": {"alpha": stand_ins["alpha"].entry()}}
    path = place / "example.oaktree.yml"
    path.write_text(yaml.safe_dump(source))
    found = InventoryData()
    plugin = inventory_loader.get(source["plugin"])
    plugin.parse(found, DataLoader(), str(path))
    assert found.hosts


@pytest.mark.parametrize("document", in_yaml(is_static))
def test_lists_of_hosts(document: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(document))
    found = InventoryData()
    inventory_loader.get("ansible.builtin.yaml").parse(found, DataLoader(), str(path))
    assert found.hosts


@pytest.mark.parametrize("document", in_yaml(is_clouds))
def test_clouds_yaml(document: dict[str, Any], stand_ins: FakeOpenStack) -> None:
    known = {name: cloud.entry() for name, cloud in stand_ins.clouds.items()}
    shown = document["clouds"] if isinstance(document["clouds"], dict) else {}
    some = known["alpha"]["auth"]
    # The certificates are on the reader's machine.
    shown = {
        name: {key: entry[key] for key in entry.keys() - {"cacert", "cert", "key"}} for name, entry in shown.items()
    }
    shown = {name: {**entry, "auth": known.get(name, {}).get("auth", some)} for name, entry in shown.items()}
    config = {**document, "clouds": {**known, **shown}}
    clouds = Clouds(clouds_config=config)
    assert [region for name in clouds.names for region in clouds.regions(name)]


def test_ini() -> None:
    known = {
        (place["section"], place["key"])
        for definition in ConfigManager().get_configuration_definitions().values()
        for place in definition.get("ini", [])
    }
    for example in (example for example in EXAMPLES if example.language == "ini"):
        parser = configparser.ConfigParser()
        parser.read_string(example.text)
        used = {(section, key) for section in parser.sections() for key in parser[section]}
        assert used
        assert used - known == set(), example


def commands() -> list[str]:
    """The commands of all examples, without comments."""
    texts = [example.text.replace("\\\n", " ") for example in EXAMPLES if example.language == "console"]
    lines = [line for text in texts for line in text.splitlines()]
    return [line.removeprefix("$ ").partition("  #")[0].strip() for line in lines if line.startswith("$ ")]


@pytest.mark.parametrize("command", commands())
def test_commands(command: str) -> None:
    name, *arguments = shlex.split(command)
    if name == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert [word for word in arguments if "=" not in word and word not in targets] == []
    elif name == "ansible":
        module = arguments[arguments.index("-m") + 1]
        assert Play.load({"hosts": "all", "gather_facts": False, "tasks": [{module: {}}]}, loader=DataLoader())
    elif name == "ansible-doc":
        kind = arguments[arguments.index("-t") + 1] if "-t" in arguments else "module"
        folder = ROOT / ("roles" if kind == "role" else f"plugins/{'modules' if kind == 'module' else kind}")
        assert [word for word in arguments if word.startswith(f"{COLLECTION}.")]
        assert {word.rpartition(".")[2] for word in arguments if word.startswith(f"{COLLECTION}.")} <= {
            path.stem for path in folder.iterdir()
        }
    elif name == "ansible-inventory":
        assert arguments[0] == "-i"
        assert arguments[1].endswith(("oaktree.yml", "locations.yml"))
    else:
        assert name in COMMANDS


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.language == "sh"], ids=str)
def test_shell(example: Example) -> None:
    subprocess.run(["bash", "-n"], input=example.text, text=True, check=True)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_every_example_is_checked(example: Example) -> None:
    """Or is no code: a drawing, or what something prints."""
    assert example.language in {"", "text", "console", "ini", "sh", "yaml"}
    if example.language == "yaml":
        for document in example.documents():
            listed = isinstance(document, dict) and (example.file.name, next(iter(document))) in NOT_CHECKED
            checked = any(reads(document) for reads in (is_source, is_static, is_clouds, has_plays, role_of))
            assert listed is not (checked or any(tasks_of(document))), document


def test_what_is_not_checked_exists() -> None:
    first = {
        (example.file.name, next(iter(document)))
        for example in EXAMPLES
        if example.language == "yaml"
        for document in example.documents()
        if isinstance(document, dict)
    }
    assert NOT_CHECKED.keys() - first == set()


@pytest.mark.parametrize("path", PLUGINS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_module_and_plugin_has_examples(path: Path) -> None:
    assert examples_of(path)


WRONG_TASKS: list[tuple[str, str]] = [
    ("oaktree.multicloud.server_info: {filter: {}}", "Unsupported parameters"),
    ("oaktree.multicloud.server_info: {timeout: soon}", "timeout"),
    ("oaktree.multicloud.server_info: {query: '[*'}", "query"),
    ("oaktree.multicloud.server_info: {fields: [colour]}", "colour"),
    ("oaktree.multicloud.server: {name: web, locations: [nowhere]}", "nowhere"),
    ("oaktree.multicloud.resource: {type: network.networks, locations: '*', name: a}", "network.networks"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_TASKS)
def test_a_wrong_option_is_noticed(text: str, said: str, place: Path) -> None:
    ((action, options),) = yaml.safe_load(text).items()
    _ran, wrong = rejected(action, options, place)
    assert any(said in one for one in wrong)


@pytest.mark.parametrize(
    "task",
    [
        {"oaktree.multicloud.servers_info": {}},
        {"oaktree.multicloud.server_info": {}, "regster": "a"},
    ],
)
def test_a_wrong_task_is_noticed(task: dict[str, Any]) -> None:
    with pytest.raises(AnsibleError):
        Play.load({"hosts": "localhost", "gather_facts": False, "tasks": [task]}, loader=DataLoader())


@pytest.mark.parametrize("text", ["{{ 1 | oaktree.multicloud.tables }}", "{{ 1 ", "{{ somebody }}"])
def test_a_wrong_template_is_noticed(text: str) -> None:
    with pytest.raises(AnsibleError) as error:
        templated(Task({"ansible.builtin.debug": {"msg": text}}, {}, {}), {}, WEB)
    assert not NOT_HERE.search(str(error.value))
