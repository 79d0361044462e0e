"""Where a Redis is: the URL of a profile, taken apart without a word of what is secret in it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from brokerkit.errors import ConfigError

PORT = 6379
SCHEMES = {"redis": False, "rediss": True}
FORM = (
    'Write state = "rediss://user:password@host:6379/0", or redis:// for one on this machine. '
    "In a password / is written %2F, ? %3F, # %23, @ %40 and % %25."
)


class Address(NamedTuple):
    """Which Redis, and as whom."""

    host: str
    port: int
    database: int
    is_secret: bool
    """Over TLS."""
    user: str
    """Of its access list; "default" where the URL names none."""
    password: SecretStr | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.is_secret else 'redis'}://{host}:{self.port}/{self.database}"


@lru_cache(maxsize=16)
def read_address(url: SecretStr) -> Address:
    """Return what a URL says; a ConfigError for one that says something else. Nothing of it is repeated there."""
    found: Address | None = None
    try:
        found = _address(url)
    except ValueError:  # a port that is none, brackets that do not close
        words = "it is no URL"
    else:
        if found is not None:
            return found
        words = "it is redis:// or rediss://, a host, at most a number behind it, and nothing else"
    raise ConfigError(f"state names no Redis: {words}.", advice=FORM)


def _address(url: SecretStr) -> Address | None:
    parts = urlsplit(url.get_secret_value())
    database = parts.path.strip("/")
    if parts.scheme not in SCHEMES or not parts.hostname or parts.query or parts.fragment:
        return None
    if database and not (database.isascii() and database.isdigit()):
        return None
    return Address(
        parts.hostname,
        parts.port or PORT,
        int(database or 0),
        SCHEMES[parts.scheme],
        unquote(parts.username or "") or "default",
        SecretStr(unquote(parts.password)) if parts.password else None,
    )
