"""The kill switch: a file, so that every process of this user sees it with the next order; a key for all hosts."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brokerkit import clock, files
from brokerkit.errors import NOT_SENT, Halted, JournalError
from brokerkit.orders.state import make_folder, state_directory
from brokerkit.sharing.hosts import host_name
from brokerkit.sharing.store import PREFIX, Store
from brokerkit.text import sanitize

if TYPE_CHECKING:
    from redis import Redis

HALT = "halt"
"""The key by which the orders of all hosts stop that share a Redis.

A minus and a moment of the Redis stand in it since they may go again: where there is nothing, nobody was ever told, or
the Redis has forgotten it.
"""
_RESUME = """
local words, time = redis.call('GET', KEYS[1]), redis.call('TIME')
redis.call('SET', KEYS[1], string.format('-%d.%06d', time[1], time[2]))
return words and string.sub(words, 1, 1) ~= '-' and 1 or 0
"""
NOT_STOPPED = "Orders are NOT stopped: the kill switch cannot be set."
BY_HAND = "Stop your programs by hand."
RESUMES = "Nothing was sent. `brokerkit resume` lets orders go again."


def halt_file() -> Path:
    """Return the file whose presence stops all orders and amendments of this user."""
    return state_directory() / "HALT"


def halt(reason: str = "") -> None:
    """Stop orders and amendments of all accounts, in all processes of this user (주문 중지). Cancellations go on.

    From then on they raise Halted. JournalError where the switch cannot be written; it says what is not stopped.
    """
    words = f"{clock.now():%Y-%m-%d %H:%M:%S} {sanitize(reason)}".strip()
    try:
        path = halt_file()
        make_folder(path.parent)
    except JournalError as error:
        mend = (error.remedy or "").removeprefix(NOT_SENT).strip()
        raise JournalError(f"{NOT_STOPPED} {error.words}", advice=f"{BY_HAND} {mend}") from None
    try:
        files.write_private(path, words)
    except OSError as error:
        if not _is_there(path):
            raise JournalError(f"{NOT_STOPPED} {path}: {files.reason(error)}.", advice=BY_HAND) from None


def _is_there(path: Path) -> bool:
    """Say whether the switch is on all the same: a disk without room for a word may have room for a name."""
    with suppress(OSError):
        files.make_private(path)
    return os.path.lexists(path)


def halt_hosts(store: Store, reason: str = "") -> None:
    """Stop orders and amendments of all hosts that share a Redis; StateLost or ConfigError where it cannot be had."""
    words = sanitize(f"{clock.now():%Y-%m-%d %H:%M:%S} {host_name()} {reason}")
    store.insist(lambda redis: redis.set(PREFIX + HALT, words))


def resume_hosts(store: Store) -> bool:
    """Let the orders of all hosts go out again. False: they were not stopped."""
    return bool(store.script(_RESUME, [HALT]))


def halted(redis: Redis) -> str | None:
    """Return what the switch of all hosts says, inside of `Store.do`; None where it is off."""
    words: Any = redis.get(PREFIX + HALT)
    return None if words is None or words.startswith(b"-") else sanitize(words.decode("utf-8", errors="replace"))


def own_switch() -> tuple[str, float] | None:
    """Return what the switch of this host says, for other hosts, and for how many seconds; None where it is off."""
    with suppress(JournalError, OSError):
        path = halt_file()
        age = time.time() - path.lstat().st_mtime
        return sanitize(f"{_words(path)} ({host_name()})"), age
    return None


def resume() -> bool:
    """Let orders go out again (중지 해제). False: they were not stopped. Raises JournalError where that fails."""
    try:
        halt_file().unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise JournalError(
            f"The kill switch {halt_file()} cannot be removed: {error.strerror}.", advice=_by_hand(halt_file())
        ) from None
    return True


def check_halt() -> None:
    """Raise Halted while the kill switch is on, or where that cannot be seen."""
    by_hand = None
    try:
        words = _words(halt_file())
        by_hand = None if words is None else _by_hand(halt_file())
    except JournalError as error:
        words = f"it cannot be looked for: {error.words}"
    if words is not None:
        raise Halted(
            f"The kill switch is on ({sanitize(words)}).",
            advice=f"{NOT_SENT} {by_hand}" if by_hand else RESUMES,
        )


def _by_hand(path: Path) -> str | None:
    """Return what to do about a switch that is a folder, which `resume` does not remove; None where it is none."""
    is_folder = os.path.isdir(path) and not os.path.islink(path)  # neither raises where the way to it is shut
    return f"{path} is a folder: remove it by hand, then orders go again." if is_folder else None


def _words(path: Path) -> str | None:
    """Return what the switch says, None where there is none. What is no plain file, and no file at all, is on too."""
    try:
        return files.read_plain(path).decode("utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return "it leads nowhere" if path.is_symlink() else None
    except OSError as error:
        return f"it cannot be read: {files.reason(error)}"
