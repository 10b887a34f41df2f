# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: ``python -m tests.support.local_clouds``."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time

from . import lifecycle, state, venv
from .errors import CloudsError
from .layout import CLOUDS, DEFAULT_SERVICES, OPTIONAL_SERVICES, Layout

_BEGAN = time.monotonic()

_EPILOG = """\
environment:
  OAKTREE_CLOUDS_DIR   where everything is kept (.clouds in the repository)
  OAKTREE_CLOUDS_VENV  the virtual environment of the services (venv in that directory)
  OAKTREE_CLOUDS_PORT  the first of 1000 ports on loopback (17000)
"""


def main() -> int:
    """Run a command; returns the exit status."""
    os.umask(0o077)  # The state directory holds passwords.
    arguments = _parser().parse_args()
    try:
        layout = Layout.from_environment(os.environ)
        status: int = arguments.command(layout, arguments)
    except CloudsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; run `up` again to go on, or `down` to end what was started", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.local_clouds",
        description="Real OpenStack services on loopback: two clouds, three regions.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="bring up what is not up yet")
    up.add_argument("--servers", type=int, default=0, metavar="N", help="make servers until there are N")
    for option, destination, text in (
        ("--with", "extra", f"add services that are left out by default ({', '.join(OPTIONAL_SERVICES)})"),
        ("--without", "without", f"leave services out ({', '.join(DEFAULT_SERVICES)})"),
    ):
        up.add_argument(option, dest=destination, type=_names, default=frozenset(), metavar="SERVICE,...", help=text)
    up.add_argument("--only", choices=[cloud.name for cloud in CLOUDS], help="only this cloud")
    up.set_defaults(command=_up)
    for name, command, text in (
        ("down", _down, "end every process and keep the data"),
        ("status", _status, "show every process"),
        ("reset", _reset, "end every process and delete the data"),
        ("install", _install, "only make the virtual environment"),
        ("env", _env, "print the shell command that points clients at the clouds"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=command)
    return parser


def _names(text: str) -> frozenset[str]:
    """The services in a list with commas or spaces between them."""
    return frozenset(text.replace(",", " ").split())


def _say(text: str) -> None:
    print(f"[{time.monotonic() - _BEGAN:5.1f} s] {text}", flush=True)


def _up(layout: Layout, arguments: argparse.Namespace) -> int:
    selection = lifecycle.Selection.of(arguments.only, arguments.without, arguments.extra)
    lifecycle.up(layout, selection, arguments.servers, _say)
    _say("the local clouds are up; use them with")
    print(_export(layout))
    return 0


def _down(layout: Layout, arguments: argparse.Namespace) -> int:
    del arguments
    lifecycle.down(layout, _say)
    return 0


def _reset(layout: Layout, arguments: argparse.Namespace) -> int:
    del arguments
    lifecycle.reset(layout, _say)
    return 0


def _install(layout: Layout, arguments: argparse.Namespace) -> int:
    del arguments
    with state.locked(layout, _say):
        venv.install(layout)
    _say(f"the services are installed in {layout.venv}")
    return 0


def _status(layout: Layout, arguments: argparse.Namespace) -> int:
    """0 when there are processes and all of them serve."""
    del arguments
    conditions = lifecycle.conditions(layout)
    for each in conditions:
        how = "serving" if each.serving else "starting" if each.process else "ENDED"
        pid = each.process.pid if each.process else "-"
        print(f"{each.server.name:16} {how:8}  port {each.server.port:<5}  pid {pid:<7}  {each.memory >> 20:4} MiB")
    serving = sum(each.serving for each in conditions)
    total = sum(each.memory for each in conditions)
    print(f"{serving} of {len(conditions)} services serving, {total >> 20} MiB")
    return 0 if conditions and serving == len(conditions) else 1


def _env(layout: Layout, arguments: argparse.Namespace) -> int:
    del arguments
    if not layout.clouds_yaml.exists():
        raise CloudsError("the local clouds have not been up: there is no clouds.yaml yet")
    print(_export(layout))
    return 0


def _export(layout: Layout) -> str:
    return f"export OS_CLIENT_CONFIG_FILE={shlex.quote(str(layout.clouds_yaml))}"


if __name__ == "__main__":
    sys.exit(main())
