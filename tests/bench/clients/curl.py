# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limit of uploads: a token for each cloud, an image record and a plain PUT by curl for each region, all at once.

`curl.py NAME FILE CLOUD/REGION...` prints how many images became active. Nothing is hashed, verified or retried.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.bench.clients.keystone import endpoints, token_request

LIMIT = 60.0
"""Seconds for each request but the PUT."""


@dataclass(frozen=True)
class Upload:
    """An image on its way: the URL of its record, the headers of requests to it, and the curl that sends it."""

    url: str
    headers: dict[str, str]
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, name: str, file: str, place: str) -> Upload:
        """Make the record and start to send."""
        cloud, _slash, region = place.partition("/")
        token, urls = session(cloud)
        images, headers = f"{urls[region].removesuffix('/v2')}/v2/images", {"X-Auth-Token": token}
        body = {"name": name, "disk_format": "raw", "container_format": "bare"}
        answer = requests.post(images, json=body, headers=headers, timeout=LIMIT)
        answer.raise_for_status()
        url = f"{images}/{answer.json()['id']}"
        command = ["curl", "--silent", "--show-error", "--fail", "--upload-file", file, f"{url}/file"]
        for line in (f"X-Auth-Token: {token}", "Content-Type: application/octet-stream"):
            command += ["--header", line]
        return cls(url, headers, subprocess.Popen(command))

    def succeeded(self) -> bool:
        """Wait for curl, and say whether the image is active."""
        if self.process.wait() != 0:
            return False
        answer = requests.get(self.url, headers=self.headers, timeout=LIMIT)
        return bool(answer.json()["status"] == "active")


@cache
def session(cloud: str) -> tuple[str, dict[str, str]]:
    """Return a token of a cloud in clouds.yaml, and the URL of its image service by region."""
    clouds = yaml.safe_load(Path(os.environ["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]
    auth: dict[str, Any] = clouds[cloud]["auth"]
    url = f"{auth['auth_url'].rstrip('/').removesuffix('/v3')}/v3/auth/tokens"
    answer = requests.post(url, json=token_request(auth), timeout=LIMIT)
    answer.raise_for_status()
    return answer.headers["X-Subject-Token"], endpoints(answer.json()["token"]["catalog"], "image")


def main(name: str, file: str, places: Sequence[str]) -> int:
    """Return how many images became active."""
    uploads = [Upload.start(name, file, place) for place in places]
    return sum([upload.succeeded() for upload in uploads])


if __name__ == "__main__":
    print(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
