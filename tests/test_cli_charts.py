"""Charts in the terminal, pictures, tables for other programs, and what is shown of a question that takes long."""

from __future__ import annotations

import csv
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Broker, Candles, get_broker
from brokerkit.cli import exits, main, waiting
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox import sandbox as sandboxes
from tests.program import Terminal

SANDBOX = ("--broker", "kiwoom", "--environment", "sandbox")
ANYWHERE = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


@pytest.fixture(autouse=True)
def screen(nothing_configured: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")


@pytest.fixture(autouse=True)
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        monkeypatch.setattr(sandboxes, "_shared", [sandbox])
        yield broker


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*given: str) -> str:
        assert main([*given, *SANDBOX]) == 0
        return capsys.readouterr().out

    return run


# Charts


def test_a_chart_of_candles_is_as_wide_as_the_terminal_and_tells_its_days(
    shown: Callable[..., str], broker: Broker
) -> None:
    title, *chart = shown("candles", "005930", "--chart").rstrip().splitlines()
    assert max(map(len, chart)) == 80
    assert len(chart) <= 24
    newest = broker.candles("005930", count=64)
    assert title == f"005930 KRX 1d, {newest[0].time:%Y-%m-%d} to {newest[-1].time:%Y-%m-%d}"
    assert f"Price: {newest[-1].close:,.2f}" in chart[-1]
    assert f"Highest: {max(each.high for each in newest):,.2f}" in chart[-1]


def test_a_chart_of_minutes_tells_their_times(shown: Callable[..., str], broker: Broker) -> None:
    title = shown("candles", "005930", "-i", "60m", "-n", "9", "--chart").splitlines()[0]
    hours = broker.candles("005930", "60m", count=9)
    assert title == f"005930 KRX 60m, {hours[0].time:%Y-%m-%d %H:%M} to {hours[-1].time:%Y-%m-%d %H:%M}"


def test_a_chart_has_the_colours_of_korean_screens(shown: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in shown("candles", "005930", "--chart")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    assert {"\x1b[38;2;211;47;47m", "\x1b[38;2;66;135;245m"} <= set(
        re.findall("\x1b\\[38;[0-9;]*m", shown("candles", "005930", "--chart"))
    )


def test_a_chart_of_flow_has_bars_to_the_right_for_who_bought(shown: Callable[..., str], broker: Broker) -> None:
    found = broker.investor_flow("005930")[-1]
    head, scale, *rows = shown("flow", "005930", "--chart").splitlines()
    assert re.findall(r"\w+ [가-힣]+", head) == ["individual 개인", "foreign 외국인", "institution 기관계"]
    most = max(abs(day.foreign.net_quantity or 0) for day in broker.investor_flow("005930"))
    assert f"±{most:,}" in scale
    assert (rows[-1][:10], len(rows)) == (str(found.date), 30)
    net = found.individual.net_quantity or Decimal(0)
    width = (80 - 12) // 3 - 2
    middle = 12 + width // 2
    bar = rows[-1][12 : 12 + width]
    right, left = bar[middle - 12 :].strip(), bar[: middle - 12].strip()
    assert (bool(right), bool(left)) == (net > 0, net < 0)


def test_a_chart_of_nothing_says_so(monkeypatch: pytest.MonkeyPatch, shown: Callable[..., str]) -> None:
    monkeypatch.setattr(Broker, "investor_flow", lambda *_, **__: ())
    assert shown("flow", "005930", "--chart") == "No trading in these days.\n"


@pytest.mark.parametrize("other", ["--json", "--csv"])
def test_a_chart_is_for_people(other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["candles", "005930", "--chart", other, *SANDBOX]) == exits.WRONG_USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "--chart is for people" in said.err


def test_a_console_without_the_letters_is_told_of_pictures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w", encoding="cp1252") as console:
        monkeypatch.setattr(sys, "stdout", console)
        assert main(["candles", "005930", "--chart", *SANDBOX]) == exits.WRONG_USAGE
    assert "cp1252" in capsys.readouterr().err


def test_a_chart_without_its_library_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "candlestick_chart", None)
    assert main(["candles", "005930", "--chart", *SANDBOX]) == exits.WRONG_USAGE
    assert 'pip install ".[cli]"' in capsys.readouterr().err


# Pictures


@pytest.mark.parametrize("command", ["candles", "flow"])
def test_a_picture_takes_the_place_of_the_table(
    command: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main([command, "005930", "--plot", "here.svg", *SANDBOX]) == 0
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "here.svg is drawn.\n")
    assert "005930" in (tmp_path / "here.svg").read_text(encoding="utf-8")
    assert main([command, "005930", "--plot", "here.png", "--csv", *SANDBOX]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 20
    assert (tmp_path / "here.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_cannot_be_is_told_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def asked(*_: Any, **__: Any) -> Candles:
        pytest.fail("The broker was asked.")

    with monkeypatch.context() as patch:
        patch.setattr(Broker, "candles", asked)
        assert main(["candles", "005930", "--plot", "here.xls", *SANDBOX]) == exits.WRONG_USAGE
    assert "no kind of picture" in capsys.readouterr().err
    assert main(["candles", "005930", "--plot", "nowhere/here.png", *SANDBOX]) == exits.WRONG_USAGE
    assert "nowhere/here.png cannot be written: No such file or directory" in capsys.readouterr().err


# Tables for other programs


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def test_every_table_of_the_market_comes_as_comma_separated_values(shown: Callable[..., str], broker: Broker) -> None:
    quotes = rows_of(shown("quote", "005930", "000660", "--csv"))
    assert [Decimal(each["price"]) for each in quotes] == [broker.quote(each["symbol"]).price for each in quotes]
    assert rows_of(shown("quote", "005930", "--csv")) == quotes[:1]
    book = rows_of(shown("book", "005930", "--csv"))
    assert [Decimal(each["ask_price"]) for each in book] == [each.price for each in broker.order_book("005930").asks]
    flow = rows_of(shown("flow", "005930", "--csv"))
    told = broker.investor_flow("005930")
    assert [Decimal(each["foreign_net_quantity"]) for each in flow] == [each.foreign.net_quantity for each in told]
    hours = rows_of(shown("hours", "2026-11-27", "--csv"))
    assert [each["phase"] for each in hours] == [each.phase for each in broker.market_hours(told[-1].date).sessions]


def test_every_table_of_the_account_comes_as_comma_separated_values(shown: Callable[..., str], broker: Broker) -> None:
    quote = broker.quote("005930")
    order = broker.buy("005930", 3, price=quote.lower_limit)
    assert rows_of(shown("orders", "--csv"))[0]["price"] == f"{quote.lower_limit:f}"
    assert [each["id"] for each in rows_of(shown("history", "--csv"))] == [order.id]
    broker.buy("005930", 3, price=quote.upper_limit)
    (held,) = rows_of(shown("balance", "--csv"))
    assert (held["symbol"], held["quantity"]) == ("005930", "3")
    assert shown("journal", "list", "--csv") == ""


def test_brokers_come_as_comma_separated_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["brokers", "--csv"]) == 0
    assert {each["broker"] for each in rows_of(capsys.readouterr().out)} >= {"kis", "kiwoom"}


# What takes long


def until(seen: Callable[[], bool]) -> None:
    for _ in range(3_000):
        if seen():
            return
        time.sleep(0.01)
    pytest.fail("It was not shown.")


def test_a_person_sees_how_far_a_long_question_is_and_no_trace_of_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Broker.candles
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    monkeypatch.setenv("TERM", "xterm-256color")
    with Terminal() as terminal:

        def slow(self: Broker, *given: Any, progress: Callable[[int, int], object], **named: Any) -> Candles:
            progress(3, 7)
            until(lambda: "3/7" in ANYWHERE.sub("", terminal.screen()))
            progress(5, 7)
            until(lambda: "5/7" in ANYWHERE.sub("", terminal.screen()))
            return ask(self, *given, progress=progress, **named)

        monkeypatch.setattr(Broker, "candles", slow)
        assert terminal.runs("candles", "005930", "--json", *SANDBOX) == 0
        assert "candles" in terminal.screen()
        assert terminal.screen().endswith("\x1b[2K")  # the line of the bar is erased


def test_a_short_question_shows_no_bar_and_leaves_nothing_running(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 3_600.0)
    with Terminal() as terminal:
        assert terminal.runs("candles", "005930", "--json", *SANDBOX) == 0
        assert terminal.screen() == ""
    timers = [each for each in threading.enumerate() if isinstance(each, threading.Timer)]
    assert all(timer.finished.is_set() for timer in timers)


def test_nobody_watches_a_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(waiting, "PATIENCE", 0.0)
    assert main(["candles", "005930", "--csv", *SANDBOX]) == 0
    assert capsys.readouterr().err == ""
