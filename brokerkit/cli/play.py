"""`brokerkit play`: phases, other traders and accidents in a served sandbox."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from decimal import Decimal
from typing import Annotated

import typer

from brokerkit.cli.help import Grouped
from brokerkit.cli.printing import Row, money
from brokerkit.cli.session import Session, at_broker
from brokerkit.config import Settings
from brokerkit.errors import ConfigError, InvalidRequest, NetworkError
from brokerkit.market.sessions import Phase
from brokerkit.symbols import HOME, HOME_CURRENCY
from brokerkit.text import sanitize
from brokerkit.words import Side

SERVE = "Start one: `brokerkit sandbox --toml > brokerkit.toml`, in another terminal."
CLOCK = "Nothing was done. Give a time of the day, as 15:30, or seconds to go forward, as +600."
SECONDS = 10
PRICES = ("price", "ask", "bid")
_TIME = re.compile("(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_SECONDS = re.compile(r"\+[0-9]+(?:\.[0-9]+)?")
SymbolArgument = Annotated[str, typer.Argument(metavar="SYMBOL", help="As 005930, or US:AAPL.")]
PhaseArgument = Annotated[
    Phase, typer.Argument(metavar="PHASE", case_sensitive=False, help=f"One of: {', '.join(Phase)}.")
]
SideArgument = Annotated[Side, typer.Argument(metavar="SIDE", case_sensitive=False, help="BUY or SELL.")]
QuantityArgument = Annotated[str, typer.Argument(metavar="QUANTITY", help="Shares.")]
PriceOption = Annotated[
    str | None, typer.Option("--price", help="Limit price; else as a market order.", show_default=False)
]
PriceArgument = Annotated[str, typer.Argument(metavar="PRICE", help="Won, or dollars.")]
CostArgument = Annotated[str, typer.Argument(metavar="COST", help="Won, or dollars, that all of them cost.")]
TimeArgument = Annotated[
    str, typer.Argument(metavar="TIME", help="A time of day there, as 15:20, or seconds to go forward, as +600.")
]
MarketOption = Annotated[str, typer.Option("--market", help="KR or US: at which exchange.")]
SymbolsArgument = Annotated[
    str | None, typer.Argument(metavar="[SYMBOL]", help="Show its price too.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(
        cls=Grouped,
        no_args_is_help=True,
        help="Play in a served sandbox: phases, other traders, accidents (모의 시장).",
    )
    market = (phase, trade, price, halt, resume, unopen, lift_limits, unprice, clock)
    for command in (show, *market, reject, reject_cancel, give, kill_tokens, cut_streams):
        group.command()(command)
    app.add_typer(group, name="play")


@at_broker
def show(session: Session, symbol: SymbolsArgument = None, market: MarketOption = HOME) -> None:
    """Show the phase and the clock of an exchange, and what is halted."""
    _play(session, None, {"symbol": symbol, "market": market})


@at_broker
def phase(session: Session, phase: PhaseArgument, market: MarketOption = HOME) -> None:
    """Begin a phase of the day; auctions are matched, orders expire (장 구분)."""
    _play(session, "phase", {"phase": phase, "market": market})


@at_broker
def trade(
    session: Session, symbol: SymbolArgument, side: SideArgument, quantity: QuantityArgument, price: PriceOption = None
) -> None:
    """Trade as somebody else; what waits at the price is filled, yours too (체결)."""
    _play(session, "trade", {"symbol": symbol, "side": side, "quantity": quantity, "price": price})


@at_broker
def price(session: Session, symbol: SymbolArgument, price: PriceArgument) -> None:
    """Let others trade until the last price is this one; orders that lie between are filled."""
    _play(session, "price", {"symbol": symbol, "price": price})


@at_broker
def halt(session: Session, symbol: SymbolArgument) -> None:
    """Stop trading of a symbol (거래정지)."""
    _play(session, "halt", {"symbol": symbol})


@at_broker
def resume(session: Session, symbol: SymbolArgument) -> None:
    """Let a symbol trade again."""
    _play(session, "resume", {"symbol": symbol})


@at_broker
def unopen(session: Session, symbol: SymbolArgument) -> None:
    """Let nobody have traded a symbol today yet: no open, high and low, no volume."""
    _play(session, "unopen", {"symbol": symbol})


@at_broker
def lift_limits(session: Session, symbol: SymbolArgument) -> None:
    """Let a symbol have no price limits today, as in liquidation trading (정리매매)."""
    _play(session, "lift-limits", {"symbol": symbol})


@at_broker
def unprice(session: Session, symbol: SymbolArgument) -> None:
    """Let a symbol have no price until somebody trades it."""
    _play(session, "unprice", {"symbol": symbol})


@at_broker
def clock(session: Session, time: TimeArgument, market: MarketOption = HOME) -> None:
    """Put the clock of an exchange forward; the phase stays as it is."""
    to = {"seconds": time[1:]} if time.startswith("+") else {"at": time}
    if not (_SECONDS if time.startswith("+") else _TIME).fullmatch(time):
        raise InvalidRequest(
            f"{sanitize(time, limit=40)!r} is no time of the day, and no seconds to go forward.", advice=CLOCK
        )
    _play(session, "clock", {**to, "market": market})


@at_broker
def reject(session: Session, market: MarketOption = HOME) -> None:
    """Take the next order of the account, and refuse it afterwards."""
    _play(session, "reject", {"market": market})


@at_broker
def reject_cancel(session: Session, market: MarketOption = HOME) -> None:
    """Take the next cancel of the account, and refuse it afterwards: it cancels nothing."""
    _play(session, "reject-cancel", {"market": market})


@at_broker
def give(session: Session, symbol: SymbolArgument, quantity: QuantityArgument, cost: CostArgument) -> None:
    """Add shares to the account that it bought earlier."""
    _play(session, "give", {"symbol": symbol, "quantity": quantity, "cost": cost})


@at_broker
def kill_tokens(session: Session) -> None:
    """Make every access token of the broker invalid."""
    _play(session, "kill-tokens", {})


@at_broker
def cut_streams(session: Session) -> None:
    """Cut every WebSocket of the broker, without a word."""
    _play(session, "cut-streams", {})


def _play(session: Session, action: str | None, body: dict[str, str | None]) -> None:
    """Ask the served sandbox for one action, and show the state of the exchange after it."""
    _, profile = session.chosen()
    if profile is None or profile.base_url is None:
        raise ConfigError("This is for a served sandbox, which a profile names by its base_url.", advice=SERVE)
    with session.broker() as broker:
        if broker.environment != "sandbox":
            raise InvalidRequest("This is for a served sandbox, and nothing was done.", advice=SERVE)
        state = _asked(broker.client.base_url, broker.adapter.settings, action, body)
    session.printer.one(state, _lines(state), of="Play")


def _asked(base_url: str, settings: Settings, action: str | None, body: dict[str, str | None]) -> dict[str, object]:
    import requests

    given = {key: value for key, value in body.items() if value is not None}
    with requests.Session() as line:
        line.trust_env = False  # no proxy lies between this machine and itself
        line.headers["X-Sandbox-Secret"] = settings.app_secret.get_secret_value()
        line.verify = str(settings.ca_file) if settings.ca_file else True
        try:
            if action is None:
                answer = line.get(f"{base_url}/_sandbox/", params=given, timeout=SECONDS, allow_redirects=False)
            else:
                url = f"{base_url}/_sandbox/{action}"
                answer = line.post(url, json=given, timeout=SECONDS, allow_redirects=False)
            told = answer.json()
        except (requests.RequestException, ValueError) as error:
            reason = type(error).__name__
        else:
            if answer.ok and isinstance(told, dict):
                return told
            said = told.get("error") if isinstance(told, dict) else None
            raise InvalidRequest(sanitize(str(said or f"HTTP {answer.status_code}")))
    raise NetworkError(f"The sandbox at {base_url} did not answer as one ({reason}).", advice=SERVE)


def _lines(state: dict[str, object]) -> Row:
    shown = {key: value for key, value in state.items() if key != "simulation"}
    for key, text in shown.items():
        with contextlib.suppress(ValueError, ArithmeticError):  # of another version of the sandbox: shown as it is
            shown[key] = _meant(key, text, str(shown.get("market")))
    return shown


def _meant(key: str, told: object, market: str) -> object:
    """Return what the sandbox tells as JSON as what it is, for people."""
    if isinstance(told, list):
        return " ".join(map(str, told)) or None
    if not isinstance(told, str):
        return told
    if key == "time":
        return dt.datetime.fromisoformat(told)
    if key == "phase":
        return Phase(told)
    return money(Decimal(told), HOME_CURRENCY if market == HOME else "") if key in PRICES else told
