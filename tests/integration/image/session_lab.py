# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_upload in one region, and a client that sends data and knows nothing but the requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import SESSION, UPLOAD
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.schemes import web_download
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.segments import container_prefix
from ansible_collections.oaktree.multicloud.plugins.modules import image_upload
from tests.integration.image.lab import Lab
from tests.support.run_module import run_module

MODULE = image_upload.__name__.rpartition(".")[2]
SEGMENT = 1 << 20

Result = Mapping[str, Any]


@dataclass
class UploadSession:
    """The module in one region, and another host that sends the data."""

    lab: Lab
    region: str
    name: str
    data: bytes
    path: Path

    def run(self, state: str, **options: Any) -> dict[str, Any]:
        """Run the module; the failures and all that is to hold no secret are searched for some."""
        chosen = self.lab.options([self.region], {"name": self.name, "state": state, **options})
        output = run_module(MODULE, **chosen).result
        assert "exception" not in output, output["exception"]
        open_fields = [{**result, "requests": None} for result in output.get("results", [])]
        text = json.dumps({**output, "invocation": None, "results": open_fields})
        assert "temp_url_sig=sha" not in text
        assert not any(secret in text for secret in self.lab.secrets)
        return output

    def result(self, state: str, **options: Any) -> Result:
        """The result of the one Location."""
        output = self.run(state, **options)
        assert output["failures"] == []
        result: Result = output["results"][0]
        assert output["changed"] == (result["action"] != "unchanged")
        return result

    def failure(self, state: str, **options: Any) -> Mapping[str, str]:
        """How the Location failed."""
        failures = self.run(state, **options)["failures"]
        assert len(failures) == 1
        failed: Mapping[str, str] = failures[0]
        return failed

    def prepare(self, **options: Any) -> Result:
        """Prepare for a file on another host, of which only this is known."""
        return self.result("prepared", **self.declared(), **{"segment_size": str(SEGMENT), **options})

    def declared(self) -> dict[str, Any]:
        return {"size": len(self.data), "checksum": self.checksum(), "disk_format": "raw"}

    def checksum(self, algorithm: str = "sha512") -> str:
        return f"{algorithm}:{hashlib.new(algorithm, self.data).hexdigest()}"

    def send(self, result: Result, *numbers: int, data: bytes | None = None) -> list[int]:
        """Send these requests, all without numbers; returns the statuses of the answers."""
        chosen = [result["requests"][number] for number in numbers] if numbers else result["requests"]
        return [send(request, self.data if data is None else data) for request in chosen]

    def images(self) -> list[dict[str, Any]]:
        return self.lab.sites[self.region].images(self.name)

    def containers(self) -> list[str]:
        store = self.lab.sites[self.region].member.object_store
        return [item["name"] for item in store.get("/", params={"format": "json"}).json() if self.is_ours(item["name"])]

    def is_ours(self, container: str) -> bool:
        return container.startswith(container_prefix(self.name))

    def is_published(self, data: bytes | None = None) -> bool:
        """Whether there is one image, with the data, and nothing else of the name."""
        images, site = self.images(), self.lab.sites[self.region]
        right = hashlib.sha512(self.data if data is None else data).hexdigest()
        return (
            [image["name"] for image in images] == [self.name]
            and site.sha512(images[0]["id"]) == right
            and not {SESSION, UPLOAD} & images[0].keys()
            and self.containers() == []
        )


def send(request: Result, data: bytes) -> int:
    """Send one request with nothing but what it says."""
    body = data[request["offset"] : request["offset"] + request["length"]]
    with requests.Session() as session:
        session.trust_env = False
        return session.request(request["method"], request["url"], headers=request["headers"], data=body).status_code


def hide_web_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the cloud did not offer this import method."""
    monkeypatch.setattr(web_download, "refusal", lambda _context: "hidden")
