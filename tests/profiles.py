"""The commands of `brokerkit config` as the whole program would run them, and a keyring in memory."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import typer
from keyring.backend import KeyringBackend
from typer.testing import CliRunner

from brokerkit.cli import exits, profiles
from brokerkit.errors import BrokerError


class FakeKeyring(KeyringBackend):
    """A safe keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.content: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.content.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.content[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.content[service, username]


class Run:
    """Runs a command as the whole program would, and keeps what came of it."""

    def __init__(self, *command: str) -> None:
        self.app = typer.Typer()
        profiles.add_to(self.app)
        self.command = command
        self.shown = ""

    def __call__(self, *arguments: str, typed: str = "") -> int:
        """Return the exit code; `stdout`, `stderr` and `error` keep the rest."""
        result = CliRunner().invoke(self.app, [*self.command, *arguments], input=typed)
        self.stdout, self.stderr = result.stdout, result.stderr
        self.error = str(result.exception or "")
        self.shown += self.stdout + self.stderr + self.error
        if isinstance(result.exception, BrokerError):
            return exits.code_of(result.exception)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code


@contextmanager
def watched(*command: str, secrets: Sequence[str], caplog: pytest.LogCaptureFixture) -> Iterator[Run]:
    """Yield a function that runs a command; at the end no secret may have shown."""
    caplog.set_level(logging.DEBUG)
    run = Run(*command)
    yield run
    for secret in secrets:
        assert secret not in run.shown
        assert secret not in caplog.text
