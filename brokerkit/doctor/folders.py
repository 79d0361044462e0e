"""The folders of tokens, journals and kill switch: whose they are, who else gets in, and whether they can be used."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from brokerkit import files
from brokerkit.doctor import locks
from brokerkit.doctor.finding import Finding, error, ok, warning
from brokerkit.errors import NOT_SENT, BrokerError, Halted
from brokerkit.orders.halting import check_halt, halt_file
from brokerkit.orders.owner import OLD_SUFFIX, SUFFIX
from brokerkit.orders.state import journal_folder, state_directory
from brokerkit.transport.auth import cache_directory

LITTLE, TOO_LITTLE = 100 * 2**20, 2**20
"""Free bytes of a disk below which it is told, and below which writing is about to fail."""
NAMED = 5
"""So many files are named at most."""
PRIVATE = ("tokens", "streams", "instruments", "limits", "journals")
"""Folders of ours in them, which are for their owner alone with all that is in them."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def cache() -> Iterator[Finding]:
    """Look at the folder of tokens and of what processes of this machine share."""
    yield from _examined("cache folder", "BROKERKIT_CACHE_DIR", lambda: cache_directory().parent, is_durable=False)


def state() -> Iterator[Finding]:
    """Look at the folder of journals and kill switch."""
    yield from _examined("state folder", "BROKERKIT_STATE_DIR", state_directory, is_durable=True)


def _examined(subject: str, variable: str, find: Callable[[], Path], *, is_durable: bool) -> Iterator[Finding]:
    try:
        folder = find()
    except BrokerError as failure:
        yield error(subject, failure.words, _mend(failure, variable))
        return
    advice = f"Set {variable} to a writable folder of your own."
    nearest = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)
    facts: dict[str, object] = {"folder": str(folder), "exists": nearest == folder}
    try:
        found = os.lstat(nearest) if nearest == folder else os.stat(nearest)
    except OSError as failure:
        yield error(subject, f"{nearest} cannot be looked at: {files.reason(failure)}", advice, **facts)
        return
    if not stat.S_ISDIR(found.st_mode):
        is_link = stat.S_ISLNK(found.st_mode)
        if not (is_link and folder.is_dir()):
            words = f"{nearest} is a link" if is_link else f"{nearest} is no folder"
            yield error(subject, words, f"Remove it, or set {variable} to a folder.", **facts)
            return
        found = os.stat(nearest)
    if nearest == folder and hasattr(os, "getuid") and found.st_uid != os.getuid():
        yield error(subject, f"{folder} belongs to another user", advice, **facts, owner=found.st_uid)
        return
    if not os.access(nearest, os.W_OK | os.X_OK):
        mend = f"Run: chmod u+rwx '{nearest}'" if nearest == folder else advice
        yield error(subject, f"{nearest} cannot be written to", mend, **facts)
        return
    free = shutil.disk_usage(nearest).free
    facts |= {"mode": f"{stat.S_IMODE(found.st_mode):04o}" if nearest == folder else None, "free": free}
    findings = [
        *_of_network(subject, folder, variable, is_durable),
        *_of_space(subject, nearest, free),
        *_of_inner(subject, folder, variable),
        *(_of_others(subject, folder, found) if nearest == folder and os.name == "posix" else ()),
    ]
    for each in findings:
        yield each.model_copy(update={"facts": {**facts, **each.facts}})
    if not findings:
        words = f"{folder}" if nearest == folder else f"{folder} is not there yet and is made when it is needed"
        yield ok(subject, words, **facts)


def _mend(failure: BrokerError, variable: str) -> str:
    advice = (failure.remedy or "").removeprefix(NOT_SENT).strip()
    return advice or f"Set {variable} to a writable folder of your own."


def _of_network(subject: str, folder: Path, variable: str, is_durable: bool) -> Iterator[Finding]:
    kind = files.network_file_system(folder)
    if kind is None:
        return
    advice = f"Set {variable} to a folder on a local disk."
    if is_durable:
        words = f"{folder} lies on a network file system ({kind}): orders with real money are refused"
        yield error(subject, words, advice, file_system=kind)
    else:
        words = f"{folder} lies on a network file system ({kind}), where locks of processes may fail"
        yield warning(subject, words, advice, file_system=kind)


def _of_space(subject: str, folder: Path, free: int) -> Iterator[Finding]:
    if free >= LITTLE:
        return
    words = f"the disk of {folder} has {free // 2**20:,} MB left"
    judged = error if free < TOO_LITTLE else warning
    yield judged(subject, words, "Free some of it: what cannot be written down is not sent.")


def _of_inner(subject: str, folder: Path, variable: str) -> Iterator[Finding]:
    """Tell which folders in it cannot be used."""
    for each in (folder / name for name in PRIVATE):
        try:
            found = os.lstat(each)
        except OSError:  # one that is not there is made when it is needed
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield error(
                subject, f"{each} is no folder of its own", f"Remove it: {each.name} is made when it is needed."
            )
        elif hasattr(os, "getuid") and found.st_uid != os.getuid():
            yield error(subject, f"{each} belongs to another user", f"Set {variable} to a writable folder of your own.")
        elif not os.access(each, os.R_OK | os.W_OK | os.X_OK):
            yield error(subject, f"{each} cannot be used", f"Run: chmod 700 '{each}'")


def _of_others(subject: str, folder: Path, found: os.stat_result) -> Iterator[Finding]:
    """Tell what other users can read or write."""
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield warning(subject, f"others can write into {folder}", f"Run: chmod go-w '{folder}'")
    open_folders, open_files = [], []
    for each in (folder / name for name in PRIVATE if (folder / name).is_dir()):
        with suppress(OSError):  # what goes away meanwhile is nobody's
            if os.lstat(each).st_mode & _OTHERS:
                open_folders.append(each)
            open_files += [path for path in sorted(each.iterdir()) if _is_open(path)]
    if open_folders:
        yield warning(
            subject, f"others can look into {_listed(open_folders)}", f"Run: chmod 700 {_quoted(open_folders)}"
        )
    if open_files:
        words = f"others can read or write {_listed(open_files)}: brokerkit does not use such a file"
        yield error(subject, words, f"Run: chmod 600 {_quoted(open_files)}")


def _is_open(path: Path) -> bool:
    found = os.lstat(path)
    return stat.S_ISREG(found.st_mode) and bool(found.st_mode & _OTHERS)


def _listed(paths: list[Path]) -> str:
    told = [str(path) for path in paths[:NAMED]]
    if (more := len(paths) - NAMED) > 0:
        told.append(f"and {more} more")
    return ", ".join(told)


def _quoted(paths: Iterable[Path]) -> str:
    return " ".join(f"'{path}'" for path in paths)


def kill_switch() -> Iterator[Finding]:
    """Tell whether orders are stopped."""
    subject = "kill switch"
    try:
        check_halt()
        yield ok(subject, "off: orders go out", halted=False)
    except Halted as halted:
        advice = (halted.remedy or "").removeprefix(NOT_SENT).strip()
        if "it cannot be" in halted.words and "by hand" not in advice:
            words = f"whether it is on cannot be seen, so orders are refused ({halt_file()})"
            yield error(subject, words, "Set right the state folder, which has a finding of its own.", halted=True)
            return
        yield warning(subject, halted.words.rstrip("."), advice or "`brokerkit resume` ends it.", halted=True)
    except BrokerError as failure:
        yield error(subject, failure.words, _mend(failure, "BROKERKIT_STATE_DIR"), file=str(halt_file()))


def writers() -> Iterator[Finding]:
    """Tell which programs on this machine have an order journal in use."""
    subject = "programs that order"
    try:
        folder = journal_folder()
    except BrokerError:
        return  # the folder's own finding says so
    found = _processes(folder, SUFFIX)
    told = ", ".join(f"process {process} ({program or '?'})" for process, program in found)
    if not locks.are_told():
        yield ok(subject, "this system does not tell which programs have the order journal in use", processes=None)
    else:
        processes = [{"process": process, "program": program} for process, program in found]
        yield ok(subject, told or "none at present", processes=processes)
    if old := _processes(folder, OLD_SUFFIX):
        told = ", ".join(f"process {process} ({program or '?'})" for process, program in old)
        words = f"{told} order by an older brokerkit, which does not see the orders of this one"
        yield error(subject, words, "End these programs, then start them with this brokerkit.")


def _processes(folder: Path, suffix: str) -> list[tuple[int, str]]:
    try:
        names = [name for name in os.listdir(folder) if name.endswith(suffix)]
    except OSError:
        return []  # the folder's own finding says so, if it is there
    holders = [locks.holder_of(folder / name) for name in names]
    return [(each, locks.program_of(each)) for each in sorted({each for each in holders if each is not None})]
