# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template

from tests.support.fake_openstack import FakeOpenStack

NAME = "oaktree.multicloud.rest"


def look_up(*terms: str, **options: Any) -> list[Any]:
    plugin = lookup_loader.get(NAME, loader=DataLoader(), templar=Templar(loader=DataLoader()))
    found: list[Any] = plugin.run(list(terms), variables={}, **{"location": "cloud2/r1", **options})
    return found


def test_the_bodies_of_several_paths(two_clouds: FakeOpenStack) -> None:
    two_clouds["cloud2"]["r1"].add_server("web")
    servers, flavors = look_up("/servers?name=web", "flavors", service_type="compute")
    assert [server["name"] for server in servers["servers"]] == ["web"]
    assert flavors == {"flavors": []}
    assert (two_clouds.counters.tokens, two_clouds.counters.requests(service="compute")) == (1, 2)


def test_all_options(two_clouds: FakeOpenStack) -> None:
    for _number in range(5):
        two_clouds["cloud2"]["r1"].add_server()
    two_clouds["cloud2"]["r1"].nova.page = 2
    (found,) = look_up(
        "/servers/detail", service_type="compute", pages="servers", microversion="latest", params={"status": "ACTIVE"}
    )
    assert len(found["servers"]) == 5
    assert "description" in found["servers"][0]
    (missing,) = look_up("/servers/none", service_type="compute", status=[404], headers={"Accept": "application/json"})
    assert missing["itemNotFound"]["code"] == 404


@pytest.mark.usefixtures("two_clouds")
def test_within_a_template() -> None:
    expression = (
        f"{{{{ lookup('{NAME}', '/flavors', service_type='compute', location='cloud1/r2').flavors | length }}}}"
    )
    assert Templar(loader=DataLoader()).template(trust_as_template(expression)) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"location": "cloud1"}, r"^location: 'cloud1' selects 2 Locations"),
        ({"microversion": "newest"}, r"^microversion: 'newest' is not a microversion \(input\)"),
        ({"headers": {"Host": "x"}}, r"^headers: Host cannot be set"),
        ({"timeout": 0}, r"^timeout: must be greater than zero"),
    ],
)
def test_options_that_cannot_be_used(two_clouds: FakeOpenStack, options: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleLookupError, match=words):
        look_up("/flavors", service_type="compute", **options)
    assert two_clouds.counters.requests() == 0


@pytest.mark.usefixtures("two_clouds")
def test_a_failure_has_the_services_words() -> None:
    with pytest.raises(AnsibleLookupError, match=r"^cloud2/r1/demo: Instance x could not be found. \(HTTP 404\)"):
        look_up("/servers/x", service_type="compute")
    with pytest.raises(AnsibleLookupError, match=r"leads elsewhere"):
        look_up("/../v3/users", service_type="compute")
