# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds as a process: prints one line of JSON when they are up, runs until SIGINT or SIGTERM.

The line says where clouds.yaml lies and where the counters are: GET answers them, DELETE sets them to zero.
"""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

from aiohttp import web

from tests.support.fake_openstack.background import LoopThread
from tests.support.fake_openstack.counters import Counters
from tests.support.fake_openstack.server import FakeOpenStack
from tests.support.fake_openstack.service import GRACE, HOST

PATH = "/_standin/counters"


def main() -> None:
    """Run the clouds that the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fake_openstack", description=__doc__)
    parser.add_argument("--clouds", type=int, default=1)
    parser.add_argument("--regions", type=int, default=1, help="in each cloud")
    parser.add_argument("--servers", type=int, default=0, help="in each region")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--clouds-yaml", type=Path, required=True, help="where to write it")
    parser.add_argument("--user", choices=["demo", "admin"], default="demo", help="whose credentials to write")
    options = parser.parse_args()
    stop = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    with FakeOpenStack(options.clouds, options.regions, options.servers, options.latency) as clouds:
        clouds.clouds_yaml(options.clouds_yaml, options.user)
        thread = LoopThread("counters")
        thread.start()
        runner, url = thread.run(_serve(clouds.counters))
        print(json.dumps({"clouds_yaml": str(options.clouds_yaml), "counters": url}), flush=True)
        signal.sigwait(stop)
        thread.run(runner.cleanup())
        thread.stop()


async def _serve(counters: Counters) -> tuple[web.AppRunner, str]:
    """Serve the counters on a free port."""

    async def show(_request: web.Request) -> web.Response:
        return web.json_response(counters.as_dict())

    async def reset(_request: web.Request) -> web.Response:
        counters.reset()
        return web.Response(status=204)

    app = web.Application()
    app.router.add_get(PATH, show)
    app.router.add_delete(PATH, reset)
    runner = web.AppRunner(app, shutdown_timeout=GRACE, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    return runner, f"http://{HOST}:{runner.addresses[0][1]}{PATH}"


if __name__ == "__main__":
    main()
