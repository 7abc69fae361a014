"""A headless Chromium that is told what to do over its debugging port, and asked whether it is done.

One browser serves all tests. The one-shot switches (``--dump-dom``, ``--virtual-time-budget``) were left behind: they end after a time,
whether or not the page was drawn, so that a busy machine got no answer now and then.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PATIENCE = 120.0
SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)


class Browser:
    """A running Chromium; a page is opened for each look at a file."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    @contextmanager
    def showing(self, address: str, *, colours: str = "light") -> Iterator[Page]:
        """A page that has been loaded and drawn; closed at the end."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": colours}])
        page.call("Page.enable")
        page.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired", session)
        yield page
        self.call("Target.closeTarget", targetId=target)

    def call(self, method: str, session: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Sends a command and returns its result."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": arguments} | ({"sessionId": session} if session else {})))
        answer = self._next(lambda message: message.get("id") == number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, event: str, session: str) -> None:
        """Until this event of a page arrives."""
        self._next(lambda message: message.get("method") == event and message.get("sessionId") == session)

    def _next(self, wanted: Any) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE))
            if wanted(message):
                return message


class Page:
    """One open page."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """A command to this page."""
        return self._browser.call(method, self._session, **arguments)

    def value(self, expression: str) -> Any:
        """What an expression (or its promise) comes to, evaluated outside the page's own policy."""
        result = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def printed(self) -> bytes:
        """The page as PDF, on the paper that it asks for."""
        return b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"])


@contextmanager
def started(chromium: str, profile: Path) -> Iterator[Browser]:
    """Starts a Chromium with a profile of its own and ends it."""
    said = profile.with_suffix(".txt")
    with said.open("w") as output:
        process = subprocess.Popen([chromium, *SWITCHES, f"--user-data-dir={profile}"], stdout=output, stderr=subprocess.STDOUT)
    try:
        with connect(_address(process, profile, said), max_size=None, open_timeout=PATIENCE) as socket:
            yield Browser(socket)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _address(process: subprocess.Popen[bytes], profile: Path, said: Path) -> str:
    """Where it listens; it writes port and path into its profile when it is ready."""
    ready = profile / "DevToolsActivePort"
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        lines = ready.read_text().splitlines() if ready.is_file() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.02)
    raise AssertionError(f"Chromium did not become ready (exit code {process.poll()}); it said:\n{said.read_text()[-3000:]}")
