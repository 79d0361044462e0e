"""What a profile has at its broker: the access token that is kept, and what the broker answers when it is asked."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import suppress

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.doctor.finding import Finding, error, ok, unknown, warning
from brokerkit.doctor.profiles import Subject
from brokerkit.errors import AuthError, BrokerError, ConfigError, NetworkError
from brokerkit.orders.listing import WRONG_CLOCK
from brokerkit.symbols import HOME
from brokerkit.transport.reading import NOTED_SKEW

ASKED = {HOME: "005930", "US": "US:AAPL"}
"""By market, a symbol whose price is asked for: the cheapest question that every adapter has."""


ELSEWHERE = "192.0.2.1"
"""An address that is nobody's, kept for examples."""


def token(broker: Broker) -> Iterator[Finding]:
    """Tell whether an access token is kept, and until when; never the token, and none is asked for."""
    subject = "token"
    try:
        found = broker.client.seen_token()
    except ConfigError as failure:
        yield error(subject, failure.words.rstrip("."), failure.remedy or "Remove the file: the next call asks anew.")
        return
    if found is None:
        words = "the next call asks for one"
        if broker.adapter.settings.state:
            words = "the next call takes the one of other hosts, or asks for one"
        yield ok(subject, f"none is kept on this host: {words}", kept=False)
        return
    now = clock.now()
    age, left = now - found.issued_at, found.expires_at - now
    facts = {"kept": True, "issued_at": found.issued_at, "expires_at": found.expires_at, "alive": found.is_alive()}
    if found.issued_at > now + dt.timedelta(minutes=1):
        words = f"the token that is kept was issued in the future, at {found.issued_at:%Y-%m-%d %H:%M}"
        yield warning(subject, words, "Set the clock of this machine, or of the one that asked for the token.", **facts)
    elif found.is_alive():
        yield ok(
            subject, f"kept for {_span(age)}, good for {_span(left)}, until {found.expires_at:%m-%d %H:%M}", **facts
        )
    else:
        yield ok(subject, f"ended at {found.expires_at:%Y-%m-%d %H:%M}: the next call asks for another one", **facts)


def _span(span: dt.timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{max(minutes, 0)} min"


def address(broker: Broker, subject: Subject) -> Iterator[Finding]:
    """Tell that the broker answers registered addresses only, where that is so and nobody has asked it."""
    codes = broker.client.address_codes
    if not codes or subject.environment == "sandbox":
        return
    told, own = ", ".join(sorted(codes)), _own_address()
    inner = own is not None and not ipaddress.ip_address(own).is_global
    words = f"the broker answers only addresses that are registered for the key, and refuses others with {told}"
    if inner:
        words = f"{words}; this machine's own, {own}, is none of the internet: that of its network counts"
    yield unknown(
        "address",
        words,
        f"`brokerkit doctor {subject.name} --online` asks. If it is refused: {_how_to_register(broker)}",
        codes=sorted(codes),
        own=own,
    )


def _own_address() -> str | None:
    """Return the address from which this machine would call abroad. Nothing is sent: the socket is only prepared."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as prepared:
        prepared.connect((ELSEWHERE, 9))
        return str(prepared.getsockname()[0])
    return None


def _how_to_register(broker: Broker) -> str:
    advice = next((broker.client.advice[code] for code in sorted(broker.client.address_codes)), None)
    return advice or "Register the public address of this machine at the broker."


def question(broker: Broker, subject: Subject) -> Iterator[Finding]:
    """Ask the broker for a price: whether key, token and address are taken, how long it takes, whose clock is right."""
    symbol = ASKED.get(broker.adapter.home)
    if symbol is None or not broker.supports("quote", market=broker.adapter.home):
        words = "nothing harmless is known that this broker could be asked"
        yield unknown("question", words, f"Ask it yourself: brokerkit quote SYMBOL --profile {subject.name}")
        return
    began = time.monotonic()
    try:
        broker.quote(symbol)
    except BrokerError as failure:
        yield _refused(failure, broker, subject, symbol)
        if not isinstance(failure, NetworkError):
            yield from _clocks(broker)
        return
    took = (time.monotonic() - began) * 1000
    yield ok("question", f"the broker answered after {took:,.0f} ms", milliseconds=round(took), symbol=symbol)
    if broker.client.address_codes:
        yield ok("address", "the broker answers this machine's address")
    yield from _clocks(broker)


def _refused(failure: BrokerError, broker: Broker, subject: Subject, symbol: str) -> Finding:
    is_address = isinstance(failure, AuthError) and failure.code in broker.client.address_codes
    code = f"[{failure.code}] " if failure.code else ""
    advice = failure.remedy or f"Try again: brokerkit quote {symbol} --profile {subject.name}"
    return error(
        "address" if is_address else "question",
        f"{code}{failure.words}".rstrip("."),
        _how_to_register(broker) if is_address and failure.remedy is None else advice,
        code=failure.code,
        error=type(failure).__name__,
    )


def _clocks(broker: Broker) -> Iterator[Finding]:
    """Compare the clock of this machine with the broker's, which tells whole seconds."""
    ahead = broker.client.skew
    facts = {"ahead": round(ahead, 1)}
    words = f"the broker's clock is {abs(ahead):.0f} s behind this machine's"
    if ahead > 0:
        words = f"the broker's clock is {ahead:.0f} s ahead of this machine's"
    advice = "Set the clock of this machine, and let a time service keep it so."
    if abs(ahead) > WRONG_CLOCK:
        yield error("broker's clock", f"{words}: orders with real money are refused", advice, **facts)
    elif abs(ahead) > NOTED_SKEW:
        yield warning("broker's clock", words, advice, **facts)
    else:
        yield ok("broker's clock", "agrees with this machine's within seconds", **facts)
