"""The contract of what is listed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol
from brokerkit.market.markets import market_with
from brokerkit.models import Instrument
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.exchange import Instrument as Truth
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.symbols import HOME
from brokerkit.testing.base import Contract, not_told, raising
from brokerkit.testing.declared import needs
from brokerkit.testing.truth import differences
from brokerkit.words import SecurityType, Segment

HIDING = ("liquidation", "alert", "overheated", "caution")
"""Of these warnings some brokers tell one a symbol: another one may then be left out, and none may be made up."""
RECKONED = ("upper_limit", "lower_limit")
"""What the core reckons from what is told: where something is not told there is none."""


class ListingContract(Contract):
    """Every instrument is what the exchange lists; names and codes find it; the broker is asked once a day."""

    level = 1

    @needs("instruments")
    def test_every_instrument_tells_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.halt(self.stock)
        sandbox.exchange.lift_limits(self.fund)
        told = {each.symbol: each for each in trader.instruments()}
        listed = sandbox.exchange.instruments
        assert set(told) == set(listed), (
            f"{len(told)} instruments are told and {len(listed)} listed: {sorted(set(listed) - set(told))[:5]} are "
            f"missing, {sorted(set(told) - set(listed))[:5]} are none. Look at what `instruments` asks for."
        )
        absent = not_told(trader).get(Instrument, frozenset())
        for symbol, instrument in told.items():
            real = self.truth_of(listed[symbol], sandbox.exchange)
            hidden = {name for name in (*HIDING, *RECKONED) if getattr(instrument, name) is None}
            lines = differences(
                instrument,
                real.model_copy(update=dict.fromkeys(hidden)),
                absent=absent,
                steps=self.rounds(trader, Instrument),
            )
            assert not lines, f"{symbol} {instrument.name}: {'; '.join(lines)}. Look at the rows of `instruments`."
            unreckoned = instrument.upper_limit is None and real.upper_limit is not None
            assert not unreckoned or self.is_unreckonable(instrument), f"{symbol} has limits, and none are told."

    @needs("instruments")
    def test_a_warning_that_stands_alone_is_told(self, trader: Broker, sandbox: Sandbox) -> None:
        alone = {
            each.symbol: (each.state.alert, each.state.overheated)
            for each in sandbox.exchange.instruments.values()
            if (each.state.alert != "NONE") + each.state.overheated == 1
        }
        told = {symbol: trader.instrument(symbol) for symbol in alone}
        assert {symbol: (str(each.alert or "NONE"), bool(each.overheated)) for symbol, each in told.items()} == alone

    @needs("instruments")
    @pytest.mark.parametrize("segment", Segment)
    def test_instruments_of_a_segment_are_those_of_it(self, segment: Segment, trader: Broker, sandbox: Sandbox) -> None:
        market = market_with(segment).name
        if self.trading.segments and HOME != self.market != market:
            pytest.skip(f"no segment of {self.market}: {segment}")
        is_listed = any(each.market == market and "instruments" in each.verbs for each in trader.capabilities())
        self.skip_unless(is_listed, f"instruments of {market}")
        instruments = sandbox.exchanges[market].instruments
        listed = [each.symbol for each in instruments.values() if each.market is segment]
        assert sorted(each.symbol for each in trader.instruments(segment)) == sorted(listed)
        funds = [each.symbol for each in trader.instruments(segment, kind=SecurityType.ETF)]
        assert all(instruments[symbol].kind is SecurityType.ETF for symbol in funds)

    @needs("search")
    def test_names_and_codes_find_an_instrument(self, trader: Broker, sandbox: Sandbox) -> None:
        for symbol in (self.stock, self.fund, self.note):
            name = sandbox.exchange.instruments[symbol].name
            for text in (symbol, name, name.lower(), name.replace(" ", "")):
                found = [each.symbol for each in trader.search(text)]
                assert found[:1] == [symbol], f"The search for {text!r} finds {found}, and not {symbol} first."
        name = sandbox.exchange.instruments[self.stock].name
        found = [each.name for each in trader.search(name[:2], count=3)]
        assert [name[:2] in each for each in found] == [True] * 3, f"The search for {name[:2]!r} finds {found}."
        assert trader.search("no such name") == ()

    @needs("instrument")
    def test_the_multiple_of_a_fund_is_the_true_one_where_it_is_told(self, trader: Broker, sandbox: Sandbox) -> None:
        for listed in [each for each in sandbox.exchange.instruments.values() if each.leverage not in (None, 1)]:
            told = trader.instrument(listed.symbol)
            if told.leverage is not None:
                assert told.leverage == listed.leverage, f"{told.name} follows {told.leverage} times its index."
                limits = (told.lower_limit, told.upper_limit)
                real = (listed.lower_limit, listed.upper_limit) if listed.has_limits else (None, None)
                assert limits == real, f"The limits of {told.name} are {limits}."

    @needs("instrument")
    def test_an_unlisted_symbol_is_no_instrument(self, trader: Broker) -> None:
        with raising(UnknownSymbol, f"Nobody lists {self.unlisted}, and it was asked what it is"):
            trader.instrument(self.unlisted)
        for wrong in (
            lambda: trader.instrument(self.ground.no_symbols[0]),
            lambda: trader.instruments("KOSPI200"),
            lambda: trader.instruments(kind="BOND"),
            lambda: trader.search("삼성", count=0),
            lambda: trader.search(5930),  # type: ignore[arg-type]
        ):
            with pytest.raises(InvalidRequest):
                wrong()

    @needs("instruments")
    def test_the_broker_is_asked_for_its_list_once(self, trader: Broker, face: Face) -> None:
        trader.instruments()
        seen = len(face.requests)
        assert trader.instrument(self.stock) in trader.instruments()
        assert trader.search(self.stock)[0].symbol == self.stock
        asked = [each.path for each in face.requests[seen:]]
        assert asked == [], f"The list of the day is there, and {', '.join(asked)} went out for it."

    @needs("instruments", "quote")
    def test_a_quote_has_the_name_that_the_list_tells(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        trader.instruments()
        seen = len(face.requests)
        quote = trader.quote(self.stock)
        assert quote.name == sandbox.exchange.instruments[self.stock].name
        asked = [each for each in face.requests[seen:] if Purpose.LOGIN is not face.purpose(each.method, each.path, {})]
        assert len(asked) == 1, f"A quote is one call, and {len(asked)} went out for it."

    def truth_of(self, listed: Truth, exchange: Exchange) -> Instrument:
        """Return what the exchange lists as an Instrument."""
        limits = (listed.upper_limit, listed.lower_limit) if listed.has_limits else (None, None)
        return Instrument(
            symbol=listed.symbol,
            name=listed.name,
            english_name=getattr(listed, "english_name", None),
            market=listed.market,
            kind=listed.kind,
            currency=self.trading.currency,
            isin=listed.isin,
            sector=listed.sector,
            listed_shares=listed.listed_shares,
            listed_on=listed.listed_on,
            base_price=listed.previous_close,
            upper_limit=limits[0],
            lower_limit=limits[1],
            tick=self.trading.calendar.tick_size(listed.previous_close, listed.kind),
            halted=listed.symbol in exchange.halted,
            administrative=listed.state.administrative,
            liquidation=not listed.has_limits,
            alert=listed.state.alert,
            overheated=listed.state.overheated,
            caution=listed.state.caution,
            nxt=listed.nxt,
            daytime=getattr(listed, "daytime", None),
            lot=None if self.market == HOME else Decimal(1),
            leverage=None if listed.leverage is None else Decimal(listed.leverage),
        )

    def is_unreckonable(self, instrument: Instrument) -> bool:
        """Say whether something that limits go by is not told of an instrument."""
        return (instrument.leverage is None and instrument.kind is not SecurityType.STOCK) or None in (
            instrument.liquidation,
            instrument.listed_on,
            instrument.market,
        )
