# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cloud fetches a URL: the user's own, or that of a temporary object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import web_download
from tests.support.image_contexts import PUT_ONLY, WEB, case
from tests.support.image_site import Site, digest

URL = "https://images.example.com/x"


@pytest.mark.parametrize(
    ("facts", "refusal", "detour"),
    [
        ({"url": URL}, None, False),
        (
            {},
            "the image does not come from a URL that a cloud can fetch, and there is no object store to fetch it from",
            True,
        ),
        ({"url": URL, "disk_format": "qcow2"}, "the image must be converted first, and there is no object store", True),
        ({"survey": {"object_store": True}}, None, True),
    ],
)
def test_refusal(facts: dict[str, Any], refusal: str | None, *, detour: bool) -> None:
    found = web_download.refusal(case("a", WEB, **facts))
    assert (found or "").startswith(refusal or "")
    assert (found is None) is (refusal is None)
    assert web_download.is_detour(case("a", WEB, **facts)) is detour


def test_refusal_where_it_is_not_offered() -> None:
    assert web_download.refusal(case("a", PUT_ONLY, url=URL)) == "the import method web-download is not offered"


def test_reason() -> None:
    assert web_download.reason(case("a", WEB, url=URL)).endswith("the cloud can fetch the URL by itself")
    assert web_download.reason(case("a", WEB)).endswith("the cloud can fetch from its object store")


def test_the_cloud_fetches_a_temporary_object(site: Callable[..., Site]) -> None:
    made = site("v2", object_store=True)
    assert made.act(scheme="web_download") == ["created"]
    (image,) = made.region.glance.images.values()
    assert image.checksum == digest(made.file.read_bytes())
    assert [account.containers for account in made.region.swift.store.accounts.values()] == [{}]
