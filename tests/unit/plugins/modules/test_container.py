# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of container: what is refused before any cloud is asked, and what the others mean."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.modules.container import SPEC, as_wanted
from tests.support.run_module import run_module

AUTH = {
    "auth_url": "http://127.0.0.1:9/v3",
    "username": "somebody",
    "password": "confidential",
    "project_name": "a-project",
}
CLOUDS = {"clouds": {"a-cloud": {"auth": AUTH, "region_name": "a-region"}}}
"""Nothing listens there: what asks the cloud is not an error of the input."""


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": "a/b"}, "name: must not have a slash"),
    ({"name": ".."}, "name: no part of the name"),
    ({"delete_with_content": True}, "delete_with_content: is for state absent"),
    ({"metadata": {"temp-url-key": "x"}}, "metadata: temp-url-key is reserved"),
    ({"read_acl": ["a\tb"]}, "read_acl must be one line"),
    *(
        ({"state": "absent", option: value}, f"{option}: is for state present, not absent")
        for option, value in (
            ("metadata", {"a": 1}),
            ("read_acl", []),
            ("write_acl", ["a:b"]),
            ("storage_policy", "gold"),
        )
    ),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=[str(options)[:60] for options, _message in BAD])
def test_bad_input(options: dict[str, Any], message: str) -> None:
    ended = run_module("container", **{"name": "c", "locations": ["*"], "clouds_config": CLOUDS, **options})
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert message in ended["msg"]


def wanted(**options: Any) -> Any:
    return as_wanted({**{name: spec.get("default") for name, spec in SPEC.options.items()}, "name": "c", **options})


def test_options() -> None:
    assert (wanted().metadata, wanted().acls, wanted().storage_policy) == ({}, {}, None)
    made = wanted(metadata={"Quota_Bytes": 5}, read_acl=[".ref: *"], write_acl=[], storage_policy=" gold ")
    assert made.metadata == {"quota-bytes": "5"}
    assert made.acls == {"read_ACL": (".r:*",), "write_ACL": ()}
    assert made.storage_policy == "gold"
