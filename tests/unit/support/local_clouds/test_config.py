# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from configparser import ConfigParser

import pytest
import yaml

from tests.support.local_clouds import config
from tests.support.local_clouds.config.clients import clouds_yaml
from tests.support.local_clouds.config.rendered import ini
from tests.support.local_clouds.layout import CLOUDS, LOOPBACK, REGION_SERVICES, REGIONS, Layout, Region

PASSWORD = "a-Password_1"
REGION_NAMES = [region.name for region in REGIONS]


def parsed(layout: Layout, service: str, place: str, file: str) -> ConfigParser:
    rendered = config.render(layout, layout.server(service, place), PASSWORD)
    parser = ConfigParser(interpolation=None)
    parser.read_string(rendered.files[layout.etc(place, service) / file])
    return parser


def test_ini_writes_truth_as_openstack_does() -> None:
    assert ini({"a": {"yes": True, "no": False, "n": 1}, "b": {}}) == "[a]\nyes = true\nno = false\nn = 1\n\n[b]\n"


def test_every_file_of_every_server_parses_and_stays_in_the_state_directory(layout: Layout) -> None:
    for server in layout.servers(CLOUDS, REGION_SERVICES):
        rendered = config.render(layout, server, PASSWORD)
        assert rendered.files
        for path, text in rendered.files.items():
            assert layout.root in path.parents
            if path.suffix == ".conf":
                ConfigParser(interpolation=None).read_string(text)
        assert all(layout.root in directory.parents for directory in rendered.directories)


@pytest.mark.parametrize("region", REGIONS, ids=REGION_NAMES)
def test_glance_offers_what_its_region_promises(layout: Layout, region: Region) -> None:
    glance = parsed(layout, "glance", region.name, "glance-api.conf")
    quoted = ",".join(f"'{method}'" for method in region.import_methods)
    assert glance["DEFAULT"]["enabled_import_methods"] == f"[{quoted}]"
    stores = [entry.split(":")[0] for entry in glance["DEFAULT"].get("enabled_backends", "").split(",") if entry]
    assert tuple(stores) == region.stores
    assert all(store in glance for store in stores)
    # Loopback is refused as a source without them, and without the brackets.
    assert glance["import_filtering_opts"]["allowed_hosts"].startswith("[")
    assert glance["import_filtering_opts"]["allowed_ports"] == "[]"


def test_glance_policies(layout: Layout) -> None:
    policies = {}
    for region in REGIONS:
        rendered = config.render(layout, layout.server("glance", region.name), PASSWORD)
        policies[region.name] = json.loads(rendered.files[layout.etc(region.name, "glance") / "policy.yaml"])
    assert policies == {
        "north": {"copy_image": ""},
        "south": {},
        "east": {"tasks_api_access": "role:admin or role:member"},
    }


def test_databases_are_files_of_their_place_with_patience_for_the_write_lock(layout: Layout) -> None:
    nova = parsed(layout, "nova", "south", "nova.conf")
    assert nova["database"]["connection"] == f"sqlite:///{layout.root}/data/south/nova.db?timeout=60"
    assert nova["api_database"]["connection"] == f"sqlite:///{layout.root}/data/south/nova_api.db?timeout=60"


def test_services_speak_to_their_own_cloud_and_region(layout: Layout) -> None:
    for region, keystone in (("north", 31000), ("south", 31000), ("east", 31500)):
        nova = parsed(layout, "nova", region, "nova.conf")
        for section in ("keystone_authtoken", "placement", "neutron", "glance", "service_user"):
            assert nova[section]["auth_url"] == f"http://127.0.0.1:{keystone}/v3"
            assert nova[section]["region_name"] == region
        assert nova["neutron"]["endpoint_override"] == layout.url("neutron", region)
        # The others take an endpoint from the catalog, of which a region has to be named as well.
        assert nova["cinder"]["os_region_name"] == region
        assert parsed(layout, "heat", region, "heat.conf")["DEFAULT"]["region_name_for_services"] == region
        cinder = parsed(layout, "cinder", region, "cinder.conf")
        assert cinder["DEFAULT"]["glance_api_servers"] == layout.url("glance", region)
        assert cinder["nova"]["region_name"] == region


@pytest.mark.parametrize("service", ["nova", "neutron", "cinder", "heat", "designate"])
def test_messages_stay_in_the_process(layout: Layout, service: str) -> None:
    assert parsed(layout, service, "north", f"{service}.conf")["DEFAULT"]["transport_url"] == "fake:/"


def test_swift_listens_on_loopback_and_every_filter_of_its_pipeline_is_there(layout: Layout) -> None:
    ports = []
    for kind in ("proxy", "object", "container", "account"):
        server = parsed(layout, "swift", "east", f"{kind}-server.conf")
        assert server["DEFAULT"]["bind_ip"] == LOOPBACK
        assert "user" not in server["DEFAULT"]
        ports.append(int(server["DEFAULT"]["bind_port"]))
        *filters, app = server["pipeline:main"]["pipeline"].split()
        assert f"app:{app}" in server
        for name in filters:
            section = server[f"filter:{name}"]
            assert "use" in section or "paste.filter_factory" in section
    assert ports == [31640, 31641, 31642, 31643]


def test_configuration_is_written_for_the_owner_only(layout: Layout) -> None:
    config.write(layout, layout.server("glance", "north"), PASSWORD)
    path = layout.etc("north", "glance") / "glance-api.conf"
    assert PASSWORD in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert (layout.data("north") / "glance" / "fast").is_dir()


def test_clouds_yaml_has_three_users_a_cloud_and_lists_its_regions(layout: Layout) -> None:
    clouds = yaml.safe_load(clouds_yaml(layout, CLOUDS, PASSWORD))["clouds"]
    assert list(clouds) == ["alpha", "alpha-demo2", "alpha-admin", "beta", "beta-demo2", "beta-admin"]
    assert clouds["alpha-demo2"] == {
        "auth": {
            "auth_url": "http://127.0.0.1:31000/v3",
            "username": "demo",
            "password": PASSWORD,
            "project_name": "demo2",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
        "identity_api_version": "3",
        "regions": ["north", "south"],
    }
    assert clouds["beta-admin"]["regions"] == ["east"]
    assert list(yaml.safe_load(clouds_yaml(layout, CLOUDS[1:], PASSWORD))["clouds"]) == list(clouds)[3:]


def test_keys_that_encrypt_stay_the_same_and_are_not_the_password(layout: Layout) -> None:
    for service, file, section, option in (
        ("heat", "heat.conf", "DEFAULT", "auth_encryption_key"),
        ("barbican", "barbican.conf", "simple_crypto_plugin", "kek"),
    ):
        keys = {parsed(layout, service, region.name, file)[section][option] for region in REGIONS}
        assert len(keys) == 1
        assert PASSWORD not in keys.pop()
