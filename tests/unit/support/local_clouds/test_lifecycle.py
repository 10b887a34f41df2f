# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.local_clouds import lifecycle
from tests.support.local_clouds.__main__ import _parser
from tests.support.local_clouds.errors import CloudsError
from tests.support.local_clouds.files import write_private
from tests.support.local_clouds.launch import Launch, check_port_base, check_ports, write_helpers
from tests.support.local_clouds.layout import (
    CLOUDS,
    DEFAULT_SERVICES,
    OPTIONAL_SERVICES,
    REGION_SERVICES,
    Layout,
    Server,
)
from tests.support.local_clouds.lifecycle import Selection
from tests.support.local_clouds.processes import ephemeral_ports


def test_a_selection_leaves_out_what_was_asked() -> None:
    selection = Selection.of("beta", without=["nova", "neutron", "placement"])
    assert selection == Selection(CLOUDS[1:], ("cinder", "heat", "glance", "swift"))


def test_a_selection_has_the_optional_services_that_were_asked_for() -> None:
    assert Selection.of() == Selection(CLOUDS, DEFAULT_SERVICES)
    assert Selection.of(extra=["barbican"]) == Selection(CLOUDS, (*DEFAULT_SERVICES, "barbican"))
    assert Selection.of(extra=OPTIONAL_SERVICES) == Selection(CLOUDS, REGION_SERVICES)


@pytest.mark.parametrize(
    ("without", "extra", "message"),
    [
        ("glance", "barbican", "nova needs glance"),
        ("neutron", "barbican", "leave nova out as well"),
        ("magnum", "barbican", "no such service: magnum; there are nova, .*barbican"),
        ("swift", "dns", "no such service: dns; there are nova, .*barbican"),
    ],
)
def test_an_impossible_selection_is_refused(without: str, extra: str, message: str) -> None:
    with pytest.raises(CloudsError, match=message):
        Selection.of(None, [without], [extra])


@pytest.mark.parametrize("arguments", [["--with", "designate,barbican"], ["--with", "barbican  designate"]])
def test_services_are_named_with_commas_or_spaces(arguments: list[str]) -> None:
    assert _parser().parse_args(["up", *arguments]).extra == set(OPTIONAL_SERVICES)


def test_servers_need_nova(layout: Layout) -> None:
    selection = Selection.of(without=["nova"])
    with pytest.raises(CloudsError, match="servers need nova"):
        lifecycle.up(layout, selection, 3, print)
    assert not layout.root.exists()


EPHEMERAL = range(32768, 61000)


@pytest.mark.parametrize("base", [31769, 32768, 45000, 60999])
def test_ports_that_the_kernel_gives_to_connections_are_refused(tmp_path: Path, base: int) -> None:
    layout = Layout(tmp_path, tmp_path, base)
    message = (
        f"{base} to {base + 999} .* 32768 to 60999.* OAKTREE_CLOUDS_PORT .* from 1024 to 31768 or from 61000 to 64536"
    )
    with pytest.raises(CloudsError, match=message):
        check_port_base(layout, EPHEMERAL)


@pytest.mark.parametrize("base", [1024, 17000, 31768, 61000, 64536])
def test_ports_beside_them_are_not(tmp_path: Path, base: int) -> None:
    check_port_base(Layout(tmp_path, tmp_path, base), EPHEMERAL)


@pytest.mark.parametrize(
    ("ephemeral", "choices"),
    [(range(10000, 65536), "from 1024 to 9000$"), (range(1500, 30000), "from 30000 to 64536$")],
)
def test_only_ports_that_exist_are_proposed(tmp_path: Path, ephemeral: range, choices: str) -> None:
    with pytest.raises(CloudsError, match=f"to a number {choices}"):
        check_port_base(Layout(tmp_path, tmp_path, 17000), ephemeral)


def test_nothing_is_refused_where_no_port_is_better(tmp_path: Path) -> None:
    check_port_base(Layout(tmp_path, tmp_path, 17000), range(1024, 65536))


def test_up_asks_the_kernel(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "clouds", tmp_path, ephemeral_ports().start)
    with pytest.raises(CloudsError, match="OAKTREE_CLOUDS_PORT"):
        lifecycle.up(layout, Selection(), 0, print)
    assert not layout.root.exists()


def test_a_taken_port_is_named_with_who_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CloudsError, match=rf"port {port} .*, which glance-north needs, is taken by process \d+ \("):
            check_ports([Server("glance", "north", port)])
    check_ports([Server("glance", "north", port)])


def stand_in_interpreter(layout: Layout, script: str) -> None:
    """Put a shell script where the interpreter of the services would be."""
    write_private(layout.python, f"#!/bin/sh\n{script}\n", mode=0o700)


def test_a_loader_that_fails_is_reported_with_the_end_of_its_log(layout: Layout) -> None:
    stand_in_interpreter(layout, "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do echo line $n; done; exit 3")
    server = layout.server("glance", "north")
    launch = Launch(layout)
    launch.start([server])
    with pytest.raises(CloudsError) as caught:
        launch.wait([server])
    first, *tail = str(caught.value).splitlines()
    assert "glance-north could not be started: its loader failed" in first
    assert str(layout.log("loader-glance")) in first
    assert [line.strip() for line in tail] == [f"line {number}" for number in range(2, 17)]


def test_a_server_that_ends_is_reported_with_its_own_log(layout: Layout) -> None:
    stand_in_interpreter(layout, f"echo no such table >> {layout.log('glance-north')}")
    server = layout.server("glance", "north")
    launch = Launch(layout)
    launch.start([server])
    with pytest.raises(CloudsError, match=r"glance-north could not be started: it ended(.|\n)*no such table"):
        launch.wait([server])


def test_the_last_log_is_kept(layout: Layout) -> None:
    stand_in_interpreter(layout, "exit 0")
    write_private(layout.log("glance-north"), "the last life")
    Launch(layout).start([layout.server("glance", "north")])
    assert layout.log("glance-north").with_suffix(".log.old").read_text() == "the last life"
    assert not layout.log("glance-north").exists()


def test_services_see_nothing_of_the_users_environment(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    monkeypatch.setenv("OS_CLOUD", "production")
    out = layout.root / "environment"
    stand_in_interpreter(layout, f"env > {out}")
    launch = Launch(layout)
    launch.start([layout.server("glance", "north")])
    assert launch.loaders["glance"].wait(10) == 0
    names = {line.partition("=")[0] for line in out.read_text().splitlines()}
    assert {"OAKTREE_CLOUDS_DIR", "OAKTREE_CLOUDS_OWNER", "PYTHONPATH"} <= names
    assert not {"http_proxy", "OS_CLOUD"} & names


def test_helpers_are_found_by_the_services(layout: Layout) -> None:
    layout.python.parent.mkdir(parents=True)
    layout.python.symlink_to(sys.executable)
    write_helpers(layout)
    (layout.root / "image").write_bytes(b"x" * 1000)
    command = [str(layout.commands / "qemu-img"), "info", "--output=json", f"file://{layout.root / 'image'}"]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert '"virtual-size": 1000' in answer
    assert list(layout.plugins.glob("*.dist-info/entry_points.txt"))
