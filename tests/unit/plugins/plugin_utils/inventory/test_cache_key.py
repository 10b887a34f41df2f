# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pwd
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.cache_key import options_digest

OPTIONS = {
    "locations": ["*"],
    "filters": {},
    "all_projects": False,
    "clouds_config": {"clouds": {"a": {"auth": {"username": "u", "password": "p"}}}},
    "clouds_yaml": None,
    "timeout": 60.0,
}
CONFIG = {"clouds_config": None}


def digest(*, fields: tuple[str, ...] | None = None, **changes: Any) -> str:
    return options_digest({**OPTIONS, **changes}, fields)


def entry(**auth: Any) -> dict[str, Any]:
    return {"clouds": {"a": {"auth": {"username": "u", "password": "p", **auth}}}}


@pytest.mark.parametrize(
    "changes",
    [
        {"locations": ["a"]},
        {"filters": {"status": "ACTIVE"}},
        {"all_projects": True},
        {"fields": ("id", "name")},
        {"clouds_config": entry(username="other")},
        {"clouds_config": entry(project_name="other")},
        {"clouds_config": {"clouds": {1: {}}}},
        {"clouds_config": None},
    ],
)
def test_what_may_change_the_records_changes_the_digest(changes: dict[str, Any]) -> None:
    assert digest(**changes) != digest()


@pytest.mark.parametrize(
    "changes",
    [
        {"timeout": 5.0},
        {"clouds_config": entry(password="other")},
        {"clouds_config": entry(application_credential_secret="other")},
        {"clouds_config": entry(passcode=[1], token="t")},
    ],
)
def test_other_options_and_secrets_do_not_change_the_digest(changes: dict[str, Any]) -> None:
    assert digest(**changes) == digest()


@pytest.mark.parametrize("key", ["auth_url", "url"])
def test_passwords_in_urls_do_not_change_the_digest(key: str) -> None:
    digests = {digest(clouds_config=entry(**{key: f"https://me:{word}@host/v3"})) for word in ("one", "two")}
    assert len(digests) == 1
    assert digests != {digest(clouds_config=entry(**{key: "https://me:one@other/v3"}))}


def test_without_a_home_the_files_that_are_named_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home(_uid: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_home)
    monkeypatch.chdir(tmp_path)
    before = digest(**CONFIG)
    (tmp_path / "clouds.yaml").write_text("clouds: {}")
    assert digest(**CONFIG) != before


def test_the_order_of_fields_does_not_change_the_digest() -> None:
    assert digest(fields=("id", "name")) == digest(fields=("name", "id"))


def test_variables_of_openstacksdk_change_the_digest_except_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, inline = digest(**CONFIG), digest()
    monkeypatch.setenv("OS_PASSWORD", "secret")
    monkeypatch.setenv("PATH", "elsewhere")
    assert digest(**CONFIG) == before
    monkeypatch.setenv("OS_CLOUD", "other")
    assert digest(**CONFIG) != before
    assert digest() == inline


@pytest.mark.parametrize("name", ["clouds.yaml", "secure.yaml", "secure.json"])
@pytest.mark.parametrize(
    "by",
    ["clouds_yaml", "OS_CLIENT_CONFIG_FILE", "XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "the current directory"],
)
def test_changed_configuration_files_change_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, by: str
) -> None:
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    directory = tmp_path / "openstack"
    directory.mkdir()
    clouds = directory / "clouds.yaml"
    clouds.write_text("clouds: {}")
    options: dict[str, Any] = dict(CONFIG)
    if by == "clouds_yaml":
        options["clouds_yaml"] = str(clouds)
    elif by == "OS_CLIENT_CONFIG_FILE":
        monkeypatch.setenv(by, str(clouds))
    elif by.startswith("XDG"):
        monkeypatch.setenv(by, str(tmp_path))
    else:
        monkeypatch.chdir(directory)
    before = digest(**options)
    assert digest(**options) == before
    (directory / name).write_text("clouds: {a: {}}")
    assert digest(**options) != before


@pytest.mark.parametrize("named", [False, True])
def test_changed_vendor_profiles_change_the_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    """openstacksdk searches for them whatever file it is given."""
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "clouds.yaml").write_text("clouds: {}")
    options: dict[str, Any] = {**CONFIG, "clouds_yaml": str(elsewhere / "clouds.yaml") if named else None}
    before = digest(**options)
    (tmp_path / "clouds-public.yaml").write_text("public-clouds: {a: {regions: [north]}}")
    assert digest(**options) != before


def test_a_changed_secure_file_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secure = tmp_path / "other.yaml"
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(secure))
    before = digest(**CONFIG)
    secure.write_text("clouds: {a: {auth: {username: other}}}")
    assert digest(**CONFIG) != before
