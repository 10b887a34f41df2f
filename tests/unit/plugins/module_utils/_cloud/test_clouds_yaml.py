# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clouds.yaml, in all its forms and with all its mistakes, comes to."""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openstack.config import loader

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.clouds_yaml import Clouds
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConfigError, InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._run import gather
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target

AUTH = {
    "auth_url": "https://keystone.example.com/v3",
    "username": "demo",
    "password": "secret",
    "project_name": "demo",
    "user_domain_id": "default",
    "project_domain_id": "default",
}


def entry(*regions: str, **changes: Any) -> dict[str, Any]:
    return {"auth": dict(AUTH), "regions": list(regions or ("r1",)), **changes}


def with_auth(**changes: Any) -> dict[str, Any]:
    return {"auth": {**AUTH, **changes}, "regions": ["r1"]}


def write(path: Path, **clouds: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    return path


@pytest.fixture(autouse=True)
def search_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The directories of the search path, empty, and an environment that names no cloud."""
    for name in list(os.environ):
        if name.startswith("OS_"):
            monkeypatch.delenv(name)
    directories = [tmp_path / "search" / name for name in ("here", "home", "etc")]
    for constant, stem in (("CONFIG_FILES", "clouds"), ("SECURE_FILES", "secure"), ("VENDOR_FILES", "clouds-public")):
        files = [str(directory / f"{stem}{ending}") for directory in directories for ending in (".yaml", ".json")]
        monkeypatch.setattr(loader, constant, files)
    return directories


def test_the_first_file_of_the_search_path_counts(search_path: list[Path]) -> None:
    write(search_path[2] / "clouds.yaml", etc=entry())
    assert Clouds().names == ["etc"]
    write(search_path[1] / "clouds.yaml", home=entry(), again=entry())
    assert Clouds().names == ["again", "home"]


def test_the_environment_names_a_file_that_comes_first(
    search_path: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(search_path[0] / "clouds.yaml", here=entry())
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(write(tmp_path / "my.yaml", mine=entry())))
    assert Clouds().names == ["mine"]
    write(tmp_path / "option.yaml", option=entry())
    assert Clouds(clouds_yaml=str(tmp_path / "option.yaml")).names == ["option"]
    assert Clouds(clouds_config={"clouds": {"inline": entry()}}).names == ["inline"]


def test_the_cloud_of_the_environment(search_path: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in AUTH.items():
        monkeypatch.setenv(f"OS_{key.upper()}", value)
    monkeypatch.setenv("OS_REGION_NAME", "r7")
    (region,) = Clouds().regions("envvars")
    assert str(region.location) == "envvars/r7/demo"
    write(search_path[0] / "clouds.yaml", here=entry())
    assert Clouds().names == ["envvars", "here"]


def test_a_variable_that_names_no_cloud_makes_none(search_path: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_USERNAME", "left from another tool")
    with pytest.raises(InputError, match="no cloud is configured"):
        Clouds()
    write(search_path[0] / "clouds.yaml", here=entry())
    assert Clouds().names == ["here"]


def test_without_any_cloud_the_error_says_where_to_write_one(
    search_path: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loader, "CONFIG_FILES", loader.CONFIG_FILES * 2)  # on Linux the user's directory is there twice
    with pytest.raises(InputError, match="no cloud is configured") as caught:
        Clouds()
    assert str(search_path[0] / "clouds.yaml") in caught.value.hint
    assert "OS_CLIENT_CONFIG_FILE" in caught.value.hint
    paths = re.findall(r"/\S+clouds\.yaml", caught.value.hint)
    assert len(paths) == len(set(paths))


def bad_files(directory: Path) -> Iterator[tuple[str, Path, str]]:
    yield "missing", directory / "missing.yaml", "cannot be read: No such file or directory"
    yield "directory", directory, "cannot be read: Is a directory"
    for name, content, said in (
        ("broken", "clouds:\n  a: [1\n", "is not valid YAML at line"),
        ("tab", "clouds:\n\ta: 1\n", "is not valid YAML at line 2"),
        ("empty", "", "defines no clouds"),
        ("list", "- clouds", "defines no clouds"),
        ("none", "clouds:", "defines no clouds"),
        ("no-clouds", "clouds: {}", "defines no clouds"),
        ("list-of-clouds", "clouds: [a, b]", "defines no clouds"),
    ):
        path = directory / f"{name}.yaml"
        path.write_text(content)
        yield name, path, said
    path = directory / "binary.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    yield "binary", path, "is not valid YAML"


def test_a_file_that_cannot_be_used_is_named_with_what_named_it(
    tmp_path: Path, search_path: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = search_path[0] / "clouds.yaml"
    write(search_path[2] / "clouds.yaml", hidden=entry())
    for name, path, said in bad_files(tmp_path):
        with pytest.raises(InputError) as caught:
            Clouds(clouds_yaml=str(path))
        assert caught.value.message.startswith(f"clouds_yaml: {path} {said}"), name
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        with pytest.raises(InputError) as caught:
            Clouds()
        assert caught.value.message.startswith(f"OS_CLIENT_CONFIG_FILE: {path} {said}"), name
        monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
        if path.is_file():
            found.parent.mkdir(exist_ok=True)
            found.write_bytes(path.read_bytes())
            with pytest.raises(InputError) as caught:
                Clouds()
            assert caught.value.message.startswith(f"clouds.yaml: {found} {said}"), name


@pytest.mark.parametrize(
    "secure", [{"clouds": {"a": {"auth": {"password": "hidden"}}}}, {"clouds": {"other": None}}, {}]
)
def test_secure_yaml_beside_clouds_yaml(tmp_path: Path, secure: dict[str, Any]) -> None:
    path = write(tmp_path / "clouds.yaml", a=entry())
    (tmp_path / "secure.yaml").write_text(yaml.safe_dump(secure))
    (region,) = Clouds(clouds_yaml=str(path)).regions("a")
    assert region.settings.config.get_auth_args()["password"] == (
        "hidden" if "a" in secure.get("clouds", {}) else "secret"
    )


@pytest.mark.parametrize("content", ["[1, 2]", "clouds: 7", "text"])
def test_a_secure_yaml_without_sense_is_an_error(tmp_path: Path, content: str) -> None:
    path = write(tmp_path / "clouds.yaml", a=entry())
    (tmp_path / "secure.yaml").write_text(content)
    with pytest.raises(InputError, match="cannot be parsed") as caught:
        Clouds(clouds_yaml=str(path))
    assert "secure.yaml" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"clouds:\n  a: {auth: {password: @secret123}}\n", "is not valid YAML at line 2"),
        (b"clouds:\n\ta: 1\n", "is not valid YAML at line 2"),
        ("# für a\nclouds: {}\n".encode("latin-1"), "is not valid YAML"),
    ],
)
def test_a_secure_yaml_that_openstacksdk_would_skip_is_an_error(
    tmp_path: Path, search_path: list[Path], monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    """Another one's password would be sent, or none."""
    write(search_path[1] / "clouds.yaml", a=entry())
    (search_path[1] / "secure.yaml").write_text("clouds: {a: {auth: {password: old}}}")
    secure = tmp_path / "beside" / "secure.yaml"
    secure.parent.mkdir()
    secure.write_bytes(content)
    monkeypatch.setattr(loader, "SECURE_FILES", [str(secure), str(search_path[1] / "secure.yaml")])
    for clouds_yaml in (None, str(write(secure.with_name("clouds.yaml"), a=entry()))):
        with pytest.raises(InputError) as caught:
            Clouds(clouds_yaml=clouds_yaml)
        assert caught.value.message == f"secure.yaml: {secure} {said}"
        assert "secret123" not in f"{caught.value.message} {caught.value.hint}"
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(secure))
    with pytest.raises(InputError, match=rf"OS_CLIENT_SECURE_FILE: {secure} {said}"):
        Clouds()
    monkeypatch.setenv("OS_CLIENT_SECURE_FILE", str(tmp_path / "none.yaml"))
    with pytest.raises(InputError, match=r"OS_CLIENT_SECURE_FILE: .*none\.yaml cannot be read: No such file"):
        Clouds()


def test_a_link_to_no_secure_yaml_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "clouds.yaml", a=entry())
    (tmp_path / "secure.yml").symlink_to(tmp_path / "gone")
    with pytest.raises(InputError, match=r"secure.yaml: .*secure.yml cannot be read: No such file"):
        Clouds(clouds_yaml=str(path))


def test_a_configuration_in_json(tmp_path: Path) -> None:
    path = tmp_path / "clouds.json"
    path.write_text(json.dumps({"clouds": {"a": entry()}}, indent="\t"))
    assert Clouds(clouds_yaml=str(path)).names == ["a"]
    path.write_text('{"clouds":\n}')
    with pytest.raises(InputError, match=r"clouds\.json is not valid JSON at line 2"):
        Clouds(clouds_yaml=str(path))


@pytest.mark.parametrize(
    ("regions", "hint"), [("RegionOne", r"\[RegionOne\]"), (None, "or omit it"), ({"north": {}}, "Name its regions")]
)
def test_regions_that_are_no_list(tmp_path: Path, regions: Any, hint: str) -> None:
    clouds = Clouds(clouds_yaml=str(write(tmp_path / "clouds.yaml", one={**entry(), "regions": regions})))
    with pytest.raises(ConfigError, match="regions must be a list") as caught:
        clouds.regions("one")
    assert re.search(hint, caught.value.hint)


def test_a_cloud_named_as_openstacksdk_names_the_environment(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="envvars"):
        Clouds(clouds_yaml=str(write(tmp_path / "clouds.yaml", envvars=entry())))


@pytest.mark.parametrize("config", [{}, {"clouds": None}, {"clouds": {}}, {"clouds": ["a"]}, {"a": entry()}])
def test_an_inline_configuration_without_clouds(config: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="clouds_config: it has no clouds"):
        Clouds(clouds_config=config)


def test_inline_clouds_see_neither_files_nor_environment(
    search_path: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(search_path[0] / "clouds.yaml", here=entry())
    monkeypatch.setenv("OS_PASSWORD", "from the environment")
    monkeypatch.setenv("OS_CLOUD", "here")
    clouds = Clouds(clouds_config={"clouds": {"inline": entry()}})
    assert clouds.names == ["inline"]
    assert clouds.regions("inline")[0].settings.config.get_auth_args()["password"] == "secret"


def test_regions_keep_their_order_and_have_values_of_their_own() -> None:
    other = {"auth": {"auth_url": "https://elsewhere.example.com/v3"}, "api_timeout": 7}
    regions = ["b", {"name": "a", "values": other}, {"name": "c"}]
    found = Clouds(clouds_config={"clouds": {"x": entry(regions=regions)}}).regions("x")
    assert [region.location.region for region in found] == ["b", "a", "c"]
    assert [region.settings.config.get_auth_args()["auth_url"] for region in found] == [
        AUTH["auth_url"],
        "https://elsewhere.example.com/v3",
        AUTH["auth_url"],
    ]
    assert [region.settings.api_timeout for region in found] == [30.0, 7.0, 30.0]
    assert found[0].auth is found[2].auth is not found[1].auth


@pytest.mark.parametrize(
    ("changes", "regions"),
    [
        ({"region_name": "one"}, ["one"]),
        ({"region_name": "one,two"}, ["one", "two"]),
        ({"region_name": ["one", "two"]}, ["one", "two"]),
        ({}, [None]),
        ({"regions": []}, [None]),
        ({"regions": [1, 2]}, ["1", "2"]),
        ({"region_name": 1}, ["1"]),
    ],
)
def test_how_regions_can_be_written(changes: dict[str, Any], regions: list[str | None]) -> None:
    found = Clouds(clouds_config={"clouds": {"x": {"auth": AUTH, **changes}}}).regions("x")
    assert [region.location.region for region in found] == regions


def test_vendor_profiles() -> None:
    auth = {key: value for key, value in AUTH.items() if key != "auth_url"}
    clouds = Clouds(clouds_config={"clouds": {"mine": {"profile": "switchengines", "auth": auth}}})
    assert sorted(str(region.location) for region in clouds.regions("mine")) == ["mine/LS/demo", "mine/ZH/demo"]


def test_numeric_names_of_clouds(tmp_path: Path) -> None:
    path = tmp_path / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {1: entry(), 22: entry()}}))
    clouds = Clouds(clouds_yaml=str(path))
    assert clouds.names == ["1", "22"]
    assert str(clouds.regions("22")[0].location) == "22/r1/demo"


@pytest.mark.parametrize(
    ("option", "entry_value", "expected"), [(None, None, 30.0), (None, 5, 5.0), (2.5, 5, 2.5), (2.5, None, 2.5)]
)
def test_precedence_of_api_timeout(option: float | None, entry_value: int | None, expected: float) -> None:
    config = {"clouds": {"x": entry(api_timeout=entry_value)}}
    assert Clouds(clouds_config=config, api_timeout=option).regions("x")[0].settings.api_timeout == expected


BROKEN = {
    "nothing": (None, "malformed"),
    "text": ("text", "malformed"),
    "list": ([1], "malformed"),
    "auth is text": ({"auth": "text"}, "malformed"),
    "no auth": ({"regions": ["r1"]}, "auth_url"),
    "no auth_url": ({"auth": {"username": "a", "password": "b"}}, "auth_url"),
    "no password": (with_auth(password=None), "no password"),
    "no scheme": (with_auth(auth_url="keystone:5000/v3"), "'keystone:5000/v3' is not an https or http URL"),
    "auth_type": (entry(auth_type="v9magic"), "v9magic"),
    "region entry": (entry(regions=[{"values": {}}]), "region"),
    "timeout text": (entry(api_timeout="soon"), "api_timeout must be"),
    "timeout negative": (entry(api_timeout=-1), "api_timeout must be"),
    "timeout huge": (entry(api_timeout=10**400), "api_timeout must be"),
    "timeout infinite": (entry(api_timeout=float("inf")), "api_timeout must be"),
    "cacert": (entry(cacert="/nonexistent/ca.pem"), "/nonexistent/ca.pem"),
    "client key": (entry(cert="/dev/null", key="/nonexistent/key.pem"), "/nonexistent/key.pem"),
    "shut down": (entry(profile="internap"), "no longer exists"),
    "unknown profile": (
        {"profile": "nonesuch", "auth": {"username": "a", "password": "b"}},
        "Couldn't find the vendor profile nonesuch for the cloud broken; ",
    ),
    "old word for unknown profile": (
        {"cloud": "nonesuch", "auth": {"username": "a", "password": "b"}},
        "Couldn't find the vendor profile nonesuch for the cloud broken; ",
    ),
    "known profile": ({"profile": "auro", "auth": {"username": "a"}}, "configured: its auth section has no password"),
    "application credential": (
        with_auth(application_credential_id="i", application_credential_secret="secret"),
        "has application_credential_id, which auth_type password does not take",
    ),
    "unknown key": (
        {**with_auth(default_domain="x"), "auth_type": "v3password"},
        "has default_domain, which auth_type v3password does not take",
    ),
    "unreachable profile": (entry(profile="http://127.0.0.1:1"), "Connection refused"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_entry_is_a_failure_of_that_cloud_only(name: str) -> None:
    broken, said = BROKEN[name]
    config = {"clouds": {"fine": entry("r1", "r2"), "broken": broken}}
    found, failures = gather.regions(Target(clouds_config=config))
    assert [str(region.location) for region in found] == ["fine/r1/demo", "fine/r2/demo"]
    (failed,) = failures
    assert failed.location.cloud == "broken"
    assert isinstance(failed.error, ConfigError)
    assert "'broken'" in failed.error.message
    assert said in failed.error.message
    assert "secret" not in failed.error.message


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_that_the_environment_names_must_exist_where_it_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(variable, "/nonexistent/ca.pem")
    config = {"a": entry(), "b": entry(cacert=str(tmp_path)), "c": entry(verify=False)}
    found, (failed,) = gather.regions(Target(clouds_config={"clouds": config}))
    assert [region.location.cloud for region in found] == ["b", "c"]
    assert isinstance(failed.error, ConfigError)
    assert f"{variable} in the environment names /nonexistent/ca.pem" in failed.error.message
    assert failed.error.hint.startswith(f"Correct {variable}, or ")


def test_an_application_credential_needs_its_auth_type() -> None:
    clouds = Clouds(clouds_config={"clouds": {"a": with_auth(application_credential_id="i")}})
    with pytest.raises(ConfigError) as caught:
        clouds.regions("a")
    assert caught.value.hint == "Set auth_type: v3applicationcredential in the cloud's entry, beside auth."


@pytest.mark.slow
def test_a_profile_that_never_comes_costs_the_timeout_of_its_cloud() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        profile = f"http://127.0.0.1:{silent.getsockname()[1]}"
        config = {"clouds": {"fine": entry(), "silent": entry(profile=profile)}}
        start = time.monotonic()
        found, failures = gather.regions(Target(clouds_config=config, timeout=0.5))
        assert time.monotonic() - start < 2
    assert [str(region.location) for region in found] == ["fine/r1/demo"]
    assert [(failed.location.cloud, failed.error and failed.error.kind) for failed in failures] == [
        ("silent", "timeout")
    ]


def test_a_cloud_that_is_not_selected_is_not_looked_at() -> None:
    config = {"clouds": {"fine": entry(), "broken": None}}
    found, failures = gather.regions(Target(("fine",), clouds_config=config))
    assert ([str(region.location) for region in found], failures) == (["fine/r1/demo"], [])
    found, failures = gather.regions(Target(("*", "!broken"), clouds_config=config))
    assert ([str(region.location) for region in found], failures) == (["fine/r1/demo"], [])


@pytest.mark.parametrize(
    ("changes", "shared"),
    [
        ({}, True),
        ({"password": "other"}, False),
        ({"project_name": "other"}, False),
        ({"auth_url": "https://other.example.com/v3"}, False),
        ({"user_domain_id": "other"}, False),
    ],
)
def test_who_asks_with_the_same_words_shares_a_token(changes: dict[str, str], *, shared: bool) -> None:
    clouds = Clouds(clouds_config={"clouds": {"a": entry("r1", "r2"), "b": with_auth(**changes)}})
    one, two = clouds.regions("a")
    (other,) = clouds.regions("b")
    assert one.auth is two.auth
    assert (other.auth is one.auth) is shared


def test_trust_in_certificates_tells_identities_apart(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    clouds = Clouds(clouds_config={"clouds": {"a": entry(), "b": entry(cacert=str(tmp_path / "ca.pem"))}})
    assert clouds.regions("a")[0].auth is not clouds.regions("b")[0].auth
