"""The lists of orders: what stands, what became of one, what a day shows."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from brokerkit import clock
from brokerkit.market.days import is_trading_day
from brokerkit.models import Order
from brokerkit.orders.listing import Listed, Unread, is_same
from brokerkit.transport import Endpoint, OddRow
from brokerkit.words import Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.wire import orders
from brokerkit_kiwoom.wire.types import moment

logger = logging.getLogger("brokerkit")

Today = orders.OpenOrderRow | orders.FilledOrderRow | OddRow


class OrderLists:
    """The lists of orders of an account. `is_over` says whether trading of a day at a venue has ended."""

    def __init__(
        self, client: KiwoomClient, is_over: Callable[[dt.date, Venue | None], bool], *, is_simulated: bool
    ) -> None:
        self._client = client
        self._is_over = is_over
        self._is_simulated = is_simulated

    def find(self, order: Order) -> Order | None:
        """Return the order as its row shows it, under the number and the handle that the caller has."""
        day, number, _ = orders.parts_of(order.handle)
        passed: list[orders.OrderRow] = []
        odd: list[tuple[Endpoint[Any], OddRow]] = []
        for row in self._rows(day, order.symbol):
            if isinstance(row, OddRow):
                odd.append((orders.DAY_ORDERS, row))
            elif int(row.id) != int(number):
                passed.append(row)
            elif found := _same(order, number, self._listed(row, day, int(number) in orders.changed_in(passed))):
                return found
        # The mock's list of the day stays empty for some; what is open and what was filled are listed elsewhere too.
        for endpoint, today in self._open_and_filled(order.symbol) if day == clock.today() else ():
            if isinstance(today, OddRow):
                odd.append((endpoint, today))
            elif int(today.id) == int(number) and (found := _same(order, number, self._of_today(today))):
                return found
        for endpoint, unread in odd:
            if unread.may_be(number, orders.NUMBER):
                raise self._client.odd(endpoint, unread, orders.NUMBER)
        return None

    def _open_and_filled(self, symbol: str | None) -> Iterator[tuple[Endpoint[Any], Today]]:
        """Yield the rows of today from the lists of open and of filled orders, each order once."""
        known = set()
        for row in self._open_rows():
            if isinstance(row, OddRow):
                yield orders.OPEN_ORDERS, row
            elif symbol in (None, row.symbol):
                known.add(int(row.id))
                yield orders.OPEN_ORDERS, row
        for filled in self._filled_rows(symbol):
            if isinstance(filled, OddRow) or int(filled.id) not in known:
                yield orders.FILLED_ORDERS, filled

    def _filled_rows(self, symbol: str | None) -> list[orders.FilledOrderRow | OddRow]:
        """Return what was filled today. The list has no date, and at the mock host it was that of the last session."""
        body = {"stk_cd": symbol or "", "qry_tp": "1" if symbol else "0", "sell_tp": "0", "ord_no": "", "stex_tp": "0"}
        listed = [row for page in self._client.listing(orders.FILLED_ORDERS, body=body) for row in page.rows]
        found = [row for row in listed if isinstance(row, OddRow) or not self._is_of_another_day(row)]
        numbers = Counter(int(row.id) for row in found if not isinstance(row, OddRow))
        if any(count > 1 for count in numbers.values()):
            raise self._client.wrong(orders.FILLED_ORDERS, "an order stands in it twice, so its fills cannot be told")
        return found

    def _is_of_another_day(self, row: orders.FilledOrderRow) -> bool:
        """Say whether a row without a date cannot be of today: from a time that is still to come, or on a holiday."""
        if self._is_simulated:
            return False  # the simulated exchange has a clock of its own
        now = clock.now()
        later = row.time is not None and moment(now.date(), row.time) > now + dt.timedelta(minutes=1)
        return later or not is_trading_day(now.date())

    def _of_today(self, row: orders.OpenOrderRow | orders.FilledOrderRow) -> Order:
        return row.to_model(
            name=row.name or None,
            handle=orders.handle(f"{clock.today():%Y%m%d}", row.id, row.id),
            submitted_at=moment(clock.today(), row.time) if row.time else None,
        )

    def _rows(
        self, day: dt.date, symbol: str | None, direction: str = orders.NEWEST_FIRST
    ) -> Iterator[orders.OrderRow | OddRow]:
        """Yield the rows of a day, newest first, so that what followed an order comes before it."""
        for page in self._client.pages(
            orders.DAY_ORDERS,
            body={
                "ord_dt": f"{day:%Y%m%d}",
                "qry_tp": direction,
                "stk_bond_tp": "1",
                "sell_tp": "0",
                "stk_cd": symbol or "",
                "fr_ord_no": "",
                "dmst_stex_tp": "%",
            },
        ):
            yield from page.rows

    def _listed(self, row: orders.OrderRow, day: dt.date, followed: bool) -> Order:
        return row.to_model(
            name=row.name or None,
            handle=orders.handle(f"{day:%Y%m%d}", row.id, row.id),
            status=row.status(day, followed, self._is_over(day, row.venue)),
            submitted_at=moment(day, row.time) if row.time else None,
        )

    def history(self, start: dt.date, end: dt.date, symbol: str | None) -> Iterable[Order]:
        """Return the orders and amendments of days."""
        found: list[Order] = []
        for number in range((end - start).days + 1):
            day = start + dt.timedelta(number)
            if not is_trading_day(day) and day != clock.today():
                continue
            rows = list(self._client.sound(orders.DAY_ORDERS, self._rows(day, symbol), orders.NUMBER))
            changed = orders.changed_in(rows)
            found += [self._listed(row, day, int(row.id) in changed) for row in rows if not row.is_cancellation]
            if not rows and day == clock.today():
                for endpoint, row in self._open_and_filled(symbol):
                    if isinstance(row, OddRow):
                        raise self._client.odd(endpoint, row, orders.NUMBER)
                    found.append(self._of_today(row))
        return found

    def everything(self, day: dt.date) -> Iterable[Listed | Unread]:
        """Return every row that there is of a day."""
        # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
        listing = list(self._rows(day, None, orders.OLDEST_FIRST))
        rows = [row for row in listing if not isinstance(row, OddRow)]
        unread = [row for row in listing if isinstance(row, OddRow)]
        changed = orders.changed_in(rows)
        listed = [
            Listed(self._listed(row, day, int(row.id) in changed), row.is_cancellation, row.is_elsewhere)
            for row in rows
        ]
        if day == clock.today():
            known = {int(row.id) for row in rows}
            for endpoint, today in self._open_and_filled(None):
                if isinstance(today, OddRow):
                    unread.append(today)
                elif int(today.id) not in known:
                    listed.append(Listed(self._of_today(today), is_dated=endpoint is not orders.FILLED_ORDERS))
        return [*listed, *(Unread(row.fault, row.number(orders.NUMBER)) for row in unread)]

    def working(self) -> Iterable[Order]:
        """Return the orders that stand."""
        return map(self._of_today, self._client.sound(orders.OPEN_ORDERS, self._open_rows(), orders.NUMBER))

    def _open_rows(self) -> Iterator[orders.OpenOrderRow | OddRow]:
        """Yield the rows of the list of open orders in which something is left."""
        body = {"all_stk_tp": "0", "trde_tp": "0", "stk_cd": "", "stex_tp": "0"}
        for page in self._client.listing(orders.OPEN_ORDERS, body=body):
            yield from (row for row in page.rows if isinstance(row, OddRow) or row.remaining_quantity)


def _same(order: Order, number: str, listed: Order) -> Order | None:
    """Return an order as a row with its number shows it, None if that is another order."""
    if not is_same(order, listed, number=number):
        logger.warning("Kiwoom lists another order under the number %s", number)
        return None
    # It is amended and cancelled as it was sent, wherever the list says that it rests.
    venue = order.venue if order.venue is Venue.SOR else listed.venue
    own = {"id": order.id, "original_id": order.original_id, "handle": order.handle, "venue": venue}
    return listed.model_copy(update={**own, "name": listed.name or order.name})
