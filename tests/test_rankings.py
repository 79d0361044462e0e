"""Rankings out of rows: their order, what belongs to them, and their day, at a broker that is made of rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.asking.rankings import conditions, ranked, screened
from brokerkit.errors import IncompleteListing, InvalidRequest, UnknownSymbol, Unsupported, WireError
from brokerkit.market.markets import KOREA
from brokerkit.models import Condition, Instrument, Instruments, Match, Quote, Quotes, Rank
from brokerkit.replies import RankReply, Ranks
from brokerkit.transport import Reply
from brokerkit.words import RankingKind, SecurityType, Segment, Venue

FRIDAY = dt.date(2026, 11, 20)


class Row(RankReply):
    """A row with all that there can be."""

    symbol: str
    name: str = ""
    price: Decimal | None = None
    change: Decimal | None = None
    volume: Decimal | None = None
    turnover: Decimal | None = None
    net_amount: Decimal | None = None


class Saved(Reply[Condition]):
    id: str
    name: str


class Hit(Reply[Match]):
    symbol: str


class Rows:
    """A part that answers these rows, and the inquiries that ask it."""

    broker = "rows"
    is_simulated = False
    most_ranks = 3
    ranking_venues = dict.fromkeys(RankingKind, (Venue.KRX,)) | {RankingKind.FOREIGN_NET_BUYING: ()}
    rounds = {Rank: {"turnover": Decimal(1_000_000)}}
    calls: dict[str, Any] = {}
    quote_venues = (Venue.KRX, Venue.NXT)

    def __init__(self, *rows: Row, saved: Sequence[str] = (), hits: Sequence[str] = ()) -> None:
        self.rows, self.saved, self.hits = rows, saved, hits

    def fills(self, hook: str) -> bool:
        return hook == "quote"

    def offering(self, verb: str, market: object) -> Rows:
        return self

    def home(self, market: None) -> Any:
        return KOREA

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        return Ranks(None, self.rows, is_estimate=kind is RankingKind.FOREIGN_NET_BUYING)

    def conditions(self) -> list[Saved]:
        return [Saved(id=id, name=name) for id, name in (each.split() for each in self.saved)]

    def screen(self, condition: str) -> list[Hit]:
        return [Hit(symbol=symbol) for symbol in self.hits]

    def wrong(self, endpoint: object, words: str) -> WireError:
        return WireError(words, broker=self.broker)


def row(symbol: str, **told: int) -> Row:
    return Row(symbol=symbol, **{name: Decimal(value) for name, value in told.items()})


def places(
    part: Rows, kind: RankingKind = RankingKind.VOLUME, count: int = 3, venue: Venue | None = None
) -> list[Rank]:
    return ranked(part, kind, None, count, venue)  # type: ignore[arg-type]


def symbols(part: Rows, kind: RankingKind = RankingKind.VOLUME, count: int = 3) -> list[str]:
    return [place.symbol for place in places(part, kind, count)]


def test_places_follow_the_figures_and_ties_the_symbols() -> None:
    part = Rows(row("000300", volume=5), row("000200", volume=9), row("000100", volume=5), row("000400", volume=0))
    assert symbols(part) == ["000200", "000100", "000300"]
    assert [place.rank for place in places(part)] == [1, 2, 3]
    assert symbols(part, count=2) == ["000200", "000100"]


def test_ties_of_rounded_figures_stay_as_the_broker_has_them() -> None:
    part = Rows(row("000300", turnover=5), row("000100", turnover=5), row("000200", turnover=9))
    assert symbols(part, RankingKind.TURNOVER) == ["000200", "000300", "000100"]


def test_changes_are_compared_exactly_and_what_is_unchanged_is_left_out() -> None:
    part = Rows(
        row("000100", price=10_100, change=100),  # 1.0000 %
        row("000200", price=10_101, change=101),  # 1.0100 %
        row("000300", price=10_000, change=0),
        row("000400", price=9_900, change=-100),  # -1.0000 %
        row("000500", price=9_800, change=-200),
    )
    assert symbols(part, RankingKind.GAINERS) == ["000200", "000100"]
    assert symbols(part, RankingKind.LOSERS) == ["000500", "000400"]


@pytest.mark.parametrize(
    ("rows", "kind", "words"),
    [
        ([row("000100", volume=1), row("000100", volume=2)], RankingKind.VOLUME, "000100 stands in it twice"),
        ([row("000100")], RankingKind.VOLUME, "000100 has no volume"),
        ([row("000100", change=5)], RankingKind.GAINERS, "from no price"),
        ([row("000100", price=5, change=5)], RankingKind.GAINERS, "from no price"),
    ],
)
def test_rows_that_cannot_be_are_an_error(rows: list[Row], kind: RankingKind, words: str) -> None:
    with pytest.raises(WireError, match=words):
        places(Rows(*rows), kind)


def test_what_a_broker_does_not_rank_says_what_there_is() -> None:
    with pytest.raises(Unsupported, match="the first 3") as caught:
        places(Rows(), count=4)
    assert "count=3" in str(caught.value.advice)
    with pytest.raises(Unsupported, match="NXT") as caught:
        places(Rows(), venue=Venue.NXT)
    assert "KRX" in str(caught.value.advice)
    with pytest.raises(Unsupported) as caught:
        places(Rows(), RankingKind.FOREIGN_NET_BUYING, venue=Venue.KRX)
    assert "leave venue out" in str(caught.value.advice)


SUNDAY, NEXT_YEAR = FRIDAY + dt.timedelta(2), dt.date(2027, 3, 2)


@pytest.mark.parametrize(
    ("kind", "day", "time", "date"),
    [
        (RankingKind.VOLUME, FRIDAY, "08:59", None),
        (RankingKind.VOLUME, FRIDAY, "09:00", FRIDAY),
        (RankingKind.VOLUME, FRIDAY, "23:00", FRIDAY),
        (RankingKind.VOLUME, SUNDAY, "12:00", FRIDAY),
        (RankingKind.VOLUME, dt.date(2026, 11, 19), "09:59", None),  # the day of the university entrance exam
        (RankingKind.VOLUME, NEXT_YEAR, "12:00", None),  # of that year the holidays are not confirmed
        (RankingKind.FOREIGN_NET_BUYING, FRIDAY, "10:09", None),
        (RankingKind.FOREIGN_NET_BUYING, FRIDAY, "10:10", FRIDAY),
        (RankingKind.FOREIGN_NET_BUYING, SUNDAY, "12:00", None),
    ],
)
def test_the_day_is_told_where_it_is_sure(
    kind: RankingKind, day: dt.date, time: str, date: dt.date | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime.combine(day, dt.time.fromisoformat(time), clock.KST)
    monkeypatch.setattr(clock, "now", lambda: now)
    (place,) = places(Rows(row("000100", volume=1, net_amount=1)), kind)
    assert (place.date, place.final) == (date, date is not None and date < day)


def test_a_condition_is_named_by_itself_or_by_a_name_that_one_has() -> None:
    part: Any = Rows(saved=["0 rising", "1 twice", "2 twice"], hits=["000100"])
    assert [each.name for each in conditions(part)] == ["rising", "twice", "twice"]
    assert [each.symbol for each in screened(part, "rising")] == ["000100"]
    assert [each.symbol for each in screened(part, conditions(part)[2])] == ["000100"]
    for name, words in (("twice", "several conditions"), ("falling", "no condition")):
        with pytest.raises(InvalidRequest, match=words) as caught:
            screened(part, name)
        assert "rising" in str(caught.value.advice)


def test_what_is_told_twice_of_conditions_is_an_error() -> None:
    with pytest.raises(WireError, match="0 stands in it twice"):
        conditions(Rows(saved=["0 one", "0 other"]))  # type: ignore[arg-type]
    part: Any = Rows(hits=["000100", "000100"])
    with pytest.raises(WireError, match="000100 stands in it twice"):
        screened(part, Condition(id="0", name="one"))


# Made of the whole market


def firm(symbol: str, worth: int, **more: Any) -> Instrument:
    """Return a firm with so many shares, each worth 1 yesterday."""
    told = {"market": Segment.KOSPI, "kind": SecurityType.STOCK, "listed_on": dt.date(2000, 1, 4), "nxt": True}
    told |= {"base_price": 1, "liquidation": False, "listed_shares": worth, **more}
    return Instrument(symbol=symbol, name=symbol, currency="KRW", **told)


class Market(Rows):
    """A part without a ranking by market value, with what is listed and prices."""

    ranking_venues = {RankingKind.VOLUME: (Venue.KRX,)}

    def __init__(self, *firms: Instrument, prices: dict[str, int] | None = None, is_stale: bool = False) -> None:
        super().__init__()
        self.listings, self.asked = self, []
        self.listed, self.prices = Instruments(firms, is_stale=is_stale), prices or {}

    def fills(self, hook: str) -> bool:
        return hook in ("quote", "instruments")

    def instruments(self, market: object, segment: Segment | None, kind: None) -> Instruments:
        return self.listed

    def quotes(self, symbols: list[str], venue: Venue, progress: None) -> Quotes:
        self.asked += symbols
        known = [symbol for symbol in symbols if self.prices.get(symbol, 1)]
        told = [
            Quote(symbol=symbol, venue=venue, currency="KRW", price=Decimal(self.prices.get(symbol, 1)))
            for symbol in known
        ]
        return Quotes(told, {symbol: UnknownSymbol("no price") for symbol in symbols if symbol not in known})


SIZES = [("000100", 1000), ("000200", 800), ("000300", 600), ("000400", 500), ("000500", 150), ("000600", 149)]
FIRMS = [firm(symbol, worth) for symbol, worth in SIZES]


def test_market_values_are_those_of_now_and_say_that_they_are_computed() -> None:
    market = Market(*FIRMS, prices={"000400": 2})
    told = places(market, RankingKind.MARKET_VALUE)
    assert [(place.symbol, place.market_value, place.computed) for place in told] == [
        *(("000100", 1000, True), ("000400", 1000, True), ("000200", 800, True))
    ]
    assert [place.rank for place in told] == [1, 2, 3]


def test_only_firms_that_may_have_a_place_are_asked_for() -> None:
    market = Market(*FIRMS)
    places(market, RankingKind.MARKET_VALUE)
    assert market.asked == ["000100", "000200", "000300", "000400", "000500"]
    stale = Market(*FIRMS, is_stale=True)
    places(stale, RankingKind.MARKET_VALUE)
    assert stale.asked == [symbol for symbol, _ in SIZES]


@pytest.mark.parametrize(
    "more", [{"base_price": None}, {"liquidation": True}, {"listed_on": None}, {"listed_on": clock.today()}]
)
def test_a_firm_without_limits_or_a_price_of_yesterday_is_asked_for(more: dict[str, Any]) -> None:
    market = Market(*FIRMS, firm("000900", 1, **more), prices={"000900": 700})
    assert [each.symbol for each in places(market, RankingKind.MARKET_VALUE)] == ["000100", "000200", "000900"]


def test_funds_and_what_is_listed_elsewhere_have_no_place() -> None:
    others = [
        firm("000901", 9000, kind=SecurityType.ETF),
        firm("000902", 9000, market=Segment.KONEX),
        firm("000903", 9000, listed_shares=None),
    ]
    assert [each.symbol for each in places(Market(*FIRMS, *others), RankingKind.MARKET_VALUE)] == [
        *("000100", "000200", "000300")
    ]


def test_at_nxt_only_what_trades_there_is_asked_for() -> None:
    market = Market(*FIRMS, firm("000900", 9000, nxt=False))
    assert places(market, RankingKind.MARKET_VALUE, venue=Venue.NXT)[0].venue is Venue.NXT
    assert "000900" not in market.asked


def test_a_firm_without_a_price_is_no_ranking_that_looks_whole() -> None:
    with pytest.raises(IncompleteListing, match="000200"):
        places(Market(*FIRMS, prices={"000200": 0}), RankingKind.MARKET_VALUE)
    assert places(Market(), RankingKind.MARKET_VALUE) == []
