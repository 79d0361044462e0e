"""Bad adapters that take another answer for their own, tell values of other kinds, or show what is secret."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, NoReturn

from pydantic import SecretStr

from brokerkit.errors import OrderUncertain, Rejected, WireError
from brokerkit.models import Level, OrderRequest
from brokerkit.replies import AccountReply, OrderPage, Sent
from brokerkit.transport import OddRow, Token
from brokerkit.words import OrderType, Venue
from proof.zoo.cages import bad
from proof.zoo.lies import Twisted, always, changed, rows_of, twisted
from tests.lslike import tables
from tests.lslike.adapter import LikeAdapter
from tests.lslike.client import LikeClient
from tests.lslike.stocks import Stocks

ANOTHER = "an_answer_about_another_symbol_is_not_taken"
QUOTE = "every_value_of_a_quote_is_of_its_kind"
BOOK = "every_value_of_a_book_is_of_its_kind"
BALANCE = "every_value_of_a_balance_is_of_its_kind"
LISTED = "every_value_of_a_list_of_orders_is_of_its_kind"
FIRST_TRADE = "before_the_first_trade_there_is_no_open_high_and_low"
NO_CANCEL = "a_cancel_that_does_nothing_leaves_the_order_working"
OBJECT = "no_object_shows_a_secret"
ANSWER = "no_answer_shows_a_secret"
FAILURE = "no_failure_shows_a_secret"

# Answers about something else


@bad(ANOTHER, "quote of 005930 was answered with 0126Z0")
class SymbolOfAQuoteUnread(Stocks):
    """Does not look at the symbol that a quote is about."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), symbol=always(""))


@bad(ANOTHER, "order_book of 005930 was answered with 0126Z0")
class SymbolOfABookUnread(Stocks):
    """Takes every book for one of the symbol that was asked for."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), symbol=always(symbol))


@bad(ANOTHER, "buying_power of 005930 was answered with 0126Z0")
class SymbolOfAPowerUnread(Stocks):
    """Does not look at the symbol that a buying power is of."""

    def buying_power(self, symbol: str, price: Decimal | None) -> Any:
        return twisted(super().buying_power(symbol, price), symbol=always(""))


@bad("the_answer_to_another_call_is_not_taken", "order_book was answered with what quote is")
class AnyAnswerIsABook(Stocks):
    """Takes an answer that has no levels for a book that is empty."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        try:
            return super().order_book(symbol, venue)
        except WireError:
            return tables.BookBlock.model_validate({"shcode": symbol})


@bad("an_order_is_not_answered_by_a_question", "buy was answered with another answer", "answered Order")
class NumberWhereThereIsNone(Stocks):
    """Makes up a number where the answer to an order tells none."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except (OrderUncertain, WireError):
            return Sent("77777")


@bad("a_number_of_another_order_is_not_taken_for_ones_own", "a filled one of 0126Z0", "FILLED")
class AnyRowWithTheNumber(Stocks):
    """Takes the row with an order's number for its own, whatever symbol it is of."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        pages, symbol = super().rows(*days, **{**asked, "symbol": None}), asked.get("symbol")
        return rows_of(pages, symbol=lambda own: symbol or own, price=always(None)) if asked.get("number") else pages


@bad("the_account_of_a_key_is_compared_with_that_of_the_profile", "account")
class AccountOfTheKeyNotAskedFor(LikeAdapter):
    """Says that the key belongs to the account of the profile, without asking."""

    def account_of_key(self) -> SecretStr:
        return self.settings.account or super().account_of_key()


# Kinds of values


@bad(QUOTE, "quote.price", "a float")
class FloatInAQuote(Stocks):
    """Tells a price as a float."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), price=float)


@bad(QUOTE, "quote.change is -0")
class NegativeZero(Stocks):
    """Tells a price that did not move as -0, as its broker writes it."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), change=always(Decimal("-0")))


@bad(QUOTE, "quote.volume is NaN")
class NotANumber(Stocks):
    """Tells what it cannot read as NaN."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().quote(symbol, venue), volume=always(Decimal("NaN")))


@bad(BOOK, "order_book.asks", "a list")
class BookOfLists(Stocks):
    """Tells the sides of a book as lists, which anybody can change."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), asks=list)


@bad(BOOK, "order_book.time", "aware")
class NaiveBookTime(Stocks):
    """Tells the time of a book without its zone."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), time=lambda time: time.replace(tzinfo=None))


@bad("the_time_of_a_book_is_the_time_at_the_exchange", "OrderBook.time is", "Korean times")
class BookTimeOfGreenwich(Stocks):
    """Takes the broker's Korean time for one of Greenwich."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().order_book(symbol, venue), time=lambda time: time + dt.timedelta(hours=9))


@bad(BALANCE, "quantity is 3, a int")
class SharesAsInt(Stocks):
    """Tells shares as int."""

    def balance(self) -> AccountReply:
        reply = super().balance()
        return replace(reply, pages=[[twisted(row, quantity=int) for row in page] for page in reply.pages])


@bad(LISTED, "side is 'BUY'", "a str")
class SideAsText(Stocks):
    """Tells the side of an order as a text."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return rows_of(super().rows(*days, **asked), side=str)


# States that an exchange shows rarely


@bad(FIRST_TRADE, "open is 0", "high is 0")
class ZeroBeforeTheFirstTrade(Stocks):
    """Tells open, high and low as 0 before anybody traded."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        zero = dict.fromkeys(("open", "high", "low"), lambda price: price or Decimal(0))
        return twisted(super().quote(symbol, venue), **zero)


@bad(FIRST_TRADE, "open is", "in truth not told")
class OpenBeforeTheFirstTrade(Stocks):
    """Tells yesterday's close as the open until somebody trades."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        reply = super().quote(symbol, venue)
        return twisted(reply, open=lambda price: price or reply.previous_close)


@bad("a_quote_at_a_limit_or_unchanged_tells_the_truth", "lower_limit", "change is", "하한")
class LowerLimitToldAsRise(Stocks):
    """Takes only one of the two codes of a fall for one: at the lower limit there is another."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        reply = super().quote(symbol, venue)
        return twisted(reply, change=lambda change: abs(change) if reply.price == reply.lower_limit else change)


@bad("a_symbol_without_limits_has_none", "upper_limit is 0", "lower_limit is 0")
class LimitsOfZero(Stocks):
    """Tells limits of 0 where there are none."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        zero = dict.fromkeys(("upper_limit", "lower_limit"), lambda price: price or Decimal(0))
        return twisted(super().quote(symbol, venue), **zero)


class _AtTheClose(Twisted):
    """A quote that has the close of the day before for a price."""

    def to_model(self, **known: Any) -> Any:
        return self._reply.to_model(**known, price=self.price)


@bad("a_symbol_without_a_price_has_no_quote", "no price", "Quote(")
class CloseForAPrice(Stocks):
    """Tells yesterday's close as the price where there is none."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        reply = super().quote(symbol, venue)
        return _AtTheClose(reply, price=lambda price: price or reply.previous_close)


@bad("the_book_of_a_halted_symbol_is_empty", "Both sides are empty in a halt")
class LevelsOfNothing(Stocks):
    """Tells a level of 0 shares where nobody waits."""

    def order_book(self, symbol: str, venue: Venue) -> Any:
        nothing = (Level(price=Decimal(0), quantity=Decimal(0)),)
        return twisted(super().order_book(symbol, venue), asks=lambda levels: levels or nothing)


@bad("a_holding_without_a_price_has_no_value", "Decimal('0')")
class WorthlessWithoutAPrice(Stocks):
    """Tells a holding without a price as one that has lost everything."""

    def balance(self) -> AccountReply:
        reply = super().balance()
        zero = {"price": lambda price: price or Decimal(0), "market_value": lambda value: value or Decimal(0)}
        return replace(reply, pages=[[twisted(row, **zero) for row in page] for page in reply.pages])


@bad("a_fill_of_the_day_before_is_not_in_the_history_of_today", "the day before is listed as one of today")
class FillsOfTheDayBefore(Stocks):
    """Lists what was filled in the last session among the orders of today."""

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        if not asked.get("open_only") and not asked.get("number"):
            for back in range(1, 8):
                day = start - dt.timedelta(back)
                for page in super().rows(day, day, **asked):
                    yield replace(page, rows=[twisted(row, day=always(None)) for row in page.rows], day=start)
        yield from super().rows(start, end, **asked)


@bad("an_order_that_was_placed_elsewhere_is_listed", "placed in another program")
class OwnOrdersAlone(Stocks):
    """Lists the orders alone that it has sent itself."""

    def prepare(self) -> None:
        self._own: set[str] = set()

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        sent = super().send_order(request, key)
        self._own.add(sent.number)
        return sent

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return changed(super().rows(*days, **asked), lambda row: row if row.id in self._own else None)


@bad("an_order_that_was_cancelled_elsewhere_is_canceled", "cancelled in another program", "CANCELED")
class PartCancelledElsewhereIsAll(Stocks):
    """Takes an order for cancelled as a whole where a part of it was."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        canceled = {"remaining_quantity": always(Decimal(0)), "is_canceled": always(True)}
        for page in super().rows(*days, **asked):
            rows: list[Any] = list(page.rows)
            named = {int(row.original_id) for row in rows if row.fact("is_cancellation")}
            yield replace(page, rows=[twisted(row, **canceled) if int(row.id) in named else row for row in rows])


@bad("a_type_that_is_not_known_is_never_guessed", "a type that nobody knows", "MARKET")
class UnknownTypeIsMarket(Stocks):
    """Takes a type that it does not know for MARKET."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return rows_of(super().rows(*days, **asked), type=lambda kind: kind or OrderType.MARKET)


@bad("a_side_that_is_not_known_is_never_guessed", "a side that nobody knows", "must not vanish")
class UnknownSideVanishes(Stocks):
    """Leaves rows out that it cannot read."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        for page in super().rows(*days, **asked):
            yield replace(page, rows=[row for row in page.rows if not isinstance(row, OddRow)])


@bad(NO_CANCEL, "A cancel was taken and did nothing", "CANCELED")
class EveryCancelBelieved(Stocks):
    """Takes an order for cancelled as soon as a row says that a cancel came in."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        named: set[int] = set()
        for page in super().rows(*days, **asked):
            rows: list[Any] = list(page.rows)
            named |= {int(row.original_id) for row in rows if row.fact("is_cancellation")}
            yield replace(page, rows=[self._gone(row) if int(row.id) in named else row for row in rows])

    def _gone(self, row: Any) -> Any:
        return twisted(row, remaining_quantity=always(Decimal(0)), is_canceled=always(True))


@bad(NO_CANCEL, "A cancel was refused", "CANCELED")
class RefusedCancelCounts(Stocks):
    """Does not see that a cancel was refused."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return rows_of(super().rows(*days, **asked), is_refused=always(False))


@bad("what_expires_after_a_partial_fill_was_not_cancelled", "expired at the close", "CANCELED")
class ExpiredToldAsCanceled(Stocks):
    """Calls cancelled what nobody cancelled, because nothing of it is left."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return changed(
            super().rows(*days, **asked),
            lambda row: twisted(row, is_canceled=always(True)) if not row.remaining_quantity else row,
        )


# Secrets


@bad(OBJECT, "repr of the client shows the app key")
class KeyInRepr(LikeClient):
    """Shows its key where it is printed."""

    def __repr__(self) -> str:
        return f"<LikeClient {self.settings.app_key.get_secret_value()}>"


@bad(OBJECT, "attribute keys of the part", "app secret")
class KeysKeptAsTexts(Stocks):
    """Keeps keys as plain texts."""

    def prepare(self) -> None:
        self.keys = {"secret": self.client.settings.app_secret.get_secret_value()}


@bad(ANSWER, "what orders tells shows the account number")
class AccountInNames(Stocks):
    """Tells the account in the name of every order."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        account = self.client.settings.account
        return rows_of(
            super().rows(*days, **asked), name=lambda name: f"{name} {account and account.get_secret_value()}"
        )


@bad(ANSWER, "a log record shows the token")
class TokenInTheLog(LikeClient):
    """Logs the token that it got."""

    def issue_token(self) -> Token:
        token = super().issue_token()
        logging.getLogger("lslike").debug("got %s", token.value.get_secret_value())
        return token


@bad(ANSWER, "print shows the app secret")
class SecretPrinted(Stocks):
    """Prints what it sends."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        print(symbol, self.client.settings.app_secret.get_secret_value())
        return super().quote(symbol, venue)


@bad(ANSWER, "UserWarning shows the account number")
class AccountInAWarning(Stocks):
    """Warns of something, and names the account."""

    def balance(self) -> AccountReply:
        account = self.client.settings.account
        warnings.warn(f"The account {account and account.get_secret_value()} is new.", stacklevel=2)
        return super().balance()


@bad(FAILURE, "repr of Rejected shows the app key")
class WordsAsTheyCame(LikeClient):
    """Tells the broker's words as they came, whatever they repeat."""

    def refuse(self, endpoint: Any, code: str, words: str) -> NoReturn:
        raise Rejected(words, broker="lslike", code=code)


@bad(FAILURE, "local variable secret of SecretInALocalVariable.quote", "app secret")
class SecretInALocalVariable(Stocks):
    """Holds the app secret in a local variable while it asks."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        secret = self.client.settings.app_secret.get_secret_value()
        reply = super().quote(symbol, venue)
        return reply if secret else None


@bad("no_failed_login_shows_a_secret", "the app secret that was typed")
class SecretInTheLogin(LikeClient):
    """Holds the app secret in a local variable while it logs in."""

    def issue_token(self) -> Token:
        secret = self.settings.app_secret.get_secret_value()
        token = super().issue_token()
        return token if secret else super().issue_token()


@bad("a_line_that_is_down_shows_no_secret", "remedy of", "account number")
class AccountInAdvice(Stocks):
    """Names the account in the advice of an error."""

    def quote(self, symbol: str, venue: Venue) -> Any:
        try:
            return super().quote(symbol, venue)
        except Exception as error:
            account = self.client.settings.account
            error.remedy = f"Look at {account and account.get_secret_value()}."  # type: ignore[attr-defined]
            raise


@bad("the_journal_holds_no_secret", "journal shows the account number")
class AccountInTheHandle(Stocks):
    """Takes the account for the branch at which an order was numbered: it stands in every handle."""

    has_branches = True

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        account = self.client.settings.account
        return replace(super().send_order(request, key), branch=account.get_secret_value() if account else "")
