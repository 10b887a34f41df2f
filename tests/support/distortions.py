# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hostile or broken service makes of its answers, as values that hypothesis draws and prints.

A distortion is given a right `Answer` and returns a wrong one. What it changes it selects by number, modulo what the
answer has, so that it applies to any answer. `PASSWORD` and `TOKEN` stand for the secrets that the service has been
told, and `reflecting` puts them in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from hypothesis import strategies as st

from tests.support.fake_openstack import Answer

PASSWORD, TOKEN = "@PASSWORD@", "@TOKEN@"
DEEP = 3000
"""Levels of a value that no service sends."""


class Long(str):
    """A long text of one repeated part, which a failing example does not print at length."""

    __slots__ = ("_part", "_times")
    _part: str
    _times: int

    def __new__(cls, part: str, times: int) -> Self:
        """Return the part so many times."""
        made = super().__new__(cls, part * times)
        made._part, made._times = part, times
        return made

    def __repr__(self) -> str:
        return f"Long({self._part!r}, {self._times})"


@dataclass(frozen=True)
class Nested:
    """A value in so many lists, or mappings, which JSON text is made of only where it is sent."""

    levels: int
    mapping: bool = False


@dataclass(frozen=True)
class Literal:
    """A value by its JSON text, which Python would write otherwise."""

    text: str


ODD_TEXTS = (
    "",
    " ",
    "a\nb\r\nc",
    "nul\x00",
    "\x1b[2J\x1b]0;title\x07red",
    "\u202egpj.exe",
    "\ud800",
    "\udfff\ud83d",
    "../../../etc/passwd",
    "..",
    ".",
    "/etc/passwd",
    "%2e%2e%2f%2f",
    "raw/../../x",
    "{{ lookup('pipe', 'id') }}",
    "{% for x in y %}",
    "$(id)`id`",
    "<script>alert(1)</script>&#x1b;",
    Long("e\u0301", 2000),
    Long("x", 100_000),
    "1e999",
    "-1",
    "0x10",
    "\u0661\u0662",
    Long("9", 5000),
    "NaN",
    "null",
    "true",
    "active",
    "queued",
    "killed",
    "deleted",
    "success",
    "failure",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00Z",
    "2026-01-01T00:00:00+99:99",
    "00000000-0000-0000-0000-000000000000",
    "http://",
    "http://[::1",
    "http://127.0.0.1:99999/v2",
    "http://127.0.0.1:1/v2",
    "//127.0.0.1:1/v3",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    f"http://joe:{PASSWORD}@127.0.0.1:1/?temp_url_sig={TOKEN}",
    f"rejected X-Auth-Token: {TOKEN} and {PASSWORD}",
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    1.5,
    2**31,
    2**63,
    10**40,
    -(10**40),
    1e308,
    float("nan"),
    float("inf"),
    Literal("1e999"),
    Literal(Long("1", 5000)),
    Literal('{"a": 1, "a": 2}'),
    [],
    {},
    [None],
    [[]],
    [0, "a", None],
    {"": None},
    {"id": None},
    [{"id": "x"}],
    {"a": {"b": {"c": 1}}},
)
BODIES: Mapping[str, bytes] = {
    "empty": b"",
    "a space": b" ",
    "null": b"null",
    "true": b"true",
    "zero": b"0",
    "a text": b'"text"',
    "a list": b"[]",
    "an object": b"{}",
    "a list of an object": b"[{}]",
    "half an object": b"{",
    "two objects": b'{"a": 1}{"b": 2}',
    "UTF-16": b"\xff\xfe{\x00}\x00",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a surrogate": b"\xed\xa0\x80",
    "no UTF-8": b"\x80",
    "NaN": b"NaN",
    "infinity": b"1e999",
    "a number of 5000 digits": b"9" * 5000,
    "a page": b"<html><h1>It works!</h1></html>",
    "gzip": b"\x1f\x8b\x08\x00broken",
    "many lists": b"[" * 100_000,
    "many objects": b'{"a":' * 20_000,
    "a deep error": b'{"error": {"message": ' + b"[" * 3000 + b"]" * 3000 + b"}}",
}
STATUSES = (
    *(0, 99, 100, 101, 103, 199, 201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 307, 308),
    *(400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 428),
    *(429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 508, 511, 520, 599, 600, 999, 1000),
)
HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Type": (
        "",
        "text/html",
        "application/json; charset=\ud800",
        "application/octet-stream",
        Long("x", 70_000),
    ),
    "Content-Length": ("0", "1", "-1", "99999999999999999999", "many", "\u0663"),
    "Content-Encoding": ("gzip", "deflate", "br", "zstd", "gzip, gzip", "x\x1b"),
    "Transfer-Encoding": ("chunked", "gzip", "identity"),
    "Location": ("/", "http://127.0.0.1:1/", "file:///etc/passwd", "//", "http://[", "x\x00", "/v3/auth/tokens"),
    "Retry-After": ("-1", "nan", "inf", "1e9", "10000000000000000000000", "soon", "Mon, 99 Foo 2026", "\u0662", "0"),
    "Date": ("", "nan", "Mon, 01 Jan 99999 00:00:00 GMT"),
    "ETag": ("", '"', "\ud800", Long("x", 10_000), Long("0", 32)),
    "Last-Modified": ("", "nan", "Thu, 01 Jan 99999 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 +9999"),
    "Content-Range": ("", "bytes 0-0/1", "bytes x-y/z", "bytes 5-1/*", "bytes 0-99999999999999999999/1"),
    "WWW-Authenticate": ("", "Keystone uri=\x1b", "Basic realm=" + Long("x", 1000)),
    "Set-Cookie": ("a=b", "\x00=;;;", Long("x", 10_000)),
    "Vary": ("*",),
    "X-Subject-Token": ("", " ", "\ud800", "a b", Long("x", 60_000), "\u20ac"),
    "X-Openstack-Request-Id": (Long("x", 10_000), "\x1b[31m", "req\u2028"),
    "X-Static-Large-Object": ("True", "maybe"),
    "X-Account-Container-Count": ("nan",),
    "X-Container-Object-Count": ("-1",),
    "X-Container-Meta-Temp-Url-Key": ("", "\ud800", "\u20ac", Long("x", 10_000)),
    "X-Account-Meta-Temp-Url-Key": ("", "\ud800", "\u20ac"),
    "X-Object-Meta-Oaktree-Upload": ("", "////", "%00%ff/%%/a/b", Long("x", 10_000), "\ud800"),
    "X-Image-Meta-Status": ("", "active", "\ud800"),
    "X-Image-Meta-Size": ("", "nan", "-1", Long("9", 5000)),
    "OpenStack-image-import-methods": ("", "\ud800", Long("web-download,", 1000)),
    "": ("no name",),
    "no colon\r\nX": ("1",),
    "\x00": ("nul",),
    "\u20ac": ("euro",),
}


class _Twice(dict[str, Any]):
    """An object that has its first key twice, with another value the second time."""

    def items(self) -> Any:
        first = next(iter(self), None)
        return [*super().items(), *([] if first is None else [(first, None)])]


@dataclass(frozen=True)
class Put:
    """One value of the JSON body, of all that it has inside and itself, becomes another."""

    where: int
    value: Any

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return _with_json(answer, lambda data: _replaced(data, self.where, lambda _old: self.value))


@dataclass(frozen=True)
class Drop:
    """One member of a list or an object is not there."""

    where: int

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return _with_json(answer, lambda data: _without(data, self.where))


@dataclass(frozen=True)
class Twice:
    """One value is there twice: an item of a list; or an object has its first key twice; or a text is doubled."""

    where: int

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return _with_json(answer, lambda data: _replaced(data, self.where, _doubled))


@dataclass(frozen=True)
class Rename:
    """An object has one more key, which is odd."""

    where: int
    key: str

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""

        def renamed(old: Any) -> Any:
            return {**old, self.key: next(iter(old.values()), None)} if isinstance(old, dict) else {self.key: old}

        return _with_json(answer, lambda data: _replaced(data, self.where, renamed))


@dataclass(frozen=True)
class Body:
    """The body is one of `BODIES`."""

    name: str

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return replace(answer, body=BODIES[self.name])


@dataclass(frozen=True)
class Cut:
    """The body ends early, and the headers say so: complete HTTP."""

    share: float

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return replace(answer, body=answer.body[: int(len(answer.body) * self.share)])


@dataclass(frozen=True)
class Recoded:
    """The body is in another encoding of text."""

    encoding: str

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return replace(answer, body=answer.body.decode("latin-1").encode(self.encoding))


@dataclass(frozen=True)
class Status:
    """The status is another one; the body stays."""

    status: int

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return replace(answer, status=self.status)


@dataclass(frozen=True)
class Message:
    """The body is that of an error, in the shape that most services give it."""

    text: str

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return replace(answer, body=json.dumps({"error": {"message": self.text, "code": self.text}}).encode())


@dataclass(frozen=True)
class Header:
    """A header has another value, or with None is not there."""

    name: str
    value: str | None

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        others = {name: value for name, value in answer.headers.items() if name.lower() != self.name.lower()}
        return replace(answer, headers=others if self.value is None else {**others, self.name: self.value})


@dataclass(frozen=True)
class Both:
    """Two distortions."""

    one: Distortion
    other: Distortion

    def __call__(self, answer: Answer) -> Answer:
        """Return the wrong answer."""
        return self.other(self.one(answer))


Distortion = Callable[[Answer], Answer]


@dataclass(frozen=True)
class Strike:
    """A distortion of some answers to one kind of request: of the `first` (1-based), and of all that follow, or not."""

    distortion: Distortion
    first: int
    always: bool


def strikes() -> st.SearchStrategy[Strike]:
    """Every kind of distortion, of the first answers, once or always."""
    one = _distortions()
    distortions = one | st.builds(Both, one, one)
    return st.builds(Strike, distortions, st.sampled_from([1, 1, 1, 2, 3]), st.booleans())


def _distortions() -> st.SearchStrategy[Distortion]:
    where = st.integers(0, 400)
    text = st.sampled_from(ODD_TEXTS) | st.text(max_size=20) | st.text(st.characters(codec=None), max_size=5)
    nested = st.builds(Nested, st.sampled_from([60, 70, DEEP]), st.booleans())
    value = st.sampled_from(ODD_VALUES) | text | nested
    names = st.sampled_from(sorted(HEADERS))
    header = names.flatmap(lambda name: st.builds(Header, st.just(name), st.sampled_from((*HEADERS[name], None))))
    body = st.builds(Body, st.sampled_from(sorted(BODIES)))
    status = st.builds(Status, st.sampled_from(STATUSES))
    in_json = st.builds(Put, where, value) | st.builds(Drop, where) | st.builds(Twice, where)
    return (
        in_json
        | st.builds(Put, where, value)
        | st.builds(Rename, where, text)
        | body
        | st.builds(Cut, st.sampled_from([0.0, 0.1, 0.5, 0.9]))
        | st.builds(Recoded, st.sampled_from(["utf-16", "utf-32", "utf-7"]))
        | status
        | st.builds(Both, status, body | st.builds(Message, text))
        | header
    )


def reflecting(distortion: Distortion, secrets: Callable[[], Mapping[str, str]]) -> Distortion:
    """The distortion, with secrets put in where their placeholders stand, in the body and in headers."""

    def reflected(answer: Answer) -> Answer:
        distorted = distortion(answer)
        body, headers = distorted.body, dict(distorted.headers)
        for placeholder, secret in secrets().items():
            body = body.replace(placeholder.encode(), secret.encode())
            headers = {name: value.replace(placeholder, secret) for name, value in headers.items()}
        return replace(distorted, body=body, headers=headers)

    return reflected


def _with_json(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """The answer with a changed JSON body; one without JSON gets a JSON body that is the change of nothing."""
    try:
        data = json.loads(answer.body)
    except ValueError:
        data = None
    return replace(answer, body=_dumps(change(data)).encode("utf-8", "surrogatepass"))


def _dumps(value: Any) -> str:
    """As `json.dumps`, which cannot write values that are nested deeper than Python's stack."""
    written: list[str] = []

    def by_text(value: Any) -> str:
        if isinstance(value, Nested):
            opening, closing = ('{"a":', "}") if value.mapping else ("[", "]")
            written.append(opening * value.levels + "0" + closing * value.levels)
        else:
            written.append(value.text)
        return f"@WRITTEN{len(written) - 1}@"

    text = json.dumps(value, default=by_text)
    for number, inner in enumerate(written):
        text = text.replace(f'"@WRITTEN{number}@"', inner)
    return text


def _nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to a value and to all that is in it."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _nodes(member, (*path, key))


def _replaced(data: Any, where: int, change: Callable[[Any], Any]) -> Any:
    paths = list(_nodes(data))
    return _at(data, paths[where % len(paths)], change)


def _at(data: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(data)
    made = data.copy()
    made[path[0]] = _at(data[path[0]], path[1:], change)
    return made


def _without(data: Any, where: int) -> Any:
    paths = [path for path in _nodes(data) if path]
    if not paths:
        return None
    path = paths[where % len(paths)]

    def less(members: Any) -> Any:
        left = members.copy()
        del left[path[-1]]
        return left

    return _at(data, path[:-1], less)


def _doubled(old: Any) -> Any:
    if isinstance(old, dict):
        return _Twice(old)
    return old * 2 if isinstance(old, list | str) else [old, old]
