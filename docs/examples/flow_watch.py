"""Show what foreigners and institutions bought, net of what they sold, day by day: a table, and a picture if wanted."""

import argparse
from collections.abc import Mapping, Sequence

from brokerkit import BrokerError, InvestorFlow, get_broker

COLORS = {"foreign": "tab:blue", "institution": "tab:orange"}


def show(symbol: str, rows: Sequence[InvestorFlow]) -> None:
    """Print a line a day, then the sums of the amounts that the broker told."""
    for row in rows:
        told = [net for flow in (row.foreign, row.institution) for net in (flow.net_quantity, flow.net_amount)]
        nets = "".join(f"{'-':>18}" if net is None else f"{net:>+18,}" for net in told)
        print(f"{symbol:8}{row.date}{' ' if row.final else '*'}{nets}")
    for name in COLORS:
        amounts = [net for row in rows if (net := getattr(row, name).net_amount) is not None]
        print(f"{symbol:8}{name} in {len(amounts)} days: {sum(amounts):+,} won")


def draw(flows: Mapping[str, Sequence[InvestorFlow]], path: str) -> None:
    """Write a picture: a panel for each symbol, for each day a bar of each colour."""
    from matplotlib.figure import Figure  # the [plot] extra; without pyplot it needs no screen

    figure = Figure(figsize=(10, 3 * len(flows)), layout="constrained")
    for (symbol, rows), axes in zip(flows.items(), figure.subplots(len(flows), squeeze=False).flat, strict=True):
        for name, place in zip(COLORS, (-0.2, 0.2), strict=True):
            nets = [getattr(row, name).net_amount for row in rows]
            bars = {day + place: int(net // 1_000_000) for day, net in enumerate(nets) if net is not None}
            axes.bar(bars.keys(), bars.values(), 0.4, color=COLORS[name], label=name)
        axes.set_xticks(range(len(rows)), [f"{row.date:%m-%d}" for row in rows])
        axes.set(title=symbol, ylabel="net buying, million won")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile of brokerkit.toml")
    parser.add_argument("symbols", nargs="+", metavar="SYMBOL")
    parser.add_argument("--environment", default="sandbox")
    parser.add_argument("--days", type=int, choices=range(1, 31), default=10, metavar="1..30")
    parser.add_argument("--picture", metavar="FILE.png")
    given = parser.parse_args()
    try:
        with get_broker(given.broker, environment=given.environment) as broker:
            flows = {symbol: broker.investor_flow(symbol)[-given.days :] for symbol in given.symbols}
    except BrokerError as error:
        raise SystemExit(str(error)) from None
    print(f"{'symbol':8}{'date':11}{'foreign, shares':>18}{'won':>18}{'institution':>18}{'won':>18}")
    for symbol, rows in flows.items():
        show(symbol, rows)
    if given.picture:
        draw(flows, given.picture)


if __name__ == "__main__":
    main()
