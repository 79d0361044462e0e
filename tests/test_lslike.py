"""A broker of another shape than the two that come with brokerkit: every verb works, and little is written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokerkit import (
    Broker,
    NotSent,
    OrderStatus,
    OrderType,
    OrderUncertain,
    Side,
    TimeInForce,
    Unsupported,
    clock,
    config,
)
from brokerkit.asking.inquiries import HOOKS
from brokerkit.errors import BrokerError, InsufficientFunds, OrderBlocked, Rejected, UnknownSymbol, WireError
from brokerkit.market.sessions import Phase
from brokerkit.orders.intents import IntentState
from brokerkit.replies import FlowTables
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest
from brokerkit.sandbox.server import Server
from brokerkit.testing.inside import part_of
from brokerkit.testing.safety.wire import rewritten
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import PAGE, LikeFace

SAMSUNG = "005930"
LARGEST = 180
"""Lines that an adapter of the domestic verbs may need beside its tables."""


@pytest.fixture
def face() -> LikeFace:
    return LikeFace(Exchange())


@pytest.fixture
def broker(face: LikeFace) -> Iterator[Broker]:
    server = Server(face.app)
    keys = face.credentials
    settings = config.Settings(
        app_key=SecretStr(keys.app_key), app_secret=SecretStr(keys.app_secret), account=SecretStr(keys.account)
    )
    adapter = LikeAdapter(settings, environment="real", base_url=server.url, remember_token=False)
    with Broker(adapter, environment="sandbox", durable=False, phase_of=lambda venue: Phase.REGULAR) as opened:
        yield opened
    server.close()


def below(face: LikeFace) -> Decimal:
    """Return a price at which a purchase rests."""
    return face.exchange.order_book(SAMSUNG).bids[-1].price


def test_it_takes_few_lines_beside_its_tables() -> None:
    lines = [
        line
        for name in ("adapter", "client", "stocks")
        for line in (Path(__file__).parent / "lslike" / f"{name}.py").read_text(encoding="utf-8").splitlines()
    ]
    written = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert len(written) <= LARGEST


def test_it_offers_every_verb_but_these(broker: Broker) -> None:
    assert {verb for verb in HOOKS if not broker.supports(verb)} == {
        *(
            "market_investor_flow",
            "investor_flow_estimates",
            "investor_rankings",
            "program_trading",
            "program_rankings",
        ),
        *("candles", "instruments", "instrument", "search", "realized_pnl", "transactions", "exchange_rate"),
        *("reserve", "reservations", "amend_reservation", "cancel_reservation"),
        *("rankings", "conditions", "screen", "trades", "members"),
    }


def test_what_cannot_be_sent_is_not_said_to_be_offered(broker: Broker) -> None:
    (told,) = broker.capabilities()
    assert {time for _, time in told.order_types} == {TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK}


def test_a_symbol_that_nobody_lists_is_unknown(broker: Broker) -> None:
    with pytest.raises(UnknownSymbol):
        broker.quote("999999")


def test_prices_are_those_of_the_exchange(broker: Broker, face: LikeFace) -> None:
    truth = face.exchange.quote(SAMSUNG)
    quote = broker.quote(SAMSUNG)
    assert quote.model_copy(update={"turnover": truth.turnover, "time": truth.time}) == truth
    book, real = broker.order_book(SAMSUNG), face.exchange.order_book(SAMSUNG)
    assert (book.asks, book.bids) == (real.asks, real.bids)


def test_a_token_is_asked_for_with_a_form(broker: Broker, face: LikeFace) -> None:
    broker.quote(SAMSUNG)
    assert [request.path for request in face.requests] == ["/oauth2/token", "/stock/market-data"]
    assert face.requests[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert broker.client.revoke()
    assert face.requests[-1].status == 200
    assert face.tokens.current is None


def test_a_dead_token_is_renewed_for_a_query(broker: Broker, face: LikeFace) -> None:
    broker.quote(SAMSUNG)
    face.kill_tokens()
    assert broker.quote(SAMSUNG).price > 0
    assert face.tokens.issued == 2


def test_an_order_is_sent_amended_and_cancelled(broker: Broker, face: LikeFace) -> None:
    price = below(face)
    order = broker.buy(SAMSUNG, 10, price=price)
    assert (order.status, broker.refresh(order).status) == (OrderStatus.PENDING, OrderStatus.WORKING)
    sent = next(request for request in face.requests if "CSPAT00601InBlock1" in request.body)
    assert sent.body["CSPAT00601InBlock1"] == {
        "IsuNo": "A005930",
        "OrdQty": 10,
        "OrdPrc": int(price),
        "BnsTpCode": "2",
        "OrdprcPtnCode": "00",
        "MgntrnCode": "000",
        "LoanDt": "",
        "OrdCndiTpCode": "0",
        "MbrNo": "KRX",
    }
    amended = broker.amend(order, price=price - 100)
    assert (amended.quantity, amended.original_id, broker.refresh(order).status) == (10, order.id, OrderStatus.CANCELED)
    canceled = broker.cancel(amended)
    assert broker.wait(canceled, timeout=30).status is OrderStatus.CANCELED
    assert broker.orders() == ()


def test_a_cancellation_names_what_is_left(broker: Broker, face: LikeFace) -> None:
    order = broker.buy(SAMSUNG, 10, price=below(face))
    broker.cancel(order, quantity=4)
    broker.cancel(order)
    asked = [body["OrdQty"] for request in face.requests if (body := request.body.get("CSPAT00801InBlock1"))]
    assert asked == [4, 6]
    with pytest.raises(NotSent, match="not among the open ones"):
        broker.cancel(order)


def test_a_part_of_an_order_is_not_amended(broker: Broker, face: LikeFace) -> None:
    order = broker.buy(SAMSUNG, 10, price=below(face))
    with pytest.raises(Unsupported, match="no part of it"):
        broker.amend(order, quantity=4, price=below(face) - 100)
    assert broker.refresh(order).remaining_quantity == 10


def test_a_sale_and_a_market_order_are_filled(broker: Broker, face: LikeFace) -> None:
    bought = broker.refresh(broker.buy(SAMSUNG, 3, type=OrderType.MARKET))
    sold = broker.refresh(broker.sell(SAMSUNG, 3, type=OrderType.MARKET))
    assert (bought.status, sold.status, sold.side) == (OrderStatus.FILLED, OrderStatus.FILLED, Side.SELL)


@pytest.mark.parametrize("count", [PAGE - 1, PAGE, 2 * PAGE + 1])
def test_lists_are_read_to_their_ends(count: int, broker: Broker, face: LikeFace) -> None:
    sent = {broker.buy(SAMSUNG, number, price=below(face)).id for number in range(1, count + 1)}
    assert {order.id for order in broker.orders()} == sent  # a cursor that ends where it repeats
    assert {order.id for order in broker.order_history(clock.today())} == sent  # a key in a header


def test_an_empty_list_is_one(broker: Broker) -> None:
    assert (broker.orders(), broker.order_history(clock.today())) == ((), ())


def test_all_pages_of_a_balance_are_read(broker: Broker, face: LikeFace) -> None:
    account = face.credentials.account
    symbols = list(face.exchange.instruments)[: 2 * PAGE + 1]
    for number, symbol in enumerate(symbols, 1):
        face.exchange.give_holding(account, symbol, Decimal(number), Decimal(1000 * number))
    balance, truth = broker.balance(), face.exchange.account(account)
    assert [each.symbol for each in balance.positions] == symbols
    assert (balance.cash, balance.cost, balance.market_value) == (truth.cash, truth.cost, truth.market_value)


def test_what_can_be_bought_is_told(broker: Broker, face: LikeFace) -> None:
    price = below(face)
    truth = face.exchange.affordable(face.credentials.account, SAMSUNG, price)
    assert broker.buying_power(SAMSUNG, price=price).quantity == truth
    assert broker.buying_power(SAMSUNG).quantity == face.exchange.affordable(face.credentials.account, SAMSUNG)


def test_investor_flow_comes_in_shares_and_in_won(broker: Broker, face: LikeFace) -> None:
    truth = face.exchange.investor_flow(SAMSUNG)[-5:]
    told = broker.investor_flow(SAMSUNG, start=truth[0].date, end=truth[-1].date, detail=True)
    assert [day.date for day in told] == [day.date for day in truth]
    for day, real in zip(told, truth, strict=True):
        assert day.individual.net_quantity == real.individual.net_quantity
        assert day.pension.buy_quantity == real.pension.buy_quantity
        assert abs((day.foreign.net_amount or 0) - (real.foreign.net_amount or 0)) < 1_000_000
    assert len(broker.investor_flow(SAMSUNG)) == 30


def test_a_refusal_says_that_nothing_stands(broker: Broker, face: LikeFace) -> None:
    with pytest.raises(InsufficientFunds) as caught:
        broker.buy(SAMSUNG, 1_000_000, price=below(face))
    assert caught.value.code == "01425"
    assert face.exchange.orders(face.credentials.account) == []


def test_an_answer_that_is_lost_is_looked_for_in_the_list(broker: Broker, face: LikeFace) -> None:
    face.lost_answers = 1
    with pytest.raises(OrderUncertain):
        broker.buy(SAMSUNG, 10, price=below(face))
    with pytest.raises(OrderBlocked):
        broker.buy(SAMSUNG, 10, price=below(face))
    found = broker.reconcile(wait=True, timeout=10)
    (row,) = face.exchange.orders(face.credentials.account)
    assert [(intent.state, intent.order_id) for intent in found.decided] == [(IntentState.ACKED, str(row.number))]
    assert broker.unresolved() == ()
    assert clock.today() == row.day


@pytest.mark.parametrize(
    ("status", "code", "number", "kind"),
    [
        (200, "00040", 0, OrderUncertain),  # taken by its words, and without a number
        (200, "00000", 17, OrderUncertain),  # a code that is no proof
        (200, "09999", 17, OrderUncertain),  # a code that nobody knows, and a number
        (200, "09999", 0, Rejected),
        (500, "09999", 0, OrderUncertain),
        (500, "IGW00000", 0, OrderUncertain),
        (500, "IGW40011", 0, Rejected),
    ],
)
def test_an_order_is_refused_only_where_that_is_proven(
    status: int, code: str, number: int, kind: type[BrokerError], broker: Broker, face: LikeFace
) -> None:
    def answer(request: ReceivedRequest) -> JsonResponse | None:
        if request.path != "/stock/order":
            return None
        body = {"rsp_cd": code, "rsp_msg": "", "CSPAT00601OutBlock2": {"OrdNo": number, "OrdTime": ""}}
        return JsonResponse(body, status=status, headers={"tr_cd": "CSPAT00601"})

    face.before = answer
    with pytest.raises(BrokerError) as caught:
        broker.buy(SAMSUNG, 10, price=below(face))
    assert type(caught.value) is kind


@pytest.mark.parametrize(("code", "is_own"), [("A005930", True), ("KR7005930003", True), ("A000660", False)])
def test_the_buying_power_of_another_symbol_is_not_taken(
    broker: Broker, face: LikeFace, code: str, is_own: bool
) -> None:
    with rewritten(face, lambda block: block.update(IsuNo=code) if "IsuNo" in block else None):
        if is_own:
            assert broker.buying_power(SAMSUNG, price=60_000).quantity > 0
        else:
            with pytest.raises(WireError, match="about 000660, not 005930"):
                broker.buying_power(SAMSUNG, price=60_000)


def test_the_investor_flow_of_another_symbol_is_not_taken(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    class OfAnother(FlowTables):
        symbol = "000660"

    def another(*asked: object, **how: object) -> list[FlowTables]:
        return [OfAnother(**vars(day)) for day in own(*asked, **how)]

    own = part_of(broker).flow_tables
    monkeypatch.setattr(part_of(broker), "flow_tables", another)
    with pytest.raises(WireError, match="about 000660, not 005930"):
        broker.investor_flow(SAMSUNG)
