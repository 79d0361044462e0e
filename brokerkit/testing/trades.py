"""The contract of trades of today, and of the member firms behind them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.models import Member, Trade
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Trade as Print
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, not_told, raising, tells
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.testing.truth import differences
from brokerkit.words import Side, Venue


class TradeContract(Contract):
    """Trades of today are those of the exchange: each once, oldest first, none missing."""

    level = 1

    def are_those(self, told: Sequence[Trade], truth: Sequence[Print], trader: Broker, venue: Venue) -> None:
        """Fail where trades are not those of the exchange."""
        assert len(told) == len(truth), (
            f"{len(told)} trades are told, and there were {len(truth)}: look at how `trades` goes from page to page."
        )
        absent = not_told(trader).get(Trade, frozenset())
        for trade, real in zip(told, truth, strict=True):
            known = Trade(
                symbol=trade.symbol,
                venue=venue,
                time=real.time,
                price=real.price,
                quantity=real.quantity,
                side=real.side,
                volume=real.volume,
            )
            # Not every call of a broker tells the volume.
            known = known.model_copy(update={"volume": real.volume if trade.volume is not None else None})
            lines = differences(trade, known, absent=absent, steps=self.rounds(trader, Trade))
            assert not lines, f"The trade of {real.time:%H:%M:%S}: {'; '.join(lines)}. Look at the rows of `trades`."

    @needs("trades")
    @pytest.mark.parametrize("symbol", ["stock", "note"], indirect=True)
    def test_the_newest_trades_tell_the_truth(self, symbol: str, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.trade(symbol, Side.BUY, Decimal(7))
        sandbox.exchange.trade(symbol, Side.SELL, Decimal(5))
        for count in (1, 30, 45):
            told = trader.trades(symbol, count=count)
            self.are_those(told, sandbox.exchange.trades(symbol)[-count:], trader, told[0].venue)

    @needs("trades")
    def test_all_trades_of_today_are_told_those_of_one_second_too(self, trader: Broker, sandbox: Sandbox) -> None:
        for number in range(20):
            sandbox.exchange.trade(self.stock, Side.BUY if number % 3 else Side.SELL, Decimal(number + 1))
        told = trader.trades(self.stock, count=None)
        self.are_those(told, sandbox.exchange.trades(self.stock), trader, told[0].venue)

    @needs("trades")
    def test_trades_of_every_venue_are_told_or_unsupported(self, trader: Broker, sandbox: Sandbox) -> None:
        for venue in part_of(trader).quote_venues:
            try:
                told = trader.trades(self.stock, count=3, venue=venue)
            except Unsupported:
                # Of the daytime market a broker may have quotes and no trades.
                assert venue is Venue.DAYTIME, f"There are quotes at {venue}, and no trades."
                continue
            self.are_those(told, sandbox.exchange.trades(self.stock)[-3:], trader, venue)

    @needs("trades")
    def test_a_symbol_that_nobody_has_traded_has_no_trades(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.unopen(self.stock)
        assert trader.trades(self.stock) == ()
        assert trader.trades(self.stock, count=None) == ()

    @needs("trades")
    def test_trades_of_what_is_no_symbol_are_refused(self, trader: Broker, face: Face) -> None:
        for given in ({"symbol": self.ground.no_symbols[0]}, {"symbol": self.stock, "count": 0}):
            with pytest.raises(InvalidRequest):
                trader.trades(**given)
        assert not face.requests
        with raising(UnknownSymbol, f"Nobody lists {self.unlisted}, and its trades were asked for"):
            trader.trades(self.unlisted)


class MemberContract(Contract):
    """Member firms are those of the exchange, with what they bought and sold."""

    level = 1

    @needs("members")
    def test_members_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(5000))
        told = trader.members(self.stock)
        truth = sandbox.exchange.members(self.stock, told.venue)
        tells(told, foreign_sold=truth.foreign_sold, foreign_bought=truth.foreign_bought)
        absent, steps = not_told(trader).get(Member, frozenset()), self.rounds(trader, Member)
        for side in ("sellers", "buyers"):
            firms, real = getattr(told, side), getattr(truth, side)
            assert [firm.code for firm in firms] == [firm.code for firm in real], f"The {side} are others than told."
            for firm, other in zip(firms, real, strict=True):
                lines = differences(firm, other, absent=absent, steps=steps)
                assert not lines, f"{other.name} as one of the {side}: {'; '.join(lines)}."

    @needs("members")
    def test_a_symbol_that_nobody_has_traded_has_no_members(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.unopen(self.stock)
        told = trader.members(self.stock)
        firms = [firm.name for firm in (*told.sellers, *told.buyers)]
        assert not firms, f"Nobody has traded it today, and {', '.join(firms)} stand there."
