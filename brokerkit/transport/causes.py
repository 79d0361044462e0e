"""Why a request failed, in words that repeat nothing of it: names of errors, and what OpenSSL says of a certificate."""

from __future__ import annotations

import ssl
from typing import Literal

from brokerkit.text import sanitize
from brokerkit.transport.incoming import Malformed


def words_of(error: Exception) -> str:
    """Return the kinds of an error and of what is behind it, and the reason if there is one that may be told."""
    chain = chain_of(error)
    names = " <- ".join(dict.fromkeys(type(part).__name__ for part in chain))
    reason = next(filter(None, map(_reason, chain)), "")
    return f"{names}: {reason}" if reason else names


def _reason(error: BaseException) -> str:
    """Return what may be told of an error besides its name: words that are ours or OpenSSL's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {sanitize(str(getattr(error, 'verify_message', '')), limit=120)}"
    if isinstance(error, ssl.SSLError):
        return sanitize(str(error.reason or "").replace("_", " ").lower(), limit=120)
    return str(error) if isinstance(error, Malformed) else ""


def advice_for(error: Exception, verify: str | Literal[True]) -> str | None:
    """Return what to do about a certificate that is not trusted."""
    if not any(isinstance(part, ssl.SSLCertVerificationError) for part in chain_of(error)):
        return None
    if verify is not True:
        return (
            f"Nothing was sent. Only what ca_file {verify} holds is trusted: check it, and the clock of this machine."
        )
    return (
        "Nothing was sent. Check the clock of this machine. If something of your own stands between (a proxy of the "
        "network, a served sandbox), name its certificate as ca_file."
    )


def chain_of(error: BaseException) -> list[BaseException]:
    """Return an error and what is behind it."""
    chain = [error]
    while (inner := _cause(chain[-1])) is not None and len(chain) < 6:
        chain.append(inner)
    return chain


def _cause(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    return next((part for part in error.args if isinstance(part, BaseException)), None)
