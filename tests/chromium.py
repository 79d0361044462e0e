"""A browser without a window, by its DevTools protocol over the websockets that brokerkit has anyway."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "disable-dev-shm-usage",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "remote-debugging-port=0",
)
PATIENCE = 60
"""Seconds, on a machine that does much else."""


class CommandError(Exception):
    """What the browser says of a command that it could not do."""


class Tab:
    """A page that is shown, asked by what the protocol calls commands."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._asked = 0

    def ask(self, command: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return what it gives."""
        self._asked += 1
        self._connection.send(json.dumps({"id": self._asked, "method": command, "params": parameters}))
        while True:  # events come in between
            answer = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == self._asked:
                if "error" in answer:
                    raise CommandError(answer["error"]["message"])
                return dict(answer["result"])

    def run(self, program: str) -> Any:
        """Return the value of a piece of JavaScript."""
        answer = self.ask("Runtime.evaluate", expression=program, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def _run_here(self, program: str) -> Any:
        try:
            return self.run(program)
        except CommandError as error:
            if "navigated" not in str(error):
                raise
            return None  # the page was just left

    def wait(self, program: str) -> Any:
        """Return the first value of a piece of JavaScript that is true, on this page or the next."""
        return _waited(lambda: self._run_here(program), program)

    def open(self, page: Path) -> None:
        """Show a page, ready."""
        self.ask("Page.navigate", url=page.as_uri())
        self.wait(f"document.readyState === 'complete' && location.href === {json.dumps(page.as_uri())}")

    def resize(self, width: int) -> None:
        """Make the window so many pixels wide."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str) -> None:
        """Prefer a dark or light look, as an operating system does."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def type(self, field: str, text: str) -> None:
        """Type into a field as a person does."""
        self.run(f"document.querySelector({json.dumps(field)}).focus()")
        self.run("document.activeElement.select()")
        self.ask("Input.insertText", text=text)

    def enter(self) -> None:
        """Press the key of that name."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        self.ask("Input.dispatchKeyEvent", type="keyDown", **key)
        self.ask("Input.dispatchKeyEvent", type="keyUp", **key)


@contextmanager
def tab() -> Iterator[Tab]:
    """Start a browser that knows nothing from before, and end it."""
    assert PROGRAM is not None
    profile = tempfile.mkdtemp()
    command = [PROGRAM, *(f"--{flag}" for flag in FLAGS), f"--user-data-dir={profile}", "about:blank"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        port = _waited(lambda: _port_of(Path(profile)), "the browser's port")
        address = _waited(lambda: _address_at(port), "a page of the browser")
        with connect(address, max_size=None, proxy=None) as connection:
            yield Tab(connection)
    finally:
        browser.terminate()
        browser.wait(PATIENCE)
        shutil.rmtree(profile, ignore_errors=True)


def _port_of(profile: Path) -> str | None:
    file = profile / "DevToolsActivePort"
    lines = file.read_text(encoding="utf-8").split() if file.is_file() else []
    return lines[0] if len(lines) == 2 else None


def _address_at(port: str) -> str | None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE) as answer:
        pages = [each["webSocketDebuggerUrl"] for each in json.load(answer) if each["type"] == "page"]
    return pages[0] if pages else None


def _waited(look: Callable[[], Any], what: str) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, what
        time.sleep(0.02)
    return found
