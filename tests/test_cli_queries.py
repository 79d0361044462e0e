"""The commands that ask: for people, for programs, at both brokers."""

from __future__ import annotations

import csv
import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import (
    Balance,
    Broker,
    BuyingPower,
    Candle,
    Condition,
    Fill,
    InvestorFlow,
    MarketHours,
    Match,
    Order,
    OrderBook,
    OrderStatus,
    Position,
    Quote,
    Rank,
    RealizedPnl,
    Side,
    Trade,
    clock,
    get_broker,
    market_hours,
)
from brokerkit.cli import exits, main
from brokerkit.cli.printing import Printer, as_text, signed
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox import sandbox as sandboxes
from brokerkit.sandbox.faults import Faults, Rule

pytestmark = pytest.mark.usefixtures("nothing_configured")

AT_BOTH = pytest.mark.parametrize("name", ["kis", "kiwoom"])


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Give the process a sandbox of its own."""
    with Sandbox() as sandbox:
        monkeypatch.setattr(sandboxes, "_shared", [sandbox])
        yield sandbox


@pytest.fixture
def broker(name: str, exchange: Sandbox) -> Iterator[Broker]:
    with get_broker(name, environment="sandbox") as broker:
        yield broker


class Asked:
    """Runs commands at one broker."""

    def __init__(self, name: str, captured: pytest.CaptureFixture[str]) -> None:
        self._options = ["--broker", name, "--environment", "sandbox"]
        self._captured = captured

    def text(self, *given: str) -> str:
        assert main([*given, *self._options]) == 0
        said = self._captured.readouterr()
        assert said.err == ""
        return said.out

    def json(self, *given: str) -> Any:
        found = self.text(*given, "--json")
        assert found.count("\n") == 1
        return json.loads(found)


@pytest.fixture
def asked(name: str, broker: Broker, capsys: pytest.CaptureFixture[str]) -> Asked:
    return Asked(name, capsys)


def lines_of(text: str) -> dict[str, str]:
    return dict(re.split(r" {2,}", line, maxsplit=1) for line in text.splitlines() if "  " in line)


@AT_BOTH
def test_a_quote_reads_the_same_for_people_and_programs(asked: Asked, broker: Broker) -> None:
    quote = broker.quote("005930")
    told = asked.json("quote", "005930")
    assert Quote.model_validate(told).model_copy(update={"time": None}) == quote.model_copy(update={"time": None})
    assert told["price"] == str(quote.price)
    shown = asked.text("quote", "005930")
    assert shown.startswith(f"005930 {quote.name or ''}".strip())
    assert lines_of(shown)["price"] == f"{quote.price:,}"
    assert lines_of(shown)["change"] == f"{quote.change:+,}"
    assert lines_of(shown)["time"] == as_text(quote.time)


@AT_BOTH
def test_several_quotes_are_a_table_and_an_array(asked: Asked) -> None:
    assert [each["symbol"] for each in asked.json("quote", "000660", "005930")] == ["000660", "005930"]
    head, *rows = asked.text("quote", "000660", "005930").splitlines()
    assert head.split()[:3] == ["symbol", "name", "price"]
    assert [row[:6] for row in rows] == ["000660", "005930"]
    assert len({line.index(price) + len(price) for line, price in zip(rows, _prices(rows), strict=True)}) <= 2


@AT_BOTH
def test_a_bad_symbol_does_not_lose_the_good_ones(
    name: str, broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--broker", name, "--environment", "sandbox"]
    assert main(["quote", "000660", "999999", "x", "005930", *options]) == exits.REFUSED
    said = capsys.readouterr()
    assert [row[:6] for row in said.out.splitlines()[1:]] == ["000660", "005930"]
    assert [line.startswith("brokerkit: ") for line in said.err.splitlines()] == [True, True]
    assert "999999" in said.err
    assert main(["quote", "x", "000660", "999999", "005930", "--json", *options]) == exits.WRONG_USAGE
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert [each["symbol"] for each in told] == ["x", "000660", "999999", "005930"]
    assert [each.get("error") for each in told] == ["InvalidRequest", None, "UnknownSymbol", None]
    assert told[2]["message"]
    assert said.err == ""
    assert main(["quote", "x", "999999", "--json", *options]) == exits.WRONG_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert json.loads(said.err)["error"] == "InvalidRequest"


@AT_BOTH
def test_a_line_that_breaks_is_no_fault_of_a_symbol_and_is_told_once(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = Faults([Rule("accept_then_reset", symbols="035720")])
    with Sandbox(faults=faults) as sandbox:
        monkeypatch.setattr(sandboxes, "_shared", [sandbox])
        options = ["--broker", name, "--environment", "sandbox", "--json"]
        assert main(["quote", "000660", "035720", "005930", *options]) == exits.NO_ANSWER
        said = capsys.readouterr()
        assert (said.out, json.loads(said.err)["error"]) == ("", "NetworkError")
        assert main(["quote", "000660", "035720", "005930", *options[:-1]]) == exits.NO_ANSWER
        said = capsys.readouterr()
        assert (said.out, said.err.count("brokerkit: ")) == ("", 1)


@AT_BOTH
def test_several_quotes_are_asked_for_at_once(name: str, exchange: Sandbox, asked: Asked) -> None:
    face = exchange.face(name)
    asked.json("quote", "000660", "035720", "005930")
    queries = [each for each in face.requests if face.purpose(each.method, each.path, each.headers) == "query"]
    assert len(queries) == 1


def test_a_symbol_without_a_quote_is_told_once_on_standard_error() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "brokerkit", "quote", "000660", "999999", "-b", "kis", "-e", "sandbox"],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert said.returncode == exits.REFUSED
    assert said.stderr.count("quote of 999999") == 1, said.stderr


@AT_BOTH
def test_trades_read_the_same_for_people_programs_and_tables(asked: Asked, broker: Broker) -> None:
    found = broker.trades("005930", count=3)
    assert [Trade.model_validate(each) for each in asked.json("trades", "005930", "--count", "3")] == list(found)
    head, *rows = asked.text("trades", "005930", "-n", "3").splitlines()
    assert head.split() == ["time", "price", "quantity", "side", "volume"]
    assert [row.split()[:2] for row in rows] == [[f"{each.time:%H:%M:%S}", f"{each.price:,}"] for each in found]
    lines = list(csv.DictReader(asked.text("trades", "005930", "--all", "--csv").splitlines()))
    assert len(lines) == len(broker.trades("005930", count=None)) > 30
    assert lines[-1]["price"] == f"{found[-1].price}"


@AT_BOTH
def test_what_nobody_has_traded_yet_is_said(asked: Asked, exchange: Sandbox) -> None:
    exchange.exchange.unopen("005930")
    assert asked.text("trades", "005930") == "Nobody has traded it today.\n"


def _prices(rows: list[str]) -> list[str]:
    return [next(word for word in row.split() if "," in word) for row in rows]


@AT_BOTH
def test_a_book_shows_asks_above_bids_with_the_best_in_the_middle(asked: Asked, broker: Broker) -> None:
    found = broker.order_book("005930")
    title, head, *rows = asked.text("book", "005930").splitlines()
    assert title.startswith("005930 KRX")
    assert head.split() == ["asks", "price", "bids"]
    assert len({len(row) for row in rows[:10]}) == 1
    middle = [[word.replace(",", "") for word in row.split()] for row in rows[9:11]]
    assert middle[0] == [str(found.asks[0].quantity), str(found.asks[0].price)]
    assert middle[1] == [str(found.bids[0].price), str(found.bids[0].quantity)]
    told = OrderBook.model_validate(asked.json("book", "005930", "--venue", "krx"))
    assert (told.asks, told.bids) == (found.asks, found.bids)


@AT_BOTH
def test_lists_without_rows_say_so(asked: Asked) -> None:
    assert asked.text("orders") == "No working orders.\n"
    assert asked.text("history") == "No orders in these days.\n"
    assert asked.text("balance").endswith("\nNo positions.\n")
    assert asked.json("orders") == []


@AT_BOTH
def test_working_orders_and_history_are_shown(asked: Asked, broker: Broker) -> None:
    quote = broker.quote("005930")
    filled = broker.buy("005930", 1, price=quote.upper_limit)
    waiting = broker.buy("005930", 1_000, price=quote.lower_limit)
    head, *rows = asked.text("orders").splitlines()
    assert len(rows) == 1
    assert {waiting.id, "삼성전자", "BUY", "WORKING", "1,000"} <= set(rows[0].split())
    assert head.split()[:2] == ["time", "id"]
    assert [Order.model_validate(each).id for each in asked.json("orders")] == [waiting.id]
    today = str(clock.today())
    told = asked.json("history", "--from", today, "--to", today)
    assert [each["id"] for each in told] == [filled.id, waiting.id]
    assert told[0]["status"] == "FILLED"
    assert {filled.id, "FILLED"} <= set(asked.text("history", "--from", today).splitlines()[1].split())
    assert asked.json("history", "--from", today, "--symbol", "000660") == []


@AT_BOTH
def test_a_balance_has_the_largest_position_first(asked: Asked, broker: Broker) -> None:
    for symbol, quantity in (("005930", 1), ("000660", 2)):
        broker.buy(symbol, quantity, price=broker.quote(symbol).upper_limit)
    shown = asked.text("balance")
    found = broker.balance()
    assert lines_of(shown)["cash D+2"] == f"{found.cash_d2:,}"
    assert found.account in shown.splitlines()[0]
    assert [line[:6] for line in shown.splitlines()[-2:]] == ["000660", "005930"]
    assert Balance.model_validate(asked.json("balance")) == found


@AT_BOTH
def test_fills_profit_and_transactions_are_shown(asked: Asked, broker: Broker) -> None:
    today = f"{clock.today()}"
    assert asked.text("profit", "--from", today) == "Nothing was sold in these days.\n"
    bought = broker.buy("005930", 3, price=broker.quote("005930").upper_limit)
    sold = broker.sell("005930", 2, price=broker.quote("005930").lower_limit)
    told = [Fill.model_validate(each) for each in asked.json("fills")]
    assert [fill.order_id for fill in told] == [bought.id, sold.id]
    assert asked.json("fills", "--symbol", "000660") == []
    assert {sold.id, "SELL"} <= set(asked.text("fills", "--from", today).splitlines()[2].split())
    (earned,) = broker.realized_pnl(clock.today())
    assert [RealizedPnl.model_validate(each) for each in asked.json("profit")] == [earned]
    assert f"{earned.net_pnl:+,.0f}" in asked.text("profit")
    head, row = asked.text("profit", "--csv").splitlines()
    assert dict(zip(head.split(","), row.split(","), strict=True))["commission"] == f"{earned.commission:f}"
    if broker.supports("transactions"):
        assert [each["kind"] for each in asked.json("transactions")] == ["DEPOSIT"]
        assert "+100,000,000" in asked.text("transactions")


@AT_BOTH
def test_buying_power_is_shown(asked: Asked, broker: Broker) -> None:
    price = str(broker.quote("005930").price)
    found = broker.buying_power("005930", price=price)
    assert lines_of(asked.text("power", "005930", "--price", price))["quantity"] == f"{found.quantity:,}"
    assert BuyingPower.model_validate(asked.json("power", "005930", "--price", price)) == found
    assert "quantity" in asked.json("power", "005930")


@AT_BOTH
def test_the_flow_is_a_row_a_day_and_in_detail_one_for_each_investor(asked: Asked) -> None:
    *_, first, last, _ = [InvestorFlow.model_validate(each) for each in asked.json("flow", "005930")]
    days = ("--from", str(first.date), "--to", f"{last.date:%Y%m%d}")
    _, *rows = asked.text("flow", "005930", *days).splitlines()
    assert [row.split()[0] for row in rows] == [str(first.date), str(last.date)]
    assert f"{last.foreign.net_quantity:+,}" in rows[1].split()
    detailed = asked.text("flow", "005930", *days, "--detail")
    for investor in ("individual 개인", "foreign 외국인", "institution 기관계"):
        assert detailed.count(investor) == 2


# Tokens


@pytest.fixture
def served(name: str, exchange: Sandbox, tmp_path: Path) -> Broker:
    """Write a profile for a sandbox whose tokens are kept."""
    to = exchange.connect(name)
    lines = {"broker": name, "environment": "sandbox", "base_url": to.base_url, "app_key": to.app_key}
    lines.update(app_secret=to.app_secret, account=to.account)
    text = "\n".join(['default = "main"', "[profiles.main]", *(f'{key} = "{each}"' for key, each in lines.items())])
    (tmp_path / "brokerkit.toml").write_text(text, encoding="utf-8")
    return get_broker()


@AT_BOTH
def test_a_token_is_told_of_but_never_shown_and_revoked(served: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*given: str) -> Any:
        assert main([*given, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    assert told("token", "show")["kept"] is False
    with served:
        served.quote("005930")
        token = served.client.token().get_secret_value()
    kept = told("token", "show")
    assert kept["kept"] is True
    assert dt.datetime.fromisoformat(kept["expires_at"]) > clock.now()
    assert main(["token", "show"]) == 0
    shown = capsys.readouterr()
    assert f"{dt.datetime.fromisoformat(kept['expires_at']):%Y-%m-%d %H:%M:%S}" in shown.out
    assert token[:12] not in shown.out + shown.err + json.dumps(kept)
    assert told("token", "revoke")["revoked"] is True
    assert told("token", "revoke")["revoked"] is False
    assert told("token", "show") == {**kept, "kept": False, "issued_at": None, "expires_at": None}


# How values look


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (Decimal("126357115400"), "126,357,115,400"),
        (Decimal("69300.0000"), "69,300"),
        (Decimal("69300.5000"), "69,300.5"),
        (Decimal("1E+3"), "1,000"),
        (Decimal("-1234.5"), "-1,234.5"),
        (signed(Decimal("1234")), "+1,234"),
        (signed(Decimal("-0.50")), "-0.50"),
        (signed(None), "—"),
        (1234, "1,234"),
        (True, "yes"),
        (False, "no"),
        (dt.datetime(2026, 11, 20, 9, 0, 1, 999), "2026-11-20 09:00:01"),
        (dt.time(9, 0, 1, 999), "09:00:01"),
        (dt.date(2026, 11, 20), "2026-11-20"),
        ("삼성\x1b[31m전자\n", "삼성전자"),
        ("x" * 3000, "x" * 3000),
    ],
)
def test_values_are_shown_plainly(value: object, text: str) -> None:
    assert as_text(value) == text


def test_plain_json_has_no_exponents_and_iso_times(capsys: pytest.CaptureFixture[str]) -> None:
    Printer(True).one({"amount": Decimal("1E+5"), "time": dt.datetime(2026, 11, 20, tzinfo=clock.KST), "none": None})
    told = json.loads(capsys.readouterr().out)
    assert told == {"amount": "100000", "time": "2026-11-20T00:00:00+09:00", "none": None}


def test_korean_names_are_aligned_by_the_cells_they_take(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"name": "삼성전자", "price": 1}, {"name": "NAVER", "price": 22}]
    Printer(False).many(rows, rows, "")
    assert capsys.readouterr().out == "name      price\n삼성전자      1\nNAVER        22\n"


def test_losses_sides_and_states_have_their_colours(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    row = {"profit": signed(Decimal(-5)), "side": Side.BUY, "status": OrderStatus.REJECTED, "same": signed(Decimal(0))}
    Printer(False).one(row)
    shown = capsys.readouterr().out
    for coloured in ("\x1b[34m-5\x1b[0m", "\x1b[31mBUY\x1b[0m", "\x1b[1;31mREJECTED\x1b[0m"):
        assert coloured in shown
    assert shown.endswith("same    +0\n")


@AT_BOTH
def test_holdings_that_are_not_ours_are_marked_and_what_is_not_known_is_a_dash(
    asked: Asked, broker: Broker, exchange: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {"quantity": 3, "cost": 300_000, "currency": "KRW"}
    own = Position.model_validate({**common, "symbol": "000660", "market_value": 330_000, "price": 110_000})
    silent = Position.model_validate({**common, "symbol": "035420", "market_value": None})
    loan = Position.model_validate({**dict(own), "symbol": "005930", "kind": "MARGIN_LOAN", "sellable_quantity": 0})
    found = broker.balance()

    def holding(*positions: Position) -> str:
        told = found.model_copy(update={"positions": positions})
        monkeypatch.setattr(type(broker), "balance", lambda self, market: told)
        return asked.text("balance").rpartition("\n\n")[2]

    head, first, second = holding(silent, own).splitlines()
    assert "kind" not in head
    assert first.startswith("000660")
    assert second.split()[-4:] == ["—", "—", "—", "—"]
    marked = holding(silent, own, loan)
    assert "kind" in marked.splitlines()[0]
    assert [line.split()[2] for line in marked.splitlines()[1:]] == ["CASH", "MARGIN_LOAN", "CASH"]


def shown_of(captured: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(list(given)) == 0
    return captured.readouterr().out


def test_hours_need_no_broker(capsys: pytest.CaptureFixture[str]) -> None:
    title, head, *rows = shown_of(capsys, "hours", "2026-11-27", "--venue", "nxt").splitlines()
    assert title == "2026-11-27 Fri  NXT  (TABLE)"
    assert head.split() == ["phase", "from", "to"]
    assert [row.split() for row in rows] == [
        ["PRE_MARKET", "08:00:00", "08:50:00"],
        ["REGULAR", "09:00:30", "15:20:00"],
        ["AFTER_MARKET", "15:30:00", "20:00:00"],
    ]
    assert shown_of(capsys, "hours", "2026-12-25").endswith("No trading at KRX on 2026-12-25 Fri.\n")
    told = MarketHours.model_validate_json(shown_of(capsys, "hours", "2026-11-19", "--json"))
    assert told == market_hours(dt.date(2026, 11, 19))
    assert main(["hours", "2040-01-02"]) == exits.WRONG_USAGE


@pytest.mark.parametrize(("name", "source"), [("kis", "BROKER"), ("kiwoom", "TABLE")])
def test_hours_of_a_broker_are_by_its_calendar(
    name: str, source: str, exchange: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(shown_of(capsys, "hours", "--broker", name, "--environment", "sandbox", "--json"))
    assert (told["date"], told["source"]) == (str(clock.today()), source)


@AT_BOTH
def test_candles_read_the_same_for_people_programs_and_tables(asked: Asked, broker: Broker) -> None:
    found = broker.candles("005930", count=3)
    told = [Candle.model_validate(each) for each in asked.json("candles", "005930", "--count", "3")]
    assert told == list(found)
    head, *rows = asked.text("candles", "005930", "-n", "3").splitlines()
    assert head.split() == ["from", "open", "high", "low", "close", "volume", "turnover", "final"]
    assert [row.split()[:5] for row in rows] == [
        [f"{each.time:%Y-%m-%d}", *(f"{getattr(each, name):,}" for name in ("open", "high", "low", "close"))]
        for each in found
    ]
    lines = list(csv.DictReader(asked.text("candles", "005930", "-n", "3", "--csv").splitlines()))
    assert [Decimal(line["close"]) for line in lines] == [each.close for each in found]
    assert [line["final"] for line in lines] == [str(each.final) for each in found]
    weeks = asked.json("candles", "005930", "-i", "1w", "--from", "2026-01-05", "--count", "2")
    assert [week["time"][:10] for week in weeks] == ["2026-01-05", "2026-01-12"]


@AT_BOTH
def test_rankings_read_the_same_for_people_programs_and_tables(asked: Asked, broker: Broker) -> None:
    found = broker.rankings("GAINERS", market="KOSDAQ", count=3)
    assert [Rank.model_validate(each) for each in asked.json("rank", "gainers", "--market", "kosdaq", "-n", "3")] == [
        *found
    ]
    head, *rows = asked.text("rank", "gainers", "--market", "KOSDAQ", "-n", "3").splitlines()
    assert head.split() == ["rank", "symbol", "name", "price", "change", "percent", "volume"]
    assert [row.split()[:2] for row in rows] == [[str(each.rank), each.symbol] for each in found]
    lines = list(csv.DictReader(asked.text("rank", "gainers", "--market", "KOSDAQ", "-n", "3", "--csv").splitlines()))
    assert [(line["symbol"], Decimal(line["change"])) for line in lines] == [
        (each.symbol, each.change) for each in found
    ]
    for kind, figure in (("turnover", "turnover"), ("foreign_net_buying", "net won")):
        assert figure in asked.text("rank", kind).splitlines()[0]


def test_conditions_are_listed_and_one_has_its_matches(exchange: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    at = ("--broker", "kis", "--environment", "sandbox")
    saved = [Condition.model_validate(each) for each in json.loads(shown_of(capsys, "conditions", *at, "--json"))]
    assert [each.name for each in saved] == ["상승", "무거래", "전체"]
    assert shown_of(capsys, "conditions", *at).splitlines()[0].split() == ["name", "group", "id"]
    matches = json.loads(shown_of(capsys, "conditions", "상승", *at, "--json"))
    assert all(Match.model_validate(each).change > 0 for each in matches)
    head, *rows = shown_of(capsys, "conditions", "상승", *at).splitlines()
    assert (head.split()[0], len(rows)) == ("symbol", len(matches))
    assert shown_of(capsys, "conditions", "무거래", *at) == "Nothing meets it now.\n"
