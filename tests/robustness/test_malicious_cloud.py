# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A malicious cloud, cloud3, beside two healthy ones: it harms neither these, nor the machine that asks it.

Whatever it does, the results of the others are complete; no file is written but in the target and the cache; no token
and no password reaches the host elsewhere that it names; and the processes stay small.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.fake_images import add_image
from tests.support.fake_openstack import (
    Action,
    Answer,
    EndlessAnswer,
    FakeOpenStack,
    Region,
    TrickleAnswer,
    edit_answer,
)

WORD = "correct-h0rse-battery"
MEMORY = 300 << 20
TIMEOUT = 10.0
DATA = bytes(range(256)) * 400
JSON = {"Content-Type": "application/json"}
JINJA = "{{ lookup('pipe', 'touch PWNED') }}"
NAMES = ["../../../PWNED", "/PWNED", "a\nb", "\x1b[2J\x1b]0;PWNED\x07", JINJA, "\u202egnp.exe", "x" * 5000, "a\x00b"]
FORMATS = ["raw/../../../PWNED", "../PWNED", "/PWNED", "raw\n", "", JINJA]


class Elsewhere:
    """A host of the attacker's, which writes down all that it is sent."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                elsewhere.requests.append(f"{self.requestline}\n{self.headers}\n{body!r}")
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[Elsewhere]:
        thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            self.server.server_close()


@dataclass(frozen=True)
class Ended:
    """A process: its result, all that it printed, and its peak of resident memory in bytes."""

    result: dict[str, Any]
    output: str
    memory: int


class Scene:
    """Three clouds and a machine that asks them, with a home, a directory for exports, and nothing else."""

    def __init__(self, clouds: FakeOpenStack, elsewhere: Elsewhere, directory: Path) -> None:
        self.clouds = clouds
        self.elsewhere = elsewhere
        self.directory = directory
        for name in ("home/.ssh", "work", "out", "cwd", "tmp"):
            (directory / name).mkdir(parents=True)
        (directory / "home/.ssh/authorized_keys").write_text("ours")
        (directory / "image.raw").write_bytes(DATA)
        entries = {}
        for name, cloud in clouds.clouds.items():
            cloud.keystone.users = [replace(user, password=WORD) for user in cloud.keystone.users]
            entries[name] = cloud.entry()
            entries[name]["auth"]["password"] = WORD
        (directory / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}))
        (directory / "servers.oaktree.yml").write_text(
            yaml.safe_dump({"plugin": "oaktree.multicloud.servers", "timeout": TIMEOUT, "api_timeout": TIMEOUT})
        )

    @property
    def evil(self) -> Region:
        return self.clouds["cloud3"]["r1"]

    def strike(self, action: Action) -> None:
        """Let all services answer so, but Keystone."""
        self.evil.fault("*", ".", action)

    def start(self, module: str, **options: Any) -> Running:
        given = {"timeout": TIMEOUT, "api_timeout": TIMEOUT, **options}
        return Running(self, f"from {MODULES}.{module} import main; main()", json.dumps({"ANSIBLE_MODULE_ARGS": given}))

    def start_inventory(self) -> Running:
        arguments = ["ansible-inventory", "-vvvv", "--list", "-i", str(self.directory / "servers.oaktree.yml")]
        code = f"import sys; sys.argv = {arguments!r}; from ansible.cli.inventory import main; main()"
        return Running(self, code, "")

    def environment(self) -> dict[str, str]:
        home = str(self.directory / "home")
        return {
            **os.environ,
            "HOME": home,
            "XDG_CACHE_HOME": str(self.directory / "cache"),
            "TMPDIR": str(self.directory / "tmp"),
            "OS_CLIENT_CONFIG_FILE": str(self.directory / "clouds.yaml"),
            "ANSIBLE_LOCAL_TEMP": str(self.directory / "tmp"),
            "ANSIBLE_HOME": str(self.directory / "cache/ansible"),
        }

    def tree(self) -> dict[str, bytes]:
        """All files but those of caches and logs, and of the target of exports."""
        return {
            str(path.relative_to(self.directory)): path.read_bytes() if path.is_file() else b""
            for path in sorted(self.directory.rglob("*"))
            if path.relative_to(self.directory).parts[0] not in ("cache", "out")
        }


MODULES = "ansible_collections.oaktree.multicloud.plugins.modules"


MEASURED = """
import atexit, pathlib
atexit.register(lambda: pathlib.Path({file!r}).write_text(pathlib.Path("/proc/self/status").read_text()))
"""


class Running:
    """A process of its own, whose memory is measured (that which wait4 tells begins with that of this process)."""

    def __init__(self, scene: Scene, code: str, stdin: str) -> None:
        self._status = scene.directory / f"cache/{id(self)}.status"
        command = [sys.executable, "-c", MEASURED.format(file=str(self._status)) + code]
        self._files = [(scene.directory / f"cache/{id(self)}.{name}").open("w+") for name in ("out", "err")]
        out, err = self._files
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=out, stderr=err, text=True, env=scene.environment(),
            cwd=scene.directory / "cwd",
        )  # fmt: skip
        assert self._process.stdin
        with self._process.stdin:
            self._process.stdin.write(stdin)

    def end(self) -> Ended:
        """Wait for it."""
        self._process.wait()
        texts = []
        for file in self._files:
            file.seek(0)
            texts.append(file.read())
            file.close()
        out, err = texts
        found = re.search(r"^\{.*\}$", out, re.DOTALL | re.MULTILINE)
        peak = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
        assert found, out + err
        assert peak
        return Ended(json.loads(found[0], object_hook=_untagged), out + err, int(peak[1]) << 10)


def _untagged(value: dict[str, Any]) -> Any:
    """ansible-inventory marks texts that are not templates."""
    return value.get("__ansible_unsafe", value)


def redirects(scene: Scene) -> None:
    """To another host, to a file; of tokens, too."""
    url = scene.elsewhere.url
    scene.evil.fault("GET", "/servers", Answer(302, {"Location": f"{url}/servers"}))
    scene.evil.fault("GET", "/v2/images", Answer(307, {"Location": f"{url}/v2/images"}))
    scene.evil.fault("*", ".", Answer(301, {"Location": "file:///etc/passwd"}))


def redirected_tokens(scene: Scene) -> None:
    scene.clouds["cloud3"].fault("POST", ".", Answer(307, {"Location": f"{scene.elsewhere.url}/v3/auth/tokens"}))


def versions_elsewhere(scene: Scene) -> None:
    """The documents by which clients find the versions name another host."""
    url = scene.elsewhere.url

    def moved(document: Any) -> Any:
        text = json.dumps(document)
        for service in scene.evil.services():
            text = text.replace(service.url, url)
        return json.loads(text)

    scene.evil.fault("GET", r"^/(v2.1/?|versions)?$", edit_answer(moved))


def bomb() -> bytes:
    """300 MiB of zeros, compressed."""
    packing = zlib.compressobj(1, wbits=31)
    return b"".join(packing.compress(bytes(1 << 20)) for _number in range(300)) + packing.flush()


def many_values(scene: Scene) -> None:
    """A text of 21 MiB that becomes half a GiB of lists."""
    scene.strike(Answer(200, JSON, b'{"servers": [' + b"[]," * (7 << 20) + b'[]], "images": []}'))


def drips(scene: Scene) -> None:
    scene.strike(TrickleAnswer(20))


def circular_pages(scene: Scene) -> None:
    """Two pages that name each other, and pages without end."""

    def servers(page: Any) -> Any:
        return {**page, "servers_links": [{"rel": "next", "href": "http://x/servers?marker=one"}]}

    def images(page: Any) -> Any:
        marker = "one" if scene.clouds.counters.requests(cloud="cloud3", service="image") % 2 else "two"
        return {**page, "next": f"/v2/images?marker={marker}"}

    scene.evil.nova.page = 1
    scene.evil.fault("GET", "/servers", edit_answer(servers))
    scene.evil.fault("GET", r"/v2/images\b", edit_answer(images))


def endless_pages(scene: Scene) -> None:
    count = iter(range(1 << 30))

    def change(page: Any) -> Any:
        link = f"http://x/?limit=1&name=n{next(count)}"
        return {**page, "servers_links": [{"rel": "next", "href": link}], "next": link}

    scene.evil.fault("GET", r"/servers|/v2/images\b", edit_answer(change))


def hostile_names(scene: Scene) -> None:
    """Of servers, images and their formats; and the IDs of others."""
    keystone = scene.clouds["cloud3"].keystone
    others = scene.clouds["cloud1"]["r1"]
    for number, name in enumerate(NAMES):
        zone = "nova" if number % 2 else name
        scene.evil.add_server(name=name, zone=zone, metadata={name: name, "ansible_host": "6.6.6.6"}, tags=[name])
        add_image(scene.evil.glance, DATA, owner=keystone.project_id("demo"), name=name)
    for disk_format in FORMATS:
        add_image(scene.evil.glance, DATA, name="thing", disk_format=disk_format)
    for server in others.nova.servers:
        scene.evil.add_server(id=server.id, name=server.name, fixed="6.6.6.6", floating="6.6.6.6")
    for image in list(others.glance.images.values()):
        copy = add_image(scene.evil.glance, b"evil", name=image.fields["name"])
        scene.evil.glance.images[image.id] = replace(copy, id=image.id)


def nonsense(scene: Scene) -> None:
    body = b'{"servers": [null, 5, {"id": {}}], "images": [[], {"id": "../x", "name": "\\ud800"}], "versions": 7}'
    scene.strike(Answer(200, JSON, body))


PLAGUES: Mapping[str, Callable[[Scene], None]] = {
    "redirects": redirects,
    "redirected tokens": redirected_tokens,
    "versions elsewhere": versions_elsewhere,
    "a bomb": lambda scene: scene.strike(Answer(200, JSON | {"Content-Encoding": "gzip"}, bomb())),
    "many values": many_values,
    "endless bodies": lambda scene: scene.strike(EndlessAnswer(JSON, b" " * (1 << 16))),
    "drips": drips,
    "circular pages": circular_pages,
    "endless pages": endless_pages,
    "hostile names": hostile_names,
    "nonsense": nonsense,
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with FakeOpenStack(clouds=3, servers=2, object_store=True) as clouds, Elsewhere().running() as elsewhere:
        for cloud in clouds.clouds.values():
            add_image(cloud["r1"].glance, DATA, owner=cloud.keystone.project_id("demo"), name="theirs")
        (tmp_path / "cache").mkdir()
        yield Scene(clouds, elsewhere, tmp_path)


@pytest.mark.parametrize("plague", PLAGUES)
def test_a_malicious_cloud_harms_nobody(scene: Scene, plague: str) -> None:
    PLAGUES[plague](scene)
    before = scene.tree()
    patience = {"transfer_timeout": 2 * TIMEOUT, "stall_timeout": TIMEOUT}
    made = {"name": "ours", "path": str(scene.directory / "image.raw"), "import_timeout": TIMEOUT}
    taken = {"from": {"location": "cloud3", "image": "theirs"}, "name": "taken", "import_timeout": TIMEOUT}
    work = {"temporary_directory": str(scene.directory / "work")}
    running = {
        "server_info": scene.start("server_info"),
        "image_info": scene.start("image_info"),
        "location_info": scene.start("location_info", probe=True),
        "rest": scene.start("rest", service_type="compute", path="/servers", pages="servers"),
        "inventory": scene.start_inventory(),
        "image": scene.start("image", locations=["*"], **made, **patience, **work),
        "image_from": scene.start("image", locations=["cloud2"], **taken, **patience, **work),
        "image_export": scene.start(
            "image_export", image="theirs", path=f"{scene.directory}/out/", locations=["cloud3"], **patience
        ),
    }
    ended = {name: process.end() for name, process in running.items()}
    assert {name: end.memory >> 20 for name, end in ended.items() if end.memory > MEMORY} == {}
    assert_healthy_results_are_complete(scene, ended)
    assert_no_secret(scene, ended)
    assert scene.tree() == before
    assert list(scene.directory.parent.rglob("PWNED*")) == []
    for path in (scene.directory / "out").iterdir():
        assert path.read_bytes() == DATA


PLAY = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"oaktree.multicloud.server_info": {}, "register": "found"},
            {"ansible.builtin.debug": {"msg": "{{ found }}"}},
        ],
    },
    {
        "hosts": "all",
        "gather_facts": False,
        "connection": "local",
        "tasks": [{"ansible.builtin.debug": {"msg": "{{ openstack }}"}}],
    },
]


def test_no_answer_is_taken_for_what_ansible_has_written(scene: Scene) -> None:
    """A result with the keys by which Ansible says of which type a value is fails, and a cache would believe them."""
    trusted = {"__ansible_type": "_AnsibleTaggedStr", "value": JINJA, "tags": [{"__ansible_type": "TrustedAsTemplate"}]}

    def change(page: Any) -> Any:
        return {"servers": [{**one, "vendor:x": trusted, "tags": [trusted]} for one in page["servers"]]}

    scene.evil.nova.servers[0].metadata = {"__ansible_type": "TrustedAsTemplate", "__ansible_vault": "x"}
    scene.evil.fault("GET", "/servers", edit_answer(change))
    cache = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(scene.directory / "cache"),
    }
    source = {"plugin": "oaktree.multicloud.servers", "verbose_vars": True, **cache}
    (scene.directory / "cached.oaktree.yml").write_text(yaml.safe_dump(source))
    (scene.directory / "play.yml").write_text(yaml.safe_dump(PLAY))
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "cached.oaktree.yml", "play.yml"]
    for _run in range(2):
        run = subprocess.run(
            command, env=scene.environment(), cwd=scene.directory, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert list(scene.directory.parent.rglob("PWNED*")) == []
        assert run.stdout.count("___ansible_type") > 2


def assert_healthy_results_are_complete(scene: Scene, ended: Mapping[str, Ended]) -> None:
    def of(name: str, noun: str, key: str) -> list[tuple[str, Any]]:
        assert {failure["location"]["cloud"] for failure in ended[name].result["failures"]} <= {"cloud3"}
        assert [failure for failure in ended[name].result["failures"] if failure["kind"] == "internal"] == []
        return [
            (record["location"]["cloud"], record[key])
            for record in ended[name].result[noun]
            if record["location"]["cloud"] != "cloud3"
        ]

    healthy = {name: scene.clouds[name]["r1"] for name in ("cloud1", "cloud2")}
    servers = [(name, server.id) for name, region in healthy.items() for server in region.nova.servers]
    assert sorted(of("server_info", "servers", "id")) == sorted(servers)
    images = [(name, "theirs") for name in healthy]
    assert [found for found in of("image_info", "images", "name") if found[1] == "theirs"] == images
    assert of("location_info", "locations", "answers") == [(name, True) for name in healthy]
    assert of("rest", "results", "status") == [(name, 200) for name in healthy]
    assert of("image", "results", "action") == [(name, "created") for name in healthy]
    hosts = ended["inventory"].result["_meta"]["hostvars"].values()
    found = {(host["location"]["cloud"], host["openstack"]["id"]): host["ansible_host"] for host in hosts}
    assert {where: address for where, address in found.items() if where[0] != "cloud3"} == {
        (name, server.id): server.floating or server.fixed
        for name, region in healthy.items()
        for server in region.nova.servers
    }
    for region in healthy.values():
        names = [image.fields["name"] for image in region.glance.images.values()]
        assert {"theirs", "ours"} <= set(names) <= {"theirs", "ours", "taken"}


def assert_no_secret(scene: Scene, ended: Mapping[str, Ended]) -> None:
    tokens = [token for cloud in scene.clouds.clouds.values() for token in cloud.keystone._tokens]
    sent = "".join(scene.elsewhere.requests)
    for secret in (WORD, *tokens):
        assert secret not in sent
        assert [name for name, end in ended.items() if secret in end.output] == []
    assert [name for name, end in ended.items() if "\x1b]" in end.output] == []
