"""The error tree: one class per cause, the same at every broker.

BrokerError
|- ConfigError            wrong or missing configuration
|  `- UnknownBroker
|- InvalidRequest         wrong before sending: symbol, price, quantity
|- Unsupported            this broker, environment or venue has not got it
|- Blocked                the safety envelope said no; nothing was sent
|  `- Disarmed, Halted, LimitExceeded, OrderBlocked
|- NotSent                no byte left this machine; safe to try again
|- Rejected               the broker said no, and says why
|  `- AuthError, RateLimited, InsufficientFunds, MarketClosed, InvalidOrder, UnknownSymbol, NothingToCancel
|- OrderUncertain         the order may stand
|- NetworkError           a query did not come through
|- StreamError            a stream cannot go on
|  `- KeyInUse
|- WireError              an answer that is not what the broker documents
|  `- IncompleteListing
`- JournalError
"""

from __future__ import annotations

from typing import Protocol


class BrokerError(Exception):
    """Anything brokerkit raises on purpose.

    `broker` and `endpoint` say who was asked, `asked` for what. `code` and `message` are the broker's own code and
    words (sanitised: one line, printable, no secrets), `advice` says what to do next. None where it does not apply.
    """

    default_advice: str | None = None
    """What to do next, where the error itself says nothing better."""
    asked: str | None = None
    """What was asked for, such as the quote of a symbol."""

    def __init__(
        self,
        message: str,
        *,
        broker: str | None = None,
        endpoint: str | None = None,
        code: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.message = message
        self.broker = broker
        self.endpoint = endpoint
        self.code = code
        self.advice = advice or self.default_advice
        super().__init__(message)

    def __str__(self) -> str:
        asked = ", ".join(part for part in (self.broker, self.asked, self.endpoint) if part)
        said = f"[{self.code}] {self.message}" if self.code else self.message
        text = f"{asked}: {said}" if asked else said
        return f"{text} | {self.advice}" if self.advice else text

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.__dict__.copy())


def _rebuild(kind: type[BrokerError], message: str, state: dict[str, object]) -> BrokerError:
    error = kind(message)
    error.__dict__.update(state)
    return error


class ConfigError(BrokerError):
    """The configuration is wrong or something in it is missing."""


class UnknownBroker(ConfigError):
    """No installed adapter or profile has that name; the message lists the ones there are."""


class InvalidRequest(BrokerError):
    """The request is wrong; nothing was sent."""

    default_advice = "Nothing was sent. Correct the request and try again."


class Unsupported(BrokerError):
    """This broker, environment or venue does not offer that. Nothing was sent, or the broker said so itself."""


class Blocked(BrokerError):
    """The safety envelope said no; nothing was sent."""


class Disarmed(Blocked):
    """A real-money order that is not armed."""


class Halted(Blocked):
    """The kill switch is on."""


class LimitExceeded(Blocked):
    """A limit of the profile would be exceeded."""


class OrderBlocked(Blocked):
    """Another order of that symbol and side is unresolved."""


MAY_STAND = "The order was on its way and may stand: look at the broker's own order list before you send another."
NOT_SENT = "Nothing was sent."
"""What an interrupted order (Ctrl-C) carries as a note of the interrupt."""


class NotSent(BrokerError):
    """No byte of the order left this machine."""

    default_advice = "Nothing was sent: it is safe to try again."


class Rejected(BrokerError):
    """The broker refused; `code` and `message` are its own."""


class AuthError(Rejected):
    """Key, secret, token or account were not accepted."""

    default_advice = "Check app key, app secret, environment (demo or real) and account of the profile."


class RateLimited(Rejected):
    """Too many calls for the broker; the call was not carried out."""

    default_advice = "The call was not carried out. Wait a moment and try again, or lower max_calls_per_second."


class InsufficientFunds(Rejected):
    """Not enough cash to buy, or not enough shares to sell."""

    default_advice = (
        "Look at the balance of that market: cash that can be ordered, or sellable_quantity of the position."
    )


class MarketClosed(Rejected):
    """The market does not take this order now."""

    default_advice = "Nothing was placed. Send a new order when the market is open."


class InvalidOrder(Rejected):
    """The broker found the order itself wrong: price step, price limits, quantity, type."""

    default_advice = "Nothing was placed. Correct the order and send a new one."


class UnknownSymbol(Rejected):
    """The broker does not know the symbol."""

    default_advice = (
        "Look for the name with search(), of a US share with market='US'. Whether NXT trades a Korean one, "
        "instrument(symbol).nxt tells."
    )


class NothingToCancel(Rejected):
    """The order has nothing left that can be cancelled or amended."""

    default_advice = "It was filled, cancelled, or is not of today. refresh(order) tells its state."


class NamedIntent(Protocol):
    """An entry of the order journal as an error names it: `brokerkit.Intent` has more."""

    @property
    def id(self) -> str:
        """What `resubmit` and `resolve` know it by."""

    @property
    def what(self) -> str:
        """What was to be sent, in one line."""


class OrderUncertain(BrokerError):
    """The order may stand: bytes left this machine and no definite answer came back.

    `intent` is its entry in the journal. Until it is decided, another order of that symbol and side is OrderBlocked.
    """

    default_advice = "Do not send it again: the order may stand. reconcile() looks for it in the broker's lists."

    def __init__(
        self,
        message: str,
        *,
        intent: NamedIntent | None = None,
        broker: str | None = None,
        endpoint: str | None = None,
        code: str | None = None,
        advice: str | None = None,
    ) -> None:
        super().__init__(message, broker=broker, endpoint=endpoint, code=code, advice=advice)
        self.intent = intent


class NetworkError(BrokerError):
    """A query did not come through. Queries change nothing: it is safe to try again."""


class StreamError(BrokerError):
    """A stream cannot go on, or is closed."""


class KeyInUse(StreamError):
    """The one connection that the broker allows a key is held by another program; the message names it if it can."""


class WireError(BrokerError):
    """An answer that is not what the broker documents; the message names endpoint and field."""

    default_advice = "No value was guessed. Please report the endpoint and field; the broker may have changed its API."


class IncompleteListing(WireError):
    """A list whose end could not be reached, so nothing of it is returned."""

    default_advice = "The list would be short, so none of it is returned. Ask again."


class JournalError(BrokerError):
    """The order journal cannot be read or written."""
