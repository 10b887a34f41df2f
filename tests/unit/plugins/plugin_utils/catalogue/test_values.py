# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be written in a catalogue, and what is said of anything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue import values
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.catalogue.values import Place

HERE = Place("debian.yml").of_image("Debian 13").of_version("1")
DIGEST = "ab" * 32


@pytest.mark.parametrize(
    ("check", "given", "meant"),
    [
        (values.text, "a", "a"),
        (values.text, 20260108, "20260108"),
        (values.text, date(2026, 1, 8), "2026-01-08"),
        (values.text, "x" * 255, "x" * 255),
        (values.text, "Débian {{ 7 * 7 }} <b>", "Débian {{ 7 * 7 }} <b>"),
        (values.integer, None, None),
        (values.integer, "", None),
        (values.integer, " 2 ", 2),
        (values.integer, 0, 0),
        (values.truth, "no", False),
        (values.truth, True, True),
        (values.day, None, None),
        (values.day, "2026-01-08T10:00:00Z", date(2026, 1, 8)),
        (values.day, date(2026, 1, 8), date(2026, 1, 8)),
        (values.day, datetime(2026, 1, 8, 9, tzinfo=UTC), date(2026, 1, 8)),
        (
            values.url,
            "https://user:secret@host.example:8080/a%20b?sig=1",
            "https://user:secret@host.example:8080/a%20b?sig=1",
        ),
        (values.checksum, f"sha256:{DIGEST}", f"sha256:{DIGEST}"),
        (values.checksum, f"SHA-256:{DIGEST.upper()}", f"SHA-256:{DIGEST.upper()}"),
        (values.checksum, "sha512:https://h.example/SHA512SUMS", "sha512:https://h.example/SHA512SUMS"),
        (values.checksum, "md5:lists/MD5SUMS", "md5:lists/MD5SUMS"),
        (values.checksum, "md5:/abc", "md5:/abc"),
        (values.sequence, None, []),
        (values.sequence, (1,), [1]),
    ],
)
def test_meant(check: Callable[..., Any], given: Any, meant: Any) -> None:
    assert check(given, HERE, "key") == meant


@pytest.mark.parametrize(
    ("check", "given", "said"),
    [
        (values.text, 9.10, "key is the number 9.1 (input). Write it in quotes"),
        (values.text, None, "key is empty"),
        (values.text, True, "key is true or false"),
        (values.text, ["a"], "key is a list"),
        (values.text, "", "key has 0 characters"),
        (values.text, "x" * 256, "key has 256 characters (input). Write 1 to 255."),
        (values.text, "a\nb", "key has characters that cannot be printed"),
        (values.text, "a\x1b[31mb", "key has characters that cannot be printed"),
        (values.integer, -1, "key is -1"),
        (values.integer, "two", "key is 'two' (input). Write a whole number"),
        (values.integer, True, "key is True"),
        (values.integer, "²", "key is '²'"),
        (values.truth, "perhaps", "key is 'perhaps' (input). Write true or false."),
        (values.day, "soon", "key is 'soon' (input). Write it as YYYY-MM-DD."),
        (values.day, "20260108-1", "key is '20260108-1'"),
        (values.url, "ftp://h.example/a", "key is no http or https URL"),
        (values.url, "https:///a", "key is no http or https URL"),
        (values.url, "https://h.example/a b", "key is no http or https URL"),
        (values.url, "https://h.example:port/a", "key is no http or https URL"),
        (values.url, 5, "key is no http or https URL"),
        (values.checksum, DIGEST, "key names none of the algorithms, or no digest (input). Write ALGORITHM:DIGEST"),
        (values.checksum, "sha1:" + "a" * 40, "key names none of the algorithms"),
        (values.checksum, "sha512:", "key names none of the algorithms, or no digest"),
        (values.checksum, "sha512:…", "key has no sha512 digest: it has 1 character after"),
        (values.checksum, f"sha512:{DIGEST}", "key has no sha512 digest: it has 64 characters"),
        (values.checksum, "sha512:" + "g" * 128, "key has no sha512 digest"),
        (values.checksum, "sha512:...", "key has no sha512 digest"),
        (values.checksum, 5, "key is a number"),
        (values.day, "2026-02-30", "key is '2026-02-30'"),
        (values.day, 20260108, "key is 20260108"),
        (values.sequence, "a", "key is a text"),
        (values.sequence, {}, "key is a mapping"),
    ],
)
def test_refused(check: Callable[..., Any], given: Any, said: str) -> None:
    with pytest.raises(InputError) as raised:
        check(given, HERE, "key")
    assert raised.value.summary.startswith(f"debian.yml, image 'Debian 13', version '1': {said}")


def test_a_url_that_is_refused_is_not_shown() -> None:
    with pytest.raises(InputError) as raised:
        values.url("ftp://user:hunter2hunter2@h.example/a", HERE, "url")
    assert "hunter2" not in raised.value.summary


def test_a_key_that_means_nothing() -> None:
    values.check_keys(["url"], ["url"], HERE)
    with pytest.raises(InputError) as raised:
        values.check_keys(["chekcsum"], ["checksum", "url"], HERE)
    assert "'chekcsum' is no key of this; did you mean checksum? (input). Keys are " in raised.value.summary
    with pytest.raises(InputError) as raised:
        values.check_keys(["other"], ["url", "path"], Place("a.yml"))
    assert (
        raised.value.summary
        == "a.yml: 'other' is no key of this (input). Keys are path, url. Correct it, or remove it."
    )


def test_mapping_and_choice() -> None:
    assert values.mapping({1: 2}, HERE, "it") == {"1": 2}
    with pytest.raises(InputError, match="it is a list"):
        values.mapping([], HERE, "it")
    assert values.choice("a", ["a", "b"], HERE, "key") == "a"
    with pytest.raises(InputError) as raised:
        values.choice("c", ["a", "b"], HERE, "key")
    assert raised.value.summary.endswith("key is 'c' (input). Choose one of a, b.")


def test_versions_sort_as_people_count() -> None:
    versions = ["latest", "9.10", "9.2", "20260108", "9.2-rc1", "10", "v2", "v10"]
    assert sorted(versions, key=values.natural) == ["9.2", "9.2-rc1", "9.10", "10", "20260108", "latest", "v2", "v10"]
