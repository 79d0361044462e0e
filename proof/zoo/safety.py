"""Orders that leave otherwise than once and written down, refusals that prove too much, lists that are cut."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

import requests
from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.client import KisClient
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks

from brokerkit.errors import BrokerError, NetworkError, OrderUncertain, Rejected
from brokerkit.models import Order, OrderRequest
from brokerkit.models.handles import Handle
from brokerkit.replies import OrderPage, Sent
from brokerkit.transport import Effect, Endpoint, Parameters
from proof.zoo.cages import bad
from proof.zoo.lies import always, rows_of
from tests.lslike import login, tables
from tests.lslike.client import LikeClient
from tests.lslike.stocks import Stocks

FAULTS = "whatever_an_order_meets_it_ends_in_the_truth"
CHANGES = "what_changes_orders_goes_out_as_an_order_and_in_one_request"
WRITTEN = "an_order_is_in_the_journal_on_the_disk_before_its_first_byte"
ASKED = "an_order_is_asked_for_once_however_its_answer_ends"
TABLE = "every_code_of_the_table_is_definite_only_where_that_can_be"
UNLISTED = "a_code_that_nobody_lists_proves_nothing"
TROUBLE = "trouble_of_the_server_proves_nothing_of_an_order_an_amendment_or_a_cancellation"
REFUSED = "what_the_broker_has_refused_for_certain_blocks_nothing"
MANY = "an_order_is_found_wherever_it_stands_in_a_list_of_many_pages"
INTERRUPTED = "an_interrupt_at_any_line_of_an_order_leaves_what_it_says"
REAL = frozenset({"real"})


# Sending


class _Unwatched(LikeClient):
    """Does not say which calls move orders."""

    order_calls = "$."


class _Read(Stocks):
    """Declares the call for an order as a question."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        ask = self.client.ask

        def as_read(endpoint: Endpoint[Any], **fields: Any) -> Any:
            return ask(endpoint._replace(effect=Effect.READ), **fields)

        self.client.ask = as_read  # type: ignore[method-assign]
        try:
            return super().send_order(request, key)
        finally:
            del self.client.ask


@bad(FAULTS, "accept_then_reset", "2 requests", Client=_Unwatched)
class OrdersDeclaredAsReads(_Read):
    """Declares orders as questions, which are asked again when the line breaks."""


@bad(CHANGES, "as Effect.READ", Client=_Unwatched)
class OrdersThatAreNoOrders(_Read):
    """Declares orders as questions, and so past the journal."""


@bad("the_calls_of_orders_are_refused_to_whatever_is_no_order", "order_calls")
class CallsOfOrdersUnnamed(_Unwatched):
    """Lets the calls of orders through as questions, past the journal."""


@bad(ASKED, "asks 2 times")
class RetriesAnOrder(Stocks):
    """Sends an order again where it does not know what became of the first one."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except OrderUncertain:
            return super().send_order(request, key)


@bad(ASKED, "asks 2 times")
class SendsEveryOrderTwice(Stocks):
    """Sends every order twice, to be sure."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        super().send_order(request, key)
        return super().send_order(request, key)


def posted(part: Stocks, endpoint: Endpoint[Any], **fields: Any) -> Sent:
    """Send an order with requests."""
    client = part.client
    name = endpoint.id(client.environment)
    headers = {"authorization": client.bearer().get_secret_value(), "tr_cd": name, "tr_cont": "N", "tr_cont_key": ""}
    body = {f"{name}InBlock1": {key: int(value) if key in ("OrdQty", "OrdPrc", "OrgOrdNo") else value
                                for key, value in fields.items()}}  # fmt: skip
    answer = requests.post(f"{client.base_url}{endpoint.path}", json=body, headers=headers, timeout=5).json()
    return Sent(str(answer[f"{name}OutBlock2"]["OrdNo"]))


class _Around(Stocks):
    """Sends orders with requests instead of its client."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        return posted(
            self,
            tables.ORDER,
            IsuNo=f"A{request.symbol}",
            OrdQty=request.quantity,
            OrdPrc=request.price or 0,
            BnsTpCode=tables.SIDE[request.side],
            OrdprcPtnCode=tables.TYPE[request.type],
            MgntrnCode="000",
            LoanDt="",
            OrdCndiTpCode=tables.CONDITION[request.time_in_force],
            MbrNo="KRX",
        )


@bad(WRITTEN, "buy", "before the journal")
class OrdersPastTheJournal(_Around):
    """Sends orders past its client, and so before they are written down."""


@bad(CHANGES, "buy", "round the client")
class OrdersRoundTheClient(_Around):
    """Sends orders past its client, which counts and limits them."""


@bad(CHANGES, "cancel", "round the client")
class CancellationsRoundTheClient(Stocks):
    """Sends cancellations past its client."""

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        left = quantity or order.remaining_quantity or order.quantity
        return posted(self, tables.CANCEL, OrgOrdNo=handle.number, IsuNo=f"A{order.symbol}", OrdQty=left)


@bad(FAULTS, "nothing stands")
class NumberGuessedWhereNoneCame(Stocks):
    """Answers the number that comes next where the broker's own did not come."""

    _last = "1"

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            sent = super().send_order(request, key)
        except OrderUncertain:
            sent = Sent(str(int(self._last) + 1))
        self._last = sent.number
        return sent


# What a refusal proves


@bad(UNLISTED, "ZX81Q")
class AlwaysDefinite(LikeClient):
    """Takes every code for a proof that nothing was placed."""

    def is_definite(self, code: str) -> bool:
        return True


@bad(UNLISTED, "code ''", of=KisAdapter, face=KisFace)
class BlankIsDefinite(KisClient):
    """Takes a refusal without a code for a proof."""

    def is_definite(self, code: str) -> bool:
        return not code or super().is_definite(code)


@bad(REFUSED, "too little cash", "is_definite")
class NeverDefinite(LikeClient):
    """Believes no refusal, so that each one blocks a side."""

    def is_definite(self, code: str) -> bool:
        return False


@bad(TROUBLE, "in trouble of the server", "is_definite", of=KisAdapter, face=KisFace)
class TroubleIsDefinite(KisClient):
    """Takes the server's own trouble for a refusal like others, and for a proof."""

    refusals = {code: kind for code, kind in KisClient.refusals.items() if kind is not NetworkError}

    def is_definite(self, code: str) -> bool:
        return code.startswith("EGW") or super().is_definite(code)


@bad(TABLE, "EGW00202", "trouble of the server's own", of=KisAdapter, face=KisFace)
class EveryListedCodeIsDefinite(KisClient):
    """Takes every code that it knows for a proof, those of trouble too."""

    def is_definite(self, code: str) -> bool:
        return code in self.refusals


@bad(TABLE, "code '01425' is InsufficientFunds")
class CodesCutShort(LikeClient):
    """Reads the first four figures of a code."""

    def refuse(self, endpoint: Endpoint[Any], code: str, words: str) -> Any:
        super().refuse(endpoint, code[:4], words)


@bad(TABLE, "IGW00201", "RateLimited")
class RefusalsOfTheGatewayUnclassed(LikeClient):
    """Raises every refusal of the gateway as a plain one, so that nobody logs in anew or slows down."""

    def refuse(self, endpoint: Endpoint[Any], code: str, words: str) -> Any:
        try:
            super().refuse(endpoint, code, words)
        except OrderUncertain:
            raise
        except BrokerError as error:
            if code.startswith("IGW") and code not in login.TOKEN_CODES:
                raise Rejected(error.message, broker=self.broker, code=code) from None
            raise


# Lists that prove absence


class _Cut(Stocks):
    """Says that its lists prove absence, and cuts the one that `reconcile` reads."""

    lists_prove_absence = REAL

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        pages = list(super().rows(start, end, **asked))
        return iter(pages if any(asked.values()) else self.cut(pages))

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        """Return what is left of the pages."""
        return pages


def shown(pages: Sequence[OrderPage], rows: slice) -> list[OrderPage]:
    """Return one page with some of the rows of all."""
    return [replace(pages[0], rows=[row for page in pages for row in page.rows][rows])]


@bad(MANY, "stands", "rows()")
class ListIsEmptyForReconcile(_Cut):
    """Shows `reconcile` an empty list."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        return shown(pages, slice(0))


@bad(MANY, "stands", "rows()")
class OneRowForReconcile(_Cut):
    """Shows `reconcile` the first row alone."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        return shown(pages, slice(1))


@bad(MANY, "stands", "rows()")
class FirstPageForReconcile(_Cut):
    """Reads the first page alone for `reconcile`."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        return pages[:1]


@bad(MANY, "stands", "rows()")
class LastPageForReconcile(_Cut):
    """Shows `reconcile` the page that it read last."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        return pages[-1:]


@bad(MANY, "lacks 1 of")
class SecondRowLostForReconcile(_Cut):
    """Loses one row on the way to `reconcile`."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        rows = [row for page in pages for row in page.rows]
        return [replace(pages[0], rows=[*rows[:1], *rows[2:]])] if pages else pages


@bad(MANY, "stands", "rows()")
class NewestRowLostForReconcile(_Cut):
    """Loses the newest row on the way to `reconcile`."""

    def cut(self, pages: Sequence[OrderPage]) -> Sequence[OrderPage]:
        return shown(pages, slice(-1))


@bad(MANY, "stands", "rows()")
class OpenOrdersAsTheWholeDay(Stocks):
    """Shows `reconcile` the open orders as if they were all of the day."""

    lists_prove_absence = REAL

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        if any(asked.values()):
            return super().rows(start, end, **asked)
        return (replace(page, shows_all=True) for page in super().rows(start, end, open_only=True))


@bad(MANY, "stands", "rows()")
class DayBeforeForReconcile(Stocks):
    """Reads the list of the day before for `reconcile`."""

    lists_prove_absence = REAL

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        back = dt.timedelta(0 if any(asked.values()) else 1)
        return super().rows(start - back, end - back, **asked)


@bad("a_list_that_breaks_off_calls_nothing_absent", "repeated_page")
class BrokenPageIsTheLast(Stocks):
    """Takes a page that cannot be had for the end of the list."""

    lists_prove_absence = REAL

    def rows(self, start: dt.date, end: dt.date, **asked: Any) -> Iterator[OrderPage]:
        if any(asked.values()):
            yield from super().rows(start, end, **asked)
            return
        codes = {"OrdMktCode": "00", "BnsTpCode": "0", "ExecYn": "0", "OrdPtnCode": "00", "IsuNo": ""}
        whole: Parameters = {**codes, "SrtOrdNo2": 0, "BkseqTpCode": "1", "OrdDt": f"{start:%Y%m%d}"}
        body = self.client.block(tables.DAY, whole)
        with suppress(BrokerError):
            for page in self.client.pages(tables.DAY, body=body):
                yield OrderPage(tables.DAY, page.rows, start)


@bad(MANY, "no list of reconcile shows it")
class EveryOrderIsSomebodyElses(Stocks):
    """Says of every order that it came by another channel."""

    def rows(self, *days: Any, **asked: Any) -> Iterator[OrderPage]:
        return rows_of(super().rows(*days, **asked), is_elsewhere=always(True))


@bad("lists_that_may_lack_orders_prove_no_absence", "demo", of=KisAdapter, face=KisFace)
class AbsenceClaimedForPaperTrading(KisStocks):
    """Says that lists prove absence also where they stay empty."""

    lists_prove_absence = frozenset({"real", "demo"})


# Interrupts


@bad(INTERRUPTED, "the interrupt is lost")
class InterruptIsARefusal(Stocks):
    """Tells an interrupt as a refusal of the broker."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except KeyboardInterrupt:
            raise Rejected("interrupted", broker=self.broker) from None


@bad(INTERRUPTED, "orders and", "entries")
class SentAgainAfterAnInterrupt(_Around):
    """Sends an order again where it was interrupted, past its client."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except KeyboardInterrupt:
            return super().send_order(request, key)


@bad(INTERRUPTED, "nothing stands")
class NumberMadeUpAfterAnInterrupt(Stocks):
    """Answers a number of its own where it was interrupted."""

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        try:
            return super().send_order(request, key)
        except BaseException as error:
            if isinstance(error, BrokerError | NetworkError):
                raise
            return Sent("99999999")
