# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another region of the same cloud serves the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.deadline import Deadline
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.fingerprint import Fingerprint
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.relay import RelayBoard
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import glance_download, v2_put
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.transfer import Transfer
from tests.support import image_formats
from tests.support.image_contexts import IMPORTS, PUT_ONLY, SAME, case
from tests.support.image_site import Site

SOURCE = Location("alpha", "north")


def attempt(source_region: Location | None, board: RelayBoard) -> Any:
    """As much of an Attempt as sending needs, which writes down what is asked of the cloud."""
    asked: list[Any] = []
    settings = SimpleNamespace(interface=lambda service: f"{service}-interface")
    connection = SimpleNamespace(deadline=Deadline(5), region=SimpleNamespace(settings=settings))
    return SimpleNamespace(
        asked=asked,
        connection=connection,
        context=replace(case("a", IMPORTS), source_region=source_region),
        relay_board=board,
        create=asked.append,
        start_import=asked.append,
    )


def test_refusal_and_reason() -> None:
    served = replace(case("a", IMPORTS), source_region=SOURCE)
    assert glance_download.refusal(served) is None
    assert glance_download.reason(served) == (
        "glance_download because alpha/north of the same cloud can serve the image"
    )
    assert glance_download.refusal(case("a", PUT_ONLY)) == "the import method glance-download is not offered"
    assert glance_download.refusal(case("a", IMPORTS)) == "no other region of the cloud has the image or is sent it"
    assert not glance_download.is_detour(served)


def test_the_cloud_fetches_the_image_of_the_source_region() -> None:
    board = RelayBoard()
    board.keep(SOURCE, SAME)
    made = attempt(SOURCE, board)
    glance_download.send(made)
    expected, method = made.asked
    assert expected == Fingerprint(SAME["size"], "raw", {"md5": SAME["checksum"], "sha512": SAME["os_hash_value"]})
    assert method == {
        "name": "glance-download",
        "glance_region": "north",
        "glance_image_id": "id-1",
        "glance_service_interface": "image-interface",
    }


def test_without_a_source_region_nothing_is_asked() -> None:
    made = attempt(None, RelayBoard())
    with pytest.raises(ServerError, match="no source region was chosen for glance-download"):
        glance_download.send(made)
    assert made.asked == []


def test_a_source_region_that_fails_is_reported() -> None:
    board = RelayBoard()
    board.break_off(SOURCE)
    with pytest.raises(ServerError, match="alpha/north did not complete its image"):
        glance_download.send(attempt(SOURCE, board))


def test_what_the_source_region_has_besides_does_not_come_along() -> None:
    board = RelayBoard()
    board.keep(SOURCE, {**SAME, "hw_x": "1", "hw_asked": "1", "os_y": "2", "owner_specified.openstack.md5": "m"})
    context = replace(case("a", IMPORTS, wanted={"properties": {"hw_asked": "1"}}), source_region=SOURCE)
    upload: Any = SimpleNamespace(schemes=(glance_download,), metadata={})
    connection: Any = SimpleNamespace(deadline=Deadline(5))
    data: Any = SimpleNamespace()
    transfer = Transfer(connection, context, upload, data, board)
    arrived = {**SAME, "hw_x": "1", "hw_asked": "1", "os_y": "other", "vendor": "z"}
    assert transfer.brought_along(arrived) == {"hw_x"}
    transfer.scheme = v2_put
    assert transfer.brought_along(arrived) == set()


@pytest.mark.usefixtures("fast_clock")
def test_what_the_source_region_converted_is_known_by_what_it_was_sent(site: Callable[..., Site]) -> None:
    made = site("v2", regions=2)
    made.write(image_formats.qcow2())
    for region in made.clouds["cloud1"].regions.values():
        region.glance.import_methods, region.glance.converts_to = ["glance-direct", "glance-download"], "raw"
    direct = {"locations": ["cloud1/r1"], "scheme": "glance_direct"}
    created = made.run(relay="only", overrides=[direct])["results"]
    assert [result["scheme"] for result in created] == ["glance_direct", "glance_download"]
    assert [result["image"]["disk_format"] for result in created] == ["raw", "raw"]
    assert made.act(relay="only", overrides=[direct]) == ["unchanged", "unchanged"]
    made.write(image_formats.qcow2(version=2))
    assert made.act(relay="only", overrides=[direct]) == ["replaced", "replaced"]
