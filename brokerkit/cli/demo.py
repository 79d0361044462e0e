"""`brokerkit demo`: one story, told by every installed broker's sandbox, side by side."""

from __future__ import annotations

from typing import Annotated

import typer

from brokerkit.broker import Broker
from brokerkit.cli.installed import sandbox_names
from brokerkit.cli.printing import Printer, Said, as_text, head, signed
from brokerkit.cli.sandbox import NO_SANDBOX, broker_in, sandbox_class
from brokerkit.cli.session import JsonOption
from brokerkit.errors import ConfigError

SymbolOption = Annotated[str, typer.Option("--symbol", help="What is bought.")]


def add_to(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(demo)


def demo(symbol: SymbolOption = "005930", as_json: JsonOption = False) -> None:
    """Tell one story at every installed broker, side by side; needs no account or network (시연)."""
    told = {}
    printer, new_sandbox = Printer(as_json), sandbox_class()
    for name in sandbox_names():
        # A fresh exchange for each, so that all see the same market. Without `sandbox=` they would share one.
        # No profile either: limits of yours would end the story, and a file that cannot be read is no matter here.
        try:
            with new_sandbox() as sandbox, broker_in(sandbox, name) as broker:
                told[name] = story(broker, symbol)
        except ConfigError as error:  # of one adapter: the others have their story all the same
            printer.error(error)
    if not told:
        raise ConfigError(NO_SANDBOX, advice="Install an adapter from the clone.")
    if as_json:
        printer.one(told)
    steps = dict.fromkeys(step for column in told.values() for step in column)
    rows = [
        {"step": Said(head(step)), **{name: _cell(column.get(step)) for name, column in told.items()}} for step in steps
    ]
    printer.table(rows, "")


def _cell(text: str | None) -> Said | None:
    return None if text is None else Said(text)


def story(broker: Broker, symbol: str) -> dict[str, str]:
    """Tell the story at any broker; only its name differs."""
    told = {}
    quote = broker.quote(symbol)
    told["quote"] = f"{as_text(quote.price)} won ({as_text(signed(quote.change_percent))} %)"

    order = broker.buy(symbol, 1_000, price=quote.price)
    told["buy 1,000"] = f"order {order.id} is {as_text(order.status)}"

    order = broker.refresh(order)
    filled, left = as_text(order.filled_quantity), as_text(order.remaining_quantity)
    told["partial fill"] = f"{filled} filled, {left} left: {as_text(order.status)}"

    canceled = broker.refresh(broker.cancel(order))
    told["cancel the rest"] = f"order {canceled.id} cancels {order.id}: {as_text(canceled.status)}"

    balance = broker.balance()
    for when, cash in (("cash today", balance.cash), ("cash on D+2", balance.cash_d2)):
        told[when] = as_text(cash) if cash is None else f"{as_text(cash)} won"
    for holding in balance.positions:
        average = None if holding.average_price is None else round(holding.average_price)
        told[f"holding {holding.symbol}"] = f"{as_text(holding.quantity)} at {as_text(average)} won"

    for day in broker.investor_flow(symbol)[-2:]:
        foreign, institution = (as_text(signed(each.net_quantity)) for each in (day.foreign, day.institution))
        told[f"flow {day.date}"] = f"foreign {foreign}, institution {institution} shares"
    return told
