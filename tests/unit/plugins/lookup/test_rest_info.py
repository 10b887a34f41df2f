# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.display import Display

from tests.support.fake_openstack import Answer, FakeOpenStack

NAME = "oaktree.multicloud.rest_info"


def look_up(*terms: str, **options: Any) -> list[dict[str, Any]]:
    plugin = lookup_loader.get(NAME, loader=DataLoader(), templar=Templar(loader=DataLoader()))
    found: list[dict[str, Any]] = plugin.run(list(terms), variables={}, **options)
    return found


def test_one_service_at_one_location(two_clouds: FakeOpenStack) -> None:
    (found,) = look_up("compute", location="cloud2/r1")
    assert found["url"] == f"{two_clouds['cloud2']['r1'].nova.url}/v2.1"
    assert found["api_version"] == "2.1"
    assert found["headers"] == {"Accept": "application/json"}


def test_several_services_cost_one_token(two_clouds: FakeOpenStack) -> None:
    found = look_up("compute", "image", location="cloud2/r1", versions=False)
    assert [record["service_type"] for record in found] == ["compute", "image"]
    assert two_clouds.counters.tokens == 1


def test_token(two_clouds: FakeOpenStack) -> None:
    (found,) = look_up("compute", location="cloud1/r1", with_token=True)
    assert two_clouds["cloud1"].keystone.identify(found["headers"]["X-Auth-Token"]) is not None


def test_lookups_share_a_token_and_warn_when_they_cannot(
    two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda _self, msg, **_more: warnings.append(msg))
    for _time in range(2):
        look_up("compute", location="cloud1/r1")
    assert (two_clouds.counters.tokens, warnings) == (1, [])
    look_up("compute", location="cloud1/r1", token_cache=False)
    assert (two_clouds.counters.tokens, warnings) == (2, [])
    base = Path(os.environ["XDG_CACHE_HOME"], "oaktree.multicloud")
    base.chmod(0o707)
    look_up("compute", location="cloud1/r1")
    assert two_clouds.counters.tokens == 3
    assert f"{base} is ignored" in "".join(warnings)


def test_template_with_inline_clouds(two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE")
    entry = two_clouds["cloud1"].entry()
    password = entry["auth"]["password"]
    entry["auth"]["password"] = trust_as_template("{{ kept_elsewhere }}")
    variables = {"config": {"clouds": {"mine": entry}}, "kept_elsewhere": password}
    expression = f"{{{{ lookup('{NAME}', 'image', location='mine/r2', clouds_config=config).url }}}}"
    text = Templar(loader=DataLoader(), variables=variables).template(trust_as_template(expression))
    assert text == f"{two_clouds['cloud1']['r2'].glance.url}/v2"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("cloud1", ["'cloud1' selects 2 Locations (input)", "cloud1/r1/demo, cloud1/r2/demo"]),
        ("nowhere", ["'nowhere' matches none", "(input)", "cloud1, cloud2"]),
        ("cloud1/r9", ["'cloud1/r9' matches none", "cloud1/r1/demo"]),
    ],
)
def test_location_must_be_one(two_clouds: FakeOpenStack, location: str, words: list[str]) -> None:
    with pytest.raises(AnsibleLookupError) as raised:
        look_up("compute", location=location)
    assert [word for word in words if word not in str(raised.value)] == []
    assert two_clouds.counters.tokens == 0


@pytest.mark.usefixtures("two_clouds")
def test_a_location_as_a_record_has_it() -> None:
    (found,) = look_up("compute", location="cloud2/r1", versions=False)
    for form in (found["location"], [found["location"]], found["location"]["name"], json.dumps(found["location"])):
        assert look_up("compute", location=form, versions=False) == [found]
    with pytest.raises(AnsibleLookupError, match=r"^location: a mapping is not a Location: it has the key api_version"):
        look_up("compute", location=found)


def test_the_only_location_need_not_be_named(two_clouds: FakeOpenStack, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AnsibleLookupError, match=r"^location: '\*' selects 4 Locations"):
        look_up("compute")
    monkeypatch.setenv("OS_CLOUD", "cloud2")
    with pytest.raises(AnsibleLookupError, match=r"^OS_CLOUD: 'cloud2' selects 2 Locations"):
        look_up("compute")
    entry = {**two_clouds["cloud2"].entry(), "regions": ["r2"]}
    text = json.dumps({"clouds": {"mine": entry}})
    (found,) = look_up("compute", clouds_config=text, versions=False)
    assert found["location"]["name"] == "mine/r2/demo"


@pytest.mark.parametrize("option", ["timeout", "rate_limit", "request_concurrency"])
def test_an_option_that_must_be_positive(two_clouds: FakeOpenStack, option: str) -> None:
    with pytest.raises(AnsibleLookupError, match=f"^{option}: must be greater than zero"):
        look_up("compute", location="cloud1/r1", **{option: 0})
    assert two_clouds.counters.requests() == 0


def test_a_failed_location_is_reported_with_kind_and_hint(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud1"].fault("POST", "/auth/tokens", Answer(401))
    with pytest.raises(AnsibleLookupError, match=r"^cloud1/r1/demo: .*\(auth\)\. Check user, password"):
        look_up("compute", location="cloud1/r1")


@pytest.mark.usefixtures("two_clouds")
def test_a_service_that_the_location_does_not_have() -> None:
    with pytest.raises(AnsibleLookupError, match=r"'dns' here \(refused\)\. The catalog offers here: compute"):
        look_up("dns", location="cloud1/r1")


def test_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "openstack" else find(name))
    with pytest.raises(AnsibleError, match="openstacksdk"):
        look_up("compute", location="cloud1/r1")


def test_the_clouds_come_from_one_option(two_clouds: FakeOpenStack, tmp_path: Path) -> None:
    sources = {"clouds_yaml": str(tmp_path / "clouds.yaml"), "clouds_config": {"clouds": {"x": {}}}}
    with pytest.raises(AnsibleLookupError, match=r"^clouds_yaml, clouds_config: only one may be given \(input\)"):
        look_up("compute", location="cloud1/r1", **sources)
    assert two_clouds.counters.requests() == 0
