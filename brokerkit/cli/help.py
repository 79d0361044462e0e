"""The commands of the program: what each is for, and where it is. Nothing is imported before it is used.

The help page is plain text, because the parts of rich that draw boxes take longer to import than everything else that
the page needs. It is made of the table below; the commands themselves need the whole library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from brokerkit.cli.consoles import cells, padded
from brokerkit.languages import KOREAN, language, translated


class Command(NamedTuple):
    """A command as the help page shows it, and the module of this package that brings it."""

    name: str
    panel: str
    home: str
    help: str
    """The first sentence of its own page."""


COMMANDS = (
    Command("quote", "Market", "prices", "Show the present price of one symbol or several (현재가)."),
    Command("book", "Market", "prices", "Show the waiting orders of a symbol by price (호가)."),
    Command(
        "watch",
        "Market",
        "watching",
        "Watch prices of symbols, or with the word orders your own orders, until Ctrl-C (실시간 시세, 체결통보).",
    ),
    Command("trades", "Market", "prices", "Show the newest trades of a symbol today, oldest first (체결)."),
    Command("members", "Market", "prices", "Show which member firms sold and bought most of a symbol today (회원사)."),
    Command(
        "candles",
        "Market",
        "prices",
        "Show candles of a symbol, oldest first (분봉, 일봉, 주봉, 월봉, 년봉), as a table, a chart or a picture.",
    ),
    Command(
        "flow",
        "Market",
        "investors",
        "Show who bought and who sold a symbol, day by day (투자자별 매매동향), as a table, a chart or a picture.",
    ),
    Command(
        "bought",
        "Market",
        "investors",
        "Show the symbols that a kind of investor bought most, in won (투자자별 매매상위).",
    ),
    Command(
        "programs",
        "Market",
        "investors",
        "Show what programmes bought and sold of a symbol or a market, day by day (프로그램매매).",
    ),
    Command("instruments", "Market", "listing", "Show what is listed, and search for it (종목)."),
    Command("rank", "Market", "rankings", "Show a ranking of the market, the first first (순위)."),
    Command(
        "conditions",
        "Market",
        "rankings",
        "Show the conditions that you saved at the broker, or what meets one (조건검색).",
    ),
    Command("hours", "Market", "prices", "Show when a venue trades on a day (장운영시간)."),
    Command("orders", "Orders", "accounts", "Show the working orders of today, of all markets or one (미체결)."),
    Command(
        "history",
        "Orders",
        "accounts",
        "Show the orders of these days, without --from of the week up to --to (주문체결 내역).",
    ),
    Command("buy", "Orders", "trading", "Buy shares (매수), at a price or with --type MARKET."),
    Command("sell", "Orders", "trading", "Sell shares (매도), at a price or with --type MARKET."),
    Command("amend", "Orders", "trading", "Move a working order, or a part of it, to another price (정정)."),
    Command("cancel", "Orders", "trading", "Cancel a working order, or a part of it (취소)."),
    Command(
        "reserve",
        "Orders",
        "reserving",
        "Let the broker keep an order and send it when its market opens (예약주문).",
    ),
    Command(
        "reservations",
        "Orders",
        "reserving",
        "Show what was reserved, without --from in the 30 days up to --to (예약주문 조회), of all markets or one.",
    ),
    Command(
        "amend-reservation",
        "Orders",
        "reserving",
        "Give a reserved order another price or quantity (예약주문 정정).",
    ),
    Command("cancel-reservation", "Orders", "reserving", "Take a reserved order back (예약주문 취소)."),
    Command(
        "halt",
        "Orders",
        "journal",
        "Stop orders and amendments of all your programs, at once; cancellations go on (주문 중지).",
    ),
    Command("resume", "Orders", "journal", "Let orders go out again (주문 재개)."),
    Command(
        "take-over",
        "Orders",
        "journal",
        "Let this host trade an account that several hosts share; the others' orders are refused then (거래 넘겨받기).",
    ),
    Command("journal", "Orders", "journal", "Show and settle what became of orders (주문 일지)."),
    Command(
        "balance",
        "Account",
        "accounts",
        "Show cash and holdings of the account (잔고), in won, of a market in its currency, or of all, each apart.",
    ),
    Command(
        "fills",
        "Account",
        "ledger",
        "Show what was filled in these days, without --from on the last of them (체결 내역).",
    ),
    Command(
        "profit",
        "Account",
        "ledger",
        "Show what sales earned by day and symbol, without --from in the 30 days up to --to (실현손익).",
    ),
    Command(
        "transactions",
        "Account",
        "ledger",
        "Show the cash ledger, without --from of the 30 days up to --to (거래내역).",
    ),
    Command("power", "Account", "accounts", "Show how much of a symbol can be bought without margin (매수가능)."),
    Command(
        "rate",
        "Account",
        "accounts",
        "Show what a unit of a currency costs in won, as the broker tells it (환율): an estimate.",
    ),
    Command("api", "Every API", "apis", "Find, show and export any API of the installed brokers (API 목록)."),
    Command("call", "Every API", "calling", "Call any API of the broker by its own name and fields (API 호출)."),
    Command(
        "brokers",
        "Setting up",
        "installed",
        "Show the installed brokers, their environments and what they lack (증권사).",
    ),
    Command(
        "sandbox",
        "Setting up",
        "sandbox",
        "Serve the simulated brokers on this machine until stopped (모의 증권사); all trade on one exchange.",
    ),
    Command(
        "demo",
        "Setting up",
        "demo",
        "Tell one story at every installed broker, side by side; needs no account or network (시연).",
    ),
    Command(
        "doctor",
        "Setting up",
        "doctor",
        "Tell what is wrong with your setup and what to do: profiles, folders, token, journal (진단).",
    ),
    Command("config", "Setting up", "profiles", "Profiles: make, show, import (설정)."),
    Command("token", "Setting up", "tokens", "Show or revoke the access token (접근토큰)."),
    Command("play", "Setting up", "play", "Play in a served sandbox: phases, other traders, accidents (모의 시장)."),
    Command(
        "conformance",
        "Adapters",
        "conformance",
        "Prove an adapter against its own face, up to a level, and say what is wrong with it (적합성 검사).",
    ),
    Command(
        "new-plugin",
        "Adapters",
        "plugins",
        "Write an adapter for another broker, to be filled in: it installs and answers a quote at once (새 증권사).",
    ),
)
"""In the order of the help page."""


class Speaking(typer.Context):
    """What a command runs in: its help page is written in the language of the program."""

    def make_formatter(self) -> Any:
        """Return what the help page is written with."""
        kind = Korean if language() == KOREAN else self.formatter_class
        return kind(width=self.terminal_width, max_width=self.max_content_width)


class Korean(typer.Context.formatter_class):  # type: ignore[misc, valid-type]  # typer names it nowhere else
    """Writes a help page in Korean: our texts, and those of Typer, as they are written out."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is typed."""
        super().write_usage(prog, args, f"{translated('Usage:')} ")

    def write_heading(self, heading: str) -> None:
        """Write what stands over a part of the page."""
        super().write_heading(translated(heading))

    def write_text(self, text: str) -> None:
        """Write what the command is for, a paragraph each."""
        space = " " * self.current_indent
        paragraphs = (
            _wrapped(translated(" ".join(each.split())), self.width - len(space)) for each in text.split("\n\n")
        )
        self.write("\n\n".join("\n".join(f"{space}{line}" for line in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or arguments, and beside each what it is for."""
        rows = list(rows)
        width = min(max(cells(name) for name, _ in rows), col_max) + col_spacing
        space = " " * self.current_indent
        for name, words in rows:
            lines = _wrapped(_with_extras(words), self.width - width - col_spacing) if words else []
            if cells(name) > width - col_spacing or not lines:
                self.write(f"{space}{name}\n")
            else:
                self.write(f"{space}{padded(name, width)}{lines.pop(0)}\n")
            for line in lines:
                self.write(f"{space}{' ' * width}{line}\n")


def _with_extras(words: str) -> str:
    """Return what an option is for in Korean; Typer adds in brackets what it knows of it."""
    help, bracket, extras = words.rpartition("[") if words.endswith("]") else (words, "", "")
    told = "; ".join(map(translated, extras.removesuffix("]").split("; ")))
    return f"{translated(help.rstrip())}  [{told}]".lstrip() if bracket else translated(words)


def _wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a text that takes so many columns at most; words stay whole."""
    lines = [""]
    for word in text.split():
        if lines[-1] and cells(lines[-1]) + 1 + cells(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return lines


class Grouped(TyperGroup):
    """A group of commands whose help cuts none of them."""

    context_class = Speaking

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line a command; the terminal may wrap it, but nothing is left out."""
        commands = [self.commands[name] for name in self.list_commands(ctx)]
        lines = [(command.name or "", command.get_short_help_str(1000)) for command in commands if not command.hidden]
        _write(formatter, "Commands", lines, max((len(name) for name, _ in lines), default=0))


class Program(Grouped):
    """All commands. One is imported and made when it is used, so that the others cost it nothing."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        shared = [each for each in self.params if not each.expose_value]
        self.commands = _Commands(shared)  # type: ignore[assignment]  # nobody changes them

    def list_commands(self, ctx: Any) -> list[str]:
        """Return their names; none of them is made for that."""
        return list(self.commands)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by panel."""
        width = max(len(command.name) for command in COMMANDS)
        for panel, members in groupby(COMMANDS, key=attrgetter("panel")):
            _write(formatter, panel, ((each.name, each.help) for each in members), width)


class _Commands(Mapping[str, Any]):
    """The commands by name. The module of one is imported when it is asked for."""

    def __init__(self, shared: Iterable[Any]) -> None:
        self._shared = tuple(shared)
        self._homes = {command.name: command.home for command in COMMANDS}
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        home = self._homes[name]
        if name not in self._made:
            app = typer.Typer(rich_markup_mode=None)
            import_module(f"brokerkit.cli.{home}").add_to(app)
            for made in typer.main.get_group(app).commands.values():
                self._share(made)
                self._made[str(made.name)] = made
        return self._made[name]

    def _share(self, command: Any) -> None:
        """Give a command, and those in it, the options that all have."""
        command.params.extend(self._shared)
        command.context_class = Speaking
        for each in getattr(command, "commands", {}).values():
            self._share(each)

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __len__(self) -> int:
        return len(self._homes)


def _write(formatter: Any, title: str, lines: Iterable[tuple[str, str]], width: int) -> None:
    with formatter.section(title):
        for name, words in lines:
            formatter.write(f"  {name:{width}}  {translated(words)}\n")
