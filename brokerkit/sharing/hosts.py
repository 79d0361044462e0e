"""Which machine this is, as several that share a Redis tell each other."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import socket
import sys
from contextlib import suppress
from pathlib import Path

from brokerkit import files
from brokerkit.errors import ConfigError
from brokerkit.logs import about
from brokerkit.text import sanitize

logger = logging.getLogger("brokerkit")

NAME = "host"
DIGITS = 32


def host_id() -> str:
    """Return the id of this host: random, made once, kept beside the order journals that only it writes.

    Two state directories of one machine are two hosts, and so is a copy of one, which gets an id of its own: the name
    of the file says where it was made. A ConfigError says why there can be none.
    """
    advice: str | None = None
    try:
        folder = files.state_folder()
        files.private_folder(folder)
        path = folder / f"{NAME}-{_place(folder)}"
        if not os.path.lexists(path):
            _make(path)
        found = files.read_private(path, largest=DIGITS).decode("ascii")
        if len(found) == DIGITS:
            return found
        words = f"{path} is cut: remove it, if no order of this machine is open"
    except UnicodeDecodeError:
        words = f"{path} is no id: remove it, if no order of this machine is open"
    except OSError as error:
        words, advice = files.reason(error), getattr(error, "advice", None)
    raise ConfigError(
        f"This machine has no id by which others know it: {words}.",
        advice=advice or "Set BROKERKIT_STATE_DIR to a writable folder of your own.",
    )


def _place(folder: Path) -> str:
    """Return what tells a folder from its copies, on this machine or another one.

    The number of its disk is left out: many systems give it anew when they start.
    """
    machine = ""
    with suppress(OSError, UnicodeDecodeError):
        machine = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    words = "\0".join((machine, socket.gethostname(), str(folder.resolve()), str(folder.stat().st_ino)))
    return hashlib.sha256(words.encode(errors="surrogateescape")).hexdigest()[:16]


def _make(path: Path) -> None:
    """Make the file as a whole, unless another process is faster, and say so where the folder has that of another."""
    if any(path.parent.glob(f"{NAME}-*")):
        words = "%s was copied, moved or restored, or its machine has another name: other hosts know it as a new one."
        logger.warning(words, path.parent, extra=about("host_copied", path=str(path.parent)))
    scratch = path.with_name(f".{NAME}.{secrets.token_hex(8)}")
    files.write_private(scratch, secrets.token_hex(DIGITS // 2))
    try:
        with suppress(FileExistsError):
            os.link(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def host_name() -> str:
    """Return what people call this machine."""
    return sanitize(socket.gethostname(), limit=60) or "a machine without a name"


def program() -> str:
    """Return the name of the program, without its arguments: those may be anything."""
    name = os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "python"
    return sanitize(name, limit=60)
