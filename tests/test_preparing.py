"""What fails before an order is not its outcome: the order was not sent, whatever a broker said to another call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import pytest

from brokerkit.errors import InvalidRequest, NotSent, Rejected, Unsupported, WireError
from brokerkit.orders.intents import IntentState
from brokerkit.orders.limits import Limits
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest
from brokerkit.testing.inside import forget_quotes, know_account, limit_to
from brokerkit.transport import Client
from brokerkit.transport.limits import Turn
from tests.journals import BROKERS, SAMSUNG, Trader, served, trading
from tests.program import is_order

REFUSALS: dict[str, dict[str, tuple[str, int, dict[str, object]]]] = {
    "kis": {
        "token": ("EGW00103", 403, {"error_code": "EGW00103", "error_description": "유효하지 않은 AppKey입니다."}),
        "order code": ("APBK0919", 200, {"rt_cd": "1", "msg_cd": "APBK0919", "msg1": "장운영시간이 아닙니다."}),
        "too fast": ("EGW00201", 500, {"rt_cd": "1", "msg_cd": "EGW00201", "msg1": "초당 거래건수를 초과하였습니다."}),
    },
    "kiwoom": {
        "token": (
            "8001",
            200,
            {"return_code": 3, "return_msg": "인증에 실패했습니다[8001:App Key 검증 실패]"},
        ),
        "order code": ("RC4058", 200, {"return_code": 20, "return_msg": "[2000](RC4058:모의투자 장종료상태)"}),
        "too fast": ("1700", 429, {"return_code": 5, "return_msg": "허용된 요청 개수를 초과하였습니다[1700:유량]"}),
    },
}


@pytest.fixture(autouse=True)
def without_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let calls go at once: a broker that says "too fast" here would make the next ones wait for seconds."""
    monkeypatch.setattr(Client, "_wait", lambda self, endpoint, *, urgent: Turn([]))


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker at a sandbox of its own."""
    with trading(request.param) as made:
        yield made


def refuse(trader: Trader, what: str, meant: Callable[[ReceivedRequest], bool]) -> str:
    """Let the broker refuse some calls; return the code that it gives."""
    code, status, body = REFUSALS[trader.name][what]
    trader.box.face(trader.name).before = lambda request: JsonResponse(body, status=status) if meant(request) else None
    return code


def not_sent(
    trader: Trader, send: Callable[[], object], code: str | None, mend: Callable[[], object] = lambda: None
) -> NotSent:
    """Let a call fail before the order leaves, and the next one go."""
    known = len(list(trader.journal.everything()))
    posts = trader.posts
    with pytest.raises(NotSent) as caught:
        send()
    trader.box.face(trader.name).before = None
    mend()
    assert not isinstance(caught.value, Rejected)
    assert caught.value.code == code
    assert trader.posts == posts
    assert caught.value.__cause__ is None
    assert {each.state for each in list(trader.journal.everything())[known:]} <= {IntentState.NOT_SENT}
    send()
    assert trader.posts == posts + 1
    return caught.value


def is_token(request: ReceivedRequest) -> bool:
    return "token" in request.path


@pytest.mark.parametrize("what", ["token", "order code", "too fast"])
@pytest.mark.parametrize("verb", ["order", "amend", "cancel"])
def test_a_token_that_is_refused_means_that_the_order_was_not_sent(what: str, verb: str, trader: Trader) -> None:
    order = trader.buy()
    send: dict[str, Callable[[], object]] = {
        "order": trader.buy,
        "amend": lambda: trader.broker.amend(order, price=trader.price() + 100),
        "cancel": lambda: trader.broker.cancel(order),
    }
    tokens = trader.broker.client._tokens
    token = tokens.take()
    assert token is not None
    code = refuse(trader, what, is_token)
    error = not_sent(trader, send[verb], code, mend=lambda: tokens._store(token))
    assert "access token could not be had" in error.message


@pytest.mark.parametrize("what", ["order code", "token", "too fast"])
@pytest.mark.parametrize(
    "limits", [Limits(price_collar_percent=50), Limits(max_order_value=10**9)], ids=["collar", "value"]
)
def test_a_price_that_is_refused_means_that_the_order_was_not_sent(what: str, limits: Limits, trader: Trader) -> None:
    limit_to(trader.broker, limits)
    forget_quotes(trader.broker)
    given: dict[str, Any] = {"type": "MARKET"} if limits.max_order_value else {"price": trader.price()}
    code = refuse(trader, what, lambda request: not is_order(request) and not is_token(request))
    error = not_sent(trader, lambda: trader.broker.buy(SAMSUNG, 1, **given), code)
    assert "last price" in error.message


@pytest.mark.parametrize("what", ["order code", "token"])
def test_an_account_that_is_refused_means_that_the_order_was_not_sent(what: str) -> None:
    with served("kiwoom") as trader:
        trader.journal.recover()
        know_account(trader.broker, None)
        code = refuse(trader, what, lambda request: not is_order(request) and not is_token(request))
        error = not_sent(trader, trader.buy, code)
        assert "account of the key" in error.message


@pytest.mark.parametrize("what", ["order code", "token"])
def test_a_hashkey_that_is_refused_means_that_the_order_was_not_sent(what: str) -> None:
    with trading("kis", options={"use_hashkey": True, "settle_seconds": 1}) as trader:
        code = refuse(trader, what, lambda request: "hashkey" in request.path)
        error = not_sent(trader, trader.buy, code)
        assert "hashkey" in error.message


def test_a_kind_that_cannot_be_asked_means_that_the_order_was_not_sent(trader: Trader) -> None:
    """The step of 70,010 won is one of funds only, so the broker is asked what the symbol is."""
    code = refuse(trader, "order code", lambda request: not is_order(request) and not is_token(request))
    with pytest.raises(NotSent, match="step of its price") as caught:
        trader.broker.buy(SAMSUNG, 1, price=70_010)
    assert caught.value.code == code
    assert trader.posts == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Unsupported("not here"), Unsupported),
        (InvalidRequest("odd"), InvalidRequest),
        (Unsupported("the broker said so", code="7"), NotSent),
        (Rejected("no", code="7", advice="Mend it."), NotSent),
        (WireError("odd"), NotSent),
    ],
    ids=repr,
)
def test_our_own_checks_keep_their_class_and_a_brokers_refusal_does_not(
    error: Exception, kind: type[Exception], trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*given: object, **named: object) -> NoReturn:
        raise error

    monkeypatch.setattr(trader.broker.client, "call", fails)
    with pytest.raises(kind) as caught:
        trader.broker.buy(SAMSUNG, 1, price=Decimal(trader.price()))
    assert trader.posts == 0
    if getattr(error, "advice", None) == "Mend it.":
        assert "Mend it." in str(caught.value)
