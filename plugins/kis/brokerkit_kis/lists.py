"""The lists of orders: what stands, what became of one, what a day shows."""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from brokerkit import clock
from brokerkit.models import Order
from brokerkit.orders.listing import Listed, Unread, is_same
from brokerkit.transport import Endpoint, OddRow
from brokerkit.words import Venue
from brokerkit_kis.client import KisClient
from brokerkit_kis.wire import orders
from brokerkit_kis.wire.types import spellings

logger = logging.getLogger("brokerkit")


class OrderLists:
    """The lists of orders of an account. `is_over` says whether trading of a day at a venue has ended."""

    def __init__(self, client: KisClient, is_over: Callable[[dt.date, Venue | None], bool]) -> None:
        self._client = client
        self._is_over = is_over

    def find(self, order: Order) -> Order | None:
        """Return the order as its row shows it, under the number and the handle that the caller has."""
        day, branch, number = orders.parts_of(order.handle)
        recent = day >= _three_months_before(clock.today())
        endpoint = orders.DAY_ORDERS if recent else orders.OLD_ORDERS
        passed: list[orders.OrderRow] = []
        odd: list[OddRow] = []
        for row in self._rows(self._client.pages, endpoint, day, day, order.symbol):
            if isinstance(row, OddRow):
                odd.append(row)
            elif (int(row.id), row.day) != (int(number), day) or not orders.same_branch(row.branch, branch):
                passed.append(row)
            elif is_same(order, listed := self._listed(row, orders.changes_in(passed)), number=number):
                # It is amended and cancelled as it was sent, wherever the list says that it rests.
                venue = order.venue if order.venue is Venue.SOR else listed.venue
                own = {"id": order.id, "original_id": order.original_id, "handle": order.handle, "venue": venue}
                return listed.model_copy(update={**own, "name": listed.name or order.name})
            else:
                logger.warning("KIS lists another order under the number %s of %s", number, day)
        for unread in odd:
            if unread.may_be(number, orders.NUMBER):
                raise self._client.odd(endpoint, unread, orders.NUMBER)
        return None

    def _listed(self, row: orders.OrderRow, changes: orders.Changes) -> Order:
        """Return the order of a row; its status needs the rows that changed it."""
        status = row.status(orders.is_changed(row, changes), self._is_over(row.day, row.venue))
        return row.to_model(status=status, name=row.name or None)

    def _rows(
        self,
        read: Callable[..., Iterable[orders.OrdersAnswer]],
        endpoint: Endpoint[orders.OrdersAnswer],
        start: dt.date,
        end: dt.date,
        symbol: str | None,
        *,
        direction: str = orders.NEWEST_FIRST,
    ) -> Iterator[orders.OrderRow | OddRow]:
        """Yield the rows of the list, newest first, so that what followed an order comes before it.

        `read` is `client.pages` where one row is looked for, `client.listing` where all of them are needed.
        """
        for page in read(
            endpoint,
            params={
                **self._client.account(),
                "INQR_STRT_DT": f"{start:%Y%m%d}",
                "INQR_END_DT": f"{end:%Y%m%d}",
                "SLL_BUY_DVSN_CD": "00",
                # Whether the list wants an ETN's letter is not told: then all are asked for.
                "PDNO": symbol if symbol and len(spellings(symbol)) == 1 else "",
                "ORD_GNO_BRNO": "",
                "ODNO": "",
                "CCLD_DVSN": "00",
                "INQR_DVSN": direction,
                "INQR_DVSN_1": "",
                "INQR_DVSN_3": "00",
                "EXCG_ID_DVSN_CD": orders.ALL_VENUES[self._client.environment],
                "CTX_AREA_FK100": "",
                "CTX_AREA_NK100": "",
            },
        ):
            yield from page.rows

    def history(self, start: dt.date, end: dt.date, symbol: str | None) -> Iterable[Order]:
        """Return the orders and amendments of days."""
        border = _three_months_before(clock.today())
        parts = [
            (orders.DAY_ORDERS, max(start, border), end),
            (orders.OLD_ORDERS, start, min(end, border - dt.timedelta(1))),
        ]
        rows: list[orders.OrderRow] = []
        for endpoint, first, last in parts:
            if first <= last:
                listed = self._rows(self._client.listing, endpoint, first, last, symbol)
                rows += self._client.sound(endpoint, listed, orders.NUMBER)
        changes = orders.changes_in(rows)
        meant = [row for row in rows if not row.is_cancellation and symbol in (None, row.symbol)]
        return [self._listed(row, changes) for row in meant]

    def everything(self, day: dt.date) -> Iterable[Listed | Unread]:
        """Return every row that there is of a day."""
        recent = day >= _three_months_before(clock.today())
        endpoint = orders.DAY_ORDERS if recent else orders.OLD_ORDERS
        # Oldest first: what is placed while the pages are read comes last, and moves no row to another page.
        found = list(self._rows(self._client.listing, endpoint, day, day, None, direction=orders.OLDEST_FIRST))
        rows = [row for row in found if not isinstance(row, OddRow)]
        unread = [row for row in found if isinstance(row, OddRow)]
        changes = orders.changes_in(rows)
        listed = [Listed(self._listed(row, changes), row.is_cancellation) for row in rows]
        if day == clock.today() and self._client.environment in orders.OPEN_ORDERS.ids:
            known: dict[int, list[str]] = defaultdict(list)
            for row in rows:
                known[int(row.id)].append(row.branch)
            for open_row in self._open_rows():
                if isinstance(open_row, OddRow):
                    unread.append(open_row)
                elif not any(orders.same_branch(open_row.branch, branch) for branch in known[int(open_row.id)]):
                    listed.append(Listed(open_row.to_model(name=open_row.name or None)))
        return [*listed, *(Unread(row.fault, row.number(orders.NUMBER)) for row in unread)]

    def working(self) -> Iterable[Order]:
        """Return the orders that stand."""
        rows = self._client.sound(orders.OPEN_ORDERS, self._open_rows(), orders.NUMBER)
        return [row.to_model(name=row.name or None) for row in rows]

    def _open_rows(self) -> Iterator[orders.OpenOrderRow | OddRow]:
        """Yield the rows of the list of working orders in which something is left."""
        params = {
            **self._client.account(),
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
            "INQR_DVSN_1": "0",
            "INQR_DVSN_2": "0",
        }
        for page in self._client.listing(orders.OPEN_ORDERS, params=params):
            yield from (row for row in page.rows if isinstance(row, OddRow) or row.remaining_quantity)


def _three_months_before(day: dt.date) -> dt.date:
    """Return the day from which on the list of recent orders reaches."""
    month = day.month - 3 if day.month > 3 else day.month + 9
    year = day.year if day.month > 3 else day.year - 1
    first = dt.date(year, month, 1)
    last = (first + dt.timedelta(31)).replace(day=1) - dt.timedelta(1)
    return first.replace(day=min(day.day, last.day))
