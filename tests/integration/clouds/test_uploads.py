# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way of uploading that a region offers ends with the right bytes, for an ordinary member."""

from __future__ import annotations

import functools
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from openstack.connection import Connection

pytestmark = pytest.mark.clouds

DATA = b"local clouds" * 10_000
SHA512 = hashlib.sha512(DATA).hexdigest()
LIMIT = 60.0

Create = Callable[..., str]


@pytest.fixture
def create() -> Iterator[Create]:
    """Make an image record at a connection; it is deleted after the test."""
    with ExitStack() as stack:

        def make(connection: Connection, **properties: object) -> str:
            body = {"name": f"upload-{secrets.token_hex(4)}", "disk_format": "raw", "container_format": "bare"}
            answer = connection.image.post("/images", json={**body, **properties})
            assert answer.status_code == 201, answer.text
            image_id = str(answer.json()["id"])
            stack.callback(connection.image.delete, f"/images/{image_id}")
            return image_id

        yield make


@pytest.fixture
def source_url(tmp_path: Path) -> Iterator[str]:
    """A web server on loopback that has the data."""
    (tmp_path / "data").write_bytes(DATA)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/data"
        server.shutdown()
        thread.join()


def until(connection: Connection, path: str, done: Callable[[Any], bool]) -> Any:
    """The JSON at a path of the image service once it is as wanted."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = connection.image.get(path).json()
        if done(found) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def active(connection: Connection, image_id: str) -> Any:
    """The image, which has become active with our data."""
    image = until(connection, f"/images/{image_id}", lambda image: image["status"] in ("active", "killed"))
    assert (image["status"], image["os_hash_value"]) == ("active", SHA512), image
    return image


def import_image(connection: Connection, image_id: str, **method: object) -> None:
    answer = connection.image.post(f"/images/{image_id}/import", json={"method": method})
    assert answer.status_code == 202, answer.text


def put(connection: Connection, image_id: str, data: Any, where: str = "file") -> None:
    headers = {"Content-Type": "application/octet-stream"}
    answer = connection.image.put(f"/images/{image_id}/{where}", data=data, headers=headers)
    assert answer.status_code == 204, answer.text


def test_put(connection: Connection, create: Create) -> None:
    image_id = create(connection)
    put(connection, image_id, DATA)
    active(connection, image_id)
    assert connection.image.get(f"/images/{image_id}/file").content == DATA


def test_put_in_chunks_leaves_the_connection_usable(connection: Connection, create: Create) -> None:
    image_id = create(connection)
    put(connection, image_id, iter([DATA[:100_000], DATA[100_000:]]))
    for _attempt in range(3):
        active(connection, image_id)


def test_glance_direct(connections: dict[str, Connection], create: Create) -> None:
    north = connections["north"]
    image_id = create(north)
    put(north, image_id, DATA, where="stage")
    import_image(north, image_id, name="glance-direct")
    active(north, image_id)


@pytest.mark.parametrize("name", ["north", "east"])
def test_web_download(name: str, connections: dict[str, Connection], create: Create, source_url: str) -> None:
    image_id = create(connections[name])
    import_image(connections[name], image_id, name="web-download", uri=source_url)
    active(connections[name], image_id)


def test_copy_image(connections: dict[str, Connection], create: Create) -> None:
    north = connections["north"]
    image_id = create(north)
    put(north, image_id, DATA)
    assert active(north, image_id)["stores"] == "fast"
    body = {"method": {"name": "copy-image"}, "stores": ["slow"]}
    assert north.image.post(f"/images/{image_id}/import", json=body).status_code == 202
    image = until(north, f"/images/{image_id}", lambda image: "slow" in image["stores"])
    assert set(image["stores"].split(",")) == {"fast", "slow"}


def test_glance_download_between_regions(connections: dict[str, Connection], create: Create) -> None:
    north, south = connections["north"], connections["south"]
    original, image_id = create(south), create(north)
    put(south, original, DATA)
    import_image(north, image_id, name="glance-download", glance_region="south", glance_image_id=original)
    active(north, image_id)


def test_import_task(connections: dict[str, Connection], source_url: str) -> None:
    east = connections["east"]
    properties = {
        "name": f"task-{secrets.token_hex(4)}",
        "disk_format": "raw",
        "container_format": "bare",
        # Without it the image belongs to nobody, and the task fails because it is not ours.
        "owner": east.current_project_id,
    }
    body = {"import_from": source_url, "import_from_format": "raw", "image_properties": properties}
    task = east.image.post("/tasks", json={"type": "import", "input": body}).json()
    task = until(east, f"/tasks/{task['id']}", lambda task: task["status"] in ("success", "failure"))
    assert task["status"] == "success", task
    image_id = task["result"]["image_id"]
    active(east, image_id)
    assert east.image.delete(f"/images/{image_id}").status_code == 204
