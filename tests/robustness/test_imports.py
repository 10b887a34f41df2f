# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fresh Python imports, and says of what is missing."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules import server_info
from tests.support.fake_openstack import FakeOpenStack
from tests.support.payload import COLLECTION, Payload
from tests.support.run_module import start_cold_module
from tests.tools.matrix import candidates, serves

HEAVY = "openstack.connection"


CONFIGURE = f"""
import sys
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.sdk import postpone_services
postpone_services()
auth = {{"auth_url": "https://127.0.0.1/v3", "username": "u", "password": "p", "project_name": "x"}}
(region,) = Clouds(clouds_config={{"clouds": {{"a": {{"auth": auth, "region_name": "r"}}}}}}).regions("a")
print("{HEAVY}" in sys.modules)
"""


def run(code: str) -> list[str]:
    """Run code in a fresh Python and return the lines that it printed."""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_configuring_clouds_loads_none_of_the_services_code() -> None:
    assert run(CONFIGURE) == ["False"]


@pytest.mark.parametrize(
    "use",
    [
        "import openstack; openstack.connect",
        "from openstack import *; connect",
        "from openstack.connection import Connection",
        "import openstack.compute.v2.server; openstack.connection.Connection",
    ],
)
def test_who_needs_all_of_openstacksdk_gets_it_afterwards(use: str) -> None:
    assert run(f"{CONFIGURE}\n{use}\nprint('{HEAVY}' in sys.modules)") == ["False", "True"]


def test_what_openstacksdk_does_not_have_is_missing_as_ever() -> None:
    tries = """
import openstack
for attempt in ("openstack.nothing", "openstack.nothing"):
    try:
        eval(attempt)
    except AttributeError as error:
        print(error)
try:
    import openstack.nothing
except ModuleNotFoundError as error:
    print(error)
"""
    no_attribute = "module 'openstack' has no attribute 'nothing'"
    assert run(CONFIGURE + tries)[1:] == [no_attribute, no_attribute, "No module named 'openstack.nothing'"]


def test_openstacksdk_that_is_in_use_is_left_alone() -> None:
    code = "import openstack\nbefore = dict(vars(openstack))\n" + CONFIGURE
    assert run(f"{code}\nprint(vars(openstack).keys() - before.keys(), openstack.connect)")[1].startswith("set() <func")


def test_configuring_clouds_does_not_search_all_that_is_installed() -> None:
    run(CONFIGURE)
    assert not Path(os.environ["XDG_CACHE_HOME"], "python-entrypoints").exists()


REPORT_AT_EXIT = """
import atexit, sys
NAMES = ("openstack.config", "openstack.connection")
atexit.register(lambda: print(*(name in sys.modules for name in NAMES), file=sys.stderr))
"""


def test_a_module_imports_the_configuration_of_openstacksdk_and_none_of_its_services(two_clouds: FakeOpenStack) -> None:
    process = start_cold_module(server_info, REPORT_AT_EXIT, locations=["cloud1"])
    out, err = process.communicate(timeout=60)
    assert (err.split(), process.returncode) == (["True", "False"], 0), out
    assert two_clouds.counters.requests(service="compute") == 2


MISSING = """
import sys
sys.modules[sys.argv[1]] = None
from tests.support.run_module import run_module
run = run_module("server_info", clouds_config={"clouds": {}}, query=sys.argv[2])
print(run.ok, run["msg"])
"""


@pytest.mark.parametrize(
    ("library", "package", "query"),
    [
        ("openstack", "openstacksdk", ""),
        ("keystoneauth1", "keystoneauth1", ""),
        ("jmespath", "jmespath", "[]"),
    ],
)
def test_a_library_that_is_missing_is_named(library: str, package: str, query: str) -> None:
    command = [sys.executable, "-c", MISSING, library, query]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.startswith(f"False Failed to import the required Python library ({package})"), done.stderr


NAME = "oaktree.multicloud.rest_info"


IMPORT_AFTER_LOOKUP = f"""
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader, lookup_loader
from ansible.template import Templar
init_plugin_loader()
plugin = lookup_loader.get("{NAME}", loader=DataLoader(), templar=Templar(loader=DataLoader()))
print(len(plugin.run(["compute"], variables={{}}, location="cloud1/r1")))
import openstack
print("connect" in vars(openstack), "__getattr__" in vars(openstack))
"""


@pytest.mark.usefixtures("two_clouds")
def test_other_collections_find_openstacksdk_itself_on_the_controller() -> None:
    printed = subprocess.check_output([sys.executable, "-c", IMPORT_AFTER_LOOKUP], text=True)
    assert printed.split() == ["1", "True", "False"]


MODULES = sorted(path.stem for path in Path(server_info.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_which_python_it_needs_before_an_import_fails_by_an_older_one(module: str) -> None:
    package = "ansible_collections.oaktree.multicloud.plugins"
    older = f"""
import sys
known = set(sys.modules)
sys.version_info, sys.executable = (3, 9, 2, "final", 0), "/usr/bin/python3"
try:
    import {package}.modules.{module}
except ImportError as exc:
    print(exc)
    print(*sorted(name for name in set(sys.modules) - known if name.startswith("{package}.module_utils._")))
"""
    message, loaded = run(older)
    assert message == (
        "oaktree.multicloud needs Python 3.11 or newer on the host that runs the task, not Python 3.9.2 "
        "(/usr/bin/python3). Set ansible_python_interpreter."
    )
    assert [name for name in loaded.split() if "." in name.partition(".module_utils.")[2]] == []


LISTS: dict[str, tuple[dict[str, str], int, int]] = {
    "server_info": ({}, 48, 370),
    "image_info": ({}, 54, 380),
    "resource_info": ({"type": "compute.flavor"}, 55, 480),
    "location_info": ({}, 46, 640),
    "rest_info": ({"service_type": "compute"}, 44, 370),
}
"""Tasks that list: how many files of the collection they compile, and the kB of the program that is sent for them.

The first costs CPU in every task, the second in the first task of a play. Some 170 kB are Ansible's own.
"""
LIBRARIES_FOR_FEW = {"netaddr.ip", "jmespath.parser", "jsonpointer", "charset_normalizer.api", "openstack.connection"}
HOOK = f"{COLLECTION}plugins/module_utils/_core/zip_import.py"


@pytest.mark.usefixtures("two_clouds")
@pytest.mark.parametrize("name", LISTS)
def test_a_list_compiles_few_files_once_and_imports_no_library_that_it_does_not_use(name: str, tmp_path: Path) -> None:
    arguments, most, most_kb = LISTS[name]
    payload = Payload.of(f"oaktree.multicloud.{name}", arguments, tmp_path)
    seen = payload.run()
    ours = [file for file in seen.compiled if file.startswith(COLLECTION)]
    assert len(set(ours)) in range(most - 5, most + 1), sorted(set(ours))
    before = {*ours[: ours.index(HOOK)], HOOK}
    assert [file for file, times in Counter(ours).items() if times > 1 and file not in before] == []
    assert payload.program.stat().st_size < most_kb * 1000
    assert {"keystoneauth1.session", "requests"} <= seen.imported
    assert not LIBRARIES_FOR_FEW & seen.imported


@pytest.mark.usefixtures("two_clouds")
def test_libraries_that_were_postponed_are_there_when_they_are_used(tmp_path: Path) -> None:
    arguments = {"query": "[].name", "locations": "cloud1/r1"}
    seen = Payload.of("oaktree.multicloud.server_info", arguments, tmp_path).run()
    assert "jmespath.parser" in seen.imported
    assert all(isinstance(name, str) for name in seen.result["servers"])


USE_POSTPONED = """
import importlib.metadata, sys
from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.sdk import postpone_unused
postpone_unused()
import keystoneauth1.session, requests
import charset_normalizer, jmespath, jsonpatch, netaddr
print(*(name in sys.modules for name in ("netaddr.ip", "charset_normalizer.api", "jmespath.parser", "jsonpointer")))
assert charset_normalizer.__version__ == importlib.metadata.version("charset_normalizer")
print(keystoneauth1.session._JSONEncoder().encode({"a": netaddr.IPAddress("192.0.2.1")}))
print(jmespath.search("a[0]", {"a": [1]}), jsonpatch.apply_patch({}, [{"op": "add", "path": "/a", "value": 1}]))
answer = requests.Response()
answer._content = "caf\u00e9, na\u00efve, \u00e0 la carte".encode("latin-1")
print(answer.text == answer._content.decode(answer.apparent_encoding))
"""


def test_what_is_postponed_works_as_ever() -> None:
    assert run(USE_POSTPONED) == [
        "False False False False",
        '{"a": "192.0.2.1"}',
        "1 {'a': 1}",
        "True",
    ]


@pytest.mark.parametrize("module", MODULES)
def test_an_older_python_can_read_what_comes_before_it_is_told_so(module: str) -> None:
    path = Path(server_info.__file__).with_name(f"{module}.py")
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


OLDER = [
    python
    for version in ("3.8", "3.9", "3.10")
    for python in [next((found for found in candidates(version) if serves(found, version)), None)]
    if python
]


@pytest.mark.skipif(not OLDER, reason="no Python older than 3.11 that ansible-core accepts is here")
@pytest.mark.parametrize("module", ["location_info", "image"])
def test_ansible_tells_in_one_sentence_that_a_target_has_an_older_python(module: str) -> None:
    """One module that Ansible sends as it is, and one with an action plugin of ours."""
    command = ["ansible", "localhost", "--inventory=localhost,", "--connection=local"]
    command += [f"--extra-vars=ansible_python_interpreter={OLDER[-1]}", f"--module-name=oaktree.multicloud.{module}"]
    command += ["--args=name=x locations=alpha state=absent"] if module == "image" else []
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    result = json.loads(done.stdout.partition("=>")[2])
    assert re.fullmatch(
        r"Task failed: Module failed: oaktree\.multicloud needs Python 3\.11 or newer on the host that runs the task, "
        rf"not Python 3\.\d+\.\d+ \({re.escape(OLDER[-1])}\)\. Set ansible_python_interpreter\.",
        result["msg"],
    )
    assert "Traceback" not in done.stdout + done.stderr
