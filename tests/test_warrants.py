"""ELW: quoted like shares at both brokers, alone and among others, and nothing more at KIS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.sandbox import Sandbox
from brokerkit.testing.truth import differences
from brokerkit.words import SecurityType, Venue

WARRANT, UNLISTED, STOCK = "57JBHH", "57H715", "000660"


@pytest.fixture(params=[("kis", "real"), ("kis", "demo"), ("kiwoom", "real")], ids="-".join)
def at(request: pytest.FixtureRequest) -> Iterator[tuple[Broker, Sandbox]]:
    name, environment = request.param
    with (
        Sandbox(environment=environment) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
    ):
        sandbox.face(name).window.calls = 10**6
        yield broker, sandbox


def same(broker: Broker, sandbox: Sandbox, symbol: str, *, together: bool) -> list[str]:
    told = broker.quotes([symbol, STOCK])[0] if together else broker.quote(symbol)
    truth = sandbox.exchange.warrants.find(symbol).quote
    part = broker.adapter.served["KR"]
    untold = {field for field in part.not_told[type(told)] if getattr(told, field) is None}
    return differences(told, truth.model_copy(update=dict.fromkeys(untold)), steps=part.rounds.get(type(told)))


def test_a_warrant_is_quoted_by_its_six_characters(at: tuple[Broker, Sandbox]) -> None:
    broker, sandbox = at
    before = broker.quote(WARRANT)
    assert same(broker, sandbox, WARRANT, together=False) == []
    assert (before.upper_limit, before.lower_limit, before.currency) == (None, None, "KRW")
    sandbox.exchange.move(STOCK, sandbox.exchange.instruments[STOCK].upper_limit)
    assert broker.quote(WARRANT).price > before.price
    assert same(broker, sandbox, WARRANT, together=False) == []


def test_a_warrant_comes_among_shares(at: tuple[Broker, Sandbox]) -> None:
    broker, sandbox = at
    told = broker.quotes([STOCK, WARRANT, UNLISTED])
    assert [quote.symbol for quote in told] == [STOCK, WARRANT]
    assert isinstance(told.failed[UNLISTED], UnknownSymbol)
    assert same(broker, sandbox, WARRANT, together=True) == []


def test_a_code_that_no_warrant_has_is_unknown(at: tuple[Broker, Sandbox]) -> None:
    with pytest.raises(UnknownSymbol, match=UNLISTED):
        at[0].quote(UNLISTED)


def test_a_warrant_is_at_krx_alone(at: tuple[Broker, Sandbox]) -> None:
    with pytest.raises(UnknownSymbol, match=WARRANT):
        at[0].quote(WARRANT, venue=Venue.NXT)


def test_at_kis_more_than_its_price_is_not_offered() -> None:
    with get_broker("kis", environment="sandbox") as broker:
        assert broker.adapter.served["KR"].security_type(WARRANT) is SecurityType.ELW
        for ask in (
            lambda: broker.order_book(WARRANT),
            lambda: broker.candles(WARRANT),
            lambda: broker.buy(WARRANT, 10, price=50),
        ):
            with pytest.raises(Unsupported, match="ELW"):
                ask()
