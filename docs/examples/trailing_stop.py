"""Sell at the market when a price falls too far below its highest. The stop is kept here, and survives a restart."""

import argparse
import json
import os
import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from brokerkit import Broker, BrokerError, Gap, OrderType, QuoteEvent, Subscription, get_broker


def save(path: Path, kept: dict[str, str]) -> None:
    """Write down where we are: after a crash there is the old file or the new one, never half of one."""
    with path.with_name(path.name + ".new").open("w", encoding="utf-8") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(file.name, path)


def prices(broker: Broker, followed: Subscription[QuoteEvent | Gap], symbol: str) -> Iterator[Decimal]:
    """Yield the price now, and then whenever it changes; after a gap it is asked for, as it may have moved."""
    yield broker.quote(symbol).price
    for event in followed:
        yield event.price if isinstance(event, QuoteEvent) else broker.quote(symbol).price


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile of brokerkit.toml")
    parser.add_argument("symbol")
    parser.add_argument("quantity", type=int)
    parser.add_argument("--percent", type=Decimal, default=Decimal(3), help="below the highest price")
    parser.add_argument("--file", type=Path, default=Path("trailing-stop.json"), help="of this stop alone")
    parser.add_argument("--environment", default="sandbox")
    given = parser.parse_args()
    kept = json.loads(given.file.read_bytes()) if given.file.exists() else {"key": f"stop-{secrets.token_hex(8)}"}
    try:
        with get_broker(given.broker, environment=given.environment) as broker, broker.stream() as stream:
            stream.orders()  # a notice of the order lets `wait` look at once
            seen = prices(broker, stream.quotes(given.symbol), given.symbol)
            while "fell" not in kept:
                price, highest = next(seen), Decimal(kept.get("highest", 0))
                if price > highest or price <= highest * (100 - given.percent) / 100:
                    change = "highest" if price > highest else "fell"
                    save(given.file, kept := {**kept, change: str(price)})
                    print(f"{change} {price:,}", flush=True)
            sold = broker.sell(given.symbol, given.quantity, type=OrderType.MARKET, key=kept["key"])
            sold = broker.wait(sold, timeout=60)  # by its key it is one order, however often this runs
    except BrokerError as error:  # an OrderUncertain too: it says that the order may stand, and nothing more is sent
        raise SystemExit(f"Stopped: {error}") from None
    print(f"{sold.status}: {sold.filled_quantity or 0:,} of {sold.quantity:,} sold")
    raise SystemExit(sold.filled_quantity != sold.quantity and "Look at the order: the rest has no stop any more.")


if __name__ == "__main__":
    main()
