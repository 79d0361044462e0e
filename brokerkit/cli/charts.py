"""Charts of letters, for a terminal."""

from __future__ import annotations

import datetime as dt
import shutil
import sys
from collections.abc import Sequence
from decimal import Decimal
from importlib import import_module

import typer
from rich.bar import Bar
from rich.table import Table as Grid

from brokerkit.cli.consoles import can_write
from brokerkit.cli.printing import GAIN, LOSS, as_text, both, console_of, tell
from brokerkit.languages import KOREAN, language
from brokerkit.models import Candles, InvestorFlow
from brokerkit.models.frames import needed
from brokerkit.models.labels import korean_name

LETTERS = "┃╿╻╹╽│╵╷┤─█▌▐"
HIGHEST = 30
"""Lines of a chart on a high terminal."""
NARROWEST = 40
AXIS = 16
"""Columns that the prices at the side take."""
RED, BLUE = (211, 47, 47), (66, 135, 245)
SHOWN = ("individual", "foreign", "institution")


def check_letters() -> None:
    """Raise where the terminal has no letters for charts."""
    if not can_write(sys.stdout, LETTERS):
        raise typer.BadParameter(f"This console ({sys.stdout.encoding}) has no letters for --chart; use --plot FILE.")


def print_candles(found: Candles) -> None:
    """Draw candles, the newest that fit: one a column."""
    made = needed("candlestick_chart", lambda: import_module("candlestick_chart"), extra="cli")

    columns, lines = max(shutil.get_terminal_size().columns, NARROWEST), shutil.get_terminal_size().lines - 2
    shown = found[-(columns - AXIS) :]
    if not shown:
        tell("No candles.")
        return
    drawn = [
        made.Candle(**{name: float(getattr(each, name)) for name in ("open", "high", "low", "close", "volume")})
        for each in shown
    ]
    chart = made.Chart(drawn, title="", width=columns, height=min(lines, HIGHEST))
    for colour in (chart.set_bull_color, chart.set_vol_bull_color):
        colour(*RED)
    for colour in (chart.set_bear_color, chart.set_vol_bear_color):
        colour(*BLUE)
    for label in ("average", "volume", "variation"):
        chart.set_label(label, "")
    shape = "%Y-%m-%d" if shown[0].time.time() == shown[-1].time.time() == dt.time.min else "%Y-%m-%d %H:%M"
    what = f"{found.symbol} {as_text(found.venue)} {as_text(found.interval)}"
    to = "~" if language() == KOREAN else "to"
    print(f"{what}, {shown[0].time:{shape}} {to} {shown[-1].time:{shape}}")
    screen = console_of(sys.stdout)
    screen.size = (columns, min(lines, HIGHEST))
    screen.print(chart, soft_wrap=True)


def print_flow(found: Sequence[InvestorFlow]) -> None:
    """Draw what each group of investors bought net, a line a day: to the right if it bought, to the left if it sold."""
    if not found:
        tell("No trading in these days.")
        return
    size = shutil.get_terminal_size()
    width = max((size.columns - 12) // len(SHOWN) - 2, 10)
    nets = {name: [getattr(day, name).net_quantity for day in found] for name in SHOWN}
    most = {name: max((abs(net) for net in told if net), default=Decimal(1)) for name, told in nets.items()}
    grid = Grid.grid(padding=(0, 2, 0, 0))
    grid.add_row("", *(both(name, korean_name("InvestorFlow", [name])) for name in SHOWN), style="bold")
    grid.add_row("", *(f"{f'±{most[name]:,f}':^{width}}" for name in SHOWN))
    for at, day in enumerate(found):
        grid.add_row(f"{day.date}", *(_bar(nets[name][at], most[name], width) for name in SHOWN))
    screen = console_of(sys.stdout)
    screen.size = (size.columns, size.lines)
    screen.print(grid)


def _bar(net: Decimal | None, most: Decimal, width: int) -> Bar | str:
    """Return a bar from the middle of its column."""
    if net is None:
        return ""
    ends = sorted((1.0, 1 + float(net / most)))
    return Bar(2, *ends, width=width, color=GAIN if net > 0 else LOSS)
