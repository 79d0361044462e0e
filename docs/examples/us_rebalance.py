"""Bring US shares to target weights of the account's own dollars, sells first, by limit orders of the day."""

import argparse
import json
from decimal import Decimal
from pathlib import Path

from brokerkit import Broker, BrokerError, Side, Venue, get_broker

SPENDABLE = Decimal("0.98")  # the rest is for fees and for limits above the last price
ROOM = Decimal("0.005")  # how far beyond the last price a limit is: US orders know no IOC


def plan(broker: Broker, targets: dict[str, str]) -> list[list[str]]:
    """Return side, symbol, shares and limit price of each order, sells first; nothing is sent."""
    balance, quotes = broker.balance(market="US"), [broker.quote(symbol) for symbol in targets]
    currencies = {balance.currency, *(each.currency for each in balance.positions), *(each.currency for each in quotes)}
    if currencies != {"USD"}:
        raise SystemExit("Stopped: an amount is not in dollars. Nothing was sent.")  # and none is ever converted
    if balance.cash is None or balance.market_value is None or sum(map(int, targets.values())) > 100:
        raise SystemExit("Stopped: the broker does not tell all dollars, or the targets are above 100 percent.")
    if broker.supports("orders", market="US") and broker.orders(market="US"):
        raise SystemExit("Stopped: orders are working, and would count twice.")
    orders, worth = [], (balance.cash + balance.market_value) * SPENDABLE
    for quote in quotes:
        held = sum((each.quantity for each in balance.positions if each.symbol == quote.symbol), Decimal(0))
        shares = worth * int(targets[quote.symbol]) / 100 // quote.price - held
        side = Side.BUY if shares > 0 else Side.SELL
        limit = broker.round_price(quote.symbol, quote.price * (1 + (ROOM if shares > 0 else -ROOM)), side=side)
        orders += [[side, quote.symbol, f"{abs(shares):f}", f"{limit:f}"]] if shares else []
    return sorted(orders, reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile")
    parser.add_argument("targets", nargs="+", metavar="SYMBOL=PERCENT", help="as US:AAPL=30, of all its dollars")
    parser.add_argument("--environment", default="sandbox")
    parser.add_argument("--seconds", type=float, default=60, help="wait so long for a fill, then cancel the rest")
    given = parser.parse_args()
    try:
        with get_broker(given.broker, environment=given.environment) as broker:
            day = broker.market_hours(venue=Venue.US).date  # New York's
            kept = Path(f"us-rebalance-{given.broker}-{given.environment}-{day}.json")
            if not kept.exists():  # run again on that day, the same orders have the same keys: none is sent twice
                kept.write_text(json.dumps(plan(broker, dict(each.split("=") for each in given.targets))))
            for side, symbol, shares, limit in json.loads(kept.read_text()):
                send = broker.buy if side == Side.BUY else broker.sell
                order = send(symbol, shares, price=limit, key=f"us-rebalance:{day}:{symbol}")
                if (order := broker.wait(order, timeout=given.seconds)).status not in ("FILLED", "CANCELED"):
                    broker.cancel(order)
                    order = broker.wait(order, timeout=given.seconds)
                print(f"{side} {symbol}: {order.filled_quantity or 0} of {shares} at {limit} USD, {order.status}")
    except BrokerError as error:  # an OrderUncertain too: it says that the order may stand, and nothing more is sent
        raise SystemExit(f"Stopped: {error}") from None


if __name__ == "__main__":
    main()
