"""What the adapters send for the verbs, against what the catalogues say of each call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from pydantic import SecretStr

from brokerkit import Broker, Investor, RankingKind, get_broker
from brokerkit.catalogue import Api, Catalogue
from brokerkit.errors import BrokerError, InvalidRequest
from brokerkit.raw.checking import Checked
from brokerkit.transport import Client, Endpoint
from brokerkit.transport.endpoint import Request

BROKERS = ("kis", "kiwoom")


def verbs(broker: Broker, symbol: str, price: int) -> Iterator[Callable[[], object]]:
    """Yield what asks and what trades, of one symbol."""
    today = dt.date.today()
    before = today - dt.timedelta(days=1)
    yield lambda: broker.quote(symbol)
    yield lambda: broker.quotes([symbol, symbol])
    yield lambda: broker.order_book(symbol)
    yield lambda: broker.trades(symbol)
    yield lambda: broker.candles(symbol, "1d", start=before, end=today)
    yield lambda: broker.candles(symbol, "1w", start=before, end=today)
    yield lambda: broker.candles(symbol, "1m", start=today, end=today)
    yield lambda: broker.instrument(symbol)
    yield lambda: broker.members(symbol)
    yield lambda: broker.investor_flow(symbol)
    yield lambda: broker.investor_flow_estimates(symbol)
    yield lambda: broker.investor_flow_total(symbol, start=before, end=today)
    yield lambda: broker.program_trading(symbol)
    yield lambda: broker.balance()
    yield lambda: broker.buying_power(symbol)
    yield lambda: broker.buying_power(symbol, price=price)
    yield lambda: broker.sellable_quantity(symbol)
    yield lambda: broker.amend(broker.buy(symbol, 2, price=price), price=price)
    yield lambda: broker.cancel(broker.buy(symbol, 2, price=price))
    yield lambda: broker.buy(symbol, 1, type="MARKET")
    yield lambda: broker.sell(symbol, 1, type="MARKET")
    yield lambda: broker.orders()
    yield lambda: broker.order_history(before, today)
    yield lambda: broker.fills(before, today)
    yield lambda: broker.realized_pnl(before, today)
    yield lambda: broker.transactions(before, today)
    yield lambda: broker.conditions()


def of_the_market(broker: Broker) -> Iterator[Callable[[], object]]:
    """Yield what is asked of a whole market."""
    some_days_ago = dt.date.today() - dt.timedelta(days=7)
    yield lambda: broker.candles("005930", "1m", start=some_days_ago, end=some_days_ago + dt.timedelta(days=2))
    yield lambda: broker.quote("INDEX:KOSPI")
    yield lambda: broker.candles("INDEX:KOSPI", "1d", start=some_days_ago, end=dt.date.today())
    yield lambda: broker.market_investor_flow("KOSPI", start=dt.date.today())
    yield lambda: broker.program_trading("KOSPI", start=dt.date.today())
    yield lambda: broker.program_rankings()
    yield lambda: broker.investor_rankings(Investor.FOREIGN)
    yield lambda: broker.exchange_rate("USD")
    for kind in RankingKind:
        yield lambda kind=kind: broker.rankings(kind)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Endpoint[Any], Request]]:
    """Collect every page that is asked for: at which environment, of which call, with what."""
    found: list[tuple[str, Endpoint[Any], Request]] = []
    real = Client._page

    def asked(self: Client, endpoint: Endpoint[Any], request: Request) -> Any:
        found.append((self.environment, endpoint, request))
        return real(self, endpoint, request)

    monkeypatch.setattr(Client, "_page", asked)
    return found


def cased(api: Api, name: str) -> str:
    return name.upper() if api.where == "query" else name


@pytest.mark.slow  # it waits for the limits of calls per second
@pytest.mark.parametrize("name", BROKERS)
def test_what_the_verbs_send_is_what_the_catalogue_asks_for(
    name: str, sent: list[tuple[str, Endpoint[Any], Request]]
) -> None:
    with get_broker(name, environment="sandbox") as broker:
        for each in (*verbs(broker, "005930", 60_000), *verbs(broker, "US:AAPL", 150), *of_the_market(broker)):
            with suppress(BrokerError):  # not every broker has every verb, and not every day is one of trading
                each()
    catalogue = Catalogue.at(f"brokerkit_{name}")
    odd, seen = set(), set()
    for environment, endpoint, request in sent:
        an_id = endpoint.ids[environment]
        if an_id not in catalogue or catalogue.api(an_id).effect == "auth":
            continue
        api = catalogue.api(an_id)
        seen.add(api.name)
        try:
            Checked(api, {}, request.body or request.params, lambda name: [])
        except InvalidRequest as refused:
            odd.add((api.name, "", str(refused)))
        fields = {cased(api, key): each for key, each in api.fields.items()}
        given = {cased(api, key): value for key, value in (request.body or request.params).items()}
        odd |= {(api.name, key, "lacks") for key, field in fields.items() if field.required and key not in given}
        for key, value in given.items():
            field = fields.get(key)
            if field is None:
                odd.add((api.name, key, "has not got"))
            elif not isinstance(value, SecretStr):
                if len(str(value)) > (field.length or len(str(value))):
                    odd.add((api.name, key, f"is longer than {field.length}"))
                if value and field.complete and str(value) not in field.codes:
                    odd.add((api.name, key, f"has no code {value}"))
    assert odd == set()
    assert len(seen) > 30, sorted(seen)
