# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and inventory updates as AWX runs them, of what playbooks/awx/setup.yml creates, on stand-in clouds.

The passwords are in secure.yaml only, and one cloud has a certificate of a private authority. Shards over forks and
slices are in test_locations.py.
"""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.awx import ROOT, Controller, Run
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.image_formats import qcow2
from tests.support.tls import make_authority, tls_in_front_of
from tests.support.web import Web, whole

PASSWORD = "correct-h0rse-{battery}"
SERVERS, LOCATIONS = "OpenStack servers", "OpenStack Locations"
LATENCY = 0.5
"""Seconds before each answer: an upload takes longer than the display is quiet."""
CLOUDS, REGIONS = ("cloud1", "cloud2"), ("r1", "r2")
PLACES = [f"{cloud}/{region}/demo" for cloud in CLOUDS for region in REGIONS]


class Site:
    """Stand-in clouds, and an AWX with a credential for them."""

    def __init__(self, clouds: FakeOpenStack, controller: Controller, printed: str) -> None:
        self.clouds = clouds
        self.controller = controller
        self.printed = printed

    def secrets(self) -> list[str]:
        """The password, and all tokens that were issued."""
        return [PASSWORD, *(token for name in CLOUDS for token in self.clouds[name].keystone._tokens)]

    def checked(self, run: Run, status: str = "successful") -> Run:
        """The run, which has ended so and left no secret in what AWX stores of it."""
        assert run.status == status, run.shown
        kept = [path for path in run.artifacts.rglob("*") if path.is_file()]
        assert {"command", "job_events"} <= {path.name for path in run.artifacts.iterdir()}
        texts = [path.read_text() for path in kept]
        assert [secret for secret in self.secrets() for text in texts if secret in text] == []
        return run

    def images(self, name: str) -> dict[str, Any]:
        """The images of this name by Location."""
        return {
            f"{cloud}/{region}/demo": image
            for cloud in CLOUDS
            for region in REGIONS
            for image in self.clouds[cloud][region].glance.images.values()
            if image.fields["name"] == name
        }


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    directory = tmp_path_factory.mktemp("awx")
    authority = make_authority(directory / "authority")
    with ExitStack() as stack:
        clouds = stack.enter_context(FakeOpenStack(clouds=2, regions=2, servers=1))
        entries = {}
        for name, cloud in clouds.clouds.items():
            cloud.keystone.users = [replace(user, password=PASSWORD) for user in cloud.keystone.users]
            entries[name] = cloud.entry()
            del entries[name]["auth"]["password"]
        port = int(clouds["cloud2"].keystone.url.rpartition(":")[2])
        secure = stack.enter_context(tls_in_front_of(port, authority))
        entries["cloud2"]["auth"]["auth_url"] = f"https://127.0.0.1:{secure}/v3"
        passwords = {name: {"auth": {"password": PASSWORD}} for name in entries}
        (directory / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}))
        (directory / "secure.yaml").write_text(yaml.safe_dump({"clouds": passwords}))
        controller = Controller(directory)
        printed = controller.set_up(
            awx_image="registry.example.com/ee",
            awx_clouds_file="clouds.yaml",
            awx_secure_file="secure.yaml",
            awx_ca_file=str(authority.bundle),
            awx_machine_credential="machines",
        )
        nothing: dict[str, Any] = {"fields": [], "required": []}
        controller.objects["credential_type", "Machine"] = {"inputs": nothing, "injectors": {"file": {}, "env": {}}}
        controller.objects["credential", "machines"] = {"credential_type": "Machine", "inputs": {}}
        yield Site(clouds, controller, printed)


def test_the_playbook_creates_everything_and_shows_no_secret(site: Site) -> None:
    assert [secret for secret in (PASSWORD, "BEGIN CERTIFICATE") if secret in site.printed] == []
    shipped = yaml.safe_load((ROOT / "playbooks" / "awx" / "credential_type.yml").read_text())["credential_types"][0]
    made = site.controller.objects["credential_type", shipped["name"]]
    assert made == {key: shipped[key] for key in ("name", "description", "kind", "inputs", "injectors")}
    templates = {name for kind, name in site.controller.objects if kind == "job_template"}
    listed = yaml.safe_load((ROOT / "playbooks" / "awx" / "job_templates.yml").read_text())["awx_job_templates"]
    assert templates == {one["name"] for one in listed}


def test_servers_and_locations_become_hosts_or_stay_what_they_were(site: Site) -> None:
    controller = site.controller
    for inventory in (SERVERS, LOCATIONS):
        site.checked(controller.update(inventory))
    found = controller.inventories[SERVERS]["_meta"]["hostvars"]
    assert sorted(one["location"]["name"]["__ansible_unsafe"] for one in found.values()) == PLACES
    shards = controller.inventories[LOCATIONS]["_meta"]["hostvars"].values()
    assert sorted(one["__ansible_unsafe"] for shard in shards for one in shard["locations"]) == PLACES

    with_fault = site.clouds["cloud1"]["r2"]
    with_fault.fault("GET", "/servers/detail", Answer(403))
    failed = site.checked(controller.update(SERVERS), "failed")
    with_fault.clear_faults()
    assert "cloud1/r2/demo" in failed.shown
    assert controller.inventories[SERVERS]["_meta"]["hostvars"] == found

    controller.objects["inventory_source", SERVERS]["source_vars"]["OAKTREE_LOCATIONS"] = "cloud1, !cloud1/r2"
    site.checked(controller.update(SERVERS))
    (host,) = controller.inventories[SERVERS]["_meta"]["hostvars"].values()
    assert host["location"]["name"]["__ansible_unsafe"] == "cloud1/r1/demo"


def test_an_image_is_published_by_a_survey_and_its_progress_is_shown_under_the_task(site: Site, web: Web) -> None:
    web.answers = [whole(qcow2())]
    for cloud in site.clouds.clouds.values():
        cloud["r1"].latency = LATENCY
    run = site.checked(
        site.controller.launch(
            "Publish an image",
            publish_name="golden",
            publish_url=web.url,
            publish_locations="cloud1/r1\n cloud2 , !cloud2/r2\n",
            publish_properties="os_distro: debian\nnote: '{{ 7 * 7 }}'",
            publish_min_disk=0,
            publish_protected="true",
        )
    )
    for cloud in site.clouds.clouds.values():
        cloud["r1"].latency = 0.0
    found = site.images("golden")
    assert sorted(found) == ["cloud1/r1/demo", "cloud2/r1/demo"]
    for image in found.values():
        wanted = {
            "os_distro": "debian",
            "note": "{{ 7 * 7 }}",
            "protected": True,
            "min_disk": 0,
            "visibility": "private",
        }
        assert wanted.items() <= {**image.fields, **image.properties}.items()
    lines = [one["stdout"] for one in run.under("Publish the image") if one["event"] == "verbose"]
    assert any("cloud2/r1/demo: " in line for line in lines)
    env = run.artifacts.parents[1] / "env"
    files = [path for path in env.iterdir() if path.name.startswith("tmp")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert len(files) == 3


def test_a_survey_of_texts_changes_an_image(site: Site, web: Web) -> None:
    web.answers = [whole(qcow2())]
    job = site.controller.objects["job_template", "Publish an image"]
    texts = [{**question, "type": "text", "required": False} for question in job["survey_spec"]["spec"]]
    for question in texts:
        question.pop("choices", None)
    survey = {**job["survey_spec"], "spec": texts}
    site.controller.objects["job_template", "Texts"] = {**job, "survey_spec": survey}
    answers = {"publish_name": "texts", "publish_url": web.url, "publish_locations": '["cloud1/r1"]'}
    for disk, protected in (("5", "yes"), ("", "false")):
        site.checked(site.controller.launch("Texts", **answers, publish_min_disk=disk, publish_protected=protected))
        (image,) = site.images("texts").values()
        assert (image.fields["min_disk"], image.fields["protected"]) == (5, protected == "yes")


def test_an_image_is_published_in_the_shards_of_an_inventory(site: Site, web: Web) -> None:
    web.answers = [whole(qcow2())]
    site.checked(site.controller.update(LOCATIONS))
    failing = site.clouds["cloud2"]["r2"]
    failing.fault("POST", "/images$", Answer(403))
    run = site.checked(
        site.controller.launch("Publish an image everywhere, in shards", publish_name="shards", publish_url=web.url),
        "failed",
    )
    failing.clear_faults()
    assert sorted(site.images("shards")) == PLACES[:3]
    assert run.hosts == {"shard-001"}
    assert "cloud2/r2/demo" in run.shown


def test_servers_are_listed_by_a_playbook_of_the_users_project(site: Site, tmp_path: Path) -> None:
    play = {"name": "List", "ansible.builtin.import_playbook": "oaktree.multicloud.list_servers"}
    (tmp_path / "list.yml").write_text(yaml.safe_dump([play]))
    controller = replace(site.controller, project=tmp_path)
    controller.directory = tmp_path
    job = controller.objects["job_template", "List servers"]
    controller.objects = {**controller.objects, ("job_template", "List servers"): {**job, "playbook": "list.yml"}}
    run = site.checked(controller.launch("List servers", servers_locations="cloud1\ncloud2/r1", servers_status=""))
    names = {(cloud, region): site.clouds[cloud][region].nova.servers[0].name for cloud in CLOUDS for region in REGIONS}
    assert {where for where, name in names.items() if name in run.shown} == {*names} - {("cloud2", "r2")}


def test_facts_of_servers_are_kept_for_the_inventory(site: Site) -> None:
    controller = site.controller
    site.checked(controller.update(SERVERS))
    hosts = controller.inventories[SERVERS]["_meta"]["hostvars"]
    host = next(iter(hosts))
    hosts[host] |= {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    run = site.checked(controller.launch("Collect the facts of servers", facts_hosts=host))
    (kept,) = (run.artifacts / "fact_cache").glob(f"*{host}")
    assert "ansible_kernel" in kept.read_text()


def test_a_report_is_shown(site: Site) -> None:
    run = site.checked(
        site.controller.launch(
            "Report", report_sections=["servers", "drift"], report_types="image.image,\n", report_locations="*/r1"
        )
    )
    assert "# Clouds" in run.shown
    assert "cloud2/r1/demo" in run.shown
    assert "cloud1/r2/demo" not in run.shown
