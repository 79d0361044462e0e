"""Makes the journals of format 1 that the tests of the migration read, one for each broker.

They were written by commit 841f45e, the last one with that format, which alone can run this:

    git archive 841f45e | tar x -C FOLDER
    cd FOLDER && PYTHONPATH=.:plugins/kis:plugins/kiwoom python THIS_FILE TARGET

Orders go to a sandbox whose lines break where a state needs that. What takes a day, a second branch or another program
to happen is written with the journal's own methods.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from brokerkit import BrokerError, Order
from brokerkit.market import clock
from brokerkit.orders.again import Again
from brokerkit.orders.guard import Limits
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState, new_id
from brokerkit.orders.journal import Journal
from tests.journals import GETS_LOST, GETS_THROUGH, HYNIX, Trader, request_of, served

State = IntentState


def sandboxed(trader: Trader) -> None:
    """Trade: accepted, refused, uncertain and found again, amended, cancelled, partly and as a whole."""
    broker, price = trader.broker, trader.price()
    order = broker.amend(trader.buy(), price=price + 100)
    broker.cancel(order, quantity=3)
    broker.cancel(trader.buy(7))
    with suppress(BrokerError):
        broker.buy("005930", 10_000_000, price=price)
    trader.breaks(GETS_THROUGH)
    with suppress(BrokerError):
        trader.buy(11)
    trader.somebody_buys(4, HYNIX)
    broker.reconcile(wait=True, timeout=25)
    trader.breaks(GETS_LOST)
    with suppress(BrokerError):
        trader.buy(12)
    broker.reconcile(wait=True, timeout=25)
    absent = next(each for each in trader.journal.everything() if each.state is State.PRESUMED_ABSENT)
    broker.resubmit(absent.id)
    trader.breaks(GETS_LOST)
    with suppress(BrokerError):
        trader.buy(13)
    unknown = trader.journal.unresolved()[-1]
    trader.breaks(GETS_LOST)
    with suppress(BrokerError):  # two open ones of one symbol and side, the first without its mutex
        broker.resubmit(unknown.id, accept_risk=True)


def begun(journal: Journal, day: dt.date, symbol: str, side: str = "BUY", **known: object) -> Intent:
    """Write an order down as being sent."""
    request = request_of(symbol=symbol, side=side)
    intent = Intent(
        id=new_id(),
        kind=IntentKind.ORDER,
        day=day,
        symbol=symbol,
        side=request.side,
        quantity=request.quantity,
        price=request.price,
        request=request,
        created_at=clock.now(),
    ).model_copy(update=known)
    value = request.quantity * (request.price or 0)
    return journal.begin(intent, limits=Limits(), value=value, check=lambda: None, seconds=15, again=Again())


def result(trader: Trader, day: dt.date, symbol: str, branch: str, number: str) -> Order:
    """Return the order that the broker made, with a handle in the broker's own spelling."""
    middle = branch if trader.name == "kis" else number
    return Order.model_validate(
        {
            **request_of(symbol=symbol).model_dump(exclude={"stop_price", "venue"}),
            "id": number,
            "status": "WORKING",
            "handle": f"{trader.name}:{day:%Y%m%d}:{middle}:{number}",
        }
    )


def written(trader: Trader) -> None:
    """Write what a day of a sandbox does not bring about."""
    journal, today = trader.journal, clock.today()
    old = today - dt.timedelta(days=3)
    for branch, symbol in (("06010", "000270"), ("06020", "035420")):  # the same number of two branches
        sent = begun(journal, old, symbol)
        number = "0000012345" if trader.name == "kis" else ("0012345" if branch == "06010" else "0012346")
        made = result(trader, old, symbol, branch, number)
        journal.decide(sent.moved(State.ACKED, "the broker answered with its number", order_id=number, result=made))
    named = begun(journal, old, "051910")  # a number of no branch, as a person named it
    journal.decide(named.moved(State.ACKED, "a person decided that it is order 777", order_id="777"))
    silent = journal.decide(begun(journal, old, "068270").moved(State.UNKNOWN, "no answer came", sent_bytes=512))
    closed = "not in the complete list of its day, which is over"
    journal.revise(silent.id, lambda each: each.moved(State.ABSENT_DAY_CLOSED, closed, decided_at=clock.now()))
    late = journal.decide(begun(journal, old, "005380").moved(State.UNKNOWN, "no answer came"))
    journal.revise(late.id, lambda each: each.moved(State.PRESUMED_ABSENT, "not visible after 3 complete lists"))
    found = {"order_id": "0000000888", "confidence": Confidence.PROBABLE}
    journal.revise(late.id, lambda each: each.moved(State.LATE, "order 0000000888 is just like it", **found))
    doubtful = journal.decide(begun(journal, today, "105560").moved(State.UNKNOWN, "no answer came"))
    journal.revise(doubtful.id, lambda each: each.moved(State.AMBIGUOUS, "2 orders of the list could be it: 1, 2"))
    absent = journal.decide(begun(journal, today, "055550").moved(State.UNKNOWN, "no answer came"))
    journal.revise(absent.id, lambda each: each.moved(State.PRESUMED_ABSENT, "not visible after 3 complete lists"))
    journal.learn(old, [99_999], ["4242@06010", "4243"], falls=True)
    journal.end_exclusive(old)
    journal.learn_delay(8.25)
    left = begun(journal, today, "012330")
    journal.decide(left.moved(State.NOT_SENT, "the line could not be opened", sent_bytes=0))
    begun(journal, today, HYNIX, "SELL")  # its process ends while it is being sent


def main(target: Path) -> None:
    """Write the files."""
    for name in ("kis", "kiwoom"):
        with tempfile.TemporaryDirectory() as folder:
            os.environ.update(BROKERKIT_STATE_DIR=f"{folder}/state", BROKERKIT_CACHE_DIR=f"{folder}/cache")
            with served(name) as trader:
                sandboxed(trader)
                written(trader)
                path = trader.journal.path
                assert path is not None
                trader.journal.close()
            shutil.copy(path, target / f"journal_1_{name}.sqlite3")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
