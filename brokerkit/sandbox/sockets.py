"""The sockets that the sandbox listens on."""

from __future__ import annotations

import socket
import struct
import sys

from brokerkit.errors import ConfigError

NO_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""Value of SO_LINGER with which closing a socket resets the connection."""
# Linux keeps a closed port busy for a while unless told otherwise. On Windows that word lets two servers share one.
_OWN_PORT = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket bound to a port of this machine, 0 for a free one; a ConfigError if that port is taken."""
    # With the protocol named, asyncio switches Nagle's algorithm off; it costs 40 ms an answer.
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, _OWN_PORT, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise ConfigError(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.") from None
    return sock


def url_of(scheme: str, host: str, port: int) -> str:
    """Return the address of a server."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
