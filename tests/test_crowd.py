"""The others who make a market lively while somebody follows it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.crowd import Crowd
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.sandbox import shared
from tests.exchanges import FUND, SAMSUNG, TODAY, empty_book
from tests.willow import WillowFace, WillowStream, client, register, served, told


def crowded(seed: int, acts: int) -> tuple[Exchange, list[tuple[Decimal, Decimal]]]:
    exchange = Exchange(seed=seed, today=TODAY)
    before = len(exchange.trades(SAMSUNG))
    crowd = Crowd(exchange)
    for _ in range(acts):
        crowd.act(SAMSUNG)
    return exchange, [(trade.price, trade.quantity) for trade in exchange.trades(SAMSUNG)[before:]]


def test_equal_seeds_trade_alike() -> None:
    assert crowded(1, 30)[1] == crowded(1, 30)[1] != crowded(2, 30)[1]


def test_prices_move_and_stay_near_and_both_sides_of_the_book_last() -> None:
    exchange, trades = crowded(1, 1_500)
    first = Exchange(seed=1, today=TODAY).quote(SAMSUNG).price
    prices = {price for price, _ in trades}
    assert len(trades) >= 1_500
    assert len(prices) > 2
    assert all(abs(price - first) < first / 20 for price in prices)
    book = exchange.order_book(SAMSUNG)
    assert min(len(book.asks), len(book.bids)) >= 3


@pytest.mark.parametrize("phase", [Phase.CLOSED, Phase.CLOSING_AUCTION, Phase.AFTER_CLOSE_CLOSING_PRICE])
def test_nobody_comes_while_nothing_trades_continuously(phase: Phase) -> None:
    exchange = Exchange(today=TODAY)
    exchange.phase = phase
    assert acted(exchange) == (0, False)


def test_nobody_comes_to_a_symbol_that_is_halted_or_is_none() -> None:
    exchange = Exchange(today=TODAY)
    exchange.halt(SAMSUNG)
    Crowd(exchange).act("000000")
    assert acted(exchange) == (0, False)


def test_an_empty_book_is_filled_again() -> None:
    exchange = Exchange(today=TODAY)
    empty_book(exchange)
    crowd = Crowd(exchange)
    for _ in range(40):
        crowd.act(SAMSUNG)
    book = exchange.order_book(SAMSUNG)
    assert book.asks
    assert book.bids


def acted(exchange: Exchange) -> tuple[int, bool]:
    """Return how many prints acting brought, and whether the book is another."""
    trades, book = exchange.trades(SAMSUNG), exchange.order_book(SAMSUNG)
    Crowd(exchange).act(SAMSUNG)
    after = exchange.order_book(SAMSUNG)
    return len(exchange.trades(SAMSUNG)) - len(trades), (after.asks, after.bids) != (book.asks, book.bids)


def test_what_a_client_follows_is_traded_and_nothing_else() -> None:
    face = WillowFace(Exchange())
    assert isinstance(face.stream, WillowStream)
    face.stream.is_lively, face.stream.lively_seconds = True, 0.01
    quiet = face.exchange.trades(FUND)
    with served(face) as url:
        with client(url) as connection:
            assert face.stream.watched() == set()
            register(connection, SAMSUNG)
            texts = told(connection, 20)
        assert {text.split("|")[1] for text in texts} == {SAMSUNG}
        assert {text.split("|")[0] for text in texts} == {"1:trade", "1:book"}
    assert face.exchange.trades(FUND) == quiet
    assert face.stream._crowding is None


def test_where_much_is_followed_everything_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit.sandbox.streaming.MOST_ACTS", 2)
    face = WillowFace(Exchange())
    assert isinstance(face.stream, WillowStream)
    face.stream.is_lively, face.stream.lively_seconds = True, 0.01
    followed = sorted(face.exchange.instruments)[:5]
    with served(face) as url, client(url) as connection:
        for symbol in followed:
            connection.send(f"+{symbol}")
        seen: set[str] = set()
        while seen != set(followed):
            text = told(connection, 1)[0]
            seen |= {text.split("|")[1]} if text.startswith("1:trade") else set()


def test_a_sandbox_is_quiet_unless_it_is_asked_or_the_one_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit.sandbox.sandbox.face_class", lambda name: WillowFace)

    def is_lively(sandbox: Sandbox) -> bool:
        stream = sandbox.face("willow").stream
        assert stream is not None
        return stream.is_lively

    with Sandbox() as quiet, Sandbox(lively=True) as lively:
        assert (is_lively(quiet), is_lively(lively)) == (False, True)
    assert shared()._is_lively
