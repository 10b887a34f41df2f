# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-in clouds whose Glances throw image data away: the cost of an upload is then that of the client.

A Glance that hashes and stores would take most of a small machine, and all clients would look alike. These count the
bytes, which the kernel drops, and never see them. They answer with the digests that the command line tells when as
many bytes came as it says, and without digests when not, which no client that verifies takes for success.

Takes the options of `python -m tests.support.fake_openstack`, and after them `--content SIZE MD5 SHA512`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

from aiohttp import web

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.relay import (
    HANDING_RATE,
    HANDING_SECONDS,
)
from tests.support.fake_openstack import __main__ as fake_openstack
from tests.support.fake_openstack import glance_data
from tests.support.fake_openstack.gate import Reply
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_data import Stored
from tests.support.fake_openstack.glance_images import Image, Task
from tests.support.fake_openstack.service import Call, Refusal

PIECE = 1 << 20
PATIENCE = 60.0
"""Seconds within which the next bytes must come."""

content = Stored(0, "", "")
"""What clients are expected to send."""


class Sink(Glance):
    """A Glance that counts image data and drops it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.import_methods = [*self.import_methods, "glance-download"]

    async def _upload(self, call: Call) -> Reply:
        image = self._own_image(call)
        size = await drop_body(call.request)
        self.counters.received(size)
        stored = content if size == content.size else Stored(size, "", "")
        glance_data.complete(image, stored, self.stores[:1])
        return Reply(204, headers={"Connection": "close"})

    async def _run_import(self, image: Image, task: Task, method: Mapping[str, Any], stores: list[str]) -> None:
        """Pretend that another region of the cloud hands its image on, as fast as the collection assumes."""
        if method["name"] != "glance-download":
            await super()._run_import(image, task, method, stores)
            return
        image.status = "importing"
        await asyncio.sleep(HANDING_SECONDS + content.size / HANDING_RATE)
        glance_data.complete(image, content, stores)
        image.properties.pop("os_glance_import_task", None)


async def drop_body(request: web.Request) -> int:
    """Have the kernel drop what is left of a request's body, and return how many bytes the whole body had.

    The connection cannot be used for another request.
    """
    if request.content_length is None or request.transport is None:
        raise Refusal(411, "A Content-Length is needed.")
    begun = len(request.content.read_nowait())
    request.transport.pause_reading()
    descriptor = os.dup(request.transport.get_extra_info("socket").fileno())
    with socket.socket(fileno=descriptor) as connection:
        connection.settimeout(PATIENCE)
        dropped = await asyncio.to_thread(_drop, connection, request.content_length - begun)
    request.content.feed_eof()
    return begun + dropped


def _drop(connection: socket.socket, size: int) -> int:
    buffer, left = bytearray(PIECE), size
    # On TCP, MSG_TRUNC takes bytes off the queue without copying them anywhere (tcp(7)).
    while left and (got := connection.recv_into(buffer, min(left, PIECE), socket.MSG_TRUNC)):
        left -= got
    return size - left


def main() -> None:
    """Run the clouds that the command line asks for."""
    global content  # noqa: PLW0603  (one process, one content)
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--content", nargs=3, metavar=("SIZE", "MD5", "SHA512"), required=True)
    options, others = parser.parse_known_args()
    size, md5, sha512 = options.content
    content = Stored(int(size), md5, sha512)
    sys.argv[1:] = others
    with patch("tests.support.fake_openstack.server.Glance", Sink):
        fake_openstack.main()


if __name__ == "__main__":
    main()
