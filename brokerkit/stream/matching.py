"""Which orders of notices are whose: known to the journal, perhaps an uncertain one, or somebody else's."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pydantic import ValidationError

from brokerkit.errors import BrokerError, JournalError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import Market
from brokerkit.models import Order
from brokerkit.orders.desk import OrderDesk
from brokerkit.orders.intents import Intent, NumberKey, key_of, number_of
from brokerkit.orders.listing import Listed, could_be
from brokerkit.orders.trader import Trader
from brokerkit.stream.events import Notice, OrderChange
from brokerkit.words import OrderStatus

logger = logging.getLogger("brokerkit")

_STATUS = {
    OrderChange.ACCEPTED: OrderStatus.WORKING,
    OrderChange.AMENDED: OrderStatus.WORKING,
    OrderChange.FILLED: OrderStatus.UNKNOWN,
    OrderChange.CANCELED: OrderStatus.CANCELED,
    OrderChange.REJECTED: OrderStatus.REJECTED,
}
"""What a notice tells of the order that it numbers."""


class Matching:
    """Compares notices of one day with the journal. What a journal that cannot be read would say is not known."""

    def __init__(self, trader: Trader, desk: OrderDesk, market: Market) -> None:
        self._trader = trader
        self._journal = desk.journal
        self._reconciler = desk.reconciler(market)
        self._market = market
        self._day = market.today()
        self._known: dict[NumberKey, str] = {}
        """Numbers and symbols of orders that were sent from here, and their intents."""
        self._strange: dict[str, Listed] = {}
        """What notices told of orders that may be an intent's of which it is not known what became of it."""
        self._listed: Sequence[Listed] = ()
        self._settled: dict[str, Intent] = {}
        """Numbers of orders that settled an intent, which the list has not shown since."""
        self._needs_list = False
        self._is_silent = False

    @property
    def settle_seconds(self) -> float:
        """After so many seconds a list shows what happened."""
        return self._reconciler.settle()

    @property
    def has_strange(self) -> bool:
        """Whether there are orders that may be an uncertain one."""
        return bool(self._strange)

    def intent_of(self, order_id: str, symbol: str) -> str | None:
        """Return the intent that became an order; None where the journal has none, or more than one."""
        key = (key_of(order_id) or order_id, symbol)
        if key not in self._known:
            found = self._asked(order_id, symbol)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    def needs_list(self) -> bool:
        """Say once whether something was settled that a list has to show: it tells how the order is named."""
        needs, self._needs_list = self._needs_list, False
        return needs

    def listed(self, rows: Sequence[Listed]) -> None:
        """Remember what the list shows: an order there may be the uncertain one too."""
        self._listed = rows
        for row in rows:
            intent = self._settled.get(row.number)
            if intent is not None and could_be(intent, row):
                self._name(intent, row.order)
                del self._settled[row.number]

    def _name(self, intent: Intent, order: Order) -> None:
        """Write down an order as the list shows it: how it is cancelled a notice may not tell."""

        def named(present: Intent) -> Intent:
            is_same = key_of(present.order_id) == key_of(order.id)
            return present.model_copy(update={"result": order}) if is_same else present

        try:
            self._journal.revise(intent.id, named)
        except JournalError as error:
            self._warn(error)

    def hear(self, notice: Notice) -> bool:
        """Let a notice settle what it proves; say whether it may be of an order that is being sent just now."""
        row = self._row(notice)
        if row is None:
            return False
        self._strange.setdefault(row.number, row)
        try:
            self._journal.learn(self._day, [number_of(row.number)], [], market=self._market.name)
        except JournalError as error:
            self._warn(error)
        return row.number in self.look()

    def look(self) -> frozenset[str]:
        """Settle what the notices so far prove; return the numbers that may be of what is being sent just now."""
        rest = (row for row in self._listed if row.number not in self._strange)
        try:
            heard = self._reconciler.heard([*self._strange.values(), *rest])
        except BrokerError as error:
            self._warn(error)
            return frozenset()
        for intent in heard.settled:
            if intent.order_id is not None:
                self._settled[key_of(intent.order_id) or intent.order_id] = intent
                self._needs_list = True
        open_ = {number for number, _ in heard.open}
        self._strange = {number: row for number, row in self._strange.items() if number in open_}
        return frozenset(number for number, _ in heard.awaited)

    def look_again(self) -> bool:
        """Settle what the notices so far prove, and say whether something was."""
        before = len(self._strange)
        self.look()
        return len(self._strange) < before

    def _asked(self, order_id: str, symbol: str) -> str | None:
        try:
            found = self._journal.sent_as(self._day, order_id, self._market.name)
        except JournalError as error:
            self._warn(error)
            return None
        ids = [intent.id for intent in found if intent.symbol == symbol]
        return ids[0] if len(ids) == 1 else None

    def _row(self, notice: Notice) -> Listed | None:
        """Return what a notice tells as a row of a list; None where it does not tell what kind of order it is of."""
        is_change = notice.original_id is not None
        changes = notice.change in (OrderChange.AMENDED, OrderChange.CANCELED)
        status = _STATUS.get(notice.change)
        if status is None or (changes and not is_change):
            return None
        if is_change and not changes and notice.change is not OrderChange.FILLED:
            return None  # to move it or to take it back
        try:
            order = Order(
                id=notice.order_id,
                symbol=notice.symbol,
                side=notice.side,
                type=notice.type,
                venue=notice.venue,
                quantity=notice.quantity or 0,
                price=notice.price,
                status=status,
                # The time of a fill is not that of its order.
                submitted_at=None if notice.change is OrderChange.FILLED else notice.time,
                original_id=notice.original_id,
                handle=str(self._trader.part(self._market).handle(self._day, notice.branch, notice.order_id)),
            )
        except ValidationError:
            return None
        return Listed(order, is_cancellation=notice.change is OrderChange.CANCELED, is_noticed=True)

    def _warn(self, error: BrokerError) -> None:
        if not self._is_silent:
            logger.warning(
                "Notices of orders cannot be compared with the order journal: %s",
                error.told(ENGLISH),
                extra=about("journal_unreadable", error),
            )
        self._is_silent = True
