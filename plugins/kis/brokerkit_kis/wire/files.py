"""Symbol master files (종목 마스터): where they lie, and what is packed in them. Nobody logs in for them."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from brokerkit.transport import Block, Endpoint

HOST = "https://new.real.download.dws.co.kr"
LARGEST = 16 * 1024 * 1024
"""Bytes of an unpacked file. The largest one has less than a million."""


def file(name: str) -> Endpoint[Any]:
    """Return a file as a call of its own, by its name without the ending of a zip."""
    return Endpoint(dict.fromkeys(("real", "demo"), name), f"/common/master/{name}.zip", Block, host=HOST)


def unpacked(packed: bytes, ending: str) -> tuple[bytes, str]:
    """Return what is in a zip file, or in words why it cannot be had. The names in it differ in case."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            files = [each for each in archive.infolist() if each.filename.lower().endswith(ending)]
            if len(files) != 1:
                return b"", f"{len(files)} master files are packed together instead of one"
            if files[0].file_size > LARGEST:
                return b"", f"the file has more than {LARGEST} bytes"
            return archive.read(files[0]), ""
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, RuntimeError, OSError):
        return b"", "the file is cut, or no zip file"
