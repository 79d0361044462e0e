"""Where the journals and the kill switch lie, and who may read them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from brokerkit import files
from brokerkit.errors import NOT_SENT, JournalError
from brokerkit.transport.auth import digest

JOURNAL = ".journal"
SALT_DIGITS = 64
SALT_SECONDS = 10.0
"""Longest wait for another process that just makes the salt."""


def state_directory() -> Path:
    """Return the folder of journals and kill switch: BROKERKIT_STATE_DIR, else the user's state directory.

    It is the same in every working directory; a JournalError says so where it would not be.
    """
    try:
        return files.state_folder()
    except files.Unfit as unfit:
        words, advice = unfit.strerror, unfit.advice
    raise JournalError(f"The order journal and the kill switch have no place: {words}.", advice=f"{NOT_SENT} {advice}")


def make_folder(folder: Path) -> None:
    """Make the folder if it is missing, for its owner alone; a JournalError if it is not ours."""
    try:
        files.private_folder(folder)
    except OSError as error:
        raise JournalError(
            f"The folder {folder} cannot be used: {files.reason(error)}.",
            advice=f"{NOT_SENT} Set BROKERKIT_STATE_DIR to a writable folder of your own.",
        ) from None


def journal_folder() -> Path:
    """Return the folder of the journals."""
    return state_directory() / "journals"


def journal_path(folder: Path, beginning: str, *whose: str) -> Path:
    """Return where the journal of an account lies: its name says the broker, and whose it is only to who has the salt.

    The salt is made with the first journal, and never again: another one would look for the orders in another file.
    """
    return folder / f"{beginning}-{digest(_salt(folder), *whose)}{JOURNAL}"


def _salt(folder: Path) -> SecretStr:
    path = folder / "salt"
    try:
        make_folder(folder)
        if not os.path.lexists(path):
            _make_salt(path)
        salt = SecretStr(files.read_private(path).decode("ascii"))
        if len(salt.get_secret_value()) == SALT_DIGITS:
            return salt
        words, advice = "it is cut", None
    except UnicodeDecodeError:
        words, advice = "it is cut", None
    except OSError as error:
        words, advice = files.reason(error), getattr(error, "advice", None)
    raise JournalError(
        f"{path}, by which order journals are found, cannot be used: {words}.",
        advice=f"{NOT_SENT} {advice or 'Put the file back as it was: with another one the journals are not found.'}",
    )


def _make_salt(path: Path) -> None:
    """Make the salt, unless another process is faster or there are journals that were named by one that is lost."""
    from filelock import FileLock  # it costs 5 ms, and this is done once

    lock = path.with_suffix(".lock")
    files.make_private(lock)  # whatever the umask, so that other processes can take it
    with FileLock(lock, mode=0o600, timeout=SALT_SECONDS):
        if os.path.lexists(path):
            return
        if any(path.parent.glob(f"*{JOURNAL}")):
            raise files.Unfit("it is missing, and there are journals that were named by it")
        files.write_private(path, SecretStr(secrets.token_hex(SALT_DIGITS // 2)))
