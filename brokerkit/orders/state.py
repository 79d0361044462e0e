"""Where the journals and the kill switch lie, and who may read them."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from brokerkit.errors import JournalError
from brokerkit.keeping import private_folder

NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "ncpfs", "davfs"})


def state_directory() -> Path:
    """Return the folder of journals and kill switch: BROKERKIT_STATE_DIR, else the user's state directory."""
    chosen = os.environ.get("BROKERKIT_STATE_DIR")
    try:
        return Path(chosen) if chosen else platformdirs.user_state_path("brokerkit", appauthor=False)
    except RuntimeError:
        raise JournalError(
            "This user has no home directory, so the order journal has no place.",
            advice="Nothing was sent. Set BROKERKIT_STATE_DIR to a folder on a local disk.",
        ) from None


def make_folder(folder: Path) -> None:
    """Make the folder if it is missing, for its owner alone; a JournalError if it is not ours."""
    try:
        private_folder(folder)
    except OSError as error:
        raise JournalError(
            f"The folder {folder} cannot be used: {error.strerror}.",
            advice="Nothing was sent. Set BROKERKIT_STATE_DIR to a writable folder of your own.",
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
