# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the options of a module is secret, and that no result has it, whichever ansible-core runs it."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.oaktree.multicloud.plugins.module_utils._run.masking import WHOLE_MASK, masked
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    make_module,
    target_spec,
)
from tests.support.run_module import CONTROLLER_MASKS, INVOCATION, told_secrets

SPEC = target_spec(writes=True, timeout=300.0).merge(ArgumentSpec({"secrets": {"type": "dict", "no_log": True}}))
CONFIG = {"clouds": {"a": {"auth": {"username": "joe", "password": "in-a-key"}, "regions": ["r1"]}}}


def printed(act: Any, **params: Any) -> tuple[dict[str, Any], set[str]]:
    """What a module prints that does this, and what it tells the controller."""
    out = StringIO()
    given = patch_module_args({"locations": ["*"], **INVOCATION, **params})
    with given, told_secrets() as told, redirect_stdout(out), pytest.raises(SystemExit):
        act(make_module(SPEC))
    found: dict[str, Any] = json.loads(out.getvalue())
    return found, told


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("hunter2", WHOLE_MASK),
        ("hunter", "hunter"),
        ("it is hunter2, or hunter22", "it is ********, or ********"),
        ({"a": ["hunter2", ("hunter22", None)]}, {"a": [WHOLE_MASK, [WHOLE_MASK, None]]}),
        (1007, WHOLE_MASK),
        (100, 100),
        (1.007, 1.007),
        (True, True),
    ],
)
def test_a_secret_is_masked_wherever_it_is(value: Any, shown: Any) -> None:
    assert masked(value, {"hunter2", "hunter22", "1007"}) == shown


def test_what_is_not_secret_is_as_it_was() -> None:
    assert masked({"a": [1, "b", None, 2.5, False]}, set()) == {"a": [1, "b", None, 2.5, False]}


@pytest.mark.parametrize("end", ["exit_json", "fail_json"])
def test_a_result_and_its_warnings_have_no_secrets(end: str) -> None:
    def act(module: Any) -> None:
        module.hide(["found-later"])
        module.warn("in-a-key, found-later")
        getattr(module, end)(msg="in-a-key of joe", results=[{"region": "r1", "id": "found-later", "of": "in-a-dict"}])

    found, _told = printed(act, clouds_config=CONFIG, secrets={"a": "in-a-dict"})
    text = json.dumps(found)
    assert [secret for secret in ("in-a-key", "found-later", "in-a-dict") if secret in text] == []
    assert found["msg"] == "******** of joe"
    assert found["results"] == [{"region": "r1", "id": WHOLE_MASK, "of": WHOLE_MASK}]


URL = "https://joe:pa55word@host/a?temp_url_sig=0123456789abcdef&temp_url_expires=1"
MASKED_URL = "https://joe:********@host/a?temp_url_sig=********&temp_url_expires=1"


def test_what_makes_a_url_secret_is_in_no_result() -> None:
    found, _told = printed(lambda module: module.exit_json(), clouds_yaml=URL, overrides=[{"locations": [URL]}])
    given = found["invocation"]["module_args"]
    assert (given["clouds_yaml"], given["overrides"][0]["locations"]) == (MASKED_URL, [MASKED_URL])


def test_what_makes_a_url_secret_is_in_no_result_of_options_that_are_refused() -> None:
    found, _told = printed(lambda module: module.exit_json(), clouds_yaml=URL, clouds_yam=URL)
    assert "Unsupported parameters" in found["msg"]
    assert [word for word in ("pa55word", "0123456789abcdef") if word in json.dumps(found)] == []


def test_what_makes_a_url_secret_is_not_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    monkeypatch.setattr(AnsibleModule, "log", lambda _self, *said: logged.extend(map(str, said)))
    printed(lambda module: module.exit_json(), clouds_yaml=URL)
    assert "host/a?temp_url_sig=...&temp_url_expires=1" in logged[0]
    assert [word for word in ("joe", "pa55word", "0123456789abcdef") if word in "".join(logged)] == []


@pytest.mark.skipif(not CONTROLLER_MASKS, reason="ansible-core 2.21 and older mask nothing but results")
def test_the_controller_is_told_secrets_and_nothing_else() -> None:
    clouds = {"a": {"auth_url": "https://joe:in-a-url@keystone", "auth": {"password": "in-a-key"}, "regions": ["r1"]}}
    _found, told = printed(
        lambda module: module.exit_json(), clouds_config={"clouds": clouds}, secrets={"a": "in-a-dict"}
    )
    assert told == {"in-a-key", "in-a-url", "in-a-dict"}


@pytest.mark.parametrize("config", [CONFIG, json.dumps(CONFIG)], ids=["mapping", "text"])
def test_options_that_are_refused_show_no_clouds(config: Any) -> None:
    found, told = printed(lambda _module: None, clouds_config=config, clouds_yaml="clouds.yaml")
    assert "mutually exclusive: clouds_yaml|clouds_config" in found["msg"]
    assert [word for word in ("joe", "in-a-key", "r1") if word in json.dumps(found)] == []
    assert told == set()
