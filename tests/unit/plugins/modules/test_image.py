# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole module over HTTP: bad input, and what real clouds do too rarely to wait for."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import lzma
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Clock
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.progress import Progress
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish import relay as relaying
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source import (
    digest_cache,
    hashing,
    image_file,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.source.image_file import (
    Handling,
    ImageFile,
    open_image_file,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local import private_files
from tests.support import image_formats as formats
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.fake_openstack.glance import Glance
from tests.support.fake_openstack.glance_images import Image, Task
from tests.support.run_module import run_module
from tests.support.web import Web, whole

pytestmark = pytest.mark.usefixtures("fast_clock")


@pytest.fixture
def clouds(fake_openstack: Callable[..., FakeOpenStack]) -> FakeOpenStack:
    return fake_openstack()


@pytest.fixture
def glance(clouds: FakeOpenStack) -> Glance:
    return clouds["cloud1"]["r1"].glance


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "image.raw"
    path.write_bytes(os.urandom(1 << 20))
    return path


@pytest.fixture
def options(clouds: FakeOpenStack, tmp_path: Path, file: Path) -> dict[str, Any]:
    clouds_yaml = clouds.clouds_yaml(tmp_path / "clouds.yaml")
    return {"name": "thing", "path": str(file), "locations": ["*"], "clouds_yaml": str(clouds_yaml)}


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The module takes over signals, which in this process belong to pytest, and remembers digests."""
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"path": "/nowhere"}, "path: /nowhere does not exist. Name a file"),
    ({"path": "/"}, "path: / is not a file. Name the image file"),
    ({"path": "/dev/zero"}, "path: /dev/zero is not a file"),
    ({"path": "EMPTY"}, "is empty. An image without content"),
    ({"path": "UNSAFE"}, "is not safe to upload (backing_file: Image has a backing file). Flatten it"),
    ({"name": ""}, "name: must have 1 to 245 characters, not 0"),
    ({"name": "x" * 246}, "name: must have 1 to 245 characters, not 246"),
    ({"min_disk": -1}, "min_disk: must not be negative"),
    ({"min_ram": -5}, "min_ram: must not be negative, it is -5"),
    ({"transfer_timeout": 0}, "transfer_timeout: must be greater than zero, not 0"),
    ({"import_timeout": -1}, "import_timeout: must be greater than zero, not -1"),
    ({"stall_timeout": 0}, "stall_timeout: must be greater than zero"),
    ({"timeout": 0}, "timeout: must be greater than zero"),
    ({"properties": {"visibility": "public"}}, "properties: visibility is not a custom property"),
    ({"properties": {"os_glance_x": "1"}}, "properties: os_glance_x is not a custom property"),
    ({"properties": {"owner_specified.oaktree.upload": "1"}}, "is not a custom property. Omit it"),
    ({"properties": {"hw": ["a"]}}, "properties: hw is a list. Give a string"),
    ({"locations": ["nowhere"]}, "locations"),
    ({"locations": []}, "locations"),
    ({"locations": ["cloud1/r9"]}, "locations"),
    ({"clouds_yaml": "/nowhere/clouds.yaml"}, "clouds_yaml"),
    ({"clouds_yaml": "BROKEN"}, "clouds_yaml"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("bad", "message"), BAD, ids=[json.dumps(bad)[:50] for bad, _message in BAD])
def test_bad_input_is_one_clear_error_and_nothing_is_made(
    clouds: FakeOpenStack, options: dict[str, Any], tmp_path: Path, bad: dict[str, Any], message: str
) -> None:
    contents = {"EMPTY": b"", "UNSAFE": formats.qcow2(backing_offset=512), "BROKEN": b"clouds: [\n"}
    for option, value in bad.items():
        if isinstance(value, str) and value in contents:
            (tmp_path / value).write_bytes(contents[value])
            bad = {**bad, option: str(tmp_path / value)}
    ended = run_module("image", **{**options, **bad})
    assert not ended.ok
    assert message in ended["msg"]
    assert ended["kind"] == "input"
    assert "exception" not in ended.result
    assert clouds.counters.requests(service="image") == 0


def test_an_image_to_copy_that_is_not_there(glance: Glance, options: dict[str, Any]) -> None:
    origin = {"location": "*", "image": "other"}
    del options["path"]
    ended = run_module("image", **options, **{"from": origin})
    assert (ended.ok, ended["kind"]) == (False, "refused")
    assert ended["msg"] == "from: there is no image 'other' here. List the existing images with image_info."
    assert glance.images == {}


@pytest.mark.parametrize(
    ("origin", "message"),
    [
        ({"image": "golden"}, "from: the mapping names no image in a Location: it has no location"),
        ({"location": "cloud1", "iamge": "x"}, "from: the mapping names no image in a Location: it has the key iamge"),
        ("{location: cloud1}", "from: the text begins as JSON, but is not valid JSON"),
        ("cloud9", "from: 'cloud9' matches none of the configured clouds"),
        ({"location": "cloud1, cloud9", "image": "golden"}, "from: 'cloud9' matches none of the configured clouds"),
        ("", "from: nothing is selected"),
    ],
)
def test_an_origin_that_cannot_be_meant(options: dict[str, Any], origin: Any, message: str) -> None:
    del options["path"]
    ended = run_module("image", **options, **{"from": origin})
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert ended["msg"].startswith(message)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["mapping", "record", "json", "text", "location", "text of a location"])
def test_an_image_is_copied_from_a_location_in_any_form(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, file: Path, form: str
) -> None:
    clouds = fake_openstack(clouds=2)
    shared = {"clouds_yaml": str(clouds.clouds_yaml(tmp_path / "two.yaml")), "name": "golden"}
    made = run_module("image", path=str(file), locations="cloud1", **shared)
    (record,) = run_module("image_info", name="golden", clouds_yaml=shared["clouds_yaml"])["images"]
    location = record["location"]
    forms = {
        "mapping": {"location": location["name"], "image": "golden"},
        "record": {"location": location, "image": record["id"]},
        "json": json.dumps({"location": location, "image": "golden"}),
        "text": "cloud1",
        "location": location,
        "text of a location": json.dumps(location),
    }
    overrides = [{"locations": made["results"][0]["location"], "name": "elsewhere"}]
    ended = run_module("image", locations="cloud2/*", overrides=overrides, **shared, **{"from": forms[form]})
    assert ended.ok, ended.result
    assert [result["action"] for result in ended["results"]] == ["created"]
    assert ended["results"][0]["image"]["name"] == "golden"


def test_the_location_of_a_foreign_image_selects_where_it_was_found(
    clouds: FakeOpenStack, options: dict[str, Any], tmp_path: Path
) -> None:
    """Its project is its owner, which is not the one that the configuration names."""
    admin = str(clouds.clouds_yaml(tmp_path / "admin.yaml", user="admin"))
    assert run_module("image", **{**options, "clouds_yaml": admin, "visibility": "public"}).ok
    known = {"clouds_yaml": options["clouds_yaml"]}
    (record,) = run_module("image_info", name="thing", **known)["images"]
    assert record["location"]["project"]["name"] is None
    target = tmp_path / "copy.raw"
    ended = run_module("image_export", image=record["id"], locations=record["location"], path=str(target), **known)
    assert ended.ok, ended.result
    assert target.read_bytes() == Path(options["path"]).read_bytes()


def test_overrides_are_for_a_location_as_records_have_it(options: dict[str, Any]) -> None:
    location = run_module("location_info", clouds_yaml=options["clouds_yaml"])["locations"][0]["location"]
    overrides = [{"locations": location, "name": "renamed", "stores": ""}, {"locations": "!*", "name": "x"}]
    ended = run_module("image", **options, overrides=overrides[:1], tags="b, a\nc")
    assert ended.ok, ended.result
    image = ended["results"][0]["image"]
    assert (image["name"], sorted(image["tags"])) == ("renamed", ["a", "b", "c"])
    ended = run_module("image", **options, overrides=overrides)
    assert ended["msg"].startswith("overrides[].locations: nothing is selected, there are only exclusions")


def test_the_environment_selects_nothing_to_change(
    clouds: FakeOpenStack, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_CLOUD", "cloud1")
    for locations, message in (
        ({}, "missing required arguments: locations"),
        ({"locations": None}, "locations: nothing is selected"),
        ({"locations": ""}, "locations: nothing is selected"),
    ):
        given = {name: value for name, value in options.items() if name != "locations"}
        ended = run_module("image", **given, **locations)
        assert not ended.ok
        assert message in ended["msg"]
    assert clouds.counters.requests() == 0


def test_conversion_without_qemu_img_is_one_clear_error_and_nothing_is_made(
    glance: Glance, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (failure,) = run_module("image", **options, disk_format="qcow2")["failures"]
    assert (failure["kind"], glance.images) == ("config", {})
    assert "needs qemu-img, which is not installed here" in failure["error"]
    assert "Install it" in failure["hint"]


def test_property_values_become_strings(glance: Glance, options: dict[str, Any]) -> None:
    properties = {"yes": True, "number": 5, "float": 0.5, "gone": None, "empty": "", "text": "None"}
    assert run_module("image", **options, properties=properties)["results"][0]["action"] == "created"
    (made,) = glance.images.values()
    kept = {key: value for key, value in made.properties.items() if not key.startswith("owner_specified.")}
    assert kept == {"yes": "true", "number": "5", "float": "0.5", "empty": "", "text": "None"}
    assert run_module("image", **options, properties=properties)["results"][0]["action"] == "unchanged"


def test_message_of_a_failed_import_is_passed_on(
    glance: Glance, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(_image_id: str) -> Any:
        raise OSError("No space left in the store")

    monkeypatch.setattr(glance._staging, "read", no_space)
    ended = run_module("image", **options, scheme="glance_direct")
    (failure,) = ended["failures"]
    assert failure["kind"] == "server"
    assert "the image is queued" in failure["error"]
    assert "No space left in the store" in failure["error"]
    assert glance.images == {}


def test_import_that_takes_its_time_is_waited_for(glance: Glance, options: dict[str, Any], file: Path) -> None:
    glance.import_seconds = 0.3
    (result,) = run_module("image", **options, scheme="glance_direct")["results"]
    assert (result["action"], result["image"]["status"]) == ("created", "active")
    assert result["image"]["hash_value"] == hashlib.sha512(file.read_bytes()).hexdigest()


def test_image_is_published_only_when_the_import_has_written_its_last(
    glance: Glance, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real Glance saves the whole record once more when the image is active already."""
    run_import, saved_again = glance._run_import, threading.Event()

    async def run_and_save_again(made: Image, task: Task, *args: Any) -> None:
        await run_import(made, task, *args)
        name, properties = made.fields["name"], dict(made.properties)
        made.properties["os_glance_import_task"] = task.id
        await asyncio.sleep(0.5)
        made.fields["name"], made.properties = name, properties
        saved_again.set()

    monkeypatch.setattr(glance, "_run_import", run_and_save_again)
    (result,) = run_module("image", **options, scheme="glance_direct")["results"]
    assert saved_again.wait(5.0)
    (made,) = glance.images.values()
    assert (result["action"], made.fields["name"]) == ("created", "thing")
    assert "owner_specified.oaktree.upload" not in made.properties


def test_stuck_import_ends_by_its_clock(glance: Glance, options: dict[str, Any]) -> None:
    glance.import_seconds = 600.0
    ended = run_module("image", **options, scheme="glance_direct", import_timeout=10.0)
    (failure,) = ended["failures"]
    assert (failure["kind"], failure["error"]) == ("timeout", "not finished within import_timeout (10 s)")
    assert glance.images == {}


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[::-1])
    os.utime(path, (1, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("become", "message"),
    [
        (lambda path: os.truncate(path, 1000), "changed while it was sent"),
        (grow, "changed while it was sent"),
        (rewrite, "changed while it was sent"),
        (Path.unlink, "can no longer be read"),
    ],
)
@pytest.mark.parametrize("scheme", ["v2_put", "glance_direct"])
def test_file_that_changes_under_our_hands_is_not_retried(
    clouds: FakeOpenStack,
    options: dict[str, Any],
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    become: Any,
    message: str,
    scheme: str,
) -> None:
    def read_then_change(path: str, handling: Handling, progress: Progress, **_when_known: Any) -> ImageFile:
        source = open_image_file(path, handling=handling, progress=progress)
        become(file)
        return source

    monkeypatch.setattr(digest_cache, "begin_image_file", read_then_change)
    ended = run_module("image", **options, scheme=scheme)
    (failure,) = ended["failures"]
    assert failure["kind"] == "input"
    assert message in failure["error"]
    assert clouds["cloud1"]["r1"].glance.images == {}
    assert clouds.counters.requests(service="image", method="POST") == 1


def test_file_that_changes_while_it_is_read_is_sent_nowhere(
    clouds: FakeOpenStack, options: dict[str, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect = image_file._inspect

    def changed_meanwhile(path: Path, *arguments: Any) -> Any:
        result = inspect(path, *arguments)
        grow(file)
        return result

    monkeypatch.setattr(image_file, "_inspect", changed_meanwhile)
    ended = run_module("image", **options)
    assert (ended.ok, ended["kind"]) == (False, "input")
    assert f"path: {file} changed while it was read" in ended["msg"]
    assert clouds.counters.requests(service="image") == 0


@pytest.fixture
def hold(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], bool]], list[bool]]:
    """Has files hashed only once something is so; tells whether it came to be so."""

    def held(wanted: Callable[[], bool]) -> list[bool]:
        came: list[bool] = []
        read = hashing.PendingDigests._read

        def wait_and_read(self: hashing.PendingDigests) -> None:
            end = time.monotonic() + 20
            while not wanted() and time.monotonic() < end:
                time.sleep(0.01)
            came.append(wanted())
            read(self)

        monkeypatch.setattr(hashing.PendingDigests, "_read", wait_and_read)
        return came

    return held


Hold = Callable[[Callable[[], bool]], list[bool]]


def is_active(made: Image) -> bool:
    return made.status == "active"


@pytest.mark.parametrize("scheme", ["v2_put", "glance_direct"])
@pytest.mark.parametrize("before", [None, b"other data"])
def test_a_file_is_hashed_while_it_is_sent(
    glance: Glance, options: dict[str, Any], file: Path, hold: Hold, scheme: str, before: bytes | None
) -> None:
    """Also where it replaces one of another size; and it is published when its digests are known and right."""
    if before:
        data = file.read_bytes()
        file.write_bytes(before)
        run_module("image", **options)
        file.write_bytes(data)
    old = set(glance.images)

    def arrived() -> bool:
        made = [image for image in glance.images.values() if image.id not in old]
        assert not any(image.fields["name"] == "thing" for image in made)
        return any(is_active(image) for image in made)

    came = hold(arrived)
    ended = run_module("image", **options, scheme=scheme, _ansible_diff=True)
    assert (came, ended["results"][0]["action"]) == ([True], "replaced" if before else "created")
    (made,) = glance.images.values()
    data = file.read_bytes()
    assert made.properties["owner_specified.openstack.md5"] == hashlib.md5(data).hexdigest()  # noqa: S324
    assert made.properties["owner_specified.openstack.sha256"] == hashlib.sha256(data).hexdigest()
    assert hashlib.sha512(data).hexdigest() in json.dumps(ended["diff"])


def test_a_file_that_changes_while_it_is_hashed_is_not_published(
    clouds: FakeOpenStack, glance: Glance, options: dict[str, Any], file: Path, hold: Hold
) -> None:
    def changed() -> bool:
        if not any(is_active(made) for made in glance.images.values()):
            return False
        grow(file)
        return True

    came = hold(changed)
    (failure,) = run_module("image", **options)["failures"]
    assert came == [True]
    assert (failure["kind"], f"path: {file} changed while it was read" in failure["error"]) == ("input", True)
    assert glance.images == {}
    assert clouds.counters.requests(service="image", method="POST") == 1


def test_a_file_is_hashed_first_where_an_image_may_be_the_same(
    clouds: FakeOpenStack, options: dict[str, Any], file: Path, hold: Hold
) -> None:
    run_module("image", **options)
    (tmp := file.with_name("copy.raw")).write_bytes(file.read_bytes())
    asked = clouds.counters.requests(service="image", method="GET")
    came = hold(lambda: clouds.counters.requests(service="image", method="GET") > asked)
    (result,) = run_module("image", **{**options, "path": str(tmp)})["results"]
    assert (came, result["action"]) == ([True], "unchanged")
    assert clouds.counters.requests(service="image", method="POST") == 1


@pytest.mark.slow
def test_the_time_that_hashing_takes_is_not_that_of_the_location(
    clouds: FakeOpenStack, options: dict[str, Any], hold: Hold, fast_clock: Clock
) -> None:
    run_module("image", **options)
    Path(options["path"]).touch()
    asked, began = clouds.counters.requests(service="image"), list[float]()

    def later() -> bool:
        if clouds.counters.requests(service="image") > asked and not began:
            began.append(fast_clock.monotonic())
        return bool(began) and fast_clock.monotonic() > began[0] + fast_clock.turned(2.0)

    came = hold(later)
    (result,) = run_module("image", **options, timeout=fast_clock.turned(1.5))["results"]
    assert (came, result["action"]) == ([True], "unchanged")


def test_a_file_with_another_checksum_is_sent_nowhere(clouds: FakeOpenStack, options: dict[str, Any]) -> None:
    ended = run_module("image", **options, checksum=f"sha256:{'0' * 64}")
    assert ended["kind"] == "integrity"
    assert clouds.counters.requests(service="image") == 0


def test_a_file_that_is_right_by_its_checksum_is_sent_before_its_other_digests_are_known(
    glance: Glance, options: dict[str, Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, arrived = hashing.PendingDigests._compute, list[bool]()

    def late(self: hashing.PendingDigests, name: str, digest: Any) -> None:
        end = time.monotonic() + 20
        while name == "sha512" and not any(map(is_active, glance.images.values())) and time.monotonic() < end:
            time.sleep(0.01)
        arrived.append(any(map(is_active, glance.images.values())))
        known(self, name, digest)

    monkeypatch.setattr(hashing, "AHEAD", 100)
    monkeypatch.setattr(hashing.PendingDigests, "_compute", late)
    checksum = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert run_module("image", **options, checksum=checksum)["results"][0]["action"] == "created"
    assert sorted(arrived) == [False, False, True]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("relay", "handing", "schemes"),
    [
        ("auto", 1000.0, {"v2_put"}),
        ("auto", 0.0, {"v2_put", "glance_download"}),
        ("only", 1000.0, {"v2_put", "glance_download"}),
        ("never", 0.0, {"v2_put"}),
    ],
)
def test_an_image_is_handed_on_where_that_ends_sooner(
    fake_openstack: Callable[..., FakeOpenStack], options: dict[str, Any], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, relay: str, handing: float, schemes: set[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(relaying, "HANDING_SECONDS", handing)
    monkeypatch.setattr(relaying, "HANDING_RATE", 1 << 60)
    clouds = fake_openstack(regions=3)
    for region in clouds["cloud1"].regions.values():
        region.glance.import_methods = ["glance-download"]
    options["clouds_yaml"] = str(clouds.clouds_yaml(tmp_path / "three.yaml"))
    results = run_module("image", **options, relay=relay)["results"]
    assert {result["scheme"] for result in results} == schemes
    assert len([result for result in results if result["image"]["status"] == "active"]) == 3
    figures = [result["relay"] for result in results if result["relay"]]
    assert len(figures) == (2 if relay == "auto" else 0)
    for figure in figures:
        assert (figure["direct"], figure["regions"]) == (handing > 0, 2)
        assert figure["direct"] is (figure["direct_seconds"] < figure["relay_seconds"])


@pytest.mark.slow
@pytest.mark.parametrize("disk_format", [None, "raw", "qcow2"])
def test_a_compressed_image_is_published_as_what_is_in_it(
    glance: Glance, options: dict[str, Any], file: Path, disk_format: str | None
) -> None:
    data = file.read_bytes()
    file.write_bytes(lzma.compress(data))
    if disk_format:
        options["disk_format"] = disk_format
    ended = run_module("image", **options)
    assert ended["results"][0]["action"] == "created"
    (made,) = glance.images.values()
    stored = glance.data.path(made.id).read_bytes()
    assert made.fields["disk_format"] == (disk_format or "raw")
    assert stored[:4] == b"QFI\xfb" if disk_format == "qcow2" else stored == data
    assert run_module("image", **options)["results"][0]["action"] == "unchanged"


def test_bytes_as_they_are_whatever_the_cloud_prefers(
    clouds: FakeOpenStack, glance: Glance, options: dict[str, Any], tmp_path: Path
) -> None:
    entry = {**clouds["cloud1"].entry(), "image_format": "vhd"}
    del options["clouds_yaml"]
    options["clouds_config"] = {"clouds": {"cloud1": entry}}
    ova = tmp_path / "appliance.ova"
    ova.write_bytes(b"appliance.ovf".ljust(257, b"\0") + b"ustar\0" + bytes(249))
    options["path"] = str(ova)
    asked = {"container_format": "ova", "disk_format": "vmdk"}
    assert run_module("image", **options, **asked)["results"][0]["action"] == "created"
    (made,) = glance.images.values()
    assert glance.data.path(made.id).read_bytes() == ova.read_bytes()
    assert {key: made.fields[key] for key in asked} == asked
    assert run_module("image", **options, **asked)["results"][0]["action"] == "unchanged"
    others = {**options, "name": "other", "container_format": "docker"}
    assert run_module("image", **others)["results"][0]["image"]["disk_format"] == "raw"
    wanted = {**others, "name": "third", "overrides": [{"locations": ["*"], "disk_format": "qcow2"}]}
    (failure,) = run_module("image", **wanted)["failures"]
    assert "but its content is unknown" in failure["error"]


@pytest.fixture
def web_options(web: Web, file: Path, options: dict[str, Any]) -> dict[str, Any]:
    """The file on a web server, which tells nothing about it."""
    web.answers = [whole(file.read_bytes())]
    del options["path"]
    options |= {"url": web.url, "scheme": "v2_put"}
    return options


@pytest.fixture
def two(fake_openstack: Callable[..., FakeOpenStack], options: dict[str, Any], tmp_path: Path) -> FakeOpenStack:
    clouds = fake_openstack(regions=2)
    options["clouds_yaml"] = str(clouds.clouds_yaml(tmp_path / "two.yaml"))
    return clouds


def forget() -> None:
    """As on a machine where nothing was fetched before."""
    directory = private_files.private_directory("digests")
    assert directory
    for path in directory.iterdir():
        path.unlink()


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_where_all_clouds_have_it(
    web: Web,
    two: FakeOpenStack,
    web_options: dict[str, Any],
    file: Path,
    algorithm: str,
    *,
    check_mode: bool,
) -> None:
    checksum = f"{algorithm}:{hashlib.new(algorithm, file.read_bytes()).hexdigest()}"
    assert {one["action"] for one in run_module("image", **web_options, checksum=checksum)["results"]} == {"created"}
    assert len(web.ranges) == 1
    for forgotten in (False, True):
        if forgotten:
            forget()
        before = two.counters.requests(service="image")
        ended = run_module("image", **web_options, checksum=checksum, _ansible_check_mode=check_mode)
        assert [one["action"] for one in ended["results"]] == ["unchanged", "unchanged"]
        assert len(web.ranges) == 1
        assert two.counters.requests(service="image") - before <= 6
    changed = run_module("image", **web_options, checksum=checksum, tags=["new"])
    assert [one["action"] for one in changed["results"]] == ["updated", "updated"]
    assert len(web.ranges) == 1


@pytest.mark.usefixtures("two")
def test_once_where_one_cloud_lacks_it(web: Web, web_options: dict[str, Any], file: Path) -> None:
    checksum = f"sha512:{hashlib.sha512(file.read_bytes()).hexdigest()}"
    run_module("image", **{**web_options, "locations": ["cloud1/r1"]}, checksum=checksum)
    forget()
    planned = run_module("image", **web_options, checksum=checksum, _ansible_check_mode=True)
    assert [one["action"] for one in planned["results"]] == ["unchanged", "created"]
    assert len(web.ranges) == 1
    done = run_module("image", **web_options, checksum=checksum)
    assert [one["action"] for one in done["results"]] == ["unchanged", "created"]
    assert len(web.ranges) == 2


def test_a_compressed_file_is_known_by_what_was_recorded_of_it(
    web: Web, clouds: FakeOpenStack, web_options: dict[str, Any], file: Path
) -> None:
    """The clouds' own digests are those of what is in it. Where nothing was recorded, the file must be looked at."""
    packed = gzip.compress(file.read_bytes())
    web.answers = [whole(packed)]
    checksum = f"sha256:{hashlib.sha256(packed).hexdigest()}"
    assert run_module("image", **web_options, checksum=checksum)["results"][0]["action"] == "created"
    (made,) = clouds["cloud1"]["r1"].glance.images.values()
    recorded = made.properties["owner_specified.oaktree.published"]
    assert checksum in recorded.split()
    for check_mode in (True, False):
        forget()
        ended = run_module("image", **web_options, checksum=checksum, _ansible_check_mode=check_mode)
        assert (ended["results"][0]["action"], len(web.ranges)) == ("unchanged", 1)
    for spoilt in ({"owner_specified.oaktree.published": "sha256:0"}, {"owner_specified.openstack.md5": "0" * 32}):
        made.properties |= spoilt
        forget()
        before = len(web.ranges)
        ended = run_module("image", **web_options, checksum=checksum, _ansible_check_mode=True)
        assert len(web.ranges) == before + 1
        assert ended["results"][0]["action"] == "unchanged"


def test_check_mode_without_a_checksum(web: Web, web_options: dict[str, Any]) -> None:
    """Where there is no such image, nothing of the file matters but that it is there."""
    planned = run_module("image", **web_options, _ansible_check_mode=True)["results"][0]
    assert (planned["action"], planned["plan"]["disk_format"]) == ("created", None)
    assert len(web.ranges) == 1
    assert run_module("image", **web_options)["results"][0]["action"] == "created"
    assert run_module("image", **web_options, _ansible_check_mode=True)["results"][0]["action"] == "unchanged"
    web.answers = [whole(b"", 404)]
    ended = run_module("image", **web_options, _ansible_check_mode=True)
    assert (ended.ok, ended["kind"]) == (False, "input")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [None, "web_download"])
@pytest.mark.parametrize("known", [False, True])
def test_what_the_cloud_can_fetch_is_known_before_the_file_is_read(
    web_options: dict[str, Any], file: Path, scheme: str | None, *, known: bool
) -> None:
    """There is no object store either, by which a scheme that the task asks for could serve."""
    del web_options["scheme"]
    asked = {"scheme": scheme} if scheme else {}
    if known:
        asked["checksum"] = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    for check_mode in (True, False):
        ended = run_module("image", **web_options, **asked, _ansible_check_mode=check_mode)
        assert ended.ok, ended["failures"]
        (result,) = ended["results"]
        assert result["plan"]["scheme"] == "web_download"
        assert result["scheme"] == (None if check_mode else "web_download")


def test_a_file_that_did_not_change(web: Web, web_options: dict[str, Any], file: Path) -> None:
    web.answers = [whole(file.read_bytes(), ETag='"1"'), whole(b"", 304)]
    assert run_module("image", **web_options)["results"][0]["action"] == "created"
    for check_mode in (False, True):
        ended = run_module("image", **web_options, _ansible_check_mode=check_mode)
        assert ended["results"][0]["action"] == "unchanged"
        assert web.headers[-1]["If-None-Match"] == '"1"'


def test_an_image_that_another_run_deletes_meanwhile_has_no_members(
    clouds: FakeOpenStack, options: dict[str, Any], file: Path
) -> None:
    region = clouds["cloud1"]["r1"]
    assert run_module("image", **{**options, "locations": ["cloud1/r1"]}).ok
    (old,) = region.glance.images
    file.write_bytes(os.urandom(1 << 20))
    region.fault("GET", f"/images/{old}/members", Answer(404))
    ended = run_module("image", **{**options, "locations": ["cloud1/r1"]})
    assert ended.ok, ended["failures"]
    assert ended["results"][0]["action"] == "replaced"
    assert old not in region.glance.images


@pytest.mark.parametrize("request_that_fails", [("GET", "/members"), ("DELETE", "/images/")])
def test_an_image_that_is_published_beside_what_it_replaces_is_reported(
    clouds: FakeOpenStack, options: dict[str, Any], file: Path, request_that_fails: tuple[str, str]
) -> None:
    """The next run removes it."""
    region = clouds["cloud1"]["r1"]
    assert run_module("image", **{**options, "locations": ["cloud1/r1"]}).ok
    (old,) = region.glance.images
    file.write_bytes(os.urandom(1 << 20))
    region.fault(*request_that_fails, Answer(500))
    (failure,) = run_module("image", **{**options, "locations": ["cloud1/r1"]})["failures"]
    assert len(region.glance.images) == 2
    assert f"what it replaces could not be removed: {old}" in failure["error"]
    region.clear_faults()
    assert run_module("image", **{**options, "locations": ["cloud1/r1"]}).ok
    assert old not in region.glance.images
    assert len(region.glance.images) == 1
