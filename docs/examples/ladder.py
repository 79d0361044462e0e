"""Buy on the way down: limit orders below the best bid, cancelled when the time is over and after Ctrl-C."""

import argparse
import time
from contextlib import suppress
from decimal import Decimal

from brokerkit import Broker, BrokerError, NothingToCancel, Order, OrderStatus, Side, get_broker


def rungs(broker: Broker, symbol: str, steps: int, percent: Decimal) -> list[Decimal]:
    """Return prices below the best bid, each `percent` of it further down, but at least one price step."""
    lowest = broker.quote(symbol).lower_limit or Decimal(1)
    prices = [level.price for level in broker.order_book(symbol).bids[:1]]
    for step in range(1, steps + 1 if prices else 0):
        below = min(prices[0] * (100 - percent * step) / 100, prices[-1] - 1)
        if below >= lowest:
            prices.append(broker.round_price(symbol, below, side=Side.BUY))
    return prices[1:]


def finish(broker: Broker, order: Order) -> list[str]:
    """Cancel what is left of an order, print how it ended, and return what is not known about it."""
    try:
        with suppress(NothingToCancel):
            broker.cancel(order)
        order = broker.wait(order, timeout=10)
    except BrokerError as error:
        return [f"Order {order.id} may stand: {error}"]
    print(f"{order.price:,}: {order.status}, {order.filled_quantity or 0:,} of {order.quantity:,} bought")
    return [] if order.status in (OrderStatus.FILLED, OrderStatus.CANCELED) else [f"Look at order {order.id}."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile of brokerkit.toml")
    parser.add_argument("symbol")
    parser.add_argument("amount", type=int, help="won for all orders together")
    parser.add_argument("--environment", default="sandbox")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--percent", type=Decimal, default=Decimal(0), help="between two prices; else one price step")
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    orders, problems = list[Order](), list[str]()
    with get_broker(given.broker, environment=given.environment) as broker:
        end = time.monotonic() + given.seconds
        try:
            for price in rungs(broker, given.symbol, given.steps, given.percent):
                orders.append(broker.buy(given.symbol, given.amount // (given.steps * price), price=price))
            for order in orders:  # the highest price is filled first
                print(f"{order.price:,}: {broker.wait(order, timeout=end - time.monotonic()).status}")
        except (KeyboardInterrupt, BrokerError) as stop:  # an OrderUncertain too: nothing more is bought
            problems = [f"Stopped: {str(stop) or 'Ctrl-C'}", *getattr(stop, "__notes__", ())]
        problems += [problem for order in orders for problem in finish(broker, order)]
    raise SystemExit("\n".join(problems) or None)


if __name__ == "__main__":
    main()
