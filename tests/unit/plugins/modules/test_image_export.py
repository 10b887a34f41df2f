# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of image_export: what is refused before any cloud is asked, and what the others mean."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.export.request import Copy, Export
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Checksum
from ansible_collections.oaktree.multicloud.plugins.modules.image_export import SPEC, as_request
from tests.support.run_module import ModuleRun, run_module

AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "somebody",
    "password": "confidential",
    "project_name": "a-project",
}
CLOUDS = {"clouds": {"a-cloud": {"auth": AUTH, "region_name": "a-region"}}}
"""Nothing listens there: what asks the cloud is not an error of the input."""

MD5 = "md5:" + 32 * "0"


def run(**options: Any) -> ModuleRun:
    given = {"image": "thing", "locations": ["*"], "clouds_config": CLOUDS, **options}
    return run_module("image_export", **{name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": None, "path": "/x"}, "missing required arguments: image"),
        ({"locations": None, "path": "/x"}, "missing required arguments: locations"),
        ({"path": "/x", "container": "c"}, "parameters are mutually exclusive: path|container"),
        ({"path": "/x", "disk_format": "iso"}, "value of disk_format must be one of: qcow2, raw, vdi, vhd, vhdx, vmdk"),
        ({"container": "c", "expires_in": "soon"}, "expires_in"),
    ],
)
def test_what_ansible_refuses(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert not ended.ok
    assert message in ended["msg"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "there is no destination"),
    ({"path": ""}, "path: must not be empty"),
    ({"container": ""}, "container: must not be empty"),
    ({"image": "", "path": "/x"}, "image: must not be empty"),
    ({"container": "c", "object": ""}, "object: must not be empty"),
    *(
        ({"path": "/x", option: value}, f"{option}: is for an export to a container")
        for option, value in (("object", "o"), ("expires_in", 5), ("tempurl", True))
    ),
    *(
        ({"path": "/x", option: value}, f"{option}: must be greater than zero and less than 1e+09, not {value:g}")
        for option in ("transfer_timeout", "stall_timeout", "timeout")
        for value in (0.0, -1.0, 1e9, float("inf"))
    ),
    *(({"container": "c", "expires_in": value}, "expires_in: must be greater than zero") for value in (0, -1, 10**9)),
    ({"container": "c", "disk_format": "raw"}, "disk_format: is for an export to a path"),
    ({"container": "c", "tempurl": True}, "tempurl: needs expires_in"),
    *(({"container": name}, "container: must not have a slash") for name in ("a/b", "c" * 257, "ü" * 129)),
    *(({"container": name}, "container: no part of the name") for name in (".", "..")),
    *(({"container": "c", "object": name}, "object: no part of the name") for name in ("..", "../x", "a/./b", "a/..")),
    *(({"path": "/x", "checksum": text}, "is not of the form ALGORITHM:DIGEST") for text in ("crc:1", "md5", "md5: ")),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options)[:60] for options, _message in BAD])
def test_bad_input(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]


def params(**options: Any) -> dict[str, Any]:
    """The parameters of a module of which these are given."""
    return {"timeout": 300.0, **{name: spec.get("default") for name, spec in SPEC.options.items()}, **options}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"path": "/x"}, {"path": "/x", "container": None, "transfer_timeout": 3600.0, "tempurl": False}),
        ({"path": "/x", "disk_format": "qcow2"}, {"disk_format": "qcow2"}),
        ({"path": "/x", "checksum": "SHA1:ab"}, InputError),
        ({"path": "/x", "checksum": "SHA256:ab"}, {"checksum": Checksum("sha256", "ab")}),
        ({"path": "/x", "checksum": "sha256: AB"}, {"checksum": Checksum("sha256", "ab")}),
        ({"path": "/x", "checksum": MD5}, {"checksum": Checksum("md5", 32 * "0")}),
        ({"container": "c", "object": "a/b", "expires_in": 60, "tempurl": True}, {"object": "a/b", "expires_in": 60}),
        ({"container": "ü" * 128}, {"container": "ü" * 128}),
        ({"container": "..."}, {"container": "..."}),
        ({"container": "c", "object": "..a/b.."}, {"object": "..a/b.."}),
    ],
)
def test_requests(options: dict[str, Any], expected: Any) -> None:
    given = params(image="thing", **options)
    if expected is InputError:
        with pytest.raises(InputError):
            as_request(given)
        return
    request = as_request(given)
    assert request.image == "thing"
    assert {name: getattr(request, name) for name in expected} == expected


def test_a_result_shows_the_copy_and_the_image() -> None:
    copy = Copy("/x", "raw", 4, {"md5": "00", "sha256": "11"})
    change = Export("created", copy, {}, "download", "https://signed", ("slow",)).change({"id": "i"})
    assert (change.action, change.changed, change.notes) == ("created", True, ("slow",))
    assert change.after == {
        "export_location": "/x",
        "export_format": "raw",
        "size": 4,
        "checksum": {"md5": "00", "sha512": None},
        "expires_at": None,
    }
    assert change.output == {**change.after, "image": {"id": "i"}, "tempurl": "https://signed", "method": "download"}
