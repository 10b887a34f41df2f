# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from outside, made fit to be shown."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import (
    LONGEST,
    SECRET_HEADER,
    SHORTEST_SECRET,
    counted,
    did_you_mean,
    keep_secret,
    one_line,
    secrets_of_urls,
    shown,
    without_secrets,
    without_url_secrets,
)

URL = "https://swift/v1/AUTH_x/c/o?temp_url_sig={}&temp_url_expires=17"


def test_what_is_kept_secret_is_masked_wherever_it_is_repeated() -> None:
    keep_secret("correct-h0rse", "x" * (SHORTEST_SECRET - 1), None, 5)
    assert without_secrets("no user with correct-h0rse, xxxxxxx") == "no user with ..., xxxxxxx"
    assert one_line("token=correct-h0rse<br />") == "token=..."


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 servers"),
        (1, "1 server"),
        (1.0, "1 server"),
        (2, "2 servers"),
        (0.5, "0.5 servers"),
        (10**9, "1000000000 servers"),
    ],
)
def test_counted_nouns_are_right_for_one(number: float, said: str) -> None:
    assert counted(number, "server") == said


@pytest.mark.parametrize(
    ("unknown", "said"),
    [(["pats"], "; did you mean path?"), (["pats", "urls"], "; did you mean path, url?"), (["x"], ""), ([], "")],
)
def test_similar_names(unknown: list[str], said: str) -> None:
    assert did_you_mean(unknown, ["path", "url"]) == said


def test_secrets_are_found_at_any_depth() -> None:
    keep_secret({"db": [{"password": "deep-h0rse"}, "listed-h0rse"], "port": 5432})
    assert without_secrets("deep-h0rse and listed-h0rse") == "... and ..."


def test_of_two_secrets_of_which_one_holds_the_other_nothing_is_left() -> None:
    keep_secret("staple-h0rse", "staple-h0rse-2", "my-staple-h0rse-2")
    assert without_secrets("staple-h0rse-2 my-staple-h0rse-2 staple-h0rse") == "... ... ..."


def test_a_text_is_compared_only_with_secrets_that_it_may_hold() -> None:
    class Counted(str):
        """A text that remembers which secrets it was searched for."""

        __slots__ = ()

        def replace(self, old: str, *_others: Any) -> str:
            replaced.append(old)
            return self

    replaced: list[str] = []

    keep_secret(*(f"{number:08d}-token" for number in range(1000)))
    without_secrets(Counted("neither 00000000 nor 00000007-token is one of thousands"))
    assert sorted(replaced) == ["00000000-token", "00000007-token"]


def test_a_key_does_not_depend_on_what_is_masked_elsewhere() -> None:
    keep_secret("battery-h0rse")
    text = "https://joe:pa55@host/battery-h0rse"
    assert without_url_secrets(text) == "https://host/battery-h0rse"
    assert without_secrets(text) == "https://host/..."


def test_secrets_of_urls() -> None:
    text = "sha256:https://joe:pa55@host/SUMS, https://jim@host/, redis://:s3cret@host, a:b@c and https://host:80/a@b"
    assert secrets_of_urls(text) == {"pa55", "s3cret"}
    text = (
        "https://host/a?temp_url_sig=0123456789abcdef&temp_url_expires=1 https://s3/b?x=y&X-Amz-Signature=fedcba98&z=1"
    )
    assert secrets_of_urls(text) == {"0123456789abcdef", "fedcba98"}
    assert secrets_of_urls("https://host/a?token=short") == set()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("plain", "plain"),
        ("a\n  b\t\tc\r\n", "a b c"),
        ("No image found<br /><br />\n\n", "No image found"),
        ("\u00fcml\u00e4ut \u6f22\u5b57", "\u00fcml\u00e4ut \u6f22\u5b57"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * (LONGEST + 1), "x" * (LONGEST - 3) + "..."),
        (" ".join("x" * LONGEST), ("x " * LONGEST)[: LONGEST - 3] + "..."),
    ],
)
def test_one_line(text: str, line: str) -> None:
    assert one_line(text) == line
    assert len(one_line(text)) <= LONGEST


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no URL", "no URL"),
        (URL.format("0123abcd"), URL.format("...")),
        (URL.format("sha512:F6CO-_=="), URL.format("...")),
        (URL.format("sha512%3Aabc-_%3D"), URL.format("...")),
        (f"GET {URL.format('a')} and PUT {URL.format('b')}", f"GET {URL.format('...')} and PUT {URL.format('...')}"),
        ("o?temp_url_expires=17&temp_url_sig=abc", "o?temp_url_expires=17&temp_url_sig=..."),
        ('{"uri": "https://s/o?temp_url_sig=abc"}', '{"uri": "https://s/o?temp_url_sig=..."}'),
        ("https://joe:pa55@host/SUMS and redis://:pa55@host", "https://host/SUMS and redis://host"),
        ("https://joe:p@55@host/SUMS", "https://host/SUMS"),
        ("https://joe:it's@host/SUMS", "https://host/SUMS"),
        ("'https://host/a' and 'joe@host'", "'https://host/a' and 'joe@host'"),
        ("s3/o?X-Amz-Date=1&X-Amz-Signature=abc", "s3/o?X-Amz-Date=1&X-Amz-Signature=..."),
        ("s3/o?X-Amz-Security-Token=abc%2F&versionId=7", "s3/o?X-Amz-Security-Token=...&versionId=7"),
        ("gs/o?X-Goog-Signature=abc", "gs/o?X-Goog-Signature=..."),
        ("h/o?access_token=abc", "h/o?access_token=..."),
        ("o?TEMP_URL_SIG=abc", "o?TEMP_URL_SIG=..."),
        ("o?temp_url_sig%3Dabc", "o?temp_url_sig%3D..."),
        ('"o?a=b\\u0026temp_url_sig\\u003dabc"', '"o?a=b\\u0026temp_url_sig\\u003d..."'),
        ("a@b and user@host", "a@b and user@host"),
    ],
)
def test_signatures_are_masked(text: str, masked: str) -> None:
    assert without_secrets(text) == masked
    assert one_line(text) == masked


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x07\x00", r"\x1b[31mred\x07\x00"),
        ("a\u202eb\u200bc\x9b", r"a\u202eb\u200bc\x9b"),
        ("a&#x202e;b &#xfeff;", r"a\u202eb \ufeff"),
        ("https:&#x2F;&#x2F;joe:pa55@host/ https://joe:p&#x27;5@host/", "https://host/ https://host/"),
        ("it&#x27;s &lt;not&gt; &amp; so", "it's <not> & so"),
        ("<html><title>403 Forbidden</title><body><h1>No</h1></body></html>", "No"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("\ud800", r"\ud800"),
    ],
)
def test_only_what_can_be_shown_is_shown(text: str, line: str) -> None:
    assert one_line(text) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("plain <b> &amp; \u00fc\u6f22\U0001f600", "plain <b> &amp; \u00fc\u6f22\U0001f600"),
        ("a\tb\nc\r\nd\x85e\u2028f\u00a0g", "a b c  d e f g"),
        ("\x00\x07\x08\x1b\x7f\x9b", r"\x00\x07\x08\x1b\x7f\x9b"),
        ("\u200e\u202a\u202e\u2066\u2069\ufeff\U000e0041", r"\u200e\u202a\u202e\u2066\u2069\ufeff\U000e0041"),
        ("\udc80", r"\udc80"),
        ("https://joe:pa55@host/x\x1b", r"https://host/x\x1b"),
    ],
)
def test_what_commands_a_terminal_is_made_visible(text: str, line: str) -> None:
    assert shown(text) == line
    assert shown(text).isprintable()
    assert shown(line) == line


def test_a_signature_does_not_show_where_the_text_is_cut() -> None:
    assert "secret" not in one_line("x" * (LONGEST - 20) + " temp_url_sig=secret" + "y" * 50)


@pytest.mark.parametrize("begun", ["a.", "a-", "a+", "<title>", "<!--a", "a://", "?sig=", "&#", "<a "])
def test_what_begins_again_and_again_takes_time_by_its_length_only(begun: str) -> None:
    """Eight times the text takes some eight times as long, and not sixty-four times."""

    def seconds(length: int) -> float:
        text = begun * (length // len(begun))
        spent = []
        for _try in range(3):
            start = time.thread_time()
            one_line(text)
            spent.append(time.thread_time() - start)
        return min(spent)

    assert seconds(16000) < 24 * seconds(2000)


def test_markup_within_markup() -> None:
    assert one_line("<title>404</title><!-- a <b> c -->Not <b>found</b>") == "Not found"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("X-Auth-Token", True),
        ("x-subject-token", True),
        ("Set-Cookie", True),
        ("Authorization", True),
        ("X-Account-Meta-Temp-URL-Key", True),
        ("X-Container-Meta-Temp-URL-Key-2", True),
        ("X-Container-Meta-Access-Secret", True),
        ("Content-Type", False),
        ("X-Openstack-Request-Id", False),
        ("X-Container-Meta-Keyboard", False),
        ("Etag", False),
    ],
)
def test_headers_whose_names_mean_a_secret(name: str, *, secret: bool) -> None:
    assert bool(SECRET_HEADER.search(name)) is secret
