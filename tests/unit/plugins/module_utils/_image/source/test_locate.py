# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the image comes from: a file, the web, another Location."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import (
    InputError,
    IntegrityError,
    OaktreeError,
    RefusedError,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import locate
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import ImageFile
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from tests.support import image_formats as formats
from tests.support.fake_images import add_image
from tests.support.fake_openstack import FakeOpenStack
from tests.support.web import Web, whole

DATA = formats.qcow2()
SHA256, SHA512, MD5 = (hashlib.new(name, DATA).hexdigest() for name in ("sha256", "sha512", "md5"))
WRONG = "0" * 64


def test_a_file_here(tmp_path: Path) -> None:
    path = tmp_path / "image.qcow2"
    path.write_bytes(DATA)
    found = locate.from_path(str(path), f"sha256:{SHA256}", tmp_path, 5.0)
    assert isinstance(found.fingerprint, ImageFile)
    assert (found.fingerprint.size, found.fingerprint.disk_format) == (len(DATA), "qcow2")
    assert found.source("qcow2", Deadline(5)).path == path
    assert (found.url, found.home) == (None, None)
    with pytest.raises(IntegrityError):
        locate.open_local(str(path), f"sha256:{WRONG}", 5.0)


def test_a_file_here_beside_a_list_of_checksums(web: Web, tmp_path: Path) -> None:
    """Which one is meant, the file's name tells."""
    path = tmp_path / "image.qcow2"
    path.write_bytes(DATA)
    web.answers = [whole(f"{WRONG}  other.qcow2\n{SHA256}  image.qcow2\n".encode())]
    assert locate.open_local(str(path), f"sha256:{web.url}", 5.0).digests["sha256"] == SHA256


def test_a_url_with_a_password_is_given_to_no_cloud(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA), whole(b"nothing"), whole(DATA)]
    secret = web.url.replace("://", "://joe:pa55@")
    with pytest.raises(InputError, match="does not list") as caught:
        locate.from_url(secret, f"sha256:{secret}", tmp_path, 5.0, 5.0)
    assert "pa55" not in str(caught.value) + caught.value.message
    assert locate.from_url(secret, None, tmp_path, 5.0, 5.0).url is None


def test_a_file_on_the_web(web: Web, tmp_path: Path) -> None:
    web.answers = [whole(DATA), whole(f"{WRONG}  other.qcow2\n{SHA256}  an image.qcow2\n".encode())]
    url = web.url.replace("image.raw", "an%20image.qcow2?mirror=1")
    found = locate.from_url(url, f"sha256:{web.url}", tmp_path, 5.0, 5.0)
    assert (found.fingerprint.disk_format, found.url, found.home) == ("qcow2", url, None)
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert found.source("qcow2", Deadline(5)).path.parent == tmp_path


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/image", "file:///etc/passwd", "image.raw", ""])
def test_only_http(tmp_path: Path, url: str) -> None:
    with pytest.raises(InputError, match="not an http or https URL"):
        locate.from_url(url, None, tmp_path, 5.0, 5.0)


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack(regions=2)


@pytest.fixture
def target(clouds: FakeOpenStack, tmp_path: Path) -> Target:
    return Target(clouds_yaml=str(clouds.clouds_yaml(tmp_path / "clouds.yaml")), timeout=10.0)


def downloads(clouds: FakeOpenStack) -> int:
    return clouds.counters.requests(path="/v2/images/{image_id}/file")


def test_an_image_elsewhere_is_downloaded_only_when_it_is_needed(
    clouds: FakeOpenStack, target: Target, tmp_path: Path
) -> None:
    image = add_image(clouds["cloud1"]["r2"].glance, DATA, disk_format="qcow2")
    found = locate.from_location(target, ["cloud1/r2"], "thing", f"sha512:{SHA512}", tmp_path)
    assert (found.fingerprint.size, found.fingerprint.disk_format) == (len(DATA), "qcow2")
    assert found.fingerprint.digests == {"md5": MD5, "sha512": SHA512}
    assert found.home is not None
    assert (str(found.home.location), found.home.image["id"]) == ("cloud1/r2/demo", image.id)
    assert found.home.keystone.startswith("http://127.0.0.1:")
    assert downloads(clouds) == 0
    assert found.source("qcow2", Deadline(5)).path.read_bytes() == DATA
    assert found.source("qcow2", Deadline(5)).path.parent == tmp_path
    assert downloads(clouds) == 1


@pytest.mark.parametrize(
    ("location", "image", "checksum", "error", "message"),
    [
        ("cloud1", "thing", None, InputError, "from: 'cloud1' selects 2 Locations"),
        ("nowhere", "thing", None, InputError, "nowhere"),
        ("cloud1/r2", "other", None, RefusedError, "from: there is no image 'other' here"),
        ("cloud1/r1", "thing", None, RefusedError, "from: there is no image 'thing' here"),
        ("cloud1/r2", "thing", f"sha512:{WRONG}", IntegrityError, "sha512 mismatch"),
        ("cloud1/r2", "thing", f"sha256:{SHA256}", InputError, "the cloud reports no sha256 for the image"),
    ],
)
def test_what_is_not_there_is_reported_before_any_download(  # noqa: PLR0913, PLR0917 - a table
    clouds: FakeOpenStack,
    target: Target,
    tmp_path: Path,
    location: str,
    image: str,
    checksum: str | None,
    error: type[OaktreeError],
    message: str,
) -> None:
    add_image(clouds["cloud1"]["r2"].glance, DATA, disk_format="qcow2")
    with pytest.raises(error) as caught:
        locate.from_location(target, [location], image, checksum, tmp_path)
    assert message in caught.value.message
    assert downloads(clouds) == 0
