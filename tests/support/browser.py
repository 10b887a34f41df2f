# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium, which shows a page as a desktop or a phone would, and tells what is wrong with it.

It is asked by the DevTools protocol over its pipe (``--remote-debugging-pipe``): JSON that ends with a null byte.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
"""The browser of this machine; null where there is none."""

PATIENCE = 120.0
"""Seconds after which an answer is not to be expected any more."""

_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--no-first-run", "--disable-quic", "--disable-sync", "--disable-extensions", "--remote-debugging-pipe"),
    *("--disable-background-networking", "--disable-component-update", "--force-color-profile=srgb"),
    *("--font-render-hinting=none", "--disable-lcd-text"),
)

_FAULTS = """(() => {
const faults = [], root = document.documentElement, wide = root.clientWidth, slack = 1
const say = (what, text) => faults.push(what + ": " + text.trim().slice(0, 60))
if (root.scrollWidth > wide) say("cut", root.scrollWidth + " px in " + wide)
const boxes = []
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
while (walker.nextNode()) {
  const node = walker.currentNode, range = document.createRange()
  if (!node.data.trim()) continue
  range.selectNodeContents(node)
  const around = node.parentElement.closest("td,th,section,.tile,body").getBoundingClientRect()
  for (const box of range.getClientRects()) {
    if (box.width < 1) continue
    if (box.left < around.left - slack || box.right > around.right + slack
      || box.top < around.top - slack || box.bottom > around.bottom + slack) say("outside its box", node.data)
    boxes.push({node, box, text: node.data})
  }
}
for (const node of document.querySelectorAll("svg"))
  if (node.getBoundingClientRect().width) boxes.push({node, box: node.getBoundingClientRect(), text: "bar"})
boxes.sort((one, other) => one.box.top - other.box.top)
boxes.forEach((one, index) => {
  for (const other of boxes.slice(index + 1)) {
    if (other.box.top >= one.box.bottom - slack) break
    const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left)
    const height = Math.min(one.box.bottom, other.box.bottom) - other.box.top
    if (one.node !== other.node && width > slack && height > slack * 3)
      say("overlap", one.text.trim().slice(0, 30) + " / " + other.text.trim())
  }
})
return faults
})()"""
"""What is cut, outside the box that it belongs to, or over something else. Boxes of lines may touch by 3 px."""


@dataclass
class Shown:
    """A page that is open, in one width and colour scheme."""

    browser: Browser
    session: str
    requests: list[str] = field(default_factory=list)
    """The addresses that were requested, the page's own first."""
    complaints: list[str] = field(default_factory=list)
    """What the console shows: errors, violations of the page's policy, whatever a script says."""

    def faults(self) -> list[str]:
        """What a reader would call broken: cut, outside its box, or over something else."""
        found: list[str] = self.value(_FAULTS)
        return found

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, evaluated in the page but not by it."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def picture(self, form: str = "webp", quality: int = 90) -> bytes:
        """The whole page, however long it is, as a picture: webp, jpeg or png, which has no quality."""
        size = self._ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        shot = self._ask("Page.captureScreenshot", format=form, quality=quality, captureBeyondViewport=True, clip=clip)
        return base64.b64decode(shot["data"])

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.ask(method, self.session, **params)


class Browser:
    """A Chromium that runs. Use `chromium`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin, process.stdout
        self._answers = select.poll()  # not select(), which takes no descriptor beyond 1023
        self._answers.register(self._from, select.POLLIN)
        self._numbers = itertools.count(1)
        self._rest = b""
        self._events: list[dict[str, Any]] = []

    @contextmanager
    def show(self, path: Path, width: int, *, dark: bool = False, density: float = 1) -> Iterator[Shown]:
        """Open a file as a device of this width in CSS pixels does, with ``density`` pixels of its own for each."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        shown = Shown(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            shown._ask(f"{domain}.enable")  # noqa: SLF001 - of this file
        shown._ask(  # noqa: SLF001
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=density, mobile=width < 600
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        shown._ask("Emulation.setEmulatedMedia", features=[scheme])  # noqa: SLF001
        self._events.clear()
        shown._ask("Page.navigate", url=path.as_uri())  # noqa: SLF001
        while not any(event["method"] == "Page.loadEventFired" for event in self._events):
            self._events.append(self._receive())
        # What the page itself would do after it has been loaded, it does before a frame is painted.
        shown.value("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        for event in self._events:
            if event.get("sessionId") != session:
                continue
            said = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                shown.requests.append(said["request"]["url"])
            elif event["method"] in {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
                shown.complaints.append(json.dumps(said))
            elif event["method"] == "Page.javascriptDialogOpening":
                shown.complaints.append(said["message"])
        try:
            yield shown
        finally:
            self.ask("Target.closeTarget", targetId=target)

    def ask(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result. Events that come before it are kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _receive(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            assert self._answers.poll(1000 * max(0.0, deadline - time.monotonic())), "Chromium does not answer"
            read = os.read(self._from.fileno(), 1 << 20)
            assert read, "Chromium has ended"
            self._rest += read
        message, _end, self._rest = self._rest.partition(b"\0")
        received: dict[str, Any] = json.loads(message)
        return received


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A Chromium of its own, with its profile in a directory that is there for nothing else."""
    command = [str(CHROMIUM), *_OPTIONS, f"--user-data-dir={profile}"]
    # Chromium reads the descriptor 3 and writes 4.
    redirected = ["sh", "-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>&2', "sh", *command]
    with (profile.parent / f"{profile.name}.log").open("wb") as log:
        process = subprocess.Popen(
            redirected, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    with process:
        try:
            yield Browser(process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
