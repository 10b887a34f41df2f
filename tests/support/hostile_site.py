# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile cloud beside a healthy one, runs of modules on both, and what holds after every run.

EXAMPLES says how many distortions are tried for each kind of request; the same ones each time. FULL=1 tries many.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stderr
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from ansible.module_utils._internal import _traceback
from hypothesis import HealthCheck, given, settings

from tests.support.distortions import PASSWORD, TOKEN, Strike, reflecting, strikes
from tests.support.fake_openstack import DistortAnswer, FakeOpenStack, Region
from tests.support.run_module import ModuleRun, run_module
from tests.support.sampling import FULL

WORD = "correct-h0rse-battery"
"""The password."""
EXAMPLES = int(os.environ.get("EXAMPLES", "400" if FULL else "4"))
TIMEOUT = 4.0
"""Real seconds for everything, of which a healthy run takes a small part; the clock is turned."""
TURNED = 50
RECORDS = {"servers", "images", "objects", "containers", "endpoints", "locations"}
"""Lists of a result whose values are the cloud's own: there it may write whatever it has been told.

So it may where a body is returned as it is, in the results of `rest`, but for the token.
"""
SIGNATURE = re.compile(r"temp_url_sig=[0-9a-f]{40}")
VOLATILE = {
    "seconds", "requests", "token_expires_at", "id", "image_id", "created_at", "updated_at", "expires_at", "date",
    "last_modified_at",
}  # fmt: skip
"""Keys whose values differ between runs."""

BOUNDED = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


def try_all(holds: Callable[[Strike], None]) -> None:
    """Have `holds` check many strikes."""
    BOUNDED(given(strikes())(holds))()


@dataclass(frozen=True)
class Target:
    """A kind of request: to Keystone, or to the services of a region."""

    method: str
    path: str
    keystone: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


TOKENS = Target("POST", "/v3/auth/tokens", keystone=True)


@dataclass(frozen=True)
class Done:
    """A run, and all that it let out but for the records that are the cloud's own."""

    run: ModuleRun
    seconds: float
    output: str

    @property
    def failures(self) -> list[dict[str, Any]]:
        """Of the Locations that failed."""
        found: list[dict[str, Any]] = self.run.result["failures"]
        return found


class HostileSite:
    """cloud1, which is hostile, and cloud2; and a clouds.yaml with a password that occurs nowhere else."""

    def __init__(self, clouds: FakeOpenStack, directory: Path) -> None:
        self.clouds = clouds
        self.directory = directory
        self.config = directory / "clouds.yaml"
        entries = {}
        for name, cloud in clouds.clouds.items():
            cloud.keystone.users = [replace(user, password=WORD) for user in cloud.keystone.users]
            entries[name] = cloud.entry() | {"status_code_retries": 2, "connect_retries": 2}
            entries[name]["auth"]["password"] = WORD
        self.config.write_text(yaml.safe_dump({"clouds": entries}))

    @property
    def hostile(self) -> Region:
        """Return the region of the hostile cloud."""
        return self.clouds["cloud1"]["r1"]

    def strike(self, target: Target, strike: Strike) -> None:
        """Have the hostile cloud answer so."""
        place = self.clouds["cloud1"] if target.keystone else self.hostile
        action = DistortAnswer(reflecting(strike.distortion, self._told))
        place.fault(target.method, target.path, action, first=strike.first, times=None if strike.always else 1)

    def heal(self) -> None:
        """Have it answer right."""
        self.clouds["cloud1"].clear_faults()
        self.hostile.clear_faults()

    def _told(self) -> Mapping[str, str]:
        return {PASSWORD: WORD, TOKEN: next(reversed(self.clouds["cloud1"].keystone._tokens), "no-token")}  # noqa: SLF001

    def secrets(self) -> list[str]:
        """What may be in no output."""
        keystones = [cloud.keystone for cloud in self.clouds.clouds.values()]
        stores = [region.swift.store for cloud in self.clouds.clouds.values() for region in cloud.regions.values()]
        accounts = [account for store in stores for account in store.accounts.values()]
        metadata = [account.headers for account in accounts]
        metadata += [container.headers for account in accounts for container in account.containers.values()]
        keys = [value for headers in metadata for name, value in headers.items() if "temp-url-key" in name.lower()]
        return [WORD, *keys, *(token for keystone in keystones for token in keystone._tokens)]  # noqa: SLF001

    def run(self, module: str, **options: Any) -> Done:
        """Run a module as with -vvvv, in a cache of its own, and note all output."""
        errors, log = StringIO(), StringIO()
        handler, root = logging.StreamHandler(log), logging.getLogger()
        with TemporaryDirectory(dir=self.directory) as cache, ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            patch.setenv("XDG_CACHE_HOME", cache)
            patch.setattr(signal, "signal", lambda _number, _handler: None)
            patch.setattr(_traceback, "_is_traceback_enabled", lambda _event: True)
            stack.enter_context(redirect_stderr(errors))
            root.addHandler(handler)
            stack.callback(root.removeHandler, handler)
            given = {
                "_ansible_verbosity": 4,
                "clouds_yaml": str(self.config),
                "timeout": TIMEOUT * TURNED,
                "api_timeout": TIMEOUT,
                **options,
            }
            began = time.monotonic()
            ended = run_module(module, **given)
            seconds = time.monotonic() - began
        own = RECORDS | ({"results"} if module == "rest" else set())
        said = json.dumps({key: value for key, value in ended.result.items() if key not in own})
        return Done(ended, seconds, "\n".join([said, *ended.warnings, errors.getvalue(), log.getvalue()]))

    def check(self, done: Done) -> None:
        """What holds in every case."""
        result = done.run.result
        assert "failures" in result, result
        assert [one for one in done.failures if one["kind"] == "internal"] == [], result.get("exception")
        assert {one["location"]["cloud"] for one in done.failures} <= {"cloud1"}, done.failures
        json.loads(done.run.printed, parse_constant=_refuse)
        json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
        "\n".join(done.run.warnings).encode()
        assert [secret for secret in self.secrets() if secret in done.output] == []
        assert not SIGNATURE.search(done.output)
        assert done.seconds < 3 * TIMEOUT


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def healthy(done: Done) -> Any:
    """What the result has of the healthy cloud, but for what differs between runs."""
    return [
        _lasting(item)
        for _name, items in sorted(done.run.result.items())
        if isinstance(items, list)
        for item in items
        if isinstance(item, dict) and item.get("location", {}).get("cloud") == "cloud2"
    ]


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_lasting(inner) for inner in value] if isinstance(value, list) else value
