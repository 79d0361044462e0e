"""Prices, books and investor flow that are not the truth."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks
from brokerkit_kiwoom.adapter import KiwoomAdapter
from brokerkit_kiwoom.sandbox.face import KiwoomFace
from brokerkit_kiwoom.stocks.part import Stocks as KiwoomStocks

from brokerkit import clock
from brokerkit.errors import UnknownSymbol
from brokerkit.models import InvestorFlow
from brokerkit.replies import FlowTables, Listed, Ranks
from brokerkit.words import RankingKind, SecurityType, Segment, Venue
from proof.zoo.cages import bad
from proof.zoo.lies import Twisted, always, per, twisted
from tests.lslike.stocks import Stocks

TRUTH = "quote_tells_the_truth_field_by_field"
MILLION = Decimal(1_000_000)


@bad(TRUTH, "change is 500, but in truth -500")
class FallToldAsRise(Stocks):
    """Tells a fall as a rise: the sign of the change is left out."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), change=abs)


@bad(TRUTH, "change_percent is", "in truth")
class FractionForPercent(Stocks):
    """Tells 1.23 percent as 0.0123."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), change_percent=per(100))


@bad(TRUTH, "volume is", "in truth")
class VolumeInThousands(Stocks):
    """Tells the volume in thousands of shares."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), volume=per(1_000))


@bad(TRUTH, "turnover is declared absent but is")
class TellsWhatItDeclaresAbsent(Stocks):
    """Fills in a field that it declares not to be told."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), turnover=always(Decimal(1)))


@bad(TRUTH, "volume is not told, but in truth")
class LeavesOutWhatItDeclares(Stocks):
    """Does not declare that the volume is not told, and leaves it out."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), volume=always(None))


@bad(TRUTH, "high is", "low is")
class HighAndLowSwapped(Stocks):
    """Takes the highest price for the lowest one."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        told = super().quote(symbol, venue)
        return twisted(told, high=always(told.low), low=always(told.high))


@bad(TRUTH, "price is")
class PriceOfYesterday(Stocks):
    """Tells the last close as the price."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        told = super().quote(symbol, venue)
        return twisted(told, price=always(told.previous_close))


@bad(TRUTH, "symbol is", "in truth")
class NameForSymbol(Stocks):
    """Tells the name where the symbol belongs."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        told = super().quote(symbol, venue)
        return _Renamed(told, symbol=always(told.name))


class _Renamed(Twisted):
    """Is asked for the symbol of its answer before it is asked for the model."""

    symbol = None


@bad("quote_follows_a_trade", "After a trade at a higher price the quote still tells")
class PriceKeptForEver(Stocks):
    """Answers the first price that it was told for as long as it lives."""

    def prepare(self) -> None:
        self._kept: dict[str, Any] = {}

    def quote(self, symbol: str, venue: Venue) -> Any:
        if symbol not in self._kept:
            self._kept[symbol] = super().quote(symbol, venue)
        return self._kept[symbol]


@bad("quote_of_an_unlisted_symbol_is_refused", "that is an UnknownSymbol, and nothing is raised")
class PriceOfNothing(Stocks):
    """Tells a price of 1 won for a symbol that nobody lists."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        try:
            return super().quote(symbol, venue)
        except UnknownSymbol:
            return twisted(super().quote("005930", venue), price=always(Decimal(1)), symbol=always(symbol))


@bad("quotes_and_books_of_every_venue_tell_the_truth", "venue is", of=KisAdapter, face=KisFace)
class VenueOfQuotesUnheard(KisStocks):
    """Answers a question about NXT with what it says of KRX."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, Venue.KRX), venue=always(Venue.KRX))


@bad("every_instrument_tells_the_truth", "listed_shares is", of=KisAdapter, face=KisFace)
class SharesInThousands(KisStocks):
    """Tells listed shares in thousands, as the files have them."""

    def instruments(self) -> Listed:
        listed = super().instruments()
        return replace(listed, rows=[twisted(row, listed_shares=per(1_000)) for row in listed.rows])


@bad("every_instrument_tells_the_truth", "are missing", of=KiwoomAdapter, face=KiwoomFace)
class FundsForgotten(KiwoomStocks):
    """Asks for the lists of shares only."""

    def instruments(self) -> Listed:
        listed = super().instruments()
        return replace(listed, rows=[row for row in listed.rows if getattr(row, "kind", None) is SecurityType.STOCK])


@bad("every_instrument_tells_the_truth", "liquidation is False, but in truth True", of=KiwoomAdapter, face=KiwoomFace)
class WarningUnread(KiwoomStocks):
    """Takes everything for sound."""

    def instruments(self) -> Listed:
        listed = super().instruments()
        return replace(listed, rows=[twisted(row, liquidation=always(False)) for row in listed.rows])


@bad("prices_are_rounded_to_the_step_and_never_to_a_worse_one", "35003 is rounded to 35050 instead of 35005")
class FundTakenForStock(Stocks):
    """Says that everything is a stock, so that a fund gets the steps of one."""

    def security_type(self, symbol: str) -> SecurityType | None:
        return SecurityType.STOCK


@bad(TRUTH, "price is -", of=KiwoomAdapter, face=KiwoomFace)
class DirectionTakenForASign(KiwoomStocks):
    """Takes the sign that marks the direction of a price for one of the price itself."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        told = super().quote(symbol, venue)
        return twisted(told, price=lambda price: price.copy_sign(told.change))


# Rankings


@bad("rankings_tell_the_truth", "net_amount is", of=KisAdapter, face=KisFace)
class NetBuyingInMillions(KisStocks):
    """Tells net buying in millions, as KIS does."""

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        told = super().ranking(kind, market, venue, count)
        return replace(told, rows=[twisted(row, net_amount=per(1_000_000)) for row in told.rows])


@bad("rankings_tell_the_truth", "The ranking by LOSERS", of=KiwoomAdapter, face=KiwoomFace)
class RisersForFallers(KiwoomStocks):
    """Asks for the risers, whatever is wanted."""

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        asked = RankingKind.GAINERS if kind is RankingKind.LOSERS else kind
        return super().ranking(asked, market, venue, count)


@bad(
    "a_ranking_has_as_many_rows_as_are_asked_for",
    "The first 150 of VOLUME are others, or fewer",
    of=KiwoomAdapter,
    face=KiwoomFace,
)
class FirstPageOfARanking(KiwoomStocks):
    """Takes the first page for all there is."""

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        return super().ranking(kind, market, venue, min(count, 99))


@bad("rankings_of_other_venues_are_told_or_unsupported", "at NXT", of=KisAdapter, face=KisFace)
class VenueOfRankingsUnheard(KisStocks):
    """Answers a question about NXT with a ranking of KRX."""

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        return super().ranking(kind, market, venue and Venue.KRX, count)


@bad("saved_conditions_have_their_matches", "change is", of=KisAdapter, face=KisFace)
class ChangeOfAMatchWithoutItsSign(KisStocks):
    """Tells how far a symbol has moved, and not which way."""

    def screen(self, condition: str) -> Any:
        return [twisted(hit, change=lambda change: -abs(change)) for hit in super().screen(condition)]


# Books


@bad("order_book_tells_the_truth", "asks")
class SidesOfTheBookSwapped(Stocks):
    """Takes those who sell for those who buy."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        told = super().order_book(symbol, venue)
        return twisted(told, asks=always(told.bids), bids=always(told.asks))


@bad("order_book_tells_the_truth", "asks")
class WorstPriceFirst(Stocks):
    """Lists the asks from the highest price down."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), asks=lambda levels: levels[::-1])


@bad("order_book_tells_the_truth", "bids")
class FiveLevelsOfTen(Stocks):
    """Tells five levels of a side where the broker tells ten."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), bids=lambda levels: levels[:5])


@bad("an_empty_level_of_the_book_is_left_out", "Nobody sells, and the book tells")
class EmptyLevelsKept(Stocks):
    """Keeps the levels of the book that are empty, as price 0."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        from brokerkit.models import Level

        empty = Level(price=Decimal(0), quantity=Decimal(0))
        return twisted(super().order_book(symbol, venue), asks=lambda levels: levels or (empty,))


# Investor flow

FLOW = "investor_flow_tells_the_truth"
DETAIL = "investor_flow_in_detail_tells_buys_and_sells"


class _Flow(Stocks):
    """Says something else of every day of investor flow."""

    def day(self, day: FlowTables) -> Any:
        return day

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[Any]:
        return [self.day(day) for day in super().investor_flow(symbol, start, end, detail)]


@bad(FLOW, "net_amount")
class MillionsForWon(_Flow):
    """Tells amounts in millions of won as won."""

    def day(self, day: FlowTables) -> Any:
        return replace(day, units={**day.units, "amount": Decimal(1)})


@bad(FLOW, "individual.net_quantity is")
class IndividualsForInstitutions(_Flow):
    """Takes the column of institutions for that of individuals."""

    def day(self, day: FlowTables) -> Any:
        return _Dated(day)


class _Dated:
    def __init__(self, day: FlowTables) -> None:
        self.date = day.date
        self._day = day

    def to_model(self, **known: Any) -> InvestorFlow:
        told = self._day.to_model(**known)
        return told.model_copy(update={"individual": told.institution})


@bad(DETAIL, "sell_quantity")
class SellsBelowZero(_Flow):
    """Tells what was sold below zero."""

    def day(self, day: FlowTables) -> Any:
        return twisted(
            day,
            foreign=lambda flow: flow.model_copy(
                update={"sell_quantity": None if flow.sell_quantity is None else -flow.sell_quantity}
            ),
        )


@bad(DETAIL, "buy_quantity")
class DetailLeftOut(Stocks):
    """Tells nets alone, also to who asks for buys and sells."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        return super().investor_flow(symbol, start, end, False)


@bad(FLOW, "not those that were asked for", "missing: ['20")
class FlowShortOfItsSecondPage(Stocks):
    """Tells the first twenty days, and not those of the next page."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        days = sorted(super().investor_flow(symbol, start, end, detail), key=lambda day: day.date)
        return days[-20:]


@bad("investor_flow_of_a_range", "not those that were asked for", "missing: ['20")
class LastDayOfTheRangeLeftOut(Stocks):
    """Takes the end of a range for the day after its last one."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        return super().investor_flow(symbol, start, end - dt.timedelta(1), detail)


@bad(FLOW, "not asked for: ['20")
class TodayCalledFinal(Stocks):
    """Tells the figures of today, which are provisional, as final."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        days = super().investor_flow(symbol, start, end, detail)
        newest = max(days, key=lambda day: day.date)
        return [*days, replace(newest, date=clock.today(), final=True)]


@bad("investor_flow_of_a_range", "Days that are over are said to be provisional")
class NothingFinal(_Flow):
    """Calls the figures of days that are long over provisional."""

    def day(self, day: FlowTables) -> Any:
        return replace(day, final=False)


@bad("investor_flow_of_an_unlisted_symbol_is_refused", "that is an UnknownSymbol, and nothing is raised")
class FlowOfNothing(Stocks):
    """Tells the investor flow of another symbol for one that nobody lists."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        try:
            return super().investor_flow(symbol, start, end, detail)
        except UnknownSymbol:
            return super().investor_flow("005930", start, end, detail)


@bad("investor_flow_further_back_than_kept_is_never_short", "that is an Unsupported, and nothing is raised")
class FlowSilentlyShort(_Flow):
    """Fills up what the broker does not keep with days of zeros."""

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[Any]:
        days = super().investor_flow(symbol, None, end, detail)
        oldest = min(days, key=lambda day: day.date)
        return days if start is None or start >= oldest.date else [replace(oldest, date=start), *days]


# What can be bought

POWER = "buying_power_is_what_the_account_can_pay"


@bad(POWER, "shares can be bought, in truth")
class PowerOfAMarginAccount(Stocks):
    """Tells what could be bought on margin."""

    def buying_power(self, symbol: str, price: Decimal | None) -> Any:
        told = super().buying_power(symbol, price)
        return twisted(told, cash=lambda cash: cash * 5 / 2, quantity=lambda shares: shares * 5 // 2)


@bad(POWER, "shares can be bought, in truth")
class PowerAtAnotherPrice(Stocks):
    """Counts what can be bought at the upper limit, whatever price was asked for."""

    def buying_power(self, symbol: str, price: Decimal | None) -> Any:
        return super().buying_power(symbol, None)
