"""Cash, holdings and sessions that are not as they are told."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.client import KisClient
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks
from brokerkit_kiwoom.adapter import KiwoomAdapter
from brokerkit_kiwoom.sandbox.face import KiwoomFace
from brokerkit_kiwoom.stocks.part import Stocks as KiwoomStocks
from pydantic import SecretStr

from brokerkit.replies import AccountReply, CashMove, Sale
from proof.zoo.cages import bad
from proof.zoo.lies import always, per, twisted
from tests.lslike.client import LikeClient
from tests.lslike.stocks import Stocks

AFTER_TRADES = "balance_after_trades_tells_the_truth"
MANY = "every_page_of_120_positions_is_read"


class _Rows(Stocks):
    """Says something else of every holding."""

    def row(self, row: Any) -> Any:
        return row

    def balance(self) -> AccountReply:
        told = super().balance()
        return replace(told, pages=[[self.row(row) for row in page] for page in told.pages])


class _Totals(Stocks):
    """Says something else of the cash."""

    says: dict[str, Callable[[Any], Any]] = {}

    def balance(self) -> AccountReply:
        told = super().balance()
        return replace(told, totals=twisted(told.totals, **self.says))


class _Pages(Stocks):
    """Lists other holdings, with the totals of those that it lists."""

    def pages(self, pages: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        return pages

    def balance(self) -> AccountReply:
        told = super().balance()
        totals: Any = told.totals
        pages = self.pages(told.pages)
        value = sum((row.market_value for page in pages for row in page), Decimal(0))
        cost = sum((row.cost for page in pages for row in page if row.quantity), Decimal(0))
        known = {"cost": cost, "market_value": value, "total_value": totals.cash_d2 + value}
        return replace(told, pages=pages, known=known)


@bad(AFTER_TRADES, "positions")
class PositionDropped(_Pages):
    """Leaves out the last holding."""

    def pages(self, pages: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        return [page[:-1] for page in pages]


@bad(MANY, "Of 120 positions 5 are told")
class SecondPageOfHoldingsLost(_Pages):
    """Reads the first page of the holdings alone."""

    def pages(self, pages: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        return pages[:1]


@bad(AFTER_TRADES, "a holding stands in it twice")
class HoldingsTwice(_Pages):
    """Tells every holding twice."""

    def pages(self, pages: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        return [*pages, *pages]


@bad(AFTER_TRADES, "['005930', '035720', '069500'] are missing")
class LetterBeforeTheSymbol(_Rows):
    """Tells the symbols of holdings with the letter that the broker writes in front of them."""

    def row(self, row: Any) -> Any:
        return twisted(row, symbol=lambda symbol: f"A{symbol}")


@bad("what_was_sold_out_is_no_position", "nothing is held, and a position is told")
class SoldOutStillHeld(_Rows):
    """Tells one share of what was sold out today."""

    def row(self, row: Any) -> Any:
        return row if row.quantity else twisted(row, quantity=always(Decimal(1)))


@bad("sellable_quantity_leaves_out_what_waits_to_be_sold", "6 can be sold, not 10")
class EverythingSellable(_Rows):
    """Tells all shares as sellable, also those that wait to be sold."""

    def row(self, row: Any) -> Any:
        return twisted(row, sellable_quantity=always(row.quantity))


@bad(AFTER_TRADES, "average_price is")
class AverageWithFees(_Rows):
    """Tells the average price with the fees in it."""

    def row(self, row: Any) -> Any:
        return twisted(row, average_price=lambda price: price * Decimal("1.015") // 1)


@bad(AFTER_TRADES, "unrealized_pnl is")
class ProfitAfterFees(_Rows):
    """Tells the profit after fees and tax."""

    def row(self, row: Any) -> Any:
        return twisted(row, unrealized_pnl=lambda profit: profit - 15)


@bad(AFTER_TRADES, "price is")
class PriceOfThePurchase(_Rows):
    """Tells what a share cost as its price."""

    def row(self, row: Any) -> Any:
        return twisted(row, price=always(row.average_price))


@bad("every_value_of_a_balance_is_of_its_kind", "balance.cash is", "a float")
class FloatInABalance(_Totals):
    """Tells the cash as a float."""

    says = {"cash": float}


@bad(AFTER_TRADES, "What was bought is paid in two days: cash is 100000,")
class CashInThousands(_Totals):
    """Tells the cash in thousands of won."""

    says = {"cash": per(1_000)}


@bad(AFTER_TRADES, "withdrawable_cash is", "in truth")
class ZeroForMissing(_Totals):
    """Tells 0 where it does not read what can be withdrawn."""

    says = {"withdrawable_cash": always(Decimal(0))}


@bad(AFTER_TRADES, "What was bought is paid in two days: cash is 98097120,")
class CashAfterSettlement(_Totals):
    """Tells the cash of the day after tomorrow as that of today."""

    def balance(self) -> AccountReply:
        told = super().balance()
        totals: Any = told.totals
        return replace(told, totals=twisted(totals, cash=always(totals.cash_d2)))


@bad(AFTER_TRADES, "What was bought is paid in two days:", "cash_d2 100000000")
class NextDaysSwapped(Stocks):
    """Takes the cash after the first settlement day for that after the second."""

    def balance(self) -> AccountReply:
        told = super().balance()
        totals: Any = told.totals
        return replace(told, totals=twisted(totals, cash_d1=always(totals.cash_d2), cash_d2=always(totals.cash_d1)))


@bad(AFTER_TRADES, "total_value is", "in truth")
class ValueWithoutCash(Stocks):
    """Tells the value of the shares as that of the account."""

    def balance(self) -> AccountReply:
        told = super().balance()
        return replace(told, known={**told.known, "total_value": told.known["market_value"]})


@bad(AFTER_TRADES, "currency is")
class OtherCurrency(_Totals):
    """Tells won as dollars."""

    says = {"currency": always("USD")}


@bad("the_account_number_is_masked", "shows more than the last four digits")
class AccountUnmasked(Stocks):
    """Tells the whole number of the account."""

    def balance(self) -> AccountReply:
        told = super().balance()
        number = self.client.settings.account
        assert number is not None  # noqa: S101 - the sandbox gives one
        return replace(told, totals=twisted(told.totals, account=always(number.get_secret_value())))


@bad("balance_asks_once_for_every_page", "The same question goes out twice")
class AsksTwice(Stocks):
    """Asks for the whole balance, throws it away and asks again."""

    def balance(self) -> AccountReply:
        super().balance()
        return super().balance()


# The session


@bad("a_killed_token_is_renewed_once_for_a_query", "AuthError")
class DeadTokenKept(LikeClient):
    """Does not know the codes after which a new token helps."""

    token_codes = frozenset()


@bad("one_token_serves_many_calls", "tokens were asked for; brokers give one a minute")
class TokenForEveryCall(LikeClient):
    """Asks for a new token before every call."""

    def token(self) -> SecretStr:
        return self.issue_token().value


@bad("the_token_can_be_revoked", "the broker was told nothing")
class RevokesNothing(LikeClient):
    """Says that the token is revoked, and tells the broker nothing."""

    def revoke_token(self, token: SecretStr) -> None:
        return None


@bad("a_broker_refuses_to_be_pickled", "holds keys", "that is a TypeError, and nothing is raised")
class CanBePickled(LikeClient):
    """Lets its keys be written into a file."""

    def __reduce__(self) -> Any:
        return (dict, ())


@bad("several_threads_share_a_broker", "threads that ask at once", "the answer is about")
class SharedByThreads(Stocks):
    """Keeps what is asked for on itself, where another thread finds it."""

    def quote(self, symbol: str, venue: Any) -> Any:
        self._asked = symbol
        time.sleep(0.05)
        return super().quote(self._asked, venue)


@bad("calls_are_paced_as_the_broker_allows", "look at calls_per_second of the client", of=KisAdapter, face=KisFace)
class NoPace(KisClient):
    """Declares more calls a second than the broker allows."""

    calls_per_second = {"real": 10**6, "demo": 10**6}


# Fills, realised profit, the cash ledger

EARNED = "realized_profit_is_what_the_sales_earned"
CASH = "transactions_add_up_to_the_cash"


@bad("fills_are_those_of_the_exchange", "were filled, not")
class FilledTwice(Stocks):
    """Says that twice as much was filled of every order."""

    def rows(self, start: dt.date, end: dt.date, **narrow: Any) -> Any:
        for page in super().rows(start, end, **narrow):
            twice = [twisted(row, filled_quantity=lambda filled: 2 * filled) for row in page.rows]
            yield replace(page, rows=twice)


@bad(EARNED, "pnl is", of=KiwoomAdapter, face=KiwoomFace)
class ProfitAfterCostsToldAsBefore(KiwoomStocks):
    """Takes the costs off a profit that is after them already."""

    def realized_pnl(self, start: dt.date, end: dt.date) -> Any:
        for sale in super().realized_pnl(start, end):
            yield replace(sale, pnl=sale.pnl - (sale.commission or 0) - (sale.tax or 0))


@bad(EARNED, "Sold, by day and symbol", of=KisAdapter, face=KisFace)
class ProfitsOnly(KisStocks):
    """Leaves out what was sold at a loss."""

    def realized_pnl(self, start: dt.date, end: dt.date) -> Any:
        return [sale for sale in super().realized_pnl(start, end) if sale.pnl > 0]


@bad("every_page_of_realized_profit_is_read", "Sold, by day and symbol", of=KisAdapter, face=KisFace)
class SecondPageOfSalesLost(KisStocks):
    """Reads fifty rows of what sales earned."""

    def realized_pnl(self, start: dt.date, end: dt.date) -> list[Sale]:
        return list(super().realized_pnl(start, end))[:50]


@bad(CASH, "look at the pages", of=KiwoomAdapter, face=KiwoomFace)
class FirstPageOfTheLedgerAlone(KiwoomStocks):
    """Reads thirty lines of the ledger."""

    def transactions(self, start: dt.date, end: dt.date) -> list[CashMove]:
        return list(super().transactions(start, end))[:30]


@bad(CASH, "moved cash from", of=KiwoomAdapter, face=KiwoomFace)
class WithdrawalsToldAsDeposits(KiwoomStocks):
    """Takes every line for cash that came in."""

    def transactions(self, start: dt.date, end: dt.date) -> Any:
        for move in super().transactions(start, end):
            yield replace(move, is_in=True)
