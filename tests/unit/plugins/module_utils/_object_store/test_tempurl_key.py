# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that URLs are signed with: whose they are, and that the store takes them."""

from __future__ import annotations

import time

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import RefusedError, ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.client import Container
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl import SignedUrlError, Signer
from ansible_collections.oaktree.multicloud.plugins.module_utils._object_store.tempurl_key import signer
from tests.support.fake_openstack import Answer
from tests.support.object_site import CONTAINER, DATA, ObjectSite

KEY, KEY_2 = "Meta-Temp-URL-Key", "Meta-Temp-URL-Key-2"


def made(objects: ObjectSite, *digests: str, ours: bool = True, method: str = "PUT") -> Signer:
    objects.clouds.counters.reset()
    return signer(objects.swift, Container(CONTAINER, ours), digests or ("sha256",), method)


def test_a_container_of_ours_is_given_a_key_once(objects: ObjectSite) -> None:
    first = made(objects)
    assert (len(first.key) >= 32, objects.requests("POST")) == (True, 1)
    assert objects.containers[CONTAINER].headers[f"X-Container-{KEY}"] == first.key
    assert made(objects) == first
    assert (objects.requests("HEAD"), objects.requests("POST")) == (2, 0)


@pytest.mark.parametrize("name", [KEY, KEY_2])
@pytest.mark.parametrize("ours", [True, False])
def test_a_key_that_is_there_is_used_and_kept(objects: ObjectSite, name: str, *, ours: bool) -> None:
    objects.swift.update_container(CONTAINER, {f"X-Container-{name}": "theirs"})
    assert made(objects, ours=ours).key == "theirs"
    assert objects.requests("POST") == 0


@pytest.mark.parametrize("name", [KEY, KEY_2])
def test_the_account_has_a_key_for_the_containers_of_others(objects: ObjectSite, name: str) -> None:
    objects.swift._service.request("POST", "", headers={f"X-Account-{name}": "everybody's"})
    assert made(objects, ours=False).key == "everybody's"
    assert made(objects, ours=True).key != "everybody's"


def test_no_key_is_set_on_what_others_made(objects: ObjectSite) -> None:
    with pytest.raises(RefusedError, match="neither the container images nor the account has a key"):
        made(objects, ours=False)
    assert objects.requests("POST") == 0


def test_a_cluster_without_signed_urls_is_not_given_a_key(objects: ObjectSite) -> None:
    with pytest.raises(RefusedError, match="no signed URLs"):
        made(objects, "md5")
    assert objects.requests("POST") == 0


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_the_store_takes_what_is_signed(objects: ObjectSite, digest: str) -> None:
    signs, soon = made(objects, digest), int(time.time()) + 60
    target = f"{CONTAINER}/über/leer zeichen"
    assert requests.put(signs.url("PUT", target, soon), data=DATA, timeout=5).status_code == 201
    assert requests.get(signs.url("GET", target, soon), timeout=5).content == DATA
    assert requests.get(signs.url("PUT", target, soon), timeout=5).status_code == 401
    assert requests.get(signs.url("GET", target, soon - 120), timeout=5).status_code == 401
    assert requests.get(Signer(signs.endpoint, digest, "x").url("GET", target, soon), timeout=5).status_code == 401


def test_what_is_signed_is_tried_before_it_is_believed(objects: ObjectSite) -> None:
    """Here the key of the account works, and that of the container does not."""
    objects.swift._service.request("POST", "", headers={f"X-Account-{KEY}": "everybody's"})
    objects.region.fault("HEAD", r"\.trial\?", Answer(401), times=2)
    assert made(objects).key == "everybody's"
    assert (objects.requests("HEAD"), objects.clouds.counters.tokens) == (5, 0)
    assert objects.objects == {}


def test_a_key_may_take_a_moment_to_be_known_everywhere(objects: ObjectSite) -> None:
    objects.region.fault("HEAD", r"\.trial\?", Answer(401), times=1)
    assert made(objects).key == objects.containers[CONTAINER].headers[f"X-Container-{KEY}"]


@pytest.mark.parametrize("status", [400, 401, 403, 405])
def test_no_key_that_works(objects: ObjectSite, status: int) -> None:
    objects.region.fault("HEAD", r"\.trial\?", Answer(status))
    with pytest.raises(SignedUrlError, match="refuses URLs that are signed with the key of the container images, and"):
        made(objects)
    objects.swift._service.request("POST", "", headers={f"X-Account-{KEY}": "everybody's"})
    with pytest.raises(SignedUrlError, match="refuses URLs that are signed for the container images"):
        made(objects, ours=False)


def test_a_store_that_fails_is_not_one_without_signed_urls(objects: ObjectSite) -> None:
    objects.region.fault("HEAD", r"\.trial\?", Answer(500))
    with pytest.raises(ServerError):
        made(objects)
