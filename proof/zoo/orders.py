"""Orders that are sent otherwise than they were meant, and lists that show other orders than there are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks

from brokerkit.errors import BrokerError, Rejected
from brokerkit.models import Order, OrderRequest
from brokerkit.models.handles import Handle
from brokerkit.replies import OrderPage, Sent
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.transport import Endpoint
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from proof.zoo.cages import bad
from proof.zoo.lies import always, changed, rows_of, twisted
from tests.lslike import login, tables
from tests.lslike.client import LikeClient
from tests.lslike.face import LikeFace
from tests.lslike.stocks import Stocks

RESTS = "a_resting_order_is_pending_and_then_working"
PARTLY = "a_partial_fill_is_told_by_quantities"
TYPES = "a_type_is_taken_and_listed_back"
WORKING = "working_orders_are_listed_until_they_end"
HISTORY = "history_tells_filled_partly_filled_cancelled_and_rejected_apart"
ALIKE = "orders_that_are_alike_are_told_apart"
MONTHS = "every_trading_day_of_four_months_is_listed_once"
PAGES = "every_page_of_400_orders_is_read"


# Sending


@bad("shares_are_sold", "Shares were to be sold, and the exchange has got an order to BUY")
class SalesSentAsPurchases(Stocks):
    """Sends every order as one to buy."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        return super().send_order(request.model_copy(update={"side": Side.BUY}), key)


@bad(TYPES, "The exchange has got MARKET DAY KRX, and MIDPOINT DAY KRX was meant")
class UnknownTypeSentAsMarket(Stocks):
    """Sends every type that its table lacks as a market order."""

    order_types = (*Stocks.order_types, (OrderType.MIDPOINT, TimeInForce.DAY))

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        if request.type not in tables.TYPE:
            request = request.model_copy(update={"type": OrderType.MARKET, "price": None})
        return super().send_order(request, key)


@bad(TYPES, "The exchange has got LIMIT DAY KRX, and LIMIT IOC KRX was meant")
class TimeInForceForgotten(Stocks):
    """Sends orders that should be filled at once or never as orders of the day."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        return super().send_order(request.model_copy(update={"time_in_force": TimeInForce.DAY}), key)


@bad(TYPES, "DAY KRX, and", "DAY NXT was meant", of=KisAdapter, face=KisFace)
class VenueOfOrdersUnheard(KisStocks):
    """Sends every order to KRX, whatever venue it names."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        return super().send_order(request.model_copy(update={"venue": Venue.KRX}), key)


@bad("a_fund_has_the_finer_step", "was to be sent, and the exchange has got one at")
class PriceRoundedBeforeItIsSent(Stocks):
    """Rounds every price to a hundred won before it sends it."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        if request.price is not None:
            request = request.model_copy(update={"price": request.price // 100 * 100})
        return super().send_order(request, key)


@bad(RESTS, "The exchange has got the order", "is told: look at the number of the answer")
class NumberMadeUp(Stocks):
    """Answers a number of its own instead of the broker's."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        sent = super().send_order(request, key)
        return replace(sent, number=str(int(sent.number) + 1_000_000))


@bad("more_than_the_cash_is_refused", "that is an InsufficientFunds, and it raises Rejected")
class RefusalsWithoutClass(LikeClient):
    """Knows no code of a refusal: all of them are alike."""

    refusals = {code: kind for code, kind in login.REFUSALS.items() if code.startswith("IGW")}


@bad("more_than_the_cash_is_refused", "InsufficientFunds carries no code")
class RefusalsWithoutCode(LikeClient):
    """Leaves the broker's code out of its refusals."""

    def refuse(self, endpoint: Any, code: str, words: str) -> Any:
        try:
            super().refuse(endpoint, code, words)
        except BrokerError as error:
            error.code = None
            raise


@bad("more_than_the_cash_is_refused", "that is an InsufficientFunds, and nothing is raised")
class RefusalTakenForAnOrder(Stocks):
    """Takes an answer that says no for one that says yes, and makes a number up."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except Rejected:
            return Sent("1")


class KeyedFace(LikeFace):
    """A broker that takes an order key of the client's own: the same key again answers the order that stands."""

    def begin(self) -> None:
        super().begin()
        self.keyed: dict[str, FaceAnswer] = {}

    def _cspat00601(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        key = block.get("ClOrdId", "")
        if key not in self.keyed:
            self.keyed[key] = super()._cspat00601(block, headers)
        return self.keyed[key]


@bad(ALIKE, "BUY 7 005930", "is that of another order", face=KeyedFace)
class KeyUsedForTwoOrders(LikeClient):
    """Makes the key of an order out of what is ordered: of two orders alike the second one is not placed."""

    def ask(self, endpoint: Endpoint[Any], **fields: Any) -> Any:
        if endpoint is tables.ORDER:
            fields["ClOrdId"] = "-".join(str(fields[name]) for name in ("IsuNo", "BnsTpCode", "OrdQty", "OrdPrc"))
        return super().ask(endpoint, **fields)


# Changing


@bad("the_whole_rest_is_cancelled", "The cancellation has the number")
class CancelDoesNothing(Stocks):
    """Answers a cancellation by itself; the order goes on standing."""

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        return Sent(str(int(handle.number) + 1))


@bad("a_part_is_cancelled_and_then_the_rest", "3 of 7 shares were to be cancelled, and at the exchange 7 are")
class PartCancelsAll(Stocks):
    """Cancels all that is left where a part was named."""

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        return super().send_cancel(order, handle, None)


@bad("an_order_moves_to_another_price", "A second request would leave for one order")
class AmendCancelsAndBuysAgain(Stocks):
    """Amends by cancelling and by sending a new order: two calls, between which anything may happen."""

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        self.send_cancel(order, handle, None)
        request = OrderRequest(symbol=order.symbol, side=order.side, quantity=order.quantity, price=price)
        return self.send_order(request, "2")


@bad("an_order_moves_to_another_price", "7 were to be moved to")
class AmendsToTheOldPrice(Stocks):
    """Sends an amendment with the price that the order has already."""

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        return super().send_amend(order, handle, quantity, order.price or price)


@bad("an_order_moves_to_another_price", "is that of another order")
class AmendmentKeepsItsNumber(Stocks):
    """Answers an amendment with the number of the order that it amended."""

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        return replace(super().send_amend(order, handle, quantity, price), number=handle.number)


@bad("an_order_survives_as_json_and_a_restart", "After a restart the order is not found by its handle")
class HandleInMemory(Stocks):
    """Keeps in its memory what an order is found by: another process does not find it."""

    def prepare(self) -> None:
        self._kept: dict[str, Handle] = {}

    def handle(self, day: dt.date, branch: str, number: str) -> Handle:
        kept = super().handle(day, branch, str(len(self._kept) + 1))
        self._kept[str(kept)] = super().handle(day, branch, number)
        return kept

    def handle_of(self, order: Order) -> Handle:
        return self._kept.get(order.handle, super().handle_of(order))


# Lists


class _Listed(Stocks):
    """Says something else of every row of a list."""

    def row(self, row: Any) -> Any:
        return row

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return changed(super().rows(*days, **asked), self.row)


@bad(PARTLY, "remaining_quantity is", "in truth 10")
class AllOfItRemains(_Listed):
    """Tells what was asked for as what remains."""

    def row(self, row: Any) -> Any:
        return twisted(row, remaining_quantity=lambda left: row.quantity if left else left)


@bad(PARTLY, "filled_quantity is", "PARTIALLY_FILLED")
class PartlyFilledToldAsFilled(_Listed):
    """Tells an order as filled as soon as anything of it is."""

    def row(self, row: Any) -> Any:
        return twisted(row, filled_quantity=lambda filled: row.quantity if filled else filled)


@bad("the_whole_rest_is_cancelled", "What was cancelled is told as FILLED")
class CancelledToldAsFilled(_Listed):
    """Tells an order of which nothing remains as filled."""

    def row(self, row: Any) -> Any:
        return twisted(row, filled_quantity=lambda filled: filled if row.remaining_quantity else row.quantity)


@bad("a_market_order_fills_over_several_prices", "filled_quantity is 0", "CANCELED")
class FilledToldAsCancelled(_Listed):
    """Calls everything cancelled of which nothing remains."""

    def row(self, row: Any) -> Any:
        gone = not row.remaining_quantity
        return twisted(row, is_canceled=always(gone), filled_quantity=lambda filled: Decimal(0) if gone else filled)


@bad("a_rejected_order_stays_as_rejected", "status is", "in truth <OrderStatus.REJECTED")
class RejectionsUnseen(_Listed):
    """Does not see that an order was refused after it was taken."""

    def row(self, row: Any) -> Any:
        return twisted(row, is_rejected=always(False), is_refused=always(False))


@bad("a_market_order_fills_over_several_prices", "average_fill_price is 70000, but in truth")
class AverageOfTheLimit(_Listed):
    """Tells the limit of an order as the price at which it was filled."""

    def row(self, row: Any) -> Any:
        return twisted(row, average_fill_price=always(Decimal(70_000)))


@bad(WORKING, "side is <Side.SELL")
class SidesOfTheListSwapped(_Listed):
    """Reads the codes of the sides the other way round in its lists."""

    def row(self, row: Any) -> Any:
        return twisted(row, side=lambda side: Side.SELL if side is Side.BUY else Side.BUY)


@bad(RESTS, "submitted_at is", "+00:00, but in truth")
class TimesOfOrdersInUtc(_Listed):
    """Takes the times of its list for ones of Greenwich."""

    def row(self, row: Any) -> Any:
        return twisted(row, submitted_at=lambda time: time and time.replace(tzinfo=dt.UTC))


@bad(MONTHS, "was placed on", "and is told as one of")
class DayOfYesterday(_Listed):
    """Dates every order a day before its day."""

    def row(self, row: Any) -> Any:
        return twisted(row, day=lambda day: day and day - dt.timedelta(1))


@bad(TYPES, "BEST_OPPOSITE DAY KRX is listed as MARKET DAY KRX")
class UnknownTypeListedAsMarket(_Listed):
    """Takes every code of a type that it does not know for that of a market order."""

    def row(self, row: Any) -> Any:
        known = {OrderType.LIMIT, OrderType.MARKET}
        return twisted(row, type=lambda kind: kind if kind in known else OrderType.MARKET)


@bad(TYPES, "DAY NXT is listed as", "DAY KRX", of=KisAdapter, face=KisFace)
class VenueOfListsGuessed(KisStocks):
    """Tells KRX as the venue of every order."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return rows_of(super().rows(*days, **asked), venue=always(Venue.KRX))


@bad(WORKING, "Listed, oldest first, are [45261], in truth [45261, 45262]")
class LastOrderLeftOut(Stocks):
    """Leaves the last row out of the list of working orders."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        for page in super().rows(*days, **asked):
            rows = list(page.rows)
            yield replace(page, rows=rows[:-1] if asked.get("open_only") else rows)


@bad(WORKING, "are [45261, 45261, 45262, 45262], in truth [45261, 45262]")
class OrdersTwiceInTheList(Stocks):
    """Lists every working order twice."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        for page in super().rows(*days, **asked):
            rows = list(page.rows)
            yield replace(page, rows=[*rows, *rows] if asked.get("open_only") else rows)


@bad(WORKING, "are [45261, 45262, 45263], in truth [45261, 45262]")
class FilledOrdersListedAsWorking(Stocks):
    """Answers all orders of the day where working ones are asked for."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return super().rows(*days, **{**asked, "open_only": False})


@bad(PAGES, "Of 400 orders 5 are listed: look at the pages")
class SecondPageOfOrdersLost(Stocks):
    """Reads the first page of the day's orders alone."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        pages = super().rows(*days, **asked)
        return pages if asked.get("open_only") else (page for _, page in zip(range(1), pages, strict=False))


@bad(HISTORY, "The history tells FILLED, PARTIALLY_FILLED, UNKNOWN, UNKNOWN, REJECTED")
class CancellationsListedAsOrders(_Listed):
    """Takes the row of a cancellation for an order of its own."""

    def row(self, row: Any) -> Any:
        return twisted(row, is_cancellation=always(False), original_id=always(None))


@bad("history_of_a_symbol_is_of_it_alone", "is an order of 6, and these are listed")
class HistoryOfEverySymbol(_Listed):
    """Answers the orders of all symbols where one was asked for, under its name."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        symbol = asked.pop("symbol", None)
        pages = super().rows(*days, **asked)
        return rows_of(pages, symbol=lambda own: symbol or own)


@bad(MONTHS, "Days are missing or twice")
class OneDayOfTheRange(Stocks):
    """Reads the last day of a range alone."""

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        return super().rows(end, end, **asked)


@bad(ALIKE, "one was cancelled", "A row is found by its number")
class NewestOrderOfTheSymbol(Stocks):
    """Answers the newest order of a symbol, whatever number was asked for."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        pages = super().rows(*days, **asked)
        number = asked.get("number")
        return pages if number is None else rows_of(pages, id=always(number))


@bad("an_order_that_the_list_does_not_show_is_not_guessed", "No list shows the order, and it is told as CANCELED")
class UnlistedToldAsCancelled(Stocks):
    """Takes an order that the list does not show for one that was cancelled."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        number = asked.get("number")
        for page in super().rows(*days, **asked):
            rows = list(page.rows)
            ghosts = [
                twisted(row, id=always(number), remaining_quantity=always(Decimal(0)), is_canceled=always(True))
                for row in rows
            ]
            yield replace(page, rows=[*rows, *ghosts] if number else rows)


# What is true of purchases alone


@bad("a_type_of_a_sale_is_taken_and_listed_back", "The exchange has got LIMIT DAY KRX, and MARKET DAY KRX was meant")
class MarketSaleAtALimit(Stocks):
    """Sends sales at the market at yesterday's idea of a price, so that a stop-loss may stay open."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        if request.side is Side.SELL and request.type is OrderType.MARKET:
            price = self.quote(request.symbol, Venue.KRX).price
            request = request.model_copy(update={"type": OrderType.LIMIT, "price": price})
        return super().send_order(request, key)


@bad("a_type_of_a_sale_is_taken_and_listed_back", "DAY KRX, and", "DAY NXT was meant", of=KisAdapter, face=KisFace)
class SalesAtKrx(KisStocks):
    """Sends sales to KRX, whatever venue they name."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        update = {"venue": Venue.KRX} if request.side is Side.SELL else {}
        return super().send_order(request.model_copy(update=update), key)


@bad("a_code_with_a_letter_is_ordered_letter_by_letter", "An order for 0126Z0, which is listed, was refused")
class LetterCutOff(Stocks):
    """Writes a zero where a code has a letter."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        digits = "".join(each if each.isdigit() else "0" for each in request.symbol)
        return super().send_order(request.model_copy(update={"symbol": digits}), key)


@bad("a_sale_that_is_filled_in_part_is_listed", "A sale of which a part is filled still works, and orders() tells none")
class SoldPartHidden(Stocks):
    """Leaves sales that were filled in part out of the list of working orders."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        for page in super().rows(*days, **asked):
            hidden = [row for row in page.rows if not (_is_sold(row) and asked.get("open_only"))]
            yield replace(page, rows=hidden)


@bad("history_of_days_of_which_one_fails_is_not_short", "failed, also when asked for again", "as if that were all")
class EarlierDaysSwallowed(Stocks):
    """Passes over the list of an earlier day that fails."""

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        for day in self.days_to_ask(start, end):
            try:
                yield from super().rows(day, day, **asked)
            except BrokerError:
                if day == end:
                    raise


def _is_sold(row: Any) -> bool:
    return bool(getattr(row, "side", None) is Side.SELL and row.filled_quantity)
