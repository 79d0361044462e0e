"""A call whose key was used before: answered with the order that stands, or not sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from brokerkit.errors import BrokerError, JournalError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import market_named
from brokerkit.models import Order
from brokerkit.orders.attempt import URGENT_SECONDS
from brokerkit.orders.building import amended, as_order, canceled, placed, reserved
from brokerkit.orders.intents import Intent, IntentKind, IntentState, key_of
from brokerkit.orders.journal import Journal
from brokerkit.orders.keys import FREE, check_unused, standing
from brokerkit.orders.listing import Listed, could_be
from brokerkit.orders.trader import Trader
from brokerkit.replies import Sent

logger = logging.getLogger("brokerkit")


class Keyed:
    """Answers for the orders of one account that have a key."""

    def __init__(self, journal: Callable[[], Journal], trader: Trader, settle: Callable[[], object]) -> None:
        """`settle` looks at the lists for what an earlier process left behind, if that was not done yet."""
        self._journal = journal
        self._trader = trader
        self._settle = settle

    def answer(self, intent: Intent, deadline: float) -> Order | None:
        """Return the order that stands under the key of an intent; None if it may be sent. See `stands`."""
        found = self.stands(intent, deadline)
        return None if found is None else self.shown(found)

    def stands(self, intent: Intent, deadline: float) -> Intent | None:
        """Return what stands under the key of an intent; None if it may be sent.

        Raises InvalidRequest if the key is that of another order, OrderBlocked if it is not known what became of it.
        One that is just being sent is waited for, until the moment `deadline`.
        """
        if intent.key is None or intent.previous is not None:
            return None
        is_settled = False
        while True:
            known = self._known(intent, intent.key)
            if (found := standing(intent, known)) is not None:
                return found
            if all(each.state in FREE for each in known):
                return None
            if not is_settled:
                self._settle()
                is_settled = True
                continue
            if time.monotonic() >= deadline or all(each.state is not IntentState.SENDING for each in known):
                check_unused(intent, known, None)
            time.sleep(0.01)
            self._journal().recover()

    def _known(self, intent: Intent, key: str) -> tuple[Intent, ...]:
        try:
            return self._journal().keyed(key, patience=URGENT_SECONDS if intent.may_be_repeated else None)
        except JournalError as error:
            if not intent.may_be_repeated:
                raise
            logger.warning(
                "Whether the key %s was used already cannot be looked up: %s",
                key,
                error.told(ENGLISH),
                extra=about("journal_unreadable", error),
            )
            return ()

    def shown(self, intent: Intent) -> Order:
        """Return the order of an intent that stands, as the list shows it, or as the journal remembers it."""
        if intent.is_reserved:
            return intent.result or intent.order or self._reserved(intent)
        order = intent.result or self._remembered(intent)
        try:
            return self._trader.find(order) or order
        except BrokerError as error:
            logger.warning(
                "Order %s is told as it was sent: its list cannot be read: %s",
                order.id,
                error.told(ENGLISH),
                extra=about("list_unreadable", error, order=order.id),
            )
            return order

    def _reserved(self, intent: Intent) -> Order:
        """Return the reserved order of an intent of which no more than its number is known."""
        assert intent.request is not None  # noqa: S101 - what names no order has a request
        part = self._trader.part(market_named(intent.market))
        return as_order(reserved(intent.request, intent.until, Sent(str(intent.order_id)), part, intent.day))

    def _remembered(self, intent: Intent) -> Order:
        """Return the order of an intent of which no more than its number is known, as where a person has decided."""
        market = market_named(intent.market)
        part, sent = self._trader.part(market), Sent(str(intent.order_id))
        try:
            rows = [row for row in self._trader.lists(market).everything(intent.day) if isinstance(row, Listed)]
            same = [row for row in rows if row.number == key_of(intent.order_id) and could_be(intent, row)]
            sure = [row for row in same if row.day is None or (row.day == intent.day and row.is_sure)]
            if sure or len(same) == 1:
                return (sure or same)[0].order
        except BrokerError as error:
            logger.warning(
                "Order %s is told as it was sent: its list cannot be read: %s",
                sent.number,
                error.told(ENGLISH),
                extra=about("list_unreadable", error, order=sent.number),
            )
        if intent.request is not None:
            return placed(intent.request, sent, part, intent.day)
        assert intent.order is not None  # noqa: S101 - either a request, or a change that names an order
        handle = self._trader.handle_of(intent.order)
        if intent.kind is IntentKind.AMEND and intent.price is not None:
            return amended(intent.order, handle, sent, part, intent.quantity, intent.price, intent.day)
        return canceled(intent.order, handle, sent)
