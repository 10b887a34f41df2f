# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.urls import (
    is_url,
    keystone_root,
    plain_url,
    same_origin,
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a/x", "https://a/y", True),
        ("https://a/x", "https://a:443/y", True),
        ("http://a:5000/x", "https://a:5000/y", True),
        ("https://a/x", "http://a/y", False),
        ("https://a/x", "https://b/x", False),
        ("https://a/x", "https://a:444/x", False),
        ("https://a/x", "https://a@b/x", False),
        ("https://a/x", "https://A/x", True),
        ("https://a/x", "https://[", False),
        ("https://a/x", "https://a:nine/x", False),
        ("", "", False),
    ],
)
def test_same_origin(one: str, other: str, *, same: bool) -> None:
    assert same_origin(one, other) is same


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        *(
            (text, True)
            for text in ("https://a", "http://a.b.:80/x", "HTTPS://A", "https://[::1]:5000/v3", "http://b\u00fc")
        ),
        *((text, True) for text in ("http://10.0.0.1", "https://my_host/v3", "https://[fe80::1%25eth0]")),
        *(
            (text, False)
            for text in ("", "a", "x/v1", "ftp://a", "htps://a", "http://", "http:///x", "http://[", "//a")
        ),
        *((text, False) for text in ("http://a b", "http://\x1b[2J", "http://.a", "http://a..b", f"http://{'a' * 64}")),
        *(
            (text, False)
            for text in ("http://a:99999", "http://a:nine", "http://a\x00b", "http://a,b", "http://a\u202e")
        ),
    ],
)
def test_what_is_a_url(text: str, *, usable: bool) -> None:
    assert is_url(text) is usable


@pytest.mark.parametrize(
    ("auth_url", "root"),
    [
        ("https://a:5000/v3", "https://a:5000"),
        ("https://A/identity/v3/", "https://a/identity"),
        ("https://a:443/v2.0", "https://a"),
        ("http://a:80", "http://a"),
        ("https://v3", "https://v3"),
    ],
)
def test_a_keystone_is_one_however_its_url_is_written(auth_url: str, root: str) -> None:
    assert keystone_root(auth_url) == root


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://A.example/Image/", "https://a.example/Image"),
        ("HTTPS://a:443", "https://a"),
        ("https://a:443/", "https://a"),
        ("http://a:80/x", "http://a/x"),
        ("http://a:443", "http://a:443"),
        ("http://[::1]:9292//", "http://[::1]:9292"),
    ],
)
def test_a_service_is_one_however_its_host_is_written(url: str, plain: str) -> None:
    assert plain_url(url) == plain
