# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of object: what is refused before any cloud is asked, and what the others mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._objects.wanted import SignedUrl
from ansible_collections.oaktree.multicloud.plugins.modules.object import SPEC, as_wanted
from tests.support.run_module import ModuleRun, run_module

AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "somebody",
    "password": "confidential",
    "project_name": "a-project",
}
CLOUDS = {"clouds": {"a-cloud": {"auth": AUTH, "region_name": "a-region"}}}
"""Nothing listens there: what asks the cloud is not an error of the input."""


def run(**options: Any) -> ModuleRun:
    given = {"container": "c", "name": "o", "locations": ["*"], "clouds_config": CLOUDS, **options}
    return run_module("object", **{name: value for name, value in given.items() if value is not None})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": None}, "missing required arguments: name"),
        ({"container": None}, "missing required arguments: container"),
        ({"locations": None}, "missing required arguments: locations"),
        ({"src": "/x", "content": "x"}, "parameters are mutually exclusive: src|content"),
        ({"delete_after": 1, "delete_at": "1"}, "parameters are mutually exclusive: delete_after|delete_at"),
        ({"state": "downloaded"}, "state is downloaded but all of the following are missing: dest"),
        ({"tempurl": {"method": "GET"}}, "missing required arguments: expires_in found in tempurl"),
        ({"tempurl": {"method": "DELETE", "expires_in": 1}}, "value of method must be one of: GET, HEAD, PUT"),
    ],
)
def test_what_ansible_refuses(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert not ended.ok
    assert message in ended["msg"]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"container": "a/b"}, "container: must not have a slash"),
    ({"container": ""}, "container: must not be empty"),
    ({"name": ""}, "name: must not be empty"),
    ({"name": "a/../b"}, "name: no part of the name"),
    ({"name": "x" * 1025}, "name: must have at most 1024 bytes"),
    ({"src": "/nowhere/file"}, "src: no file /nowhere/file"),
    ({"src": ""}, "src: must not be empty"),
    ({"content_type": ""}, "content_type: must not be empty"),
    ({"content_type": "a\nb"}, "content_type must be one line"),
    ({"metadata": {"a b": 1}}, "metadata: 'a b' is not a name"),
    ({"delete_after": 0}, "delete_after: must be greater than zero"),
    ({"delete_at": "1000"}, "delete_at: 1000 has passed"),
    ({"delete_at": "soon"}, "delete_at: 'soon' is not a time"),
    ({"tempurl": {"expires_in": 0}}, "expires_in: must be greater than zero"),
    ({"transfer_timeout": 0}, "transfer_timeout: must be greater than zero"),
    ({"stall_timeout": -1}, "stall_timeout: must be greater than zero"),
    ({"dest": "/x"}, "dest: is for state downloaded, not present"),
    ({"state": "downloaded", "dest": ""}, "dest: must not be empty"),
    *(
        ({"state": "absent", option: value}, f"{option}: is for state present, not absent")
        for option, value in (
            ("src", "/x"),
            ("content", ""),
            ("content_type", "x"),
            ("metadata", {"a": 1}),
            ("delete_after", 1),
            ("delete_at", "1"),
            ("tempurl", {"expires_in": 1}),
        )
    ),
    ({"state": "downloaded", "dest": "/x", "src": "/y"}, "src: is for state present, not downloaded"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options)[:60] for options, _message in BAD])
def test_bad_input(options: dict[str, Any], message: str) -> None:
    ended = run(**options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]


def wanted(**options: Any) -> Any:
    params = {name: spec.get("default") for name, spec in SPEC.options.items()}
    return as_wanted({**params, "container": "c", "name": "o", **options})


def test_options(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("hello")
    assert wanted(src=str(path)).source.size == wanted(content="hello").source.size == 5
    assert wanted().source is None
    assert wanted(content="").source.size == 0
    made = wanted(metadata={"A_b": True, "c": None}, content_type=" text/x ", delete_at="4000000000")
    assert (made.metadata, made.content_type, made.delete_at) == ({"a-b": "true", "c": None}, "text/x", 4000000000)
    assert wanted(tempurl={"method": "PUT", "expires_in": 5}).tempurl == SignedUrl("PUT", 5)
