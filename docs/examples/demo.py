"""One script, two brokers: quote, buy, partial fill, cancel, balance, investor flow. Run it with `make demo`."""

from brokerkit import Broker, get_broker
from brokerkit.sandbox import Sandbox

SYMBOL = "005930"


def story(broker: Broker) -> dict[str, str]:
    """Tell the same story at any broker; only the name that get_broker was given differs."""
    told = {}
    quote = broker.quote(SYMBOL)
    told["quote"] = f"{quote.price:,} won ({quote.change_percent:+} %)"

    order = broker.buy(SYMBOL, 1_000, price=quote.price)
    told["buy 1,000"] = f"order {int(order.id)} is {order.status}"

    order = broker.refresh(order)
    told["partial fill"] = f"{order.filled_quantity:,} filled, {order.remaining_quantity:,} left: {order.status}"

    canceled = broker.refresh(broker.cancel(order))
    told["cancel the rest"] = f"order {int(canceled.id)} cancels {int(order.id)}: {canceled.status}"

    balance = broker.balance()
    told["cash today"] = f"{balance.cash:,} won"
    told["cash on D+2"] = f"{balance.cash_d2:,} won"
    for holding in balance.positions:
        told[f"holding {holding.symbol}"] = f"{holding.quantity:,} at {holding.average_price:,.0f} won"

    for day in broker.investor_flow(SYMBOL)[-2:]:
        told[f"flow {day.date}"] = (
            f"foreign {day.foreign.net_quantity:+,}, institution {day.institution.net_quantity:+,} shares"
        )
    return told


def main() -> None:
    columns = {}
    for name in ("kis", "kiwoom"):
        # A fresh exchange for each, so that both see the same market. Without `sandbox=` they would share one.
        with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
            columns[name] = story(broker)
    width = max(len(text) for column in columns.values() for text in column.values())
    print(f"{'':18}" + "".join(f"{name:{width + 2}}" for name in columns))
    for step in columns["kis"]:
        print(f"{step:18}" + "".join(f"{column[step]:{width + 2}}" for column in columns.values()).rstrip())


if __name__ == "__main__":
    main()
