"""Where the journals and the kill switch lie, and who may read them."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from brokerkit import files
from brokerkit.errors import NOT_SENT, JournalError

NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ncpfs", "davfs"})


def state_directory() -> Path:
    """Return the folder of journals and kill switch: BROKERKIT_STATE_DIR, else the user's state directory.

    It is the same in every working directory; a JournalError says so where it would not be.
    """
    try:
        return files.folder_of("BROKERKIT_STATE_DIR", _usual)
    except files.Unfit as unfit:
        words, advice = unfit.strerror, unfit.advice
    raise JournalError(f"The order journal and the kill switch have no place: {words}.", advice=f"{NOT_SENT} {advice}")


def _usual() -> Path:
    return platformdirs.user_state_path("brokerkit", appauthor=False)


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
