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

from brokerkit.languages import Language, translated


class BrokerError(Exception):
    """Anything brokerkit raises on purpose (모든 오류의 바탕).

    `broker` and `endpoint` say who was asked, `asked` for what. `code` and `message` are the broker's own code and
    words (sanitised: one line, printable, no secrets), `advice` says what to do next. None where it does not apply.

    What is not the broker's is told in the language of the process (`brokerkit.language`); `words` and `remedy` are the
    message and the advice as they were written, in English, for programs and logs.
    """

    default_advice: str | None = None
    """What to do next, where the error itself says nothing better."""
    asked: str | None = None
    """What was asked for, such as the quote of a symbol; in English."""

    def __init__(
        self,
        message: str,
        *,
        broker: str | None = None,
        endpoint: str | None = None,
        code: str | None = None,
        advice: str | None = None,
    ) -> None:
        self.words = message
        self.broker = broker
        self.endpoint = endpoint
        self.code = code
        self.remedy = advice or self.default_advice
        super().__init__(message)

    @property
    def message(self) -> str:
        """What happened: the broker's own words where it said something, else ours in the reader's language."""
        return self._own_words()

    @property
    def advice(self) -> str | None:
        """What to do next, in the reader's language."""
        return self.remedy and translated(self.remedy)

    def told(self, language: Language | None = None) -> str:
        """Return all of it as one text, in a language ("en", "ko") or in that of the process."""
        what = self.asked and translated(self.asked, language)
        asked = ", ".join(part for part in (self.broker, what, self.endpoint) if part)
        words = self._own_words(language)
        said = f"[{self.code}] {words}" if self.code else words
        text = f"{asked}: {said}" if asked else said
        return f"{text} | {translated(self.remedy, language)}" if self.remedy else text

    def _own_words(self, language: Language | None = None) -> str:
        return translated(self.words, language)

    def __str__(self) -> str:
        return self.told()

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.words, self.__dict__.copy())


def _rebuild(kind: type[BrokerError], message: str, state: dict[str, object]) -> BrokerError:
    error = kind(message)
    error.__dict__.update(state)
    return error


class ConfigError(BrokerError):
    """The configuration is wrong or something in it is missing (설정이 틀렸거나 빠져 있음)."""


class UnknownBroker(ConfigError):
    """No installed adapter or profile has that name; the message lists the ones there are.

    그런 이름의 어댑터나 프로필이 없음.
    """


class InvalidRequest(BrokerError):
    """The request is wrong; nothing was sent (요청이 잘못됨)."""

    default_advice = "Nothing was sent. Correct the request and try again."


class Unsupported(BrokerError):
    """This broker, environment or venue does not offer that. Nothing was sent, or the broker said so itself.

    이 증권사, 환경, 거래소에는 없는 기능.
    """


class Blocked(BrokerError):
    """The safety envelope said no; nothing was sent (안전장치가 막음)."""


class Disarmed(Blocked):
    """A real-money order that is not armed (허가되지 않은 실전 주문)."""


class Halted(Blocked):
    """The kill switch is on (비상 정지가 켜져 있음)."""


class LimitExceeded(Blocked):
    """A limit of the profile would be exceeded (프로필의 한도를 넘음)."""


class OrderBlocked(Blocked):
    """Another order of that symbol and side is unresolved (같은 종목, 같은 방향의 앞선 주문이 정리되지 않음)."""


MAY_STAND = "The order was on its way and may stand: look at the broker's own order list before you send another."
NOT_SENT = "Nothing was sent."
"""What an interrupted order (Ctrl-C) carries as a note of the interrupt."""


class NotSent(BrokerError):
    """No byte of the order left this machine (주문이 한 바이트도 나가지 않음)."""

    default_advice = "Nothing was sent: it is safe to try again."


class Rejected(BrokerError):
    """The broker refused; `code` and `message` are its own (증권사의 거절)."""

    is_wordless = False
    """Whether the broker said nothing beside its code, so that `message` is ours."""

    def _own_words(self, language: Language | None = None) -> str:
        return self.words if self.code and not self.is_wordless else super()._own_words(language)


class AuthError(Rejected):
    """Key, secret, token or account were not accepted (키, 시크릿, 토큰, 계좌가 받아들여지지 않음)."""

    default_advice = "Check app key, app secret, environment (demo or real) and account of the profile."


class RateLimited(Rejected):
    """Too many calls for the broker; the call was not carried out (호출이 너무 많음)."""

    default_advice = "The call was not carried out. Wait a moment and try again, or lower max_calls_per_second."


class InsufficientFunds(Rejected):
    """Not enough cash to buy, or not enough shares to sell (매수할 현금이나 매도할 수량이 부족함)."""

    default_advice = (
        "Look at the balance of that market: cash that can be ordered, or sellable_quantity of the position."
    )


class MarketClosed(Rejected):
    """The market does not take this order now (지금은 시장이 받지 않음)."""

    default_advice = "Nothing was placed. Send a new order when the market is open."


class InvalidOrder(Rejected):
    """The broker found the order itself wrong: price step, price limits, quantity, type.

    호가 단위, 상하한가, 주문 유형이 맞지 않음.
    """

    default_advice = "Nothing was placed. Correct the order and send a new one."


class UnknownSymbol(Rejected):
    """The broker does not know the symbol (증권사가 모르는 종목)."""

    default_advice = (
        "Look for the name with search(), of a US share with market='US'. Whether NXT trades a Korean one, "
        "instrument(symbol).nxt tells."
    )


class NothingToCancel(Rejected):
    """The order has nothing left that can be cancelled or amended (정정하거나 취소할 수량이 없음)."""

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
    """The order may stand: bytes left this machine and no definite answer came back (주문이 들어갔을 수 있음).

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
    """A query did not come through. Queries change nothing: it is safe to try again.

    조회가 이루어지지 않음.
    """


class StreamError(BrokerError):
    """A stream cannot go on, or is closed (스트림을 계속할 수 없거나 닫혔음)."""


class KeyInUse(StreamError):
    """The one connection that the broker allows a key is held by another program; the message names it if it can.

    키에 하나뿐인 연결을 다른 프로그램이 쓰고 있음.
    """


class WireError(BrokerError):
    """An answer that is not what the broker documents; the message names endpoint and field (답이 문서와 다름)."""

    default_advice = "No value was guessed. Please report the endpoint and field; the broker may have changed its API."


class IncompleteListing(WireError):
    """A list whose end could not be reached, so nothing of it is returned (목록의 끝에 이르지 못함)."""

    default_advice = "The list would be short, so none of it is returned. Ask again."


class JournalError(BrokerError):
    """The order journal cannot be read or written (주문 일지를 읽거나 쓸 수 없음)."""
