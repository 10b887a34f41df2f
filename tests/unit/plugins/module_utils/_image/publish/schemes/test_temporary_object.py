# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Image data in the object store for as long as a cloud needs to fetch it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import temporary_object
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    ImageFile,
    open_image_file,
)
from tests.support import upload_markers
from tests.support.fake_openstack import FakeOpenStack
from tests.support.run_core import ask_one

Clouds = Callable[..., FakeOpenStack]
DESIRED = Desired("thing", "present")
OTHER_RUN = upload_markers.elsewhere()


@pytest.fixture
def clouds(fake_openstack: Clouds) -> FakeOpenStack:
    return fake_openstack(object_store=True)


@pytest.fixture
def file(tmp_path: Path) -> ImageFile:
    (tmp_path / "image").write_bytes(b"data\0" * 1000)
    return open_image_file(str(tmp_path / "image"))


def objects(clouds: FakeOpenStack) -> dict[str, set[str]]:
    accounts = clouds["cloud1"]["r1"].swift.store.accounts.values()
    return {name: set(container.objects) for account in accounts for name, container in account.containers.items()}


def test_it_is_there_until_it_is_removed(clouds: FakeOpenStack, file: ImageFile) -> None:
    seen: list[Any] = []

    def work(connection: Connection) -> None:
        removals: list[Callable[[], str]] = []
        made = temporary_object.put(connection, DESIRED, file, removals.append, signed=True)
        seen.append((made.path, objects(clouds), made.url))
        seen.append([remove() for remove in removals])

    assert ask_one(clouds, work, timeout=20).error is None
    (path, there, url), complaints = seen
    container, _slash, name = path.partition("/")
    assert there == {container: {name}}
    assert hashlib.sha256(b"thing").hexdigest()[:16] in container
    assert (urlsplit(url).path.endswith(path), "temp_url_sig=" in url) == (True, True)
    assert set(complaints) == {""}
    assert objects(clouds) == {}


def test_a_run_of_this_machine_is_refused_before_the_other_one_has_sent_anything(
    clouds: FakeOpenStack, file: ImageFile
) -> None:
    """Which nobody can see in the object store."""

    def work(connection: Connection) -> None:
        removals: list[Callable[[], str]] = []
        temporary_object.put(connection, DESIRED, file, removals.append, signed=False)
        removals[1]()
        with pytest.raises(ConflictError, match="another upload of this image is in progress"):
            temporary_object.put(connection, DESIRED, file, removals.append, signed=False)
        removals[0]()
        temporary_object.put(connection, DESIRED, file, removals.append, signed=False)
        removals[2]()

    assert ask_one(clouds, work, timeout=20).error is None


def test_another_run_of_the_same_image_is_a_conflict(clouds: FakeOpenStack, file: ImageFile) -> None:
    def work(connection: Connection) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(temporary_object, "work_marker", lambda _seconds: OTHER_RUN)
            temporary_object.put(connection, DESIRED, file, lambda _remove: None, signed=False)
        assert temporary_object.in_use(connection, DESIRED)
        assert not temporary_object.in_use(connection, Desired("other", "present"))
        temporary_object.put(connection, DESIRED, file, lambda _remove: None, signed=False)

    error = ask_one(clouds, work, timeout=20).error
    assert isinstance(error, ConflictError)
    assert "another upload of this image is in progress (container oaktree-upload-" in error.message
    assert len(objects(clouds)) == 1
