"""What goes out: the address it may go to, and the request as bytes."""

from __future__ import annotations

import ipaddress
import re
import ssl
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

import requests
from pydantic import SecretStr

from brokerkit import files
from brokerkit.errors import ConfigError
from brokerkit.text import sanitize
from brokerkit.transport.bodies import PART, as_json, as_path, as_query
from brokerkit.transport.endpoint import Encoding, Endpoint, Request

_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def loopback_url(url: str) -> str:
    """Return `url` if it names this machine and nothing else; a ConfigError otherwise."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        is_plain = parts.scheme in ("http", "https") and "@" not in parts.netloc and parts.path in ("", "/")
        if is_loopback and is_plain and parts.port is not None and not parts.query and not parts.fragment:
            return f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        pass
    # Of what stands before an @ nothing is repeated: it may be a password.
    raise ConfigError(
        f"base_url {sanitize(url.rpartition('@')[2], limit=80)} is not an address of this machine.",
        advice="Only the sandbox environment takes one, such as http://127.0.0.1:8080.",
    )


def leads_to_this_machine(url: str) -> bool:
    """Say whether a URL names this machine and nothing else."""
    try:
        return bool(loopback_url(url))
    except ConfigError:
        return False


def check_certificates(file: Path | None) -> str | Literal[True]:
    """Return what TLS is checked against: the given file, else the usual certificates; a ConfigError if it is unfit."""
    if file is None:
        return True
    try:
        files.read_trusted(file)  # who can write it decides which server gets the keys
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = sanitize(getattr(error, "strerror", None) or type(error).__name__, limit=80)
        advice = getattr(error, "advice", None) or "Name a PEM file."
        raise ConfigError(f"ca_file {file} cannot be used: {reason}.", advice=advice) from None
    return str(file)


def is_plain(path: str) -> bool:
    """Say whether there is one way only to read a path: nothing encoded, doubled, dotted, or behind it."""
    return _PLAIN.fullmatch(PART.sub("x", path)) is not None


def as_read(path: str) -> str:
    """Return a path as the most generous server reads it: decoded, in small letters, without empty and dotted parts."""
    while (decoded := unquote(path)) != path:
        path = decoded
    parts: list[str] = []
    for part in re.split(r"[/\\]", re.split(r"[?#]", path.lower())[0]):
        name = part.partition(";")[0].strip()
        if name == "..":
            parts = parts[:-1]
        elif name not in ("", "."):
            parts.append(name)
    return "/" + "/".join(parts)


def prepared(base_url: str, endpoint: Endpoint[Any], request: Request) -> requests.PreparedRequest:
    """Return the request with every secret opened; nothing but `transmit` may call this."""
    out = requests.PreparedRequest()
    out.method = endpoint.method
    path = as_path(endpoint.path, request.path) if request.path else endpoint.path
    query = f"?{as_query(request.params)}" if request.params else ""
    out.url = f"{base_url}{path}{query}"
    headers = {"Accept-Encoding": "identity", "User-Agent": "brokerkit"}
    headers |= {name: _open(value) for name, value in request.headers.items()}
    content = b""
    if request.body is not None:
        write = as_query if endpoint.encoding is Encoding.FORM else as_json
        content = write(request.body).encode()
        if not any(name.lower() == "content-type" for name in request.headers):
            headers["Content-Type"] = endpoint.encoding.value
    if request.body is not None or endpoint.method == "POST":
        headers["Content-Length"] = str(len(content))
    out.body = content or None
    out.headers = requests.structures.CaseInsensitiveDict(headers)
    out.hooks = {"response": []}
    return out


def _open(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
