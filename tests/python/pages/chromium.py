"""A headless Chromium, spoken to in its own protocol: opens pages, notes what goes wrong, prints and takes pictures."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update"
    " --disable-sync --disable-extensions --hide-scrollbars --force-color-profile=srgb --remote-debugging-port=0 --remote-allow-origins=*"
).split()


def executable() -> str | None:
    """Where a Chromium is; none where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Tab:
    """One page of the browser.

    Attributes:
        faults: console errors, uncaught exceptions and violations of the page's own policy since the last `open`.
        requests: addresses asked for since then, the page itself apart.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number = 0
        self.faults: list[str] = []
        self.requests: list[str] = []
        self._loaded = False
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        what, detail = message.get("method"), message.get("params", {})
        if what == "Runtime.exceptionThrown":
            self.faults.append(str(detail["exceptionDetails"].get("text")))
        elif what == "Runtime.consoleAPICalled" and detail["type"] in ("error", "warning", "assert"):
            self.faults.append(str(detail["args"]))
        elif what == "Log.entryAdded" and detail["entry"]["level"] in ("error", "warning"):
            self.faults.append(detail["entry"]["text"])
        elif (what == "Network.requestWillBeSent" and detail.get("type") != "Document") or (
            what == "Network.requestWillBeSent" and not detail["request"]["url"].startswith("file:")
        ):
            self.requests.append(detail["request"]["url"])
        elif what == "Page.loadEventFired":
            self._loaded = True

    def size(self, width: int, height: int = 900, *, is_phone: bool = False, scale: float = 1) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=is_phone)

    def open(self, path: Path) -> None:
        self.faults.clear()
        self.requests.clear()
        self._loaded = False
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not self._loaded:
            self._note(json.loads(self._connection.recv()))
        self.value("document.fonts.ready.then(() => 1)")

    def value(self, script: str) -> Any:
        """What a script comes to, as JSON."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def picture(self, path: Path) -> None:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]))

    def pdf(self) -> bytes:
        """The page as it would be printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    """A browser with a new, empty profile."""
    from websocket import create_connection

    program = executable()
    assert program
    # Its messages are about the machine (no bus, no graphics card), not about the pages.
    process = subprocess.Popen(
        [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        port = _port(profile, process)
        with _opened(f"http://127.0.0.1:{port}/json/list") as answer:
            address = next(target["webSocketDebuggerUrl"] for target in json.load(answer) if target["type"] == "page")
        connection = create_connection(address, timeout=60)
        try:
            yield Tab(connection)
        finally:
            connection.close()
    finally:
        process.terminate()
        process.wait(20)


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    place = profile / "DevToolsActivePort"
    for _ in range(600):
        if place.is_file() and (lines := place.read_text().split()):
            return int(lines[0])
        assert process.poll() is None, "Chromium ended at once"
        time.sleep(0.1)
    raise AssertionError("Chromium did not come up within a minute")


def _opened(address: str) -> Any:
    import urllib.request

    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=30)
