"""Files: the one place that finds, reads, writes and judges those that hold secrets, orders or what is trusted.

A private file is a plain file of this user that nobody else can read: no link, no pipe, no device. A trusted one (a
configuration) others may read, but nobody else may have written it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pydantic import SecretStr

LARGEST = 2**20
"""Bytes of the longest file that is read."""
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ncpfs", "davfs"})
ROOT = 0
_HAS_OWNERS = hasattr(os, "getuid")
_FLAGS = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_BINARY", "O_NONBLOCK"))
"""Without O_NONBLOCK, to open a pipe would wait for somebody who writes into it."""
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Unfit(OSError):
    """A file or folder that is there and is not to be used; `strerror` says why, `advice` how to mend it."""

    def __init__(self, reason: str, advice: str | None = None) -> None:
        super().__init__(errno.EPERM, reason)
        self.advice = advice


def folder_of(variable: str, usual: Callable[[], Path]) -> Path:
    """Return the folder that an environment variable names, else the usual one: a whole path in any case.

    A relative one would be another folder in every working directory, so it is an Unfit.
    """
    named = os.environ.get(variable)
    try:
        path = Path(named).expanduser() if named else usual()
    except RuntimeError:
        raise Unfit("this user has no home directory", f"Set {variable} to a whole path.") from None
    if path.is_absolute():
        return path
    what = f"{variable} names {path}, which is no whole path"
    if not named:
        what = f"the user's folder is {path}, which is no whole path"
    raise Unfit(what, f"Set {variable} to a whole path, or one that begins with ~.")


def state_folder() -> Path:
    """Return the folder of journals, kill switch and the host's id: BROKERKIT_STATE_DIR, else the user's own.

    It is the same in every working directory; an Unfit says so where it would not be.
    """
    return folder_of("BROKERKIT_STATE_DIR", _usual_state)


def _usual_state() -> Path:
    import platformdirs

    return platformdirs.user_state_path("brokerkit", appauthor=False)


def reason(error: Exception) -> str:
    """Say in a few words why a file could not be used."""
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a link"
    return getattr(error, "strerror", None) or "its name is no path here"


def private_folder(folder: Path) -> None:
    """Make the folder if it is missing, for its owner alone like all above it that are missing; else an OSError."""
    make_folders(folder)
    state = os.lstat(folder)
    if not stat.S_ISDIR(state.st_mode):
        raise Unfit("it is a link" if stat.S_ISLNK(state.st_mode) else "it is no folder")
    _judge_owner(state, roots=False)
    if _HAS_OWNERS and state.st_mode & _OTHERS:
        folder.chmod(0o700)


def make_folders(folder: Path) -> None:
    """Make what is missing of a path, for its owner alone whatever the umask; what is there stays as it is."""
    missing = [each for each in (folder, *folder.parents) if not os.path.lexists(each)]
    for each in reversed(missing):
        with suppress(FileExistsError):  # another process may make it at this very moment
            each.mkdir(mode=0o700)
            each.chmod(0o700)
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "it is no folder")


def make_private(path: Path) -> None:
    """Make an empty private file if there is none; an OSError if what is there is not private."""
    try:
        descriptor = new_private(path)
    except FileExistsError:
        # Not opened: to close it again would drop the locks that this process may hold on it.
        judge_private(path, os.lstat(path))
    else:
        os.close(descriptor)


def read_private(path: Path, *, largest: int = LARGEST) -> bytes:
    """Return what a private file holds; an OSError says why it is not to be used."""
    return _content(path, _NOFOLLOW, judge_private, largest)


def read_plain(path: Path, *, largest: int = LARGEST) -> bytes:
    """Return what a plain file holds, whoever may read it; an OSError says why it is none."""
    return _content(path, _NOFOLLOW, lambda _, state: _judge_kind(state), largest)


def read_trusted(path: Path, *, largest: int = LARGEST) -> bytes:
    """Return what a file holds that nobody but this user and root can have written; an OSError says why not.

    It may be a link, and others may read it.
    """
    for each in {path, Path(os.path.realpath(path))}:
        _judge_owner(os.lstat(each), roots=True)
        around = os.stat(each.parent)
        if _HAS_OWNERS and around.st_mode & stat.S_IWOTH and not around.st_mode & stat.S_ISVTX:
            raise Unfit(f"everybody can put another file into {each.parent}", f"Run: chmod o-w '{each.parent}'")
    return _content(path, 0, _judge_trusted, largest)


def judge_private(path: Path, state: os.stat_result) -> None:
    """Raise an Unfit unless `state` is that of a plain file of this user that nobody else can read."""
    _judge_kind(state)
    _judge_owner(state, roots=False)
    if _HAS_OWNERS and state.st_mode & _OTHERS:
        raise Unfit("others can read or write it", f"Run: chmod 600 '{path}'")


def write_private(path: Path, content: str | SecretStr) -> None:
    """Write a private file as a whole or not at all, so that it survives a loss of power; an OSError if it cannot be.

    What is missing of its folder is made; what is there already is replaced, whatever it is.
    """
    make_folders(path.parent)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(new_private(scratch), "w", encoding="utf-8", newline="") as file:
            file.write(content if isinstance(content, str) else content.get_secret_value())
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def put_in_place(scratch: Path, path: Path) -> None:
    """Give a file that is written and closed its name, as a whole, so that it survives a loss of power."""
    descriptor = os.open(scratch, os.O_RDWR | _FLAGS | _NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(scratch, path)
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Let the system write down the folder too, where it can."""
    with suppress(OSError):  # Windows opens no folders, and some file systems do not sync them
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def new_private(path: Path) -> int:
    """Make a private file that is not there yet, and return its descriptor; FileExistsError where it is."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS | _NOFOLLOW, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)  # a strange umask may have taken the owner's own rights away
    return descriptor


def _content(path: Path, flags: int, judge: Callable[[Path, os.stat_result], None], largest: int) -> bytes:
    """Return what the file holds; no local variable does."""
    descriptor = os.open(path, os.O_RDONLY | _FLAGS | flags)
    try:
        state = os.fstat(descriptor)
        judge(path, state)
        if state.st_size > largest:
            raise Unfit(f"it is larger than {largest} bytes")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(largest)
    finally:
        os.close(descriptor)


def _judge_kind(state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise Unfit("it is a link" if stat.S_ISLNK(state.st_mode) else "it is no plain file")


def _judge_owner(state: os.stat_result, *, roots: bool) -> None:
    if _HAS_OWNERS and state.st_uid != os.getuid() and not (roots and state.st_uid == ROOT):
        raise Unfit("it belongs to another user", "Make one of your own, or have its owner changed with chown.")


def _judge_trusted(path: Path, state: os.stat_result) -> None:
    _judge_kind(state)
    _judge_owner(state, roots=True)
    if not _HAS_OWNERS:
        return
    if state.st_mode & stat.S_IWOTH:
        raise Unfit("everybody can write it", f"Run: chmod go-w '{path}'")
    if state.st_mode & stat.S_IWGRP and not _is_own_group(state.st_gid):
        raise Unfit("a group can write it that is not yours alone", f"Run: chmod go-w '{path}'")


def _is_own_group(group: int) -> bool:
    """Say whether nobody but this user and root is in a group: the one that is named like the user, with no members."""
    import grp
    import pwd

    if group == ROOT:
        return True
    try:
        user, named = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return named.gr_name == user and set(named.gr_mem) <= {user}


def network_file_system(folder: Path) -> str | None:
    """Return the kind where the folder seems to lie on another machine: locks and durable writes fail there."""
    kind = _file_system(folder)
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def _file_system(folder: Path) -> str | None:
    resolved = folder.resolve()
    if resolved.drive.startswith("\\\\"):  # a share of Windows
        return "cifs"
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None  # only Linux tells it this way
    mounts = [line.split() for line in lines]
    kinds = {Path(mount[1].replace("\\040", " ")): mount[2] for mount in mounts if len(mount) > 2}
    return next((kinds[place] for place in (resolved, *resolved.parents) if place in kinds), None)
