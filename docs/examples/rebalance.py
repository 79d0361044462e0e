"""Bring an account to target weights, sells first, by limit orders. Symbols that are not named stay as they are."""

import argparse
from collections.abc import Sequence
from decimal import Decimal

from brokerkit import Broker, BrokerError, OrderStatus, TimeInForce, get_broker

SPENDABLE = Decimal("0.99")  # the rest of the account is for fees, tax and prices that move meanwhile


def plan(broker: Broker, targets: Sequence[str]) -> list[tuple[str, Decimal]]:
    """Print and return the shares of each symbol to buy (above 0) or to sell (below 0), sells first."""
    balance = broker.balance()
    if balance.total_value is None or (broker.supports("orders") and broker.orders()):
        raise SystemExit("Orders are working, and would count twice, or the broker does not tell the account's value.")
    steps = []
    print(f"{'symbol':8}{'percent':>8}{'price':>12}{'held':>8}{'target':>8}{'trade':>8}")
    for symbol, percent in (target.split("=") for target in targets):
        price = broker.quote(symbol).price
        held = sum((each.quantity for each in balance.positions if each.symbol == symbol), Decimal(0))
        target = balance.total_value * SPENDABLE * int(percent) / 100 // price
        steps.append((symbol, target - held))
        print(f"{symbol:8}{percent:>8}{price:>12,}{held:>8,}{target:>8,}{target - held:>+8,}")
    return sorted(steps, key=lambda step: step[1])


def trade(broker: Broker, symbol: str, shares: Decimal) -> None:
    """Trade at the best prices of the other side, five levels at most; nothing is left working (IOC)."""
    book, buying = broker.order_book(symbol), shares > 0
    for price in [level.price for level in (book.asks if buying else book.bids)[:5]]:
        most = broker.buying_power(symbol, price=price).quantity if buying else broker.sellable_quantity(symbol)
        if not (quantity := min(abs(shares), most)):
            break
        send = broker.buy if buying else broker.sell
        order = broker.wait(send(symbol, quantity, price=price, time_in_force=TimeInForce.IOC), timeout=10)
        if order.status not in (OrderStatus.FILLED, OrderStatus.CANCELED) or order.filled_quantity is None:
            raise SystemExit(f"Stopped: order {order.id} of {symbol} is {order.status}. Look at the broker's own list.")
        print(f"{order.side} {symbol}: {order.filled_quantity:,} of {quantity:,} filled at {price:,}")
        shares += -order.filled_quantity if buying else order.filled_quantity
    print(f"{symbol}: {f'{abs(shares):,} shares not traded' if shares else 'done'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile of brokerkit.toml")
    parser.add_argument("targets", nargs="+", metavar="SYMBOL=PERCENT", help="of all that the account is worth")
    parser.add_argument("--environment", default="sandbox")
    given = parser.parse_args()
    try:
        with get_broker(given.broker, environment=given.environment) as broker:
            for symbol, shares in plan(broker, given.targets):
                trade(broker, symbol, shares)
    except BrokerError as error:  # an OrderUncertain too: it says that the order may stand, and nothing more is sent
        raise SystemExit(f"Stopped: {error}") from None


if __name__ == "__main__":
    main()
