# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Just enough of a client to fill the clouds, made of the standard library."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from .errors import CloudsError

_TIMEOUT = 120.0
_OK = frozenset((200, 201, 202, 204))
# A proxy of the user's would not find our loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Session:
    """A user's requests within one project, with one token."""

    def __init__(self, auth_url: str, user: str, project: str, password: str) -> None:
        """Authenticate; CloudsError when that fails."""
        domain = {"id": "default"}
        body = {
            "auth": {
                "identity": {
                    "methods": ["password"],
                    "password": {"user": {"name": user, "domain": domain, "password": password}},
                },
                "scope": {"project": {"name": project, "domain": domain}},
            }
        }
        self.auth_url = auth_url
        _status, headers, raw = _exchange("POST", f"{auth_url}/auth/tokens", json.dumps(body).encode(), {}, _OK)
        self._token = headers["X-Subject-Token"]
        self.project_id: str = json.loads(raw)["token"]["project"]["id"]

    def get(self, url: str, **query: str) -> Any:
        """The JSON of an answer."""
        return self._json("GET", f"{url}?{urlencode(query)}" if query else url, None)

    def post(self, url: str, body: object) -> Any:
        """Send JSON, return the answer's."""
        return self._json("POST", url, body)

    def put(self, url: str, body: object = None) -> Any:
        """Send JSON, return the answer's."""
        return self._json("PUT", url, body)

    def put_data(self, url: str, data: bytes) -> None:
        """Send bytes."""
        headers = {"X-Auth-Token": self._token, "Content-Type": "application/octet-stream"}
        _exchange("PUT", url, data, headers, _OK)

    def delete(self, url: str) -> None:
        """Delete what is there; nothing happens when it is gone."""
        _exchange("DELETE", url, None, {"X-Auth-Token": self._token}, _OK | {404})

    def ensure(self, url: str, kind: str, name: str, **properties: object) -> str:
        """The id of the one of a kind that has this name; it is made with these properties if there is none."""
        found = [each for each in self.get(f"{url}/{kind}s", name=name)[f"{kind}s"] if each["name"] == name]
        one = found[0] if found else self.post(f"{url}/{kind}s", {kind: {**properties, "name": name}})[kind]
        return str(one["id"])

    def _json(self, method: str, url: str, body: object) -> Any:
        headers = {"X-Auth-Token": self._token, "Accept": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        _status, _headers, raw = _exchange(method, url, data, headers, _OK)
        return json.loads(raw) if raw else None


def _exchange(
    method: str, url: str, data: bytes | None, headers: Mapping[str, str], ok: Collection[int]
) -> tuple[int, Mapping[str, str], bytes]:
    """Status, headers and body of an answer; CloudsError when there is none or its status is not among `ok`."""
    headers = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - all our URLs are http
    try:
        with _OPENER.open(request, timeout=_TIMEOUT) as answer:
            status, got, raw = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, got, raw = error.code, error.headers, error.read()
    except OSError as error:
        raise CloudsError(f"{method} {url}: {error}") from error
    if status not in ok:
        raise CloudsError(f"{method} {url}: {status} {raw.decode(errors='replace')[:2000]}")
    return status, got, raw
